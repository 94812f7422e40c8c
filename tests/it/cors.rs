//! Who may read answers in a browser: everyone what is public, listed origins the rest.

use std::process::Command;

use facit::service::policy::{Access, Grant};

use crate::support::cast::Cast;
use crate::support::{Answered, LISTED, on_both};

const FOREIGN: &str = "https://andre.example.org";

fn allowed(answered: &Answered) -> &str {
    answered.header("access-control-allow-origin")
}

on_both! {
    fn what_is_public_everyone_reads_and_the_rest_only_listed_origins(api) {
        let scene = Cast::set(api);
        let document = facit::api::openapi::document();
        let (mut public, mut others) = (0, 0);
        for (pattern, methods) in document["paths"].as_object().expect("paths") {
            let Some(operation) = methods["get"]["operationId"].as_str() else { continue };
            let path = scene.path(pattern, &scene.own);
            let is_public = Access::of(operation).is_some_and(|access| access.public == Grant::All);
            *(if is_public { &mut public } else { &mut others }) += 1;
            let expected = |origin: &'static str| if is_public { "*" } else if origin == LISTED { LISTED } else { "" };
            for origin in [LISTED, FOREIGN, "null", "https://tavle.example.org.evil.example", "http://tavle.example.org"] {
                for method in ["GET", "HEAD"] {
                    let read = api.request(method, &path).token(&scene.secretariat).header("origin", origin).send();
                    assert_eq!(allowed(&read), expected(origin), "{method} {path} from {origin}");
                    assert!(read.header("vary").contains("Origin"), "{path}");
                    let exposed = read.header("access-control-expose-headers");
                    assert_eq!(exposed.contains("ETag, Link, X-Request-Id"), !allowed(&read).is_empty(), "{path}");
                }
                let asked = api.request("OPTIONS", &path).header("origin", origin).header("access-control-request-method", "GET")
                    .header("access-control-request-headers", "authorization,if-none-match").send();
                assert_eq!((asked.status, allowed(&asked)), (204, expected(origin)), "{path} from {origin}");
                let may = !allowed(&asked).is_empty();
                assert_eq!(asked.header("access-control-allow-headers").contains("Authorization, Accept, "), may);
                assert_eq!(asked.header("access-control-allow-methods"), if may { "GET, HEAD" } else { "" });
                assert_eq!(asked.header("access-control-allow-credentials"), "");
            }
        }
        assert!(public > 10 && others > 10, "{public} public, {others} others");
    }

    fn nobody_writes_from_a_page_and_only_listed_ones_get_tokens(api) {
        let scene = Cast::set(api);
        let asked = |path: &str, method: &str, origin: &str| {
            let asked = api.request("OPTIONS", path).header("origin", origin).header("access-control-request-method", method).send();
            assert_eq!(asked.status, 204, "{}", asked.text);
            assert_ne!(asked.header("x-request-id"), "");
            allowed(&asked).to_owned()
        };
        let partners = format!("/v1/alliances/{}/partners", scene.alliance);
        let one = format!("{partners}/{}", scene.own.id);
        for (path, method) in [(&partners, "POST"), (&one, "PATCH"), (&one, "DELETE"), (&one, "BREW")] {
            assert_eq!(asked(path, method, LISTED), "", "{method} {path}");
        }
        assert_eq!(asked("/v1/token", "POST", LISTED), LISTED);
        assert_eq!(asked("/v1/token", "POST", FOREIGN), "");
        let wrong = api.post("/v1/token").header("origin", LISTED).form("grant_type=client_credentials").send();
        assert_eq!((wrong.status / 100, allowed(&wrong)), (4, LISTED), "a refusal can be read too");
        assert_eq!(allowed(&api.post("/v1/token").header("origin", FOREIGN).form("x=1").send()), "");
        let body = serde_json::json!({"name": "Ny", "sector": "civil"});
        let written = api.post(&partners).token(&scene.secretariat).header("origin", LISTED).json(&body).send();
        assert_eq!((written.status, allowed(&written)), (201, ""));
    }

    fn claims_are_checked_from_any_page(api) {
        let scene = Cast::set(api);
        let claims = format!("/v1/alliances/{}/claims", scene.alliance);
        let body = serde_json::json!({"claims": [{"percent": 98, "decimals": 0}]});
        for origin in [LISTED, FOREIGN] {
            let asked = api.request("OPTIONS", &claims).header("origin", origin).header("access-control-request-method", "POST")
                .header("access-control-request-headers", "content-type").send();
            assert_eq!((asked.status, allowed(&asked), asked.header("access-control-allow-methods")), (204, "*", "POST"), "{origin}");
            assert!(asked.header("access-control-allow-headers").contains("Content-Type"));
            let checked = api.post(&claims).header("origin", origin).json(&body).send();
            assert_eq!((checked.status, allowed(&checked)), (200, "*"), "{}", checked.text);
            let wrong = api.post(&claims).header("origin", origin).json(&serde_json::json!({"claims": []})).send();
            assert_eq!((wrong.status / 100, allowed(&wrong)), (4, "*"), "a refusal can be read too");
        }
        // There is nothing else at that address.
        assert_eq!(api.get(&claims).header("origin", FOREIGN).send().problem(405), "method-not-allowed");
    }

    fn refusals_and_304_can_be_read_and_other_options_stay_as_they_were(api) {
        let scene = Cast::set(api);
        let figures = format!("/v1/alliances/{}/figures", scene.alliance);
        let refused = api.get(&figures).header("origin", LISTED).send();
        assert_eq!((refused.problem(401), allowed(&refused)), ("token-missing", LISTED));
        let first = api.get(&figures).token(&scene.reader).send();
        assert_eq!(allowed(&first), "", "no browser, no origin");
        let same = api.get(&figures).token(&scene.reader).header("origin", LISTED).header("if-none-match", first.etag()).send();
        assert_eq!((same.status, allowed(&same)), (304, LISTED));
        assert_eq!(api.request("OPTIONS", &figures).send().problem(405), "method-not-allowed");
        let nowhere = api.request("OPTIONS", "/v1/intet").header("origin", LISTED).header("access-control-request-method", "GET").send();
        assert_eq!(nowhere.problem(404), "not-found");
    }
}

#[test]
fn an_origin_that_is_none_stops_the_program_at_the_start() {
    for wrong in ["*", "tavle.example.org", "https://tavle.example.org/"] {
        let mut program = Command::new(env!("CARGO_BIN_EXE_facit"));
        program.args(["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:/nowhere/at/all.db"]);
        let ended = program.env("FACIT_CORS_ORIGINS", wrong).output().expect("the program ends");
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!ended.status.success() && said.contains("is no origin"), "{wrong}: {said}");
    }
}
