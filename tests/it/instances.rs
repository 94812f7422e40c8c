//! Several instances of the service on one database.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::{Api, on_both};

const WRITERS: usize = 12;
const EACH: usize = 6;

/// Admits a partner at one instance, submits its report at another, by turns.
fn work(api: &Api, instances: &[String], writer: usize, submitted: &AtomicUsize) {
    let secretariat = api.secretariat("prove");
    for n in 0..EACH {
        let at = |step: usize, path: &str| {
            let instance = &instances[(writer + n + step) % instances.len()];
            format!("{instance}/v1/alliances/prove{path}")
        };
        let body = json!({"name": format!("Partner {writer} {n}"), "sector": "civil", "joinedOn": "2020-01-01"});
        let admitted = api.anywhere("POST", &at(0, "/partners")).token(&secretariat).json(&body).send();
        assert_eq!(admitted.status, 201, "{}", admitted.text);
        let partner = admitted.body["id"].as_str().expect("an id").to_owned();
        let own = api.role("prove", "partner", Some(&partner));
        let report = format!("/reports/open/{partner}");
        let answers = json!({"answers": {"joined": {"value": "yes"}}});
        let saved = api.anywhere("PUT", &at(1, &report)).token(&own).json(&answers).send();
        assert_eq!(saved.status, 201, "{}", saved.text);
        let submission = at(2, &format!("{report}/submission"));
        let handed_in = api.anywhere("POST", &submission).token(&own).once().send();
        assert_eq!(handed_in.status, 200, "{}", handed_in.text);
        submitted.fetch_add(1, Ordering::Relaxed);
        // Whatever another instance wrote is seen at once.
        let report = api.anywhere("GET", &at(3, &report)).token(&own).send();
        assert_eq!(report.body["state"], "submitted", "{}", report.text);
    }
}

on_both! {
    fn two_instances_write_one_journal_without_a_gap(api) {
        let _alliance = api.alliance();
        let second = api.another_instance();
        let instances = [api.address.clone(), second.address.clone()];
        let submitted = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (instances, submitted) = (&instances, &submitted);
                scope.spawn(move || work(api, instances, writer, submitted));
            }
        });
        let submitted = submitted.load(Ordering::Relaxed);
        assert_eq!(submitted, WRITERS * EACH);

        let auditor = api.role("prove", "auditor", None);
        let mut seqs: Vec<Value> = Vec::new();
        let mut next = Some("/v1/alliances/prove/journal?limit=500".to_owned());
        while let Some(path) = next {
            // Page by page, from one instance and the other: a cursor holds at both.
            let instance = &instances[seqs.len() / 500 % 2];
            let page = api.anywhere("GET", &format!("{instance}{path}")).token(&auditor).send();
            assert_eq!(page.status, 200, "{}", page.text);
            seqs.extend(page.body["items"].as_array().expect("items").iter().map(|e| e["seq"].clone()));
            next = page.body["next"].as_str().map(str::to_owned);
        }
        let expected: Vec<Value> = (1..=seqs.len()).map(|seq| json!(seq)).collect();
        assert_eq!(seqs, expected);
        for instance in &instances {
            let figure = api.anywhere("GET", &format!("{instance}/v1/alliances/prove/figures/joined"));
            let figure = figure.token(&auditor).send().body;
            assert_eq!((&figure["counted"], &figure["members"]), (&json!(submitted), &json!(submitted)));
        }
        let found = api.db.read_now(|conn| facit::check::check(conn, "prove")).expect("a check");
        assert!(found.differences.is_empty(), "{:?}", found.differences);
    }
}
