//! Who was expected to report, who did, and when.

use serde_json::{Value, json};

use crate::support::{Scene, Token, on_both};

/// A period in the past, so that today does not matter; `r` is late by now, `open` is not.
fn scene(api: &crate::support::Api) -> Scene<'_> {
    Scene::with(api, |document| {
        for round in document["rounds"].as_array_mut().expect("rounds") {
            round["startsOn"] = json!("2022-01-01");
            round["endsOn"] = json!("2022-12-31");
        }
    })
}

fn rows(scene: &Scene, query: &str, token: &Token) -> Vec<Value> {
    let answered = scene.get(&format!("/completeness?{query}")).token(token).send();
    assert_eq!(answered.status, 200, "{query}: {}", answered.text);
    answered.body["items"].as_array().expect("rows").clone()
}

/// expected, submitted, onTime, late, missing, returned, withdrawn, notSubmitted, unexpected.
fn numbers(row: &Value) -> [i64; 9] {
    let numbers = [
        "expected",
        "submitted",
        "onTime",
        "late",
        "missing",
        "returned",
        "withdrawn",
        "notSubmitted",
        "unexpected",
    ]
    .map(|field| row[field].as_i64().expect("a number"));
    let [expected, submitted, on_time, late, missing, returned, withdrawn, not_submitted, _] = numbers;
    assert_eq!(
        (expected, submitted, missing),
        (submitted + missing, on_time + late, returned + withdrawn + not_submitted)
    );
    numbers
}

fn names(row: &Value, class: &str) -> Vec<String> {
    let names = row["partners"][class].as_array().expect("a list").iter();
    names.map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
}

fn yes() -> Value {
    json!({"joined": {"value": "yes"}})
}

