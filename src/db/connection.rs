//! The connection enum, how a URL picks a database, and the two small wrappers that let one
//! statement serve both.

#![allow(clippy::disallowed_methods, reason = "the derive forwards every method of a connection")]

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::expression::Selectable;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

use super::Error;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Postgresql(PgConnection),
    Sqlite(SqliteConnection),
}

/// Inserts rows: on PostgreSQL with as few round trips as its number of parameters allows, on SQLite one by
/// one, which costs nothing there (and diesel's way of inserting a list opens a transaction of its own).
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite(own) => $rows
                .iter()
                .try_for_each(|row| diesel::insert_into($table).values(row).execute(own).map(drop)),
            $crate::db::Conn::Postgresql(own) => $rows
                .chunks(1000)
                .try_for_each(|rows| diesel::insert_into($table).values(rows).execute(own).map(drop)),
        }
    };
}
pub(crate) use insert_all;

/// A statement that both real backends accept though `MultiBackend`'s own dialect says no (ON
/// CONFLICT): it is walked as the backend at hand.
#[derive(Debug, Clone, Copy)]
pub struct Both<Q>(pub Q);

impl<Q> QueryFragment<MultiBackend> for Both<Q>
where
    Q: QueryFragment<Pg> + QueryFragment<Sqlite>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(&self.0, pass)
    }
}

impl<Q: QueryId> QueryId for Both<Q> {
    type QueryId = Both<Q::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

impl<Q: Query> Query for Both<Q> {
    type SqlType = Q::SqlType;
}

impl<Q, C> RunQueryDsl<C> for Both<Q> {}

/// The columns of `T` in the order of its fields, for RETURNING: what `T::as_returning()` would be
/// were it not tied to one backend.
pub fn columns<T: Selectable<MultiBackend>>() -> T::SelectExpression {
    T::construct_selection()
}

/// Which database, by its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Target {
    /// `sqlite:PATH`, `postgres://…` or `postgresql://…`; anything else is an error and never a new
    /// file.
    pub fn parse(url: &str) -> Result<Target, String> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Target::Postgres(url.to_owned()));
        }
        let Some(path) = url.strip_prefix("sqlite:") else {
            let scheme = url.split(':').next().unwrap_or_default();
            return Err(format!(
                "unknown database scheme {scheme:?}: use sqlite:PATH, postgres://… or postgresql://…"
            ));
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.contains('?') {
            return Err("sqlite: needs the path of a file, without parameters".to_owned());
        }
        Ok(Target::Sqlite(PathBuf::from(path)))
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Target::Postgres(_))
    }

    pub(super) fn pool_size(&self) -> u32 {
        match self {
            Target::Sqlite(_) => 6,
            Target::Postgres(_) => 8,
        }
    }
}

/// A connection in the pool.
pub struct Pooled {
    pub(super) conn: Conn,
    /// Whether it can be used again: not after it was closed from the other side, or left inside a
    /// transaction.
    pub(super) is_fit: bool,
}

/// Opens connections for the pool. Not `Conn::establish`: it tries one database after the other and
/// hides why either failed.
pub struct Manager {
    target: Target,
}

impl Manager {
    pub(super) fn new(target: Target) -> Manager {
        Manager { target }
    }
}

/// WAL with FULL: an answered write survives a power loss. What a savepoint would take back stays in memory;
/// in a temporary file it costs more than the write itself.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; \
    PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; \
    PRAGMA temp_store=MEMORY;";

/// The one connection that writes keeps up to 16 MiB of pages, so that a batch of writes fits: what does not fit
/// is written before the commit, and again with it. It brings the WAL home when that has as much: each write moves
/// the same few pages, and brought home four times as often they cost a seventh of a write.
const SQLITE_WRITING: &str = "PRAGMA cache_size=-16384; PRAGMA wal_autocheckpoint=4000;";

impl Manager {
    pub(super) fn open(&self) -> Result<Conn, Error> {
        let unreachable = |e: ConnectionError| Error::Unreachable(e.to_string());
        match &self.target {
            Target::Postgres(url) => {
                let mut conn = PgConnection::establish(url).map_err(unreachable)?;
                conn.batch_execute("SET TIME ZONE 'UTC'")?;
                Ok(Conn::Postgresql(conn))
            }
            Target::Sqlite(path) => {
                let mut conn =
                    SqliteConnection::establish(&path.to_string_lossy()).map_err(unreachable)?;
                conn.batch_execute(SQLITE_SETTINGS)?;
                Ok(Conn::Sqlite(conn))
            }
        }
    }
}

impl Manager {
    /// Opens the connection of the writing thread.
    pub(super) fn open_for_writing(&self) -> Result<Conn, Error> {
        let mut conn = self.open()?;
        if let Conn::Sqlite(sqlite) = &mut conn {
            sqlite.batch_execute(SQLITE_WRITING)?;
        }
        Ok(conn)
    }
}

impl r2d2::ManageConnection for Manager {
    type Connection = Pooled;
    type Error = Error;

    fn connect(&self) -> Result<Pooled, Error> {
        Ok(Pooled { conn: self.open()?, is_fit: true })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), Error> {
        Ok(pooled.conn.batch_execute("SELECT 1")?)
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        !pooled.is_fit || std::thread::panicking()
    }
}
