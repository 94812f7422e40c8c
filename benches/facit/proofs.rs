//! What the hash tree costs: a submission, which grows it, and a proof from it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use facit::db::{Conn, Db};
use facit::domain::id::{AllianceId, PartnerId};
use facit::domain::tree;
use facit::service::reports::{self, ReportAt};
use facit::service::{Ctx, Error, proofs};
use facit::store;

use crate::crowd::Crowd;
use crate::outcome::{Row, heading, micros};
use crate::stage::{Folder, open};
use crate::writes::fresh_postgres;

const ENTRIES: i64 = 100_000;
const SUBMISSIONS: usize = 300;
const PROOFS: i64 = 2_000;

pub fn run() {
    heading("The journal's hash tree, with 100,000 entries");
    let folder = Folder::new();
    measure("SQLite", &folder.database("proofs.db"));
    match fresh_postgres() {
        Some(url) => measure("PostgreSQL", &open(&url)),
        None => println!("| PostgreSQL | not measured: no cluster | | | | |"),
    }
}

fn measure(what: &str, db: &Db) {
    let journal = AllianceId::new();
    grown(db, journal);
    submissions(what, db, journal);
    inclusion(what, db, journal);
}

/// A journal's tree of so many leaves, whatever they are.
fn grown(db: &Db, journal: AllianceId) {
    let done = db.write_now(|conn| {
        store::journal::begin(conn, journal, facit::api::now())?;
        let mut last = std::collections::HashMap::new();
        let mut hashes = Vec::new();
        for index in 0..ENTRIES as u64 {
            let leaf = tree::leaf_hash(&index.to_be_bytes());
            let known = |node: tree::Node| last.get(&node.level).copied();
            let grown = tree::append(index, leaf, known).expect("all to the left is known");
            last.extend(grown.iter().map(|(node, hash)| (node.level, *hash)));
            hashes.extend(grown);
        }
        Ok::<_, Error>(store::tree::insert(conn, journal, &hashes)?)
    });
    done.map_err(|e| e.to_string()).expect("a tree");
}

/// What `service::journal::record` does for the tree, of its own steps: they can't be left out of a submission.
fn grow(conn: &mut Conn, journal: AllianceId, index: u64, bytes: &[u8]) -> Result<(), Error> {
    let left = store::tree::find(conn, journal, &tree::left_of(index))?;
    let known = |node| left.iter().find(|(known, _)| *known == node).map(|(_, hash)| *hash);
    let grown = tree::append(index, tree::leaf_hash(bytes), known).expect("all to the left is known");
    Ok(store::tree::insert(conn, journal, &grown)?)
}

/// Each submission and, beside it in the same transaction, the growth of a large tree by an entry of its size.
fn submissions(what: &str, db: &Db, journal: AllianceId) {
    let crowd = Crowd::of(db, SUBMISSIONS);
    let places: Vec<usize> = (0..SUBMISSIONS).collect();
    crowd.submissions(&places);
    let (mut submitting, mut growing) = (Duration::ZERO, Duration::ZERO);
    for (n, partner) in (0..).zip(&crowd.partners) {
        let done = db.write_now(|conn| {
            let began = Instant::now();
            let bytes = submit(conn, &crowd, *partner)?;
            let submitted = Instant::now();
            grow(conn, journal, ENTRIES as u64 + n, &bytes)?;
            submitting += submitted - began;
            growing += submitted.elapsed();
            Ok::<_, Error>(())
        });
        done.map_err(|e| e.to_string()).expect("a submission");
    }
    let count = u32::try_from(SUBMISSIONS).unwrap_or(1);
    let without = submitting.saturating_sub(growing);
    let row = format!("{what}, a submission with its tree, without the commit");
    Row::times(&row, submitting / count, ("without the tree", without / count), 1.15).print();
}

/// Submits, and answers bytes as long as the entry's.
fn submit(conn: &mut Conn, crowd: &Crowd, partner: PartnerId) -> Result<Vec<u8>, Error> {
    let ctx = Ctx::installation(facit::api::now());
    let at = ReportAt { round: "today".to_owned(), partner };
    reports::submit(conn, &ctx, &crowd.alliance, &at, None)?;
    Ok(vec![b'x'; 2_000])
}

fn inclusion(what: &str, db: &Db, journal: AllianceId) {
    let began = Instant::now();
    let done = db.read_now(|conn| {
        for n in 0..PROOFS {
            // Here and there in the tree.
            let seq = 1 + n * 7919 % ENTRIES;
            black_box(proofs::inclusion(conn, journal, seq, ENTRIES)?);
        }
        Ok::<_, Error>(())
    });
    done.map_err(|e| e.to_string()).expect("proofs");
    let each = began.elapsed() / u32::try_from(PROOFS).unwrap_or(1);
    let is_met = each < Duration::from_millis(1);
    let row = format!("{what}, an inclusion proof");
    Row::alone(&row, micros(each), Some(("less than 1 ms", is_met))).print();
}
