//! Entity tags: reads carry them, changes need them, and only the version in them decides.

use serde_json::{Value, json};

use crate::support::cast::{Cast, body_of};
use crate::support::{Answered, Token, on_both};

on_both! {
    fn every_read_of_one_thing_carries_a_strong_tag_with_its_version(api) {
        let scene = Cast::set(api);
        for (pattern, token) in [
            ("/v1/alliances/{alliance}", &scene.reader),
            ("/v1/alliances/{alliance}/partners/{partner}", &scene.reader),
            ("/v1/alliances/{alliance}/commitments/{commitment}", &scene.reader),
            ("/v1/alliances/{alliance}/initiatives/{initiative}", &scene.reader),
            ("/v1/alliances/{alliance}/reports/{round}/{partner}", &scene.own.token),
            ("/v1/alliances/{alliance}/reports/{round}/{partner}/initiatives/{initiative}", &scene.own.token),
            ("/v1/alliances/{alliance}/reports/{round}/{partner}/versions/{version}", &scene.own.token),
            ("/v1/alliances/{alliance}/keys/{key}", &scene.secretariat),
            ("/v1/alliances/{alliance}/journal/{seq}", &scene.auditor),
            ("/v1/alliances/{alliance}/figures/{indicator}", &scene.reader),
        ] {
            let found = api.get(&scene.path(pattern, &scene.own)).token(token).send();
            assert_eq!(found.status, 200, "{pattern}: {}", found.text);
            let inside = found.etag().strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let (version, hash) = inside.and_then(|tag| tag.split_once('-')).expect("a version and a hash");
            assert!(hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{pattern}: {hash}");
            if let Some(said) = found.body["version"].as_i64() {
                assert_eq!(version, said.to_string(), "{pattern}");
            }
        }
    }

    fn who_has_the_answer_gets_304_and_nothing_else(api) {
        let scene = Cast::set(api);
        for pattern in ["/v1/alliances", "/v1/alliances/{alliance}", "/v1/alliances/{alliance}/rounds",
            "/v1/alliances/{alliance}/partners", "/v1/alliances/{alliance}/partners/{partner}",
            "/v1/alliances/{alliance}/reports", "/v1/alliances/{alliance}/reports/{round}/{partner}",
            "/v1/alliances/{alliance}/figures", "/v1/alliances/{alliance}/figures/{indicator}?by=sector",
            "/v1/alliances/{alliance}/figures/{indicator}/partners", "/v1/alliances/{alliance}/journal",
            "/v1/jwks.json", "/v1/openapi.json"]
        {
            let path = scene.path(pattern, &scene.own);
            let get = || api.get(&path).token(&scene.secretariat);
            let found = get().send();
            assert_eq!(found.status, 200, "{path}: {}", found.text);
            let etag = found.etag().to_owned();
            for seen in [etag.clone(), format!("\"foreign\", {etag}"), format!("W/{etag}"), "*".to_owned()] {
                let same = get().header("if-none-match", &seen).send();
                assert_eq!((same.status, same.text.as_str()), (304, ""), "{path} {seen}");
                assert_eq!(same.etag(), etag);
                assert_eq!(same.header("content-type"), "");
                assert!(same.header("vary").to_lowercase().contains("accept-language"));
            }
            for other in ["\"1-0000000000000000\"", "nonsense", "\"\"", etag.trim_matches('"')] {
                assert_eq!(get().header("if-none-match", other).send().status, 200, "{path} {other}");
            }
        }
    }

    fn head_answers_like_get_without_the_body(api) {
        let scene = Cast::set(api);
        for path in ["/v1/alliances/{alliance}/partners/{partner}", "/v1/alliances/{alliance}/figures", "/livez"] {
            let path = scene.path(path, &scene.own);
            let got = api.get(&path).token(&scene.reader).send();
            let head = api.request("HEAD", &path).token(&scene.reader).send();
            assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
            for header in ["etag", "content-type", "content-language", "vary", "cache-control"] {
                assert_eq!(head.header(header), got.header(header), "{path} {header}");
            }
        }
        let nobody = api.request("HEAD", &format!("/v1/alliances/{}/journal", scene.alliance)).send();
        assert_eq!((nobody.status, nobody.text.as_str()), (401, ""));
    }

    fn changing_what_exists_needs_its_version(api) {
        let scene = Cast::set(api);
        let draft = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
        let body = body_of("save_report", &scene.own.id, &scene.own.initiative).expect("a body");
        assert_eq!(api.put(&draft).token(&scene.own.token).json(&body).send().status, 201);
        let base = format!("/v1/alliances/{}", scene.alliance);
        let part = format!("{draft}/initiatives/{}", scene.own.initiative);
        let at = |place: &str, id: &str| format!("{base}/{place}/{id}");
        let changes: [(&str, &str, String, &Token); 9] = [
            ("PUT", "apply_programme", base.clone(), &scene.secretariat),
            ("PATCH", "update_partner", at("partners", &scene.own.id), &scene.own.token),
            ("PATCH", "update_commitment", at("commitments", &scene.own.commitment), &scene.own.token),
            ("DELETE", "", at("commitments", &scene.own.commitment), &scene.own.token),
            ("PATCH", "update_initiative", at("initiatives", &scene.own.initiative), &scene.own.token),
            ("PUT", "save_report_part", part.clone(), &scene.own.token),
            ("DELETE", "", part, &scene.own.token),
            ("PUT", "save_report", draft.clone(), &scene.own.token),
            ("DELETE", "", draft, &scene.own.token),
        ];
        for (method, operation, path, token) in changes {
            let body = body_of(operation, &scene.own.id, &scene.own.initiative);
            let send = |if_match: Option<&str>| -> Answered {
                let mut request = api.request(method, &path).token(token);
                if let Some(tag) = if_match {
                    request = request.if_match(tag);
                }
                match &body {
                    Some(body) => request.json(body).send(),
                    None => request.send(),
                }
            };
            let etag = api.get(&path).token(token).send().etag().to_owned();
            let version = etag.trim_matches('"').split('-').next().expect("a version");
            assert_eq!(send(None).problem(428), "if-match-missing", "{method} {path}");
            for stale in ["\"999-0000000000000000\"", "\"foreign\"", "\"\"", &format!("W/{etag}")] {
                assert_eq!(send(Some(stale)).problem(412), "stale-version", "{method} {path} {stale}");
            }
            for bad in ["1", "", "\"1", "nonsense", "*, \"1-0\""] {
                assert_eq!(send(Some(bad)).problem(400), "bad-header", "{method} {path} {bad}");
            }
            // Only the version counts, wherever in the list it stands.
            let list = format!("\"foreign\", \"999-0\", \"{version}-of-another-language\"");
            let changed = send(Some(&list));
            assert!([200, 204].contains(&changed.status), "{method} {path}: {}", changed.text);
            if changed.status == 200 {
                assert_eq!(changed.etag(), api.get(&path).token(token).send().etag(), "{method} {path}");
                assert_eq!(send(Some("*")).status, 200, "{method} {path}");
            }
        }
    }

    fn what_somebody_changed_meanwhile_is_412(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/partners/{}", scene.alliance, scene.own.id);
        let etag = api.get(&path).send().etag().to_owned();
        let change = |website: &str| {
            let body = json!({"website": website});
            api.patch(&path).token(&scene.secretariat).if_match(&etag).json(&body).send()
        };
        let changed = change("https://example.org/1");
        assert_eq!((changed.status, &changed.body["version"]), (200, &json!(2)));
        assert_ne!(changed.etag(), etag);
        assert_eq!(change("https://example.org/2").problem(412), "stale-version");
    }

    fn creating_by_put_needs_no_version_and_can_have_none(api) {
        let scene = Cast::set(api);
        let draft = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
        let part = format!("{draft}/initiatives/{}", scene.own.initiative);
        let mut programme = crate::support::programme::small();
        programme["slug"] = json!("ny");
        let part_body = body_of("save_report_part", "", &scene.own.initiative).expect("a body");
        for (path, body, token) in [
            ("/v1/alliances/ny".to_owned(), programme, api.operator()),
            (part, part_body, &scene.own.token),
            (draft.replace(&scene.own.id, &scene.other.id), json!({}), &scene.other.token),
        ] {
            let put = || api.put(&path).token(token);
            for tag in ["*", "\"1-0\"", "\"foreign\""] {
                assert_eq!(put().if_match(tag).json(&body).send().problem(412), "stale-version", "{path} {tag}");
            }
            let created = put().json(&body).send();
            assert_eq!(created.status, 201, "{}", created.text);
            assert_eq!(created.header("location"), path);
            assert_eq!(created.etag(), api.get(&path).token(token).send().etag());
        }
        let only_new = api.put("/v1/alliances/ny").token(api.operator()).header("if-none-match", "*");
        assert_eq!(only_new.json(&crate::support::programme::small()).send().problem(412), "stale-version");
    }

    fn an_equal_programme_changes_nothing(api) {
        let alliance = api.alliance();
        let secretariat = api.secretariat(&alliance);
        let path = format!("/v1/alliances/{alliance}");
        let before = api.get(&path).send();
        let mut same = before.body.clone();
        same["rounds"][0]["dueAt"] = json!("2020-06-30T22:59:59.000+01:00");
        let again = api.put(&path).token(&secretariat).if_match(before.etag()).json(&same).send();
        assert_eq!((again.status, again.etag()), (200, before.etag()), "{}", again.text);
    }

    fn moves_honour_the_version_when_it_is_given(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/reports/open/{}", scene.alliance, scene.own.id);
        let etag = api.get(&path).token(&scene.own.token).send().etag().to_owned();
        let moved = |step: &str, token: &Token, tag: Option<&str>, body: Option<Value>| {
            let mut request = api.post(&format!("{path}/{step}")).token(token).once();
            if let Some(tag) = tag {
                request = request.if_match(tag);
            }
            match body {
                Some(body) => request.json(&body).send(),
                None => request.send(),
            }
        };
        for step in ["withdrawal", "submission"] {
            let refused = moved(step, &scene.own.token, Some("\"1-0\""), None);
            assert_eq!(refused.problem(412), "stale-version", "{step}");
        }
        let withdrawn = moved("withdrawal", &scene.own.token, Some(&etag), None);
        assert_eq!((withdrawn.status, &withdrawn.body["state"]), (200, &json!("draft")));
        assert_eq!(moved("submission", &scene.own.token, Some(&etag), None).problem(412), "stale-version");
        assert_eq!(moved("submission", &scene.own.token, Some(withdrawn.etag()), None).status, 200);
        assert_eq!(moved("acceptance", &scene.secretariat, Some(&etag), None).problem(412), "stale-version");
        assert_eq!(moved("acceptance", &scene.secretariat, None, None).status, 200);
        let reason = || Some(json!({"reason": "Et tal var forkert"}));
        assert_eq!(moved("reopening", &scene.secretariat, Some(&etag), reason()).problem(412), "stale-version");
        assert_eq!(moved("reopening", &scene.secretariat, Some("*"), reason()).status, 200);
    }

    fn two_colleagues_work_side_by_side_and_a_stale_whole_is_refused(api) {
        let scene = Cast::set(api);
        let whole = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
        let part = format!("{whole}/initiatives/{}", scene.own.initiative);
        let put = |path: &str, tag: Option<&str>, body: &Value| {
            let request = api.put(path).token(&scene.own.token).json(body);
            match tag {
                Some(tag) => request.if_match(tag).send(),
                None => request.send(),
            }
        };
        let body = body_of("save_report_part", "", &scene.own.initiative).expect("a body");
        let mut changed = body.clone();
        changed["progress"] = json!("Bedre");
        let begun = put(&whole, None, &json!({"answers": {}, "initiatives": [body]}));
        let first = api.get(&part).token(&scene.own.token).send().etag().to_owned();
        let saved = put(&part, Some(&first), &changed);
        assert_eq!(saved.status, 200, "{}", saved.text);
        assert_eq!(put(&part, Some(&first), &body).problem(412), "stale-version");
        let stale = put(&whole, Some(begun.etag()), &json!({"answers": {}, "initiatives": []}));
        assert_eq!(stale.problem(412), "stale-version");
    }
}
