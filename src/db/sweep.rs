//! What was deleted or overwritten goes out of the files, too.
//!
//! Both databases leave old bytes lying in free space: SQLite in free pages, in the gaps of others and in the WAL,
//! PostgreSQL in dead rows. So the database is rewritten without them. That costs as much as copying it, and writers
//! wait meanwhile; it is done where something was erased for good, which is rare.

use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};

use super::{Conn, Db, Error, Manager, Result, Target};

/// The tables that hold free text, or the names of keys. On SQLite all are rewritten in any case.
const TABLES: [&str; 12] = [
    "journal_texts",
    "commitments",
    "initiatives",
    "reports",
    "report_parts",
    "report_versions",
    "report_points",
    "extensions",
    "keys",
    "idempotent_answers",
    "imports",
    "import_refused",
];

/// A larger database is rewritten by way of a file, not in memory.
const MOST_IN_MEMORY: u64 = 256 << 20;

/// How often, and how many times, PostgreSQL is asked whether older transactions still see what was deleted.
const PAUSE: Duration = Duration::from_millis(100);
const MOST_LOOKS: usize = 100;

impl Db {
    /// Rewrites the database without what was deleted before now. Fails with `Unreachable` where somebody has been
    /// reading for so long that it can't be done at the moment. Blocks this thread, which must not be an async one.
    pub fn sweep(&self) -> Result<()> {
        // Not a connection of the pool: what is set here is not meant for others.
        match Manager::new(self.target.clone()).open()? {
            Conn::Sqlite(mut sqlite) => {
                let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
                let Target::Sqlite(path) = &self.target else { return Ok(()) };
                sweep_sqlite(&mut sqlite, path)
            }
            Conn::Postgresql(mut postgres) => sweep_postgres(&mut postgres),
        }
    }
}

#[derive(QueryableByName)]
struct Checkpointed {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

fn sweep_sqlite(conn: &mut SqliteConnection, path: &Path) -> Result<()> {
    let is_large = std::fs::metadata(path).is_ok_and(|file| file.len() > MOST_IN_MEMORY);
    let place = if is_large { "FILE" } else { "MEMORY" };
    conn.batch_execute(&format!("PRAGMA temp_store={place}"))?;
    conn.batch_execute("VACUUM")?;
    // The new pages stand in the WAL now, before older ones: bring them home, and leave it empty.
    let brought: Checkpointed = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn)?;
    match brought.busy {
        0 => Ok(()),
        _ => Err(Error::Unreachable("somebody is reading an older state".to_owned())),
    }
}

fn sweep_postgres(conn: &mut PgConnection) -> Result<()> {
    wait_for_older(conn)?;
    conn.batch_execute("SET lock_timeout = '10s'")?;
    // One at a time: VACUUM takes no part in a transaction, and two statements together are one.
    TABLES
        .iter()
        .try_for_each(|table| Ok(conn.batch_execute(&format!("VACUUM (FULL) {table}"))?))
}

/// Waits until nobody can see any more what was deleted before now, since such a row is kept. First for every
/// transaction that writes, in whatever database: each snapshot holds on to the oldest of them. Then for every one of
/// this database that may have its snapshot from before.
fn wait_for_older(conn: &mut PgConnection) -> Result<()> {
    let query = diesel::sql_query("SELECT pg_current_xact_id()::text AS id");
    let now: Transaction = query.get_result(conn)?;
    until(|| {
        let query = "SELECT (pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8)::text AS id";
        let over: Transaction =
            diesel::sql_query(query).bind::<Text, _>(now.id.clone()).get_result(conn)?;
        Ok(over.id == "true")
    })?;
    let older = transactions(conn)?;
    until(|| {
        let now = transactions(conn)?;
        Ok(!older.iter().any(|transaction| now.contains(transaction)))
    })
}

/// Asks again and again until the answer is yes.
fn until(mut is_over: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..MOST_LOOKS {
        if is_over()? {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    Err(Error::Unreachable("somebody is reading an older state".to_owned()))
}

#[derive(QueryableByName)]
struct Transaction {
    #[diesel(sql_type = Text)]
    id: String,
}

/// The transactions of this database that are under way. Each holds a lock of its own from its first moment on, even
/// that of a connection that is yet to be made.
fn transactions(conn: &mut PgConnection) -> Result<Vec<String>> {
    let query = diesel::sql_query(
        "SELECT l.virtualxid AS id FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'virtualxid' AND l.pid <> pg_backend_pid() \
         AND (a.datname IS NULL OR a.datname = current_database())",
    );
    let rows: Vec<Transaction> = query.load(conn)?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
