//! The life of a report: submission, withdrawal, return, acceptance and reopening.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Answered, Scene, column, on_both};

const YES: &str = r#"{"joined": {"value": "yes"}}"#;

fn yes() -> Value {
    serde_json::from_str(YES).expect("JSON")
}

/// The secretariat moves a round's deadline.
fn move_deadline(scene: &Scene, round: usize, due_at: &str) {
    let before = scene.get("").send();
    let mut document = before.body.clone();
    document["rounds"][round]["dueAt"] = json!(due_at);
    let changed = scene
        .put("")
        .token(&scene.secretariat)
        .if_match(before.etag())
        .json(&document)
        .send();
    assert_eq!(changed.status, 200, "{}", changed.text);
}

/// Brings a new partner's report in round `open` to a state, and answers the partner.
fn in_state(scene: &Scene, state: &str) -> String {
    let partner = scene.admit(&uuid::Uuid::new_v4().to_string(), "2020-01-01");
    match state {
        "none" => {}
        "draft" => drop(scene.save("open", &partner, &json!({"answers": yes()}))),
        _ => drop(scene.submit("open", &partner, yes())),
    }
    match state {
        "withdrawn" => drop(scene.withdraw("open", &partner)),
        "returned" => drop(scene.send_back("open", &partner)),
        "accepted" => drop(scene.accept("open", &partner)),
        _ => {}
    }
    partner
}

/// Tries one of the moves, or a save.
fn try_move(scene: &Scene, partner: &str, step: &str) -> Answered {
    let point = json!({"points": [{"pointer": "", "code": "unclear", "detail": "Hvad?"}]});
    match step {
        "save" => scene.save("open", partner, &json!({"answers": yes()})),
        "submission" | "withdrawal" => scene.step("open", partner, step, &scene.of(partner), &json!({})),
        "return" => scene.step("open", partner, step, &scene.secretariat, &point),
        "reopening" => {
            scene.step("open", partner, step, &scene.secretariat, &json!({"reason": "Ny viden"}))
        }
        _ => scene.step("open", partner, step, &scene.secretariat, &json!({})),
    }
}

