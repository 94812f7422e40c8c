//! A service on a free port, with an operator's key, and short ways to set a scene.

use std::sync::Arc;
use std::thread::JoinHandle;

use facit::db::Db;
use facit::server::{self, Settings};
use facit::service::keys::{self, CreateKey};
use facit::service::{Ctx, Error, installation, programmes};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::client::{Request, Token};
use super::databases::{Backend, Database};
use super::programme;

/// The origin whose pages may read.
pub const LISTED: &str = "https://tavle.example.org";

pub struct Api {
    pub address: String,
    pub db: Db,
    agent: ureq::Agent,
    operator: Token,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    // Last, so that it goes last.
    database: Arc<Database>,
}

/// A further instance of the service on the same database.
pub struct Instance {
    pub address: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Api {
    /// A running service without any alliance.
    pub fn start(backend: Backend) -> Api {
        // No limits, no metrics: what a test wants of these, it says.
        Api::start_with(backend, Settings::default())
    }

    /// A running service with settings of its own; where it listens is not among them.
    pub fn start_with(backend: Backend, settings: Settings) -> Api {
        let database = Arc::new(Database::fresh(backend));
        let mut api = Api::over(database.open(), database, settings);
        let (id, secret) = api.make_key(None, "operator", None);
        api.operator = api.token(&id, &secret);
        api
    }

    /// Its database's address, for the command line.
    pub fn url(&self) -> &str {
        &self.database.url
    }

    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Another service on the same database.
    pub fn beside(&self, settings: Settings) -> Api {
        let mut api = Api::over(self.database.open(), self.database.clone(), settings);
        api.operator = self.operator.clone();
        api
    }

    fn over(db: Db, database: Arc<Database>, settings: Settings) -> Api {
        let (address, stop, thread) = serve(db.clone(), settings);
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Api {
            address,
            db,
            agent: config.into(),
            operator: Token::default(),
            stop: Some(stop),
            thread: Some(thread),
            database,
        }
    }

    /// A further instance, as another process would be one: with its own pool and its own writing thread.
    pub fn another_instance(&self) -> Instance {
        let (address, stop, thread) = serve(self.database.open(), Settings::default());
        Instance { address, stop: Some(stop), thread: Some(thread) }
    }

    pub fn operator(&self) -> &Token {
        &self.operator
    }

    /// Applies the small programme that tests use, changed by `change`, and answers its slug.
    pub fn alliance_with(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut document = programme::small();
        change(&mut document);
        let slug = document["slug"].as_str().expect("a slug").to_owned();
        let answered = self
            .put(&format!("/v1/alliances/{slug}"))
            .token(self.operator())
            .json(&document)
            .send();
        assert_eq!(answered.status, 201, "{}", answered.text);
        slug
    }

    /// The small programme as it is: alliance `prove`.
    pub fn alliance(&self) -> String {
        self.alliance_with(|_| {})
    }

    /// A token of a new key of this role; `partner` for a partner's.
    pub fn role(&self, alliance: &str, role: &str, partner: Option<&str>) -> Token {
        let (id, secret) = self.make_key(Some(alliance), role, partner);
        self.token(&id, &secret)
    }

    pub fn secretariat(&self, alliance: &str) -> Token {
        self.role(alliance, "secretariat", None)
    }

    /// A new key by the command line's way: its id and secret.
    pub fn make_key(
        &self,
        alliance: Option<&str>,
        role: &str,
        partner: Option<&str>,
    ) -> (String, String) {
        let ctx = Ctx::installation(facit::api::now());
        let body = CreateKey {
            role: role.to_owned(),
            partner: partner.map(str::to_owned),
            name: "test".to_owned(),
            expires_at: None,
        };
        let created = self.db.write_now(|conn| {
            let id = match alliance {
                Some(slug) => Some(programmes::in_force(conn, slug)?.id),
                None => None,
            };
            keys::create(conn, &ctx, id, &body)
        });
        let created = created.map_err(|e: Error| e.to_string()).expect("a key");
        (created.key.id.to_string(), created.secret)
    }

    pub fn token(&self, id: &str, secret: &str) -> Token {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let answered = self.post("/v1/token").form(&form).send();
        assert_eq!(answered.status, 200, "{}", answered.text);
        Token(answered.body["access_token"].as_str().expect("a token").to_owned())
    }

    /// Admits a partner by name, since 1 January 2020, and answers its id.
    pub fn partner(&self, alliance: &str, name: &str) -> String {
        self.partner_with(alliance, json!({"name": name, "sector": "civil", "joinedOn": "2020-01-01"}))
    }

    pub fn partner_with(&self, alliance: &str, body: Value) -> String {
        let secretariat = self.secretariat(alliance);
        let path = format!("/v1/alliances/{alliance}/partners");
        let answered = self.post(&path).token(&secretariat).json(&body).send();
        assert_eq!(answered.status, 201, "{}", answered.text);
        answered.body["id"].as_str().expect("an id").to_owned()
    }

    /// Saves and submits a report with these answers.
    pub fn submit(&self, alliance: &str, round: &str, partner: &str, answers: Value) {
        let token = self.role(alliance, "partner", Some(partner));
        let path = format!("/v1/alliances/{alliance}/reports/{round}/{partner}");
        let saved = self.put(&path).token(&token).json(&json!({"answers": answers})).send();
        assert_eq!(saved.status, 201, "{}", saved.text);
        let submitted = self.post(&format!("{path}/submission")).token(&token).once().send();
        assert_eq!(submitted.status, 200, "{}", submitted.text);
    }

    /// One figure's row.
    pub fn figure(&self, alliance: &str, indicator: &str) -> Value {
        let auditor = self.role(alliance, "auditor", None);
        let answered = self
            .get(&format!("/v1/alliances/{alliance}/figures/{indicator}"))
            .token(&auditor)
            .send();
        assert_eq!(answered.status, 200, "{}", answered.text);
        answered.body
    }

    pub fn get(&self, path: &str) -> Request<'_> {
        self.request("GET", path)
    }

