//! The points of a return: what each may name, what closes it, and what it keeps from being accepted.

use serde_json::{Value, json};

use crate::support::{Answered, Scene, on_both};

fn point(pointer: &str) -> Value {
    json!({"pointer": pointer, "code": "unclear", "detail": format!("Hvad med {pointer}?")})
}

fn returned(scene: &Scene, partner: &str, pointers: &[&str]) -> Answered {
    let points: Vec<Value> = pointers.iter().map(|pointer| point(pointer)).collect();
    scene.step("open", partner, "return", &scene.secretariat, &json!({ "points": points }))
}

/// Saves and submits a whole body.
fn handed_in(scene: &Scene, partner: &str, body: &Value) -> Value {
    let saved = scene.save("open", partner, body);
    assert!(matches!(saved.status, 200 | 201), "{}", saved.text);
    let submitted = scene.step("open", partner, "submission", &scene.of(partner), &json!({}));
    assert_eq!(submitted.status, 200, "{}", submitted.text);
    submitted.body
}

/// Of each point, in order, the submission that closed it.
fn closed(report: &Value) -> Vec<Value> {
    let points = report["points"].as_array().expect("points").iter();
    points.map(|point| point["closedByVersion"].clone()).collect()
}

fn part(initiative: &str, actual: &str) -> Value {
    json!({"initiative": initiative, "progress": "Godt", "outcomes": [
        {"measure": "samtaler", "kind": "output", "actual": actual}]})
}

fn no_differences(scene: &Scene) {
    let found = scene
        .api
        .db
        .read_now(|conn| facit::check::check(conn, &scene.slug))
        .expect("a check");
    assert!(found.differences.is_empty(), "{:#?}", found.differences);
}