on_both! {
    fn membership_decides_who_is_expected_and_the_sums_hold(api) {
        let scene = scene(api);
        let admit = |name: &str, sector: &str, region: Option<&str>, joined_on: &str| {
            scene.admit_with(json!({"name": name, "sector": sector, "region": region, "joinedOn": joined_on}))
        };
        let aaby = admit("Åby", "civil", Some("1083"), "2020-01-01");
        let abe = admit("abe", "civil", Some("1084"), "2020-01-01");
        let back = admit("Retur", "civil", None, "2022-12-31");
        let gone = admit("Udtrådt", "municipality", Some("1083"), "2020-01-01");
        let before = admit("Før", "municipality", None, "2020-01-01");
        let after = admit("Efter", "region", Some("1083"), "2023-01-01");
        let silent = admit("Tavs", "region", Some("1083"), "2020-01-01");
        let taken = admit("Trukket", "region", None, "2020-01-01");
        scene.depart(&gone, "2022-06-30");
        scene.depart(&before, "2021-12-31");
        for partner in [&aaby, &abe, &back, &after, &taken, &gone] {
            scene.submit("open", partner, yes());
        }
        scene.accept("open", &abe);
        scene.send_back("open", &back);
        scene.withdraw("open", &taken);
        scene.save("open", &silent, &json!({"answers": yes()}));

        for token in [&scene.secretariat, &scene.auditor] {
            let whole = &rows(&scene, "round=open", token)[0];
            assert_eq!(numbers(whole), [6, 3, 3, 0, 3, 1, 1, 1, 1]);
            assert_eq!((&whole["percent"], &whole["percentText"]), (&json!(50), &json!("50")));
            assert_eq!((&whole["validOn"], &whole["by"], &whole["group"]), (&json!("2022-12-31"), &Value::Null, &Value::Null));
            assert_eq!(names(whole, "onTime"), ["abe", "Udtrådt", "Åby"]);
            assert_eq!(names(whole, "returned"), ["Retur"]);
            assert_eq!(names(whole, "withdrawn"), ["Trukket"]);
            assert_eq!(names(whole, "notSubmitted"), ["Tavs"]);
            assert_eq!(names(whole, "unexpected"), ["Efter"]);
        }
        // On an earlier day fewer had joined; nobody is counted who is not expected.
        let earlier = &rows(&scene, "round=open&validOn=2022-12-30", &scene.auditor)[0];
        assert_eq!(numbers(earlier), [5, 3, 3, 0, 2, 0, 1, 1, 1]);
        let none = &rows(&scene, "round=open&validOn=2019-12-31", &scene.auditor)[0];
        assert_eq!((numbers(none), &none["percent"]), ([0, 0, 0, 0, 0, 0, 0, 0, 4], &Value::Null));

        // What is late in one round is not in another.
        scene.submit("past", &aaby, yes());
        let late = &rows(&scene, "round=past", &scene.auditor)[0];
        assert_eq!((numbers(late), names(late, "late")), ([6, 1, 0, 1, 5, 0, 0, 5, 0], vec!["Åby".to_owned()]));

        let by_sector = rows(&scene, "round=open&by=sector", &scene.auditor);
        let groups: Vec<_> = by_sector[1..].iter().map(|row| (row["group"].clone(), row["by"].clone(), numbers(row))).collect();
        assert_eq!(groups, [
            (json!("civil"), json!("sector"), [3, 2, 2, 0, 1, 1, 0, 0, 0]),
            (json!("municipality"), json!("sector"), [1, 1, 1, 0, 0, 0, 0, 0, 0]),
            (json!("region"), json!("sector"), [2, 0, 0, 0, 2, 0, 1, 1, 1]),
        ]);
        assert_eq!(by_sector[1]["groupLabel"], "civil");
        let by_region = rows(&scene, "round=open&by=region", &scene.auditor);
        let groups: Vec<_> = by_region[1..].iter().map(|row| (row["group"].clone(), numbers(row)[0])).collect();
        assert_eq!(groups, [(json!("1083"), 3), (json!("1084"), 1), (Value::Null, 2)]);
        assert_eq!(by_region[1]["groupLabel"], "Region Syddanmark");
        for column in 0..9 {
            let sum: i64 = by_region[1..].iter().map(|row| numbers(row)[column]).sum();
            assert_eq!(sum, numbers(&by_region[0])[column]);
        }
    }

    fn a_reader_sees_numbers_and_no_small_group(api) {
        let scene = scene(api);
        let reader = api.role(&scene.slug, "reader", None);
        let partners: Vec<String> = (0..9)
            .map(|i| {
                let sector = ["civil", "civil", "civil", "civil", "municipality"][i % 5];
                let sector = if i == 8 { "region" } else { sector };
                scene.admit_with(json!({"name": format!("P{i}"), "sector": sector, "joinedOn": "2020-01-01"}))
            })
            .collect();
        scene.submit("open", &partners[0], yes());
        let seen = rows(&scene, "round=open&by=sector", &reader);
        let groups: Vec<_> = seen.iter().map(|row| (row["group"].clone(), numbers(row)[0])).collect();
        assert_eq!(groups, [(Value::Null, 9), (json!("other"), 9)], "2 and 1 are too few, and so the 7 join them") ;
        assert!(seen.iter().all(|row| row["partners"].is_null()));
        let all = rows(&scene, "round=open&by=sector", &scene.auditor);
        assert_eq!(all[1..].iter().map(|row| numbers(row)[0]).collect::<Vec<_>>(), [7, 1, 1]);
        for token in [&scene.of(&partners[0]), &api.operator().clone()] {
            assert_eq!(scene.get("/completeness?round=open").token(token).send().problem(403), "forbidden");
        }
        let sheet = scene.get("/completeness?round=open&by=sector").token(&reader).header("accept", "text/csv").send();
        assert_eq!(sheet.text.lines().count(), 3);
        assert!(sheet.text.starts_with("round,by,group,groupLabel,expected,submitted,onTime,late,missing,"), "{}", sheet.text);
    }

    fn a_round_is_needed_and_has_to_exist(api) {
        let scene = scene(api);
        let get = |query: &str| scene.get(&format!("/completeness{query}")).token(&scene.auditor).send();
        let missing = get("");
        assert_eq!((missing.problem(400), missing.faults()), ("parameter-missing", vec!["?round parameter-missing".to_owned()]));
        let unknown = get("?round=x");
        assert_eq!((unknown.problem(422), unknown.faults()), ("invalid", vec!["?round unknown-round".to_owned()]));
        assert_eq!(get("?round=open&by=area&validOn=x").faults(), ["?validOn bad-date", "?by not-a-choice"]);
        let page = get("?round=open&by=sector&limit=1");
        assert_eq!(page.body["items"].as_array().map(Vec::len), Some(1));
    }

    fn an_extension_tells_late_from_on_time(api) {
        let scene = scene(api);
        let partner = scene.admit("En", "2020-01-01");
        let body = json!({"until": "2098-01-01T00:00:00Z", "reason": "Sygdom"});
        scene.put(&format!("/rounds/past/extensions/{partner}")).token(&scene.secretariat).json(&body).send();
        scene.submit("past", &partner, yes());
        assert_eq!(numbers(&rows(&scene, "round=past", &scene.auditor)[0]), [1, 1, 1, 0, 0, 0, 0, 0, 0]);
    }
}
