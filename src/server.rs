//! The server: binds, prints where it listens, serves until it is told to stop.

use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, PayloadConfig, redirect, to};
use actix_web::{App as ActixApp, HttpServer};
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::api::{self, App, Routes};
use crate::db::Db;
use crate::service::installation::Installation;

/// What a server needs to be told.
#[derive(Debug, Clone)]
pub struct Settings {
    pub listen: String,
    pub issuer: String,
    pub workers: usize,
    /// Origins whose pages may read in a browser what is not public.
    pub cors_origins: Vec<String>,
}

/// A server that is bound and ready to run.
pub struct Bound {
    pub server: Server,
    /// `http://127.0.0.1:8080`
    pub address: String,
}

/// What every request works with.
pub fn application(db: Db, installation: Installation, settings: &Settings) -> Data<App> {
    let document = serde_json::to_string_pretty(&api::openapi::document()).unwrap_or_default() + "\n";
    Data::new(App {
        db,
        installation,
        issuer: settings.issuer.clone(),
        cors_origins: settings.cors_origins.clone(),
        routes: Routes::of(&api::openapi::raw()),
        document,
    })
}

/// Binds. The database must be migrated, and its installation opened, before the runtime runs.
pub fn bind(db: Db, installation: Installation, settings: &Settings) -> Result<Bound, String> {
    let app = application(db, installation, settings);
    let server = HttpServer::new(move || {
        ActixApp::new()
            .into_utoipa_app()
            .app_data(app.clone())
            .app_data(PayloadConfig::new(0))
            .service(scope::scope("/v1").configure(api::v1))
            .configure(api::beside)
            .into_app()
            .service(redirect("/docs", "/docs/"))
            .service(viewer())
            .default_service(to(api::nowhere))
            .wrap(from_fn(api::edge))
    })
    .workers(settings.workers)
    .client_request_timeout(Duration::from_secs(10))
    .client_disconnect_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(20)
    .bind(&settings.listen)
    .map_err(|e| format!("can't listen on {}: {e}", settings.listen))?;
    let address = server
        .addrs()
        .first()
        .map(|address| format!("http://{address}"))
        .unwrap_or_default();
    Ok(Bound { server: server.run(), address })
}

/// Swagger UI, from files inside the binary: it loads nothing from outside.
fn viewer() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(Config::from("/v1/openapi.json").validator_url("none"))
}
