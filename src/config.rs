//! Settings: flags, then the environment, then defaults. The only file that knows the environment.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};

/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

use crate::auth::notes;
use crate::domain::import::{Kind, Mode};

/// Makes an alliance's published figures checkable.
#[derive(Debug, Parser)]
#[command(name = "facit", version, about)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    /// What is logged, such as `info` or `facit=debug`.
    #[arg(long, env = "RUST_LOG", default_value = "info", global = true)]
    pub log: String,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a fresh demo database with the alliance `demo`, and serve it.
    Demo(DemoArgs),
    /// Serve; migrates an empty or older database first.
    Serve(ServeArgs),
    /// Apply a programme document (TOML).
    Apply(ApplyArgs),
    /// Import a file (CSV or XLSX); exit 2 if rows were refused.
    Import(ImportArgs),
    /// Manage API keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Fold the journal again and compare it with the tables; exit 1 on any difference.
    Check(CheckArgs),
    /// Write an edition's evidence bundle, whole: all that it takes to check it elsewhere.
    Evidence(EvidenceArgs),
    /// Verify an evidence bundle, without a server or a database; exit 1 if something differs, 2 if it can't be read.
    Verify(VerifyArgs),
    /// Copy a SQLite database that may be in use, and check the copy as `check` does.
    Backup(BackupArgs),
    /// Run migrations.
    Migrate(DatabaseArgs),
    /// Print the OpenAPI document.
    Openapi,
}

#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// `sqlite:PATH`, `postgres://…` or `postgresql://…`.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite:facit.db", hide_env_values = true)]
    pub database: String,
}

#[derive(Debug, Clone, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "FACIT_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The issuer of tokens, and their audience.
    #[arg(long, env = "FACIT_ISSUER", default_value = "facit")]
    pub issuer: String,
    /// Threads that take requests.
    #[arg(long, env = "FACIT_WORKERS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,
    /// Origins whose pages may read in a browser what is not public, such as `https://tavle.example.org`,
    /// with commas between.
    #[arg(long, env = "FACIT_CORS_ORIGINS", default_value = "", value_parser = origins)]
    pub cors_origins: Origins,
    #[command(flatten)]
    pub operation: OperationArgs,
    /// Refuse writes (503) and let reads go on. The database must be of this program's schema already.
    #[arg(long, env = "FACIT_READ_ONLY", value_parser = BoolishValueParser::new(), action = ArgAction::Set,
        default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    pub read_only: bool,
}

/// What watches over a server, and guards it.
#[derive(Debug, Clone, Args)]
pub struct OperationArgs {
    /// What the names begin with in which checkpoints and editions are signed, such as `facit.example.org`; the
    /// issuer unless set.
    #[arg(long, env = "FACIT_ORIGIN", value_parser = origin)]
    pub origin: Option<String>,
    /// Where Prometheus gets `GET /metrics`; nowhere unless set. Port 0 takes a free one.
    #[arg(long, env = "FACIT_METRICS_LISTEN")]
    pub metrics_listen: Option<String>,
    /// Requests a minute from one client: a key, or without one an address. 0 for no limit.
    #[arg(long, env = "FACIT_RATE_LIMIT", default_value_t = 6000,
        value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub rate_limit: u32,
    /// Token requests and wrong passwords a minute, from one address. 0 for no limit.
    #[arg(long, env = "FACIT_TOKEN_RATE_LIMIT", default_value_t = 300,
        value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub token_rate_limit: u32,
    /// A proxy stands before the service: the last hop of X-Forwarded-For is the client's address.
    #[arg(long, env = "FACIT_FORWARDED_FOR", value_parser = BoolishValueParser::new(), action = ArgAction::Set,
        default_value = "false", default_missing_value = "true", num_args = 0..=1, require_equals = true)]
    pub forwarded_for: bool,
}

#[derive(Debug, Clone, Args)]
pub struct EvidenceArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The alliance's slug.
    #[arg(long)]
    pub alliance: String,
    /// The edition's number; the last unless said.
    #[arg(long)]
    pub edition: Option<i64>,
    /// Without the entries, as everybody may download it.
    #[arg(long)]
    pub public: bool,
    /// What names of checkpoints begin with; the issuer unless set.
    #[arg(long, env = "FACIT_ORIGIN", value_parser = origin)]
    pub origin: Option<String>,
    /// The issuer of tokens.
    #[arg(long, env = "FACIT_ISSUER", default_value = "facit")]
    pub issuer: String,
    /// The file to write, which must not be there yet.
    pub file: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// A key whose signatures are believed, as `…/journal/verifier-key` gives it; else the bundle's own are.
    #[arg(long, value_parser = verifier)]
    pub key: Vec<notes::Verifier>,
    /// The alliance that the bundle must be of.
    #[arg(long)]
    pub alliance: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// The bundle.
    pub file: PathBuf,
}

fn verifier(text: &str) -> Result<notes::Verifier, String> {
    notes::Verifier::parse(text.trim()).ok_or_else(|| "that is no verifier key (name+id+key)".to_owned())
}

#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    #[arg(long, env = "FACIT_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// A database that is empty yet; by default a new SQLite file in a temporary folder.
    #[arg(long)]
    pub database: Option<String>,
    /// Threads that take requests.
    #[arg(long, env = "FACIT_WORKERS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: u16,
    /// Origins whose pages may read in a browser what is not public, such as `https://tavle.example.org`,
    /// with commas between.
    #[arg(long, env = "FACIT_CORS_ORIGINS", default_value = "", value_parser = origins)]
    pub cors_origins: Origins,
    #[command(flatten)]
    pub operation: OperationArgs,
}