on_both! {
    fn a_point_names_something_of_the_report(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let own = scene.initiative(&partner, "Egen", json!({}));
        handed_in(&scene, &partner, &json!({"answers": {"joined": {"value": "yes"}}, "initiatives": [part(&own, "1")]}));
        let unknown = ["/answers/unheard", "/answers/reach/unit", "/initiatives/1", "/initiatives/00", "/initiatives/0/outcomes/1",
            "/state", "/initiatives/-", "/", "/answers/joined/comment/x"];
        let refused = returned(&scene, &partner, &unknown);
        assert_eq!(refused.problem(422), "invalid");
        let expected: Vec<String> = (0..unknown.len()).map(|i| format!("/points/{i}/pointer unknown-pointer")).collect();
        assert_eq!(refused.faults(), expected);
        let known = ["", "/answers", "/initiatives", "/answers/joined", "/answers/joined/comment", "/answers/reach",
            "/answers/note/value", "/initiatives/0", "/initiatives/0/outcomes/0/actual", "/initiatives/0/outcomes/0/target"];
        let back = returned(&scene, &partner, &known);
        assert_eq!(back.status, 200, "{}", back.text);
        for (point, pointer) in back.body["points"].as_array().expect("points").iter().zip(known) {
            assert_eq!(point["pointer"], pointer);
            assert_eq!(point["openedInVersion"], 1);
            let is_within = pointer.starts_with("/initiatives/");
            assert_eq!(point["initiative"], if is_within { json!(own) } else { Value::Null });
        }
    }

    fn a_submission_closes_the_points_whose_part_it_changes_and_carries_the_others(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let (one, other) = (scene.initiative(&partner, "En", json!({})), scene.initiative(&partner, "Anden", json!({})));
        let body = |answers: Value, initiatives: Value| json!({"answers": answers, "initiatives": initiatives});
        let answers = json!({"joined": {"value": "yes"}, "reach": {"value": 2}});
        handed_in(&scene, &partner, &body(answers.clone(), json!([part(&one, "1"), part(&other, "2")])));
        let back = returned(&scene, &partner,
            &["/answers/reach", "/answers/note", "/initiatives/0/outcomes/0/actual", "/initiatives/1", "/answers/joined"]);
        assert_eq!(back.status, 200, "{}", back.text);
        let by_secretariat = back.body["points"][0]["openedBy"].clone();
        assert!(by_secretariat.is_string() && back.body["points"][0]["openedAt"].is_string());

        // Another order, one part gone, a comment: the place does not count, the initiative does.
        let mut commented = answers.clone();
        commented["reach"]["comment"] = json!("Det er to");
        let second = handed_in(&scene, &partner, &body(commented.clone(), json!([part(&one, "1")])));
        assert_eq!(closed(&second), [json!(2), Value::Null, Value::Null, json!(2), Value::Null]);
        let point = &second["points"][0];
        assert_eq!(point["closedAt"], second["receipt"]["receivedAt"]);
        assert!(point["closedBy"].is_string() && point["closedBy"] != by_secretariat);

        let refused = scene.step("open", &partner, "acceptance", &scene.secretariat, &json!({}));
        assert_eq!(refused.problem(409), "points-open");
        assert_eq!(refused.faults(), ["/answers/note point-open", "/initiatives/0/outcomes/0/actual point-open", "/answers/joined point-open"]);
        assert!(refused.text.contains("Hvad med /answers/note?"), "{}", refused.text);

        returned(&scene, &partner, &["/initiatives"]);
        commented["note"] = json!({"none": "dontKnow"});
        commented["joined"] = json!({"value": "no"});
        let third = handed_in(&scene, &partner, &body(commented, json!([part(&other, "2"), part(&one, "3")])));
        assert_eq!(closed(&third), [json!(2), json!(3), json!(3), json!(2), json!(3), json!(3)]);
        let accepted = scene.accept("open", &partner);
        assert_eq!((&accepted["state"], &accepted["acceptedVersion"]), (&json!("accepted"), &json!(3)));
        assert_eq!(accepted["points"], third["points"], "all earlier points stay readable");
        no_differences(&scene);
    }

    fn what_a_withdrawn_submission_closed_is_open_again(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let say = |answer: &str| json!({"answers": {"joined": {"value": answer}, "reach": {"value": 2}}});
        handed_in(&scene, &partner, &say("yes"));
        returned(&scene, &partner, &["/answers/joined", "/answers/reach"]);
        assert_eq!(closed(&handed_in(&scene, &partner, &say("no"))), [json!(2), Value::Null]);
        let withdrawn = scene.withdraw("open", &partner);
        assert_eq!((&withdrawn["state"], closed(&withdrawn)), (&json!("returned"), vec![Value::Null, Value::Null]));
        assert_eq!((&withdrawn["points"][0]["closedAt"], &withdrawn["points"][0]["closedBy"]), (&Value::Null, &Value::Null));
        // As it was when it was returned: nothing is mended.
        assert_eq!(closed(&handed_in(&scene, &partner, &say("yes"))), [Value::Null, Value::Null]);
        scene.withdraw("open", &partner);
        assert_eq!(closed(&handed_in(&scene, &partner, &say("no"))), [json!(4), Value::Null]);
        no_differences(&scene);
    }

    fn a_point_that_needs_no_mending_is_waived_with_a_reason(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let yes = json!({"answers": {"joined": {"value": "yes"}}});
        handed_in(&scene, &partner, &yes);
        returned(&scene, &partner, &["/answers/joined", "/answers/note", "/answers/reach"]);
        let mended = json!({"answers": {"joined": {"value": "yes", "comment": "Ja"}}});
        let report = handed_in(&scene, &partner, &mended);
        let id = |place: usize| report["points"][place]["id"].as_str().expect("an id").to_owned();
        let accept = |waived: Value| scene.step("open", &partner, "acceptance", &scene.secretariat, &json!({ "waived": waived }));
        let waiver = |point: &str, reason: &str| json!({"point": point, "reason": reason});
        let size = scene.journal_size();
        let refused = accept(json!([waiver(&id(0), "Ja"), waiver("x", " "), waiver(&id(1), "a\u{0}"), waiver(&id(1), "Igen")]));
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults(), ["/waived/0/point unknown-point", "/waived/1/point unknown-point", "/waived/1/reason required",
            "/waived/2/reason control-character", "/waived/3/point duplicate"]);
        let refused = accept(json!([waiver(&id(1), "Forklaret")]));
        assert_eq!((refused.problem(409), refused.faults()), ("points-open", vec!["/answers/reach point-open".to_owned()]));
        assert_eq!(scene.journal_size(), size, "nothing half done");
        let still = scene.read(&format!("/reports/open/{partner}"));
        assert_eq!(still["points"], report["points"]);
        let unshaped = scene.step("open", &partner, "acceptance", &scene.secretariat, &json!({"waive": []}));
        assert_eq!(unshaped.problem(400), "unknown-field");

        let accepted = accept(json!([waiver(&id(1), " Forklaret på mødet "), waiver(&id(2), "Uvigtigt")]));
        assert_eq!((accepted.status, &accepted.body["state"]), (200, &json!("accepted")), "{}", accepted.text);
        let point = &accepted.body["points"][1];
        assert_eq!((&point["waivedReason"], &point["closedByVersion"]), (&json!("Forklaret på mødet"), &Value::Null));
        assert!(point["closedAt"].is_string());
        assert_eq!(point["closedBy"], point["openedBy"]);
        assert_eq!(scene.journal_size(), size + 1, "in the same entry");
        let entry = scene.get(&format!("/journal/{}", size + 1)).token(&scene.auditor).send().body;
        assert_eq!(entry["after"]["points"][1]["waivedReason"], "Forklaret på mødet");
        assert!(!entry["canonical"].as_str().expect("bytes").contains("mødet"), "texts stand beside the entry");

        // A waived point stays closed when the report is opened again.
        scene.reopen("open", &partner);
        let again = handed_in(&scene, &partner, &yes);
        assert_eq!((&again["acceptedVersion"], &again["points"]), (&json!(2), &accepted.body["points"]));
        let since = again["links"]["changesSinceAcceptance"].as_str().expect("a link");
        assert_eq!(since, scene.at(&format!("/reports/open/{partner}/versions/3/diff?from=2")));
        no_differences(&scene);
    }
}
