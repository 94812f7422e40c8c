//! Checkpoints and proofs by API, verified by whoever keeps the verifier key; and what is never signed.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use facit::auth::notes::{self, Verifier};
use facit::domain::checkpoint::{Checkpoint, LeafProof};
use facit::domain::tree::{self, Hash};
use facit::server::Settings;
use serde_json::{Value, json};

use crate::support::{Answered, Backend, Program, Scene, Token, on_both, prepared};

/// Whom to believe, as an auditor keeps it.
fn verifier(scene: &Scene) -> Verifier {
    let answered = scene.get("/journal/verifier-key").send();
    assert_eq!((answered.status, answered.header("content-type")), (200, "text/plain; charset=utf-8"));
    Verifier::parse(answered.text.trim_end()).expect("a verifier key")
}

fn checkpoint(scene: &Scene) -> Answered {
    let answered = scene.get("/journal/checkpoint").send();
    assert_eq!((answered.status, answered.header("content-type")), (200, "text/plain; charset=utf-8"));
    answered
}

fn opened(note: &str, by: &Verifier) -> Checkpoint {
    let text = notes::open(note, std::slice::from_ref(by)).expect("it is signed");
    Checkpoint::parse(text).expect("a checkpoint")
}

fn hash(value: &Value) -> Hash {
    let bytes = BASE64_STANDARD.decode(value.as_str().expect("a text")).expect("base64");
    bytes.try_into().expect("32 bytes")
}

fn hashes(value: &Value) -> Vec<Hash> {
    value.as_array().expect("a list").iter().map(hash).collect()
}

/// The bytes of an entry, as an auditor gets them.
fn bytes(scene: &Scene, seq: u64) -> Vec<u8> {
    let entry = scene.get(&format!("/journal/{seq}")).token(&scene.auditor).send();
    entry.body["canonical"].as_str().expect("an entry").as_bytes().to_vec()
}

fn proven(scene: &Scene, query: &str) -> Value {
    let answered = scene.get(&format!("/journal/proofs/{query}")).send();
    assert_eq!(answered.status, 200, "{query}: {}", answered.text);
    answered.body
}

/// Verifies a proof as somebody does who has nothing but it, the entry and the key.
fn verified(file: &str, entry: &[u8], by: &Verifier) -> u64 {
    let proof = LeafProof::parse(file).expect("a proof");
    let Checkpoint { size, root, .. } = opened(&proof.checkpoint, by);
    assert!(tree::includes(proof.index, size, &tree::leaf_hash(entry), &proof.hashes, &root));
    assert!(!tree::includes(proof.index, size, &tree::leaf_hash(b"{}"), &proof.hashes, &root));
    proof.index + 1
}

