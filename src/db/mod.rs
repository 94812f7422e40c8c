//! The database: one enum over SQLite and PostgreSQL, one way to read and one way to write.
//!
//! `Db::read` runs on a snapshot, so that a journal size and the tallies read beside it belong
//! together. `Db::write` owns every write transaction: the same code is not the same semantics on
//! both databases (a deferred transaction on SQLite fails with "database is locked", PostgreSQL's
//! default isolation loses updates), so a write takes SQLite's write lock at once and PostgreSQL's
//! advisory lock of the installation.

pub mod connection;
mod copy;
mod error;
mod gauges;
mod pending;
mod savepoint;
pub mod schema;
mod sweep;
pub mod types;
mod writer;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use connection::Pooled;
pub use connection::{Both, Conn, Manager, Target, columns};
pub use error::Error;
pub use gauges::PoolState;
pub use savepoint::savepoint;
use writer::Writer;

pub type Result<T, E = Error> = std::result::Result<T, E>;

pub const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
pub const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The advisory lock that all writers of an installation on PostgreSQL take ("facit" in ASCII).
const WRITER_LOCK: i64 = 0x66_61_63_69_74;

/// A handle to the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    pool: r2d2::Pool<Manager>,
    target: Target,
    /// One write transaction at a time in this process. The database's own lock stays what keeps
    /// other processes out.
    turn: Arc<Mutex<()>>,
    /// Started by the first write.
    writer: Arc<OnceLock<Writer>>,
}

impl Db {
    /// Opens a pool. SQLite's file is made when it is missing; nothing is migrated yet.
    pub fn open(target: &Target) -> Result<Db> {
        let pool = r2d2::Pool::builder()
            .max_size(target.pool_size())
            .min_idle(Some(1))
            .connection_timeout(std::time::Duration::from_secs(10))
            // The BEGIN of each transaction tells as much, without a further round trip.
            .test_on_check_out(false)
            .build(Manager::new(target.clone()))
            .map_err(|e| Error::Unreachable(e.to_string()))?;
        Ok(Db {
            pool,
            target: target.clone(),
            turn: Arc::default(),
            writer: Arc::default(),
        })
    }

    /// Brings an empty or older database to this program's schema; takes the writers' lock, so two
    /// instances that start together don't meet.
    pub fn migrate(&self) -> Result<()> {
        let mut conn = self.connection()?;
        let failed = |e: Box<dyn std::error::Error + Send + Sync>| Error::Broken(e.to_string());
        match &mut conn.conn {
            Conn::Sqlite(sqlite) => {
                sqlite.run_pending_migrations(SQLITE_MIGRATIONS).map(drop).map_err(failed)
            }
            Conn::Postgresql(postgres) => {
                postgres.batch_execute(&format!("SELECT pg_advisory_lock({WRITER_LOCK})"))?;
                let done =
                    postgres.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop).map_err(failed);
                postgres.batch_execute(&format!("SELECT pg_advisory_unlock({WRITER_LOCK})"))?;
                done
            }
        }
    }

    /// Reads on one consistent snapshot, off the async threads.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let db = self.clone();
        off_thread(move || db.read_now(work)).await
    }

    /// Writes: either all of the work stands, durably, when this returns `Ok`, or nothing does.
    ///
    /// Work that fails is taken back alone. Where it panics, or the commit fails, all the work of the
    /// transaction is taken back, and everybody in it is told that they can try again.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.writer()?.write(work).await
    }

    /// `read`, for the command line and tests: blocks this thread.
    pub fn read_now<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(BeginRead, work)
    }

    /// `write` in a transaction of its own, for the command line and tests: blocks this thread, which must
    /// not be an async one.
    pub fn write_now<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.transact(BeginWrite, work)
    }

    fn writer(&self) -> Result<&Writer> {
        if let Some(writer) = self.writer.get() {
            return Ok(writer);
        }
        // Two that come first at once start two threads; the one that nobody keeps ends at once.
        let started = Writer::start(Manager::new(self.target.clone()), self.turn.clone())?;
        Ok(self.writer.get_or_init(|| started))
    }

    fn connection(&self) -> Result<r2d2::PooledConnection<Manager>> {
        self.pool.get().map_err(|e| Error::Unreachable(e.to_string()))
    }

    fn transact<T, E: From<Error>>(
        &self,
        begin: impl Begin,
        work: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut pooled = self.begun(begin).map_err(E::from)?;
        let open = OpenTransaction { pooled: &mut pooled, done: false };
        let outcome = work(&mut open.pooled.conn);
        match outcome {
            Ok(value) => open.finish("COMMIT").map(|()| value).map_err(E::from),
            Err(refused) => {
                // Where the transaction is gone already, the refusal says why.
                drop(open.finish("ROLLBACK"));
                Err(refused)
            }
        }
    }

    /// A connection with an open transaction. Connections that the server closed while nobody used them
    /// show only now; there are no more of them than the pool holds.
    fn begun(&self, begin: impl Begin) -> Result<r2d2::PooledConnection<Manager>> {
        let mut tries = self.target.pool_size();
        loop {
            let mut pooled = self.connection()?;
            match begin.begin(&mut pooled.conn) {
                Ok(()) => return Ok(pooled),
                Err(Error::Unreachable(_)) if self.target.is_postgres() && tries > 0 => {
                    pooled.is_fit = false;
                    tries -= 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// A transaction that a panic must not leave open in the pool.
struct OpenTransaction<'a> {
    pooled: &'a mut Pooled,
    done: bool,
}

impl OpenTransaction<'_> {
    fn finish(mut self, statement: &str) -> Result<()> {
        self.pooled.conn.batch_execute(statement)?;
        self.done = true;
        Ok(())
    }
}

impl Drop for OpenTransaction<'_> {
    fn drop(&mut self) {
        if !self.done && self.pooled.conn.batch_execute("ROLLBACK").is_err() {
            self.pooled.is_fit = false;
            tracing::warn!("a transaction could not be rolled back; its connection is dropped");
        }
    }
}

trait Begin {
    fn begin(&self, conn: &mut Conn) -> Result<()>;
}

struct BeginRead;
struct BeginWrite;

impl Begin for BeginRead {
    fn begin(&self, conn: &mut Conn) -> Result<()> {
        let statement = match conn {
            Conn::Sqlite(_) => "BEGIN DEFERRED",
            Conn::Postgresql(_) => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        Ok(conn.batch_execute(statement)?)
    }
}

impl Begin for BeginWrite {
    fn begin(&self, conn: &mut Conn) -> Result<()> {
        match conn {
            Conn::Sqlite(sqlite) => Ok(sqlite.batch_execute("BEGIN IMMEDIATE")?),
            Conn::Postgresql(postgres) => {
                postgres.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED")?;
                let locked =
                    postgres.batch_execute(&format!("SELECT pg_advisory_xact_lock({WRITER_LOCK})"));
                if locked.is_err() {
                    postgres.batch_execute("ROLLBACK")?;
                }
                Ok(locked?)
            }
        }
    }
}

async fn off_thread<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(panicked) => Err(E::from(Error::Panicked(panicked.to_string()))),
    }
}
