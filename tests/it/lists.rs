//! Lists: one envelope, pages that lose and repeat nothing, cursors that nobody can make up.

use serde_json::{Value, json};

use crate::support::cast::{Cast, needed};
use crate::support::{Answered, Api, on_both};

const PARTNERS: &str = "/v1/alliances/prove/partners";

fn names(answered: &Answered) -> Vec<String> {
    let items = answered.body["items"]
        .as_array()
        .cloned()
        .unwrap_or_else(|| panic!("{}", answered.text));
    items
        .iter()
        .map(|item| item["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// Follows `next` to the end, doing something after each page.
fn walk(api: &Api, first: &str, mut after: impl FnMut(usize)) -> Vec<String> {
    let (mut next, mut walked, mut pages) = (Some(first.to_owned()), Vec::new(), 0);
    while let Some(path) = next {
        let page = api.get(&path).send();
        walked.extend(names(&page));
        next = page.body["next"].as_str().map(str::to_owned);
        match &next {
            Some(next) => assert_eq!(page.header("link"), format!("<{next}>; rel=\"next\"")),
            None => assert_eq!((page.header("link"), &page.body["nextCursor"]), ("", &json!(null))),
        }
        pages += 1;
        after(pages);
        assert!(pages < 100, "the list ends");
    }
    walked
}

on_both! {
    fn every_list_has_the_same_envelope(api) {
        let scene = Cast::set(api);
        let document = facit::api::openapi::document();
        let mut lists = 0;
        for (pattern, methods) in document["paths"].as_object().expect("paths") {
            let parameters = methods["get"]["parameters"].as_array().cloned().unwrap_or_default();
            if parameters.iter().all(|parameter| parameter["name"] != "limit") || pattern.ends_with("{indicator}") {
                continue;
            }
            lists += 1;
            let path = scene.path(pattern, &scene.own);
            let path = format!("{path}?{}", needed(pattern));
            let get = |query: &str| api.get(&format!("{path}{query}")).token(&scene.secretariat).send();
            let plain = get("");
            // What moved a figure is a list, and more.
            let is_more = |key: &str| {
                pattern.ends_with("{indicator}/changes")
                    && ["from", "to", "difference", "summary"].contains(&key)
            };
            let keys = plain.body.as_object().expect("an object").keys();
            let keys: Vec<&String> = keys.filter(|key| !is_more(key)).collect();
            assert_eq!(keys, ["items", "nextCursor", "next"], "{path}: {}", plain.text);
            let counted = get("count=true&limit=1");
            let total = usize::try_from(counted.body["totalCount"].as_i64().expect("a count")).expect("a size");
            let items = plain.body["items"].as_array().expect("items");
            assert_eq!(items.len(), total.min(50), "{path}");
            assert_eq!(counted.body["items"].as_array().map(Vec::len), Some(total.min(1)), "{path}");
            assert_eq!(counted.body["next"].is_string(), total > 1, "{path}");
            assert!(get("count=false").body["totalCount"].is_null());
            for limit in ["0", "501", "-1", "x", "", "1.0", "99999999999999999999", "%2B5"] {
                let refused = get(&format!("limit={limit}"));
                assert_eq!(refused.problem(422), "invalid", "{path} {limit}");
                assert_eq!(refused.faults(), ["?limit out-of-range"], "{path} {limit}");
            }
            assert_eq!(get("limit=500").status, 200);
            assert_eq!(get("limit=1&cursor=AAAA").problem(400), "bad-cursor", "{path}");
        }
        assert!(lists >= 12, "{lists}");
    }

    fn names_stand_in_danish_order(api) {
        let alliance = api.alliance();
        let sorted = ["3F", "abe", "Astma", "Zoo", "Ældre Sagen", "Ørsted", "Aabenraa", "Århus"];
        for name in ["Ørsted", "Zoo", "Århus", "Ældre Sagen", "3F", "Aabenraa", "Astma", "abe"] {
            api.partner(&alliance, name);
        }
        assert_eq!(walk(api, &format!("{PARTNERS}?limit=3"), |_| {}), sorted);
        assert_eq!(walk(api, &format!("{PARTNERS}?limit=1&sort=name"), |_| {}), sorted);
        let reversed: Vec<&str> = sorted.into_iter().rev().collect();
        assert_eq!(walk(api, &format!("{PARTNERS}?limit=3&sort=-name"), |_| {}), reversed);
    }

    fn a_walk_loses_and_repeats_nothing_while_rows_are_added(api) {
        let alliance = api.alliance();
        for i in 0..12 {
            let body = json!({"name": format!("P{i:02}"), "sector": "civil", "joinedOn": "2020-01-01"});
            api.partner_with(&alliance, body);
        }
        let unknown = json!({"name": "P99", "sector": "civil"});
        api.partner_with(&alliance, unknown);
        for sort in ["name", "-name", "joinedOn", "-joinedOn"] {
            let add = |page: usize| {
                if page < 4 {
                    // One before and one after whatever was seen.
                    api.partner(&alliance, &format!("A{sort}{page}"));
                    api.partner(&alliance, &format!("Z{sort}{page}"));
                }
            };
            let walked = walk(api, &format!("{PARTNERS}?limit=4&sort={sort}"), add);
            for name in (0..12).map(|i| format!("P{i:02}")).chain(["P99".to_owned()]) {
                assert_eq!(walked.iter().filter(|walked| **walked == name).count(), 1, "{sort}: {name} in {walked:?}");
            }
            let mut unique = walked.clone();
            unique.sort();
            unique.dedup();
            assert_eq!(unique.len(), walked.len(), "{sort}");
        }
    }

    fn a_cursor_opens_only_the_list_it_came_from(api) {
        let alliance = api.alliance();
        let neighbours = api.alliance_with(|document| document["slug"] = json!("nabo"));
        for name in ["En", "To", "Tre"] {
            api.partner(&alliance, name);
            api.partner(&neighbours, name);
        }
        let first = api.get(&format!("{PARTNERS}?limit=1&sector=civil")).send();
        let cursor = first.body["nextCursor"].as_str().expect("a cursor").to_owned();
        let open = |path: &str| api.get(&format!("{path}cursor={cursor}")).send();
        // The page's size and the count are the client's business, and the order of parameters says nothing.
        for good in ["?limit=1&sector=civil&", "?sector=civil&limit=2&", "?count=true&sector=civil&"] {
            let second = open(&format!("{PARTNERS}{good}"));
            assert_eq!(second.status, 200, "{good}: {}", second.text);
            assert_eq!(names(&second)[0], "To");
        }
        for foreign in [format!("{PARTNERS}?"), format!("{PARTNERS}?sector=region&"),
            format!("{PARTNERS}?sector=civil&sort=-name&"), format!("{PARTNERS}?sector=civil&q=e&"),
            "/v1/alliances/nabo/partners?sector=civil&".to_owned(), "/v1/alliances/prove/initiatives?".to_owned(),
            "/v1/alliances?".to_owned(), "/v1/alliances/prove/rounds?".to_owned()]
        {
            let refused = open(&foreign);
            assert_eq!(refused.problem(400), "bad-cursor", "{foreign}");
            assert_eq!(refused.faults(), ["?cursor bad-cursor"]);
        }
        for i in 0..cursor.len() {
            let mut forged = cursor.clone().into_bytes();
            forged[i] = if forged[i] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).expect("ASCII");
            let refused = api.get(&format!("{PARTNERS}?sector=civil&cursor={forged}")).send();
            assert_eq!(refused.problem(400), "bad-cursor", "{i}");
        }
        for bad in ["", "x", "%00", "%25", "=", &cursor[1..], &format!("{cursor}A"), &"A".repeat(5000)] {
            let refused = api.get(&format!("{PARTNERS}?sector=civil&cursor={bad}")).send();
            refused.problem(400);
            assert!(refused.faults()[0].starts_with("?cursor "), "{bad}");
        }
    }

    fn a_cursor_outlives_the_row_that_it_stands_on(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/initiatives", scene.alliance);
        let mut ids = Vec::new();
        for title in ["A", "B", "C"] {
            let body = json!({"title": title});
            let created = api.post(&path).token(&scene.own.token).json(&body).send();
            ids.push(created.body["id"].as_str().expect("an id").to_owned());
        }
        let first = api.get(&format!("{path}?limit=2")).send();
        assert_eq!(first.body["items"][1]["title"], "B");
        for id in &ids[..2] {
            let gone = api.delete(&format!("{path}/{id}")).token(&scene.own.token).if_match("*").send();
            assert_eq!(gone.status, 204, "{}", gone.text);
        }
        let second = api.get(first.body["next"].as_str().expect("more")).send();
        assert_eq!((second.status, &second.body["items"][0]["title"]), (200, &json!("C")));
    }

    fn a_partners_cursor_is_of_no_use_to_another(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/journal", scene.alliance);
        let first = api.get(&format!("{path}?limit=1")).token(&scene.own.token).send();
        let next = first.body["next"].as_str().expect("more").to_owned();
        assert_eq!(api.get(&next).token(&scene.own.token).send().status, 200);
        assert_eq!(api.get(&next).token(&scene.other.token).send().problem(400), "bad-cursor");
    }

    fn every_list_can_be_walked_row_by_row(api) {
        let scene = Cast::set(api);
        for list in ["partners", "initiatives", "reports", "journal", "keys", "figures", "rounds", "questions",
            "focus-areas", "indicators", "figures/initiatives/partners", "figures/joined/partners"]
        {
            let path = format!("/v1/alliances/{}/{list}", scene.alliance);
            let whole = api.get(&format!("{path}?limit=500")).token(&scene.secretariat).send();
            let whole = whole.body["items"].as_array().cloned().expect("items");
            let (mut rows, mut next): (Vec<Value>, _) = (Vec::new(), Some(format!("{path}?limit=1&count=true")));
            while let Some(path) = next {
                let page = api.get(&path).token(&scene.secretariat).send();
                assert_eq!(page.body["totalCount"], whole.len(), "{list}");
                rows.extend(page.body["items"].as_array().cloned().expect("items"));
                next = page.body["next"].as_str().map(str::to_owned);
            }
            assert!(whole.len() > 1, "{list}");
            assert_eq!(rows.len(), whole.len(), "{list}");
            // Links name the address that was asked, the rest is the same.
            for (row, whole) in rows.iter().zip(&whole) {
                for key in ["id", "key", "seq", "round", "indicator", "partner"] {
                    assert_eq!(row[key], whole[key], "{list} {key}");
                }
            }
        }
    }

    fn filters_find_what_they_name(api) {
        let scene = Cast::set(api);
        let found = |query: &str| names(&api.get(&format!("{PARTNERS}?{query}")).send());
        assert_eq!(found("q=KOMMUNE"), ["Prøvekommunen"]);
        assert_eq!(found("q=pr%C3%B8ve"), ["Prøvekommunen"]);
        assert_eq!(found("q=%25"), [""; 0], "a percent sign is a character like any other");
        assert_eq!(found("q=_"), [""; 0]);
        assert_eq!(found("validOn=2019-12-31"), [""; 0]);
        assert_eq!(found("focusArea=nat-A").len(), 2);
        assert_eq!(found("focusArea=nat-B&sector=civil").len(), 0);
        let base = format!("/v1/alliances/{}", scene.alliance);
        let count = |path: &str| {
            let listed = api.get(&format!("{base}/{path}")).token(&scene.secretariat).send();
            listed.body["items"].as_array().map_or_else(|| panic!("{}", listed.text), Vec::len)
        };
        assert_eq!(count(&format!("initiatives?partner={}", scene.own.id)), 1);
        assert_eq!(count("initiatives?status=planned"), 0);
        assert_eq!(count(&format!("reports?round=open&state=submitted&partner={}", scene.own.id)), 1);
        assert_eq!(count("journal?action=report.submitted"), 2);
        assert_eq!(count(&format!("journal?subject=partners/{}", scene.own.id)), 1);
        assert_eq!(count("journal?from=2&to=3"), 2);
        assert_eq!(count("journal?to=2000-01-01T00:00:00Z"), 0);
    }
}
