//! Whatever is sent: a problem document that names the place, never a fault of ours, and nothing half
//! written.

use serde_json::{Value, json};

use crate::support::cast::{Cast, body_of, needed};
use crate::support::writes::{places, writes};
use crate::support::{Answered, Token, on_both, raw};

/// A problem document for every refusal, and never one of ours.
fn is_proper(answered: &Answered, what: &str) {
    assert!(answered.status < 500, "{what}: {}", answered.text);
    if answered.status >= 400 {
        answered.problem(answered.status);
    }
}

on_both! {
    fn what_is_no_json_is_400_at_every_write(api) {
        let scene = Cast::set(api);
        let before = scene.journal_size(api);
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let deep_object = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
        let bodies: [&[u8]; 22] = [
            b"", b" \n", b"{", b"}", b"{\"name\": }", b"{'name': 1}", b"{\"name\": \"a\",}", b"nothing", b"NaN",
            b"{\"a\": 01}", b"{\"a\": 1e400}", b"{\"a\": -1e999}", b"{\"a\": +1}", b"{\"a\": .5}", b"{} {}",
            b"\xff\xfe{\0}\0", b"{\"a\": \"\xff\"}", b"{\"a\": \"\xc3\x28\"}", b"{\"a\": \"\\ud800\"}",
            b"{\"a\": \"\\udc00\\ud800\"}", deep.as_bytes(), deep_object.as_bytes(),
        ];
        for write in writes(api, &scene) {
            for body in bodies {
                let answered = write.send(api, body);
                let code = answered.problem(400);
                let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
                let expected = if body.trim_ascii().is_empty() { "body-missing" } else { "bad-json" };
                assert_eq!(code, expected, "{} {shown}", write.operation);
                if code == "bad-json" {
                    let english = answered.body["detail"].as_str().expect("a detail");
                    assert!(english.contains("linje"), "{english}");
                }
            }
            for body in ["null", "[]", "\"x\"", "0", "-0.0", "true", "[[]]", "1e300"] {
                let answered = write.send(api, body.as_bytes());
                assert_eq!(answered.problem(400), "wrong-type", "{} {body}", write.operation);
                assert_eq!(answered.faults(), [" wrong-type"]);
            }
        }
        assert_eq!(scene.journal_size(api), before);
    }

    fn text_that_no_database_keeps_is_refused_wherever_it_stands(api) {
        let scene = Cast::set(api);
        let before = scene.journal_size(api);
        for write in writes(api, &scene) {
            let body = write.body(&scene);
            let mut found = Vec::new();
            places(&body, "", &mut found);
            for pointer in found.iter().filter(|pointer| body.pointer(pointer).is_some_and(Value::is_string)) {
                for bad in ["a\u{0}b", "\u{0}", "\u{7f}\u{1b}[31m"] {
                    let mut body = body.clone();
                    *body.pointer_mut(pointer).expect("the place") = json!(bad);
                    let answered = write.send(api, body.to_string().as_bytes());
                    let what = format!("{} {pointer} {bad:?}", write.operation);
                    is_proper(&answered, &what);
                    // Moves look at the state first.
                    let is_refused = [409, 422].contains(&answered.status);
                    assert!(is_refused, "{what}: {} {}", answered.status, answered.text);
                    if answered.status == 422 {
                        let named = answered.faults().iter().any(|fault| fault.starts_with(pointer.as_str()));
                        assert!(named, "{what}: {}", answered.text);
                    }
                }
            }
        }
        assert_eq!(scene.journal_size(api), before);
    }

    fn a_key_with_a_nul_or_of_great_length_names_nothing(api) {
        let scene = Cast::set(api);
        let long = "x".repeat(100_000);
        for key in ["a\u{0}b", "\u{0}", "\r\nx-evil: 1", long.as_str()] {
            for write in writes(api, &scene) {
                let mut body = write.body(&scene);
                body[key] = json!(1);
                let answered = write.send(api, body.to_string().as_bytes());
                assert_eq!(answered.problem(400), "unknown-field", "{}", write.operation);
                assert!(answered.text.len() < 2000, "what was sent is not sent back at length");
            }
            let path = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
            let body = json!({"answers": {key: {"value": "yes"}}});
            let refused = api.put(&path).token(&scene.own.token).json(&body).send();
            assert_eq!(refused.problem(422), "invalid");
            assert!(refused.faults()[0].ends_with(" unknown-question"));
        }
    }

    fn nul_and_broken_percent_signs_in_addresses_name_nothing(api) {
        let scene = Cast::set(api);
        let before = scene.journal_size(api);
        let document = facit::api::openapi::document();
        for (pattern, methods) in document["paths"].as_object().expect("paths") {
            let steps: Vec<&str> = pattern.split('/').filter(|step| step.starts_with('{')).collect();
            for step in steps {
                for bad in ["%00", "a%00b", "%ff", "%zz", "%", "%2e%2e", "%2F", "..%2f..", "%F0%9F%92%A9", "a%0d%0ab", "'--", "*"] {
                    for method in methods.as_object().expect("methods").keys() {
                        let path = scene.path(&pattern.replacen(step, bad, 1), &scene.own);
                        let id = methods[method]["operationId"].as_str().expect("an id");
                        let request = api.request(&method.to_uppercase(), &path).token(&scene.secretariat).if_match("*");
                        let request = if method == "post" { request.once() } else { request };
                        let answered = match body_of(id, &scene.own.id, &scene.own.initiative) {
                            Some(body) => request.json(&body).try_send(),
                            None => request.try_send(),
                        };
                        // What is no address at all the client does not send.
                        let Ok(answered) = answered else { continue };
                        is_proper(&answered, &format!("{method} {path}"));
                        assert!([400, 403, 404].contains(&answered.status), "{method} {path}: {}", answered.text);
                    }
                }
            }
        }
        assert_eq!(scene.journal_size(api), before);
    }

    fn bad_parameters_are_named(api) {
        let scene = Cast::set(api);
        let document = facit::api::openapi::document();
        for (pattern, methods) in document["paths"].as_object().expect("paths") {
            let parameters = methods["get"]["parameters"].as_array().cloned().unwrap_or_default();
            for parameter in parameters.iter().filter(|parameter| parameter["in"] == "query") {
                let name = parameter["name"].as_str().expect("a name");
                let long = "x".repeat(4000);
                for bad in ["a%00b", "%00", "%ff", "%c3%28", "%", "%zz", "%e", "2023-02-31", "%F0%9F%92%A9%7F", "-0.0", "1e400", &long] {
                    let path = format!("{}?{}{name}={bad}", scene.path(pattern, &scene.own), needed(pattern));
                    let answered = api.get(&path).token(&scene.secretariat).try_send();
                    let Ok(answered) = answered else { continue };
                    is_proper(&answered, &path);
                    let is_broken = ["%ff", "%c3%28", "%", "%zz", "%e"].contains(&bad);
                    if is_broken {
                        assert_eq!(answered.problem(400), "bad-encoding", "{path}");
                    }
                    // A word to look for may be any line of text.
                    let may_be_found = ["q", "action", "subject"].contains(&name) && !bad.contains("%0") && !bad.contains("%7F");
                    let may_be_found = may_be_found && !is_broken && bad.len() < 300;
                    assert!(may_be_found || answered.status >= 400, "{path}: {}", answered.text);
                    if answered.status >= 400 && name != "round" {
                        assert_eq!(answered.faults()[0].split(' ').next(), Some(format!("?{name}").as_str()), "{path}");
                    }
                }
            }
        }
    }

    fn requests_that_smuggle_are_refused(api) {
        let alliance = api.alliance();
        let head = "host: x\r\nconnection: close\r\n";
        for request in [
            format!("GET /v1/alliances\r\n{head}\r\n"),
            format!("GET /v1/alliances HTTP/1.1\r\n{head}content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef"),
            format!("POST /v1/token HTTP/1.1\r\n{head}transfer-encoding: chunked\r\n\r\nzz\r\n"),
            format!("GET /v1/alliances HTTP/1.1\r\n{head}accept-language: en\0da\r\n\r\n"),
            format!("GET /v1/alliances/\u{0} HTTP/1.1\r\n{head}\r\n"),
        ] {
            let answered = raw(&api.address, request.as_bytes());
            assert!(answered.status < 500, "{request}: {}", answered.status);
            assert_ne!(answered.status, 200, "{request}");
        }
        let bytes = |header: &[u8]| {
            let line = format!("GET /v1/alliances/{alliance} HTTP/1.1\r\n{head}");
            raw(&api.address, &[line.as_bytes(), header, b"\r\n\r\n"].concat())
        };
        assert_eq!(bytes(b"accept-language: \xff").status, 200);
        assert_eq!(bytes(b"authorization: \xff").problem(400), "bad-header");
        assert_eq!(bytes(b"authorization: Bearer a\r\nauthorization: Bearer b").problem(400), "bad-header");
        assert_ne!(bytes(b"x-request-id: \xff\xfe").header("x-request-id"), "");
        let evil = api.get("/v1/alliances/%0d%0ax-evil:%201").send();
        assert_eq!(evil.problem(404), "not-found");
        assert_eq!(evil.header("x-evil"), "");
    }

    fn names_that_the_programme_does_not_have_are_named(api) {
        let scene = Cast::set(api);
        let neighbours = api.alliance_with(|document| document["slug"] = json!("nabo"));
        let foreign = api.partner(&neighbours, "Naboen");
        let before = scene.journal_size(api);
        let base = format!("/v1/alliances/{}", scene.alliance);
        let refused = |path: &str, token: &Token, body: Value| {
            let answered = api.post(&format!("{base}/{path}")).token(token).json(&body).send();
            is_proper(&answered, path);
            (answered.status, answered.faults())
        };
        let secretariat = &scene.secretariat;
        let of = |fault: &str| (422, vec![fault.to_owned()]);
        let partner = |key: &str, value: Value| {
            let mut body = json!({"name": "Ny", "sector": "civil"});
            body[key] = value;
            refused("partners", secretariat, body)
        };
        assert_eq!(partner("sector", json!("kommune")), of("/sector unknown-sector"));
        assert_eq!(partner("joinedOn", json!("2023-02-31")), of("/joinedOn bad-date"));
        assert_eq!(partner("joinedOn", json!("2023-2-1")), of("/joinedOn bad-date"));
        assert_eq!(partner("joinedOn", json!("20230201")), of("/joinedOn bad-date"));
        assert_eq!(partner("joinedOn", json!("0000-01-01")), of("/joinedOn bad-date"));
        assert_eq!(partner("leftOn", json!("2019-12-31")), of("/leftOn end-before-start"));
        assert_eq!(partner("partOf", json!(foreign)), of("/partOf unknown-partner"));
        assert_eq!(partner("name", json!("x".repeat(301))), of("/name too-long"));
        let commitments = format!("partners/{}/commitments", scene.own.id);
        let commitment = json!({"focusArea": "nat-Z"});
        assert_eq!(refused(&commitments, &scene.own.token, commitment), of("/focusArea unknown-focus-area"));
        let goal = json!({"focusArea": "nat-B", "goal": "x".repeat(10_001)});
        assert_eq!(refused(&commitments, &scene.own.token, goal), of("/goal too-long"));
        let initiative = |key: &str, value: Value| {
            let mut body = json!({"title": "Nyt", "leadPartner": scene.own.id, "startsOn": "2023-06"});
            body[key] = value;
            refused("initiatives", secretariat, body)
        };
        assert_eq!(initiative("endsOn", json!("2023-05-31")), of("/endsOn end-before-start"));
        assert_eq!(initiative("endsOn", json!("2022")), of("/endsOn end-before-start"));
        assert_eq!(initiative("endsOn", json!("2023-13")), of("/endsOn bad-date"));
        assert_eq!(initiative("partners", json!([foreign])), of("/partners/0 unknown-partner"));
        assert_eq!(initiative("leadPartner", json!(foreign)), of("/leadPartner unknown-partner"));
        assert_eq!(initiative("focusAreas", json!(["nat-A", "x"])), of("/focusAreas/1 unknown-focus-area"));
        assert_eq!(scene.journal_size(api), before);
        assert_eq!(initiative("endsOn", json!("2023")), (201, vec![]));
        let report = format!("{base}/reports/nothing/{}", scene.own.id);
        assert_eq!(api.put(&report).token(&scene.own.token).json(&json!({})).send().problem(404), "not-found");
    }
}
