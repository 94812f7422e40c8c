//! Requests are read strictly: the first fault of shape is a 400 that names its place, and only then come
//! the values, all at once.

use serde_json::{Value, json};

use crate::support::cast::Cast;
use crate::support::{Answered, Api, Token, on_both};

fn admit(api: &Api, token: &Token, body: &str) -> Answered {
    api.post("/v1/alliances/prove/partners")
        .token(token)
        .raw("application/json", body.as_bytes())
        .send()
}

on_both! {
    fn unknown_fields_are_named_at_any_depth(api) {
        let scene = Cast::set(api);
        let refused = admit(api, &scene.secretariat, r#"{"name": "P", "sector": "civil", "a/b~c": 1}"#);
        assert_eq!(refused.problem(400), "unknown-field");
        assert_eq!(refused.faults(), ["/a~1b~0c unknown-field"]);
        let path = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
        for (body, fault) in [
            (json!({"answers": {"joined": {"values": 1}}}), "/answers/joined/values unknown-field"),
            (json!({"initiatives": [{"initiative": "", "outcomes": [{"measure": "", "kind": "", "sum": 1}]}]}),
                "/initiatives/0/outcomes/0/sum unknown-field"),
        ] {
            let refused = api.put(&path).token(&scene.own.token).json(&body).send();
            assert_eq!(refused.problem(400), "unknown-field");
            assert_eq!(refused.faults(), [fault]);
        }
        let patch = api.patch(&format!("/v1/alliances/{}/partners/{}", scene.alliance, scene.own.id));
        let refused = patch.token(&scene.secretariat).if_match("*").json(&json!({"id": "x"})).send();
        assert_eq!((refused.problem(400), refused.faults()), ("unknown-field", vec!["/id unknown-field".to_owned()]));
    }

    fn duplicate_keys_are_named_however_they_are_written(api) {
        let scene = Cast::set(api);
        for (body, fault) in [
            (r#"{"name": "P", "sector": "civil", "name": "Q"}"#, "/name duplicate-key"),
            (r#"{"name": "P", "sector": "civil", "n\u0061me": "Q"}"#, "/name duplicate-key"),
            (r#"{"name": "P", "sector": "civil", "x": [{"y": {"z": 1, "\u007a": 2}}]}"#, "/x/0/y/z duplicate-key"),
        ] {
            let refused = admit(api, &scene.secretariat, body);
            assert_eq!(refused.problem(400), "duplicate-key", "{body}");
            assert_eq!(refused.faults(), [fault]);
        }
        let path = format!("/v1/alliances/{}/partners/{}", scene.alliance, scene.own.id);
        let patch = api.patch(&path).token(&scene.secretariat).if_match("*");
        let refused = patch.raw("application/merge-patch+json", br#"{"area": null, "area": "national"}"#).send();
        assert_eq!(refused.problem(400), "duplicate-key");
    }

    fn wrong_types_are_named(api) {
        let scene = Cast::set(api);
        for (body, fault) in [
            (json!({"name": 1, "sector": "civil"}), "/name wrong-type"),
            (json!({"name": null, "sector": "civil"}), "/name wrong-type"),
            (json!({"name": "P", "sector": ["civil"]}), "/sector wrong-type"),
            (json!({"name": "P", "sector": "civil", "objectives": "areas"}), "/objectives wrong-type"),
            (json!({"name": "P", "sector": "civil", "objectives": ["areas", 2]}), "/objectives/1 wrong-type"),
            (json!({"name": "P", "sector": "civil", "joinedOn": 2020}), "/joinedOn wrong-type"),
            (json!("P"), " wrong-type"),
            (json!(null), " wrong-type"),
            (json!(["P", "civil"]), " wrong-type"),
            (json!([]), " wrong-type"),
        ] {
            let refused = admit(api, &scene.secretariat, &body.to_string());
            assert_eq!(refused.problem(400), "wrong-type", "{body}");
            assert_eq!(refused.faults(), [fault], "{body}");
        }
        let missing = admit(api, &scene.secretariat, r#"{"name": "P"}"#);
        assert_eq!((missing.problem(400), missing.faults()), ("missing-field", vec!["/sector missing-field".to_owned()]));
    }

    fn an_array_is_no_object_at_any_depth(api) {
        let scene = Cast::set(api);
        let mut programme = crate::support::programme::small();
        programme["slug"] = json!("ny");
        programme["sectors"][0]["label"] = json!(["Forening", "Association"]);
        let refused = api.put("/v1/alliances/ny").token(api.operator()).json(&programme).send();
        assert_eq!(refused.problem(400), "wrong-type");
        assert_eq!(refused.faults(), ["/sectors/0/label wrong-type"]);

        let path = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
        let body = json!({"answers": {"joined": ["yes"]}});
        let refused = api.put(&path).token(&scene.own.token).json(&body).send();
        assert_eq!((refused.problem(400), refused.faults()), ("wrong-type", vec!["/answers/joined wrong-type".to_owned()]));

        let submit = api.post(&format!("/v1/alliances/{}/reports/open/{}/submission", scene.alliance, scene.own.id));
        assert_eq!(submit.token(&scene.own.token).once().json(&json!([])).send().problem(400), "wrong-type");
        let patch = api.patch(&format!("/v1/alliances/{}/partners/{}", scene.alliance, scene.own.id));
        let refused = patch.token(&scene.secretariat).if_match("*").json(&json!([])).send();
        assert_eq!(refused.problem(400), "wrong-type");
    }

    fn a_step_that_takes_nothing_takes_nothing(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/reports/open/{}/withdrawal", scene.alliance, scene.own.id);
        let post = || api.post(&path).token(&scene.own.token).if_match("\"999-0\"");
        assert_eq!(post().json(&json!({"reason": "x"})).send().problem(400), "unknown-field");
        assert_eq!(post().json(&json!(null)).send().problem(400), "wrong-type");
        assert_eq!(post().json(&json!({})).send().problem(412), "stale-version");
        assert_eq!(post().send().problem(412), "stale-version");
    }

    fn every_address_knows_its_parameters_and_takes_each_once(api) {
        let scene = Cast::set(api);
        let document = facit::api::openapi::document();
        for (pattern, methods) in document["paths"].as_object().expect("paths") {
            for (method, operation) in methods.as_object().expect("methods") {
                let path = scene.path(pattern, &scene.own);
                let send = |query: &str| {
                    let id = operation["operationId"].as_str().expect("an id");
                    let access = facit::service::policy::Access::of(id).expect("a row");
                    let token = match access.secretariat != facit::service::policy::Grant::No {
                        true => &scene.secretariat,
                        false => &scene.own.token,
                    };
                    let request = api.request(&method.to_uppercase(), &format!("{path}?{query}")).token(token);
                    let request = if method == "post" && id != "issue_token" { request.once() } else { request };
                    match crate::support::cast::body_of(id, &scene.own.id, &scene.own.initiative) {
                        Some(body) => request.json(&body).send(),
                        None => request.send(),
                    }
                };
                let unknown = send("surplus=1");
                assert_eq!(unknown.problem(400), "unknown-parameter", "{method} {path}");
                assert_eq!(unknown.faults(), ["?surplus unknown-parameter"]);
                let twice = send("limit=1&limit=1");
                let is_list = operation["parameters"].as_array().is_some_and(|all| all.iter().any(|p| p["name"] == "limit"));
                let expected = if is_list { "repeated-parameter" } else { twice.body["code"].as_str().unwrap_or("") };
                assert_eq!(twice.problem(400), expected, "{method} {path}");
                assert_eq!(twice.faults(), [format!("?limit {expected}")]);
            }
        }
    }

    fn all_values_at_fault_are_told_at_once(api) {
        let scene = Cast::set(api);
        let body = json!({"name": "\u{7}", "sector": "x", "region": "9", "municipality": "9", "area": "x",
            "cvr": "12345678", "website": "javascript:alert(1)", "partOf": "x", "objectives": ["areas", "x", "areas"],
            "joinedOn": "2023-02-31", "leftOn": "01-01-2023"});
        let refused = admit(api, &scene.secretariat, &body.to_string());
        assert_eq!(refused.problem(422), "invalid");
        let mut faults = refused.faults();
        faults.sort();
        let expected = ["/area unknown-area", "/cvr bad-cvr", "/joinedOn bad-date", "/leftOn bad-date",
            "/municipality unknown-municipality", "/name control-character", "/objectives/1 unknown-objective",
            "/objectives/2 duplicate", "/partOf unknown-partner", "/region unknown-region", "/sector unknown-sector",
            "/website bad-website"];
        assert_eq!(faults, expected);

        let path = "/v1/alliances/prove/partners?limit=0&count=maybe&sector=x&region=1&area=x&focusArea=x&validOn=x&sort=x&q=";
        let refused = api.get(path).send();
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults().len(), 9, "{}", refused.text);
    }

    fn a_merge_patch_takes_away_what_is_null_and_leaves_what_is_absent(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/commitments/{}", scene.alliance, scene.own.commitment);
        let patch = |body: Value| api.patch(&path).token(&scene.own.token).if_match("*").json(&body).send();
        let target = json!({"measure": "samtaler", "unit": "antal", "baseline": null, "target": "20", "dueOn": null});
        let set = patch(json!({"target": {"measure": "samtaler", "unit": "antal", "target": "20"}}));
        assert_eq!((set.status, &set.body["target"], &set.body["goal"]), (200, &target, &json!("Flere samtaler")));
        let less = patch(json!({"target": {"unit": null}, "goal": null}));
        assert_eq!((&less.body["target"]["unit"], &less.body["goal"]), (&json!(null), &json!("")));
        let refused = patch(json!({"target": {"measure": null}}));
        assert_eq!((refused.problem(422), refused.faults()), ("invalid", vec!["/target/measure required".to_owned()]));
        assert_eq!(patch(json!({"target": null})).body["target"], json!(null));
    }
}
