//! Initiatives: work that one or more partners do, and that its lead answers for.

use serde_json::{Value, json};

use crate::support::programme::small;
use crate::support::{Answered, Scene, Token, column, on_both};

fn create(scene: &Scene, token: &Token, body: &Value) -> Answered {
    scene.post("/initiatives").token(token).json(body).send()
}

fn titles(scene: &Scene, query: &str) -> Vec<String> {
    let list = scene.get(&format!("/initiatives{query}")).send();
    assert_eq!(list.status, 200, "{query}: {}", list.text);
    column(&list.body, "title")
}

on_both! {
    fn a_partner_creates_an_initiative_as_its_lead(api) {
        let scene = Scene::new(api);
        let [own, other] = ["Egen", "Anden"].map(|name| scene.admit(name, "2020-01-01"));
        let body = json!({"partners": [other], "title": " Sundhedssamtaler  på værestedet", "summary": " Kort ",
            "focusAreas": ["nat-A", "own-1"], "targetGroup": "Hjemløse", "approach": "structural",
            "stage": ["prevention", "treatment"], "status": "running", "startsOn": "2023-01", "endsOn": "2023-09",
            "beganBeforeJoining": false});
        let created = create(&scene, &scene.of(&own), &body);
        assert_eq!(created.status, 201, "{}", created.text);
        let id = created.body["id"].as_str().expect("an id");
        assert_eq!(created.header("location"), scene.at(&format!("/initiatives/{id}")));
        assert_eq!(created.body, json!({"id": id, "leadPartner": own, "partners": [own, other],
            "title": "Sundhedssamtaler på værestedet", "summary": "Kort", "focusAreas": ["nat-A", "own-1"],
            "targetGroup": "Hjemløse", "approach": "structural", "stage": ["prevention", "treatment"], "status": "running",
            "startsOn": "2023-01", "endsOn": "2023-09", "beganBeforeJoining": false, "version": 1}));
        let found = api.get(created.header("location")).send();
        assert_eq!((found.etag(), &found.body), (created.etag(), &created.body));
        let bare = create(&scene, &scene.of(&own), &json!({"title": "Kun en titel"})).body;
        for unknown in ["approach", "stage", "status", "startsOn", "endsOn", "beganBeforeJoining"] {
            assert_eq!(bare[unknown], Value::Null, "{unknown} is unknown");
        }
        assert_eq!((&bare["leadPartner"], &bare["partners"]), (&json!(own), &json!([own])));
    }

    fn a_partner_makes_nobody_else_lead(api) {
        let scene = Scene::new(api);
        let [own, other] = ["Egen", "Anden"].map(|name| scene.admit(name, "2020-01-01"));
        let refused = create(&scene, &scene.of(&own), &json!({"title": "T", "leadPartner": other}));
        assert_eq!((refused.problem(403), refused.faults()), ("forbidden", vec!["/leadPartner forbidden".to_owned()]));
        let without = create(&scene, &scene.secretariat, &json!({"title": "T"}));
        assert_eq!(without.faults(), ["/leadPartner required"], "the secretariat must say it");
        let id = scene.initiative(&own, "Egen", json!({"partners": [other]}));
        let path = format!("/initiatives/{id}");
        let lead = json!({"leadPartner": other});
        assert_eq!(scene.try_change(&path, &lead, &scene.of(&own)).problem(403), "forbidden");
        assert_eq!(scene.try_change(&path, &lead, &scene.of(&other)).problem(404), "not-found", "taking part is not leading");
        assert_eq!(scene.delete(&path).token(&scene.of(&other)).if_match("*").send().problem(404), "not-found");
        assert_eq!(create(&scene, &scene.auditor, &json!({"title": "T"})).problem(403), "forbidden");
        let moved = scene.change(&path, lead);
        assert_eq!((&moved["leadPartner"], &moved["partners"]), (&json!(other), &json!([other, own])), "both go on taking part");
        assert_eq!(scene.try_change(&path, &json!({"summary": "Ny"}), &scene.of(&other)).status, 200);
    }

    fn every_fault_of_an_initiative_is_found_at_once(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        let mut elsewhere = small();
        elsewhere["slug"] = json!("anden");
        api.put("/v1/alliances/anden").token(api.operator()).json(&elsewhere).send();
        let stranger = api.partner("anden", "Fremmed");
        let refused = create(&scene, &scene.secretariat, &json!({"leadPartner": stranger, "partners": [own, stranger, "x", own],
            "title": "", "summary": "a\u{0}", "targetGroup": "b\u{1}", "focusAreas": ["nat-A", "none", "nat-A"],
            "approach": "loud", "stage": ["prevention", "cure", "prevention"], "status": "asleep", "startsOn": "2023-00",
            "endsOn": "23"}));
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults(), ["/leadPartner unknown-partner", "/partners/1 unknown-partner", "/partners/2 unknown-partner",
            "/partners/3 duplicate", "/title required", "/summary control-character", "/targetGroup control-character",
            "/focusAreas/1 unknown-focus-area", "/focusAreas/2 duplicate", "/approach not-a-choice", "/status not-a-choice",
            "/stage/1 not-a-choice", "/stage/2 duplicate", "/startsOn bad-date", "/endsOn bad-date"]);
    }

    fn an_end_lies_before_the_start_only_where_that_is_certain(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        let certain = [("2023-02", "2023-01"), ("2023", "2022-12-31"), ("2023-06-02", "2023-06-01"), ("2024-01-01", "2023")];
        let possible = [("2023-06", "2023"), ("2023", "2023-01-01"), ("2023-06-30", "2023-06"), ("2023-06-01", "2023-06-01")];
        for (starts_on, ends_on) in certain {
            let body = json!({"title": "T", "startsOn": starts_on, "endsOn": ends_on});
            assert_eq!(create(&scene, &scene.of(&own), &body).faults(), ["/endsOn end-before-start"], "{starts_on} {ends_on}");
        }
        for (starts_on, ends_on) in possible {
            let body = json!({"title": "T", "startsOn": starts_on, "endsOn": ends_on});
            assert_eq!(create(&scene, &scene.of(&own), &body).status, 201, "{starts_on} {ends_on}");
        }
    }

    fn a_patch_merges_and_null_is_unknown(api) {
        let scene = Scene::new(api);
        let [own, other] = ["Egen", "Anden"].map(|name| scene.admit(name, "2020-01-01"));
        let id = scene.initiative(&own, "T", json!({"approach": "both", "stage": ["treatment"], "partners": [other]}));
        let path = format!("/initiatives/{id}");
        let patched = scene.change(&path, json!({"approach": null, "stage": null, "status": null, "partners": []}));
        assert_eq!((&patched["approach"], &patched["stage"], &patched["status"]), (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!((&patched["partners"], &patched["title"]), (&json!([own]), &json!("T")));
        assert_eq!(scene.change(&path, json!({"stage": []}))["stage"], json!([]), "none is not unknown");
        assert_eq!(scene.try_change(&path, &json!({"title": null}), &scene.secretariat).faults(), ["/title required"]);
        assert_eq!(scene.try_change(&path, &json!({"leadPartner": null}), &scene.secretariat).faults(), ["/leadPartner required"]);
        let (size, seen) = (scene.journal_size(), scene.get(&path).send().etag().to_owned());
        let same = scene.try_change(&path, &json!({"title": " T "}), &scene.secretariat);
        assert_eq!((same.status, same.etag()), (200, seen.as_str()), "nothing changed");
        assert_eq!(scene.journal_size(), size);
        assert_eq!(scene.patch(&path).token(&scene.secretariat).json(&json!({})).send().problem(428), "if-match-missing");
        scene.change(&path, json!({"title": "U"}));
        let stale = scene.patch(&path).token(&scene.secretariat).if_match(&seen).json(&json!({})).send();
        assert_eq!(stale.problem(412), "stale-version");
    }

    fn what_a_submission_names_can_not_be_deleted(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        let [named, drafted] = ["Nævnt", "Kladde"].map(|title| scene.initiative(&own, title, json!({})));
        let delete = |id: &str| scene.delete(&format!("/initiatives/{id}")).token(&scene.of(&own)).if_match("*").send();
        let report = |ids: &[&String]| {
            let parts: Vec<_> = ids.iter().map(|id| json!({"initiative": id})).collect();
            json!({"answers": {"joined": {"value": "yes"}}, "initiatives": parts})
        };
        scene.save("open", &own, &report(&[&named]));
        assert_eq!(scene.step("open", &own, "submission", &scene.of(&own), &json!({})).status, 200);
        assert_eq!(delete(&named).problem(409), "in-use");
        scene.send_back("open", &own);
        scene.save("open", &own, &report(&[&drafted]));
        assert_eq!(delete(&named).problem(409), "in-use", "an earlier submission names it still");
        assert_eq!(delete(&drafted).status, 204, "a draft holds nothing");
        assert_eq!(scene.get(&format!("/initiatives/{drafted}")).send().problem(404), "not-found");
        let draft = scene.get(&format!("/reports/open/{own}")).token(&scene.of(&own)).send().body;
        assert_eq!((&draft["initiatives"], &draft["faults"]), (&json!([]), &json!([])));
    }

    fn the_list_is_narrowed_by_each_filter_and_sorted_in_danish(api) {
        let scene = Scene::new(api);
        let [one, two] = ["Et", "To"].map(|name| scene.admit(name, "2020-01-01"));
        scene.initiative(&one, "Århus 100 %", json!({"status": "planned", "approach": "both", "focusAreas": ["nat-A"]}));
        scene.initiative(&one, "Æblet", json!({"partners": [two], "focusAreas": ["nat-B", "nat-A"]}));
        scene.initiative(&two, "Zoo_x", json!({"status": null, "approach": "individual"}));
        let cases: Vec<(String, &[&str])> = vec![
            (String::new(), &["Zoo_x", "Æblet", "Århus 100 %"]),
            (format!("?partner={two}"), &["Zoo_x", "Æblet"]), (format!("?partner={one}"), &["Æblet", "Århus 100 %"]),
            ("?focusArea=nat-A".to_owned(), &["Æblet", "Århus 100 %"]), ("?focusArea=own-1".to_owned(), &[]),
            ("?status=running".to_owned(), &["Æblet"]), ("?status=planned".to_owned(), &["Århus 100 %"]),
            ("?approach=individual".to_owned(), &["Zoo_x"]), ("?q=%C3%86B".to_owned(), &["Æblet"]),
            ("?q=%25".to_owned(), &["Århus 100 %"]), ("?q=_".to_owned(), &["Zoo_x"]), ("?q=%C3%A5rhus".to_owned(), &["Århus 100 %"]),
        ];
        for (query, expected) in cases {
            assert_eq!(titles(&scene, &query), expected, "{query}");
        }
        let wrong = scene.get("/initiatives?partner=x&focusArea=x&status=x&approach=x&q=").send();
        assert_eq!(wrong.faults(), ["?partner unknown-partner", "?focusArea unknown-focus-area", "?status not-a-choice",
            "?approach not-a-choice", "?q required"]);
        let page = scene.get("/initiatives?limit=2&count=true").send().body;
        assert_eq!((column(&page, "title").len(), &page["totalCount"]), (2, &json!(3)));
        assert_eq!(column(&api.get(page["next"].as_str().expect("more")).send().body, "title"), ["Århus 100 %"]);
    }

    fn another_alliances_initiative_is_not_here(api) {
        let scene = Scene::new(api);
        let mut elsewhere = small();
        elsewhere["slug"] = json!("anden");
        api.put("/v1/alliances/anden").token(api.operator()).json(&elsewhere).send();
        let partner = scene.admit("Egen", "2020-01-01");
        let id = scene.initiative(&partner, "T", json!({}));
        assert_eq!(api.get(&format!("/v1/alliances/anden/initiatives/{id}")).send().problem(404), "not-found");
        assert_eq!(api.get(&format!("/v1/alliances/anden/partners/{partner}")).send().problem(404), "not-found");
    }
}
