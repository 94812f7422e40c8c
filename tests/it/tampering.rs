//! A hand in the database: nothing is signed on top of it, and the service says that it is not ready.

use std::process::Command;

use diesel::prelude::*;
use facit::auth::notes::NoteKey;
use facit::db::schema::{checkpoints, journal_entries, journal_hashes, journal_texts, journals};
use facit::db::{Conn, Error};
use facit::domain::id::AllianceId;
use facit::domain::tree::{Hash, leaf_hash};
use facit::service::programmes;
use facit::store;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Api, Backend, Program, Scene, on_both, prepared};

/// One alliance with some entries, of which a checkpoint was signed, and some more.
struct Signed<'a> {
    scene: Scene<'a>,
    journal: AllianceId,
    /// What was signed last.
    size: i64,
}

impl<'a> Signed<'a> {
    fn new(api: &'a Api, slug: &str) -> Signed<'a> {
        let scene = Scene::with(api, |document| document["slug"] = json!(slug));
        for name in ["A", "B", "C"] {
            scene.admit(name, "2020-01-01");
        }
        let note = scene.get("/journal/checkpoint").send().text;
        let size = note.lines().nth(1).and_then(|size| size.parse().ok()).expect("a size");
        scene.admit("D", "2020-01-01");
        let journal = api
            .db
            .read_now(|conn| programmes::in_force(conn, slug))
            .expect("an alliance")
            .id;
        Signed { scene, journal, size }
    }

    fn by_hand(&self, change: impl FnOnce(&mut Conn) -> QueryResult<usize>) {
        let changed = self.scene.api.db.write_now(|conn| Ok::<_, Error>(change(conn)?));
        assert!(changed.expect("a statement") > 0);
    }

    /// The code of the refusal to sign, and its sentence.
    fn refused(&self) -> (String, String) {
        let by_file = self.scene.get("/journal/1/proof").send();
        let refused = self.scene.get("/journal/checkpoint").english().send();
        let code = refused.problem(503).to_owned();
        assert_eq!(by_file.problem(503), code);
        (code, refused.body["detail"].as_str().expect("a sentence").to_owned())
    }

    /// Takes away the last entry, with all that says so.
    fn truncate(&self) {
        self.by_hand(|conn| {
            let all = store::audit::entries(conn, self.journal, 0, 1000).expect("entries");
            let last = all.last().expect("an entry").seq;
            let texts = journal_texts::table.filter(journal_texts::seq.eq(last));
            diesel::delete(texts.filter(journal_texts::journal_id.eq(self.journal))).execute(conn)?;
            diesel::delete(journal_entries::table.find((self.journal, last))).execute(conn)?;
            diesel::update(journals::table.find(self.journal))
                .set(journals::size.eq(last - 1))
                .execute(conn)
        });
        self.hash_anew();
    }

    fn rewrite(&self, seq: i64) {
        self.by_hand(|conn| {
            let entry = store::journal::find(conn, self.journal, seq)
                .expect("a look")
                .expect("an entry");
            let text = String::from_utf8(entry.bytes).expect("UTF-8").replace("civil", "faith");
            let bytes = journal_entries::bytes.eq(text.into_bytes());
            diesel::update(journal_entries::table.find((self.journal, seq)))
                .set(bytes)
                .execute(conn)
        });
    }

    /// Makes the whole tree anew, from what the entries are now.
    fn hash_anew(&self) {
        self.by_hand(|conn| {
            let entries = store::audit::entries(conn, self.journal, 0, 1000).expect("entries");
            diesel::delete(journal_hashes::table.filter(journal_hashes::journal_id.eq(self.journal)))
                .execute(conn)?;
            let mut row: Vec<Hash> = entries.iter().map(|entry| leaf_hash(&entry.bytes)).collect();
            for level in 0.. {
                if row.is_empty() {
                    break;
                }
                for (position, hash) in (0_i64..).zip(&row) {
                    let values = (
                        journal_hashes::journal_id.eq(self.journal),
                        journal_hashes::level.eq(level),
                        journal_hashes::position.eq(position),
                        journal_hashes::hash.eq(hash.to_vec()),
                    );
                    diesel::insert_into(journal_hashes::table).values(values).execute(conn)?;
                }
                row = row
                    .chunks_exact(2)
                    .map(|two| Sha256::digest([&[1][..], &two[0], &two[1]].concat()).into())
                    .collect();
            }
            Ok(entries.len())
        });
    }
}

on_both! {
    fn nothing_is_signed_that_contradicts_what_was_signed(api) {
        let ready = || api.get("/readyz").english().send();
        assert_eq!(ready().status, 200);
        let mut named: Vec<String> = Vec::new();
        let mut expect = |signed: &Signed, code: &str, says: &str| {
            let (refused, detail) = signed.refused();
            assert_eq!(refused, code, "{detail}");
            assert!(detail.starts_with(says) && detail.contains("facit check"), "{detail}");
            let answered = ready();
            assert!(["tree-damaged", "tree-inconsistent"].contains(&answered.problem(503)), "{}", answered.text);
            named.push(format!("/alliances/{} {code}", signed.scene.slug));
            named.sort();
            assert_eq!(answered.faults(), named);
            assert_eq!(api.get("/livez").send().status, 200);
        };

        let shorter = Signed::new(api, "shorter");
        shorter.truncate();
        assert_eq!(shorter.scene.get("/journal/checkpoint").send().status, 200, "so much was signed, and is there");
        shorter.truncate();
        expect(&shorter, "tree-inconsistent", "The journal has 5 entries, but 6 were signed before.");

        let rewritten = Signed::new(api, "rewritten");
        rewritten.rewrite(5);
        rewritten.hash_anew();
        expect(&rewritten, "tree-inconsistent", "The first 6 entries of the journal are not those that were signed.");

        let incomplete = Signed::new(api, "incomplete");
        incomplete.by_hand(|conn| diesel::delete(journal_hashes::table
            .filter(journal_hashes::journal_id.eq(incomplete.journal)).filter(journal_hashes::level.eq(0))
            .filter(journal_hashes::position.eq(incomplete.size))).execute(conn));
        expect(&incomplete, "tree-damaged", "The journal has 7 entries, but its hash tree has 6 leaves.");

        let missing = Signed::new(api, "missing");
        missing.by_hand(|conn| diesel::delete(journal_hashes::table
            .filter(journal_hashes::journal_id.eq(missing.journal)).filter(journal_hashes::level.eq(2))).execute(conn));
        expect(&missing, "tree-damaged", "Hashes are missing");
        let proof = missing.scene.get("/journal/proofs/inclusion?seq=5").send();
        assert_eq!(proof.problem(503), "tree-damaged");

        let changed = Signed::new(api, "changed");
        changed.rewrite(7);
        expect(&changed, "tree-damaged", "Entry 7 of the journal is not the one");

        let foreign = Signed::new(api, "foreign");
        let note = NoteKey::generate().sign("facit/foreign", "facit/foreign\n6\nAAAA\n").expect("a note");
        foreign.by_hand(|conn| diesel::update(checkpoints::table.find((foreign.journal, foreign.size)))
            .set(checkpoints::note.eq(note)).execute(conn));
        expect(&foreign, "tree-inconsistent", "The last checkpoint (of 6 entries) was not signed here.");

        // What was put right is signed again, and all that was not touched goes on.
        foreign.by_hand(|conn| diesel::delete(checkpoints::table.find((foreign.journal, foreign.size))).execute(conn));
        assert_eq!(foreign.scene.get("/journal/checkpoint").send().status, 200);
        changed.scene.admit("Endnu en", "2020-01-01");
    }
}

/// What the program says at its start.
fn the_program_says_at_its_start_what_it_will_not_sign(backend: Backend) {
    let (database, _, _) = prepared(backend);
    let db = database.open();
    let journal = db.read_now(|conn| programmes::in_force(conn, "prove")).expect("an alliance").id;
    let healthy = Program::start(&database);
    assert_eq!(healthy.request("GET", "/readyz").send().status, 200);
    healthy.kill();
    let gone = db.write_now(|conn| {
        let own = journal_hashes::table.filter(journal_hashes::journal_id.eq(journal));
        Ok::<_, Error>(diesel::delete(own).execute(conn)?)
    });
    assert!(gone.expect("gone") > 0);
    let program = Program::start(&database);
    let ready = program.request("GET", "/readyz").send();
    assert_eq!(ready.problem(503), "tree-damaged");
    assert_eq!(ready.faults(), ["/alliances/prove tree-damaged"]);
    assert!(
        ready.body["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("Kør facit check"))
    );
    // It looks before it listens, which it can't here.
    let ended = Command::new(env!("CARGO_BIN_EXE_facit"))
        .args(["serve", "--log", "error", "--listen", "256.0.0.0:1", "--database", &database.url])
        .output()
        .expect("the program runs");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("a journal is not what it must be") && said.contains("prove"), "{said}");
}

#[test]
fn the_program_says_at_its_start_what_it_will_not_sign_on_sqlite() {
    the_program_says_at_its_start_what_it_will_not_sign(Backend::Sqlite);
}

#[test]
fn the_program_says_at_its_start_what_it_will_not_sign_on_postgres() {
    the_program_says_at_its_start_what_it_will_not_sign(Backend::Postgres);
}

/// `facit check` with a checkpoint that was kept elsewhere: exit code and what it says.
fn checked(database: &str, checkpoint: &str) -> (Option<i32>, String) {
    let file = std::env::temp_dir().join(format!("facit-kept-{}.txt", uuid::Uuid::new_v4().simple()));
    std::fs::write(&file, checkpoint).expect("a file");
    let ended = Command::new(env!("CARGO_BIN_EXE_facit"))
        .args(["check", "--alliance", "prove", "--log", "error", "--database", database, "--checkpoint"])
        .arg(&file)
        .output()
        .expect("the program runs");
    std::fs::remove_file(&file).expect("it goes");
    (ended.status.code(), String::from_utf8_lossy(&ended.stdout).into_owned())
}

fn a_checkpoint_that_was_kept_tells_whatever_was_done_to_the_database(backend: Backend) {
    let (database, _, _) = prepared(backend);
    let program = Program::start(&database);
    let kept = program.request("GET", "/v1/alliances/prove/journal/checkpoint").send().text;
    program.kill();
    let (code, said) = checked(&database.url, &kept);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(" hashes, ") && said.contains("0 differences"), "{said}");
    let (code, said) = checked(&database.url, &kept.replace("\n\n", "\nmore\n\n"));
    assert!(code == Some(1) && said.contains("no key of this installation"), "{said}");

