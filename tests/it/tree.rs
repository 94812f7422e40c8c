//! The journal's hash tree: it grows with the journal whatever writes to it, and the key that signs it.

use std::collections::BTreeMap;

use diesel::prelude::*;
use facit::auth::notes;
use facit::db::Error;
use facit::domain::id::AllianceId;
use facit::service::{installation, programmes};
use facit::store;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::{Api, Scene, on_both};

type Hashes = BTreeMap<(i64, i64), Vec<u8>>;

/// What is kept of a journal's tree.
fn kept(api: &Api, journal: AllianceId) -> Hashes {
    let hashes = api.db.read_now(|conn| store::audit::hashes(conn, journal)).expect("hashes");
    hashes
        .into_iter()
        .map(|(level, position, hash)| ((level, position), hash))
        .collect()
}

/// What must be kept, by the book: a leaf for each entry, and above each two neighbours their hash.
fn wanted(api: &Api, journal: AllianceId) -> Hashes {
    let entries = api
        .db
        .read_now(|conn| store::audit::entries(conn, journal, 0, 10_000))
        .expect("entries");
    let hashed = |parts: &[&[u8]]| Sha256::digest(parts.concat()).to_vec();
    let mut row: Vec<Vec<u8>> = entries.iter().map(|entry| hashed(&[&[0], &entry.bytes])).collect();
    let mut hashes = Hashes::new();
    for level in 0.. {
        if row.is_empty() {
            break;
        }
        hashes.extend((0..).zip(&row).map(|(position, hash)| ((level, position), hash.clone())));
        row = row.chunks_exact(2).map(|two| hashed(&[&[1], &two[0], &two[1]])).collect();
    }
    hashes
}

fn journal(scene: &Scene) -> AllianceId {
    let found = scene.api.db.read_now(|conn| programmes::in_force(conn, &scene.slug));
    found.expect("an alliance").id
}

on_both! {
    fn the_tree_has_every_entry_whatever_wrote_it(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.commit(&partner, "nat-A", "Et mål");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        // An import gathers the head, and takes back the rows that it refuses, or all of them.
        let rows: String = (0..40).map(|n| format!("Forening {n},{}\n", if n % 3 == 0 { "x" } else { "civil" })).collect();
        let file = format!("name,sector\n{rows}");
        let imported = scene.import("kind=partners&mode=partial", &scene.secretariat, file.as_bytes());
        assert_eq!(imported.status, 207, "{}", imported.text);
        let refused = scene.import("kind=partners", &scene.secretariat, file.as_bytes());
        assert_eq!(refused.status, 422, "{}", refused.text);
        let rehearsed = scene.post("/imports?kind=partners&mode=partial&dryRun=true").token(&scene.secretariat)
            .raw("text/csv", file.as_bytes()).send();
        assert_eq!(rehearsed.status, 200, "{}", rehearsed.text);
        scene.submit("open", &scene.admit("Den sidste", "2020-01-01"), json!({"joined": {"value": "no"}}));

        let journal = journal(&scene);
        let hashes = kept(api, journal);
        assert!(hashes.len() > 60, "{}", hashes.len());
        assert_eq!(hashes, wanted(api, journal));
        let own = kept(api, AllianceId::INSTALLATION);
        assert!(!own.is_empty());
        assert_eq!(own, wanted(api, AllianceId::INSTALLATION));
    }

    fn nothing_is_written_on_top_of_a_damaged_tree(api) {
        let scene = Scene::new(api);
        while kept(api, journal(&scene)).iter().filter(|((level, _), _)| *level == 0).count() % 2 == 0 {
            scene.admit("Eksempelforeningen", "2020-01-01");
        }
        let damage = |statement: &str| {
            let done = api.db.write_now(|conn| Ok::<_, Error>(diesel::sql_query(statement).execute(conn)?));
            assert!(done.expect("a statement") > 0);
        };
        damage("DELETE FROM journal_hashes");
        let refused = scene.post("/partners").token(&scene.secretariat)
            .json(&json!({"name": "Den næste", "sector": "civil", "joinedOn": "2020-01-01"})).send();
        assert_eq!(refused.problem(503), "tree-damaged");
        assert_eq!(refused.header("retry-after"), "300");
        let there = scene.read("/partners?q=Den")["items"].as_array().map(Vec::len);
        assert_eq!(there, Some(0), "nothing was written");
    }

    fn the_key_of_notes_is_made_once_and_shared(api) {
        let open = || installation::open(&api.db, facit::api::now()).expect("shared secrets");
        let (one, other) = (open(), open());
        assert_eq!(one.note_keys.len(), 1);
        assert_eq!(one.note_keys[0].public, other.note_keys[0].public);
        assert!(one.signing_keys.iter().all(|key| key.public != one.note_keys[0].public), "it signs no tokens");
        let note = one.note_keys[0].sign("facit/prove", "text\n").expect("a note");
        assert_eq!(notes::open(&note, &[other.note_keys[0].verifier("facit/prove")]), Ok("text\n"));

        // An installation from before there were notes gets one at its next start, and keeps its other keys.
        let gone = api.db.write_now(|conn| Ok::<_, Error>(diesel::sql_query("DELETE FROM note_keys").execute(conn)?));
        assert_eq!(gone.expect("gone"), 1);
        assert!(installation::find(&api.db).expect("a look").is_none());
        let after = open();
        assert_eq!(after.note_keys.len(), 1);
        assert_ne!(after.note_keys[0].public, one.note_keys[0].public);
        assert_eq!(after.signing_keys[0].kid, one.signing_keys[0].kid);
        assert_eq!(after.cursor_secret, one.cursor_secret);
    }
}
