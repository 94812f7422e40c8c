//! An evidence bundle of a long journal, verified by the program as a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use facit::auth::notes::Signer;
use facit::service::checkpoints::{self, Of};
use facit::service::evidence::{self, Given};
use facit::service::{Ctx, Error, installation, publications};
use serde_json::json;

use crate::crowd::{Crowd, SLUG};
use crate::outcome::Row;
use crate::stage::Folder;

/// Publishes an edition, and verifies its bundle with all entries.
pub fn verified(crowd: &Crowd, folder: &Folder) {
    let bundle = bundle(crowd);
    let file = folder.path("evidence.zip");
    std::fs::write(&file, bundle).expect("a file");
    let Some(spent) = spent(&file) else {
        println!("| facit verify | not measured: no /proc | | | | |");
        return;
    };
    let (seconds, resident) = (spent.time.as_secs_f64(), spent.resident);
    let aim = ("under 5 s", seconds < 5.0);
    let what = format!("`facit verify`, {} entries, time of one core", spent.entries);
    Row::alone(&what, format!("{seconds:.1} s"), Some(aim)).print();
    let aim = ("under 200 MB", resident < 200.0);
    Row::alone("the same, memory at most (resident)", format!("{resident:.0} MB"), Some(aim)).print();
}

fn bundle(crowd: &Crowd) -> Vec<u8> {
    let ctx = Ctx::installation(facit::api::now());
    let installation = installation::open(&crowd.db, ctx.now).expect("shared secrets");
    let signer = Signer { origin: "facit".to_owned(), keys: installation.note_keys };
    let bundle = crowd.db.write_now(|conn| {
        let body = serde_json::from_value(json!({"title": "Resultater"})).expect("an edition");
        publications::publish(conn, &ctx, &crowd.alliance, &signer, &body)?;
        let published = publications::find(conn, &crowd.alliance, 1)?;
        let of = Of { journal: crowd.alliance.id, slug: SLUG };
        let signed = checkpoints::sign(conn, &signer, of, ctx.now)?;
        let figures = facit::api::published_figures(&published.bytes).expect("figures");
        let given = Given { signer: &signer, signed: &signed, figures };
        evidence::bundle(conn, &crowd.alliance, &published, given, true)
    });
    bundle.map_err(|e: Error| e.to_string()).expect("a bundle")
}

struct Spent {
    entries: i64,
    time: Duration,
    /// In megabytes.
    resident: f64,
}

/// What the process takes, looked at until it has ended and before it is waited for. `None` where the system does not tell.
fn spent(bundle: &Path) -> Option<Spent> {
    let child = Command::new(env!("CARGO_BIN_EXE_facit"))
        .args(["verify", "--json"])
        .arg(bundle)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let id = child.id();
    let (mut resident, mut ticks) = (None, None);
    // Its few lines fit into the pipe.
    while let Some((time, has_ended)) = stat(id) {
        ticks = Some(time);
        if has_ended {
            break;
        }
        resident = high_water(id).or(resident);
        std::thread::sleep(Duration::from_millis(5));
    }
    let done = child.wait_with_output().expect("an end");
    assert!(done.status.success(), "{done:?}");
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).expect("a report");
    let time = Duration::from_millis(10 * ticks?);
    Some(Spent { entries: report["size"].as_i64()?, time, resident: resident? })
}

/// How many hundredths of a second a process has run, and whether it has ended.
fn stat(process: u32) -> Option<(u64, bool)> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some((ticks(11)? + ticks(12)?, fields.first() == Some(&"Z")))
}

/// The most memory that a process has had so far, in megabytes.
fn high_water(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().split(' ').next()?.parse().ok()?;
    Some(kibibytes * 1024.0 / 1e6)
}
