//! The journal: one entry for each change that counts, hidden texts, nothing personal, and who sees it.

use facit::domain::journal::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answered, Scene, Token, on_both};

fn entries(scene: &Scene, query: &str, token: &Token) -> Vec<Value> {
    let list = scene.get(&format!("/journal?limit=500{query}")).token(token).send();
    assert_eq!(list.status, 200, "{query}: {}", list.text);
    list.body["items"].as_array().expect("entries").clone()
}

fn numbers(scene: &Scene, query: &str, token: &Token) -> Vec<i64> {
    entries(scene, query, token)
        .iter()
        .map(|entry| entry["seq"].as_i64().expect("a number"))
        .collect()
}

fn entry(scene: &Scene, seq: i64) -> Value {
    let found = scene.get(&format!("/journal/{seq}")).token(&scene.auditor).send();
    assert_eq!(found.status, 200, "{}", found.text);
    found.body
}

/// An alliance in which everything happened once that has a text.
fn eventful(scene: &Scene) -> String {
    let partner = scene.admit("Eksempelforeningen", "2020-01-01");
    scene.commit(&partner, "nat-A", "Et hemmeligt mål");
    let initiative =
        scene.initiative(&partner, "Samtaler", json!({"summary": "Et fortroligt sammendrag"}));
    let body = json!({
        "answers": {"joined": {"value": "yes", "comment": "En intern kommentar"}, "reach": {"value": 2.5}, "note": {"value": "Et frit svar"}},
        "initiatives": [{"initiative": initiative, "progress": "Stort fremskridt", "learning": "Dyr læring", "barriers": "Høje barrierer"}],
    });
    scene.save("open", &partner, &body);
    assert_eq!(
        scene
            .step("open", &partner, "submission", &scene.of(&partner), &json!({}))
            .status,
        200
    );
    let points = json!({"points": [{"pointer": "/answers/reach", "code": "unclear", "detail": "Et åbent punkt"}]});
    scene.does(&format!("/reports/open/{partner}/return"), points);
    scene.submit("open", &partner, json!({"joined": {"value": "no"}}));
    scene.accept("open", &partner);
    scene.does(&format!("/reports/open/{partner}/reopening"), json!({"reason": "En god grund"}));
    scene.does(
        &format!("/partners/{partner}/departure"),
        json!({"leftOn": "2022-01-01", "reason": "Et stille farvel"}),
    );
    partner
}

const TEXTS: [&str; 10] = [
    "Et hemmeligt mål",
    "Et fortroligt sammendrag",
    "En intern kommentar",
    "Et frit svar",
    "Stort fremskridt",
    "Dyr læring",
    "Høje barrierer",
    "Et åbent punkt",
    "En god grund",
    "Et stille farvel",
];

