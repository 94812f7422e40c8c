//! Services to measure, on databases made for it.

use std::path::PathBuf;

use actix_web::dev::ServerHandle;
use facit::db::{Db, Target};
use facit::demo::{self, Demo};
use facit::server::{self, Settings};
use facit::service::keys::{self, CreateKey};
use facit::service::{Ctx, Error, Role, installation};

use crate::client::{Connection, request};
use crate::crowd::Crowd;

/// A folder that goes when this does.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let folder = std::env::temp_dir().join(format!("facit-bench-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        Folder(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A new SQLite database, migrated.
    pub fn database(&self, name: &str) -> Db {
        open(&format!("sqlite:{}", self.path(name).display()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn open(url: &str) -> Db {
    let db = Db::open(&Target::parse(url).expect("a URL")).expect("the database opens");
    db.migrate().expect("the database migrates");
    db
}

pub fn settings() -> Settings {
    Settings {
        listen: "127.0.0.1:0".to_owned(),
        issuer: "facit".to_owned(),
        workers: 2,
        ..Settings::default()
    }
}

/// A running service.
pub struct Service {
    pub address: String,
    handle: ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Service {
    pub fn start(db: &Db) -> Service {
        let db = db.clone();
        Service::of(move || {
            let installation = installation::open(&db, facit::api::now()).expect("shared secrets");
            let bound = server::bind(db, installation, &settings()).expect("a free port");
            (bound.server, bound.address)
        })
    }

    /// Whatever is bound in there.
    pub fn of(bind: impl FnOnce() -> (actix_web::dev::Server, String) + Send + 'static) -> Service {
        let (ready, is_ready) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (server, address) = bind();
                ready.send((address, server.handle())).expect("somebody waits");
                server.await.expect("the server ends well");
            });
        });
        let (address, handle) = is_ready.recv().expect("the server starts");
        Service { address, handle, thread: Some(thread) }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The demo alliance, filled.
pub fn filled(db: &Db) -> Demo {
    demo::fill(db, facit::api::now()).expect("a demo")
}

/// `Authorization` of a fresh token of the demo's key of this role.
pub fn bearer(service: &Service, demo: &Demo, role: Role) -> String {
    let key = demo.keys.iter().find(|key| key.role == role).expect("a key of each role");
    token(&service.address, &key.client_id, &key.secret)
}

/// `Authorization` of a fresh token of a new key of this role.
pub fn key_token(crowd: &Crowd, service: &Service, role: &str) -> String {
    let body = CreateKey {
        role: role.to_owned(),
        partner: None,
        name: "bench".to_owned(),
        expires_at: None,
    };
    let ctx = Ctx::installation(facit::api::now());
    let created = crowd
        .db
        .write_now(|conn| keys::create(conn, &ctx, Some(crowd.alliance.id), &body));
    let created = created.map_err(|e: Error| e.to_string()).expect("a key");
    token(&service.address, &created.key.id.to_string(), &created.secret)
}

fn token(address: &str, id: &str, secret: &str) -> String {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answered = Connection::open(address).send(&request("POST", "/v1/token", &headers, &form));
    let body = answered.json();
    format!("Bearer {}", body["access_token"].as_str().expect("a token"))
}
