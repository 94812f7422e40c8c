//! What a database's files hold, byte by byte: free space, WAL and all.

use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::Api;
use super::databases::{Backend, Database, lines};

/// A place in the files of a service's database that has this text.
pub fn place_of(api: &Api, text: &str) -> Option<String> {
    appears(api.database(), text)
}

/// A place in a database's files that has this text, as it is or as JSON escapes it.
pub fn appears(database: &Database, text: &str) -> Option<String> {
    assert!(text.is_ascii() && !text.contains(['"', '\\', '\'']), "it is written in one way only");
    match database.backend() {
        Backend::Sqlite => in_sqlite(&database.url, text),
        Backend::Postgres => in_postgres(database, text),
    }
}

fn in_sqlite(url: &str, text: &str) -> Option<String> {
    let path = url.strip_prefix("sqlite:").expect("a path");
    let files = ["", "-wal", "-shm", "-journal"].map(|ending| PathBuf::from(format!("{path}{ending}")));
    let has = |file: &Path| {
        let bytes = std::fs::read(file).unwrap_or_default();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    assert!(!std::fs::read(path).expect("the database").is_empty());
    files.iter().find(|file| has(file)).map(|file| file.display().to_string())
}

/// A test's files are smaller.
const MOST: i64 = 64 << 20;

/// Every relation's own file, whatever the rows in it are worth. Its WAL goes its own way and is the server's.
fn in_postgres(database: &Database, text: &str) -> Option<String> {
    let mut conn = PgConnection::establish(&database.url).expect("the database");
    conn.batch_execute("CHECKPOINT").expect("what is in memory goes to the files");
    let query = format!(
        "SELECT relname::text AS line FROM pg_class WHERE relkind IN ('r', 't', 'i', 'm') \
         AND pg_relation_filepath(oid) IS NOT NULL \
         AND position('{text}'::bytea IN pg_read_binary_file(pg_relation_filepath(oid), 0, {MOST}, true)) > 0"
    );
    lines(&database.open(), &query).into_iter().next()
}