on_both! {
    fn every_entry_is_proven_by_a_signed_checkpoint(api) {
        let scene = Scene::new(api);
        for name in ["A", "B", "C", "D", "E"] {
            scene.admit(name, "2020-01-01");
        }
        let by = verifier(&scene);
        assert_eq!(by.name, "facit/prove");
        let note = checkpoint(&scene).text;
        let Checkpoint { origin, size, root } = opened(&note, &by);
        assert_eq!(origin, "facit/prove");
        let count = scene.read("/journal?count=true&limit=1")["totalCount"].clone();
        assert_eq!(count, size);
        for seq in 1..=size {
            let entry = bytes(&scene, seq);
            let proof = proven(&scene, &format!("inclusion?seq={seq}"));
            assert_eq!((&proof["seq"], &proof["leafIndex"], &proof["size"]), (&json!(seq), &json!(seq - 1), &json!(size)));
            assert_eq!((hash(&proof["leafHash"]), hash(&proof["rootHash"])), (tree::leaf_hash(&entry), root));
            assert!(tree::includes(seq - 1, size, &tree::leaf_hash(&entry), &hashes(&proof["hashes"]), &root));
            let file = scene.get(&format!("/journal/{seq}/proof")).send();
            assert_eq!((file.status, file.header("content-type")), (200, "text/plain; charset=utf-8"));
            let name = format!("attachment; filename=\"prove-{seq}.tlog-proof\"");
            assert_eq!(file.header("content-disposition"), name);
            assert_eq!(verified(&file.text, &entry, &by), seq);
            for smaller in seq..size {
                let proof = proven(&scene, &format!("inclusion?seq={seq}&size={smaller}"));
                let (leaf, root) = (hash(&proof["leafHash"]), hash(&proof["rootHash"]));
                assert!(tree::includes(seq - 1, smaller, &leaf, &hashes(&proof["hashes"]), &root));
            }
        }
    }

    fn whoever_kept_a_checkpoint_sees_that_it_still_holds(api) {
        let scene = Scene::new(api);
        let by = verifier(&scene);
        let mut kept = Vec::new();
        for n in 0..9 {
            kept.push(opened(&checkpoint(&scene).text, &by));
            scene.admit(&format!("Forening {n}"), "2020-01-01");
        }
        let now = opened(&checkpoint(&scene).text, &by);
        for old in &kept {
            let proof = proven(&scene, &format!("consistency?from={}", old.size));
            assert_eq!((&proof["from"], &proof["to"]), (&json!(old.size), &json!(now.size)));
            assert_eq!((hash(&proof["fromRootHash"]), hash(&proof["toRootHash"])), (old.root, now.root));
            assert!(tree::consists(old.size, now.size, &old.root, &now.root, &hashes(&proof["hashes"])));
            for new in kept.iter().filter(|new| new.size >= old.size) {
                let proof = proven(&scene, &format!("consistency?from={}&to={}", old.size, new.size));
                assert!(tree::consists(old.size, new.size, &old.root, &new.root, &hashes(&proof["hashes"])));
            }
        }
        let same = proven(&scene, &format!("consistency?from={}", now.size));
        assert_eq!(same["hashes"], json!([]));
    }

    fn a_receipt_leads_to_its_proof_and_stays_as_it_is(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let path = format!("/reports/open/{partner}");
        let before = scene.put(&path).token(&scene.of(&partner)).json(&json!({})).send();
        assert_eq!((before.status, &before.body["links"]["receiptProof"]), (201, &Value::Null));
        scene.save("open", &partner, &json!({"answers": {"joined": {"value": "yes"}}}));
        let submitted = scene.step("open", &partner, "submission", &scene.of(&partner), &json!({})).body;
        let (receipt, link) = (&submitted["receipt"], submitted["links"]["receiptProof"].as_str().expect("a link"));
        let seq = receipt["journalSeq"].as_u64().expect("a number");
        assert_eq!(link, scene.at(&format!("/journal/{seq}/proof")));

        let by = verifier(&scene);
        let entry = bytes(&scene, seq);
        let first = api.get(link).send();
        assert_eq!(verified(&first.text, &entry, &by), seq);
        let says: Value = serde_json::from_slice(&entry).expect("JSON");
        assert_eq!(says["after"]["receipt"], *receipt, "the entry holds the receipt, and has no link in it");

        scene.admit("En til", "2020-01-01");
        let later = scene.get(&path).token(&scene.auditor).send();
        assert_eq!((&later.body["receipt"], &later.body["links"]["receiptProof"]), (receipt, &json!(link)));
        let again = api.get(link).send();
        assert_ne!(again.text, first.text, "against the checkpoint of now");
        assert_eq!(verified(&again.text, &entry, &by), seq);
        assert_eq!(verified(&first.text, &entry, &by), seq, "a proof that was kept goes on proving");
        let version = scene.get(&format!("{path}/versions/1")).token(&scene.auditor).send();
        assert_eq!(version.body["links"]["receiptProof"], link);
    }

    fn an_edition_leads_to_the_proof_of_the_entry_that_published_it(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        let edition = scene.does("/publications", json!({"title": "Resultater"}));
        let (seq, link) = (edition["journalSeq"].as_u64().expect("a number"), edition["links"]["proof"].as_str().expect("a link"));
        let entry = bytes(&scene, seq);
        assert_eq!(verified(&api.get(link).send().text, &entry, &verifier(&scene)), seq);
        let says: Value = serde_json::from_slice(&entry).expect("JSON");
        assert_eq!((&says["action"], &says["after"]["sha256"]), (&json!("publication.published"), &edition["sha256"]));
    }

    fn what_can_be_no_proof_gets_an_answer_of_its_own(api) {
        let scene = Scene::new(api);
        scene.admit("Eksempelforeningen", "2020-01-01");
        let size = scene.read("/journal?count=true&limit=1")["totalCount"].as_i64().expect("a count");
        let (beyond, long) = (size + 1, "9".repeat(40));
        let cases = [
            ("inclusion?seq=0".to_owned(), "?seq zero"),
            ("inclusion?seq=000".to_owned(), "?seq zero"),
            ("inclusion?seq=x".to_owned(), "?seq not-a-number"),
            ("inclusion?seq=".to_owned(), "?seq not-a-number"),
            ("inclusion?seq=-1".to_owned(), "?seq not-a-number"),
            ("inclusion?seq=%2B1".to_owned(), "?seq not-a-number"),
            ("inclusion?seq=1.0".to_owned(), "?seq not-a-number"),
            (format!("inclusion?seq={beyond}"), "?seq beyond-the-journal"),
            (format!("inclusion?seq={long}"), "?seq beyond-the-journal"),
            ("inclusion?seq=2&size=1".to_owned(), "?seq not-in-tree"),
            ("inclusion?seq=1&size=0".to_owned(), "?size zero"),
            ("inclusion?seq=1&size=halv".to_owned(), "?size not-a-number"),
            (format!("inclusion?seq=1&size={beyond}"), "?size beyond-the-journal"),
            ("consistency?from=0".to_owned(), "?from zero"),
            ("consistency?from=1&to=0".to_owned(), "?to zero"),
            ("consistency?from=2&to=1".to_owned(), "?from from-after-to"),
            (format!("consistency?from={beyond}"), "?from beyond-the-journal"),
            (format!("consistency?from=1&to={beyond}"), "?to beyond-the-journal"),
            (format!("consistency?from=1&to={long}"), "?to beyond-the-journal"),
            ("consistency?from=2020-01-01T00:00:00Z".to_owned(), "?from not-a-number"),
        ];
        for (query, fault) in cases {
            for english in [false, true] {
                let asked = scene.get(&format!("/journal/proofs/{query}"));
                let answered = if english { asked.english() } else { asked }.send();
                assert_eq!(answered.problem(422), "invalid", "{query}");
                assert_eq!(answered.faults(), [fault], "{query}");
            }
        }
        let both = scene.get("/journal/proofs/inclusion?seq=x&size=0").send();
        assert_eq!(both.faults(), ["?seq not-a-number", "?size zero"]);
        for (query, fault) in [("inclusion", "?seq"), ("inclusion?size=1", "?seq"), ("consistency?to=1", "?from")] {
            let answered = scene.get(&format!("/journal/proofs/{query}")).send();
            assert_eq!(answered.problem(400), "parameter-missing");
            assert_eq!(answered.faults(), [format!("{fault} parameter-missing")]);
        }
        for query in ["inclusion?seq=1&index=0", "inclusion?seq=1&seq=1", "consistency?from=1&from=2"] {
            assert_eq!(scene.get(&format!("/journal/proofs/{query}")).send().status, 400, "{query}");
        }
        for path in ["/journal/0/proof", "/journal/x/proof", "/journal/01/proof", "/journal/-1/proof",
            &format!("/journal/{beyond}/proof"), &format!("/journal/{long}/proof"), "/journal/proofs"] {
            assert_eq!(scene.get(path).token(&scene.auditor).send().problem(404), "not-found", "{path}");
        }
        assert_eq!(api.get("/v1/alliances/nowhere/journal/checkpoint").send().problem(404), "not-found");
        assert_eq!(scene.get("/journal/checkpoint?size=3").send().status, 400);
        let bad = scene.get("/journal/checkpoint").token(&Token("x".to_owned())).send();
        assert_eq!(bad.status, 401);
    }

    fn a_checkpoint_is_signed_once_and_said_again(api) {
        let scene = Scene::new(api);
        let first = checkpoint(&scene);
        let again = checkpoint(&scene);
        assert_eq!((&first.text, first.etag()), (&again.text, again.etag()));
        let unchanged = scene.get("/journal/checkpoint").header("if-none-match", first.etag()).send();
        assert_eq!(unchanged.status, 304);
        let head = api.request("HEAD", &scene.at("/journal/checkpoint")).send();
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        scene.admit("En", "2020-01-01");
        assert_ne!(checkpoint(&scene).text, first.text);
        // Whoever asks, nobody learns more than hashes.
        for token in [&scene.secretariat, &scene.auditor] {
            assert_eq!(scene.get("/journal/proofs/inclusion?seq=1").token(token).send().status, 200);
        }
    }

    fn instances_that_sign_at_the_same_time_never_contradict_each_other(api) {
        let scene = Scene::new(api);
        let by = verifier(&scene);
        let second = api.another_instance();
        let addresses = [api.address.clone(), second.address.clone()];
        let path = scene.at("/journal/checkpoint");
        let notes: Vec<String> = std::thread::scope(|scope| {
            let askers: Vec<_> = (0..6).map(|n| {
                let (url, api) = (format!("{}{path}", addresses[n % 2]), &api);
                scope.spawn(move || (0..15).map(|_| {
                    let answered = api.anywhere("GET", &url).send();
                    assert_eq!(answered.status, 200, "{}", answered.text);
                    answered.text
                }).collect::<Vec<_>>())
            }).collect();
            for n in 0..20 {
                scene.admit(&format!("Forening {n}"), "2020-01-01");
            }
            askers.into_iter().flat_map(|asker| asker.join().expect("it asked")).collect()
        });
        let mut roots: BTreeMap<u64, Hash> = BTreeMap::new();
        for note in &notes {
            let Checkpoint { size, root, .. } = opened(note, &by);
            assert_eq!(*roots.entry(size).or_insert(root), root, "two roots of {size}");
        }
        let last = opened(&checkpoint(&scene).text, &by);
        for (size, root) in roots {
            let proof = proven(&scene, &format!("consistency?from={size}&to={}", last.size));
            assert!(tree::consists(size, last.size, &root, &last.root, &hashes(&proof["hashes"])), "{size}");
        }
    }

    fn another_origin_is_another_name_for_the_same_tree(api) {
        let scene = Scene::new(api);
        let old = checkpoint(&scene).text;
        let by = verifier(&scene);
        let renamed = api.beside(Settings { origin: Some("facit.example.org".to_owned()), ..Settings::default() });
        let get = |path: &str| renamed.get(&scene.at(path)).send().text;
        let new_by = Verifier::parse(get("/journal/verifier-key").trim_end()).expect("a key");
        assert_eq!(new_by.name, "facit.example.org/prove");
        assert_eq!(new_by.public, by.public);
        let new = get("/journal/checkpoint");
        let (one, other) = (opened(&old, &by), opened(&new, &new_by));
        assert_eq!((one.size, one.root), (other.size, other.root));
        assert_eq!(notes::open(&new, &[by]), Err(notes::NoteFault::Unsigned));
    }
}

