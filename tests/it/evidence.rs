//! Evidence bundles: what everybody gets and what auditors get, and what verifying says of good and of broken ones.

use std::collections::BTreeSet;
use std::io::Write;

use facit::auth::notes::NoteKey;
use facit::check::verify::{Asked, Report, verify};
use facit::domain::checkpoint::{Checkpoint, LeafProof};
use facit::domain::evidence::{self as bundle, Files, Listed, Manifest, unzip, zip};
use facit::service::{Error, installation};
use serde_json::{Value, json};

use crate::support::{Api, Backend, Scene, command, on_both, temporary};

/// Six partners of two sectors, their answers and amounts; one of a third that says nothing; and an edition of it.
fn published(api: &Api) -> Scene<'_> {
    let scene = Scene::with(api, |programme| {
        programme["measures"] = json!([{"key": "hours", "label": {"da": "Timer", "en": "Hours"}, "unit": "timer", "decimals": 1}]);
        let more = json!([
            {"key": "hours", "kind": "sum", "measure": "hours", "label": {"da": "timer", "en": "hours"}},
            {"key": "goals", "kind": "share", "label": {"da": "mål", "en": "goals"}, "counts": "commitments.exists(c, c.goal != '')"},
        ]);
        let indicators = programme["indicators"].as_array_mut().expect("indicators");
        indicators.extend(more.as_array().expect("more").iter().cloned());
    });
    for (n, sector) in ["civil", "civil", "civil", "municipality", "municipality", "municipality"]
        .iter()
        .enumerate()
    {
        let body = json!({"name": format!("Prøve {n}"), "sector": sector, "joinedOn": "2020-01-01", "region": "1083"});
        let partner = scene.admit_with(body);
        scene.commit(&partner, "nat-A", "Et mål, som kun revisorer ser");
        let answer = if n % 2 == 0 { "yes" } else { "no" };
        let initiative = scene.initiative(&partner, "Samtaler", json!({}));
        let body = json!({"answers": {"joined": {"value": answer}}, "initiatives": [{"initiative": initiative, "outcomes": [
            {"measure": "hours", "kind": "outcome", "actual": format!("{n}.5"), "verification": "documented"}]}]});
        let saved = scene.save("open", &partner, &body);
        assert_eq!(saved.status, 201, "{}", saved.text);
        let token = scene.of(&partner);
        assert_eq!(scene.step("open", &partner, "submission", &token, &json!({})).status, 200);
    }
    scene.admit_with(json!({"name": "Prøve 6", "sector": "region", "joinedOn": "2020-01-01"}));
    scene.does("/publications", json!({"title": "Resultater", "note": "Vist på konferencen"}));
    // What comes later is in the journal, too, and moves nothing of the edition.
    scene.admit("Prøve, som kom senere", "2020-01-01");
    scene
}

fn whole(scene: &Scene) -> Files {
    let answered = scene.get("/publications/1/evidence.zip").token(&scene.auditor).send();
    assert_eq!(answered.status, 200, "{}", answered.text);
    unzip(&answered.bytes).expect("a bundle")
}

/// What both verifiers say of an edition's whole bundle is that it holds; the texts that came with it.
pub fn verified(scene: &Scene) -> String {
    let files = whole(scene);
    let report = verdict(&listed(&files), &asked(scene.api, scene));
    assert_eq!((report.verdict, found(&report)), ("verified", vec![]), "{report:#?}");
    String::from_utf8(files[bundle::TEXTS].clone()).expect("text")
}

/// Whom bundles of this service are believed.
fn asked(api: &Api, scene: &Scene) -> Asked {
    let installation = installation::open(&api.db, facit::api::now());
    let keys = installation.map_err(|e: Error| e.to_string()).expect("keys").note_keys;
    let name = format!("facit/{}", scene.slug);
    Asked {
        keys: keys.iter().map(|key| key.verifier(&name)).collect(),
        alliance: None,
    }
}

