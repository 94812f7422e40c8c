//! The server: binds, prints where it listens, serves until it is told to stop.

use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::web::{Data, PayloadConfig, redirect, scope, to};
use actix_web::{App as ActixApp, HttpResponse, HttpServer, get};
use metrics::gauge;
use metrics_exporter_prometheus::PrometheusHandle;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::api::{self, App, Kept, Limits, Routes};
use crate::auth::notes::Signer;
use crate::auth::remembered::Remembered;
use crate::config::VERSION;
use crate::db::{self, Db};
use crate::service::checkpoints;
use crate::service::installation::Installation;
use crate::store;
use crate::telemetry::metrics::{self as recording, JOURNAL, POOL};

/// What a server needs to be told.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub listen: String,
    pub issuer: String,
    /// What the names begin with in which checkpoints and editions are signed; the issuer unless set.
    pub origin: Option<String>,
    pub workers: usize,
    /// Origins whose pages may read in a browser what is not public.
    pub cors_origins: Vec<String>,
    /// Where metrics are read, if anywhere.
    pub metrics_listen: Option<String>,
    /// Requests a minute from one client, 0 for no limit.
    pub rate_limit: u32,
    /// Requests a minute that bring a secret, 0 for no limit.
    pub token_rate_limit: u32,
    /// Whether `X-Forwarded-For` is believed.
    pub forwarded_for: bool,
    /// Writes are refused.
    pub read_only: bool,
}

/// A server that is bound and ready to run.
pub struct Bound {
    pub server: Server,
    app: Data<App>,
    /// `http://127.0.0.1:8080`
    pub address: String,
    pub metrics: Option<MetricsBound>,
}

/// The listener that metrics are read from.
pub struct MetricsBound {
    server: Server,
    recorder: PrometheusHandle,
    /// `http://127.0.0.1:9090/metrics`
    pub address: String,
}

impl Bound {
    /// Serves until SIGTERM, then lets requests under way finish. Metrics are there to the end.
    pub async fn run(self) -> std::io::Result<()> {
        let sweeping = actix_web::rt::spawn(keep_swept(self.app));
        let outcome = Bound::serve(self.server, self.metrics).await;
        sweeping.abort();
        outcome
    }

    async fn serve(server: Server, metrics: Option<MetricsBound>) -> std::io::Result<()> {
        let Some(metrics) = metrics else { return server.await };
        let handle: ServerHandle = metrics.server.handle();
        actix_web::rt::spawn(metrics.server);
        let upkeep = actix_web::rt::spawn(keep_up(metrics.recorder));
        let outcome = server.await;
        upkeep.abort();
        handle.stop(true).await;
        outcome
    }
}

/// What every request works with.
pub fn application(db: Db, installation: Installation, settings: &Settings) -> Data<App> {
    let document = api::openapi::document();
    let text = serde_json::to_string_pretty(&document).unwrap_or_default() + "\n";
    let origin = settings.origin.as_ref().unwrap_or(&settings.issuer).clone();
    Data::new(App {
        db,
        signer: Signer { origin, keys: installation.note_keys.clone() },
        installation,
        issuer: settings.issuer.clone(),
        cors_origins: settings.cors_origins.clone(),
        routes: Routes::of(&document),
        limits: Limits::new(settings.rate_limit, settings.token_rate_limit, settings.forwarded_for),
        remembered: Remembered::default(),
        kept: Kept::default(),
        read_only: settings.read_only,
        document: text.into(),
    })
}

/// Binds. The database must be migrated, and its installation opened, before the runtime runs.
pub fn bind(db: Db, installation: Installation, settings: &Settings) -> Result<Bound, String> {
    let metrics = match &settings.metrics_listen {
        Some(listen) => Some(bind_metrics(db.clone(), listen)?),
        None => None,
    };
    let app = application(db, installation, settings);
    look_at_trees(&app);
    let shared = app.clone();
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(shared.clone())
            .app_data(PayloadConfig::new(0))
            .service(scope("/v1").configure(api::v1))
            .configure(api::beside)
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
    let address = address(&server.addrs());
    Ok(Bound { server: server.run(), app, address, metrics })
}

/// Says at the start which journals are not what was signed of them. `/readyz` goes on saying so.
fn look_at_trees(app: &App) {
    match app.db.read_now(|conn| checkpoints::faults(conn, &app.signer, MOST_JOURNALS)) {
        Ok(faults) => faults.iter().for_each(|(slug, fault)| {
            let fault = fault.text().en;
            tracing::error!(
                alliance.slug = slug,
                fault,
                "a journal is not what it must be: run facit check"
            );
        }),
        Err(error) => tracing::error!(error = %error, "the journals' trees can't be read"),
    }
}

fn address(bound: &[std::net::SocketAddr]) -> String {
    bound.first().map(|address| format!("http://{address}")).unwrap_or_default()
}

/// Swagger UI, from files inside the binary: it loads nothing from outside.
fn viewer() -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}").config(Config::from("/v1/openapi.json").validator_url("none"))
}

/// What metrics are read from.
struct Gauges {
    db: Db,
    recorder: PrometheusHandle,
}

/// How long until sweeping is tried again.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(60);

/// So many alliances' journals are measured, and looked at at the start.
const MOST_JOURNALS: i64 = 100;

fn bind_metrics(db: Db, listen: &str) -> Result<MetricsBound, String> {
    let recorder = recording::start(VERSION)?;
    let gauges = Data::new(Gauges { db, recorder: recorder.clone() });
    let server = HttpServer::new(move || {
        ActixApp::new()
            .app_data(gauges.clone())
            .service(read_metrics)
            .default_service(to(HttpResponse::NotFound))
    })
    .workers(1)
    .client_request_timeout(Duration::from_secs(10))
    .shutdown_timeout(1)
    .disable_signals()
    .bind(listen)
    .map_err(|e| format!("can't listen on {listen} for metrics: {e}"))?;
    let address = format!("{}/metrics", address(&server.addrs()));
    Ok(MetricsBound { server: server.run(), recorder, address })
}

/// The metrics, in Prometheus' text form. Those of the database are missing while it is out of reach.
#[get("/metrics")]
async fn read_metrics(gauges: Data<Gauges>) -> HttpResponse {
    let pool = gauges.db.pool_state();
    gauge!(POOL, "state" => "idle").set(f64::from(pool.idle));
    gauge!(POOL, "state" => "in_use").set(f64::from(pool.in_use));
    let sizes = gauges.db.read(|conn| store::journal::sizes(conn, MOST_JOURNALS)).await;
    match sizes {
        Ok(sizes) => sizes.into_iter().for_each(|(slug, size)| {
            gauge!(JOURNAL, "alliance" => slug).set(size as f64);
        }),
        Err(error) => {
            let error: db::Error = error;
            tracing::warn!(error = %error, "the journals' sizes can't be read");
        }
    }
    recording::measure_process();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(gauges.recorder.render())
}

/// Samples wait in memory until they are sorted into their buckets, whether or not anybody reads them.
/// What was erased when the database's files could not follow, or the program was stopped before they had, is swept
/// out of them at the start and later.
async fn keep_swept(app: Data<App>) {
    if app.read_only {
        return;
    }
    let mut ticks = tokio::time::interval(BETWEEN_SWEEPS);
    loop {
        ticks.tick().await;
        api::sweep(&app).await;
    }
}

async fn keep_up(recorder: PrometheusHandle) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        recorder.run_upkeep();
    }
}
