//! The program as a process: how soon it answers, how much it takes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use facit::service::Role;

use crate::client::{Connection, request};
use crate::outcome::{Row, heading};
use crate::stage::{Folder, filled};

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub fn run() {
    heading("The process (the demo: 107 partners, SQLite)");
    let folder = Folder::new();
    let db = folder.database("process.db");
    let demo = filled(&db);
    drop(db);
    let key = demo.keys.iter().find(|key| key.role == Role::Reader).expect("a reader");
    let pair = format!("{}:{}", key.client_id, key.secret);
    let basic = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let figures = request("GET", "/v1/alliances/demo/figures", &[("authorization", &basic)], "");

    let began = Instant::now();
    let mut process = Command::new(env!("CARGO_BIN_EXE_facit"))
        .arg("serve")
        .env("DATABASE_URL", format!("sqlite:{}", folder.path("process.db").display()))
        .env("FACIT_LISTEN", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map(Process)
        .expect("the program starts");
    let out = process.0.stdout.take().expect("its output");
    let line = BufReader::new(out).lines().next().expect("a line").expect("text");
    let address = line.strip_prefix("listening on ").expect("an address").to_owned();
    let mut connection = Connection::open(&address);
    connection.must(&figures, 200);
    let took = began.elapsed();
    let what = "start-up, first list of figures answered";
    let aim = ("under 0.5 s", took < Duration::from_millis(500));
    Row::alone(what, format!("{:.0} ms", took.as_secs_f64() * 1e3), Some(aim)).print();

    std::thread::sleep(Duration::from_secs(1));
    if let Some(resident) = resident(process.0.id()) {
        let aim = ("under 40 MB", resident < 40.0);
        Row::alone("memory at rest (resident)", format!("{resident:.0} MB"), Some(aim)).print();
    }
    for _ in 0..2000 {
        connection.must(&figures, 200);
    }
    if let Some(resident) = resident(process.0.id()) {
        Row::alone("memory after 2,000 lists of figures", format!("{resident:.0} MB"), None).print();
    }
    let size = std::fs::metadata(env!("CARGO_BIN_EXE_facit")).map_or(0, |file| file.len());
    let size = size as f64 / 1e6;
    Row::alone("release binary", format!("{size:.0} MB"), Some(("under 40 MB", size < 40.0))).print();
}

/// In megabytes, where the system tells (Linux).
fn resident(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