/// In read-only mode the last checkpoint signed is what there is.
fn read_only_mode_answers_with_what_was_signed(backend: Backend) {
    let (database, id, secret) = prepared(backend);
    let path = |rest: &str| format!("/v1/alliances/prove/journal{rest}");
    let reading = || Program::start_with(&database, &["--read-only"]);
    let writing = Program::start(&database);
    let token = writing.token(&id, &secret).expect("a token");
    let admit = |program: &Program, name: &str| {
        let body = json!({"name": name, "sector": "civil", "joinedOn": "2020-01-01"});
        let admitted = program
            .request("POST", "/v1/alliances/prove/partners")
            .token(&token)
            .json(&body)
            .send();
        assert_eq!(admitted.status, 201, "{}", admitted.text);
    };
    writing.kill();

    let never = reading();
    let refused = never.request("GET", &path("/checkpoint")).send();
    assert_eq!(refused.problem(503), "not-signed-yet");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    assert_eq!(never.request("GET", &path("/1/proof")).send().problem(503), "not-signed-yet");
    assert_eq!(
        never.request("GET", &path("/proofs/inclusion?seq=1")).send().status,
        200,
        "nothing is signed for it"
    );
    never.kill();

    let writing = Program::start(&database);
    let signed = writing.request("GET", &path("/checkpoint")).send();
    assert_eq!(signed.status, 200);
    admit(&writing, "En");
    writing.kill();

    let late = reading();
    assert_eq!(late.request("GET", &path("/checkpoint")).send().text, signed.text);
    let proof = late.request("GET", &path("/1/proof")).send();
    assert!(proof.text.ends_with(&signed.text), "{}", proof.text);
    let last = late.read(&path("?count=true&limit=1"), &token)["totalCount"].clone();
    let beyond = late.request("GET", &path(&format!("/{last}/proof"))).send();
    assert_eq!(beyond.problem(503), "not-signed-yet");
    late.kill();

    let writing = Program::start(&database);
    assert_ne!(writing.request("GET", &path("/checkpoint")).send().text, signed.text);
    assert_eq!(writing.request("GET", &path(&format!("/{last}/proof"))).send().status, 200);
}

