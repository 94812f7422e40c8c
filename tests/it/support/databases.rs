//! A fresh, migrated database for each test, copied from one that was migrated once.

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use facit::db::{Db, Error, Target};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

/// A database that goes when this does.
pub struct Database {
    pub url: String,
    backend: Backend,
    name: String,
}

impl Database {
    pub fn fresh(backend: Backend) -> Database {
        let name = format!("facit_{}", uuid::Uuid::new_v4().simple());
        let url = match backend {
            Backend::Sqlite => sqlite(&name),
            Backend::Postgres => postgres(&name),
        };
        Database { url, backend, name }
    }

    /// A database without any table yet.
    pub fn empty(backend: Backend) -> Database {
        let name = format!("facit_{}", uuid::Uuid::new_v4().simple());
        let url = match backend {
            Backend::Sqlite => format!("sqlite:{}", folder().join(format!("{name}.db")).display()),
            Backend::Postgres => {
                execute(&format!("CREATE DATABASE {name}"));
                postgres_url(&name)
            }
        };
        Database { url, backend, name }
    }

    /// One that is there already, and that somebody else takes away.
    pub fn at(url: &str) -> Database {
        Database {
            url: url.to_owned(),
            backend: Backend::Sqlite,
            name: "none".to_owned(),
        }
    }

    pub fn backend(&self) -> Backend {
        self.backend
    }

    pub fn open(&self) -> Db {
        Db::open(&Target::parse(&self.url).expect("a database URL")).expect("the database opens")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        match self.backend {
            Backend::Sqlite => {
                for ending in ["db", "db-wal", "db-shm"] {
                    let _ = std::fs::remove_file(folder().join(format!("{}.{ending}", self.name)));
                }
            }
            Backend::Postgres => execute(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)),
        }
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// What a query says, which names its one column `line`.
pub fn lines(db: &Db, query: &str) -> Vec<String> {
    let found = db.read_now(|conn| Ok::<_, Error>(diesel::sql_query(query).load::<Line>(conn)?));
    found.expect("the query runs").into_iter().map(|row| row.line).collect()
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join("facit-tests");
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    folder
}

fn sqlite(name: &str) -> String {
    // Its bytes: a file would stay, since nobody drops what is static.
    static TEMPLATE: OnceLock<Vec<u8>> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let made = Database::empty(Backend::Sqlite);
        made.open().migrate().expect("the template migrates");
        let path = made.url.strip_prefix("sqlite:").expect("a path");
        // The pool closes its connections in its own time; a checkpoint makes the file whole at once.
        let mut conn = diesel::SqliteConnection::establish(path).expect("the template");
        conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
        std::fs::read(path).expect("the template")
    });
    let path = folder().join(format!("{name}.db"));
    std::fs::write(&path, template).expect("a copy of the template");
    format!("sqlite:{}", path.display())
}

fn admin_url() -> String {
    std::env::var("TEST_POSTGRES_URL").expect(
        "TEST_POSTGRES_URL is not set: run ./scripts/test, or ./scripts/with-postgres cargo test",
    )
}

fn postgres_url(name: &str) -> String {
    let admin = admin_url();
    let (server, _) = admin.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}")
}

/// PostgreSQL copies a template only while nobody is connected to it, so one at a time.
fn execute(statement: &str) {
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut conn = PgConnection::establish(&admin_url()).expect("PostgreSQL is within reach");
    conn.batch_execute(statement).expect("the statement runs");
}

fn postgres(name: &str) -> String {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let template = format!("template_{}", uuid::Uuid::new_v4().simple());
        execute(&format!("CREATE DATABASE {template}"));
        let db = Db::open(&Target::parse(&postgres_url(&template)).expect("a URL"))
            .expect("the template opens");
        db.migrate().expect("the template migrates");
        drop(db);
        execute(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"
        ));
        template
    });
    execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
    postgres_url(name)
}
