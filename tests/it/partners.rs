//! Partners: admission, correction, departure, rejoining, and the list of them.

use serde_json::{Value, json};

use crate::support::{Scene, column, on_both};

/// The faults of admitting with this besides a name and a sector.
fn faults(scene: &Scene, more: Value) -> Vec<String> {
    let mut body = json!({"name": "Eksempelforeningen", "sector": "civil"});
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let refused = scene.post("/partners").token(&scene.secretariat).json(&body).send();
    assert_eq!(refused.problem(422), "invalid", "{body}");
    refused.faults()
}

fn names(scene: &Scene, query: &str) -> Vec<String> {
    let list = scene.get(&format!("/partners{query}")).send();
    assert_eq!(list.status, 200, "{query}: {}", list.text);
    column(&list.body, "name")
}

on_both! {
    fn an_admitted_partner_is_shown_whole(api) {
        let scene = Scene::new(api);
        let whole = scene.admit("Helheden", "2020-01-01");
        let body = json!({"name": " Kost  og Ernæringsforbundet ", "sector": "civil", "region": "1083", "municipality": "0461",
            "area": "07", "cvr": "13585628", "website": "https://example.org/om", "partOf": whole,
            "objectives": ["areas"], "joinedOn": "2020-08-11"});
        let admitted = scene.post("/partners").token(&scene.secretariat).json(&body).send();
        assert_eq!(admitted.status, 201, "{}", admitted.text);
        let id = admitted.body["id"].as_str().expect("an id");
        assert_eq!(admitted.header("location"), scene.at(&format!("/partners/{id}")));
        assert_eq!(admitted.body, json!({"id": id, "name": "Kost og Ernæringsforbundet", "sector": "civil", "region": "1083",
            "municipality": "0461", "area": "07", "cvr": "13585628", "website": "https://example.org/om", "partOf": whole,
            "objectives": ["areas"], "joinedOn": "2020-08-11", "leftOn": null,
            "memberships": [{"joinedOn": "2020-08-11", "leftOn": null}], "version": 1}));
        let found = api.get(admitted.header("location")).send();
        assert_eq!((found.etag(), &found.body), (admitted.etag(), &admitted.body));
        let bare = scene.admit_with(json!({"name": "Ukendt", "sector": "civil"}));
        let bare = scene.read(&format!("/partners/{bare}"));
        assert_eq!((&bare["joinedOn"], &bare["memberships"]), (&Value::Null, &json!([{"joinedOn": null, "leftOn": null}])));
    }

    fn every_fault_of_a_partner_is_found_at_once(api) {
        let scene = Scene::new(api);
        let all = faults(&scene, json!({"name": " ", "sector": "guild", "region": "1080", "municipality": "461",
            "area": "12", "cvr": "13585629", "website": "example.org", "partOf": "nobody", "objectives": ["areas", "fame", "areas"],
            "joinedOn": "2020-02-30", "leftOn": "soon"}));
        assert_eq!(all, ["/name required", "/sector unknown-sector", "/region unknown-region",
            "/municipality unknown-municipality", "/area unknown-area", "/cvr bad-cvr", "/website bad-website",
            "/partOf unknown-partner", "/objectives/1 unknown-objective", "/objectives/2 duplicate",
            "/joinedOn bad-date", "/leftOn bad-date"]);
        assert_eq!(scene.read("/partners")["items"], json!([]));
    }

    fn places_lie_in_the_region_given(api) {
        let scene = Scene::new(api);
        assert_eq!(faults(&scene, json!({"region": "1084", "municipality": "0461"})), ["/municipality not-in-region"]);
        assert_eq!(faults(&scene, json!({"region": "1084", "area": "07"})), ["/area not-in-region"]);
        scene.admit_with(json!({"name": "A", "sector": "civil", "region": "1084", "area": "national"}));
        scene.admit_with(json!({"name": "B", "sector": "civil", "municipality": "0461"}));
    }

    fn a_cvr_number_has_its_check_digit_and_may_be_shared(api) {
        let scene = Scene::new(api);
        for wrong in ["13585629", "1358562", "135856280", "01000004", "DK13585628", ""] {
            assert_eq!(faults(&scene, json!({"cvr": wrong})), ["/cvr bad-cvr"], "{wrong}");
        }
        for name in ["Klinikken", "Forskningen"] {
            scene.admit_with(json!({"name": name, "sector": "civil", "cvr": "13585628"}));
        }
    }

    fn a_name_is_taken_whatever_its_case_space_or_form(api) {
        let scene = Scene::new(api);
        let first = scene.admit("Århus  Ældreråd", "2020-01-01");
        for same in ["århus ældreråd", "  ÅRHUS ÆLDRERÅD ", "A\u{30a}rhus Ældreråd"] {
            let refused = scene.post("/partners").token(&scene.secretariat).json(&json!({"name": same, "sector": "civil"})).send();
            assert_eq!((refused.problem(409), refused.faults()), ("name-taken", vec!["/name name-taken".to_owned()]), "{same}");
        }
        let other = scene.admit("Aarhus Ældreråd", "2020-01-01");
        let renamed = scene.try_change(&format!("/partners/{other}"), &json!({"name": "ÅRHUS ÆLDRERÅD"}), &scene.secretariat);
        assert_eq!(renamed.problem(409), "name-taken");
        let own = scene.change(&format!("/partners/{first}"), json!({"name": "ÅRHUS ÆLDRERÅD"}));
        assert_eq!((&own["name"], &own["version"]), (&json!("ÅRHUS ÆLDRERÅD"), &json!(2)));
    }

    fn nothing_is_part_of_itself(api) {
        let scene = Scene::new(api);
        let [one, two, three] = ["Et", "To", "Tre"].map(|name| scene.admit(name, "2020-01-01"));
        scene.change(&format!("/partners/{two}"), json!({"partOf": one}));
        scene.change(&format!("/partners/{three}"), json!({"partOf": two}));
        for (partner, whole) in [(&one, &one), (&one, &two), (&one, &three)] {
            let refused = scene.try_change(&format!("/partners/{partner}"), &json!({"partOf": whole}), &scene.secretariat);
            assert_eq!((refused.problem(422), refused.faults()), ("invalid", vec!["/partOf part-of-itself".to_owned()]));
        }
        let nobody = "019353f2-6c00-7000-8000-000000000001";
        let refused = scene.try_change(&format!("/partners/{one}"), &json!({"partOf": nobody}), &scene.secretariat);
        assert_eq!(refused.faults(), ["/partOf unknown-partner"]);
        assert_eq!(scene.change(&format!("/partners/{three}"), json!({"partOf": null}))["partOf"], Value::Null);
    }

    fn a_patch_changes_what_it_names_and_null_takes_away(api) {
        let scene = Scene::new(api);
        let partner = scene.admit_with(json!({"name": "A", "sector": "civil", "region": "1083", "area": "07",
            "website": "https://example.org", "objectives": ["areas"], "joinedOn": "2020-01-01"}));
        let path = format!("/partners/{partner}");
        let patched = scene.change(&path, json!({"region": null, "website": null, "objectives": null, "area": "national"}));
        assert_eq!((&patched["region"], &patched["website"], &patched["objectives"], &patched["area"], &patched["sector"]),
            (&Value::Null, &Value::Null, &json!([]), &json!("national"), &json!("civil")));
        for (field, value) in [("name", Value::Null), ("sector", Value::Null)] {
            let refused = scene.try_change(&path, &json!({field: value}), &scene.secretariat);
            assert_eq!(refused.faults(), [format!("/{field} required")]);
        }
        let joined = scene.change(&path, json!({"joinedOn": null}));
        assert_eq!(joined["memberships"], json!([{"joinedOn": null, "leftOn": null}]));
        let size = scene.journal_size();
        let same = scene.try_change(&path, &json!({"name": " A "}), &scene.secretariat);
        assert_eq!((same.status, &same.body["version"]), (200, &json!(3)), "nothing changed");
        assert_eq!(scene.journal_size(), size);
        for (patch, code) in [(json!([]), "wrong-type"), (json!({"version": 9}), "unknown-field"), (json!({"name": 1}), "wrong-type")] {
            assert_eq!(scene.try_change(&path, &patch, &scene.secretariat).problem(400), code, "{patch}");
        }
        let seen = scene.get(&path).send().etag().to_owned();
        assert_eq!(scene.patch(&path).token(&scene.secretariat).json(&json!({})).send().problem(428), "if-match-missing");
        scene.change(&path, json!({"cvr": "13585628"}));
        let stale = scene.patch(&path).token(&scene.secretariat).if_match(&seen).json(&json!({"cvr": null})).send();
        assert_eq!(stale.problem(412), "stale-version");
    }

    fn a_partner_changes_its_own_website_and_place_only(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        let other = scene.admit("Anden", "2020-01-01");
        let place = json!({"website": "https://example.org", "region": "1083", "municipality": "0461", "area": "07"});
        let changed = scene.try_change(&format!("/partners/{own}"), &place, &scene.of(&own));
        assert_eq!((changed.status, &changed.body["municipality"]), (200, &json!("0461")), "{}", changed.text);
        let more = json!({"website": null, "name": "Ny", "leftOn": "2022-01-01", "objectives": []});
        let refused = scene.try_change(&format!("/partners/{own}"), &more, &scene.of(&own));
        assert_eq!(refused.problem(403), "forbidden");
        assert_eq!(refused.faults(), ["/name forbidden", "/leftOn forbidden", "/objectives forbidden"]);
        let others = scene.try_change(&format!("/partners/{other}"), &place, &scene.of(&own));
        assert_eq!(others.problem(404), "not-found");
        for token in [&scene.auditor, api.operator()] {
            assert_eq!(scene.try_change(&format!("/partners/{own}"), &place, token).problem(403), "forbidden");
        }
        for step in ["departure", "memberships"] {
            let refused = scene.post(&format!("/partners/{own}/{step}")).token(&scene.of(&own)).json(&json!({})).send();
            assert_eq!(refused.problem(403), "forbidden");
        }
    }

    fn a_departure_ends_the_membership_and_keeps_everything(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-08-11");
        let commitment = scene.commit(&partner, "nat-A", "Flere samtaler");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        let path = format!("/partners/{partner}/departure");
        let leave = |body: Value| scene.post(&path).token(&scene.secretariat).json(&body).send();
        let wrong = leave(json!({"leftOn": "2020-08-10", "reason": " "}));
        assert_eq!(wrong.faults(), ["/reason required", "/leftOn end-before-start"]);
        let left = leave(json!({"leftOn": "2022-07-01", "reason": "Lukket"}));
        assert_eq!((left.status, &left.body["leftOn"]), (200, &json!("2022-07-01")), "{}", left.text);
        assert_eq!(left.body["memberships"], json!([{"joinedOn": "2020-08-11", "leftOn": "2022-07-01"}]));
        assert_eq!(leave(json!({"leftOn": "2022-08-01", "reason": "Igen"})).problem(409), "not-a-member");
        assert_eq!(scene.read(&format!("/commitments/{commitment}"))["goal"], "Flere samtaler");
        assert_eq!(scene.read(&format!("/reports/open/{partner}"))["state"], "submitted");
        let size = scene.journal_size();
        let entry = scene.get(&format!("/journal/{size}")).token(&scene.auditor).send().body;
        assert_eq!((&entry["action"], &entry["reason"]), (&json!("partner.departed"), &json!("Lukket")));
    }

    fn whoever_left_can_join_again_and_not_before_it_left(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let path = format!("/partners/{partner}/memberships");
        let join = |on: &str| scene.post(&path).token(&scene.secretariat).json(&json!({"joinedOn": on})).send();
        assert_eq!(join("2023-01-01").problem(409), "still-member");
        scene.depart(&partner, "2022-07-01");
        assert_eq!(join("2022-06-30").faults(), ["/joinedOn still-member"]);
        assert_eq!(join("2022-13-01").faults(), ["/joinedOn bad-date"]);
        let again = join("2022-07-01");
        assert_eq!((again.status, again.header("location")), (201, scene.at(&format!("/partners/{partner}")).as_str()));
        assert_eq!(again.body["memberships"], json!([{"joinedOn": "2020-01-01", "leftOn": "2022-07-01"},
            {"joinedOn": "2022-07-01", "leftOn": null}]));
        assert_eq!((&again.body["joinedOn"], &again.body["leftOn"]), (&json!("2022-07-01"), &Value::Null));
        let moved = scene.try_change(&format!("/partners/{partner}"), &json!({"joinedOn": "2022-01-01"}), &scene.secretariat);
        assert_eq!(moved.faults(), ["/joinedOn still-member"], "a correction can't overlap either");
        let corrected = scene.change(&format!("/partners/{partner}"), json!({"joinedOn": "2022-09-01"}));
        assert_eq!(corrected["memberships"][0], json!({"joinedOn": "2020-01-01", "leftOn": "2022-07-01"}));
        assert_eq!(corrected["memberships"][1]["joinedOn"], "2022-09-01");
    }

    fn the_list_is_narrowed_by_each_filter(api) {
        let scene = Scene::new(api);
        let admit = |body: Value| scene.admit_with(body);
        let a = admit(json!({"name": "A", "sector": "civil", "region": "1083", "area": "07"}));
        let b = admit(json!({"name": "B", "sector": "municipality", "region": "1084", "area": "national"}));
        admit(json!({"name": "C", "sector": "civil"}));
        scene.commit(&a, "nat-A", "");
        scene.commit(&b, "nat-B", "");
        let cases: [(&str, &[&str]); 8] = [
            ("", &["A", "B", "C"]), ("?sector=civil", &["A", "C"]), ("?region=1083", &["A"]), ("?area=national", &["B"]),
            ("?focusArea=nat-B", &["B"]), ("?focusArea=own-1", &[]), ("?sector=civil&region=1084", &[]), ("?q=b", &["B"]),
        ];
        for (query, expected) in cases {
            assert_eq!(names(&scene, query), expected, "{query}");
        }
        let wrong = scene.get("/partners?sector=x&region=x&area=x&focusArea=x&validOn=x&q=&sort=x&limit=0").send();
        assert_eq!(wrong.problem(422), "invalid");
        assert_eq!(wrong.faults(), ["?limit out-of-range", "?sector unknown-sector", "?region unknown-region",
            "?area unknown-area", "?focusArea unknown-focus-area", "?validOn bad-date", "?q required", "?sort not-a-choice"]);
        assert_eq!(scene.get("/partners?colour=red").send().problem(400), "unknown-parameter");
        assert_eq!(scene.get("/partners?q=a&q=b").send().problem(400), "repeated-parameter");
    }

    fn members_on_a_day_are_those_who_joined_by_then_and_had_not_left(api) {
        let scene = Scene::new(api);
        let a = scene.admit("A", "2021-03-01");
        scene.depart(&a, "2022-07-01");
        scene.rejoin(&a, "2023-01-01");
        scene.admit_with(json!({"name": "Ukendt", "sector": "civil"}));
        let days: [(&str, &[&str]); 7] = [
            ("2019-12-31", &[]), ("2020-01-01", &["Ukendt"]), ("2021-02-28", &["Ukendt"]), ("2021-03-01", &["A", "Ukendt"]),
            ("2022-06-30", &["A", "Ukendt"]), ("2022-07-01", &["Ukendt"]), ("2023-01-01", &["A", "Ukendt"]),
        ];
        for (day, expected) in days {
            assert_eq!(names(&scene, &format!("?validOn={day}")), expected, "on {day}");
        }
    }

    fn a_search_finds_any_characters_in_any_case(api) {
        let scene = Scene::new(api);
        for name in ["100 % Ærø", "a_b", "axb", r"c\d", "ØSTRE Ålborg", "Aarhus"] {
            scene.admit(name, "2020-01-01");
        }
        let cases: [(&str, &[&str]); 9] = [
            ("%25", &["100 % Ærø"]), ("_", &["a_b"]), ("a_b", &["a_b"]), ("%5C", &[r"c\d"]), ("%C3%A6R%C3%98", &["100 % Ærø"]),
            ("%C3%B8stre+%C3%A5L", &["ØSTRE Ålborg"]), ("%C3%85", &["ØSTRE Ålborg"]), ("AA", &["Aarhus"]), ("100+%25+%C3%A6", &["100 % Ærø"]),
        ];
        for (q, expected) in cases {
            assert_eq!(names(&scene, &format!("?q={q}")), expected, "{q}");
        }
    }

    fn the_list_is_sorted_both_ways_page_by_page(api) {
        let scene = Scene::new(api);
        for (name, joined_on) in [("Ørsted", Some("2021-01-01")), ("Zoo", None), ("Århus", Some("2020-05-01")), ("Ældre", None),
            ("abe", Some("2021-01-01")), ("Astma", Some("2022-01-01"))] {
            scene.admit_with(json!({"name": name, "sector": "civil", "joinedOn": joined_on}));
        }
        let orders: [(&str, [&str; 6]); 4] = [
            ("name", ["abe", "Astma", "Zoo", "Ældre", "Ørsted", "Århus"]),
            ("-name", ["Århus", "Ørsted", "Ældre", "Zoo", "Astma", "abe"]),
            ("joinedOn", ["Århus", "abe", "Ørsted", "Astma", "Zoo", "Ældre"]),
            ("-joinedOn", ["Astma", "abe", "Ørsted", "Århus", "Zoo", "Ældre"]),
        ];
        for (sort, expected) in orders {
            assert_eq!(names(&scene, &format!("?sort={sort}")), expected, "{sort}");
            for limit in [1, 2, 4] {
                let mut found = Vec::new();
                let mut next = Some(scene.at(&format!("/partners?sort={sort}&limit={limit}&count=true")));
                while let Some(address) = next {
                    let page = api.get(&address).send();
                    assert_eq!((page.status, &page.body["totalCount"]), (200, &json!(6)), "{}", page.text);
                    found.extend(column(&page.body, "name"));
                    next = page.body["next"].as_str().map(str::to_owned);
                }
                assert_eq!(found, expected, "{sort} by {limit}");
            }
        }
    }
}