/// The files as a zip file whose manifest fits.
fn listed(files: &Files) -> Vec<u8> {
    let mut files = files.clone();
    let mut manifest = Manifest::parse(&files[bundle::MANIFEST]).expect("a manifest");
    files.remove(bundle::MANIFEST);
    manifest.files = files.iter().map(|(path, content)| Listed::of(path, content)).collect();
    files.insert(bundle::MANIFEST.to_owned(), manifest.bytes());
    zip(&files).expect("a zip")
}

/// What both verifiers say.
fn verdict(bytes: &[u8], asked: &Asked) -> Report {
    let report = verify(bytes, asked);
    let python = in_python(bytes, asked);
    assert_eq!(python["verdict"], report.verdict, "{python:#} {report:#?}");
    let found = python["findings"].as_array().expect("findings").iter();
    let theirs: BTreeSet<(String, String)> = found
        .map(|finding| {
            let word = |key: &str| finding[key].as_str().expect("a word").to_owned();
            (word("code"), word("where"))
        })
        .collect();
    let ours = report
        .findings
        .iter()
        .map(|finding| (finding.code.to_owned(), finding.place.clone()));
    assert_eq!(theirs, ours.collect(), "{python:#} {report:#?}");
    report
}

fn in_python(bytes: &[u8], asked: &Asked) -> Value {
    let path = temporary("evidence.zip");
    std::fs::File::create(&path)
        .and_then(|mut file| file.write_all(bytes))
        .expect("a file");
    let mut python = std::process::Command::new("python3");
    python
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/verifiers/python/facit_verify.py"))
        .arg("--json");
    for key in &asked.keys {
        python.arg("--key").arg(key.to_string());
    }
    if let Some(alliance) = &asked.alliance {
        python.arg("--alliance").arg(alliance);
    }
    let output = python.arg(&path).output().expect("python3 is there");
    let _ = std::fs::remove_file(&path);
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}\n{errors}"))
}

fn found(report: &Report) -> Vec<(&str, &str)> {
    report
        .findings
        .iter()
        .map(|finding| (finding.code, finding.place.as_str()))
        .collect()
}

/// The lines of the entries, to be changed.
fn with_entries(files: &Files, change: impl FnOnce(&mut Vec<String>)) -> Files {
    let text = String::from_utf8(files[bundle::ENTRIES].clone()).expect("text");
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    change(&mut lines);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    with(files, bundle::ENTRIES, text.into_bytes())
}

/// So many entries.
fn files_size(files: &Files) -> i64 {
    Manifest::parse(&files[bundle::MANIFEST]).expect("a manifest").size
}

/// The place of a figure's row among others.
fn row(rows: &Value, key: &str, by: Value, group: Value) -> usize {
    let rows = rows.as_array().expect("rows");
    let is_it = |row: &Value| row["indicator"] == key && row["by"] == by && row["group"] == group;
    rows.iter().position(is_it).expect("a row")
}

fn with(files: &Files, path: &str, content: Vec<u8>) -> Files {
    let mut files = files.clone();
    files.insert(path.to_owned(), content);
    files
}

const TREE: (&str, &str) = ("tree-differs", bundle::CHECKPOINT);

