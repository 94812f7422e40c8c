//! How often a client may ask.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use facit::server::Settings;

use crate::support::{Answered, Api, Backend};

/// A service that takes so many requests a minute, and so many that bring a secret.
fn limited(requests: u32, secrets: u32) -> Api {
    let settings = Settings {
        rate_limit: requests,
        token_rate_limit: secrets,
        ..Settings::default()
    };
    Api::start_with(Backend::Sqlite, settings)
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn left(answered: &Answered) -> (&str, &str) {
    (answered.header("ratelimit-policy"), answered.header("ratelimit"))
}

/// A refusal says in both languages what is so, and when to come again.
fn refused(answered: &Answered) {
    assert_eq!(answered.problem(429), "too-many-requests");
    let wait: u64 = answered.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(answered.header("ratelimit").ends_with(&format!("r=0;t={wait}")), "{:?}", answered.headers);
}

#[test]
fn what_is_left_counts_down_to_a_refusal() {
    let api = limited(3, 0);
    let ask = || api.get("/v1/alliances").send();
    for expected in ["\"default\";r=2;t=20", "\"default\";r=1;t=20", "\"default\";r=0;t=20"] {
        let answered = ask();
        assert_eq!(answered.status, 200);
        assert_eq!(left(&answered), ("\"default\";q=3;w=60", expected));
    }
    let danish = ask();
    refused(&danish);
    assert_eq!(danish.body["title"], "For mange anmodninger");
    assert!(
        danish.body["detail"]
            .as_str()
            .expect("a sentence")
            .starts_with("Der må højst komme 3 ")
    );
    let english = api.get("/v1/alliances").english().send();
    refused(&english);
    assert_eq!(english.body["title"], "Too many requests");
    assert!(
        english.body["detail"]
            .as_str()
            .expect("a sentence")
            .starts_with("At most 3 of these")
    );
}

#[test]
fn it_comes_back_with_time() {
    let api = limited(60, 0);
    while api.get("/v1/alliances").send().status != 429 {}
    std::thread::sleep(std::time::Duration::from_millis(1100));
    assert_eq!(api.get("/v1/alliances").send().status, 200);
}

#[test]
fn refusals_and_what_is_not_there_count_too() {
    let api = limited(4, 0);
    assert_eq!(api.get("/v1/nowhere").send().status, 404);
    assert_eq!(api.get("/v1/alliances/none/partners").send().status, 404);
    assert_eq!(api.get("/v1/alliances/none/journal").send().status, 401);
    let forged = api.get("/v1/alliances").header("authorization", "Bearer x").send();
    assert_eq!((forged.status, forged.header("ratelimit")), (401, "\"default\";r=0;t=15"));
    for path in ["/v1/nowhere", "/v1/alliances/none/partners", "/v1/alliances/none/journal"] {
        refused(&api.get(path).send());
    }
    refused(&api.get("/v1/alliances").header("authorization", "Bearer x").send());
    refused(&api.delete("/v1/alliances").send());
}

#[test]
fn each_key_has_its_own_and_so_has_the_address() {
    let api = limited(4, 0);
    let slug = api.alliance();
    let (one, other) = (api.role(&slug, "auditor", None), api.role(&slug, "auditor", None));
    let path = format!("/v1/alliances/{slug}/journal");
    let ask = |token| api.get(&path).token(token).send();
    while ask(&one).status != 429 {}
    refused(&ask(&one));
    assert_eq!(ask(&other).status, 200);
    assert_eq!(api.get("/v1/alliances").send().status, 200);
}

#[test]
fn a_key_that_is_over_its_limit_writes_nothing() {
    let api = limited(4, 0);
    let slug = api.alliance();
    let secretariat = api.secretariat(&slug);
    let path = format!("/v1/alliances/{slug}/partners");
    while api.get(&path).token(&secretariat).send().status != 429 {}
    let body = serde_json::json!({"name": "En", "sector": "civil", "joinedOn": "2020-01-01"});
    refused(&api.post(&path).token(&secretariat).once().json(&body).send());
    assert_eq!(api.get(&path).send().body["items"], serde_json::json!([]));
}

#[test]
fn tokens_have_a_stricter_limit_of_their_own() {
    // The operator's token of the harness is the first of four.
    let api = limited(100, 4);
    let (id, secret) = api.make_key(None, "operator", None);
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let ask = |form: &str| api.post("/v1/token").form(form).send();
    let first = ask(&form);
    assert_eq!((first.status, left(&first)), (200, ("\"token\";q=4;w=60", "\"token\";r=2;t=15")));
    assert_eq!(ask(&format!("{form}x")).status, 401);
    assert_eq!(ask("").status, 400);
    let answered = ask(&form);
    refused(&answered);
    assert_eq!(answered.body["error"], "invalid_request");
    assert_eq!(api.get("/v1/alliances").send().header("ratelimit"), "\"default\";r=99;t=1");
}

#[test]
fn nobody_locks_a_keys_owner_out() {
    let settings = Settings {
        token_rate_limit: 3,
        forwarded_for: true,
        ..Settings::default()
    };
    let api = Api::start_with(Backend::Sqlite, settings);
    let (id, secret) = api.make_key(None, "operator", None);
    let ask = |secret: &str, address: &str| {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        api.post("/v1/token").header("x-forwarded-for", address).form(&form).send()
    };
    for left in [2, 1, 0] {
        let answered = ask("fs_wrong", "192.0.2.1");
        let left = format!("\"token\";r={left};t=20");
        assert_eq!((answered.status, answered.header("ratelimit")), (401, left.as_str()));
    }
    refused(&ask("fs_wrong", "192.0.2.1"));
    refused(&ask(&secret, "192.0.2.1"));
    assert_eq!(ask(&secret, "192.0.2.2").status, 200, "the owner asks from elsewhere");
}

#[test]
fn a_wrong_password_counts_against_the_stricter_limit() {
    // The operator's token of the harness is the first of three.
    let api = limited(100, 3);
    let slug = api.alliance();
    let (id, secret) = api.make_key(Some(&slug), "reader", None);
    let path = format!("/v1/alliances/{slug}/figures");
    let ask = |secret: &str| api.get(&path).header("authorization", &basic(&id, secret)).send();
    for _ in 0..5 {
        let right = ask(&secret);
        assert_eq!((right.status, right.header("ratelimit-policy")), (200, "\"default\";q=100;w=60"));
    }
    for expected in ["\"token\";r=1;t=20", "\"token\";r=0;t=20"] {
        let wrong = ask("fs_wrong");
        assert_eq!(wrong.problem(401), "invalid-client");
        assert_eq!(wrong.header("www-authenticate"), "Basic realm=\"facit\"");
        assert_eq!(left(&wrong), ("\"token\";q=3;w=60", expected));
    }
    refused(&ask("fs_wrong"));
    refused(&ask(&secret));
}

#[test]
fn whoever_watches_is_never_limited_and_zero_is_no_limit() {
    let api = limited(1, 1);
    for path in ["/livez", "/readyz"] {
        for _ in 0..5 {
            let answered = api.get(path).send();
            assert_eq!((answered.status, left(&answered)), (200, ("", "")));
        }
    }
    let api = limited(0, 0);
    for _ in 0..5 {
        let answered = api.get("/v1/alliances").send();
        assert_eq!((answered.status, left(&answered)), (200, ("", "")));
    }
}

#[test]
fn behind_a_proxy_the_last_hop_is_the_client() {
    let settings = Settings { rate_limit: 2, forwarded_for: true, ..Settings::default() };
    let api = Api::start_with(Backend::Sqlite, settings);
    let ask = |hops: &str| api.get("/v1/alliances").header("x-forwarded-for", hops).send().status;
    assert_eq!([ask("192.0.2.1"), ask("203.0.113.5, 192.0.2.1"), ask("192.0.2.1")], [200, 200, 429]);
    assert_eq!(ask("192.0.2.1, 192.0.2.2"), 200);

    let api = limited(2, 0);
    let ask = |hops: &str| api.get("/v1/alliances").header("x-forwarded-for", hops).send().status;
    assert_eq!([ask("192.0.2.1"), ask("192.0.2.2"), ask("192.0.2.3")], [200, 200, 429]);
}