    pub fn post(&self, path: &str) -> Request<'_> {
        self.request("POST", path)
    }

    pub fn put(&self, path: &str) -> Request<'_> {
        self.request("PUT", path)
    }

    pub fn patch(&self, path: &str) -> Request<'_> {
        self.request("PATCH", path)
    }

    pub fn delete(&self, path: &str) -> Request<'_> {
        self.request("DELETE", path)
    }

    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        self.anywhere(method, &format!("{}{path}", self.address))
    }

    /// A request to whichever instance the whole address names.
    pub fn anywhere(&self, method: &str, url: &str) -> Request<'_> {
        Request::new(&self.agent, method, url)
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        end(&mut self.stop, &mut self.thread);
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        end(&mut self.stop, &mut self.thread);
    }
}

fn end(stop: &mut Option<oneshot::Sender<()>>, thread: &mut Option<JoinHandle<()>>) {
    if let Some(stop) = stop.take() {
        let _ = stop.send(());
    }
    if let Some(thread) = thread.take() {
        let _ = thread.join();
    }
}

/// Runs a server in a thread of its own; answers where it listens and how to stop it.
pub fn serve(db: Db, settings: Settings) -> (String, oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel();
    let (ready, address) = std::sync::mpsc::channel();
    let installation = installation::open(&db, facit::api::now()).expect("shared secrets");
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let settings = Settings {
                listen: "127.0.0.1:0".to_owned(),
                issuer: "facit".to_owned(),
                workers: 1,
                cors_origins: vec![LISTED.to_owned()],
                ..settings
            };
            let bound = server::bind(db, installation, &settings).expect("a free port");
            ready.send(bound.address.clone()).expect("somebody waits");
            let handle = bound.server.handle();
            actix_web::rt::spawn(async move {
                let _ = stopped.await;
                handle.stop(false).await;
            });
            bound.run().await.expect("the server ends well");
        });
    });
    (address.recv().expect("the server starts"), stop, thread)
}
