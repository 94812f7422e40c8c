//! Partners, commitments, initiatives and reports as they were at an earlier point.

use std::cell::RefCell;
use std::collections::BTreeMap;

use facit::service::{Error, programmes};
use facit::store;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::as_of::auditor;
use crate::support::histories::{SLUG, Step, play_watched, steps};
use crate::support::{Api, Backend, Scene, Token, on_both};

const CASES: u32 = 3;
const SEED: [u8; 32] = *b"facit: and everything in its way";

fn holds(backend: Backend) {
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 5,
        ..ProptestConfig::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let outcome = TestRunner::new_with_rng(config, rng).run(&steps(), |steps| check(backend, &steps));
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn everything_is_told_as_it_was_on_sqlite() {
    holds(Backend::Sqlite);
}

#[test]
fn everything_is_told_as_it_was_on_postgres() {
    holds(Backend::Postgres);
}

/// The addresses of all that there is, with what an auditor is answered there.
fn everything(api: &Api, token: &Token) -> BTreeMap<String, Value> {
    let paths = api.db.read_now(|conn| {
        let alliance = programmes::in_force(conn, SLUG)?;
        let partners = store::partners::all_ids(conn, alliance.id)?;
        let mut paths: Vec<String> = partners.iter().map(|id| format!("partners/{id}")).collect();
        let commitments = store::commitments::of_partners(conn, &partners)?;
        paths.extend(commitments.iter().map(|it| format!("commitments/{}", it.id)));
        let initiatives = store::initiatives::all(conn, alliance.id)?;
        paths.extend(initiatives.iter().map(|it| format!("initiatives/{}", it.id)));
        for round in ["past", "open", "next"] {
            paths.extend(partners.iter().map(|id| format!("reports/{round}/{id}")));
        }
        Ok::<_, Error>(paths)
    });
    let paths = paths.map_err(|error| error.to_string()).expect("addresses");
    let answered = paths.into_iter().map(|path| {
        let answered = api.get(&format!("/v1/alliances/{SLUG}/{path}")).token(token).send();
        let mut body = answered.body;
        if answered.status != 200 {
            body = json!(answered.status);
        } else if path.starts_with("reports/") {
            // Saves of drafts, which no entry tells of.
            body["version"] = Value::Null;
        }
        (path, body)
    });
    answered.collect()
}

fn check(backend: Backend, steps: &[Step]) -> Result<(), TestCaseError> {
    let api = Api::start(backend);
    let token: RefCell<Option<Token>> = RefCell::new(None);
    let recorded: RefCell<Vec<(i64, BTreeMap<String, Value>)>> = RefCell::default();
    play_watched(&api.db, steps, |size| {
        if token.borrow().is_none() {
            *token.borrow_mut() = Some(auditor(&api));
        } else if size % 3 == 0 {
            let token = token.borrow();
            let now = everything(&api, token.as_ref().expect("a token"));
            recorded.borrow_mut().push((size, now));
        }
    });
    let token = token.into_inner().expect("a token");
    let last = everything(&api, &token);
    let mut told = 0;
    for (size, then) in recorded.into_inner() {
        for path in last.keys().chain(then.keys()) {
            let whole = format!("/v1/alliances/{SLUG}/{path}?asOf={size}");
            let answered = api.get(&whole).token(&token).send();
            let absent = json!(404);
            let expected = then.get(path).unwrap_or(&absent);
            let found = if answered.status == 200 { answered.body } else { json!(answered.status) };
            prop_assert_eq!(&found, expected, "{}", whole);
            told += i32::from(found.is_object());
        }
    }
    prop_assert!(told > 50, "something was there");
    Ok(())
}

on_both! {
    fn a_resource_is_told_as_it_was_and_not_before_or_after_it_was(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Før", "2020-01-01");
        let admitted = scene.journal_size();
        let initiative = scene.initiative(&partner, "Værestedet", json!({"summary": "Om det", "stage": ["prevention"]}));
        let commitment = scene.commit(&partner, "nat-A", "Et mål");
        let size = scene.journal_size();
        let paths = [format!("/partners/{partner}"), format!("/initiatives/{initiative}"), format!("/commitments/{commitment}")];
        let before: Vec<String> = paths.iter().map(|path| scene.get(path).send().text).collect();

        scene.change(&paths[0], json!({"name": "Efter", "region": "1083"}));
        scene.change(&paths[1], json!({"summary": "Om noget andet", "status": "completed"}));
        scene.change(&paths[2], json!({"goal": "Et andet mål"}));
        for path in &paths[1..] {
            let now = scene.get(path).send();
            let gone = scene.delete(path).token(&scene.secretariat).if_match(now.etag()).send();
            assert_eq!(gone.status, 204, "{}", gone.text);
        }

        for (path, before) in paths.iter().zip(&before) {
            let then = scene.get(&format!("{path}?asOf={size}")).send();
            assert_eq!((then.status, &then.text), (200, before), "public, byte for byte");
            assert!(then.header("link").contains("rel=\"memento\""), "{}", then.header("link"));
            assert_ne!(then.header("memento-datetime"), "");
            let seen = scene.get(&format!("{path}?asOf={size}")).header("if-none-match", then.etag()).send();
            assert_eq!(seen.status, 304);
            let early = scene.get(&format!("{path}?asOf={}", admitted - 1)).send();
            assert_eq!(early.problem(404), "not-found", "not there yet");
            assert_eq!(scene.get(&format!("{path}?asOf=0")).send().problem(404), "before-first-entry");
            assert_eq!(scene.get(&format!("{path}?asOf=99999")).send().problem(400), "point-in-future");
            assert_eq!(scene.get(&format!("{path}?asOf=x")).send().faults(), ["?asOf bad-point"]);
            assert_eq!(scene.get(&format!("{path}?as_of=1")).send().status, 400);
        }
        let now = scene.journal_size();
        assert_eq!(scene.get(&format!("{}?asOf={now}", paths[1])).send().problem(404), "not-found", "no more");
        assert_eq!(scene.get(&format!("{}?asOf={now}", paths[0])).send().body["name"], "Efter");
    }

    fn a_report_as_of_a_point_is_the_last_submission_then(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("En", "2020-01-01");
        let path = format!("/reports/open/{partner}");
        let initiative = scene.initiative(&partner, "Værestedet", json!({}));
        let body = json!({"answers": {"joined": {"value": "yes"}, "reach": {"value": 12.5, "comment": "Cirka"},
            "note": {"value": "Frit"}}, "initiatives": [{"initiative": initiative, "progress": "Godt"}]});
        assert_eq!(scene.save("open", &partner, &body).status, 201);
        let own = scene.of(&partner);
        let saved = scene.journal_size();
        assert_eq!(scene.get(&format!("{path}?asOf={saved}")).token(&own).send().problem(404), "not-found",
            "no entry tells of a draft, to its partner neither");
        scene.step("open", &partner, "submission", &own, &json!({}));
        let submitted = scene.journal_size();
        let seen = scene.read(&path);
        let extension = json!({"until": "2099-08-15T12:00:00+02:00", "reason": "Sygdom"});
        let granted = scene.put(&format!("/rounds/open/extensions/{partner}")).token(&scene.secretariat).json(&extension).send();
        assert_eq!(granted.status, 201, "{}", granted.text);
        scene.send_back("open", &partner);
        let returned = scene.journal_size();
        let seen_returned = scene.read(&path);
        scene.submit("open", &partner, json!({"joined": {"value": "no"}, "reach": {"value": 3}}));

        let then = |size: i64, token: &Token| {
            let answered = scene.get(&format!("{path}?asOf={size}")).token(token).send();
            assert_eq!(answered.status, 200, "{}", answered.text);
            answered.body
        };
        let without_version = |mut body: Value| { body["version"] = Value::Null; body };
        for token in [&scene.secretariat, &scene.auditor, &own] {
            assert_eq!(then(submitted, token), without_version(seen.clone()));
            assert_eq!(then(returned, token), without_version(seen_returned.clone()));
        }
        assert_eq!(then(submitted, &own)["answers"]["reach"]["value"], 12.5);
        assert_eq!(then(returned, &own)["deadline"], "2099-08-15T10:00:00.000000Z", "the deadline of then");
        assert_eq!(then(returned, &own)["points"][0]["detail"], "Hvor mange?");
        assert_eq!(then(scene.journal_size(), &own)["answers"]["reach"]["value"], 3);

        let other = scene.admit("To", "2020-01-01");
        let others = scene.get(&format!("{path}?asOf={submitted}")).token(&scene.of(&other)).send();
        assert_eq!(others.problem(404), "not-found", "another partner's is absent, then as now");
        let reader = api.role(&scene.slug, "reader", None);
        assert_eq!(scene.get(&format!("{path}?asOf={submitted}")).token(&reader).send().status, 403);
    }

    fn a_single_resource_answers_accept_datetime(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Før", "2020-01-01");
        let at = scene.read(&format!("/journal/{}", scene.journal_size()))["at"].as_str().expect("a time").to_owned();
        let at = facit::domain::dates::instant(&at).expect("an instant");
        let http = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let path = format!("/partners/{partner}");
        scene.change(&path, json!({"name": "Efter"}));
        let then = scene.get(&path).header("accept-datetime", &http).send();
        assert_eq!((then.status, &then.body["name"]), (200, &json!("Før")), "{}", then.text);
        assert_eq!(then.header("memento-datetime"), http);
        let memento = api.get(then.header("content-location")).send();
        assert_eq!(memento.text, then.text);
        let live = scene.get(&path).send();
        assert_eq!(live.link("timegate"), Some(scene.at(&path)));
        assert_eq!(scene.get(&path).header("accept-datetime", "yesterday").send().problem(400), "bad-datetime");
    }
}
