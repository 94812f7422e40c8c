//! Metrics, read from the real program's own listener.

use crate::support::{Backend, Database, Program, prepared, raw};

fn started(backend: Backend) -> (Program, Database, String, String) {
    let (database, id, secret) = prepared(backend);
    let more = ["--metrics-listen", "127.0.0.1:0", "--rate-limit", "0", "--token-rate-limit", "0"];
    (Program::start_with(&database, &more), database, id, secret)
}

/// The text of the metrics.
fn scrape(program: &Program) -> String {
    let answered = program.ask("GET", program.metrics_address()).send();
    assert_eq!(answered.status, 200, "{}", answered.text);
    assert_eq!(answered.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answered.text
}

/// A sample's value by its whole name with labels, in any order of labels.
fn sample(text: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let found = text.lines().find(|line| {
        let (series, _) = line.rsplit_once(' ').unwrap_or_default();
        let (own, rest) = series.split_once('{').unwrap_or((series, ""));
        own == name && labels.iter().all(|label| rest.contains(label))
    });
    found.map(|line| line.rsplit_once(' ').expect("a value").1.parse().expect("a number"))
}

fn requests(text: &str, operation: &str, method: &str, status: u16) -> Option<f64> {
    let labels = [
        format!("operation=\"{operation}\""),
        format!("method=\"{method}\""),
        format!("status=\"{status}\""),
    ];
    sample(text, "facit_http_requests_total", &labels.each_ref().map(String::as_str))
}

fn known_requests_are_counted(backend: Backend) {
    let (program, _database, id, secret) = started(backend);
    let token = program.token(&id, &secret).expect("a token");
    for _ in 0..3 {
        program.read("/v1/alliances/prove/journal", &token);
    }
    assert_eq!(program.request("HEAD", "/v1/alliances").send().status, 200);
    assert_eq!(program.request("GET", "/v1/alliances/prove/journal").send().status, 401);
    assert_eq!(program.request("GET", "/v1/alliances/none/partners").send().status, 404);
    assert_eq!(program.request("DELETE", "/v1/alliances").send().status, 405);

    let text = scrape(&program);
    for (operation, method, status, count) in [
        ("issue_token", "POST", 200, 1.0),
        ("list_journal", "GET", 200, 3.0),
        ("list_journal", "GET", 401, 1.0),
        ("list_alliances", "HEAD", 200, 1.0),
        ("list_partners", "GET", 404, 1.0),
        ("none", "DELETE", 405, 1.0),
    ] {
        assert_eq!(requests(&text, operation, method, status), Some(count), "{operation}: {text}");
    }
    let count = "facit_http_request_duration_seconds_count";
    assert_eq!(sample(&text, count, &["operation=\"list_journal\""]), Some(4.0));
    let bucket = "facit_http_request_duration_seconds_bucket";
    assert_eq!(sample(&text, bucket, &["operation=\"list_journal\"", "le=\"30\""]), Some(4.0));
    assert_eq!(sample(&text, "facit_http_requests_in_flight", &[]), Some(0.0));
    assert_eq!(sample(&text, "facit_journal_size", &["alliance=\"prove\""]), Some(2.0));
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert_eq!(sample(&text, "facit_build_info", &[&version]), Some(1.0));
    let idle = sample(&text, "facit_db_pool_connections", &["state=\"idle\""]);
    assert!(idle.is_some_and(|idle| idle >= 1.0), "{text}");
    assert_eq!(sample(&text, "facit_db_pool_connections", &["state=\"in_use\""]), Some(0.0));
    let memory = sample(&text, "process_resident_memory_bytes", &[]);
    assert!(memory.is_some_and(|bytes| bytes > 1e6), "{text}");
}

#[test]
fn known_requests_are_counted_on_sqlite() {
    known_requests_are_counted(Backend::Sqlite);
}

#[test]
fn known_requests_are_counted_on_postgres() {
    known_requests_are_counted(Backend::Postgres);
}

#[test]
fn a_write_moves_the_journals_size() {
    let (program, _database, id, secret) = started(Backend::Sqlite);
    let token = program.token(&id, &secret).expect("a token");
    let body = serde_json::json!({"name": "En", "sector": "civil", "joinedOn": "2020-01-01"});
    let path = "/v1/alliances/prove/partners";
    assert_eq!(program.request("POST", path).token(&token).json(&body).send().status, 201);
    assert_eq!(sample(&scrape(&program), "facit_journal_size", &["alliance=\"prove\""]), Some(3.0));
}

/// Every series of ours has a help text and a type, as Prometheus' own linter wants it.
#[test]
fn every_metric_says_what_it_is() {
    let (program, _database, id, secret) = started(Backend::Sqlite);
    program.token(&id, &secret).expect("a token");
    let text = scrape(&program);
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let mut seen = 0;
    for name in types.map(|line| line.split(' ').next().expect("a name")) {
        seen += 1;
        assert!(name.starts_with("facit_") || name == "process_resident_memory_bytes", "{name}");
        assert!(text.contains(&format!("# HELP {name} ")), "{name}: {text}");
    }
    assert!(seen >= 7, "{text}");
}

#[test]
fn garbage_makes_no_new_series() {
    let (program, _database, ..) = started(Backend::Sqlite);
    let ask = |number: usize| {
        for (method, path) in [
            ("GET", format!("/v1/{number}")),
            ("GET", format!("/v1/alliances/x{number}/partners")),
            ("GET", format!("/docs/{number}.js")),
            ("BREW", format!("/{number}")),
            (&format!("M{number}"), "/v1/alliances".to_owned()),
            ("POST", format!("/v1/token?{number}")),
        ] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let answered = raw(&program.address, request.as_bytes());
            assert!(answered.status >= 400, "{method} {path}: {}", answered.text);
        }
    };
    let series = || scrape(&program).lines().filter(|line| !line.starts_with('#')).count();
    ask(0);
    scrape(&program);
    let before = series();
    (1..40).for_each(ask);
    assert_eq!(series(), before);
}

#[test]
fn the_listener_has_nothing_but_metrics_and_the_service_has_none() {
    let (program, ..) = started(Backend::Sqlite);
    let listener = program.metrics_address().strip_suffix("/metrics").expect("an address");
    for path in ["/", "/v1/alliances", "/livez", "/metrics/", "/metrics/x"] {
        let answered = program.ask("GET", &format!("{listener}{path}")).send();
        assert_eq!((answered.status, answered.text.as_str()), (404, ""), "{path}");
    }
    assert_eq!(program.ask("POST", program.metrics_address()).send().status, 404);
    assert_eq!(program.request("GET", "/metrics").send().problem(404), "not-found");
}

#[test]
fn without_the_setting_there_is_no_listener() {
    let (database, ..) = prepared(Backend::Sqlite);
    let program = Program::start(&database);
    assert_eq!(program.greeting.len(), 1, "{:?}", program.greeting);
}
