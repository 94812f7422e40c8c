use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{Conn, Db, Error, Result};

impl Db {
    /// Writes a copy of a SQLite database as it is at one moment into an empty file, while others go on
    /// reading and writing.
    pub fn copy_into(&self, file: &Path) -> Result<()> {
        let mut conn = self.connection()?;
        let Conn::Sqlite(sqlite) = &mut conn.conn else {
            return Err(Error::Broken("only SQLite is copied by this program".to_owned()));
        };
        let path = file.to_str();
        let path = path.ok_or_else(|| Error::Broken("the file's name is not UTF-8".to_owned()))?;
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(path).execute(sqlite)?;
        // As the program wants it, so that opening the copy does not change it.
        let mut copy =
            SqliteConnection::establish(path).map_err(|e| Error::Unreachable(e.to_string()))?;
        Ok(copy.batch_execute("PRAGMA journal_mode=WAL")?)
    }
}
