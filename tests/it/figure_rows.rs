//! A figure's row: groups, percentages, and the way back to what it was made of.

use serde_json::{Value, json};

use crate::support::programme::text;
use crate::support::{Scene, on_both, tally};

fn place(name: &str, sector: &str, region: Option<&str>, area: Option<&str>) -> Value {
    json!({"name": name, "sector": sector, "region": region, "area": area, "joinedOn": "2020-01-01"})
}

fn groups(scene: &Scene, query: &str) -> Vec<Value> {
    scene.figure("joined", query)["items"].as_array().expect("groups").clone()
}

on_both! {
    fn groups_add_up_to_the_whole_and_empty_ones_are_left_out(api) {
        let scene = Scene::new(api);
        let answers = [
            (place("A", "municipality", Some("1083"), Some("07")), "yes"),
            (place("B", "civil", Some("1084"), Some("national")), "no"),
            (place("C", "civil", None, None), "yes"),
            (place("D", "civil", Some("1083"), None), ""),
        ];
        for (body, answer) in answers {
            let partner = scene.admit_with(body);
            if !answer.is_empty() {
                scene.submit("open", &partner, json!({"joined": {"value": answer}}));
            }
        }
        for by in ["sector", "region", "area"] {
            let breakdown = scene.figure("joined", &format!("?by={by}"));
            assert_eq!(breakdown["disjoint"], true);
            assert_eq!(breakdown["whole"]["by"], Value::Null);
            let mut sum = [0; 5];
            for row in breakdown["items"].as_array().expect("groups") {
                assert_eq!(row["by"], by);
                tally(row).iter().zip(&mut sum).for_each(|(n, sum)| *sum += n);
            }
            assert_eq!(sum, tally(&breakdown["whole"]), "by {by}");
            assert_eq!(sum, [2, 1, 0, 0, 1]);
        }
        let names = |query: &str| {
            let rows = groups(&scene, query);
            rows.iter().map(|row| (row["group"].clone(), row["groupLabel"].clone())).collect::<Vec<_>>()
        };
        let sectors = [(json!("civil"), json!("civil")), (json!("municipality"), json!("municipality"))];
        assert_eq!(names("?by=sector"), sectors, "in the programme's order, without the empty sector");
        let regions = names("?by=region");
        assert_eq!(regions[0], (json!("1083"), json!("Region Syddanmark")));
        assert_eq!(regions[2], (Value::Null, Value::Null), "no value is the null group, last");
        let areas = names("?by=area");
        assert_eq!(areas[0], (json!("07"), json!("Fyn")));
        assert_eq!(areas[1], (json!("national"), json!("Hele landet")));
    }

    fn labels_are_in_the_language_asked_for(api) {
        let scene = Scene::new(api);
        scene.admit_with(place("A", "civil", Some("1083"), None));
        let english = scene.get("/figures/joined?by=region").token(&scene.auditor).english().send();
        assert_eq!(english.header("content-language"), "en");
        assert_eq!(english.body["whole"]["label"], "med (en)");
        assert_eq!(english.body["items"][0]["groupLabel"], "Region of Southern Denmark");
        let danish = scene.get("/figures/joined?by=region").token(&scene.auditor).send();
        assert_eq!((danish.header("content-language"), &danish.body["whole"]["label"]), ("da", &json!("med")));
    }

    fn the_list_has_each_figure_followed_by_its_groups(api) {
        let scene = Scene::new(api);
        scene.admit_with(place("A", "civil", None, None));
        scene.admit_with(place("B", "region", None, None));
        let list = scene.get("/figures?by=sector").token(&scene.auditor).send().body;
        let rows: Vec<_> = list["items"].as_array().expect("rows").iter()
            .map(|row| (row["indicator"].as_str().unwrap_or_default(), row["group"].as_str())).collect();
        assert_eq!(&rows[..3], [("joined", None), ("joined", Some("civil")), ("joined", Some("region"))]);
        assert_eq!(crate::support::column(&scene.get("/figures").token(&scene.auditor).send().body, "indicator"),
            ["joined", "chosen", "partners", "initiatives", "reports"]);
    }

    fn a_change_of_sector_moves_the_partner_to_its_new_group(api) {
        let scene = Scene::new(api);
        let partner = scene.admit_with(place("A", "civil", None, None));
        scene.change(&format!("/partners/{partner}"), json!({"sector": "region", "region": "1081"}));
        let rows = groups(&scene, "?by=sector");
        assert_eq!((rows.len(), &rows[0]["group"]), (1, &json!("region")));
        assert_eq!(groups(&scene, "?by=region")[0]["group"], "1081");
    }

    fn percentages_are_rounded_half_up_and_people_read_a_decimal_comma(api) {
        let scene = Scene::with(api, |document| document["decimals"] = json!(1));
        for (name, answer) in [("A", "yes"), ("B", "yes"), ("C", "no"), ("D", "")] {
            let partner = scene.admit(name, "2020-01-01");
            if !answer.is_empty() {
                scene.submit("open", &partner, json!({"joined": {"value": answer}}));
            }
        }
        let figure = scene.figure("joined", "");
        assert_eq!((&figure["percent"], &figure["percentText"]), (&json!(66.7), &json!("66,7")));
        assert_eq!((&figure["base"], &figure["baseRule"]), (&json!(3), &json!("respondents")));
        assert_eq!((&figure["ratio"], &figure["noPercentBecause"]), (&json!("0.666667"), &Value::Null));
        assert_eq!((&figure["lowestPercent"], &figure["highestPercent"]), (&json!(50.0), &json!(75.0)));
        let english = scene.get("/figures/joined").token(&scene.auditor).english().send().body;
        assert_eq!((&english["percent"], &english["percentText"]), (&json!(66.7), &json!("66.7")));
        let members = scene.figure("chosen", "");
        assert_eq!((&members["base"], &members["percent"], &members["percentText"]), (&json!(4), &json!(0.0), &json!("0,0")));
    }

    fn where_there_is_no_base_there_is_a_reason_and_no_percentage(api) {
        let scene = Scene::with(api, |document| {
            document["indicators"][0]["applies"] = json!("partner.sector != 'region'");
        });
        let because = || {
            let figure = scene.figure("joined", "");
            for key in ["percent", "percentText", "ratio"] {
                assert_eq!(figure[key], Value::Null, "{key}");
            }
            figure["noPercentBecause"].as_str().expect("a reason").to_owned()
        };
        assert_eq!(because(), "no-members");
        scene.admit_with(place("A", "region", None, None));
        assert_eq!(because(), "nobody-applicable");
        scene.admit_with(place("B", "civil", None, None));
        assert_eq!(because(), "no-respondents");
        let figure = scene.figure("joined", "");
        assert_eq!((&figure["lowestPercent"], &figure["highestPercent"]), (&json!(0), &json!(100)));
    }

    fn every_row_has_every_key(api) {
        let scene = Scene::new(api);
        scene.admit("A", "2020-01-01");
        let keys = ["indicator", "kind", "label", "by", "group", "groupLabel", "round", "counted", "notCounted",
            "notApplicable", "noAnswer", "notSubmitted", "members", "baseRule", "base", "percent", "percentText",
            "ratio", "noPercentBecause", "lowestPercent", "highestPercent", "value", "noValueBecause", "amount",
            "amountSelfReported", "amountDocumented", "amountExternal", "measure", "take", "unit", "of", "validOn",
            "asOf", "journalSize", "definition", "links"];
        let list = scene.get("/figures?by=sector").token(&scene.auditor).send().body;
        for row in list["items"].as_array().expect("rows") {
            let row = row.as_object().expect("an object");
            assert_eq!(row.keys().map(String::as_str).collect::<Vec<_>>(), keys);
        }
        let figure = scene.figure("joined", "");
        assert_eq!(figure["journalSize"], scene.journal_size());
        let last = scene.get(&format!("/journal/{}", figure["journalSize"])).token(&scene.auditor).send().body;
        assert_eq!(figure["asOf"], last["at"], "a live figure is as of the last entry");
        assert_eq!(figure["definition"]["question"], "joined");
        assert_eq!(figure["definition"]["counts"], "answer == 'yes'");
        assert_eq!(figure["definition"]["version"], 1);
        for link in ["self", "partners"] {
            let address = figure["links"][link].as_str().expect("an address");
            assert_eq!(scene.api.get(address).token(&scene.auditor).send().status, 200, "{address}");
        }
    }

    fn reasons_name_what_made_it_so_and_an_auditor_can_go_there(api) {
        let scene = Scene::with(api, |document| {
            let share = |key: &str, counts: &str| {
                json!({"key": key, "kind": "share", "label": text(key), "counts": counts})
            };
            let mut more = vec![
                share("placed", "partner.region == '1083'"),
                share("working", "initiatives.exists(i, i.status == 'running')"),
                share("handed_in", "reports.open.state == 'submitted'"),
                share("said", "answers.joined == 'yes'"),
            ];
            document["indicators"].as_array_mut().expect("indicators").append(&mut more);
        });
        let partner = scene.admit_with(place("A", "civil", Some("1083"), None));
        let with_goal = scene.commit(&partner, "nat-A", "Flere samtaler");
        scene.commit(&partner, "nat-B", "");
        let running = scene.initiative(&partner, "I gang", json!({}));
        scene.initiative(&partner, "Slut", json!({"status": "completed"}));
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        let version = format!("/reports/open/{partner}/versions/1");
        let expected = [
            ("joined", vec![format!("{version}#/answers/joined")]),
            ("said", vec![format!("{version}#/answers/joined")]),
            ("chosen", vec![format!("/commitments/{with_goal}")]),
            ("working", vec![format!("/initiatives/{running}")]),
            ("handed_in", vec![version.clone()]),
            ("reports", vec![version.clone()]),
            ("placed", vec![format!("/partners/{partner}")]),
        ];
        for (indicator, because) in expected {
            let row = scene.rows(indicator, "")[0].clone();
            assert_eq!(row["standing"], "counted", "{row}");
            let because: Vec<_> = because.iter().map(|path| json!(scene.at(path))).collect();
            assert_eq!(row["reason"]["because"], json!(because), "{indicator}");
            assert_eq!(row["partnerName"], "A");
        }
        for indicator in ["initiatives", "joined", "said", "chosen", "working", "handed_in", "reports", "placed"] {
            for row in scene.rows(indicator, "") {
                for address in row["reason"]["because"].as_array().expect("addresses") {
                    let (path, fragment) = split(address.as_str().expect("an address"));
                    let found = scene.api.get(path).token(&scene.auditor).send();
                    assert_eq!(found.status, 200, "{path}");
                    assert!(found.body.pointer(fragment).is_some(), "{fragment} in {}", found.text);
                }
            }
        }
    }

    fn a_partner_sees_its_own_row_only(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        let other = scene.admit("Anden", "2020-01-01");
        let seen = |query: &str| scene.get(&format!("/figures/joined/partners{query}")).token(&scene.of(&own)).send();
        assert_eq!(crate::support::column(&seen("").body, "partner"), std::slice::from_ref(&own));
        assert_eq!(seen("?count=true").body["totalCount"], 1);
        assert_eq!(crate::support::column(&seen(&format!("?partner={own}")).body, "partner"), std::slice::from_ref(&own));
        assert_eq!(seen(&format!("?partner={other}")).problem(404), "not-found");
        let reader = api.role(&scene.slug, "reader", None);
        assert_eq!(scene.get("/figures/joined/partners").token(&reader).send().problem(403), "forbidden");
        assert_eq!(scene.get("/figures/joined").token(&reader).send().status, 200);
        assert_eq!(scene.get("/figures/joined").token(api.operator()).send().problem(403), "forbidden");
        assert_eq!(scene.get("/figures/joined").send().status, 401);
        let rows = scene.rows("joined", "?standing=counted");
        assert!(rows.is_empty(), "{rows:?}");
        assert_eq!(scene.rows("joined", "?standing=notSubmitted").len(), 2);
    }

    fn an_answer_is_not_modified_until_the_journal_or_the_day_moves(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.of(&partner); // its key is an entry of the journal, too
        for path in ["/figures/joined", "/figures", "/figures?by=sector", "/figures/joined?by=sector"] {
            let ask = |path: &str, etag: &str| {
                scene.get(path).token(&scene.auditor).header("if-none-match", etag).send()
            };
            let first = scene.get(path).token(&scene.auditor).send();
            let etag = first.etag().to_owned();
            assert!(etag.starts_with('"'), "a strong tag: {etag}");
            assert_eq!(ask(path, &etag).status, 304, "{path}");
            assert_eq!(ask(path, &etag).text, "");
            assert_eq!(ask(path, "\"other\"").status, 200);
            let join = if path.contains('?') { '&' } else { '?' };
            let elsewhen = format!("{path}{join}validOn=2019-01-01");
            assert_eq!(ask(&elsewhen, &etag).status, 200, "another day is another answer");
            let english = scene.get(path).token(&scene.auditor).english().header("if-none-match", &etag).send();
            assert_eq!(english.status, 200, "another language is another answer");
            let draft = json!({"answers": {"joined": {"value": "yes"}}});
            assert!(matches!(scene.save("open", &partner, &draft).status, 200 | 201));
            assert_eq!(ask(path, &etag).status, 304, "a draft is no change");
            scene.change(&format!("/partners/{partner}"), json!({"website": format!("https://example.org{path}")}));
            let moved = ask(path, &etag);
            assert_eq!(moved.status, 200, "the journal has moved");
            assert_ne!(moved.etag(), etag);
        }
    }
}

fn split(address: &str) -> (&str, &str) {
    address.split_once('#').unwrap_or((address, ""))
}
