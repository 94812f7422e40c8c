//! What changed from one submission to another.

use serde_json::{Value, json};

use crate::support::{Scene, on_both};

fn handed_in(scene: &Scene, partner: &str, body: &Value) {
    let saved = scene.save("open", partner, body);
    assert!(matches!(saved.status, 200 | 201), "{}", saved.text);
    let submitted = scene.step("open", partner, "submission", &scene.of(partner), &json!({}));
    assert_eq!(submitted.status, 200, "{}", submitted.text);
}

/// `pointer: from -> to` of each change.
fn changes(compared: &Value) -> Vec<String> {
    let changes = compared["changes"].as_array().expect("changes").iter();
    changes
        .map(|it| {
            format!("{}: {} -> {}", it["pointer"].as_str().expect("a pointer"), it["from"], it["to"])
        })
        .collect()
}

on_both! {
    fn a_number_written_otherwise_is_no_change_and_closes_no_point(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Regnearket", "2020-01-01");
        let with = |reach: &str| {
            serde_json::from_str(&format!(r#"{{"answers": {{"joined": {{"value": "yes"}}, "reach": {{"value": {reach}}}}}}}"#)).expect("JSON")
        };
        handed_in(&scene, &partner, &with("1"));
        scene.send_back("open", &partner);
        handed_in(&scene, &partner, &with("1.0"));
        let compared = scene.read(&format!("/reports/open/{partner}/versions/2/diff"));
        assert_eq!(compared["changes"], json!([]));
        let report = scene.read(&format!("/reports/open/{partner}"));
        assert_eq!(report["points"][0]["closedByVersion"], Value::Null, "{report}");
        assert_eq!(report["answers"]["reach"]["value"].to_string(), "1");
    }

    fn two_submissions_are_compared_leaf_by_leaf(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let [one, two, three] = ["Et", "To", "Tre"].map(|title| scene.initiative(&partner, title, json!({})));
        let outcome = |measure: &str, actual: &str| json!({"measure": measure, "kind": "output", "actual": actual});
        handed_in(&scene, &partner, &json!({
            "answers": {"joined": {"value": "yes"}, "reach": {"value": 2, "comment": "Cirka"}},
            "initiatives": [
                {"initiative": one, "progress": "Godt", "outcomes": [outcome("samtaler", "1"), outcome("møder", "5")]},
                {"initiative": two, "learning": "Meget"},
            ],
        }));
        scene.send_back("open", &partner);
        handed_in(&scene, &partner, &json!({
            "answers": {"joined": {"value": "yes"}, "reach": {"none": "dontKnow"}, "note": {"value": "Fri"}},
            "initiatives": [
                {"initiative": three, "barriers": "Få"},
                {"initiative": one, "progress": "Bedre", "outcomes": [outcome("møder", "5"), outcome("samtaler", "1.50")]},
            ],
        }));
        let path = format!("/reports/open/{partner}/versions");
        let get = |query: &str| scene.get(&format!("{path}{query}")).token(&scene.auditor);
        let compared = get("/2/diff").send().body;
        assert_eq!((&compared["from"], &compared["to"]), (&json!(1), &json!(2)));
        assert_eq!(changes(&compared), [
            "/answers/reach/value: 2 -> null".to_owned(),
            "/answers/reach/none: null -> \"dontKnow\"".to_owned(),
            "/answers/reach/comment: \"Cirka\" -> null".to_owned(),
            "/answers/note/value: null -> \"Fri\"".to_owned(),
            format!("/initiatives/0/initiative: null -> \"{three}\""),
            "/initiatives/0/barriers: null -> \"Få\"".to_owned(),
            "/initiatives/1/progress: \"Godt\" -> \"Bedre\"".to_owned(),
            "/initiatives/1/outcomes/1/actual: \"1\" -> \"1.50\"".to_owned(),
            format!("/initiatives/1/initiative: \"{two}\" -> null"),
            "/initiatives/1/learning: \"Meget\" -> null".to_owned(),
        ]);
        let change = |place: usize| compared["changes"][place].clone();
        assert_eq!((&change(0)["label"], &change(0)["initiative"]), (&json!("Hvor mange?"), &Value::Null));
        assert_eq!(change(2)["label"], "Hvor mange? (bemærkning)");
        assert_eq!((&change(7)["label"], &change(7)["initiative"]), (&json!("samtaler: resultat"), &json!({"id": one, "title": "Et"})));
        let english = get("/2/diff").english().send().body;
        assert_eq!(english["changes"][7]["label"], "samtaler: actual");
        assert_eq!(english["changes"][2]["label"], "Hvor mange? (en) (comment)");

        let back = get("/1/diff?from=2").send().body;
        assert_eq!((changes(&back).len(), &back["from"], &back["to"]), (10, &json!(2), &json!(1)));
        assert!(changes(&back).contains(&"/answers/reach/value: null -> 2".to_owned()));
        assert_eq!(changes(&get("/2/diff?from=2").send().body), Vec::<String>::new());
        let first = get("/1/diff").send().body;
        assert_eq!(first["from"], Value::Null);
        assert!(changes(&first).contains(&"/answers/joined/value: null -> \"yes\"".to_owned()));
        for token in [&scene.secretariat, &scene.of(&partner)] {
            assert_eq!(scene.get(&format!("{path}/2/diff")).token(token).send().body, compared);
        }
    }

    fn only_submissions_that_there_are_can_be_compared(api) {
        let scene = Scene::new(api);
        let (partner, other) = (scene.admit("En", "2020-01-01"), scene.admit("Anden", "2020-01-01"));
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        let path = format!("/reports/open/{partner}/versions");
        let get = |rest: &str| scene.get(&format!("{path}{rest}")).token(&scene.auditor).send();
        for missing in ["/2/diff", "/0/diff", "/x/diff", "/01/diff"] {
            assert_eq!(get(missing).problem(404), "not-found", "{missing}");
        }
        for from in ["2", "0", "-1", "x", "", "1.0", "99999999999999999999"] {
            let refused = get(&format!("/1/diff?from={from}"));
            assert_eq!((refused.problem(422), refused.faults()), ("invalid", vec!["?from unknown-version".to_owned()]), "{from}");
        }
        assert_eq!(scene.get(&format!("{path}/1/diff")).token(&scene.of(&other)).send().problem(404), "not-found");
        assert_eq!(scene.get(&format!("{path}/1/diff")).send().status, 401);
    }

    fn what_changed_since_acceptance_follows_from_the_report(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("En", "2020-01-01");
        let since = |report: &Value| report["links"]["changesSinceAcceptance"].clone();
        let first = scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        assert_eq!((&first["acceptedVersion"], since(&first)), (&Value::Null, Value::Null));
        let accepted = scene.accept("open", &partner);
        assert_eq!((&accepted["acceptedVersion"], since(&accepted)), (&json!(1), Value::Null));
        assert_eq!(since(&scene.reopen("open", &partner)), Value::Null);
        let second = scene.submit("open", &partner, json!({"joined": {"value": "no"}}));
        let link = since(&second);
        let compared = scene.api.get(link.as_str().expect("a link")).token(&scene.of(&partner)).send();
        assert_eq!(changes(&compared.body), ["/answers/joined/value: \"yes\" -> \"no\""]);
        let again = scene.accept("open", &partner);
        assert_eq!((&again["acceptedVersion"], since(&again)), (&json!(2), Value::Null));
    }
}