on_both! {
    fn each_change_that_counts_is_one_entry(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let own = scene.of(&partner);
        let office = &scene.secretariat;
        let mut size = scene.journal_size();
        let mut one = |action: &str, subject: &str, answered: Answered| {
            assert!((200..300).contains(&answered.status), "{action}: {}", answered.text);
            size += 1;
            let found = entry(&scene, size);
            assert_eq!((&found["action"], &found["subject"]), (&json!(action), &json!(subject)));
            assert_eq!(scene.journal_size(), size, "{action} is one entry");
            answered
        };
        let at = format!("partners/{partner}");
        one("partner.updated", &at, scene.try_change(&format!("/{at}"), &json!({"area": "national"}), &own));
        let departure = json!({"leftOn": "2022-01-01", "reason": "Lukket"});
        one("partner.departed", &at, scene.post(&format!("/{at}/departure")).token(office).json(&departure).send());
        let again = json!({"joinedOn": "2022-06-01"});
        one("partner.rejoined", &at, scene.post(&format!("/{at}/memberships")).token(office).json(&again).send());

        let made = scene.post(&format!("/{at}/commitments")).token(&own).json(&json!({"focusArea": "nat-A"})).send();
        let commitment = format!("commitments/{}", made.body["id"].as_str().expect("an id"));
        one("commitment.made", &commitment, made);
        one("commitment.updated", &commitment, scene.try_change(&format!("/{commitment}"), &json!({"goal": "Mål"}), &own));
        one("commitment.deleted", &commitment, scene.delete(&format!("/{commitment}")).token(&own).if_match("*").send());
        let made = scene.post("/initiatives").token(&own).json(&json!({"title": "T"})).send();
        let initiative = format!("initiatives/{}", made.body["id"].as_str().expect("an id"));
        one("initiative.created", &initiative, made);
        one("initiative.updated", &initiative, scene.try_change(&format!("/{initiative}"), &json!({"title": "U"}), &own));
        one("initiative.deleted", &initiative, scene.delete(&format!("/{initiative}")).token(&own).if_match("*").send());

        let report = format!("reports/open/{partner}");
        scene.save("open", &partner, &json!({"answers": {"joined": {"value": "yes"}}}));
        let points = json!({"points": [{"pointer": "", "code": "unclear", "detail": "Hvad?"}]});
        let nothing = json!({});
        let reason = json!({"reason": "Ny viden"});
        for (step, action, token, body) in [
            ("submission", "report.submitted", &own, &nothing), ("withdrawal", "report.withdrawn", &own, &nothing),
            ("submission", "report.submitted", &own, &nothing), ("return", "report.returned", office, &points),
            ("submission", "report.submitted", &own, &nothing), ("acceptance", "report.accepted", office, &nothing),
            ("reopening", "report.reopened", office, &reason),
        ] {
            one(action, &report, scene.step("open", &partner, step, token, body));
            if step == "return" {
                scene.save("open", &partner, &json!({"answers": {"joined": {"value": "no"}}}));
            }
        }
        let extension = format!("rounds/open/extensions/{partner}");
        let put = |until: &str| {
            let body = json!({"until": until, "reason": "Sygdom"});
            let there = scene.get(&format!("/{extension}")).token(office).send();
            let request = scene.put(&format!("/{extension}")).token(office).json(&body);
            if there.status == 200 { request.if_match(there.etag()).send() } else { request.send() }
        };
        one("extension.granted", &extension, put("2100-01-01T00:00:00Z"));
        one("extension.changed", &extension, put("2100-01-02T00:00:00Z"));
        one("extension.withdrawn", &extension, scene.delete(&format!("/{extension}")).token(office).if_match("*").send());
        let key = scene.post("/keys").token(office).json(&json!({"role": "reader", "name": "Skærmen"})).send();
        let address = format!("keys/{}", key.body["id"].as_str().expect("an id"));
        one("key.created", &address, key);
        one("key.revoked", &address, scene.delete(&format!("/{address}")).token(office).if_match("*").send());
    }

    fn what_does_not_count_is_no_entry(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let own = scene.of(&partner);
        let commitment = scene.commit(&partner, "nat-A", "");
        let initiative = scene.initiative(&partner, "T", json!({}));
        let (id, secret) = api.make_key(Some(&scene.slug), "reader", None);
        let size = scene.journal_size();
        let report = format!("/reports/open/{partner}");
        let same = |what: &str| assert_eq!(scene.journal_size(), size, "{what}");

        let saved = scene.save("open", &partner, &json!({"answers": {"joined": {"value": "maybe"}}}));
        assert_eq!(saved.status, 201);
        let part = json!({"initiative": initiative, "progress": "x"});
        scene.put(&format!("{report}/initiatives/{initiative}")).token(&own).json(&part).send();
        same("drafts");
        api.token(&id, &secret);
        same("tokens");
        for (path, patch) in [(format!("/partners/{partner}"), json!({"name": "Eksempelforeningen"})),
            (format!("/commitments/{commitment}"), json!({})), (format!("/initiatives/{initiative}"), json!({"title": "T"}))] {
            assert_eq!(scene.try_change(&path, &patch, &scene.secretariat).status, 200);
        }
        same("patches that change nothing");
        let refused = [
            scene.step("open", &partner, "submission", &own, &json!({})).status,
            scene.step("open", &partner, "withdrawal", &own, &json!({})).status,
            scene.post("/partners").token(&scene.secretariat).json(&json!({"name": "eksempelforeningen", "sector": "civil"})).send().status,
            scene.post("/partners").token(&own).json(&json!({"name": "X", "sector": "civil"})).send().status,
            scene.post("/partners").token(&scene.secretariat).json(&json!({"name": "X"})).send().status,
            scene.patch(&format!("/partners/{partner}")).token(&scene.secretariat).if_match("\"9-x\"").json(&json!({"name": "X"})).send().status,
        ];
        assert_eq!(refused, [422, 409, 409, 403, 400, 412]);
        same("refusals");
        let before = scene.get(&report).token(&own).send();
        scene.delete(&report).token(&own).if_match(before.etag()).send();
        same("a draft thrown away");

        let admit = || scene.post("/partners").token(&scene.secretariat).header("idempotency-key", "once")
            .json(&json!({"name": "Kun én", "sector": "civil"})).send();
        let (first, second) = (admit(), admit());
        assert_eq!((first.status, second.status, second.header("idempotent-replayed")), (201, 201, "true"));
        assert_eq!((scene.journal_size(), &first.body), (size + 1, &second.body), "a replay is no second change");
    }

    fn bytes_are_canonical_and_hash_to_what_is_shown(api) {
        let scene = Scene::new(api);
        eventful(&scene);
        let mut nonces = std::collections::HashSet::new();
        for listed in entries(&scene, "", &scene.auditor) {
            let seq = listed["seq"].as_i64().expect("a number");
            let whole = entry(&scene, seq);
            let canonical = whole["canonical"].as_str().expect("text");
            assert_eq!(whole["sha256"], hex(&Sha256::digest(canonical)), "entry {seq}");
            assert_eq!(whole["sha256"], listed["sha256"]);
            let value: Value = serde_json::from_str(canonical).expect("JSON");
            let again = serde_json_canonicalizer::to_vec(&value).expect("canonical");
            assert_eq!(canonical.as_bytes(), again, "entry {seq}");
            assert!(has_whole_numbers_only(&value), "entry {seq}: {canonical}");
            for key in ["seq", "at", "actor", "action", "subject", "partner"] {
                assert_eq!(value[key], whole[key], "{key} of entry {seq}");
            }
            assert!(nonces.insert(value["nonce"].to_string()) && value["nonce"].as_str().map(str::len) == Some(32));
        }
    }

    fn no_free_text_stands_in_an_entry_and_each_verifies_by_hand(api) {
        let scene = Scene::new(api);
        eventful(&scene);
        let mut found = std::collections::BTreeSet::new();
        for seq in 1..=scene.journal_size() {
            let whole = entry(&scene, seq);
            let canonical = whole["canonical"].as_str().expect("text");
            for text in TEXTS {
                assert!(!canonical.contains(text), "{text:?} stands in entry {seq}");
            }
            let value: Value = serde_json::from_str(canonical).expect("JSON");
            for hidden in whole["texts"].as_array().expect("texts") {
                let [pointer, salt, text] = ["pointer", "salt", "text"].map(|key| hidden[key].as_str().expect("text"));
                let salt: Vec<u8> = (0..salt.len()).step_by(2)
                    .map(|at| u8::from_str_radix(&salt[at..at + 2], 16).expect("hexadecimal")).collect();
                assert_eq!(salt.len(), 16);
                let hash = hex(&Sha256::digest([salt.as_slice(), text.as_bytes()].concat()));
                assert_eq!(value.pointer(pointer), Some(&json!({"sha256": hash})), "{pointer} of entry {seq}");
                let shown = whole.pointer(pointer).and_then(Value::as_str);
                assert_eq!(shown, Some(text), "{pointer} is shown joined again");
                found.insert(text.to_owned());
            }
        }
        for text in TEXTS {
            assert!(found.contains(text), "{text:?} is told beside its entry");
        }
    }

    fn the_list_is_narrowed_by_each_filter(api) {
        let scene = Scene::new(api);
        let partner = eventful(&scene);
        let other = scene.admit("Anden", "2020-01-01");
        let all = entries(&scene, "", &scene.auditor);
        let number_where = |holds: &dyn Fn(&Value) -> bool| -> Vec<i64> {
            all.iter().filter(|entry| holds(entry)).map(|entry| entry["seq"].as_i64().expect("a number")).collect()
        };
        let list = |query: &str| numbers(&scene, query, &scene.auditor);
        assert_eq!(list(""), (1..=all.len() as i64).collect::<Vec<_>>());
        let submitted = list("&action=report.submitted");
        assert_eq!((submitted.len(), &submitted), (2, &number_where(&|e| e["action"] == "report.submitted")));
        let subject = format!("reports/open/{partner}");
        assert_eq!(list(&format!("&subject={subject}")), number_where(&|e| e["subject"] == *subject));
        assert_eq!(list(&format!("&partner={other}")), number_where(&|e| e["partner"] == *other));
        let actor = all[submitted[0] as usize - 1]["actor"].as_str().expect("an id").to_owned();
        assert_eq!(list(&format!("&actor={actor}")), number_where(&|e| e["actor"] == *actor));
        assert!(list(&format!("&actor={actor}")).len() >= 2);
        assert_eq!(list("&from=3&to=5"), [3, 4, 5]);
        let [third, fifth] = [2, 4].map(|place| all[place]["at"].as_str().expect("a time").to_owned());
        assert_eq!(list(&format!("&from={third}&to={fifth}")), [3, 4, 5], "a time includes its own entry");
        assert_eq!(list("&to=2000-01-01T00:00:00Z"), Vec::<i64>::new());
        assert_eq!(list("&from=2000-01-01T00:00:00%2B01:00").len(), all.len());
        assert_eq!(list("&from=2999-01-01T00:00:00Z"), Vec::<i64>::new());
        let wrong = scene.get("/journal?actor=x&partner=x&from=yesterday&to=2020-01-01&action=").token(&scene.auditor).send();
        assert_eq!(wrong.faults(), ["?actor unknown-actor", "?partner unknown-partner", "?action required",
            "?from bad-point", "?to bad-point"]);
        let page = scene.get("/journal?limit=2&count=true").token(&scene.auditor).send().body;
        assert_eq!(page["totalCount"], all.len());
        let next = api.get(page["next"].as_str().expect("more")).token(&scene.auditor).send().body;
        assert_eq!(next["items"][0]["seq"], 3);
        for missing in ["0", "9999", "x", "-1"] {
            let absent = scene.get(&format!("/journal/{missing}")).token(&scene.auditor).send();
            assert_eq!(absent.problem(404), "not-found");
        }
    }

    fn a_partner_sees_the_entries_that_name_it(api) {
        let scene = Scene::new(api);
        let own = eventful(&scene);
        let other = scene.admit("Anden", "2020-01-01");
        let all = entries(&scene, "", &scene.auditor);
        let mine: Vec<i64> = all.iter().filter(|e| e["partner"] == *own).filter_map(|e| e["seq"].as_i64()).collect();
        assert!(mine.len() > 8);
        let token = scene.of(&own);
        assert_eq!(numbers(&scene, "", &token), mine);
        assert_eq!(numbers(&scene, &format!("&partner={own}"), &token), mine);
        let others = scene.get(&format!("/journal?partner={other}")).token(&token).send();
        assert_eq!(others.problem(404), "not-found");
        for entry in &all {
            let found = scene.get(&format!("/journal/{}", entry["seq"])).token(&token).send();
            assert_eq!(found.status, if entry["partner"] == *own { 200 } else { 404 }, "{entry}");
        }
        let reader = api.role(&scene.slug, "reader", None);
        assert_eq!(scene.get("/journal").token(&reader).send().problem(403), "forbidden");
        assert_eq!(scene.get("/journal").token(api.operator()).send().problem(403), "forbidden");
        assert_eq!(scene.get("/journal").send().status, 401);
    }

    fn nobody_who_holds_a_key_is_named(api) {
        let scene = Scene::new(api);
        let name = "Inger Margrethe Jensen";
        let key = scene.post("/keys").token(&scene.secretariat).json(&json!({"role": "auditor", "name": name})).send();
        assert_eq!((key.status, &key.body["name"]), (201, &json!(name)), "{}", key.text);
        let secret = key.body["clientSecret"].as_str().expect("a secret");
        let path = format!("/keys/{}", key.body["id"].as_str().expect("an id"));
        scene.delete(&path).token(&scene.secretariat).if_match("*").send();
        for seq in 1..=scene.journal_size() {
            let text = entry(&scene, seq).to_string();
            assert!(!text.contains(name) && !text.contains("Inger") && !text.contains(secret), "{text}");
        }
        let created = entries(&scene, "&action=key.created", &scene.auditor);
        let last = created.last().expect("an entry");
        let keys: Vec<_> = last["after"].as_object().expect("an object").keys().cloned().collect();
        assert_eq!(keys, ["expiresAt", "id", "partner", "revokedAt", "role"]);
    }

    fn times_never_stand_still_nor_run_backwards(api) {
        let scene = Scene::new(api);
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let scene = (scene.at("/partners"), scene.secretariat.clone());
                threads.spawn(move || {
                    for number in 0..5 {
                        let body = json!({"name": format!("Nr. {thread}.{number}"), "sector": "civil"});
                        let admitted = api.post(&scene.0).token(&scene.1).json(&body).send();
                        assert_eq!(admitted.status, 201, "{}", admitted.text);
                    }
                });
            }
        });
        let all = entries(&scene, "", &scene.auditor);
        assert!(all.len() > 20);
        let times: Vec<_> = all.iter().map(|entry| entry["at"].as_str().expect("a time").to_owned()).collect();
        assert!(times.iter().all(|time| time.len() == 27 && time.ends_with('Z')), "{times:?}");
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
        let numbers: Vec<_> = all.iter().map(|entry| entry["seq"].as_i64().expect("a number")).collect();
        assert_eq!(numbers, (1..=all.len() as i64).collect::<Vec<_>>(), "no gap");
    }
}

fn has_whole_numbers_only(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_i64().is_some_and(|n| n.unsigned_abs() < 1 << 53),
        Value::Array(items) => items.iter().all(has_whole_numbers_only),
        Value::Object(fields) => fields.values().all(has_whole_numbers_only),
        _ => true,
    }
}
