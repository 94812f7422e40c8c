//! What `serve` and `demo` do before they serve.

use facit::api;
use facit::auth::notes;
use facit::config::{OperationArgs, VERSION};
use facit::db::{Db, Target};
use facit::server::Settings;
use facit::service::installation::{self, Installation};
use url::Url;

/// The settings that both share; the rest is to be filled in.
pub fn settings(args: OperationArgs) -> Settings {
    Settings {
        origin: args.origin.filter(|origin| !origin.is_empty()),
        metrics_listen: args.metrics_listen.filter(|listen| !listen.is_empty()),
        rate_limit: args.rate_limit,
        token_rate_limit: args.token_rate_limit,
        forwarded_for: args.forwarded_for,
        ..Settings::default()
    }
}

/// Opens a database and leaves it as it is: for read-only mode, which neither makes nor migrates one.
pub fn open_unchanged(url: &str) -> Result<Db, String> {
    let db = open_existing(url)?;
    match db.is_migrated().map_err(|e| e.to_string())? {
        true => Ok(db),
        false => Err(
            "read-only: the database is not of this program's schema. Run `facit migrate`, or serve \
            it once without --read-only."
                .to_owned(),
        ),
    }
}

/// Opens a database that must be there already.
pub fn open_existing(url: &str) -> Result<Db, String> {
    let target = Target::parse(url)?;
    if let Target::Sqlite(path) = &target
        && !path.is_file()
    {
        return Err(format!("there is no database {}", path.display()));
    }
    Db::open(&target).map_err(|e| e.to_string())
}

/// Checks the name in which is signed, which is the issuer's unless another is set.
pub fn check_origin(settings: &Settings) -> Result<(), String> {
    let origin = settings.origin.as_ref().unwrap_or(&settings.issuer);
    match notes::is_name(origin) {
        true => Ok(()),
        false => Err(format!(
            "the issuer {origin:?} can't be the name in which checkpoints are signed, which may have no spaces and \
             no plus: set --origin (FACIT_ORIGIN)"
        )),
    }
}

/// The shared secrets; made at the first start, which read-only mode can't be.
pub fn installation(db: &Db, settings: &Settings) -> Result<Installation, String> {
    if !settings.read_only {
        return installation::open(db, api::now()).map_err(|e| e.to_string());
    }
    let found = installation::find(db).map_err(|e| e.to_string())?;
    found.ok_or_else(|| {
        "read-only: the database has no signing keys yet. Serve it once without --read-only.".to_owned()
    })
}

/// One line with every setting, without secrets.
pub fn log(url: &str, settings: &Settings) {
    tracing::info!(
        version = VERSION,
        database = %shown(url),
        listen = %settings.listen,
        issuer = %settings.issuer,
        origin = settings.origin.as_deref().unwrap_or(&settings.issuer),
        workers = settings.workers,
        cors_origins = settings.cors_origins.join(","),
        metrics_listen = settings.metrics_listen.as_deref().unwrap_or("off"),
        rate_limit = settings.rate_limit,
        token_rate_limit = settings.token_rate_limit,
        forwarded_for = settings.forwarded_for,
        read_only = settings.read_only,
        "settings"
    );
}

/// A database's address without its password, nor parameters, which may hold one.
pub fn shown(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let Ok(mut address) = Url::parse(url) else { return "postgres".to_owned() };
    if address.set_password(None).is_err() {
        return "postgres".to_owned();
    }
    address.set_query(None);
    address.to_string()
}
