//! The rules of the layers (ARCHITECTURE.md), held over the source text: an arrow that points back, a second
//! clock or an unlisted route fails here, with the file and line.

use std::fs;
use std::path::{Path, PathBuf};

/// One line of code, without its comment lines.
struct Line {
    file: String,
    number: usize,
    text: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
    {
        if entry.is_dir() {
            rust_files(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "rs") {
            found.push(entry);
        }
    }
}

fn files(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    rust_files(&root().join(folder), &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).expect("inside").to_string_lossy().replace('\\', "/");
        (name, fs::read_to_string(path).expect("UTF-8"))
    };
    found.into_iter().map(read).collect()
}

/// The lines of the program itself: no comments, no unit tests (which end their files, or stand in
/// `tests.rs` and `tests/`).
fn program() -> Vec<Line> {
    let own = files("src")
        .into_iter()
        .filter(|(name, _)| !name.ends_with("/tests.rs") && !name.contains("/tests/"));
    own.flat_map(|(file, text)| {
        let program = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        let lines = (1..).zip(program.lines().map(str::to_owned).collect::<Vec<_>>());
        let code = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
        code.map(|(number, text)| Line { file: file.clone(), number, text })
            .collect::<Vec<_>>()
    })
    .collect()
}

/// Whether the name stands in the line as a word of its own: `println!` is not in `eprintln!`.
fn names(line: &str, name: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        let starts = !name.starts_with(inside) || !before.is_some_and(inside);
        let ends = !name.ends_with(inside) || !after.is_some_and(inside);
        starts && ends
    })
}

/// Fails with every place where one of the names stands in a file that may not have it.
fn only_in(wanted: &[&str], may: impl Fn(&str) -> bool) {
    let offences: Vec<String> = program()
        .iter()
        .filter(|line| !may(&line.file) && wanted.iter().any(|name| names(&line.text, name)))
        .map(|line| format!("{}:{}: {}", line.file, line.number, line.text.trim()))
        .collect();
    assert!(offences.is_empty(), "{wanted:?} may not stand here:\n{}", offences.join("\n"));
}

#[test]
fn the_domain_knows_no_database_no_web_no_clock_and_no_files() {
    let foreign = [
        "diesel",
        "actix_web",
        "actix",
        "std::env",
        "std::fs",
        "std::net",
        "Utc::now",
        "Local::now",
        "SystemTime",
        "Instant::now",
        "tokio",
        "crate::db",
        "crate::store",
        "crate::service",
        "crate::api",
        "crate::auth",
        "crate::config",
    ];
    only_in(&foreign, |file| !file.starts_with("src/domain/"));
}

#[test]
fn no_arrow_points_back() {
    let above_db = ["crate::store", "crate::service", "crate::api", "crate::server", "crate::config"];
    only_in(&above_db, |file| !file.starts_with("src/db/"));
    only_in(&above_db[1..], |file| !file.starts_with("src/store/"));
    only_in(&above_db[2..], |file| !file.starts_with("src/service/") && !file.starts_with("src/auth/"));
    only_in(&["crate::server", "crate::config"], |file| !file.starts_with("src/api/"));
}

#[test]
fn the_web_is_named_in_the_api_and_the_server_only() {
    let is_web = |file: &str| file.starts_with("src/api/") || file == "src/server.rs";
    only_in(&["actix_web", "actix", "actix_rt"], |file| is_web(file) || file == "src/commands.rs");
    only_in(&["utoipa::path", "utoipa_actix_web", "utoipa_swagger_ui"], is_web);
    let runtime = program().into_iter().filter(|line| line.file == "src/commands.rs");
    for line in runtime.filter(|line| names(&line.text, "actix_web")) {
        assert!(line.text.contains("actix_web::rt::"), "{}: {}", line.number, line.text);
    }
}

#[test]
fn queries_stand_in_the_store_and_the_db_only() {
    only_in(&["diesel", "diesel_migrations", "r2d2"], |file| {
        file.starts_with("src/store/") || file.starts_with("src/db/")
    });
}

#[test]
fn the_environment_is_read_in_one_file() {
    only_in(&["std::env", "env::var", "env!", "option_env!"], |file| file == "src/config.rs");
}

#[test]
fn the_clock_is_read_in_one_function() {
    let clocks = ["Utc::now", "Local::now", "SystemTime"];
    only_in(&clocks, |file| file == "src/api/app.rs");
    let readings = program()
        .into_iter()
        .filter(|line| clocks.iter().any(|clock| names(&line.text, clock)));
    assert_eq!(readings.count(), 1);
}

#[test]
fn no_route_escapes_the_document() {
    only_in(&[".route("], |file| !file.starts_with("src/api/"));
}

#[test]
fn no_write_transaction_is_opened_beside_the_database_handle() {
    let ways = [
        ".transaction(",
        ".immediate_transaction(",
        ".exclusive_transaction(",
        ".build_transaction(",
        ".begin_transaction(",
        ".test_transaction(",
        "Connection::transaction",
    ];
    only_in(&ways, |_| false);
}

#[test]
fn nothing_unfinished_and_no_stray_output_is_left() {
    only_in(&["todo!", "unimplemented!", "dbg!"], |_| false);
    only_in(&["println!", "print!"], |_| false);
    only_in(&["eprintln!", "eprint!"], |file| file == "src/main.rs");
}

#[test]
fn no_file_grows_past_500_lines() {
    let long: Vec<String> = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(folder))
        .filter(|(name, text)| name != "src/db/schema.rs" && text.lines().count() > 500)
        .map(|(name, text)| format!("{name}: {}", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{long:?}");
}

/// Rows are inserted with all their columns: a statement that leaves some to their defaults is another one each
/// time, which diesel never keeps and both databases then prepare anew.
#[test]
fn inserted_rows_have_all_their_columns() {
    let program = program();
    let derives = program
        .iter()
        .zip(program.iter().skip(1))
        .filter(|(line, _)| line.text.starts_with("#[derive(") && names(&line.text, "Insertable"));
    let offences: Vec<String> = derives
        .filter(|(_, next)| !next.text.contains("treat_none_as_default_value = false"))
        .map(|(line, _)| format!("{}:{}", line.file, line.number))
        .collect();
    assert!(offences.is_empty(), "{offences:?}");
}