#[test]
fn read_only_mode_answers_with_what_was_signed_on_sqlite() {
    read_only_mode_answers_with_what_was_signed(Backend::Sqlite);
}

#[test]
fn read_only_mode_answers_with_what_was_signed_on_postgres() {
    read_only_mode_answers_with_what_was_signed(Backend::Postgres);
}

/// Another key signs; what the one before has signed goes on being true.
fn a_new_key_signs_and_the_old_one_is_believed_still(backend: Backend) {
    let (database, _, _) = prepared(backend);
    let read = |rest: &str| {
        let program = Program::start(&database);
        let answered = program.request("GET", &format!("/v1/alliances/prove/journal/{rest}")).send();
        assert_eq!(answered.status, 200, "{}", answered.text);
        program.kill();
        answered.text
    };
    let (old_key, old_note) = (read("verifier-key"), read("checkpoint"));
    let facit = |args: &[&str]| {
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_facit"))
            .args(args)
            .args(["--log", "error", "--database", &database.url])
            .output()
            .expect("the program runs");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        String::from_utf8(ended.stdout).expect("UTF-8")
    };
    let rotated: Value = serde_json::from_str(&facit(&["keys", "rotate"])).expect("JSON");
    let keys = read("verifier-key");
    let [new, old] = *keys.lines().collect::<Vec<_>>() else { panic!("two keys: {keys}") };
    assert_eq!(old, old_key.trim_end());
    let [new, old] = [new, old].map(|key| Verifier::parse(key).expect("a key"));
    assert_eq!(hash(&rotated["publicKey"]), new.public);
    let new_note = read("checkpoint");
    let (before, after) = (opened(&old_note, &old), opened(&new_note, &new));
    assert_eq!(before, after, "the same tree, signed anew");
    assert_eq!(notes::open(&new_note, &[old]), Err(notes::NoteFault::Unsigned));
    let said = facit(&["check", "--alliance", "prove"]);
    assert!(said.contains("; 0 differences"), "{said}");
}

#[test]
fn a_new_key_signs_and_the_old_one_is_believed_still_on_sqlite() {
    a_new_key_signs_and_the_old_one_is_believed_still(Backend::Sqlite);
}

#[test]
fn a_new_key_signs_and_the_old_one_is_believed_still_on_postgres() {
    a_new_key_signs_and_the_old_one_is_believed_still(Backend::Postgres);
}
