//! What a reader's key sees.

use serde_json::{Value, json};

use crate::support::{column, on_both};

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
