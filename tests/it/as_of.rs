//! What was known at an earlier point: the same journal size gives the same bytes, whatever happens later.

use std::cell::RefCell;

use facit::service::keys::{self, CreateKey};
use facit::service::{Ctx, Error, programmes};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};
use serde_json::{Value, json};

use crate::support::histories::{SLUG, Step, begun, play_watched, steps};
use crate::support::{Answered, Api, Backend, Scene, Token, column, on_both, tally};

const CASES: u32 = 6;
const SEED: [u8; 32] = *b"facit: everything as it was then";

/// What is asked at every size of a random history.
const ASKED: [&str; 8] = [
    "figures?by=sector&limit=500",
    "figures?by=focusArea&limit=500",
    "figures?round=open&by=region&limit=500",
    "figures/joined/partners?limit=500",
    "figures/initiatives_atClose/partners?limit=500",
    "figures/reports_ever/partners?limit=500",
    "figures/hours/partners?limit=500",
    "figures/pinned/partners?limit=500&count=true",
];

fn holds(backend: Backend) {
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 10,
        ..ProptestConfig::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let outcome = TestRunner::new_with_rng(config, rng).run(&steps(), |steps| check(backend, &steps));
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn every_answer_can_be_had_again_on_sqlite() {
    holds(Backend::Sqlite);
}

#[test]
fn every_answer_can_be_had_again_on_postgres() {
    holds(Backend::Postgres);
}

/// Made when the history begins, since its entry has a time like all others.
pub fn auditor(api: &Api) -> Token {
    let ctx = Ctx::installation(begun());
    let body = CreateKey {
        role: "auditor".to_owned(),
        partner: None,
        name: "test".to_owned(),
        expires_at: None,
    };
    let created = api.db.write_now(|conn| {
        let alliance = programmes::in_force(conn, SLUG)?;
        keys::create(conn, &ctx, Some(alliance.id), &body)
    });
    let created = created.map_err(|e: Error| e.to_string()).expect("a key");
    api.token(&created.key.id.to_string(), &created.secret)
}

/// What was answered at one size: live, and as of that very size while it was the last.
struct Recorded {
    size: i64,
    /// Both on one day, since a live answer is of today by default.
    live: Vec<Answered>,
    on_that_day: Vec<Answered>,
    as_of: Vec<Answered>,
}

fn check(backend: Backend, steps: &[Step]) -> Result<(), TestCaseError> {
    let api = Api::start(backend);
    let token: RefCell<Option<Token>> = RefCell::new(None);
    let recorded: RefCell<Vec<Recorded>> = RefCell::default();
    let ask = |query: &str, language: &str| {
        let token = token.borrow();
        let path = format!("/v1/alliances/{SLUG}/{query}");
        let request = api.get(&path).header("accept-language", language);
        request.token(token.as_ref().expect("a token")).send()
    };
    let at = |size: i64, language: &str| -> Vec<Answered> {
        ASKED
            .iter()
            .map(|asked| ask(&format!("{asked}&asOf={size}"), language))
            .collect()
    };
    play_watched(&api.db, steps, |size| {
        if token.borrow().is_none() {
            *token.borrow_mut() = Some(auditor(&api));
            return;
        }
        let as_of = at(size, "da");
        let entry = ask(&format!("journal/{size}"), "da");
        let day = entry.body["at"].as_str().expect("a time")[..10].to_owned();
        let on = |point: &str| -> Vec<Answered> {
            ASKED
                .iter()
                .map(|asked| ask(&format!("{asked}&validOn={day}{point}"), "da"))
                .collect()
        };
        let (live, on_that_day) = (on(""), on(&format!("&asOf={size}")));
        recorded.borrow_mut().push(Recorded { size, live, on_that_day, as_of });
    });
    let recorded = recorded.into_inner();
    prop_assert!(recorded.len() > 10, "a history happened");
    for then in &recorded {
        let again = at(then.size, "da");
        for (place, asked) in ASKED.iter().enumerate() {
            let what = format!("{asked} at {}", then.size);
            let (live, on_that_day) = (&then.live[place], &then.on_that_day[place]);
            prop_assert_eq!(live.status, on_that_day.status, "{}: {}", &what, &on_that_day.text);
            let (first, again) = (&then.as_of[place], &again[place]);
            if live.status == 200 {
                let same =
                    without_links(&live.text, then.size) == without_links(&on_that_day.text, then.size);
                prop_assert!(same, "{what}: {} {}", live.text, on_that_day.text);
                prop_assert!(first.bytes == again.bytes, "{what}: {} {}", first.text, again.text);
                prop_assert_eq!(first.etag(), again.etag(), "{}", &what);
            } else {
                prop_assert_eq!(&live.body["code"], &on_that_day.body["code"], "{}", &what);
                prop_assert_eq!(&first.body["code"], &again.body["code"], "{}", &what);
            }
        }
    }
    Ok(())
}

/// Links say as of when, which is the one thing that a live answer does not.
fn without_links(text: &str, size: i64) -> String {
    let text = text.replace(&format!("?asOf={size}\""), "\"");
    let mut rest = text.as_str();
    let mut without = String::new();
    while let Some((before, after)) = rest.split_once("\"links\":{") {
        without.push_str(before);
        rest = after.split_once('}').expect("the links end").1;
    }
    without + rest
}

/// A scene in which most of what can change later has happened: three partners, an initiative, two reports.
fn eventful<'a>(api: &'a Api) -> (Scene<'a>, [String; 3], String) {
    let scene = Scene::new(api);
    let partners =
        ["Ålborg Forening", "Bispebjerg", "Zealand"].map(|name| scene.admit(name, "2020-01-01"));
    scene.commit(&partners[0], "nat-A", "Et mål");
    let initiative = scene.initiative(&partners[1], "Værestedet", json!({"focusAreas": ["nat-B"]}));
    scene.submit("open", &partners[0], json!({"joined": {"value": "yes"}, "reach": {"value": 12.5}}));
    scene.submit("open", &partners[1], json!({"joined": {"value": "no"}, "reach": {"value": 3}}));
    (scene, partners, initiative)
}

