//! Dockerfile and docker-compose.yml, held against the program, since no container engine is at hand in the
//! tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use facit::config::KNOWN;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The Dockerfile's instructions: lines that continue joined, comments left out.
fn instructions() -> Vec<(String, String)> {
    let text = read("Dockerfile");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let whole = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let steps = whole.lines().filter_map(|line| line.trim().split_once(' '));
    steps.map(|(word, rest)| (word.to_owned(), rest.trim().to_owned())).collect()
}

fn values(instruction: &str) -> Vec<String> {
    let found = instructions().into_iter().filter(|(word, _)| word == instruction);
    found.map(|(_, rest)| rest).collect()
}

/// Every word in the text that begins with `FACIT_`.
fn variables(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("FACIT_")).map(str::to_owned).collect()
}

/// The text without its comments.
fn code(name: &str) -> String {
    let text = read(name);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_variable_is_known_to_the_program() {
    for name in ["Dockerfile", "docker-compose.yml", ".env.example"] {
        for variable in variables(&code(name)) {
            assert!(KNOWN.contains(&variable.as_str()), "{name}: {variable}");
        }
    }
    let offered = variables(&code("docker-compose.yml"));
    for variable in KNOWN {
        assert!(offered.contains(variable), "docker-compose.yml lacks {variable}");
    }
}

/// What the compose file asks of its environment, the example has, and no more.
#[test]
fn the_example_has_what_the_compose_file_asks_for() {
    let text = code("docker-compose.yml");
    let asked: BTreeSet<String> = text
        .split("${")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect())
        .collect();
    let example = code(".env.example");
    let given = example.lines().filter_map(|line| line.split_once('='));
    assert_eq!(asked, given.clone().map(|(name, _)| name.to_owned()).collect());
    for (name, value) in given {
        let is_default = value.is_empty() || text.contains(&format!("${{{name}:-{value}}}"));
        assert!(is_default, "{name}={value} is not the compose file's default");
    }
    assert!(example.contains("\nPOSTGRES_PASSWORD=\n"), "no password is given");
    assert!(read(".gitignore").lines().any(|line| line == ".env"));
}

#[test]
fn all_that_is_copied_is_there_and_not_ignored() {
    let ignored = read(".dockerignore");
    let mut copied = 0;
    for rest in values("COPY").iter().filter(|rest| !rest.starts_with("--from=")) {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let (_, sources) = words.split_last().expect("a target");
        for source in sources {
            copied += 1;
            assert!(root().join(source).exists(), "{source}");
            let top = Path::new(source)
                .components()
                .next()
                .expect("a name")
                .as_os_str()
                .to_string_lossy();
            assert!(ignored.lines().any(|line| line == format!("!{top}")), "{source} is ignored");
        }
    }
    assert!(copied >= 8, "{copied}");
}

/// What the program takes in while it is compiled lies in folders that are copied.
#[test]
fn all_that_is_built_in_is_copied() {
    let copied = values("COPY").join(" ");
    let is_copied = |folder: &str| copied.split_whitespace().any(|word| word == folder);
    let mut taken_in = BTreeSet::from(["src".to_owned(), "tests".to_owned()]);
    sources(&root().join("src"), &mut |text| {
        for opening in ["include_str!(\"", "include_bytes!(\"", "embed_migrations!(\""] {
            let paths = text.split(opening).skip(1).filter_map(|rest| rest.split('"').next());
            // A name without a folder lies beside the source that takes it in.
            let paths = paths.filter(|path| path.contains('/'));
            taken_in.extend(
                paths.filter_map(|path| path.split('/').find(|step| *step != "..").map(str::to_owned)),
            );
        }
    });
    assert!(taken_in.len() >= 5, "{taken_in:?}");
    for folder in taken_in {
        assert!(is_copied(&folder), "{folder}");
    }
    let build = values("RUN")
        .into_iter()
        .find(|run| run.contains("cargo build"))
        .expect("a build");
    for option in ["--locked", "--release", "--features postgres-tls"] {
        assert!(build.contains(option), "{option}: {build}");
    }
    assert!(read("Cargo.toml").contains("\npostgres-tls = ["));
}

fn sources(folder: &Path, visit: &mut impl FnMut(&str)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => sources(&path, visit),
            false => visit(&std::fs::read_to_string(path).expect("UTF-8")),
        }
    }
}

#[test]
fn the_program_is_not_run_as_root_and_ends_by_sigterm() {
    let last = values("USER").pop().expect("a user");
    assert!(!["root", "0"].contains(&last.split(':').next().expect("a name")), "{last}");
    let steps = instructions();
    let at = |word: &str| {
        steps
            .iter()
            .rposition(|(own, _)| own == word)
            .unwrap_or_else(|| panic!("no {word}"))
    };
    assert!(at("USER") > at("RUN") && at("USER") < at("ENTRYPOINT"));
    assert_eq!(values("STOPSIGNAL"), ["SIGTERM"]);
    assert_eq!(values("FROM").len(), 2, "what builds is left behind");
    assert!(
        values("FROM")
            .iter()
            .all(|image| image.contains(':') && !image.contains(":latest"))
    );
}

#[test]
fn no_secret_is_built_in() {
    let settings = [values("ENV"), values("ARG")].concat().join(" ");
    for word in ["PASSWORD", "SECRET", "TOKEN=", "postgres://"] {
        assert!(!settings.contains(word), "{word}");
    }
    let compose = code("docker-compose.yml");
    for line in compose.lines().filter(|line| line.contains("PASSWORD")) {
        assert!(line.contains("${POSTGRES_PASSWORD:?"), "no default password: {line}");
    }
}

#[test]
fn the_ports_agree() {
    let environment = values("ENV").join(" ");
    assert!(environment.contains("FACIT_LISTEN=0.0.0.0:8080"), "{environment}");
    assert_eq!(values("EXPOSE"), ["8080 9090"]);
    let check = values("HEALTHCHECK").pop().expect("a health check");
    assert!(check.contains("http://127.0.0.1:8080/readyz"), "{check}");
    let compose = code("docker-compose.yml");
    for line in [
        "FACIT_LISTEN: \"0.0.0.0:8080\"",
        "FACIT_METRICS_LISTEN: \"0.0.0.0:9090\"",
        "- \"127.0.0.1:${HTTP_PORT:-8080}:8080\"",
        "- \"127.0.0.1:${METRICS_PORT:-9090}:9090\"",
        "http://127.0.0.1:8080/readyz",
        "@database:5432/facit",
    ] {
        assert!(compose.contains(line), "{line}");
    }
    let published = compose
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("- \"") && line.ends_with("0\""));
    assert!(
        published.clone().count() >= 2
            && published.clone().all(|line| line.starts_with("- \"127.0.0.1:"))
    );
}

/// Both services say whether they are well, and the one waits for the other.
#[test]
fn each_service_has_a_health_check() {
    let compose = code("docker-compose.yml");
    assert_eq!(compose.matches("healthcheck:").count(), 2);
    assert!(compose.contains("condition: service_healthy"));
    assert!(compose.contains("read_only: true"));
    assert!(compose.contains("database:/var/lib/postgresql/data"));
}
