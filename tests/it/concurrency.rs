//! Several at once on one report: a double click, two colleagues, a connection that breaks. Each ends as if
//! they had come one after the other.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answered, Api, Scene, Token, on_both};

const AT_ONCE: usize = 50;
const EDITS: usize = 1000;
const CUTS: usize = 60;

/// Sends the same submission from so many threads at the same moment, each with the key that it is told.
fn all_submit(
    api: &Api,
    path: &str,
    token: &Token,
    key: impl Fn(usize) -> String + Sync,
) -> Vec<Answered> {
    let together = Barrier::new(AT_ONCE);
    std::thread::scope(|threads| {
        let (key, together) = (&key, &together);
        let sent = (0..AT_ONCE).map(|n| {
            threads.spawn(move || {
                let request = api.post(path).token(token).header("idempotency-key", &key(n));
                together.wait();
                request.send()
            })
        });
        let sent: Vec<_> = sent.collect();
        sent.into_iter().map(|thread| thread.join().expect("an answer")).collect()
    })
}

/// A partner with a draft that can be handed in, its token and the report's address.
fn with_draft(scene: &Scene, name: &str) -> (String, Token, String) {
    let partner = scene.admit(name, "2020-01-01");
    let saved = scene.save("open", &partner, &json!({"answers": {"joined": {"value": "yes"}}}));
    assert_eq!(saved.status, 201, "{}", saved.text);
    let path = scene.at(&format!("/reports/open/{partner}"));
    (partner.clone(), scene.of(&partner), path)
}

fn submissions(scene: &Scene, partner: &str) -> usize {
    let path = format!("/journal?action=report.submitted&partner={partner}&count=true");
    scene.read(&path)["totalCount"].as_u64().expect("a number") as usize
}

on_both! {
    fn fifty_submissions_with_one_key_are_one(api) {
        let scene = Scene::new(api);
        let (partner, token, path) = with_draft(&scene, "Dobbeltklik");
        let answers = all_submit(api, &format!("{path}/submission"), &token, |_| "same".to_owned());
        for answered in &answers {
            assert_eq!((answered.status, &answered.text), (200, &answers[0].text));
        }
        let replayed = answers.iter().filter(|a| a.header("idempotent-replayed") == "true").count();
        assert_eq!(replayed, AT_ONCE - 1, "all but one are the stored answer");
        assert_eq!(submissions(&scene, &partner), 1);
        assert_eq!(scene.read(&format!("/reports/open/{partner}/versions"))["items"].as_array().map(Vec::len), Some(1));
    }

    fn of_fifty_submissions_with_keys_of_their_own_one_counts_and_the_others_are_told(api) {
        let scene = Scene::new(api);
        let (partner, token, path) = with_draft(&scene, "Utålmodig");
        let answers = all_submit(api, &format!("{path}/submission"), &token, |n| format!("key-{n}"));
        let (taken, told): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
        assert_eq!((taken.len(), told.len()), (1, AT_ONCE - 1));
        for answered in told {
            assert_eq!(answered.problem(409), "wrong-state");
            assert!(answered.body["detail"].as_str().is_some_and(|d| d.contains("indsendt")), "{}", answered.text);
        }
        assert_eq!(submissions(&scene, &partner), 1);
    }

    fn of_two_editors_with_one_etag_one_saves_and_one_is_told_a_thousand_times(api) {
        let scene = Scene::new(api);
        let (_, token, path) = with_draft(&scene, "Kollegerne");
        let mut etag = api.get(&path).token(&token).send().etag().to_owned();
        for turn in 0..EDITS {
            let together = Barrier::new(2);
            let edit = |who: usize| {
                let body = json!({"answers": {"joined": {"value": "yes"}, "reach": {"value": (2 * turn + who) % 1000}}});
                let request = api.put(&path).token(&token).if_match(&etag).json(&body);
                together.wait();
                request.send()
            };
            let [one, other] = std::thread::scope(|threads| {
                let both = [0, 1].map(|who| threads.spawn(move || edit(who)));
                both.map(|thread| thread.join().expect("an answer"))
            });
            let (saved, refused) = if one.status == 200 { (one, other) } else { (other, one) };
            assert_eq!(saved.status, 200, "turn {turn}: {}", saved.text);
            assert_eq!(refused.problem(412), "stale-version", "turn {turn}");
            assert_eq!(saved.body["version"], json!(turn + 2));
            etag = saved.etag().to_owned();
        }
        let there = api.get(&path).token(&token).send();
        assert_eq!((there.etag(), &there.body["version"]), (etag.as_str(), &json!(EDITS + 1)), "no save was lost");
    }

    fn a_connection_cut_at_any_moment_and_a_retry_are_one_report_and_one_receipt(api) {
        let scene = Scene::new(api);
        for cut in 0..CUTS {
            let (partner, token, path) = with_draft(&scene, &format!("Tunnel {cut}"));
            let submission = format!("{path}/submission");
            send_and_hang_up(api, &submission, &token, cut);
            let retry = || api.post(&submission).token(&token).header("idempotency-key", "tog").send();
            let (first, second) = (retry(), retry());
            assert_eq!((first.status, second.status), (200, 200), "cut {cut}: {} {}", first.text, second.text);
            assert_eq!(first.text, second.text);
            assert_eq!(second.header("idempotent-replayed"), "true");
            let now = api.get(&path).token(&token).send();
            assert_eq!(now.body["receipt"], first.body["receipt"], "cut {cut}");
            assert!(now.body["receipt"]["number"].is_string(), "{}", now.text);
            assert_eq!((&now.body["submittedVersion"], submissions(&scene, &partner)), (&Value::from(1), 1));
        }
    }
}

/// Sends a submission and hangs up: the first ones somewhere within the request, the later ones after all of
/// it, while the answer is on its way.
fn send_and_hang_up(api: &Api, path: &str, token: &Token, cut: usize) {
    let host = api.address.strip_prefix("http://").expect("an address");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: tog\r\nContent-Length: 0\r\n\r\n",
        token.0
    );
    let within = CUTS / 3;
    let bytes = if cut < within { request.len() * cut / within } else { request.len() };
    let mut stream = TcpStream::connect(host).expect("the service listens");
    stream.write_all(&request.as_bytes()[..bytes]).expect("it is sent");
    if cut >= within {
        std::thread::sleep(Duration::from_micros((cut - within) as u64 * 150));
    }
    let _ = stream.shutdown(Shutdown::Both);
}