    let db = database.open();
    let gone = db.write_now(|conn| Ok::<_, Error>(diesel::delete(checkpoints::table).execute(conn)?));
    assert_eq!(gone.expect("gone"), 1);
    let longer = kept.lines().nth(1).and_then(|size| size.parse::<i64>().ok()).expect("a size");
    let journal = db.read_now(|conn| programmes::in_force(conn, "prove")).expect("an alliance").id;
    let shorter = db.write_now(|conn| {
        diesel::delete(journal_texts::table.filter(journal_texts::seq.eq(longer))).execute(conn)?;
        Ok::<_, Error>(diesel::delete(journal_entries::table.find((journal, longer))).execute(conn)?)
    });
    assert_eq!(shorter.expect("gone"), 1);
    let (code, said) = checked(&database.url, &kept);
    let named = format!(
        "journal/checkpoints/{longer}: entries 1 to {longer} were signed, and are not all there"
    );
    assert!(code == Some(1) && said.contains(&named), "{said}");
}

#[test]
fn a_checkpoint_that_was_kept_tells_whatever_was_done_to_the_database_on_sqlite() {
    a_checkpoint_that_was_kept_tells_whatever_was_done_to_the_database(Backend::Sqlite);
}

#[test]
fn a_checkpoint_that_was_kept_tells_whatever_was_done_to_the_database_on_postgres() {
    a_checkpoint_that_was_kept_tells_whatever_was_done_to_the_database(Backend::Postgres);
}
