//! `Idempotency-Key`: the same request sent twice happens once.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use facit::db::Error;
use facit::domain::dates::rfc3339;
use serde_json::{Value, json};

use crate::support::cast::Cast;
use crate::support::{Answered, Api, Token, on_both};

fn admit(api: &Api, token: &Token, key: &str, name: &str, query: &str) -> Answered {
    let request = api.post(&format!("/v1/alliances/prove/partners{query}")).token(token);
    request
        .header("idempotency-key", key)
        .json(&json!({"name": name, "sector": "civil"}))
        .send()
}

fn names(api: &Api) -> Vec<String> {
    let listed = api.get("/v1/alliances/prove/partners").send();
    let items = listed.body["items"].as_array().cloned().expect("items");
    items
        .iter()
        .map(|item| item["name"].as_str().expect("a name").to_owned())
        .collect()
}

/// As if the stored answers had been given then.
fn age_answers(api: &Api, what: &str, at: DateTime<Utc>) {
    let statement = format!("UPDATE idempotent_answers SET stored_at = '{}'", rfc3339(at));
    let aged = api.db.write_now(|conn| Ok::<_, Error>(conn.batch_execute(&statement)?));
    aged.expect(what);
}

on_both! {
    fn the_same_request_is_answered_again_byte_for_byte(api) {
        let token = api.secretariat(&api.alliance());
        let first = admit(api, &token, "k", "Prøven", "");
        assert_eq!((first.status, first.header("idempotent-replayed")), (201, ""), "{}", first.text);
        // Quoted or bare is the same key.
        for key in ["k", "\"k\""] {
            let again = admit(api, &token, key, "Prøven", "");
            assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
            assert_eq!(again.text, first.text);
            for header in ["location", "etag", "content-type", "content-language"] {
                assert_eq!(again.header(header), first.header(header), "{header}");
            }
        }
        assert_eq!(names(api), ["Prøven"]);
    }

    fn another_body_or_query_under_the_same_key_is_refused(api) {
        let token = api.secretariat(&api.alliance());
        assert_eq!(admit(api, &token, "k", "Prøven", "").status, 201);
        assert_eq!(admit(api, &token, "k", "En anden", "").problem(422), "idempotency-key-reused");
        assert_eq!(admit(api, &token, "k", "Prøven", "?x=1").problem(422), "idempotency-key-reused");
        assert_eq!(names(api), ["Prøven"]);
    }

    fn an_answer_is_forgotten_after_24_hours(api) {
        let token = api.secretariat(&api.alliance());
        assert_eq!(admit(api, &token, "k", "Prøven", "").status, 201);
        age_answers(api, "23 hours ago", facit::api::now() - TimeDelta::hours(23));
        assert_eq!(admit(api, &token, "k", "En anden", "").problem(422), "idempotency-key-reused");
        age_answers(api, "25 hours ago", facit::api::now() - TimeDelta::hours(25));
        assert_eq!(admit(api, &token, "k", "En anden", "").status, 201);
    }

    fn another_caller_or_address_with_the_same_key_is_another_request(api) {
        let alliance = api.alliance();
        let (token, another) = (api.secretariat(&alliance), api.secretariat(&alliance));
        assert_eq!(admit(api, &token, "k", "Prøven", "").status, 201);
        assert_eq!(admit(api, &another, "k", "En anden", "").status, 201);
        let key = json!({"role": "reader", "name": "Skærm"});
        let elsewhere = api.post("/v1/alliances/prove/keys").token(&token).header("idempotency-key", "k").json(&key);
        assert_eq!(elsewhere.send().status, 201);
        assert_eq!(names(api), ["En anden", "Prøven"]);
    }

    fn a_refusal_is_not_kept(api) {
        let token = api.secretariat(&api.alliance());
        assert_eq!(admit(api, &token, "k", " ", "").problem(422), "invalid");
        let mended = admit(api, &token, "k", "Prøven", "");
        assert_eq!((mended.status, mended.header("idempotent-replayed")), (201, ""));
    }

    fn submission_and_acceptance_need_a_key(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/reports/open/{}", scene.alliance, scene.own.id);
        for (step, token) in [("submission", &scene.own.token), ("acceptance", &scene.secretariat)] {
            let refused = api.post(&format!("{path}/{step}")).token(token).send();
            assert_eq!(refused.problem(400), "idempotency-key-missing", "{step}");
        }
        // Whoever may not is told that first.
        let partners = api.post(&format!("{path}/acceptance")).token(&scene.own.token).send();
        assert_eq!(partners.problem(403), "forbidden");
    }

    fn a_replay_looks_at_no_precondition_and_no_state(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
        let body = json!({"answers": {"joined": {"value": "no"}}});
        let saved = api.put(&path).token(&scene.own.token).json(&body).send();
        let submit = || {
            let request = api.post(&format!("{path}/submission")).token(&scene.own.token).if_match(saved.etag());
            request.header("idempotency-key", "handed-in").send()
        };
        let first = submit();
        assert_eq!(first.status, 200, "{}", first.text);
        assert_eq!((submit().status, submit().text), (200, first.text.clone()));
        let points = json!({"points": [{"pointer": "", "code": "unclear", "detail": "Hvad?"}]});
        let returned = api.post(&format!("{path}/return")).token(&scene.secretariat).json(&points).send();
        assert_eq!(returned.status, 200, "{}", returned.text);
        let late = submit();
        assert_eq!((late.status, late.header("idempotent-replayed"), &late.text), (200, "true", &first.text));
        assert_eq!(late.etag(), first.etag());
        let now = api.get(&path).token(&scene.own.token).send();
        assert_eq!(now.body["state"], "returned", "a replay does nothing");
    }

    fn a_replayed_key_creation_keeps_the_secret_to_itself(api) {
        let token = api.secretariat(&api.alliance());
        let create = || {
            let request = api.post("/v1/alliances/prove/keys").token(&token).header("idempotency-key", "k");
            request.json(&json!({"role": "reader", "name": "Skærm"})).send()
        };
        let first = create();
        let again = create();
        assert_eq!((first.status, again.status), (201, 201));
        assert_eq!(again.header("idempotent-replayed"), "true");
        assert_eq!(first.header("location"), again.header("location"));
        assert!(first.body["clientSecret"].as_str().is_some_and(|secret| secret.starts_with("fs_")));
        let mut without = first.body.clone();
        without.as_object_mut().expect("an object").remove("clientSecret");
        assert_eq!(again.body, without);
    }

    fn twins_that_run_at_the_same_time_happen_once(api) {
        let token = api.secretariat(&api.alliance());
        for round in 0..5 {
            let name = format!("Prøve {round}");
            let answers: Vec<Answered> = std::thread::scope(|scope| {
                let send = || admit(api, &token, &format!("twin-{round}"), &name, "");
                let twins: Vec<_> = (0..4).map(|_| scope.spawn(send)).collect();
                twins.into_iter().map(|twin| twin.join().expect("an answer")).collect()
            });
            let ids: Vec<&Value> = answers.iter().map(|answered| &answered.body["id"]).collect();
            assert!(ids.iter().all(|id| *id == ids[0] && id.is_string()), "{ids:?}");
            assert!(answers.iter().all(|answered| answered.status == 201));
            let replayed = answers.iter().filter(|answered| answered.header("idempotent-replayed") == "true");
            assert_eq!(replayed.count(), 3);
        }
        assert_eq!(names(api).len(), 5);
    }

    fn twins_that_differ_leave_one_refused(api) {
        let token = api.secretariat(&api.alliance());
        let answers: Vec<u16> = std::thread::scope(|scope| {
            let twins = ["Den ene", "Den anden"].map(|name| scope.spawn(|| admit(api, &token, "k", name, "").status));
            twins.into_iter().map(|twin| twin.join().expect("an answer")).collect()
        });
        assert!(answers.contains(&201) && answers.contains(&422), "{answers:?}");
        assert_eq!(names(api).len(), 1);
    }

    fn a_key_has_1_to_255_visible_characters(api) {
        let token = api.secretariat(&api.alliance());
        let long = "x".repeat(255);
        for bad in ["", "\"\"", "a\"b", "\"a", &format!("{long}x"), "\t"] {
            assert_eq!(admit(api, &token, bad, "Prøven", "").problem(400), "bad-header", "{bad:?}");
        }
        let twice = api.post("/v1/alliances/prove/partners").token(&token).header("idempotency-key", "a");
        let twice = twice.header("idempotency-key", "b").json(&json!({"name": "Prøven", "sector": "civil"})).send();
        assert_eq!(twice.problem(400), "bad-header");
        assert_eq!(names(api), [""; 0]);
        for (i, good) in ["1", &long, "a b", "\"c d\""].into_iter().enumerate() {
            assert_eq!(admit(api, &token, good, &format!("Prøve {i}"), "").status, 201, "{good}");
        }
    }
}
