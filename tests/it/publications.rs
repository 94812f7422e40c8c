//! Editions: frozen figures at a permanent address, with hash and signature; corrections; what small groups show.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use facit::auth::notes;
use facit::service::{Error, installation};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answered, Api, Scene, on_both};

fn sha256(bytes: &[u8]) -> String {
    facit::domain::journal::hex(&Sha256::digest(bytes))
}

fn publish(scene: &Scene, body: Value) -> Answered {
    scene.post("/publications").token(&scene.secretariat).once().json(&body).send()
}

fn published(scene: &Scene, body: Value) -> Value {
    let answered = publish(scene, body);
    assert_eq!(answered.status, 201, "{}", answered.text);
    answered.body
}

fn edition(scene: &Scene, number: i64) -> Answered {
    let read = scene.get(&format!("/publications/{number}")).send();
    assert_eq!(read.status, 200, "{}", read.text);
    read
}

/// The row of a figure, or of one of its groups.
fn row<'a>(document: &'a Value, indicator: &str, by: Option<&str>, group: Option<&str>) -> &'a Value {
    let part = if by.is_some() { "breakdowns" } else { "figures" };
    let rows = document[part].as_array().expect("rows");
    let is_it = |row: &&Value| {
        row["indicator"] == indicator && row["by"] == json!(by) && row["group"] == json!(group)
    };
    rows.iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("{indicator} {by:?} {group:?}"))
}

/// So many of each sector, each with its answer; their ids.
fn members(scene: &Scene, sectors: &[(&str, &[Option<&str>])]) -> Vec<String> {
    let mut ids = Vec::new();
    for (sector, answers) in sectors {
        for answer in *answers {
            let name = format!("Prøve {}", ids.len() + 1);
            let id = scene.admit_with(json!({"name": name, "sector": sector, "joinedOn": "2020-01-01"}));
            if let Some(answer) = answer {
                scene.submit("open", &id, json!({"joined": {"value": answer}}));
            }
            ids.push(id);
        }
    }
    ids
}

const YES: Option<&str> = Some("yes");
const NO: Option<&str> = Some("no");

/// Four of one sector, three of another and two of the third.
fn four_three_two(api: &Api) -> (Scene<'_>, Vec<String>) {
    let scene = Scene::new(api);
    let sectors: [(&str, &[Option<&str>]); 3] =
        [("civil", &[YES, YES, NO, None]), ("municipality", &[YES, NO, NO]), ("region", &[YES, NO])];
    let ids = members(&scene, &sectors);
    (scene, ids)
}

