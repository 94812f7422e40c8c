//! The real program, serving.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use facit::service::keys::{self, CreateKey};
use facit::service::programmes::{self, Condition};
use facit::service::{Ctx, Error};
use serde_json::{Value, json};

use super::client::{Request, Token};
use super::databases::{Backend, Database};
use super::programme::small;

/// Dropped, it is killed.
pub struct Program {
    child: Mutex<Child>,
    pub address: String,
    /// What it printed before it was ready.
    pub greeting: Vec<String>,
    agent: ureq::Agent,
}

impl Program {
    /// Without limits, so that a test may ask as often as it likes.
    pub fn start(database: &Database) -> Program {
        Program::start_with(database, &["--rate-limit", "0", "--token-rate-limit", "0"])
    }

    pub fn start_with(database: &Database, more: &[&str]) -> Program {
        Program::run(database, &[&["--log", "error"], more].concat(), Stdio::null())
    }

    /// One that writes all that it has to say into a file.
    pub fn logging(database: &Database, log: &Path) -> Program {
        let log = std::fs::File::create(log).expect("a file");
        Program::run(database, &["--log", "debug"], log.into())
    }

    fn run(database: &Database, more: &[&str], log: Stdio) -> Program {
        let mut child = Command::new(env!("CARGO_BIN_EXE_facit"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database", &database.url])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut greeting = Vec::new();
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let address = lines.find_map(|line| {
            let line = line.expect("a line");
            let address = line.strip_prefix("listening on ").map(str::to_owned);
            greeting.push(line);
            address
        });
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Program {
            child: Mutex::new(child),
            address: address.expect("it says where it listens"),
            greeting,
            agent: config.into(),
        }
    }

    pub fn kill(&self) {
        let mut child = self.child.lock().expect("nobody panicked");
        child.kill().expect("SIGKILL");
        child.wait().expect("it is gone");
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let id = self.child.lock().expect("nobody panicked").id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// How it ended, within so many seconds.
    pub fn ended_within(&self, seconds: u64) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < deadline {
            let ended = self.child.lock().expect("nobody panicked").try_wait().expect("a child");
            if let Some(status) = ended {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the program still runs after {seconds} s");
    }

    /// `127.0.0.1:8080`
    pub fn host(&self) -> &str {
        self.address.strip_prefix("http://").expect("an address")
    }

    pub fn takes_connections(&self) -> bool {
        TcpStream::connect(self.host()).is_ok()
    }

    pub fn request(&self, method: &str, path: &str) -> Request<'_> {
        Request::new(&self.agent, method, &format!("{}{path}", self.address))
    }

    /// Where metrics are, as it says.
    pub fn metrics_address(&self) -> &str {
        let line = self.greeting.iter().find_map(|line| line.strip_prefix("metrics on "));
        line.expect("it says where metrics are")
    }

    /// A request to any address, such as that of metrics.
    pub fn ask(&self, method: &str, url: &str) -> Request<'_> {
        Request::new(&self.agent, method, url)
    }

    pub fn read(&self, path: &str, token: &Token) -> Value {
        self.try_read(path, token).expect("the program answers")
    }

    pub fn try_read(&self, path: &str, token: &Token) -> Result<Value, String> {
        let found = self.request("GET", path).token(token).try_send()?;
        assert_eq!(found.status, 200, "{path}: {}", found.text);
        Ok(found.body)
    }

    pub fn token(&self, id: &str, secret: &str) -> Result<Token, String> {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        let answered = self.request("POST", "/v1/token").form(&form).try_send()?;
        assert_eq!(answered.status, 200, "{}", answered.text);
        Ok(Token(answered.body["access_token"].as_str().expect("a token").to_owned()))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A fresh database with the alliance `prove` and a key of its secretariat.
pub fn prepared(backend: Backend) -> (Database, String, String) {
    let database = Database::fresh(backend);
    let db = database.open();
    let ctx = Ctx::installation(facit::api::now());
    let document = serde_json::from_value(small()).expect("a programme");
    let created = db.write_now(|conn| {
        let alliance = programmes::apply(conn, &ctx, "prove", document, &Condition::None)?.in_force.id;
        let key: CreateKey =
            serde_json::from_value(json!({"role": "secretariat", "name": "prøve"})).expect("a key");
        keys::create(conn, &ctx, Some(alliance), &key)
    });
    let created = created.map_err(|refused: Error| refused.to_string()).expect("a key");
    (database, created.key.id.to_string(), created.secret)
}

/// A command of the real program to its end.
pub fn command(url: &str, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_facit"));
    program.env("DATABASE_URL", url).args(["--log", "error"]).args(arguments);
    program.output().expect("the program runs")
}

/// A path in the temporary folder that nobody else has.
pub fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("facit-{}-{name}", uuid::Uuid::new_v4().simple()))
}
