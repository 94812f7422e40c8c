//! Tokens and keys: how a client gets in, and when it is out again.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use facit::auth::tokens::{SigningKey, issue};
use facit::service::installation;
use serde_json::{Value, json};

use crate::support::cast::Cast;
use crate::support::{Answered, Api, Token, on_both};

fn ask(api: &Api, form: &str) -> Answered {
    api.post("/v1/token").form(form).send()
}

/// The code after checking that RFC 6749's error stands beside it.
fn fault(answered: &Answered, status: u16, error: &str) -> String {
    let code = answered.problem(status).to_owned();
    assert_eq!(answered.body["error"], error, "{}", answered.text);
    code
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// A token of the installation's own key, made at another time or for another issuer.
fn forged(api: &Api, key_id: &str, at: DateTime<Utc>, issuer: &str) -> Token {
    let installation = installation::open(&api.db, facit::api::now()).expect("the shared secrets");
    let signing = installation.signing_keys.last().expect("a key");
    Token(
        issue(signing, issuer, key_id.parse().expect("an id"), at)
            .expect("a token")
            .token,
    )
}

fn refused(api: &Api, token: &Token) -> String {
    let answered = api.get("/v1/alliances/prove/journal").token(token).send();
    let code = answered.problem(401).to_owned();
    assert_eq!(answered.header("www-authenticate"), "Bearer realm=\"facit\", error=\"invalid_token\"");
    code
}

on_both! {
    fn a_token_is_had_by_form_and_by_basic(api) {
        let alliance = api.alliance();
        let (id, secret) = api.make_key(Some(&alliance), "auditor", None);
        let form = ask(api, &format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=x"));
        let by_basic = api.post("/v1/token").header("authorization", &basic(&id, &secret));
        let by_basic = by_basic.form("grant_type=client_credentials").send();
        for answered in [form, by_basic] {
            assert_eq!(answered.status, 200, "{}", answered.text);
            assert_eq!(answered.header("cache-control"), "no-store");
            assert_eq!((&answered.body["token_type"], &answered.body["expires_in"]), (&json!("Bearer"), &json!(600)));
            let token = Token(answered.body["access_token"].as_str().expect("a token").to_owned());
            assert_eq!(api.get("/v1/alliances/prove/journal").token(&token).send().status, 200);
        }
    }

    fn every_fault_of_a_token_request_says_what_rfc_6749_calls_it(api) {
        let alliance = api.alliance();
        let (id, secret) = api.make_key(Some(&alliance), "auditor", None);
        let grant = "grant_type=client_credentials";
        let whole = format!("{grant}&client_id={id}&client_secret={secret}");
        for (form, error, code) in [
            ("", "invalid_request", "missing-field"),
            (grant, "invalid_request", "missing-field"),
            (&format!("{grant}&client_id={id}"), "invalid_request", "missing-field"),
            (&format!("client_id={id}&client_secret={secret}"), "invalid_request", "missing-field"),
            (&whole.replace("client_credentials", "password"), "unsupported_grant_type", "unsupported-grant-type"),
            (&format!("{whole}&{grant}"), "invalid_request", "repeated-parameter"),
        ] {
            assert_eq!(fault(&ask(api, form), 400, error), code, "{form}");
        }
        let other = uuid::Uuid::now_v7().to_string();
        for form in [whole.replace(&secret, "fs_wrong"), whole.replace(&id, &other), whole.replace(&id, "x"),
            whole.replace(&secret, "%00"), whole.replace(&id, &id.to_uppercase())]
        {
            let answered = ask(api, &form);
            assert_eq!(fault(&answered, 401, "invalid_client"), "invalid-client", "{form}");
            assert!(answered.header("www-authenticate").contains("realm="));
        }
        let with = |header: &str, form: &str| api.post("/v1/token").header("authorization", header).form(form).send();
        for header in [basic(&id, "fs_wrong"), "Basic %%%".to_owned(), "Basic".to_owned(), "Bearer x".to_owned(),
            format!("Basic {}", STANDARD.encode(&id)), format!("Basic {}", STANDARD.encode([0xff, 0xfe]))]
        {
            let answered = with(&header, grant);
            assert_eq!(fault(&answered, 401, "invalid_client"), "invalid-client", "{header}");
            assert!(answered.header("www-authenticate").starts_with("Basic "), "{header}");
        }
        let both = with(&basic(&id, &secret), &whole);
        assert_eq!(fault(&both, 400, "invalid_request"), "two-credentials");
        let json = api.post("/v1/token").json(&json!({"grant_type": "client_credentials"})).send();
        assert_eq!(fault(&json, 415, "invalid_request"), "unsupported-media-type");
        let query = api.post(&format!("/v1/token?{whole}")).form(grant).send();
        assert_eq!(fault(&query, 400, "invalid_request"), "unknown-parameter");
    }

    fn the_jwks_names_the_key_that_signed(api) {
        let alliance = api.alliance();
        let token = api.secretariat(&alliance);
        let header = token.0.split('.').next().expect("a header");
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON");
        assert_eq!((&header["alg"], &header["typ"]), (&json!("EdDSA"), &json!("at+jwt")));
        let jwks = api.get("/v1/jwks.json").send();
        let key = &jwks.body["keys"][0];
        assert_eq!(key["kid"], header["kid"]);
        assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
        assert!(key["d"].is_null(), "the private half stays here");
    }

    fn a_token_with_any_fault_is_nobodys(api) {
        let alliance = api.alliance();
        let (id, secret) = api.make_key(Some(&alliance), "auditor", None);
        let good = api.token(&id, &secret);
        let now = facit::api::now();
        assert_eq!(api.get("/v1/alliances/prove/journal").token(&forged(api, &id, now, "facit")).send().status, 200);
        assert_eq!(refused(api, &forged(api, &id, now - TimeDelta::seconds(601), "facit")), "token-expired");
        assert_eq!(refused(api, &forged(api, &id, now + TimeDelta::seconds(60), "facit")), "invalid-token");
        assert_eq!(refused(api, &forged(api, &id, now, "another")), "invalid-token");
        let nobody = uuid::Uuid::now_v7().to_string();
        assert_eq!(refused(api, &forged(api, &nobody, now, "facit")), "key-revoked");
        let foreign = issue(&SigningKey::generate(), "facit", id.parse().expect("an id"), now).expect("a token");
        assert_eq!(refused(api, &Token(foreign.token)), "invalid-token");

        let parts: Vec<&str> = good.0.split('.').collect();
        let claims = URL_SAFE_NO_PAD.decode(parts[1]).expect("base64url");
        let claims = String::from_utf8(claims).expect("UTF-8").replace("facit", "FACIT");
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt"}"#);
        for bad in [
            format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims), parts[2]),
            format!("{none}.{}.", parts[1]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.{}.", parts[0], parts[1], parts[2]),
            format!("{}A", good.0),
            "x".to_owned(),
            "x".repeat(5000),
        ] {
            assert_eq!(refused(api, &Token(bad.clone())), "invalid-token", "{bad}");
        }
    }

    fn an_authorization_that_is_no_bearer_token_is_refused_everywhere(api) {
        api.alliance();
        for path in ["/v1/alliances/prove/journal", "/v1/alliances", "/v1/openapi.json", "/livez"] {
            for header in ["Bearer", "Bearer ", "Bearer x", "Digest x", "x", ""] {
                let answered = api.get(path).header("authorization", header).send();
                assert_eq!(answered.problem(401), "invalid-token", "{path} {header:?}");
                assert!(answered.header("www-authenticate").starts_with("Bearer "));
            }
        }
        let nothing = api.get("/v1/alliances/prove/journal").send();
        assert_eq!(nothing.problem(401), "token-missing");
        assert_eq!(nothing.header("www-authenticate"), "Bearer realm=\"facit\"");
    }

    fn a_revoked_key_is_out_at_the_next_request(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/reports/open/{}", scene.alliance, scene.own.id);
        assert_eq!(api.get(&path).token(&scene.own.token).send().status, 200);
        let key = format!("/v1/alliances/{}/keys/{}", scene.alliance, scene.own.key);
        let etag = api.get(&key).token(&scene.secretariat).send().etag().to_owned();
        assert_eq!(api.delete(&key).token(&scene.secretariat).if_match(&etag).send().status, 204);
        assert_eq!(api.get(&path).token(&scene.own.token).send().problem(401), "key-revoked");
        // Not even for what everybody may see.
        assert_eq!(api.get("/v1/alliances").token(&scene.own.token).send().problem(401), "key-revoked");
        let revoked = api.get(&key).token(&scene.secretariat).send();
        assert!(revoked.body["revokedAt"].is_string());
        assert_eq!(api.delete(&key).token(&scene.secretariat).if_match(&etag).send().problem(412), "stale-version");
    }

    fn an_expired_key_is_out_at_the_next_request(api) {
        let alliance = api.alliance();
        let secretariat = api.secretariat(&alliance);
        let keys = format!("/v1/alliances/{alliance}/keys");
        let soon = (facit::api::now() + TimeDelta::milliseconds(1500)).to_rfc3339();
        let body = json!({"role": "reader", "name": "Kort", "expiresAt": soon});
        let key = api.post(&keys).token(&secretariat).json(&body).send();
        assert_eq!(key.status, 201, "{}", key.text);
        let (id, secret) = (key.body["clientId"].as_str().expect("an id"), key.body["clientSecret"].as_str().expect("one"));
        let token = api.token(id, secret);
        let figures = format!("/v1/alliances/{alliance}/figures");
        assert_eq!(api.get(&figures).token(&token).send().status, 200);
        std::thread::sleep(std::time::Duration::from_millis(1600));
        assert_eq!(api.get(&figures).token(&token).send().problem(401), "key-revoked");
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        assert_eq!(fault(&ask(api, &form), 401, "invalid_client"), "invalid-client");
    }

    fn keys_say_what_they_may_and_a_wrong_one_is_told_everything(api) {
        let scene = Cast::set(api);
        let neighbours = api.alliance_with(|document| document["slug"] = json!("nabo"));
        let foreign = api.partner(&neighbours, "Naboen");
        let create = |body: Value| {
            api.post(&format!("/v1/alliances/{}/keys", scene.alliance)).token(&scene.secretariat).json(&body).send()
        };
        let partners = create(json!({"role": "partner", "partner": scene.own.id, "name": "Rapporter"}));
        assert_eq!((partners.status, &partners.body["partner"]), (201, &json!(scene.own.id)), "{}", partners.text);
        assert_eq!(partners.body["id"], partners.body["clientId"]);
        let location = partners.header("location").to_owned();
        assert_eq!(api.get(&location).token(&scene.secretariat).send().body["name"], "Rapporter");
        for (body, faults) in [
            (json!({"role": "king", "name": ""}), vec!["/role not-a-choice", "/name required"]),
            (json!({"role": "partner", "name": "x"}), vec!["/partner required"]),
            (json!({"role": "partner", "partner": foreign, "name": "x"}), vec!["/partner unknown-partner"]),
            (json!({"role": "reader", "partner": scene.own.id, "name": "x"}), vec!["/partner not-for-this-role"]),
            (json!({"role": "reader", "name": "x", "expiresAt": "2020-01-01T00:00:00Z"}), vec!["/expiresAt in-the-past"]),
            (json!({"role": "reader", "name": "x", "expiresAt": "2027-01-01"}), vec!["/expiresAt bad-time"]),
        ] {
            let refused = create(body);
            assert_eq!(refused.problem(422), "invalid");
            assert_eq!(refused.faults(), faults);
        }
    }

    fn no_secret_is_shown_again_nor_written_down(api) {
        let scene = Cast::set(api);
        let keys = format!("/v1/alliances/{}/keys", scene.alliance);
        let body = json!({"role": "reader", "name": "Skærmen i hallen"});
        let created = api.post(&keys).token(&scene.secretariat).once().json(&body).send();
        assert_eq!(created.header("cache-control"), "no-store");
        let secret = created.body["clientSecret"].as_str().expect("a secret").to_owned();
        let one = api.get(created.header("location")).token(&scene.secretariat).send();
        let all = api.get(&format!("{keys}?limit=500")).token(&scene.secretariat).send();
        let journal = api.get(&format!("/v1/alliances/{}/journal?action=key.created&limit=500", scene.alliance));
        let journal = journal.token(&scene.secretariat).send();
        assert!(journal.body["items"].as_array().is_some_and(|items| items.len() > 1));
        let hash = facit::auth::secrets::hash(&secret);
        let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        for answered in [&one, &all, &journal] {
            assert_eq!(answered.status, 200);
            for hidden in [secret.as_str(), "fs_", &hash, "ecretHash", "clientSecret"] {
                assert!(!answered.text.contains(hidden), "{hidden} in {}", answered.text);
            }
        }
        assert!(!journal.text.contains("Skærmen"), "a key's name is in no journal");
    }
}