on_both! {
    fn an_edition_is_public_canonical_hashed_and_signed(api) {
        let (scene, _) = four_three_two(api);
        let size = scene.journal_size();
        let made = publish(&scene, json!({"title": "Resultater", "note": "Vist på konferencen"}));
        assert_eq!(made.status, 201, "{}", made.text);
        assert_eq!(made.header("location"), scene.at("/publications/1"));
        let listed = scene.get("/publications").send();
        assert_eq!(listed.body["items"], json!([made.body.clone()]));
        let row = &listed.body["items"][0];
        assert_eq!((&row["title"], &row["note"], &row["corrects"], &row["correctedBy"]), (&json!("Resultater"), &json!("Vist på konferencen"), &Value::Null, &Value::Null));
        assert_eq!((&row["journalSize"], &row["journalSeq"]), (&json!(size), &json!(size + 1)));

        let read = edition(&scene, 1);
        assert_eq!(read.header("content-type"), "application/json");
        assert_eq!(row["sha256"], sha256(&read.bytes));
        let again: Value = serde_json::from_slice(&read.bytes).expect("JSON");
        assert_eq!(serde_json_canonicalizer::to_vec(&again).expect("canonical"), read.bytes);
        let digest = BASE64_STANDARD.encode(Sha256::digest(&read.bytes));
        assert_eq!(read.header("repr-digest"), format!("sha-256=:{digest}:"));
        assert_eq!(read.etag(), format!("\"1-{}\"", sha256(&read.bytes)));
        assert_eq!((read.header("link"), read.header("cache-control")), ("", "public, no-cache"));
        let same = scene.get("/publications/1").header("if-none-match", read.etag()).send();
        assert_eq!((same.status, same.header("cache-control")), (304, "public, no-cache"));

        let keys = installation::open(&api.db, facit::api::now()).map_err(|e: Error| e.to_string()).expect("keys").note_keys;
        let verifiers: Vec<_> = keys.iter().map(|key| key.verifier("facit/prove")).collect();
        let note = row["signature"].as_str().expect("a note");
        let text = notes::open(note, &verifiers).expect("our signature");
        assert_eq!(text, format!("facit/prove/publications/1\nsha256 {}\njournal {size}\n", sha256(&read.bytes)));

        let entry = scene.get(&format!("/journal/{}", size + 1)).token(&scene.auditor).send().body;
        assert_eq!((&entry["action"], &entry["subject"], &entry["partner"]), (&json!("publication.published"), &json!("publications/1"), &Value::Null));
        assert_eq!((&entry["after"]["sha256"], &entry["after"]["note"]), (&row["sha256"], &row["note"]));
        assert!(!entry["canonical"].as_str().expect("bytes").contains("konferencen"), "the note is free text");
    }

    fn an_edition_says_all_that_it_takes_to_read_it_alone(api) {
        let (scene, _) = four_three_two(api);
        published(&scene, json!({"title": "Resultater"}));
        let document = edition(&scene, 1).body;
        assert_eq!((&document["format"], &document["edition"], &document["title"]), (&json!(1), &json!(1), &json!("Resultater")));
        assert_eq!(document["alliance"], json!({"slug": "prove", "name": {"da": "Prøvealliancen", "en": "Prøvealliancen (en)"}}));
        let joined = row(&document, "joined", None, None);
        assert_eq!(joined["label"], json!({"da": "med", "en": "med (en)"}));
        let counts = ["counted", "notCounted", "noAnswer", "notSubmitted", "members", "base", "percent", "lowestPercent", "highestPercent"];
        assert_eq!(counts.map(|key| joined[key].as_i64().expect("a number")), [4, 4, 0, 1, 9, 8, 50, 44, 56]);
        assert_eq!((&joined["percentText"], &joined["ratio"]), (&json!({"da": "50", "en": "50"}), &json!("0.500000")));
        let live = scene.figure("joined", "");
        assert_eq!((&joined["validOn"], &joined["definitionSha256"]), (&live["validOn"], &live["definition"]["sha256"]));
        let rows: Vec<&Value> = document["figures"].as_array().expect("figures").iter().map(|row| &row["indicator"]).collect();
        assert_eq!(rows, ["joined", "chosen", "partners", "initiatives", "reports"]);

        let defined: Vec<&Value> = document["definitions"]["indicators"].as_array().expect("definitions").iter().collect();
        assert_eq!(defined.len(), 5);
        assert_eq!(sha256(&serde_json_canonicalizer::to_vec(defined[0]).expect("canonical")), live["definition"]["sha256"].as_str().expect("a hash"));
        assert_eq!(document["definitions"]["questions"][0]["key"], "joined");
        let programme = serde_json_canonicalizer::to_vec(&scene.get("").send().body).expect("canonical");
        assert_eq!(document["programme"], json!({"version": 1, "sha256": sha256(&programme), "countsFrom": "submitted",
            "smallGroup": 3, "decimals": 0, "timeZone": "Europe/Copenhagen"}));
        let open = document["completeness"].as_array().expect("rounds").iter().find(|row| row["round"] == "open").expect("open");
        assert_eq!((&open["expected"], &open["submitted"], &open["notSubmitted"]), (&json!(9), &json!(8), &json!(1)));
        assert!(document["completeness"].as_array().expect("rounds").iter().all(|row| row["round"] != "future"), "what has not opened");
        for name in ["Prøve 1", "partners\":["] {
            assert!(!edition(&scene, 1).text.contains(name), "no partner is named");
        }
    }

    fn an_edition_stays_as_it_is_whatever_happens(api) {
        let (scene, ids) = four_three_two(api);
        published(&scene, json!({"title": "Resultater"}));
        let before = edition(&scene, 1);
        scene.submit("open", &ids[3], json!({"joined": {"value": "yes"}}));
        scene.withdraw("open", &ids[0]);
        scene.depart(&ids[1], "2021-01-01");
        let mut programme = scene.get("").send().body;
        programme["indicators"][0]["label"] = json!({"da": "andet", "en": "other"});
        programme["indicators"][0]["counts"] = json!("answer == 'no'");
        programme["decimals"] = json!(2);
        let applied = scene.put("").token(&scene.secretariat).if_match("*").json(&programme).send();
        assert_eq!(applied.status, 200, "{}", applied.text);
        published(&scene, json!({"title": "Året efter"}));
        let after = edition(&scene, 1);
        assert_eq!(before.bytes, after.bytes);
        assert_eq!(before.etag(), after.etag());
        assert_eq!(after.header("cache-control"), "public, max-age=31536000, immutable", "none will correct it now");
        assert_eq!(after.header("link"), "", "another edition is no correction");
        let english = scene.get("/publications/1").english().send();
        assert_eq!(english.bytes, before.bytes, "the same for every language");
        assert_eq!(row(&edition(&scene, 2).body, "joined", None, None)["counted"], 4);
    }

    fn a_correction_is_the_next_edition_and_both_say_so(api) {
        let (scene, ids) = four_three_two(api);
        published(&scene, json!({"title": "Resultater"}));
        scene.submit("open", &ids[3], json!({"joined": {"value": "yes"}}));
        let made = published(&scene, json!({"title": "Resultater, rettet", "corrects": 1, "reason": "En rapport manglede"}));
        assert_eq!((&made["edition"], &made["corrects"], &made["reason"]), (&json!(2), &json!(1), &json!("En rapport manglede")));
        let (old, new) = (edition(&scene, 1), edition(&scene, 2));
        assert_eq!(old.header("link"), format!("<{}>; rel=\"successor-version\"", scene.at("/publications/2")));
        assert_eq!(new.header("link"), format!("<{}>; rel=\"predecessor-version\"", scene.at("/publications/1")));
        assert_eq!(new.body["corrects"], 1);
        let listed = scene.get("/publications").send().body;
        assert_eq!((&listed["items"][0]["correctedBy"], &listed["items"][1]["correctedBy"]), (&json!(2), &Value::Null));
        let changes = scene.get("/publications/1/changes").send();
        assert_eq!(changes.status, 200, "{}", changes.text);
        let wholes: Vec<&Value> = changes.body["items"].as_array().expect("rows").iter().filter(|row| row["by"].is_null()).collect();
        assert_eq!(wholes.iter().map(|row| row["indicator"].as_str().expect("a key")).collect::<Vec<_>>(), ["joined", "reports"]);
        let gone = changes.body["items"].as_array().expect("rows").iter().find(|row| row["by"] == "sector" && row["group"] == "civil").expect("a group");
        assert_eq!((&gone["change"], &gone["old"]["counted"], &gone["new"]), (&json!("removed"), &json!(2), &Value::Null), "few changed");
        let joined = &changes.body["items"][0];
        assert_eq!((&joined["from"], &joined["to"], &joined["change"], &joined["redefined"]), (&json!(1), &json!(2), &json!("changed"), &json!(false)));
        let of = |side: &str| ["counted", "base", "percent", "notSubmitted"].map(|key| joined[side][key].as_i64().expect("a number"));
        assert_eq!((of("old"), of("new")), ([4, 8, 50, 1], [5, 9, 56, 0]));
        let causes: Vec<Value> = joined["causes"].as_array().expect("causes").iter().map(|it| json!([it["cause"], it["changes"], it["difference"]["counted"], it["difference"]["base"]])).collect();
        assert_eq!(causes, [json!(["submission", 1, 1, 1])]);
        assert_eq!(gone["causes"], json!([]), "causes are of wholes");
        assert!(!changes.text.contains(&ids[3]) && !changes.text.contains("Prøve 4"), "{}", changes.text);
        assert_eq!(scene.get("/publications/2/changes").send().body["items"], json!([]), "there is no next one");
    }

    fn a_note_that_is_gone_is_gone_everywhere_and_the_edition_stays(api) {
        let (scene, _) = four_three_two(api);
        published(&scene, json!({"title": "Tal", "note": "Skrevet af Bo"}));
        let before = edition(&scene, 1);
        let entry = scene.read("/journal?action=publication.published")["items"][0]["seq"].clone();
        let redaction = json!({"pointer": "/after/note", "reason": "Nævnte en person"});
        scene.does(&format!("/journal/{entry}/redactions"), redaction);
        let row = scene.get("/publications").send().body["items"][0].clone();
        assert_eq!((&row["note"], &row["title"]), (&Value::Null, &json!("Tal")));
        assert_eq!(edition(&scene, 1).bytes, before.bytes);
    }

    fn the_causes_add_up_to_what_the_next_edition_changed(api) {
        let (scene, ids) = four_three_two(api);
        published(&scene, json!({"title": "Tal"}));
        scene.submit("open", &ids[3], json!({"joined": {"value": "no"}}));
        scene.withdraw("open", &ids[0]);
        scene.withdraw("open", &ids[4]);
        scene.submit("open", &ids[4], json!({"joined": {"value": "no"}}));
        scene.admit("Ny", "2021-01-01");
        scene.commit(&ids[1], "nat-A", "Et mål");
        scene.initiative(&ids[2], "Værestedet", json!({}));
        published(&scene, json!({"title": "Senere tal"}));
        let changes = scene.get("/publications/1/changes?limit=500").send().body;
        let wholes: Vec<&Value> = changes["items"].as_array().expect("rows").iter().filter(|row| row["by"].is_null()).collect();
        assert_eq!(wholes.len(), 4, "all but the reports, of which one came and one went");
        for row in wholes {
            for key in ["counted", "notCounted", "noAnswer", "notSubmitted", "members", "base"] {
                let number = |value: &Value| value[key].as_i64().unwrap_or(0);
                let moved: i64 = row["causes"].as_array().expect("causes").iter().map(|cause| number(&cause["difference"])).sum();
                assert_eq!(moved, number(&row["new"]) - number(&row["old"]), "{key} of {row}");
            }
        }
    }

    fn an_edition_is_a_point_of_the_journal(api) {
        let (scene, ids) = four_three_two(api);
        published(&scene, json!({"title": "Tal"}));
        scene.withdraw("open", &ids[0]);
        let then = scene.figure("joined", "?asOf=publications/1");
        let document = edition(&scene, 1).body;
        let frozen = row(&document, "joined", None, None);
        for key in ["counted", "notCounted", "notSubmitted", "members", "base", "percent", "ratio", "validOn"] {
            assert_eq!(then[key], frozen[key], "{key}");
        }
        assert_eq!(then["journalSize"], document["journalSize"]);
    }

    fn what_can_not_be_published_is_named(api) {
        let scene = Scene::new(api);
        let faults = |body: Value| {
            let refused = publish(&scene, body.clone());
            assert_eq!(refused.problem(422), "invalid", "{body}");
            let english = scene.post("/publications").token(&scene.secretariat).once().english().json(&body).send();
            assert_eq!(refused.faults(), english.faults());
            assert_ne!(refused.body["errors"][0]["detail"], english.body["errors"][0]["detail"]);
            refused.faults()
        };
        assert_eq!(faults(json!({"title": "Tal", "indicators": []})), ["/indicators nothing-to-publish"]);
        assert_eq!(faults(json!({"title": " "})), ["/title required"]);
        assert_eq!(faults(json!({"title": "Tal", "indicators": ["joined", "none", "joined"]})), ["/indicators/2 duplicate", "/indicators/1 unknown-indicator"]);
        assert_eq!(faults(json!({"title": "Tal", "corrects": 1, "reason": "x"})), ["/corrects unknown-publication"]);
        assert_eq!(faults(json!({"title": "Tal", "reason": "x"})), ["/reason not-a-correction"]);
        let missing = scene.post("/publications").token(&scene.secretariat).json(&json!({"title": "Tal"})).send();
        assert_eq!(missing.problem(400), "idempotency-key-missing");
        assert_eq!(publish(&scene, json!({})).problem(400), "missing-field");
        assert_eq!(publish(&scene, json!({"title": "Tal", "indicator": "joined"})).problem(400), "unknown-field");
        scene.admit("En", "2020-01-01");
        published(&scene, json!({"title": "Tal"}));
        scene.admit("To", "2020-01-01");
        published(&scene, json!({"title": "Tal"}));
        assert_eq!(faults(json!({"title": "Tal", "corrects": 1, "reason": "x"})), ["/corrects not-the-last-edition"]);
        assert_eq!(faults(json!({"title": "Tal", "corrects": 2})), ["/reason required"]);
        assert_eq!(faults(json!({"title": "Tal", "corrects": 2, "reason": " "})), ["/reason required"]);
        for number in ["0", "3", "-1", "x", "01"] {
            assert_eq!(scene.get(&format!("/publications/{number}")).send().problem(404), "not-found");
            assert_eq!(scene.get(&format!("/publications/{number}/changes")).send().problem(404), "not-found");
        }
        let nothing = Scene::with(api, |document| {
            document["slug"] = json!("tom");
            document["indicators"] = json!([]);
        });
        assert_eq!(publish(&nothing, json!({"title": "Tal"})).faults(), ["/indicators nothing-to-publish"]);
    }

    fn publishing_twice_with_one_key_happens_once_and_unchanged_not_again(api) {
        let (scene, _) = four_three_two(api);
        let send = || scene.post("/publications").token(&scene.secretariat).header("idempotency-key", "k").json(&json!({"title": "Tal"})).send();
        let (first, again) = (send(), send());
        assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, "true"));
        assert_eq!(first.text, again.text);
        let refused = publish(&scene, json!({"title": "Tal en gang til"}));
        assert_eq!(refused.problem(409), "edition-unchanged");
        assert!(refused.body["detail"].as_str().expect("a detail").contains("udgave 1"));
        let correction = publish(&scene, json!({"title": "Tal", "corrects": 1, "reason": "Ny titel"}));
        assert_eq!(correction.problem(409), "edition-unchanged");
        assert_eq!(scene.get("/publications").send().body["items"].as_array().map(Vec::len), Some(1));
        published(&scene, json!({"title": "Kun ét", "indicators": ["joined"]}));
    }

    fn only_the_secretariat_publishes_and_everybody_reads(api) {
        let (scene, ids) = four_three_two(api);
        let body = json!({"title": "Tal"});
        let post = || scene.post("/publications").once().json(&body);
        assert_eq!(post().send().problem(401), "token-missing");
        for token in [&scene.auditor, &scene.of(&ids[0]), api.operator(), &api.role(&scene.slug, "reader", None)] {
            assert_eq!(post().token(token).send().problem(403), "forbidden");
        }
        published(&scene, body.clone());
        for token in [None, Some(&scene.auditor), Some(api.operator())] {
            for path in ["/publications", "/publications/1", "/publications/1/figures", "/publications/1/changes"] {
                assert_eq!(scene.get(path).maybe(token).send().status, 200, "{path}");
            }
        }
    }

    fn the_rows_of_an_edition_come_as_a_list_and_as_csv(api) {
        let (scene, _) = four_three_two(api);
        published(&scene, json!({"title": "Tal", "indicators": ["joined", "partners"]}));
        let listed = scene.get("/publications/1/figures?limit=500").send().body;
        let document = edition(&scene, 1).body;
        let whole: Vec<&Value> = document["figures"].as_array().expect("figures").iter().chain(document["breakdowns"].as_array().expect("groups")).collect();
        assert_eq!(listed["items"].as_array().expect("rows").iter().collect::<Vec<_>>(), whole);
        let csv = scene.get("/publications/1/figures?limit=500").header("accept", "text/csv").send();
        let heading = csv.text.lines().next().expect("a heading");
        assert!(heading.starts_with("indicator,kind,label.da,label.en,by,group,groupLabel.da,groupLabel.en,round,suppressed,counted,"), "{heading}");
        assert_eq!(csv.text.lines().count(), whole.len() + 1);
    }

    fn a_small_group_and_the_one_that_would_tell_it_have_no_numbers(api) {
        let (scene, _) = four_three_two(api);
        published(&scene, json!({"title": "Tal"}));
        let document = edition(&scene, 1).body;
        let of = |sector: &str| row(&document, "joined", Some("sector"), Some(sector));
        let numbers = ["counted", "notCounted", "notApplicable", "noAnswer", "notSubmitted", "members", "base", "percent", "percentText", "ratio", "lowestPercent", "highestPercent", "value"];
        assert_eq!((&of("civil")["suppressed"], &of("civil")["counted"], &of("civil")["members"]), (&Value::Null, &json!(2), &json!(4)));
        for (sector, because) in [("municipality", "complement"), ("region", "small-group")] {
            assert_eq!(of(sector)["suppressed"], because);
            assert_eq!(of(sector)["groupLabel"], json!({"da": sector, "en": format!("{sector} (en)")}));
            for number in numbers {
                assert_eq!(of(sector)[number], Value::Null, "{sector} {number}");
            }
        }
        assert_eq!(row(&document, "joined", Some("region"), None)["counted"], 4, "all of them have no region");
        assert_eq!(document["leftOut"], json!([]));
    }

    fn what_few_changed_does_not_show_in_the_next_edition(api) {
        let scene = Scene::new(api);
        let sectors: [(&str, &[Option<&str>]); 2] = [("civil", &[YES, YES, YES, NO]), ("municipality", &[YES, NO, NO, NO])];
        let ids = members(&scene, &sectors);
        published(&scene, json!({"title": "Tal"}));
        assert_eq!(row(&edition(&scene, 1).body, "joined", Some("sector"), Some("civil"))["counted"], 3);
        scene.withdraw("open", &ids[3]);
        scene.submit("open", &ids[3], json!({"joined": {"value": "yes"}}));
        published(&scene, json!({"title": "Tal", "corrects": 1, "reason": "Et svar var forkert"}));
        let second = edition(&scene, 2).body;
        assert_eq!(second["leftOut"], json!([{"indicator": "joined", "because": "few-changed", "sinceEdition": 1}]));
        assert!(second["breakdowns"].as_array().expect("groups").iter().all(|row| row["indicator"] != "joined"));
        assert_eq!(row(&second, "joined", None, None)["counted"], 5);
        assert_eq!(row(&second, "partners", Some("sector"), Some("civil"))["counted"], 4, "what did not change is shown as before");
        for id in &ids[..4] {
            scene.withdraw("open", id);
            scene.submit("open", id, json!({"joined": {"value": "no"}}));
        }
        published(&scene, json!({"title": "Tal for næste år"}));
        let third = edition(&scene, 3).body;
        assert_eq!(third["leftOut"], json!([]), "three stand otherwise than in the first");
        assert_eq!(row(&third, "joined", Some("sector"), Some("civil"))["counted"], 0);
    }

    fn claims_are_held_against_editions(api) {
        let (scene, ids) = four_three_two(api);
        published(&scene, json!({"title": "Tal", "indicators": ["joined", "partners"]}));
        for id in &ids[..2] {
            scene.withdraw("open", id);
        }
        let check = |token, body: &Value| scene.post("/claims").maybe(token).json(body).send();
        let mut body = json!({"claims": [{"percent": 50, "decimals": 0, "indicator": "joined"}], "publication": 1});
        for token in [None, Some(&scene.auditor)] {
            let checked = check(token, &body);
            assert_eq!(checked.status, 200, "{}", checked.text);
            assert_eq!(checked.body["claims"][0]["supported"], true);
            assert_eq!((&checked.body["claims"][0]["figure"]["base"], &checked.body["against"]["publication"]), (&json!(8), &json!(1)));
        }
        body["publication"].take();
        assert_eq!(check(None, &body).body["against"]["publication"], 1, "the public sees the last edition");
        let now = check(Some(&scene.auditor), &body).body;
        assert_eq!((&now["against"]["publication"], &now["claims"][0]["supported"]), (&Value::Null, &json!(false)));
        let faults = |indicator: &str| {
            let refused = check(None, &json!({"claims": [{"percent": 50, "decimals": 0, "indicator": indicator}], "publication": 1}));
            assert_eq!(refused.problem(422), "invalid");
            refused.faults()
        };
        assert_eq!(faults("chosen"), ["/claims/0/indicator not-published"]);
        assert_eq!(faults("partners"), ["/claims/0/indicator not-a-share"]);
        body["publication"] = json!(2);
        assert_eq!(check(None, &body).faults(), ["/publication unknown-publication"]);
    }
}