const ADDRESSES: [&str; 7] = [
    "/figures?asOf=SIZE",
    "/figures?asOf=SIZE&by=sector&limit=500",
    "/figures?asOf=SIZE&by=focusArea&limit=500",
    "/figures/joined?asOf=SIZE&by=sector",
    "/figures/joined?asOf=SIZE",
    "/figures/joined/partners?asOf=SIZE",
    "/figures/initiatives/partners?asOf=SIZE&count=true",
];

/// What both languages say as of a size, bytes and entity tags.
fn as_of(scene: &Scene<'_>, size: i64) -> Vec<(Vec<u8>, String)> {
    let mut answers = Vec::new();
    for address in ADDRESSES {
        for language in ["da", "en"] {
            let path = address.replace("SIZE", &size.to_string());
            let request = scene.get(&path).header("accept-language", language);
            let answered = request.token(&scene.auditor).send();
            assert_eq!(answered.status, 200, "{path}: {}", answered.text);
            answers.push((answered.bytes.clone(), answered.etag().to_owned()));
        }
    }
    answers
}

/// The programme with other labels, rules, decimals and small groups.
fn change_programme(scene: &Scene<'_>) {
    let path = format!("/v1/alliances/{}", scene.slug);
    let before = scene.api.get(&path).token(&scene.secretariat).send();
    let mut document = crate::support::programme::small();
    document["decimals"] = json!(2);
    document["smallGroup"] = json!(1);
    document["sectors"][0]["label"] = json!({"da": "Foreninger", "en": "Associations"});
    document["indicators"][0]["label"] = json!({"da": "et andet navn", "en": "another name"});
    document["indicators"][0]["counts"] = json!("answer == 'no'");
    document["indicators"][0]["base"] = json!("members");
    document["indicators"].as_array_mut().expect("a list").remove(4);
    let request = scene.api.put(&path).token(&scene.secretariat).if_match(before.etag());
    let applied = request.json(&document).send();
    assert_eq!(applied.status, 200, "{}", applied.text);
}

