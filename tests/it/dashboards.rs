//! What a reader's key sees.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Scene, column, on_both, tally};

on_both! {
    fn a_reader_sees_no_small_group_and_everybody_else_sees_them_all(api) {
        let alliance = api.alliance();
        for (name, sector) in [("A", "civil"), ("B", "civil"), ("C", "civil"), ("D", "municipality"), ("E", "region")] {
            api.partner_with(&alliance, json!({"name": name, "sector": sector, "joinedOn": "2020-01-01"}));
        }
        let path = format!("/v1/alliances/{alliance}/figures/partners?by=sector");
        let reader = api.role(&alliance, "reader", None);
        let auditor = api.role(&alliance, "auditor", None);

        let whole = api.get(&path).token(&auditor).send();
        assert_eq!(column(&whole.body, "group"), ["civil", "municipality", "region"]);

        // D and E alone are two, and two are too few: the smallest of the others joins them.
        let merged = api.get(&path).token(&reader).english().send();
        assert_eq!(column(&merged.body, "group"), ["other"]);
        assert_eq!(merged.body["items"][0]["groupLabel"], "Other");
        assert_eq!(merged.body["items"][0]["members"], 5);
        assert_eq!(merged.body["whole"]["value"], whole.body["whole"]["value"]);

        let other_view = api.get(&path).token(&reader).header("if-none-match", whole.etag()).send();
        assert_eq!(other_view.status, 200, "another's entity tag is not the reader's");
        let listed = api.get(&format!("/v1/alliances/{alliance}/figures?by=sector")).token(&reader).send();
        let groups: Vec<&Value> = listed.body["items"].as_array().expect("rows").iter().map(|r| &r["group"]).collect();
        assert!(!groups.contains(&&json!("region")), "{groups:?}");
    }

    fn focus_areas_overlap_and_count_partners_by_commitment_and_initiatives_by_what_they_are_about(api) {
        let scene = Scene::with(api, |_| {});
        let [one, two, three] = ["A", "B", "C"].map(|name| scene.admit(name, "2020-01-01"));
        scene.commit(&one, "nat-A", "Et mål");
        let gone = scene.commit(&one, "own-1", "");
        scene.commit(&two, "nat-A", "");
        let areas = json!({"focusAreas": ["nat-B", "own-1"], "partners": [two, three]});
        let shared = scene.initiative(&one, "Fælles", areas);
        scene.initiative(&two, "Uden", json!({"status": "planned"}));
        scene.submit("open", &two, json!({"joined": {"value": "yes"}}));

        let groups = |indicator: &str| {
            let found = scene.get(&format!("/figures/{indicator}?by=focusArea")).token(&scene.auditor).english().send();
            assert_eq!((&found.body["disjoint"], &found.body["leftOut"]), (&json!(false), &json!(0)), "{}", found.text);
            let rows = found.body["items"].as_array().expect("groups").clone();
            assert!(rows.iter().all(|row| row["by"] == "focusArea"));
            rows.iter().map(|row| (row["group"].clone(), row["groupLabel"].clone(), tally(row))).collect::<Vec<_>>()
        };
        let area = |key: &str, label: &str, counts| (json!(key), json!(label), counts);
        let none = |counts| (Value::Null, Value::Null, counts);
        assert_eq!(groups("chosen"), [
            area("nat-A", "A (en)", [1, 1, 0, 0, 0]), area("own-1", "1 (en)", [1, 0, 0, 0, 0]), none([0, 1, 0, 0, 0]),
        ]);
        assert_eq!(groups("initiatives"), [
            area("nat-B", "B (en)", [1, 0, 0, 0, 0]), area("own-1", "1 (en)", [1, 0, 0, 0, 0]), none([0, 1, 0, 0, 0]),
        ]);
        assert_eq!(groups("reports"), [area("nat-A", "A (en)", [1, 0, 0, 0, 0])]);
        assert_eq!(scene.tally("initiatives", ""), [1, 1, 0, 0, 0]);

        scene.change(&format!("/initiatives/{shared}"), json!({"focusAreas": ["nat-A"]}));
        let before = scene.get(&format!("/commitments/{gone}")).send();
        let deleted = scene.delete(&format!("/commitments/{gone}")).token(&scene.of(&one)).if_match(before.etag()).send();
        assert_eq!(deleted.status, 204);
        assert_eq!(groups("initiatives")[0], area("nat-A", "A (en)", [1, 0, 0, 0, 0]));
        assert_eq!(groups("partners"), [area("nat-A", "A (en)", [2, 0, 0, 0, 0]), none([1, 0, 0, 0, 0])]);
        let plain = scene.figure("partners", "?by=sector");
        assert_eq!((&plain["disjoint"], &plain["leftOut"]), (&json!(true), &json!(0)));
    }

    fn of_focus_areas_a_reader_sees_the_large_ones_but_the_smallest_of_them(api) {
        let scene = Scene::with(api, |document| document["smallGroup"] = json!(2));
        for (name, areas) in [("A", ["nat-A", "nat-B"].as_slice()), ("B", &["nat-A", "nat-B"]), ("C", &["nat-A"]), ("D", &[])] {
            let partner = scene.admit(name, "2020-01-01");
            areas.iter().for_each(|area| drop(scene.commit(&partner, area, "")));
        }
        let reader = api.role(&scene.slug, "reader", None);
        let found = scene.get("/figures/partners?by=focusArea&count=true").token(&reader).send();
        // D alone has none, and is too few; that it is B and D together does not show.
        assert_eq!(column(&found.body, "group"), ["nat-A"]);
        assert_eq!((&found.body["leftOut"], &found.body["totalCount"]), (&json!(2), &json!(1)));
        assert_eq!(found.body["items"][0]["members"], 3);
        let listed = scene.get("/figures?by=focusArea&limit=500").token(&reader).send();
        let groups: Vec<_> = column(&listed.body, "group").into_iter().filter(|group| !group.is_empty()).collect();
        assert!(groups.iter().all(|group| group == "nat-A"), "{groups:?}");
        let auditor = scene.figure("partners", "?by=focusArea");
        assert_eq!((column(&auditor, "group").len(), &auditor["leftOut"]), (3, &json!(0)));
    }

    fn a_readers_key_may_come_by_http_basic_on_get_and_no_other_may(api) {
        let alliance = api.alliance();
        let figures = format!("/v1/alliances/{alliance}/figures");
        let send = |method: &str, path: &str, (id, secret): &(String, String)| {
            let pair = STANDARD.encode(format!("{id}:{secret}"));
            api.request(method, path).header("authorization", &format!("Basic {pair}")).send()
        };
        let reader = api.make_key(Some(&alliance), "reader", None);
        assert_eq!(send("GET", &figures, &reader).status, 200);
        assert_eq!(send("HEAD", &figures, &reader).status, 200);

        let wrong = send("GET", &figures, &(reader.0.clone(), "fs_wrong".to_owned()));
        assert_eq!(wrong.problem(401), "invalid-client");
        assert_eq!(wrong.header("www-authenticate"), "Basic realm=\"facit\"");
        let partners = format!("/v1/alliances/{alliance}/partners");
        assert_eq!(send("POST", &partners, &reader).problem(401), "invalid-token");
        for role in ["secretariat", "auditor"] {
            let key = api.make_key(Some(&alliance), role, None);
            assert_eq!(send("GET", &figures, &key).problem(401), "invalid-client", "{role}");
        }
        let operator = api.operator();
        let key = format!("/v1/alliances/{alliance}/keys/{}", reader.0);
        assert_eq!(api.delete(&key).token(operator).if_match("*").send().status, 204);
        assert_eq!(send("GET", &figures, &reader).problem(401), "invalid-client", "revoked");
    }

    fn a_list_of_the_programme_goes_on_where_it_was_though_the_programme_changes(api) {
        let alliance = api.alliance();
        let path = format!("/v1/alliances/{alliance}");
        let first = api.get(&format!("{path}/focus-areas?limit=2")).send();
        assert_eq!(column(&first.body, "key"), ["nat-A", "nat-B"]);

        let current = api.get(&path).send();
        let mut document = current.body.clone();
        let areas = document["focusAreas"].as_array_mut().expect("areas");
        areas.insert(0, json!({"key": "first", "scheme": "own", "label": {"da": "Ny", "en": "New"}}));
        let changed = api.put(&path).token(api.operator()).if_match(current.etag()).json(&document).send();
        assert_eq!(changed.status, 200, "{}", changed.text);

        let next = api.get(first.body["next"].as_str().expect("a next page")).send();
        assert_eq!(column(&next.body, "key"), ["own-1"]);
    }
}