#[derive(Debug, Clone, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The document.
    pub file: PathBuf,
    /// Show what would change, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The alliance's slug.
    #[arg(long)]
    pub alliance: String,
    /// What the rows are.
    #[arg(long, value_parser = Kind::WORDS)]
    pub kind: String,
    /// The file: CSV (comma, semicolon or tab; UTF-8 or Windows-1252) or a workbook (XLSX).
    pub file: PathBuf,
    /// What becomes of the other rows where one is refused: none is taken, or they are.
    #[arg(long, default_value = "atomic", value_parser = Mode::WORDS)]
    pub mode: String,
    /// Show what would come of it, and write nothing.
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The alliance's slug.
    #[arg(long)]
    pub alliance: String,
    /// A checkpoint that was kept elsewhere, to compare the journal with.
    #[arg(long)]
    pub checkpoint: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub struct BackupArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// The copy, a file that does not exist yet.
    pub file: PathBuf,
    /// Leave out the check of the copy.
    #[arg(long)]
    pub no_check: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Create a key; its secret is printed this once.
    Create(CreateKeyArgs),
    /// List keys.
    List(DatabaseArgs),
    /// Revoke a key.
    Revoke(KeyArgs),
    /// Forget who holds a key: end it, and take its name out of the database and its files.
    Erase(KeyArgs),
    /// Make a new key for checkpoints and editions, which signs after the next start; those from before stay listed.
    Rotate(DatabaseArgs),
}

#[derive(Debug, Clone, Args)]
pub struct CreateKeyArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    /// operator, secretariat, partner, auditor or reader.
    #[arg(long)]
    pub role: String,
    /// The alliance's slug; an operator's key has none.
    #[arg(long)]
    pub alliance: Option<String>,
    /// The partner's id, of a partner's key.
    #[arg(long)]
    pub partner: Option<String>,
    /// What the key is for.
    #[arg(long)]
    pub name: String,
    /// When it stops working (RFC 3339).
    #[arg(long)]
    pub expires_at: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct KeyArgs {
    #[command(flatten)]
    pub database: DatabaseArgs,
    pub id: String,
}

/// Origins as browsers spell them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<String>);

/// Reads a list of origins. Fails on what no browser would send: then nobody could read, and nobody would
/// see why.
fn origins(text: &str) -> Result<Origins, String> {
    let mut origins = Vec::new();
    for origin in text.split(',').map(str::trim).filter(|origin| !origin.is_empty()) {
        let url = url::Url::parse(origin).map_err(|e| format!("{origin:?} is no origin: {e}"))?;
        let spelt = url.origin().ascii_serialization();
        if !["http", "https"].contains(&url.scheme()) || spelt != origin || origin.contains('*') {
            let like = if url.has_host() { spelt } else { "https://example.org".to_owned() };
            return Err(format!("{origin:?} is no origin; one is spelt like {like}"));
        }
        origins.push(spelt);
    }
    Ok(Origins(origins))
}

/// Reads an origin; one that is empty is none.
fn origin(text: &str) -> Result<String, String> {
    match text.is_empty() || notes::is_name(text) {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err(format!("{text:?} is no origin: it may have no spaces and no plus")),
    }
}

/// The variables that this program knows.
pub const KNOWN: [&str; 10] = [
    "FACIT_LISTEN",
    "FACIT_ISSUER",
    "FACIT_ORIGIN",
    "FACIT_WORKERS",
    "FACIT_CORS_ORIGINS",
    "FACIT_METRICS_LISTEN",
    "FACIT_RATE_LIMIT",
    "FACIT_TOKEN_RATE_LIMIT",
    "FACIT_FORWARDED_FOR",
    "FACIT_READ_ONLY",
];

/// Reads the command line. A `FACIT_…` variable that the program does not know is an error: most likely
/// a setting misspelt.
pub fn read() -> Result<Cli, String> {
    let unknown = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let unknown = unknown
        .into_iter()
        .find(|name| name.starts_with("FACIT_") && !KNOWN.contains(&name.as_str()));
    if let Some(name) = unknown {
        let known = KNOWN.join(", ");
        return Err(format!("unknown environment variable {name}; known are {known}"));
    }
    // Exit code 1, as of all that fails: 2 says that an import refused some rows.
    Ok(Cli::try_parse().unwrap_or_else(|refused| {
        let _ = refused.print();
        std::process::exit(i32::from(refused.use_stderr()))
    }))
}

/// Where a demo's database goes unless said.
pub fn temporary_folder() -> PathBuf {
    std::env::temp_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_spelt_as_browsers_spell_them() {
        let read = |text| origins(text).map(|origins| origins.0);
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(
            read("https://tavle.example.org, http://localhost:3000,"),
            Ok(vec!["https://tavle.example.org".to_owned(), "http://localhost:3000".to_owned()])
        );
        for wrong in [
            "*",
            "null",
            "tavle.example.org",
            "https://tavle.example.org/",
            "https://tavle.example.org/sti",
            "https://*.example.org",
            "HTTPS://tavle.example.org",
            "https://Tavle.example.org",
            "https://tavle.example.org:443",
            "ftp://example.org",
            "https://a@example.org",
            "file:///tmp",
            "https://example.org?x",
            "https://ø.example.org",
        ] {
            let refused = read(wrong);
            assert!(
                refused.as_ref().is_err_and(|text| text.contains("is no origin")),
                "{wrong}: {refused:?}"
            );
        }
    }
}
