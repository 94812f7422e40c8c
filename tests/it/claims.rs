//! Claims: on which bases published percentages are possible at once, and whether figures say the same.

use serde_json::{Value, json};

use crate::support::{Answered, Scene, Token, on_both};

/// The slides of the first alliance.
fn triple() -> Value {
    json!([{"percent": 98, "decimals": 0}, {"percent": 72, "decimals": 0}, {"percent": 95, "decimals": 0}])
}

fn check(scene: &Scene, token: Option<&Token>, body: &Value) -> Answered {
    scene.post("/claims").maybe(token).json(body).send()
}

fn of(indicator: &str, percent: Value, decimals: i64) -> Value {
    json!({"claims": [{"percent": percent, "decimals": decimals, "indicator": indicator}]})
}

/// Of three partners one said yes, one no and one nothing.
fn one_of_two(api: &crate::support::Api) -> Scene<'_> {
    let scene = Scene::new(api);
    for (name, answer) in [("Ja", Some("yes")), ("Nej", Some("no")), ("Tavs", None)] {
        let partner = scene.admit(name, "2020-01-01");
        if let Some(answer) = answer {
            scene.submit("open", &partner, json!({"joined": {"value": answer}}));
        }
    }
    scene
}

on_both! {
    fn anybody_learns_that_the_slides_fit_thirty_bases(api) {
        let scene = Scene::new(api);
        let answered = check(&scene, None, &json!({"claims": triple(), "base": 107, "maxBase": 107}));
        assert_eq!(answered.status, 200, "{}", answered.text);
        let body = &answered.body;
        let bases: Vec<i64> = body["bases"].as_array().expect("bases").iter().map(|it| it["base"].as_i64().expect("a base")).collect();
        assert_eq!((bases.len(), bases[0], bases[29]), (30, 43, 107));
        assert_eq!((&body["possible"], &body["rounding"], &body["against"]), (&json!(30), &json!("halfUp"), &Value::Null));
        let only = |n: i64| json!({"least": n, "most": n});
        assert_eq!(body["bases"][0]["counted"], json!([only(42), only(31), only(41)]));
        assert_eq!(body["base"], json!({"base": 107, "isPossible": true, "counted": [only(105), only(77), only(102)]}));
        let other = check(&scene, None, &json!({"claims": triple(), "base": 42, "maxBase": 42})).body;
        assert_eq!((&other["bases"], &other["base"]["isPossible"]), (&json!([]), &json!(false)));
        assert_eq!(other["base"]["counted"], json!([only(41), null, only(40)]));
        let usual = check(&scene, None, &json!({"claims": triple()})).body;
        assert_eq!((&usual["maxBase"], &usual["base"]), (&json!(1000), &Value::Null));
    }

    fn a_claim_is_supported_by_a_figure_that_rounds_to_it(api) {
        let scene = one_of_two(api);
        let reader = api.role(&scene.slug, "reader", None);
        let before = scene.journal_size();
        let right = check(&scene, Some(&reader), &of("joined", json!(50), 0));
        assert_eq!(right.status, 200, "{}", right.text);
        let claim = &right.body["claims"][0];
        assert_eq!((&claim["supported"], &claim["because"]), (&json!(true), &json!([])));
        let expected = json!({"label": "med", "counted": 1, "notCounted": 1, "notApplicable": 0, "noAnswer": 0,
            "notSubmitted": 1, "members": 3, "baseRule": "respondents", "base": 2, "percent": 50,
            "lowestPercent": 33, "highestPercent": 67, "validOn": claim["figure"]["validOn"]});
        assert_eq!(claim["figure"], expected);
        assert_eq!(right.body["against"]["publication"], Value::Null);
        assert_eq!(right.body["against"]["journalSize"], json!(before));
        let wrong = check(&scene, Some(&reader), &of("joined", json!(51.5), 1)).body;
        let claim = &wrong["claims"][0];
        assert_eq!((&claim["supported"], &claim["percent"]), (&json!(false), &json!(51.5)));
        assert_eq!(claim["because"], json!([{"code": "percent-differs", "text": "Tallet er 1 af 2, det er 50,0 %."}]));
        assert_eq!((&claim["figure"]["percent"], &claim["figure"]["lowestPercent"]), (&json!(50.0), &json!(33.3)));
        assert_eq!(scene.journal_size(), before, "nothing is written");
    }

    fn a_base_that_is_given_must_be_the_figures_own(api) {
        let scene = one_of_two(api);
        let mut body = of("joined", json!(50), 0);
        body["base"] = json!(100);
        let answered = scene.post("/claims").token(&scene.auditor).english().json(&body).send().body;
        let claim = &answered["claims"][0];
        assert_eq!(answered["base"]["isPossible"], true, "50 of 100 could be");
        assert_eq!(claim["supported"], false);
        assert_eq!(claim["because"], json!([{"code": "base-differs", "text": "The figure's base is 2 and not 100."}]));
        body["base"] = json!(2);
        let answered = check(&scene, Some(&scene.auditor), &body).body;
        assert_eq!(answered["claims"][0]["supported"], true);
    }

    fn a_figure_without_a_base_supports_nothing(api) {
        let scene = Scene::new(api);
        let claim = check(&scene, Some(&scene.auditor), &of("joined", json!(0), 0)).body["claims"][0].clone();
        assert_eq!((&claim["supported"], &claim["because"][0]["code"]), (&json!(false), &json!("no-members")));
        assert_eq!((&claim["figure"]["base"], &claim["figure"]["percent"]), (&json!(0), &Value::Null));
    }

    fn only_those_who_see_figures_hold_claims_against_those_of_now(api) {
        let scene = one_of_two(api);
        let neighbours = api.alliance_with(|document| document["slug"] = json!("nabo"));
        let (partner, reader) = (scene.admit("Ny", "2020-01-01"), api.role(&scene.slug, "reader", None));
        for token in [&scene.secretariat, &scene.auditor, &reader, &scene.of(&partner)] {
            assert_eq!(check(&scene, Some(token), &of("joined", json!(50), 0)).status, 200);
        }
        let strangers = [None, Some(api.operator().clone()), Some(api.secretariat(&neighbours))];
        for token in strangers {
            let refused = check(&scene, token.as_ref(), &of("joined", json!(50), 0));
            assert_eq!(refused.problem(422), "invalid");
            assert_eq!(refused.faults(), ["/claims/0/indicator nothing-published"]);
        }
    }

    fn what_nobody_can_have_published_is_named(api) {
        let scene = Scene::new(api);
        let faults = |body: Value| {
            let refused = check(&scene, Some(&scene.auditor), &body);
            assert_eq!(refused.problem(422), "invalid");
            let english = scene.post("/claims").token(&scene.auditor).english().json(&body).send();
            assert_eq!(refused.faults(), english.faults());
            for (danish, english) in refused.body["errors"].as_array().expect("errors").iter().zip(english.body["errors"].as_array().expect("errors")) {
                assert_ne!(danish["detail"], english["detail"]);
            }
            refused.faults()
        };
        let claim = |percent: Value, decimals: i64| json!({"claims": [{"percent": percent, "decimals": decimals}]});
        assert_eq!(faults(claim(json!(101), 0)), ["/claims/0/percent out-of-range"]);
        assert_eq!(faults(claim(json!(-1), 0)), ["/claims/0/percent out-of-range"]);
        assert_eq!(faults(claim(json!(98), 9)), ["/claims/0/decimals out-of-range"]);
        assert_eq!(faults(claim(json!(98), -1)), ["/claims/0/decimals out-of-range"]);
        assert_eq!(faults(claim(json!(101), 9)), ["/claims/0/decimals out-of-range", "/claims/0/percent out-of-range"]);
        assert_eq!(faults(claim(json!(98.25), 1)), ["/claims/0/percent too-many-decimals"]);
        assert_eq!(faults(json!({"claims": []})), ["/claims required"]);
        let many: Vec<Value> = (0..11).map(|_| triple()[0].clone()).collect();
        assert_eq!(faults(json!({"claims": many})), ["/claims too-many"]);
        for base in [-1, 0, 2_000_000_000] {
            assert_eq!(faults(json!({"claims": triple(), "base": base})), ["/base out-of-range"]);
        }
        for base in [-1, 0, 10_001] {
            assert_eq!(faults(json!({"claims": triple(), "maxBase": base})), ["/maxBase out-of-range"]);
        }
        assert_eq!(faults(of("none", json!(50), 0)), ["/claims/0/indicator unknown-indicator"]);
        assert_eq!(faults(of("partners", json!(50), 0)), ["/claims/0/indicator not-a-share"]);
        for publication in [-1, 0, 1, 99] {
            assert_eq!(faults(json!({"claims": triple(), "publication": publication})), ["/publication unknown-publication"]);
        }
    }

    fn a_shape_that_is_off_is_400_and_a_strange_place_404(api) {
        let scene = Scene::new(api);
        let cases = [
            (json!({}), "missing-field"),
            (json!({"claims": [{"percent": 98}]}), "missing-field"),
            (json!({"claims": [{"percent": "98", "decimals": 0}]}), "wrong-type"),
            (json!({"claims": [{"percent": 98, "decimals": 0.5}]}), "wrong-type"),
            (json!({"claims": triple(), "base": "107"}), "wrong-type"),
            (json!({"claims": triple(), "rounding": "up"}), "unknown-field"),
        ];
        for (body, code) in cases {
            assert_eq!(check(&scene, None, &body).problem(400), code, "{body}");
        }
        assert_eq!(api.post("/v1/alliances/none/claims").json(&json!({"claims": triple()})).send().problem(404), "not-found");
        assert_eq!(scene.get("/claims").send().problem(405), "method-not-allowed");
        let surplus = scene.post("/claims?x=1").json(&json!({"claims": triple()})).send();
        assert_eq!(surplus.problem(400), "unknown-parameter");
    }
}
