//! Copies of a database that is in use, and getting it back.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::support::{Backend, Database, Program, Token, prepared};

/// A folder that goes when this does.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = std::env::temp_dir().join(format!("facit-backup-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder").map(|entry| entry.expect("an entry"));
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn facit(command: &str, more: &[&str], url: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_facit"))
        .args([command, "--log", "error", "--database", url])
        .args(more)
        .output()
        .expect("the program runs")
}

fn backup(url: &str, file: &Path, more: &[&str]) -> (Option<i32>, String, String) {
    let more: Vec<&str> = more.iter().copied().chain([file.to_str().expect("UTF-8")]).collect();
    let output = facit("backup", &more, url);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn file_of(database: &Database) -> PathBuf {
    PathBuf::from(database.url.strip_prefix("sqlite:").expect("SQLite"))
}

const PARTNERS: &str = "/v1/alliances/prove/partners";

fn admit(program: &Program, token: &Token, name: &str) {
    let body = json!({"name": name, "sector": "civil", "joinedOn": "2020-01-01"});
    let admitted = program.request("POST", PARTNERS).token(token).once().json(&body).send();
    assert_eq!(admitted.status, 201, "{}", admitted.text);
}

fn journal(program: &Program, token: &Token) -> Value {
    program.read("/v1/alliances/prove/journal?limit=500", token)
}

#[test]
fn a_backup_taken_amid_writes_is_whole_and_serves() {
    let (database, id, secret) = prepared(Backend::Sqlite);
    let folder = Folder::new();
    let copy = folder.file("copy.db");
    let program = Program::start(&database);
    let token = program.token(&id, &secret).expect("a token");
    admit(&program, &token, "Den første");
    let (stop, done) = (AtomicBool::new(false), AtomicBool::new(false));
    let (code, said, fault) = std::thread::scope(|threads| {
        let (program, token, stop, done) = (&program, &token, &stop, &done);
        for thread in 0..3 {
            threads.spawn(move || {
                for number in 0..60 {
                    admit(program, token, &format!("Partner {thread} {number}"));
                    done.store(true, Ordering::Relaxed);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        while !done.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        let made = backup(&database.url, &copy, &[]);
        stop.store(true, Ordering::Relaxed);
        made
    });
    assert_eq!((code, fault.as_str()), (Some(0), ""), "{said}");
    let after = journal(&program, &token);
    program.kill();

    assert_eq!(folder.names(), ["copy.db"], "nothing else stays behind");
    let metadata = copy.metadata().expect("the copy");
    assert_eq!(metadata.mode() & 0o777, 0o600);
    assert!(said.contains(&format!("{}: {} bytes", copy.display(), metadata.len())), "{said}");
    assert!(said.contains("prove: ") && said.contains("0 differences"), "{said}");
    let size = said
        .lines()
        .find_map(|line| line.strip_suffix(" journal entries")?.strip_prefix("prove: "));
    let size: usize = size.expect("the journal's size").parse().expect("a number");

    let url = format!("sqlite:{}", copy.display());
    let checked = facit("check", &["--alliance", "prove"], &url);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
    let restored = Program::start_with(&Database::at(&url), &["--rate-limit", "0"]);
    let kept = journal(&restored, &token);
    let (kept, after) =
        (kept["items"].as_array().expect("a list"), after["items"].as_array().expect("a list"));
    assert_eq!(kept.len(), size);
    assert!(size >= 3 && kept[..] == after[..size], "what was there then is there as it was");
    admit(&restored, &token, "Efter genskabelsen");
}

#[test]
fn a_restored_database_answers_what_the_other_one_did() {
    let (database, id, secret) = prepared(Backend::Sqlite);
    let folder = Folder::new();
    let copy = folder.file("copy.db");
    let program = Program::start(&database);
    let token = program.token(&id, &secret).expect("a token");
    (0..5).for_each(|number| admit(&program, &token, &format!("Partner {number}")));
    let paths =
        [PARTNERS, "/v1/alliances/prove/journal", "/v1/alliances/prove/figures", "/v1/jwks.json"];
    let then = ["figures?by=sector&asOf=4", "figures/partners/partners?asOf=4&limit=1"];
    let paths: Vec<String> = paths
        .map(str::to_owned)
        .into_iter()
        .chain(then.map(|path| format!("/v1/alliances/prove/{path}")))
        .collect();
    let answers = |program: &Program| -> Vec<String> {
        let read = |path: &String| program.request("GET", path).token(&token).send();
        let read = paths.iter().map(read);
        read.inspect(|read| assert_eq!(read.status, 200, "{}", read.text))
            .map(|read| read.text)
            .collect()
    };
    let before = answers(&program);
    assert_eq!(backup(&database.url, &copy, &["--no-check"]).0, Some(0));
    admit(&program, &token, "Efter kopien");
    program.kill();

    let own = file_of(&database);
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", own.display()));
    }
    fs::copy(&copy, &own).expect("the copy in its place");
    let restored = Program::start(&database);
    assert_eq!(answers(&restored), before);
}

#[test]
fn nothing_is_overwritten_least_of_all_the_database() {
    let (database, ..) = prepared(Backend::Sqlite);
    let folder = Folder::new();
    let own = file_of(&database);
    let bytes = fs::read(&own).expect("the database");
    let link = folder.file("link.db");
    symlink(&own, &link).expect("a link");
    let hard = own.with_extension("hard");
    fs::hard_link(&own, &hard).expect("a link");
    let inside = folder.file("inside");
    symlink(own.parent().expect("a folder"), &inside).expect("a link");
    let name = own.file_name().expect("a name").to_string_lossy().into_owned();
    let with = |ending: &str| PathBuf::from(format!("{}{ending}", own.display()));
    let roundabout = own
        .parent()
        .expect("a folder")
        .join("..")
        .join(own.parent().expect("a folder").file_name().expect("a name"))
        .join(&name);
    for file in [
        own.clone(),
        link,
        hard.clone(),
        inside.join(&name),
        inside.join(format!("{name}-wal")),
        roundabout,
        with("-wal"),
        with("-shm"),
        with("-journal"),
    ] {
        let (code, said, fault) = backup(&database.url, &file, &[]);
        assert_eq!((code, said.as_str()), (Some(1), ""), "{}", file.display());
        assert!(fault.contains("belongs to the database itself"), "{}: {fault}", file.display());
    }
    fs::remove_file(hard).expect("the link");

    let other = folder.file("other");
    fs::write(&other, "en andens").expect("a file");
    let dangling = folder.file("dangling");
    symlink(folder.file("nowhere"), &dangling).expect("a link");
    for file in [&other, &dangling, &folder.0] {
        let (code, _, fault) = backup(&database.url, file, &[]);
        assert!(code == Some(1) && fault.contains("exists already"), "{}: {fault}", file.display());
    }
    assert_eq!(fs::read(&other).expect("the file"), "en andens".as_bytes());
    assert_eq!(fs::read(&own).expect("the database"), bytes);
}

#[test]
fn a_backup_that_can_not_be_made_says_why_and_leaves_nothing() {
    let (database, ..) = prepared(Backend::Sqlite);
    let folder = Folder::new();
    let nowhere = folder.file("no/such/folder.db");
    let (code, _, fault) = backup(&database.url, &nowhere, &[]);
    assert!(code == Some(1) && fault.contains("No such file"), "{fault}");

    let missing = folder.file("missing.db");
    let (code, _, fault) =
        backup(&format!("sqlite:{}", missing.display()), &folder.file("copy.db"), &[]);
    assert!(code == Some(1) && fault.contains("there is no database"), "{fault}");

    let foreign = folder.file("foreign.db");
    fs::write(&foreign, "ikke en database, men en tekst som er lang nok til at ligne en")
        .expect("a file");
    let (code, _, fault) =
        backup(&format!("sqlite:{}", foreign.display()), &folder.file("copy.db"), &[]);
    assert!(code == Some(1) && fault.contains("not a database"), "{fault}");
    assert_eq!(folder.names(), ["foreign.db"]);

    let empty = Database::empty(Backend::Sqlite);
    drop(empty.open());
    let (code, _, fault) = backup(&empty.url, &folder.file("copy.db"), &[]);
    assert!(code == Some(1) && fault.contains("--no-check"), "{fault}");
    assert_eq!(folder.names(), ["foreign.db"]);
}

/// A disk that fills: a limit on the size of files does the same to the one who writes.
#[test]
fn a_disk_that_fills_leaves_no_half_backup() {
    let (database, ..) = prepared(Backend::Sqlite);
    let folder = Folder::new();
    let copy = folder.file("copy.db");
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec '{}' backup --log error --database '{}' '{}'",
        env!("CARGO_BIN_EXE_facit"),
        database.url,
        copy.display()
    );
    let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
    let fault = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{fault}");
    assert!(fault.contains("no backup was made"), "{fault}");
    assert_eq!(folder.names(), Vec::<String>::new());
    assert_eq!(backup(&database.url, &copy, &[]).0, Some(0), "there is room again");
}

/// A row changed by hand stays changed in the copy, and is named.
#[test]
fn a_difference_is_named_and_the_copy_kept() {
    use diesel::prelude::*;
    let (database, ..) = prepared(Backend::Sqlite);
    let mut conn =
        diesel::SqliteConnection::establish(&file_of(&database).to_string_lossy()).expect("it opens");
    diesel::sql_query("UPDATE keys SET role = 'auditor'")
        .execute(&mut conn)
        .expect("a change by hand");
    drop(conn);
    let folder = Folder::new();
    let copy = folder.file("copy.db");
    let (code, said, _) = backup(&database.url, &copy, &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("keys/") && said.contains("1 differences"), "{said}");
    assert!(copy.is_file());
}

#[test]
fn on_postgresql_its_own_tools_are_named_and_do_it() {
    let (database, id, secret) = prepared(Backend::Postgres);
    let folder = Folder::new();
    let file = folder.file("facit.dump");
    let (code, _, fault) = backup(&database.url.replace("facit@", "facit:hemmelig@"), &file, &[]);
    assert_eq!(code, Some(1));
    assert!(!fault.contains("hemmelig"), "no password is shown: {fault}");
    let command = fault
        .lines()
        .find(|line| line.trim().starts_with("pg_dump "))
        .expect("the command")
        .trim();

    let program = Program::start(&database);
    let token = program.token(&id, &secret).expect("a token");
    admit(&program, &token, "En");
    let before = journal(&program, &token);
    let Some(tools) = postgres_tools() else { panic!("PostgreSQL's tools are missing") };
    let run = |command: &str| {
        let script = format!("PATH={}:$PATH {command}", tools.display());
        let output = Command::new("bash").args(["-c", &script]).output().expect("bash runs");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run(command);
    program.kill();

    let restored = Database::empty(Backend::Postgres);
    run(&format!(
        "pg_restore --exit-on-error --no-owner --no-privileges --single-transaction --dbname='{}' '{}'",
        restored.url,
        file.display()
    ));
    assert!(facit("check", &["--alliance", "prove"], &restored.url).status.success());
    let program = Program::start(&restored);
    assert_eq!(journal(&program, &token), before);
}

/// Where pg_dump is; Debian keeps it out of the path.
fn postgres_tools() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let own = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let path = std::env::var_os("PATH")?;
    let all: Vec<PathBuf> = own.chain(std::env::split_paths(&path)).collect();
    all.into_iter().find(|folder| folder.join("pg_dump").is_file())
}
