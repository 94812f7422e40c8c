//! Faults: every one is a problem document, and they are found in the order that the contract names.

use serde_json::json;

use crate::support::cast::Cast;
use crate::support::{Api, Token, on_both, raw};

/// A request that is wrong in many ways.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    token: Option<&'a Token>,
    if_match: &'a str,
    media_type: &'a str,
    key: &'a str,
    body: &'a str,
    path: &'a str,
}

impl Attempt<'_> {
    fn send(&self, api: &Api) -> (u16, String) {
        let request = api.post(self.path).maybe(self.token).if_match(self.if_match);
        let request = request
            .header("idempotency-key", self.key)
            .raw(self.media_type, self.body.as_bytes());
        let answered = request.send();
        if answered.status >= 400 {
            answered.problem(answered.status);
        }
        (answered.status, answered.body["code"].as_str().unwrap_or_default().to_owned())
    }
}

on_both! {
    fn a_request_wrong_in_every_way_is_told_one_thing_after_the_other(api) {
        let scene = Cast::set(api);
        let report = |partner: &str| format!("/v1/alliances/{}/reports/open/{partner}/return", scene.alliance);
        let (returned, submitted) = (report(&scene.own.id), report(&scene.other.id));
        let missing = report(&uuid::Uuid::now_v7().to_string());
        let good = r#"{"points": [{"pointer": "/answers/joined", "code": "unclear", "detail": "Hvordan?"}]}"#;
        let first = api.post(&returned).token(&scene.secretariat).header("idempotency-key", "used");
        assert_eq!(first.raw("application/json", good.as_bytes()).send().status, 200);

        let attempt = Attempt {
            token: None,
            if_match: "nonsense",
            media_type: "text/plain",
            key: "used",
            body: r#"{"points": [], "surplus": 1}"#,
            path: &returned,
        };
        let says = |attempt: &Attempt, status: u16, code: &str| {
            assert_eq!(attempt.send(api), (status, code.to_owned()));
        };
        says(&attempt, 401, "token-missing");
        let attempt = Attempt { token: Some(&scene.own.token), ..attempt };
        says(&attempt, 403, "forbidden");
        let attempt = Attempt { token: Some(&scene.secretariat), ..attempt };
        says(&attempt, 400, "bad-header");
        let attempt = Attempt { if_match: "\"999-0\"", ..attempt };
        says(&attempt, 415, "unsupported-media-type");
        let attempt = Attempt { media_type: "application/json", ..attempt };
        says(&attempt, 422, "idempotency-key-reused");
        let attempt = Attempt { key: "fresh", path: &missing, ..attempt };
        says(&attempt, 400, "unknown-field");
        let attempt = Attempt { body: r#"{"points": []}"#, ..attempt };
        says(&attempt, 404, "not-found");
        let attempt = Attempt { path: &returned, ..attempt };
        says(&attempt, 412, "stale-version");
        let attempt = Attempt { if_match: "*", ..attempt };
        says(&attempt, 409, "wrong-state");
        let attempt = Attempt { path: &submitted, ..attempt };
        says(&attempt, 422, "invalid");
        let attempt = Attempt { body: good, ..attempt };
        says(&attempt, 200, "");
    }

    fn a_problem_says_where_and_in_which_request(api) {
        let alliance = api.alliance();
        let secretariat = api.secretariat(&alliance);
        let path = format!("/v1/alliances/{alliance}/partners");
        let request = api.post(&format!("{path}?")).token(&secretariat).header("x-request-id", "mine-1");
        let refused = request.json(&json!({"name": " ", "sector": "x"})).send();
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.body["instance"], path);
        assert_eq!(refused.body["requestId"], "mine-1");
        assert_eq!(refused.faults(), ["/name required", "/sector unknown-sector"]);
        let details = refused.body["errors"].as_array().expect("errors");
        assert!(details.iter().all(|fault| fault["detail"].as_str().is_some_and(|text| text.len() > 10)));
    }

    fn unknown_addresses_answer_404_as_problems(api) {
        api.alliance();
        for path in ["/", "/v1", "/v1/", "/v2", "/v1/nothing", "/v1/alliances/", "/v1/alliances/prove/nothing",
            "/v1//alliances", "/V1/alliances", "/docs/nothing.js", "/livez/", "/v1/alliances/nowhere/partners"]
        {
            let answered = api.get(path).send();
            assert_eq!(answered.problem(404), "not-found", "{path}");
            assert_eq!(answered.body["instance"], path);
        }
    }

    fn unknown_methods_answer_405_with_what_there_is(api) {
        api.alliance();
        let allowed = [
            ("DELETE", "/v1/alliances", "GET, HEAD"),
            ("POST", "/v1/alliances/prove", "GET, HEAD, PUT"),
            ("GET", "/v1/token", "POST"),
            ("HEAD", "/v1/token", "POST"),
            ("OPTIONS", "/v1/alliances/prove/partners", "GET, HEAD, POST"),
            ("PUT", "/livez", "GET, HEAD"),
            ("PATCH", "/v1/openapi.json", "GET, HEAD"),
        ];
        for (method, path, allow) in allowed {
            let answered = api.request(method, path).send();
            assert_eq!(answered.status, 405, "{method} {path}");
            assert_eq!(answered.header("allow"), allow, "{method} {path}");
            if method != "HEAD" {
                assert_eq!(answered.problem(405), "method-not-allowed");
            }
        }
    }

    fn only_json_in_utf_8_is_taken(api) {
        let alliance = api.alliance();
        let secretariat = api.secretariat(&alliance);
        let post = || api.post(&format!("/v1/alliances/{alliance}/partners")).token(&secretariat);
        let body = json!({"name": "Prøven", "sector": "civil"}).to_string();
        for wrong in ["text/plain", "text/json", "application/xml", "application/merge-patch+json", "nonsense",
            "application/json; charset=iso-8859-1", "application/json;charset=\"utf-16\"", "multipart/form-data"]
        {
            let answered = post().raw(wrong, body.as_bytes()).send();
            assert_eq!(answered.problem(415), "unsupported-media-type", "{wrong}");
        }
        assert_eq!(post().bytes(body.as_bytes()).send().problem(415), "unsupported-media-type");
        let packed = post().header("content-encoding", "gzip").raw("application/json", body.as_bytes());
        assert_eq!(packed.send().problem(415), "unsupported-media-type");
        for (i, right) in ["application/json", "APPLICATION/JSON; charset=UTF-8", "application/json; charset=\"utf-8\""]
            .into_iter()
            .enumerate()
        {
            let body = json!({"name": format!("Prøve {i}"), "sector": "civil"}).to_string();
            assert_eq!(post().raw(right, body.as_bytes()).send().status, 201, "{right}");
        }
    }

    fn a_patch_is_a_merge_patch_or_plain_json(api) {
        let alliance = api.alliance();
        let partner = api.partner(&alliance, "Prøven");
        let secretariat = api.secretariat(&alliance);
        let path = format!("/v1/alliances/{alliance}/partners/{partner}");
        let patch = |media: &str| {
            api.patch(&path).token(&secretariat).if_match("*").raw(media, br#"{"area": "national"}"#).send().status
        };
        assert_eq!(patch("application/merge-patch+json"), 200);
        assert_eq!(patch("application/json"), 200);
        assert_eq!(patch("application/json-patch+json"), 415);
    }

    fn a_body_of_more_than_a_mebibyte_is_refused(api) {
        let alliance = api.alliance();
        let token = api.secretariat(&alliance).0;
        let head = format!(
            "POST /v1/alliances/{alliance}/partners HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             authorization: Bearer {token}\r\ncontent-type: application/json\r\n"
        );
        let announced = raw(&api.address, format!("{head}content-length: 1048577\r\n\r\n{{").as_bytes());
        assert_eq!(announced.problem(413), "body-too-large");
        let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
        for _ in 0..17 {
            chunked.extend_from_slice(b"10000\r\n");
            chunked.extend(std::iter::repeat_n(b' ', 0x10000));
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        assert_eq!(raw(&api.address, &chunked).problem(413), "body-too-large");

        let padded = format!("{}{}", " ".repeat(1_048_576 - 100), json!({"name": "Prøven", "sector": "civil"}));
        let most = api.post(&format!("/v1/alliances/{alliance}/partners")).token(&Token(token.clone()));
        assert_eq!(most.raw("application/json", padded.as_bytes()).send().status, 201);
    }

    fn every_answer_carries_its_id_and_the_contracts_version(api) {
        let alliance = api.alliance();
        for (method, path) in [("GET", "/livez"), ("GET", "/v1/alliances"), ("GET", "/nothing"), ("PUT", "/livez"),
            ("GET", "/docs/"), ("POST", "/v1/token"), ("HEAD", "/v1/alliances"), ("GET", "/docs/nothing")]
        {
            let answered = api.request(method, path).send();
            assert!(uuid::Uuid::try_parse(answered.header("x-request-id")).is_ok(), "{path}");
            assert_eq!(answered.header("api-version"), "1", "{path}");
            assert_eq!(answered.header("content-language"), "da", "{path}");
        }
        let echoed = |id: &str| api.get("/livez").header("x-request-id", id).send().header("x-request-id").to_owned();
        for good in ["a", "4bf92f35.77:b3_4d-A", &"x".repeat(128)] {
            assert_eq!(echoed(good), good);
        }
        for bad in ["", "a b", "<script>", "a\"b", &"x".repeat(129)] {
            assert_ne!(echoed(bad), bad);
        }
        let token = api.secretariat(&alliance);
        let gone = api.delete(&format!("/v1/alliances/{alliance}/keys/nothing")).token(&token).send();
        assert_eq!(gone.header("api-version"), "1");
    }

    fn times_are_utc_with_microseconds(api) {
        let scene = Cast::set(api);
        let base = format!("/v1/alliances/{}", scene.alliance);
        let report = api.get(&format!("{base}/reports/open/{}", scene.own.id)).token(&scene.own.token).send().body;
        let entry = api.get(&format!("{base}/journal/{}", scene.own.entry)).token(&scene.auditor).send().body;
        let figure = api.figure(&scene.alliance, "joined");
        let key = api.get(&format!("{base}/keys/{}", scene.own.key)).token(&scene.secretariat).send().body;
        for time in [&report["submittedAt"], &report["receipt"]["receivedAt"], &report["receipt"]["deadline"],
            &entry["at"], &figure["asOf"], &key["createdAt"]]
        {
            let time = time.as_str().expect("a time");
            assert!(time.len() == 27 && time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");
        }
    }
}
