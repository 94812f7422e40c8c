//! Read-only mode: writes wait, reads go on.

use std::process::Command;

use facit::server::Settings;
use serde_json::json;

use crate::support::cast::Cast;
use crate::support::writes::writes;
use crate::support::{Api, Backend, Database, Program, Token, prepared};

fn start(database: &Database) -> Program {
    Program::start_with(database, &["--read-only"])
}

/// Exit code and standard error of `facit serve --read-only`, which is expected to end by itself.
fn serve(url: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_facit"))
        .args(["serve", "--read-only", "--log", "error", "--listen", "127.0.0.1:0", "--database", url])
        .output()
        .expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn writes_wait_and_reads_go_on(backend: Backend) {
    let (database, id, secret) = prepared(backend);
    let program = Program::start(&database);
    let token = program.token(&id, &secret).expect("a token");
    let path = "/v1/alliances/prove/partners";
    let body = json!({"name": "En", "sector": "civil", "joinedOn": "2020-01-01"});
    let admit = |program: &Program, key: &str, body: &serde_json::Value| {
        program
            .request("POST", path)
            .token(&token)
            .header("idempotency-key", key)
            .json(body)
            .send()
    };
    let admitted = admit(&program, "one", &body);
    assert_eq!(admitted.status, 201, "{}", admitted.text);
    assert_eq!(program.request("GET", "/readyz").send().body, json!({"status": "ok", "writable": true}));
    program.kill();

    let program = start(&database);
    let ready = program.request("GET", "/readyz").send();
    assert_eq!((ready.status, ready.body), (200, json!({"status": "ok", "writable": false})));
    assert!(program.token(&id, &secret).is_ok(), "a token writes nothing");
    assert_eq!(
        program.read("/v1/alliances/prove/journal", &token)["items"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    assert_eq!(program.read(path, &token)["items"][0], admitted.body);

    let refused = admit(&program, "two", &json!({"name": "To", "sector": "civil"}));
    assert_eq!(refused.problem(503), "read-only");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    let english = program.request("POST", path).token(&token).english().json(&body).send();
    assert_eq!(english.body["title"], "Try again in a moment");
    assert!(english.body["detail"].as_str().expect("a sentence").contains("only be read"));

    let replayed = admit(&program, "one", &body);
    assert_eq!((replayed.status, replayed.header("idempotent-replayed")), (201, "true"));
    assert_eq!(replayed.text, admitted.text);
    assert_eq!(admit(&program, "one", &json!({})).problem(422), "idempotency-key-reused");
    assert_eq!(program.request("POST", path).json(&body).send().status, 401);
    assert_eq!(
        program
            .request("POST", path)
            .token(&Token("x".to_owned()))
            .json(&body)
            .send()
            .status,
        401
    );
    assert_eq!(
        program.read("/v1/alliances/prove/journal", &token)["items"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
}

#[test]
fn writes_wait_and_reads_go_on_on_sqlite() {
    writes_wait_and_reads_go_on(Backend::Sqlite);
}

#[test]
fn writes_wait_and_reads_go_on_on_postgres() {
    writes_wait_and_reads_go_on(Backend::Postgres);
}

/// Every write of the access test, each well-formed and allowed.
#[test]
fn no_write_at_all_gets_through() {
    let api = Api::start(Backend::Sqlite);
    let cast = Cast::set(&api);
    let reading = api.beside(Settings { read_only: true, ..Settings::default() });
    let all = writes(&reading, &cast);
    for write in all.iter().filter(|write| write.operation != "check_claims") {
        let answered = write.send(&reading, write.body(&cast).to_string().as_bytes());
        assert_eq!(answered.problem(503), "read-only", "{}", write.operation);
    }
}

#[test]
fn it_neither_makes_nor_migrates_a_database() {
    let database = Database::empty(Backend::Sqlite);
    let (code, said) = serve(&database.url);
    assert_eq!(code, Some(1));
    assert!(said.contains("there is no database"), "{said}");
    assert!(!std::path::Path::new(database.url.strip_prefix("sqlite:").expect("a file")).exists());

    let database = Database::empty(Backend::Postgres);
    let (code, said) = serve(&database.url);
    assert_eq!(code, Some(1));
    assert!(said.contains("facit migrate"), "{said}");
    assert!(!database.open().is_migrated().expect("an answer"));
}

#[test]
fn it_makes_no_signing_keys() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = Database::fresh(backend);
        assert!(database.open().is_migrated().expect("an answer"));
        let (code, said) = serve(&database.url);
        assert_eq!(code, Some(1));
        assert!(said.contains("no signing keys"), "{said}");
    }
}