on_both! {
    fn everybody_gets_the_edition_with_its_proof_and_auditors_the_entries_too(api) {
        let scene = published(api);
        let public = scene.get("/publications/1/evidence.zip").send();
        assert_eq!((public.status, public.header("content-type"), public.header("cache-control")), (200, "application/zip", "public, no-cache"));
        assert_eq!(public.header("content-disposition"), "attachment; filename=\"prove-1-evidence.zip\"");
        let files = unzip(&public.bytes).expect("a bundle");
        assert!(!files.contains_key(bundle::ENTRIES) && !files.contains_key(bundle::TEXTS) && !files.contains_key(bundle::STANDINGS));
        assert_eq!(files[bundle::PUBLICATION], scene.get("/publications/1").send().bytes);
        assert!(files.values().all(|file| !String::from_utf8_lossy(file).contains("Prøve 1")), "no partner is named");
        let partner = scene.admit("Prøve til sidst", "2020-01-01");
        let of_partner = scene.get("/publications/1/evidence.zip").token(&scene.of(&partner)).send();
        assert!(!unzip(&of_partner.bytes).expect("a bundle").contains_key(bundle::ENTRIES));

        for token in [&scene.auditor, &scene.secretariat] {
            let answered = scene.get("/publications/1/evidence.zip").token(token).send();
            assert_eq!(answered.header("cache-control"), "private, no-cache");
            let files = unzip(&answered.bytes).expect("a bundle");
            let rows = String::from_utf8(files[bundle::STANDINGS].clone()).expect("text");
            assert!(rows.contains("Prøve 1") && !rows.contains("kom senere"), "{rows}");
            assert!(String::from_utf8_lossy(&files[bundle::TEXTS]).contains("kun revisorer"));
        }
        let again = [0, 1].map(|_| scene.get("/publications/1/evidence.zip").token(&scene.auditor).send());
        assert_eq!((again[0].etag(), &again[0].bytes), (again[1].etag(), &again[1].bytes));
        let unknown = scene.get("/publications/2/evidence.zip").send();
        assert_eq!(unknown.problem(404), "not-found");
    }

    fn a_good_bundle_is_verified_by_both(api) {
        let scene = published(api);
        let asked = asked(api, &scene);
        let public = scene.get("/publications/1/evidence.zip").send();
        let report = verdict(&public.bytes, &asked);
        assert_eq!((report.verdict, report.whole, report.pinned), ("verified", Some(false), true), "{report:#?}");
        let report = verdict(&listed(&whole(&scene)), &asked);
        assert_eq!((report.verdict, report.whole, report.edition), ("verified", Some(true), Some(1)), "{report:#?}");
        let report = verdict(&listed(&whole(&scene)), &Asked { alliance: Some("prove".to_owned()), ..Asked::default() });
        assert_eq!((report.verdict, report.pinned), ("verified", false), "{report:#?}");
    }

    fn what_was_done_to_the_entries_is_named(api) {
        let scene = published(api);
        let (asked, files) = (asked(api, &scene), whole(&scene));

        let flipped = with_entries(&files, |lines| {
            let line = lines.iter_mut().find(|line| line.contains("\"partner.admitted\"")).expect("a partner");
            *line = line.replacen("\"1083\"", "\"1084\"", 1);
        });
        let report = verdict(&listed(&flipped), &asked);
        assert!(found(&report).contains(&TREE), "{report:#?}");
        assert!(found(&report).iter().any(|(code, _)| *code == "figure-differs"), "the figures by region are told as well: {report:#?}");
        let unlisted = verdict(&zip(&flipped).expect("a zip"), &asked);
        assert!(found(&unlisted).contains(&("file-differs", bundle::ENTRIES)), "{unlisted:#?}");

        let removed = verdict(&listed(&with_entries(&files, |lines| drop(lines.remove(4)))), &asked);
        assert!(found(&removed).contains(&TREE) && found(&removed).contains(&("entry-missing", "journal/5")), "{removed:#?}");
        let swapped = verdict(&listed(&with_entries(&files, |lines| lines.swap(4, 5))), &asked);
        assert!(found(&swapped).contains(&TREE) && found(&swapped).contains(&("entry-missing", "journal/5")), "{swapped:#?}");
        let cut = verdict(&listed(&with_entries(&files, |lines| drop(lines.pop()))), &asked);
        assert_eq!(found(&cut), [("entry-missing", &*format!("journal/{}", files_size(&files))), TREE], "{cut:#?}");
        let text = String::from_utf8(files[bundle::TEXTS].clone()).expect("text").replacen("revisorer", "partnere", 1);
        let report = verdict(&listed(&with(&files, bundle::TEXTS, text.into_bytes())), &asked);
        assert!(matches!(found(&report)[..], [("text-differs", place)] if place.starts_with("journal/")), "{report:#?}");
    }

    fn what_was_done_to_the_figures_is_named(api) {
        let scene = published(api);
        let (asked, files) = (asked(api, &scene), whole(&scene));
        let mut document: Value = serde_json::from_slice(&files[bundle::PUBLICATION]).expect("JSON");
        document["figures"][0]["counted"] = json!(5);
        let edited = with(&files, bundle::PUBLICATION, serde_json_canonicalizer::to_vec(&document).expect("bytes"));
        let report = verdict(&listed(&edited), &asked);
        assert_eq!(found(&report), [
            ("figure-differs", "figures/joined"),
            ("publication-differs", bundle::PUBLICATION_ENTRY),
            ("publication-differs", bundle::PUBLICATION_NOTE),
        ], "{report:#?}");
        let mut programme: Value = serde_json::from_slice(&files["programmes/1.json"]).expect("JSON");
        programme["smallGroup"] = json!(2);
        let edited = with(&files, "programmes/1.json", serde_json_canonicalizer::to_vec(&programme).expect("bytes"));
        let report = verdict(&listed(&edited), &asked);
        assert_eq!(found(&report), [("programme-differs", "programmes/1.json")], "{report:#?}");
    }

    fn what_was_done_to_the_texts_beside_the_figures_is_named(api) {
        let scene = published(api);
        let (asked, files) = (asked(api, &scene), whole(&scene));
        let mut document: Value = serde_json::from_slice(&files[bundle::PUBLICATION]).expect("JSON");
        let hours = row(&document["figures"], "hours", Value::Null, Value::Null);
        let civil = row(&document["breakdowns"], "goals", json!("sector"), json!("civil"));
        let south = row(&document["breakdowns"], "goals", json!("region"), json!("1083"));
        document["title"] = json!("Andre resultater");
        document["figures"][0]["percentText"]["da"] = json!("51");
        document["figures"][hours]["unit"]["en"] = json!("days");
        document["breakdowns"][civil]["label"]["da"] = json!("delmål");
        document["breakdowns"][south]["groupLabel"]["en"] = json!("The South");
        document["completeness"][0]["label"]["en"] = json!("Another round");
        document["definitions"]["measures"][0]["label"]["en"] = json!("Days");
        let edited = with(&files, bundle::PUBLICATION, serde_json_canonicalizer::to_vec(&document).expect("bytes"));
        let report = verdict(&listed(&edited), &asked);
        let round = format!("completeness/{}", document["completeness"][0]["round"].as_str().expect("a key"));
        assert_eq!(found(&report), [
            ("completeness-differs", &*round),
            ("definition-differs", "definitions/measures/hours"),
            ("edition-differs", bundle::PUBLICATION),
            ("figure-differs", "figures/goals/region/1083"),
            ("figure-differs", "figures/goals/sector/civil"),
            ("figure-differs", "figures/hours"),
            ("figure-differs", "figures/joined"),
            ("publication-differs", bundle::PUBLICATION_ENTRY),
            ("publication-differs", bundle::PUBLICATION_NOTE),
        ], "{report:#?}");

        let mut document: Value = serde_json::from_slice(&files[bundle::PUBLICATION]).expect("JSON");
        document["definitions"]["indicators"][0]["label"]["en"] = json!("have joined");
        document["figures"][1]["ratio"] = json!("0.500001");
        let edited = with(&files, bundle::PUBLICATION, serde_json_canonicalizer::to_vec(&document).expect("bytes"));
        let report = verdict(&listed(&edited), &asked);
        assert!(found(&report).contains(&("figure-differs", "figures/joined")), "{report:#?}");
    }

    fn a_group_that_is_hidden_without_need_or_shown_without_leave_is_named(api) {
        let scene = published(api);
        let (asked, files) = (asked(api, &scene), whole(&scene));
        let mut document: Value = serde_json::from_slice(&files[bundle::PUBLICATION]).expect("JSON");
        let [large, other, small] = ["civil", "municipality", "region"]
            .map(|sector| row(&document["breakdowns"], "goals", json!("sector"), json!(sector)));
        let rows = &mut document["breakdowns"];
        assert_eq!([large, other, small].map(|n| rows[n]["suppressed"].take()), [Value::Null, json!("complement"), json!("small-group")]);
        rows[other]["suppressed"] = json!("complement");
        let shown = rows[large].clone();
        for (field, value) in shown.as_object().expect("a row") {
            // What has numbers in one has them in the other.
            if rows[small][field].is_null() && !value.is_null() {
                rows[large][field] = Value::Null;
                rows[small][field] = value.clone();
            }
        }
        rows[large]["suppressed"] = json!("small-group");
        for (field, value) in [("counted", json!(0)), ("notCounted", json!(1)), ("members", json!(1)), ("base", json!(1)),
            ("percent", json!(0)), ("ratio", json!("0.000000")), ("lowestPercent", json!(0)), ("highestPercent", json!(0)),
            ("percentText", json!({"da": "0", "en": "0"}))] {
            assert!(!rows[small][field].is_null(), "{field}");
            rows[small][field] = value;
        }
        let edited = with(&files, bundle::PUBLICATION, serde_json_canonicalizer::to_vec(&document).expect("bytes"));
        let report = verdict(&listed(&edited), &asked);
        assert_eq!(found(&report), [
            ("figure-differs", "figures/goals/sector/civil"),
            ("figure-differs", "figures/goals/sector/region"),
            ("publication-differs", bundle::PUBLICATION_ENTRY),
            ("publication-differs", bundle::PUBLICATION_NOTE),
        ], "{report:#?}");
        for finding in report.findings.iter().filter(|finding| finding.code == "figure-differs") {
            assert!(finding.detail.starts_with("suppressed: "), "the numbers are right: {finding:?}");
        }
    }

    fn another_keys_signature_is_not_believed(api) {
        let scene = published(api);
        let (asked, files) = (asked(api, &scene), whole(&scene));
        let (key, name) = (NoteKey::generate(), format!("facit/{}", scene.slug));
        let text = |path: &str| String::from_utf8(files[path].clone()).expect("text");
        let signed = |path: &str| {
            let note = text(path);
            let end = note.rfind("\n\n").expect("a note");
            key.sign(&name, &note[..=end]).expect("a signature")
        };
        let checkpoint = signed(bundle::CHECKPOINT);
        let proof = LeafProof::parse(&text(bundle::PUBLICATION_PROOF)).expect("a proof");
        let mut forged = with(&files, bundle::CHECKPOINT, checkpoint.clone().into_bytes());
        forged.insert(bundle::PUBLICATION_PROOF.to_owned(), LeafProof { checkpoint, ..proof }.text().into_bytes());
        forged.insert(bundle::PUBLICATION_NOTE.to_owned(), signed(bundle::PUBLICATION_NOTE).into_bytes());
        forged.insert(bundle::KEYS.to_owned(), format!("{}\n", key.verifier(&name)).into_bytes());
        let report = verdict(&listed(&forged), &asked);
        assert_eq!(found(&report), [("unknown-key", bundle::CHECKPOINT), ("unknown-key", bundle::PUBLICATION_NOTE)], "{report:#?}");
        let believed = verdict(&listed(&forged), &Asked::default());
        assert_eq!((believed.verdict, believed.pinned), ("verified", false), "only a key from elsewhere tells");

        let note = text(bundle::CHECKPOINT);
        let read = Checkpoint::parse(&note[..=note.rfind("\n\n").expect("a note")]).expect("a checkpoint");
        let other = Checkpoint { size: read.size + 1, ..read }.text();
        let broken = note.replacen(&note[..=note.rfind("\n\n").expect("a note")], &other, 1);
        let report = verdict(&listed(&with(&files, bundle::CHECKPOINT, broken.into_bytes())), &asked);
        assert!(found(&report).contains(&("bad-signature", bundle::CHECKPOINT)), "{report:#?}");
        let report = verdict(&listed(&with(&files, bundle::CHECKPOINT, b"rubbish".to_vec())), &asked);
        assert!(found(&report).contains(&("bad-note", bundle::CHECKPOINT)), "{report:#?}");
    }

    fn a_file_that_is_no_bundle_has_a_clear_answer(api) {
        let scene = published(api);
        let (asked, files) = (asked(api, &scene), whole(&scene));
        let mut lacking = files.clone();
        lacking.remove(bundle::PUBLICATION_PROOF);
        let report = verdict(&zip(&lacking).expect("a zip"), &asked);
        assert_eq!(found(&report), [("file-missing", bundle::PUBLICATION_PROOF)], "{report:#?}");
        let report = verdict(&listed(&lacking), &asked);
        assert_eq!(found(&report), [("file-missing", bundle::PUBLICATION_PROOF)], "listed or not: {report:#?}");
        let report = verdict(&zip(&with(&files, "more.txt", b"x".to_vec())).expect("a zip"), &asked);
        assert_eq!(found(&report), [("file-unlisted", "more.txt")], "{report:#?}");
        let report = verdict(&listed(&files), &Asked { alliance: Some("en-anden".to_owned()), ..asked.clone() });
        assert_eq!(found(&report), [("wrong-alliance", bundle::MANIFEST)], "{report:#?}");
        let mut unmarked = files.clone();
        unmarked.remove(bundle::MANIFEST);
        for (wrong, code) in [
            (zip(&unmarked).expect("a zip"), "bad-manifest"),
            (zip(&with(&files, "../up.txt", b"x".to_vec())).expect("a zip"), "bad-zip"),
            (zip(&with(&files, "bomb", vec![0; 64 << 20])).expect("a zip"), "bad-zip"),
            (b"rubbish".to_vec(), "bad-zip"),
            (listed(&files)[..2000].to_vec(), "bad-zip"),
        ] {
            let report = verdict(&wrong, &asked);
            assert_eq!((report.verdict, report.findings[0].code), ("unreadable", code), "{report:#?}");
        }
    }
}

