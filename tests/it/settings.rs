//! Settings of the real program: where they come from, what is refused, and what is logged of them.

use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{Backend, Database};

/// `facit serve` where nobody can listen, so that it ends by itself; with its log as JSON on standard error.
fn serve(url: &str, environment: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_facit"))
        .args(["serve", "--log", "info", "--listen", "256.0.0.0:1"])
        .env("DATABASE_URL", url)
        .envs(environment.iter().copied())
        .output()
        .expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The one line that says the settings.
fn logged(text: &str) -> Value {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut found: Vec<Value> = lines.filter(|line| line["message"] == "settings").collect();
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

#[test]
fn settings_are_logged_once_with_their_defaults() {
    let database = Database::fresh(Backend::Sqlite);
    let output = serve(&database.url, &[]);
    let (text, line) = (said(&output), logged(&said(&output)));
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("can't listen on 256.0.0.0:1"), "{text}");
    for (name, value) in [
        ("database", Value::from(database.url.clone())),
        ("listen", "256.0.0.0:1".into()),
        ("issuer", "facit".into()),
        ("origin", "facit".into()),
        ("workers", 2.into()),
        ("metrics_listen", "off".into()),
        ("rate_limit", 6000.into()),
        ("token_rate_limit", 300.into()),
        ("forwarded_for", false.into()),
        ("read_only", false.into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
    ] {
        assert_eq!(line[name], value, "{name}: {line}");
    }
}

#[test]
fn the_environment_sets_them_and_no_password_is_logged() {
    let database = Database::fresh(Backend::Postgres);
    let url = format!("{}?application_name=hemmelig", database.url.replace("facit@", "facit:hemmelig@"));
    let output = serve(
        &url,
        &[
            ("FACIT_ISSUER", "alliancen"),
            ("FACIT_ORIGIN", "facit.example.org"),
            ("FACIT_METRICS_LISTEN", ""),
            ("FACIT_RATE_LIMIT", "0"),
            ("FACIT_TOKEN_RATE_LIMIT", "12"),
            ("FACIT_FORWARDED_FOR", "1"),
            ("FACIT_READ_ONLY", "no"),
        ],
    );
    let (text, line) = (said(&output), logged(&said(&output)));
    assert!(!text.contains("hemmelig"), "{text}");
    assert_eq!(line["database"], Value::from(database.url.clone()));
    for (name, value) in [
        ("issuer", Value::from("alliancen")),
        ("origin", "facit.example.org".into()),
        ("metrics_listen", "off".into()),
        ("rate_limit", 0.into()),
        ("token_rate_limit", 12.into()),
        ("forwarded_for", true.into()),
        ("read_only", false.into()),
    ] {
        assert_eq!(line[name], value, "{name}: {line}");
    }
}

#[test]
fn a_setting_misspelt_or_out_of_range_is_refused() {
    let database = Database::fresh(Backend::Sqlite);
    let refused = |name: &str, value: &str| {
        let output = serve(&database.url, &[(name, value)]);
        assert!(output.stdout.is_empty());
        (output.status.code(), said(&output))
    };
    let (code, text) = refused("FACIT_RATELIMIT", "1");
    assert!(
        code == Some(1) && text.contains("FACIT_RATELIMIT") && text.contains("FACIT_RATE_LIMIT"),
        "{text}"
    );
    for (name, value) in [
        ("FACIT_RATE_LIMIT", "many"),
        ("FACIT_RATE_LIMIT", "-1"),
        ("FACIT_TOKEN_RATE_LIMIT", "1000001"),
        ("FACIT_READ_ONLY", "perhaps"),
        ("FACIT_FORWARDED_FOR", "2"),
        ("FACIT_ORIGIN", "facit example"),
        ("FACIT_ORIGIN", "facit+example"),
        ("FACIT_ISSUER", "no name for notes"),
    ] {
        let (code, text) = refused(name, value);
        assert_eq!(code, Some(1), "{name}={value}: {text}");
    }
    let (code, text) = refused("FACIT_METRICS_LISTEN", "nowhere");
    assert!(code == Some(1) && text.contains("can't listen on nowhere for metrics"), "{text}");
}
