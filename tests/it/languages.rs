//! `Accept-Language`: Danish or English for people, the same codes for programs.

use serde_json::json;

use crate::support::{Api, Token, on_both};

fn refused(api: &Api, token: &Token, language: &str) -> crate::support::Answered {
    let request = api.post("/v1/alliances/prove/partners").token(token);
    let request = match language {
        "" => request,
        language => request.header("accept-language", language),
    };
    request
        .json(&json!({"name": "", "sector": "x", "region": "0000", "joinedOn": "2023-02-31"}))
        .send()
}

on_both! {
    fn problems_speak_danish_unless_english_is_wanted_more(api) {
        let token = api.secretariat(&api.alliance());
        for (header, language) in [("", "da"), ("da", "da"), ("en", "en"), ("en-GB", "en"), ("de", "da"), ("*", "da"),
            ("de, en;q=0.3", "en"), ("da;q=0.3, en;q=0.7", "en"), ("en;q=0.3, da;q=0.7", "da"), ("en;q=0", "da"),
            ("da;q=0, *;q=0.5", "en"), ("EN", "en"), ("en;q=oops", "en"), (";;,,", "da")]
        {
            let answered = refused(api, &token, header);
            assert_eq!(answered.problem(422), "invalid");
            assert_eq!(answered.header("content-language"), language, "{header:?}");
            let title = if language == "da" { "Værdierne kan ikke bruges" } else { "The values can't be used" };
            assert_eq!(answered.body["title"], title, "{header:?}");
            let vary = answered.header("vary").to_lowercase();
            assert!(vary.contains("accept-language"), "{vary}");
        }
    }

    fn codes_and_places_are_the_same_in_both_languages(api) {
        let token = api.secretariat(&api.alliance());
        let (danish, english) = (refused(api, &token, "da"), refused(api, &token, "en"));
        assert_eq!(danish.faults(), english.faults());
        assert_eq!(danish.faults().len(), 4);
        for key in ["type", "code", "status", "instance"] {
            assert_eq!(danish.body[key], english.body[key]);
        }
        for key in ["title", "detail"] {
            assert_ne!(danish.body[key], english.body[key]);
        }
        let errors = |answered: &crate::support::Answered| answered.body["errors"].as_array().cloned().expect("errors");
        for (danish, english) in errors(&danish).iter().zip(&errors(&english)) {
            assert_ne!(danish["detail"], english["detail"]);
        }
    }

    fn labels_follow_the_language_and_so_does_the_etag(api) {
        let alliance = api.alliance();
        let reader = api.role(&alliance, "reader", None);
        let path = format!("/v1/alliances/{alliance}/figures/joined");
        let danish = api.get(&path).token(&reader).send();
        let english = api.get(&path).token(&reader).english().send();
        assert_eq!((&danish.body["label"], &english.body["label"]), (&json!("med"), &json!("med (en)")));
        assert_eq!((danish.header("content-language"), english.header("content-language")), ("da", "en"));
        assert_ne!(danish.etag(), english.etag());
        let conditional = api.get(&path).token(&reader).english().header("if-none-match", danish.etag()).send();
        assert_eq!(conditional.status, 200);
    }

    fn a_replay_says_in_which_language_it_was_answered(api) {
        let alliance = api.alliance();
        let partner = api.partner(&alliance, "Prøven");
        let token = api.role(&alliance, "partner", Some(&partner));
        let path = format!("/v1/alliances/{alliance}/reports/open/{partner}");
        api.put(&path).token(&token).json(&json!({"answers": {"joined": {"value": "yes"}}})).send();
        let submit = || api.post(&format!("{path}/submission")).token(&token).header("idempotency-key", "k");
        let first = submit().send();
        let again = submit().english().send();
        assert_eq!((first.status, again.status), (200, 200), "{}", first.text);
        assert_eq!(first.text, again.text);
        assert_eq!(again.header("content-language"), "da");
    }
}