#[test]
fn the_command_line_writes_a_bundle_and_verifies_it_without_a_database() {
    let api = Api::start(Backend::Sqlite);
    let scene = published(&api);
    let key = scene.get("/journal/verifier-key").send().text;
    let path = temporary("bundle.zip");
    let written =
        command(api.url(), &["evidence", "--alliance", &scene.slug, path.to_str().expect("a path")]);
    assert!(written.status.success(), "{written:?}");
    let again =
        command(api.url(), &["evidence", "--alliance", &scene.slug, path.to_str().expect("a path")]);
    assert_eq!(again.status.code(), Some(1), "nothing is overwritten");
    let nowhere = "sqlite:/nowhere/at/all.db";
    let verified = command(nowhere, &["verify", "--key", key.trim(), path.to_str().expect("a path")]);
    let text = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(verified.status.success() && text.contains("verified; 0 findings"), "{verified:?}");
    let wrong =
        command(nowhere, &["verify", "--alliance", "x", "--json", path.to_str().expect("a path")]);
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    std::fs::write(&path, b"rubbish").expect("a file");
    let unreadable = command(nowhere, &["verify", path.to_str().expect("a path")]);
    assert_eq!(unreadable.status.code(), Some(2), "{unreadable:?}");
    let _ = std::fs::remove_file(&path);
}