on_both! {
    fn a_submission_answers_all_faults_at_once_and_then_a_receipt(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let own = scene.initiative(&partner, "Egen", json!({}));
        let part = json!({"initiative": own, "outcomes": [{"measure": "m", "kind": "outcome", "actual": "x"}]});
        let draft = json!({"answers": {"reach": {"value": -1}, "note": {"value": "Fint"}}, "initiatives": [part]});
        scene.save("open", &partner, &draft);
        let refused = try_move(&scene, &partner, "submission");
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults(), [
            "/answers/reach/value out-of-range", "/answers/joined answer-missing",
            "/initiatives/0/outcomes/0/actual bad-amount",
        ]);
        let size = scene.journal_size();

        let body = json!({"answers": {"joined": {"value": "yes"}, "note": {"value": "Fint", "comment": "Ja"}, "reach": {"value": 2.5}},
            "initiatives": []});
        scene.save("open", &partner, &body);
        let path = format!("/reports/open/{partner}/submission");
        let unkeyed = scene.post(&path).token(&scene.of(&partner)).send();
        assert_eq!(unkeyed.problem(400), "idempotency-key-missing");
        let submitted = scene.post(&path).token(&scene.of(&partner)).once().send();
        assert_eq!(submitted.status, 200, "{}", submitted.text);
        let (report, receipt) = (&submitted.body, &submitted.body["receipt"]);
        assert_eq!((&report["state"], &report["submittedVersion"], &report["onTime"]), (&json!("submitted"), &json!(1), &json!(true)));
        assert_eq!(report["permissions"], json!({"edit": false, "submit": false, "withdraw": true}));
        assert_eq!(report["answers"], body["answers"]);
        assert_eq!(receipt["number"], format!("open-{}", receipt["journalSeq"]));
        assert_eq!((&receipt["journalSeq"], &receipt["version"], &receipt["onTime"]), (&json!(size + 1), &json!(1), &json!(true)));
        assert_eq!(receipt["deadline"], "2099-06-30T21:59:59.000000Z");
        assert_eq!(receipt["receivedAt"], report["submittedAt"]);
        let entry = scene.get(&format!("/journal/{}", receipt["journalSeq"])).token(&scene.auditor).send().body;
        assert_eq!((&entry["action"], &entry["subject"]), (&json!("report.submitted"), &json!(format!("reports/open/{partner}"))));
        assert_eq!(entry["after"]["receipt"], *receipt);
        // The body as the entry holds it, texts as salted hashes.
        let sealed: Value = serde_json::from_str(entry["canonical"].as_str().expect("bytes")).expect("JSON");
        let after = &sealed["after"];
        let canonical = json!({"answers": after["answers"], "initiatives": after["initiatives"]});
        assert!(!canonical.to_string().contains("Fint"), "{canonical}");
        let bytes = serde_json_canonicalizer::to_vec(&canonical).expect("canonical");
        assert_eq!(receipt["sha256"], facit::domain::journal::hex(&Sha256::digest(bytes)));
        for reader in [&scene.secretariat, &scene.auditor] {
            assert_eq!(scene.get(&format!("/reports/open/{partner}")).token(reader).send().body["receipt"], *receipt);
        }
    }

    fn only_the_five_moves_exist_and_each_other_is_a_wrong_state(api) {
        let scene = Scene::new(api);
        let moves = ["save", "submission", "withdrawal", "return", "acceptance", "reopening"];
        let table: [(&str, &[(&str, &str)]); 5] = [
            ("draft", &[("save", "draft"), ("submission", "submitted")]),
            ("withdrawn", &[("save", "draft"), ("submission", "submitted")]),
            ("submitted", &[("withdrawal", "draft"), ("return", "returned"), ("acceptance", "accepted")]),
            ("returned", &[("save", "returned"), ("submission", "submitted")]),
            ("accepted", &[("reopening", "returned")]),
        ];
        for (state, legal) in table {
            let stays = in_state(&scene, state);
            for step in moves {
                match legal.iter().find(|(name, _)| *name == step) {
                    Some((_, after)) => {
                        let moved = try_move(&scene, &in_state(&scene, state), step);
                        assert_eq!((moved.status, &moved.body["state"]), (200, &json!(after)), "{step} from {state}");
                    }
                    // The secretariat knows of no report that was never submitted.
                    None if state == "draft" && step != "withdrawal" => {
                        assert_eq!(try_move(&scene, &stays, step).problem(404), "not-found", "{step} from {state}");
                    }
                    None => {
                        let refused = try_move(&scene, &stays, step);
                        assert_eq!(refused.problem(409), "wrong-state", "{step} from {state}");
                    }
                }
            }
        }
        let none = in_state(&scene, "none");
        for step in &moves[1..] {
            assert_eq!(try_move(&scene, &none, step).problem(404), "not-found", "{step} of nothing");
        }
    }

    fn a_withdrawal_leads_back_to_where_the_submission_came_from_until_the_deadline(api) {
        let scene = Scene::new(api);
        let partner = in_state(&scene, "withdrawn");
        let report = scene.get(&format!("/reports/open/{partner}")).token(&scene.of(&partner)).send().body;
        assert_eq!((&report["state"], &report["submittedVersion"]), (&json!("draft"), &json!(1)));
        scene.submit("open", &partner, yes());
        scene.send_back("open", &partner);
        scene.submit("open", &partner, yes());
        assert_eq!(scene.withdraw("open", &partner)["state"], "returned");
        scene.submit("open", &partner, yes());
        move_deadline(&scene, 2, "2021-02-01T00:00:00Z");
        let late = try_move(&scene, &partner, "withdrawal");
        assert_eq!(late.problem(409), "deadline-passed");
        let report = scene.get(&format!("/reports/open/{partner}")).token(&scene.of(&partner)).send().body;
        assert_eq!(report["permissions"], json!({"edit": false, "submit": false, "withdraw": false}));
    }

    fn a_return_carries_points_that_the_next_submission_closes(api) {
        let scene = Scene::new(api);
        let partner = in_state(&scene, "submitted");
        let back = |points: Value| {
            scene.step("open", &partner, "return", &scene.secretariat, &json!({"points": points}))
        };
        assert_eq!(back(json!([])).faults(), ["/points required"]);
        let wrong = json!([{"pointer": "answers", "code": "ikke klart", "detail": " "}]);
        assert_eq!(back(wrong).faults(), ["/points/0/pointer bad-pointer", "/points/0/code bad-key", "/points/0/detail required"]);
        let two = json!([
            {"pointer": "/answers/reach", "code": "unclear", "detail": "Hvor mange?"},
            {"pointer": "/answers/note", "code": "missing", "detail": "Hvad?"},
        ]);
        let returned = back(two.clone());
        assert_eq!((returned.status, &returned.body["state"]), (200, &json!("returned")));
        let seen = scene.get(&format!("/reports/open/{partner}")).token(&scene.of(&partner)).send().body;
        for (point, sent) in seen["points"].as_array().expect("points").iter().zip(two.as_array().expect("two")) {
            for key in ["pointer", "code", "detail"] {
                assert_eq!(point[key], sent[key]);
            }
            assert_eq!(point["closedByVersion"], Value::Null);
        }
        assert_eq!(seen["permissions"], json!({"edit": true, "submit": true, "withdraw": false}));

        let mended = |reach: i64| json!({"joined": {"value": "yes"}, "reach": {"value": reach}, "note": {"value": "Fri"}});
        let again = scene.submit("open", &partner, mended(2));
        assert_eq!(again["submittedVersion"], 2);
        let closed: Vec<_> = again["points"].as_array().expect("points").iter().map(|p| p["closedByVersion"].clone()).collect();
        assert_eq!(closed, [2, 2]);
        scene.send_back("open", &partner);
        let third = scene.submit("open", &partner, mended(3));
        let closed: Vec<_> = third["points"].as_array().expect("points").iter().map(|p| p["closedByVersion"].clone()).collect();
        assert_eq!(closed, [2, 2, 3], "earlier points stay readable, in their order");
        assert_eq!(scene.accept("open", &partner)["state"], "accepted");
    }

    fn a_resubmission_keeps_the_first_verdict(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        assert_eq!(scene.submit("past", &partner, yes())["onTime"], false, "late is taken, and late");
        assert_eq!(scene.submit("open", &partner, yes())["onTime"], true);
        for round in ["past", "open"] {
            scene.send_back(round, &partner);
        }
        move_deadline(&scene, 1, "2099-01-01T00:00:00Z");
        move_deadline(&scene, 2, "2021-02-01T00:00:00Z");
        for (round, on_time) in [("past", false), ("open", true)] {
            let again = scene.submit(round, &partner, yes());
            assert_eq!((&again["onTime"], &again["receipt"]["onTime"]), (&json!(on_time), &json!(on_time)), "{round}");
        }
    }

    fn a_reopening_needs_a_reason(api) {
        let scene = Scene::new(api);
        let partner = in_state(&scene, "accepted");
        let refused = scene.step("open", &partner, "reopening", &scene.secretariat, &json!({"reason": " "}));
        assert_eq!(refused.faults(), ["/reason required"]);
        scene.reopen("open", &partner);
        let size = scene.journal_size();
        let entry = scene.get(&format!("/journal/{size}")).token(&scene.auditor).send().body;
        assert_eq!((&entry["action"], &entry["reason"]), (&json!("report.reopened"), &json!("Ny viden")));
        let path = format!("/reports/open/{partner}/acceptance");
        assert_eq!(scene.post(&path).token(&scene.secretariat).send().problem(400), "idempotency-key-missing");
    }

    fn a_round_takes_reports_from_its_opening_to_its_close(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        for (round, code) in [("future", "round-not-open"), ("closed", "round-closed")] {
            assert_eq!(scene.save(round, &partner, &json!({"answers": yes()})).problem(409), code);
        }
        assert_eq!(scene.save("unknown", &partner, &json!({})).problem(404), "not-found");
        // A draft begun before the round closed can't be submitted afterwards.
        scene.save("past", &partner, &json!({"answers": yes()}));
        let before = scene.get("").send();
        let mut document = before.body.clone();
        document["rounds"][1]["closesAt"] = json!("2021-01-31T00:00:00Z");
        scene.put("").token(&scene.secretariat).if_match(before.etag()).json(&document).send();
        let token = scene.of(&partner);
        let submitted = scene.step("past", &partner, "submission", &token, &json!({}));
        assert_eq!(submitted.problem(409), "round-closed");
        let report = scene.get(&format!("/reports/past/{partner}")).token(&token).send().body;
        assert_eq!(report["permissions"], json!({"edit": false, "submit": false, "withdraw": false}));
    }

    fn others_see_the_last_submission_while_its_partner_works_on(api) {
        let scene = Scene::new(api);
        let partner = in_state(&scene, "returned");
        let other = scene.admit("Anden", "2020-01-01");
        scene.save("open", &partner, &json!({"answers": {"joined": {"value": "no"}}}));
        let path = format!("/reports/open/{partner}");
        let answer = |token: &crate::support::Token| {
            let report = scene.get(&path).token(token).send().body;
            (report["answers"]["joined"]["value"].clone(), report["state"].clone())
        };
        assert_eq!(answer(&scene.of(&partner)), (json!("no"), json!("returned")));
        for reader in [&scene.secretariat, &scene.auditor] {
            assert_eq!(answer(reader), (json!("yes"), json!("returned")));
            let report = scene.get(&path).token(reader).send().body;
            assert_eq!(report["permissions"], json!({"edit": false, "submit": false, "withdraw": false}));
        }
        assert_eq!(scene.get(&path).token(&scene.of(&other)).send().problem(404), "not-found");
        assert_eq!(scene.get(&path).send().status, 401);
        let never = scene.admit("Kladde", "2020-01-01");
        scene.save("open", &never, &json!({"answers": yes()}));
        for reader in [&scene.secretariat, &scene.auditor] {
            assert_eq!(scene.get(&format!("/reports/open/{never}")).token(reader).send().problem(404), "not-found");
        }
        let saves = scene.put(&path).token(&scene.secretariat).if_match("*").json(&json!({})).send();
        assert_eq!(saves.problem(403), "forbidden");
    }

    fn every_submission_stays_readable(api) {
        let scene = Scene::new(api);
        let partner = in_state(&scene, "submitted");
        scene.send_back("open", &partner);
        let second = scene.submit("open", &partner, json!({"joined": {"value": "no"}}));
        let path = format!("/reports/open/{partner}/versions");
        for token in [&scene.secretariat, &scene.auditor, &scene.of(&partner)] {
            let list = scene.get(&path).token(token).send().body;
            let values: Vec<_> = list["items"].as_array().expect("versions").iter()
                .map(|v| (v["version"].clone(), v["answers"]["joined"]["value"].clone())).collect();
            assert_eq!(values, [(json!(1), json!("yes")), (json!(2), json!("no"))]);
            let two = scene.get(&format!("{path}/2")).token(token).send().body;
            assert_eq!((&two["receipt"], &two["programmeVersion"]), (&second["receipt"], &json!(1)));
            assert_eq!(scene.get(&format!("{path}/3")).token(token).send().problem(404), "not-found");
        }
        let other = scene.admit("Anden", "2020-01-01");
        assert_eq!(scene.get(&path).token(&scene.of(&other)).send().problem(404), "not-found");
        let page = scene.get(&format!("{path}?limit=1")).token(&scene.auditor).send().body;
        let next = scene.api.get(page["next"].as_str().expect("more")).token(&scene.auditor).send().body;
        assert_eq!((column(&next, "receivedAt").len(), &next["items"][0]["version"]), (1, &json!(2)));
    }

    fn a_move_honours_the_version_when_it_is_given(api) {
        let scene = Scene::new(api);
        let partner = in_state(&scene, "draft");
        let path = format!("/reports/open/{partner}");
        let token = scene.of(&partner);
        let seen = scene.get(&path).token(&token).send().etag().to_owned();
        scene.save("open", &partner, &json!({"answers": yes()}));
        let submit = |etag: &str| {
            scene.post(&format!("{path}/submission")).token(&token).once().if_match(etag).send()
        };
        assert_eq!(submit(&seen).problem(412), "stale-version");
        let now = scene.get(&path).token(&token).send().etag().to_owned();
        assert_eq!(submit(&now).status, 200);
        let accept = |etag: &str| {
            scene.post(&format!("{path}/acceptance")).token(&scene.secretariat).once().if_match(etag).send()
        };
        assert_eq!(accept(&now).problem(412), "stale-version");
        let shown = scene.get(&path).token(&scene.secretariat).send().etag().to_owned();
        assert_eq!(accept(&shown).status, 200);
    }
}
