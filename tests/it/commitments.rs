//! Commitments: one for each partner and focus area.

use serde_json::{Value, json};

use crate::support::{Scene, column, on_both};

on_both! {
    fn a_partner_chooses_a_focus_area_once(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let path = format!("/partners/{partner}/commitments");
        let body = json!({"focusArea": "nat-A", "goal": " Flere samtaler ", "chosenOn": "2021-03-01", "target":
            {"measure": "samtaler", "unit": "antal", "baseline": "12", "target": "20.50", "dueOn": "2023-12-31"}});
        let made = scene.post(&path).token(&scene.of(&partner)).json(&body).send();
        assert_eq!(made.status, 201, "{}", made.text);
        let id = made.body["id"].as_str().expect("an id");
        assert_eq!(made.header("location"), scene.at(&format!("/commitments/{id}")));
        assert_eq!(made.body, json!({"id": id, "partner": partner, "focusArea": "nat-A", "goal": "Flere samtaler",
            "target": body["target"], "chosenOn": "2021-03-01", "version": 1}));
        let found = api.get(made.header("location")).send();
        assert_eq!((found.etag(), &found.body), (made.etag(), &made.body));
        let again = scene.post(&path).token(&scene.secretariat).json(&json!({"focusArea": "nat-A"})).send();
        assert_eq!((again.problem(409), again.faults()), ("already-chosen", vec!["/focusArea already-chosen".to_owned()]));
        let other = scene.admit("Anden", "2020-01-01");
        scene.commit(&other, "nat-A", "");
    }

    fn a_commitment_without_a_day_was_made_today(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let id = scene.commit(&partner, "nat-A", "");
        let today = facit::api::now().with_timezone(&chrono_tz::Europe::Copenhagen).date_naive();
        let made = scene.read(&format!("/commitments/{id}"));
        assert_eq!((&made["chosenOn"], &made["target"], &made["goal"]), (&json!(today.to_string()), &Value::Null, &json!("")));
    }

    fn every_fault_of_a_commitment_is_found_at_once(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let wrong = json!({"focusArea": "none", "goal": "a\u{7}", "chosenOn": "2021", "target":
            {"measure": "", "unit": " ", "baseline": "1,5", "target": "1e3", "dueOn": "2023-02-29"}});
        let refused = scene.post(&format!("/partners/{partner}/commitments")).token(&scene.secretariat).json(&wrong).send();
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults(), ["/focusArea unknown-focus-area", "/goal control-character", "/target/measure required",
            "/target/unit required", "/target/baseline bad-amount", "/target/target bad-amount", "/target/dueOn bad-date",
            "/chosenOn bad-date"]);
        let list = json!({"focusArea": "nat-A", "target": ["samtaler"]});
        let shape = scene.post(&format!("/partners/{partner}/commitments")).token(&scene.secretariat).json(&list).send();
        assert_eq!((shape.problem(400), shape.faults()), ("wrong-type", vec!["/target wrong-type".to_owned()]));
    }

    fn a_patch_merges_and_null_takes_away(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let id = scene.commit(&partner, "nat-A", "Flere samtaler");
        let path = format!("/commitments/{id}");
        let target = json!({"measure": "samtaler", "target": "20"});
        let with_target = scene.change(&path, json!({"target": target}));
        assert_eq!(with_target["target"], json!({"measure": "samtaler", "unit": null, "baseline": null, "target": "20", "dueOn": null}));
        let merged = scene.change(&path, json!({"target": {"unit": "antal", "target": null}}));
        assert_eq!((&merged["target"]["unit"], &merged["target"]["target"], &merged["target"]["measure"]),
            (&json!("antal"), &Value::Null, &json!("samtaler")));
        let refused = scene.try_change(&path, &json!({"target": {"measure": null}}), &scene.secretariat);
        assert_eq!(refused.problem(422), "invalid");
        let bare = scene.change(&path, json!({"target": null, "goal": null, "chosenOn": null}));
        assert_eq!((&bare["target"], &bare["goal"], &bare["chosenOn"]), (&Value::Null, &json!(""), &Value::Null));
        let moved = scene.try_change(&path, &json!({"focusArea": "nat-B"}), &scene.secretariat);
        assert_eq!(moved.problem(400), "unknown-field", "the focus area stays");
        let size = scene.journal_size();
        assert_eq!(scene.change(&path, json!({"goal": " "}))["version"], bare["version"], "nothing changed");
        assert_eq!(scene.journal_size(), size);
    }

    fn only_its_partner_and_the_secretariat_touch_a_commitment(api) {
        let scene = Scene::new(api);
        let [own, other] = ["Egen", "Anden"].map(|name| scene.admit(name, "2020-01-01"));
        let id = scene.commit(&own, "nat-A", "");
        let path = format!("/commitments/{id}");
        let goal = json!({"goal": "Mål"});
        assert_eq!(scene.try_change(&path, &goal, &scene.of(&own)).status, 200);
        assert_eq!(scene.try_change(&path, &goal, &scene.of(&other)).problem(404), "not-found");
        assert_eq!(scene.try_change(&path, &goal, &scene.auditor).problem(403), "forbidden");
        let body = json!({"focusArea": "nat-B"});
        let others = scene.post(&format!("/partners/{own}/commitments")).token(&scene.of(&other)).json(&body).send();
        assert_eq!(others.problem(404), "not-found");
        assert_eq!(scene.delete(&path).token(&scene.of(&other)).if_match("*").send().problem(404), "not-found");
        assert_eq!(scene.delete(&path).token(&scene.of(&own)).send().problem(428), "if-match-missing");
        assert_eq!(scene.delete(&path).token(&scene.of(&own)).if_match("\"1-x\"").send().problem(412), "stale-version");
        assert_eq!(scene.delete(&path).token(&scene.of(&own)).if_match("\"2-x\"").send().status, 204);
        assert_eq!(scene.get(&path).send().problem(404), "not-found");
        scene.commit(&own, "nat-A", "");
    }

    fn a_goal_moves_the_figure_at_once(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let id = scene.commit(&partner, "nat-A", "");
        assert_eq!(scene.tally("chosen", ""), [0, 1, 0, 0, 0]);
        scene.change(&format!("/commitments/{id}"), json!({"goal": "Mål"}));
        assert_eq!(scene.tally("chosen", ""), [1, 0, 0, 0, 0]);
        scene.delete(&format!("/commitments/{id}")).token(&scene.secretariat).if_match("*").send();
        assert_eq!(scene.tally("chosen", ""), [0, 1, 0, 0, 0]);
    }

    fn a_partners_commitments_are_a_list_in_order_of_their_areas(api) {
        let scene = Scene::new(api);
        let [own, other] = ["Egen", "Anden"].map(|name| scene.admit(name, "2020-01-01"));
        for area in ["own-1", "nat-B", "nat-A"] {
            scene.commit(&own, area, "");
        }
        scene.commit(&other, "nat-A", "");
        let path = format!("/partners/{own}/commitments");
        assert_eq!(column(&scene.get(&path).send().body, "focusArea"), ["nat-A", "nat-B", "own-1"]);
        let page = scene.get(&format!("{path}?limit=2&count=true")).send().body;
        assert_eq!((column(&page, "focusArea").len(), &page["totalCount"]), (2, &json!(3)));
        let next = api.get(page["next"].as_str().expect("more")).send().body;
        assert_eq!(column(&next, "focusArea"), ["own-1"]);
        let nobody = scene.get("/partners/019353f2-6c00-7000-8000-000000000001/commitments").send();
        assert_eq!(nobody.problem(404), "not-found");
    }
}
