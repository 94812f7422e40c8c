//! What a dashboard waits for.

use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{Bytes, Data};
use actix_web::{App as ActixApp, HttpResponse, HttpServer, get};
use facit::api::{self, Answer, App, Call};
use facit::db::Db;
use facit::server;
use facit::service::{Role, installation};
use facit::store;
use facit::store::Page;
use facit::store::partners::{Filter, Sort};

use crate::client::{Connection, answers, request};
use crate::outcome::{Row, by_turns, heading};
use crate::stage::{Folder, Service, bearer, filled, settings};

const CONNECTIONS: usize = 16;
const SLICE: Duration = Duration::from_millis(700);
const ROUNDS: u32 = 5;

/// The bytes that a contender answers with, whatever is asked.
struct Still(Bytes);

/// As long an answer as the figures', behind all that every request passes: token, rights, conventions.
#[get("/alliances/{alliance}/figures")]
async fn still_figures(call: Call, bytes: Data<Still>) -> HttpResponse {
    let body = bytes.0.clone();
    call.read(move |_, _| Ok(Answer::of_bytes(body).with_header("etag", "\"1-still\"")))
        .await
}

/// The same bytes with nothing but the outermost middleware.
#[get("/bare")]
async fn bare_bytes(bytes: Data<Still>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(bytes.0.clone())
}

/// A page of partners from the database, and nothing else.
#[get("/query")]
async fn bare_query(app: Data<App>) -> HttpResponse {
    let page = app.db.read(|conn| {
        let alliance = store::alliances::find(conn, facit::demo::SLUG)?.expect("the demo");
        let page = Page { after: None, limit: 51 };
        store::partners::list(conn, alliance.id, &Filter::default(), Sort::Name, &page)
    });
    let page: Result<_, facit::db::Error> = page.await;
    HttpResponse::Ok().json(page.expect("a page"))
}

/// The contenders, in the same kind of server as the service.
fn contenders(db: &Db, body: Vec<u8>) -> Service {
    let db = db.clone();
    Service::of(move || {
        let installation = installation::open(&db, api::now()).expect("shared secrets");
        let app = server::application(db, installation, &settings());
        let still_body = Data::new(Still(Bytes::from(body)));
        let server = HttpServer::new(move || {
            ActixApp::new()
                .app_data(app.clone())
                .app_data(still_body.clone())
                .service(actix_web::web::scope("/v1").service(still_figures))
                .service(bare_query)
                .service(bare_bytes)
                .wrap(from_fn(api::edge))
        });
        let server = server.workers(2).bind("127.0.0.1:0").expect("a free port");
        let address = format!("http://{}", server.addrs()[0]);
        (server.run(), address)
    })
}

pub fn run() {
    heading("Reads (the demo: 107 partners, SQLite)");
    let folder = Folder::new();
    let db = folder.database("reads.db");
    let demo = filled(&db);
    let service = Service::start(&db);
    let reader = bearer(&service, &demo, Role::Reader);
    let headers = [("authorization", reader.as_str())];
    let figures = request("GET", "/v1/alliances/demo/figures", &headers, "");
    let answered = Connection::open(&service.address).send(&figures);
    assert_eq!(answered.status, 200);
    let size = answered.body.len();
    let still = contenders(&db, answered.body.clone());

    let ask = |address: &'static str, request: Vec<u8>, status| {
        move |time| answers(address, &request, status, CONNECTIONS, time)
    };
    let (service_at, still_at) = (leak(&service.address), leak(&still.address));
    let (rate, other) = by_turns(
        ROUNDS,
        SLICE,
        ask(service_at, figures.clone(), 200),
        ask(still_at, figures.clone(), 200),
    );
    let what = format!("figures, list of {size} bytes, warm");
    Row::rates(
        &what,
        rate,
        ("as many still bytes, same token, rights and conventions", other),
        Some(0.8),
    )
    .print();

    let bare = request("GET", "/bare", &[], "");
    let (rate, other) =
        by_turns(ROUNDS, SLICE, ask(service_at, figures.clone(), 200), ask(still_at, bare, 200));
    Row::rates("the same", rate, ("as many still bytes, no token asked for", other), None).print();

    let etag = answered.header("etag").to_owned();
    let seen = [("authorization", reader.as_str()), ("if-none-match", etag.as_str())];
    let unchanged = request("GET", "/v1/alliances/demo/figures", &seen, "");
    let (rate, other) =
        by_turns(ROUNDS, SLICE, ask(service_at, unchanged, 304), ask(service_at, figures, 200));
    Row::rates("figures, unchanged (304)", rate, ("200", other), Some(1.0)).print();

    let partners = request("GET", "/v1/alliances/demo/partners?limit=50", &headers, "");
    let query = request("GET", "/query", &[], "");
    let (rate, other) =
        by_turns(ROUNDS, SLICE, ask(service_at, partners, 200), ask(still_at, query, 200));
    Row::rates("list of 50 partners", rate, ("the bare query on a worker thread", other), Some(0.4))
        .print();
}

/// A benchmark's address lives as long as the benchmark.
fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
