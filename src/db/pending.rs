//! Whether a database is of this program's schema, found out without writing: diesel's own answer makes its
//! table where that is missing.

use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;

use super::{Conn, Db, Error, POSTGRES_MIGRATIONS, Result, SQLITE_MIGRATIONS};

diesel::table! {
    #[sql_name = "__diesel_schema_migrations"]
    applied_migrations (version) {
        version -> Text,
    }
}

impl Db {
    /// Whether all of this program's migrations have run.
    pub fn is_migrated(&self) -> Result<bool> {
        let mut conn = self.connection()?;
        let wanted = match &conn.conn {
            Conn::Sqlite(_) => versions::<Sqlite>(&SQLITE_MIGRATIONS)?,
            Conn::Postgresql(_) => versions::<Pg>(&POSTGRES_MIGRATIONS)?,
        };
        let query = applied_migrations::table.select(applied_migrations::version);
        match query.load::<String>(&mut conn.conn).map_err(Error::from) {
            Ok(applied) => Ok(wanted.iter().all(|version| applied.contains(version))),
            // No such table.
            Err(Error::Broken(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn versions<B: diesel::backend::Backend>(source: &impl MigrationSource<B>) -> Result<Vec<String>> {
    let migrations = source.migrations().map_err(|e| Error::Broken(e.to_string()))?;
    Ok(migrations
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect())
}
