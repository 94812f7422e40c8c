//! A draft to begin with, which PUT takes as it is.

use serde_json::{Value, json};

use crate::support::{Answered, Scene, on_both};

/// With a self-assessment and an intent beside the facts.
fn scene(api: &crate::support::Api) -> Scene<'_> {
    Scene::with(api, |document| {
        let question = |key: &str, kind: &str, answers: &str| {
            let mut question =
                json!({"key": key, "kind": kind, "type": answers, "wording": {"da": key, "en": key}});
            if answers.ends_with("hoice") {
                question["choices"] = json!([{"key": "a", "label": {"da": "a", "en": "a"}}, {"key": "b", "label": {"da": "b", "en": "b"}}]);
            }
            question
        };
        let more = [
            question("believes", "selfAssessment", "yesNo"),
            question("intends", "intent", "yesNo"),
            question("which", "fact", "multiChoice"),
            question("told", "fact", "text"),
            question("gone", "fact", "yesNo"),
        ];
        document["questions"].as_array_mut().expect("questions").extend(more);
        let asked = json!(["joined", "reach", "note", "believes", "intends", "which", "told", "gone"]);
        document["rounds"][1]["questions"] = asked.clone();
        let mut asked: Vec<Value> = asked.as_array().expect("keys").clone();
        asked.pop();
        document["rounds"][2]["questions"] = json!(asked);
    })
}

fn prefill(scene: &Scene, round: &str, partner: &str) -> Answered {
    let path = format!("/reports/{round}/{partner}/prefill");
    let answered = scene.get(&path).token(&scene.of(partner)).send();
    assert_eq!(answered.status, 200, "{}", answered.text);
    answered
}

/// Saves what was got, as it was got.
fn is_taken(scene: &Scene, round: &str, partner: &str, draft: &Answered) -> Value {
    let path = format!("/reports/{round}/{partner}");
    let saved = scene
        .put(&path)
        .token(&scene.of(partner))
        .raw("application/json", draft.text.as_bytes())
        .send();
    assert_eq!(saved.status, 201, "{}", saved.text);
    for field in ["answers", "initiatives"] {
        assert_eq!(saved.body[field], draft.body[field]);
    }
    saved.body
}

