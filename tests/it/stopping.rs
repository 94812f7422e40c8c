//! SIGTERM: what is under way is answered, nothing new is taken, and the program ends well.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Backend, Program, prepared};

fn ends_well(backend: Backend) {
    let (database, id, secret) = prepared(backend);
    let more = ["--metrics-listen", "127.0.0.1:0"];
    let program = Program::start_with(&database, &more);
    let token = program.token(&id, &secret).expect("a token");
    let path = "/v1/alliances/prove/partners";
    let body = json!({"name": "Den sidste", "sector": "civil", "joinedOn": "2020-01-01"}).to_string();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        token.0,
        body.len()
    );
    let (first, rest) = body.split_at(10);
    let mut under_way = TcpStream::connect(program.host()).expect("it listens");
    under_way.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    under_way
        .write_all(format!("{head}{first}").as_bytes())
        .expect("half a request");
    let is_under_way = || {
        let text = program.ask("GET", program.metrics_address()).send().text;
        text.contains("\nfacit_http_requests_in_flight 1\n")
    };
    wait_until("the request is under way", is_under_way);

    program.terminate();
    wait_until("no connection is taken", || !program.takes_connections());
    assert!(is_under_way(), "metrics are there to the end");
    under_way.write_all(rest.as_bytes()).expect("the rest");
    let mut answer = String::new();
    under_way
        .read_to_string(&mut answer)
        .expect("an answer, and the end of the connection");
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert_eq!(program.ended_within(25).code(), Some(0));

    let program = Program::start(&database);
    let listed = program.read(path, &token);
    assert_eq!(listed["items"][0]["name"], "Den sidste");
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not after 20 s");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn sigterm_ends_it_well_on_sqlite() {
    ends_well(Backend::Sqlite);
}

#[test]
fn sigterm_ends_it_well_on_postgres() {
    ends_well(Backend::Postgres);
}
