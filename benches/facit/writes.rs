//! Durable submissions: answered only when they are on disk.

use std::process::Command;
use std::time::{Duration, Instant};

use facit::db::{Db, Error, Target};
use facit::store::installation::insert_secret;

use crate::client::Connection;
use crate::crowd::Crowd;
use crate::outcome::{Row, heading};
use crate::stage::{Folder, Service, open};

const CLIENTS: usize = 32;
const SUBMISSIONS: usize = 32 * 60;
/// On PostgreSQL, where filling the alliance takes a round trip for each statement.
const FEWER: usize = 32 * 15;
const BARE: usize = 32 * 400;

/// Submissions a second, each durable, by 32 clients.
fn submissions(db: &Db, count: usize) -> f64 {
    let crowd = Crowd::of(db, count);
    let places: Vec<usize> = (0..count).collect();
    let requests = crowd.submissions(&places);
    let service = Service::start(db);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for own in requests.chunks(count / CLIENTS) {
            let address = &service.address;
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                for request in own {
                    connection.must(request, 200);
                }
            });
        }
    });
    count as f64 / began.elapsed().as_secs_f64()
}

/// Bare rows a second through the same group commit, by 32 writers.
fn bare_rows(db: &Db) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let began = Instant::now();
    runtime.block_on(async {
        let writers: Vec<_> = (0..CLIENTS)
            .map(|writer| {
                let db = db.clone();
                tokio::spawn(async move {
                    for n in 0..BARE / CLIENTS {
                        let name = format!("{writer} {n}");
                        let written = db.write(move |conn| insert_secret(conn, &name, &[7; 100])).await;
                        written.map_err(|e: Error| e.to_string()).expect("a row");
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.expect("a writer");
        }
    });
    BARE as f64 / began.elapsed().as_secs_f64()
}

/// pgbench's transactions a second, each one insert, by 32 clients.
fn pgbench(url: &str, folder: &Folder) -> f64 {
    let script = folder.path("insert.sql");
    let insert =
        "INSERT INTO bare (name, value) VALUES (gen_random_uuid()::text, 'as long a value as any');";
    std::fs::write(&script, insert).expect("a script");
    let db = Db::open(&Target::parse(url).expect("a URL")).expect("the database opens");
    let table = "CREATE TABLE bare (id bigserial PRIMARY KEY, name text NOT NULL, value text NOT NULL)";
    run_sql(&db, table);
    let program = std::env::var("PGBENCH").unwrap_or_else(|_| "pgbench".to_owned());
    let output = Command::new(program)
        .args(["-n", "-c", "32", "-j", "2", "-T", "5", "-f"])
        .arg(&script)
        .arg(url)
        .output()
        .expect("pgbench runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let tps = tps.and_then(|rest| rest.split(' ').next()).and_then(|tps| tps.parse().ok());
    tps.unwrap_or_else(|| panic!("pgbench says {text} {}", String::from_utf8_lossy(&output.stderr)))
}

fn run_sql(db: &Db, statement: &str) {
    use diesel::connection::SimpleConnection;
    let done = db.write_now(|conn| Ok::<(), Error>(conn.batch_execute(statement)?));
    done.expect("the statement runs");
}

pub fn run() {
    heading("Durable submissions, 32 clients");
    let folder = Folder::new();
    let measured = submissions(&folder.database("submissions.db"), SUBMISSIONS);
    let bare = bare_rows(&folder.database("bare.db"));
    Row::rates("SQLite", measured, ("bare group-committed rows, 32 writers", bare), Some(0.1)).print();

    let Some(url) = fresh_postgres() else {
        println!("| PostgreSQL | not measured: no cluster | | | | |");
        return;
    };
    let measured = submissions(&open(&url), FEWER);
    std::thread::sleep(Duration::from_millis(500));
    let bare = pgbench(&url, &folder);
    Row::rates("PostgreSQL", measured, ("pgbench, one insert each, 32 clients", bare), Some(0.05))
        .print();
}

/// The address of a new database, where there is a cluster.
pub fn fresh_postgres() -> Option<String> {
    let admin = std::env::var("TEST_POSTGRES_URL").ok()?;
    let name = format!("bench_{}", uuid::Uuid::new_v4().simple());
    create(&Db::open(&Target::parse(&admin).expect("a URL")).expect("the cluster"), &name);
    let (server, _) = admin.rsplit_once('/').expect("a URL");
    Some(format!("{server}/{name}"))
}

/// A database can't be made inside a transaction.
fn create(db: &Db, name: &str) {
    use diesel::connection::SimpleConnection;
    let made = db.read_now(|conn| {
        conn.batch_execute("COMMIT")?;
        conn.batch_execute(&format!("CREATE DATABASE {name}"))?;
        Ok::<(), Error>(conn.batch_execute("BEGIN")?)
    });
    made.expect("a database");
}