on_both! {
    fn a_draft_begins_with_what_stays_as_it_is(api) {
        let scene = scene(api);
        let (partner, other) = (scene.admit("Eksempelforeningen", "2020-01-01"), scene.admit("Anden", "2020-01-01"));
        let own = scene.initiative(&partner, "Egen", json!({}));
        let shared = scene.initiative(&other, "Andens", json!({"partners": [partner]}));
        let ended = scene.initiative(&partner, "Slut", json!({}));
        let outcome = json!({"measure": "samtaler", "kind": "outcome", "unit": "antal", "baseline": "12", "target": "20.50",
            "actual": "17", "verification": "external", "evidence": ["https://example.org/tal"]});
        let part = |initiative: &str| json!({"initiative": initiative, "progress": "Godt", "learning": "Meget", "barriers": "Få",
            "outcomes": [outcome.clone()]});
        let body = json!({
            "answers": {
                "joined": {"value": "yes", "comment": "Siden i går"}, "reach": {"value": 40}, "note": {"value": "Fri"},
                "believes": {"value": "yes"}, "intends": {"value": "yes"}, "which": {"value": ["a", "b"]},
                "told": {"none": "dontKnow"}, "gone": {"value": "yes"},
            },
            "initiatives": [part(&ended), part(&own), {"initiative": shared, "progress": "Fint"}],
        });
        assert!(matches!(scene.save("past", &partner, &body).status, 200 | 201));
        assert_eq!(prefill(&scene, "open", &partner).body["answers"], json!({}), "a draft never counts");
        let submitted = scene.step("past", &partner, "submission", &scene.of(&partner), &json!({}));
        assert_eq!(submitted.status, 200, "{}", submitted.text);
        scene.change(&format!("/initiatives/{ended}"), json!({"status": "completed"}));
        let new = scene.initiative(&partner, "Ny", json!({}));

        let draft = prefill(&scene, "open", &partner);
        assert_eq!(draft.body["answers"], json!({"joined": {"value": "yes"}, "which": {"value": ["a", "b"]}}));
        let empty = |initiative: &str, outcomes: Value| json!({"initiative": initiative, "progress": "", "learning": "", "barriers": "",
            "outcomes": outcomes});
        let carried = json!([{"measure": "samtaler", "kind": "outcome", "unit": "antal", "baseline": "12", "target": "20.50",
            "actual": null, "verification": "selfReported", "evidence": []}]);
        assert_eq!(draft.body["initiatives"], json!([empty(&own, carried), empty(&shared, json!([])), empty(&new, json!([]))]));
        let saved = is_taken(&scene, "open", &partner, &draft);
        assert_eq!(saved["faults"], json!([]));
        assert_eq!(prefill(&scene, "past", &partner).body["answers"], json!({}), "there is no round before it");
    }

    fn a_report_that_does_not_count_is_not_carried_over(api) {
        let scene = scene(api);
        let partner = scene.admit("En", "2020-01-01");
        let answers = || prefill(&scene, "open", &partner).body["answers"].clone();
        scene.submit("past", &partner, json!({"joined": {"value": "yes"}}));
        assert_eq!(answers(), json!({"joined": {"value": "yes"}}));
        scene.send_back("past", &partner);
        assert_eq!(answers(), json!({}));
        scene.submit("past", &partner, json!({"joined": {"value": "no"}, "reach": {"value": 1}}));
        assert_eq!(answers(), json!({"joined": {"value": "no"}}));
        let before = scene.get("").send();
        let mut document = before.body.clone();
        document["countsFrom"] = json!("accepted");
        scene.put("").token(&scene.secretariat).if_match(before.etag()).json(&document).send();
        assert_eq!(answers(), json!({}));
        scene.accept("past", &partner);
        assert_eq!(answers(), json!({"joined": {"value": "no"}}));
    }

    fn a_partner_of_nothing_gets_an_empty_draft_that_is_its_own(api) {
        let scene = scene(api);
        let (partner, other) = (scene.admit("En", "2020-01-01"), scene.admit("Anden", "2020-01-01"));
        let draft = prefill(&scene, "open", &partner);
        assert_eq!(draft.body, json!({"answers": {}, "initiatives": []}));
        is_taken(&scene, "open", &partner, &draft);
        let path = format!("/reports/open/{partner}/prefill");
        assert_eq!(scene.get(&path).token(&scene.of(&other)).send().problem(404), "not-found");
        assert_eq!(scene.get(&path).token(&scene.secretariat).send().problem(403), "forbidden");
        assert_eq!(scene.get(&format!("/reports/unknown/{partner}/prefill")).token(&scene.of(&partner)).send().problem(404), "not-found");
        let again = scene.get(&path).token(&scene.of(&partner)).header("if-none-match", draft.etag()).send();
        assert_eq!(again.status, 304);
    }

    fn what_would_be_refused_today_is_left_out(api) {
        let scene = scene(api);
        let (partner, other) = (scene.admit("En", "2020-01-01"), scene.admit("Anden", "2020-01-01"));
        let [kept, given] = ["Egen", "Givet videre"].map(|title| scene.initiative(&partner, title, json!({})));
        let outcome = |baseline: &str| json!({"measure": "timer", "kind": "outcome", "unit": "timer", "baseline": baseline, "actual": "1"});
        let part = |initiative: &str| json!({"initiative": initiative, "outcomes": [outcome("1"), outcome("2")]});
        let body = json!({"answers": {"joined": {"value": "yes"}}, "initiatives": [part(&kept), part(&given)]});
        assert!(matches!(scene.save("past", &partner, &body).status, 200 | 201));
        assert_eq!(scene.step("past", &partner, "submission", &scene.of(&partner), &json!({})).status, 200);
        let baselines = || {
            let parts = prefill(&scene, "open", &partner).body["initiatives"].clone();
            let outcomes = parts.as_array().expect("parts").iter().map(|part| part["outcomes"].as_array().expect("outcomes").clone());
            outcomes.map(|all| all.iter().map(|it| it["baseline"].as_str().expect("an amount").to_owned()).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(baselines(), [["1", "2"], ["1", "2"]], "free text may be said as often as one likes");

        // Another leads it now; and what was free text is a measure, which an initiative names once.
        scene.change(&format!("/initiatives/{given}"), json!({"leadPartner": other, "partners": [other, partner]}));
        let before = scene.get("").send();
        let mut document = before.body.clone();
        document["measures"] = json!([{"key": "timer", "label": {"da": "Timer", "en": "Hours"}, "unit": "timer", "decimals": 0}]);
        let changed = scene.put("").token(&scene.secretariat).if_match(before.etag()).json(&document).send();
        assert_eq!(changed.status, 200, "{}", changed.text);
        assert_eq!(baselines(), [vec!["1"], vec![]]);
        let draft = prefill(&scene, "open", &partner);
        assert_eq!(is_taken(&scene, "open", &partner, &draft)["faults"], json!([]));
        assert_eq!(scene.step("open", &partner, "submission", &scene.of(&partner), &json!({})).status, 200);
    }
}