on_both! {
    fn an_answer_as_of_a_size_stays_byte_equal_whatever_happens_later(api) {
        let (scene, partners, initiative) = eventful(api);
        let size = scene.journal_size();
        let before = as_of(&scene, size);
        let pages = pages(&scene, size);

        for number in 0..100 {
            let path = format!("/partners/{}", partners[number % 3]);
            scene.change(&path, json!({"region": if number % 2 == 0 { json!("1083") } else { Value::Null },
                "name": format!("Nyt navn {number}")}));
        }
        scene.withdraw("open", &partners[0]);
        scene.depart(&partners[2], "2021-01-01");
        scene.change(&format!("/initiatives/{initiative}"), json!({"leadPartner": partners[0]}));
        change_programme(&scene);
        let gone = scene.get(&format!("/initiatives/{initiative}")).token(&scene.secretariat).send();
        let gone = scene.delete(&format!("/initiatives/{initiative}")).token(&scene.secretariat)
            .if_match(gone.etag()).send();
        assert_eq!(gone.status, 204, "{}", gone.text);

        assert_eq!(as_of(&scene, size), before);
        assert_eq!(pages, self::pages(&scene, size), "pages are in the order of the names of then");
        let now = scene.figure("joined", "?validOn=2026-01-01");
        assert_eq!((&now["label"], tally(&now)), (&json!("et andet navn"), [1, 0, 0, 0, 2]));
        let then = scene.figure("joined", &format!("?asOf={size}"));
        assert_eq!((&then["label"], tally(&then)), (&json!("med"), [1, 1, 0, 0, 1]));
        assert_eq!((&then["journalSize"], &then["definition"]["version"]), (&json!(size), &json!(1)));
    }

    fn links_of_an_earlier_point_stay_there(api) {
        let (scene, partners, _) = eventful(api);
        let size = scene.journal_size() - 1;
        let figure = scene.figure("joined", &format!("?asOf={size}&round=open"));
        let own = format!("/v1/alliances/prove/figures/joined?round=open&asOf={size}");
        assert_eq!(figure["links"]["self"], own);
        let again = api.get(&own).token(&scene.auditor).send();
        assert_eq!(again.body, figure);
        let rows = api.get(figure["links"]["partners"].as_str().expect("a link")).token(&scene.auditor).send();
        assert_eq!(rows.status, 200, "{}", rows.text);
        let standings = column(&rows.body, "standing");
        assert_eq!(standings, ["notSubmitted", "notSubmitted", "counted"], "B's report is the entry after");
        assert_eq!(column(&rows.body, "partnerName"), ["Bispebjerg", "Zealand", "Ålborg Forening"]);
        // What made a standing so is led to as it was then; a submission is the same at every point.
        let because = |indicator: &str, partner: &str| {
            let rows = scene.rows(indicator, &format!("?asOf={size}&partner={partner}"));
            rows[0]["reason"]["because"][0].as_str().expect("an address").to_owned()
        };
        let commitment = because("chosen", &partners[0]);
        assert!(commitment.ends_with(&format!("?asOf={size}")), "{commitment}");
        assert_eq!(api.get(&commitment).send().body["goal"], "Et mål");
        assert!(because("joined", &partners[0]).contains("/versions/1#"));
        // A date that the size would not give by itself is kept.
        let dated = scene.figure("joined", &format!("?asOf={size}&validOn=2021-05-05"));
        assert_eq!(dated["links"]["self"],
            format!("/v1/alliances/prove/figures/joined?validOn=2021-05-05&asOf={size}"));
        assert_eq!(dated["validOn"], "2021-05-05");
    }

    fn a_time_stands_for_the_last_size_at_or_before_it(api) {
        let (scene, _, _) = eventful(api);
        let at = |seq: i64| scene.read(&format!("/journal/{seq}"))["at"].as_str().expect("a time").to_owned();
        let figure = scene.figure("joined", &format!("?asOf={}", at(5)));
        assert_eq!((&figure["journalSize"], &figure["asOf"]), (&json!(5), &json!(at(5))));
        let by_size = scene.figure("joined", "?asOf=5");
        assert_eq!(figure, by_size, "the same day, so the very same answer");
        let micro = at(5).replace('Z', "9Z");
        assert_eq!(scene.figure("joined", &format!("?asOf={micro}"))["journalSize"], 5);
        let (size, last) = (scene.journal_size(), at(scene.journal_size()));
        let now = facit::domain::dates::rfc3339(facit::api::now());
        let live = scene.figure("joined", &format!("?asOf={now}"));
        assert_eq!((&live["journalSize"], &live["asOf"]), (&json!(size), &json!(last)));
        let local = "2999-01-01T00:00:00%2B01:00";
        let future = scene.get(&format!("/figures/joined?asOf={local}")).token(&scene.auditor).send();
        assert_eq!(future.problem(400), "point-in-future");
    }

    fn a_point_that_is_none_gets_a_clear_answer(api) {
        let (scene, _, _) = eventful(api);
        let size = scene.journal_size();
        let code = |path: &str, as_of: &str, status: u16| {
            let answered = scene.get(&format!("{path}?asOf={as_of}")).token(&scene.auditor).send();
            answered.problem(status).to_owned()
        };
        for path in ["/figures", "/figures/joined", "/figures/joined/partners"] {
            assert_eq!(code(path, &(size + 1).to_string(), 400), "point-in-future");
            assert_eq!(code(path, "99999999999999999999999", 400), "point-in-future");
            assert_eq!(code(path, "2999-01-01T00:00:00Z", 400), "point-in-future");
            assert_eq!(code(path, "0", 404), "before-first-entry");
            assert_eq!(code(path, "1999-01-01T00:00:00Z", 404), "before-first-entry");
            assert_eq!(code(path, "publications/7", 404), "unknown-edition");
            for malformed in ["", "yesterday", "2020-01-01", "-1", "1.0", "publications/x", "%00"] {
                let answered = scene.get(&format!("{path}?asOf={malformed}")).token(&scene.auditor).send();
                assert_eq!(answered.problem(422), "invalid", "{malformed}");
                assert_eq!(answered.faults(), ["?asOf bad-point"], "{malformed}");
            }
            let twice = scene.get(&format!("{path}?asOf=1&asOf=1")).token(&scene.auditor).send();
            assert_eq!(twice.status, 400);
            let english = scene.get(&format!("{path}?asOf=0")).token(&scene.auditor).english().send();
            let danish = scene.get(&format!("{path}?asOf=0")).token(&scene.auditor).send();
            assert_ne!(english.body["detail"], danish.body["detail"]);
        }
        // Entry 1 is the programme: there were figures, of nobody.
        assert_eq!(tally(&scene.figure("joined", "?asOf=1")), [0; 5]);
        // What the programme did not have then is absent.
        let auditor = &scene.auditor;
        assert_eq!(scene.get("/figures/nothing?asOf=1").token(auditor).send().problem(404), "not-found");
    }

    fn an_answer_as_of_a_point_does_not_depend_on_today(api) {
        let scene = Scene::with(api, |document| document["endsOn"] = json!("2022-12-31"));
        scene.admit("En", "2020-01-01");
        let size = scene.journal_size();
        assert_eq!(scene.figure("partners", &format!("?asOf={size}"))["validOn"], "2022-12-31", "the period ended before");
        let scene = Scene::with(api, |document| document["slug"] = json!("anden"));
        scene.admit("En", "2020-01-01");
        let size = scene.journal_size();
        let at = scene.read(&format!("/journal/{size}"))["at"].as_str().expect("a time").to_owned();
        let zone = chrono_tz::Europe::Copenhagen;
        let at = facit::domain::dates::instant(&at).expect("an instant");
        let day = facit::domain::dates::day_in(zone, at).to_string();
        assert_eq!(scene.figure("partners", &format!("?asOf={size}"))["validOn"], day.as_str());
    }

    fn everybody_asks_for_the_past_with_the_rights_of_today(api) {
        let (scene, partners, _) = eventful(api);
        let size = scene.journal_size();
        let own = scene.of(&partners[0]);
        let rows = scene.get(&format!("/figures/joined/partners?asOf={size}")).token(&own).send();
        assert_eq!(column(&rows.body, "partner"), [partners[0].clone()]);
        let others = format!("/figures/joined/partners?asOf={size}&partner={}", partners[1]);
        assert_eq!(scene.get(&others).token(&own).send().problem(404), "not-found");
        let reader = api.role(&scene.slug, "reader", None);
        assert_eq!(scene.get(&format!("/figures/joined/partners?asOf={size}")).token(&reader).send().status, 403);
        let groups = scene.get(&format!("/figures/joined?by=region&asOf={size}")).token(&reader).send();
        assert_eq!(groups.status, 200, "{}", groups.text);
        assert_eq!(scene.get(&format!("/figures?asOf={size}")).send().status, 401);
    }

    fn accept_datetime_is_the_same_as_a_time(api) {
        let (scene, _, _) = eventful(api);
        let size = scene.journal_size();
        let at = scene.read(&format!("/journal/{size}"))["at"].as_str().expect("a time").to_owned();
        let at = facit::domain::dates::instant(&at).expect("an instant");
        let http = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        // Of the very second that is passing, not all is known yet.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let ask = |path: &str, datetime: &str| {
            scene.get(path).token(&scene.auditor).header("accept-datetime", datetime).send()
        };

        for path in ["/figures", "/figures/joined", "/figures/joined?by=sector", "/figures/joined/partners"] {
            let live = scene.get(path).token(&scene.auditor).send();
            let whole = scene.at(path);
            assert_eq!(live.header("link"), format!("<{whole}>; rel=\"original timegate\""));
            assert!(live.header("vary").contains("Accept-Datetime"), "{}", live.header("vary"));
            assert_eq!((live.header("memento-datetime"), live.header("content-location")), ("", ""));

            let then = ask(path, &http);
            assert_eq!(then.status, 200, "{}", then.text);
            assert_eq!(then.header("memento-datetime"), http);
            assert!(then.header("vary").contains("Accept-Datetime"));
            let memento = then.header("content-location").to_owned();
            assert!(memento.starts_with(&whole) && memento.contains("asOf="), "{memento}");
            assert_eq!(then.header("link"), format!(
                "<{whole}>; rel=\"original timegate\", <{memento}>; rel=\"memento\"; datetime=\"{http}\""));

            let same = api.get(&memento).token(&scene.auditor).send();
            assert_eq!((same.text.as_str(), same.header("memento-datetime")), (then.text.as_str(), http.as_str()));
            assert!(!same.header("vary").contains("Accept-Datetime"), "a memento is not negotiated about");
            assert!(same.header("link").starts_with(&format!("<{whole}>; rel=\"original timegate\"")));
            assert_eq!(same.header("content-location"), "");

            let unchanged = scene.get(path).token(&scene.auditor).header("accept-datetime", &http)
                .header("if-none-match", then.etag()).send();
            assert_eq!(unchanged.status, 304);
            assert_eq!(unchanged.header("memento-datetime"), http);
            assert_eq!(unchanged.header("content-location"), memento);

            assert_eq!(ask(path, "2024-01-10T08:00:00Z").problem(400), "bad-datetime");
            assert_eq!(ask(path, "Fri, 01 Jan 1999 00:00:00 GMT").problem(404), "before-first-entry");
            assert_eq!(ask(path, "Tue, 01 Jan 2999 00:00:00 GMT").problem(400), "point-in-future");
            let both = if path.contains('?') { format!("{path}&asOf=1") } else { format!("{path}?asOf=1") };
            assert_eq!(ask(&both, &http).problem(400), "two-points");
        }
        // What is not kept by the journal's sizes does not look at the header.
        assert_eq!(ask("/journal", "nonsense").status, 200);
    }

    fn pages_by_accept_datetime_stay_at_their_time(api) {
        let (scene, partners, _) = eventful(api);
        let size = scene.journal_size();
        let at = scene.read(&format!("/journal/{size}"))["at"].as_str().expect("a time").to_owned();
        let at = facit::domain::dates::instant(&at).expect("an instant");
        let http = at.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let first = scene.get("/figures/joined/partners?limit=2").token(&scene.auditor)
            .header("accept-datetime", &http).send();
        let next = first.body["next"].as_str().expect("more").to_owned();
        assert!(first.header("link").starts_with(&format!("<{next}>; rel=\"next\"")), "{}", first.header("link"));
        std::thread::sleep(std::time::Duration::from_millis(1100));
        scene.change(&format!("/partners/{}", partners[0]), json!({"name": "Abe"}));
        let second = api.get(&next).token(&scene.auditor).send();
        assert_eq!(column(&second.body, "partnerName"), ["Ålborg Forening"], "{}", second.text);
    }

    fn kept_answers_know_the_point(api) {
        let (scene, _, _) = eventful(api);
        let size = scene.journal_size();
        let ask = |query: &str| scene.get(&format!("/figures{query}")).token(&scene.auditor).send();
        for _ in 0..2 {
            for as_of in [size - 1, size] {
                let answered = ask(&format!("?asOf={as_of}"));
                assert_eq!(answered.body["items"][0]["journalSize"], as_of);
            }
            assert_eq!(ask("").body["items"][0]["links"]["self"], "/v1/alliances/prove/figures/joined");
        }
        let tags = [ask(""), ask(&format!("?asOf={size}"))].map(|answered| answered.etag().to_owned());
        assert_ne!(tags[0], tags[1], "their links differ");
        assert!(tags[1].starts_with(&format!("\"{size}-")));
    }

    fn names_of_then_are_checked_against_the_journal(api) {
        let (scene, partners, _) = eventful(api);
        scene.change(&format!("/partners/{}", partners[0]), json!({"name": "Omdøbt"}));
        let check = || api.db.read_now(|conn| facit::check::check(conn, &scene.slug)).expect("a check");
        assert_eq!(check().differences, []);
        api.db.write_now(|conn| {
            use diesel::RunQueryDsl;
            diesel::sql_query("UPDATE partner_names SET name = 'Forfalsket' WHERE to_seq < 1000").execute(conn)?;
            Ok::<_, facit::db::Error>(())
        }).expect("an update by hand");
        let differences = check().differences;
        assert_eq!(differences.len(), 1, "{differences:?}");
        assert!(differences[0].address.starts_with(&format!("partners/{}/names/", partners[0])));
    }
}

/// The names of all pages of two rows.
fn pages(scene: &Scene<'_>, size: i64) -> Vec<String> {
    let mut names = Vec::new();
    let mut next = Some(scene.at(&format!("/figures/joined/partners?asOf={size}&limit=2")));
    while let Some(path) = next {
        let page = scene.api.get(&path).token(&scene.auditor).send();
        names.extend(column(&page.body, "partnerName"));
        next = page.body["next"].as_str().map(str::to_owned);
    }
    names
}
