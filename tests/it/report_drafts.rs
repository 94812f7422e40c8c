//! The partner's draft: kept with its faults, saved as a whole or by parts, seen by nobody else.

use serde_json::{Value, json};

use crate::support::{Scene, column, on_both};

/// `pointer code` of each of a report's faults or warnings.
fn remarks(report: &Value, which: &str) -> Vec<String> {
    let remarks = report[which].as_array().expect("a list").iter();
    remarks
        .map(|r| {
            format!("{} {}", r["pointer"].as_str().unwrap_or("?"), r["code"].as_str().unwrap_or("?"))
        })
        .collect()
}

on_both! {
    fn a_draft_is_kept_with_its_faults(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let wrong = json!({"answers": {"note": {"value": 3}, "reach": {"value": 1000.25}}});
        let saved = scene.save("open", &partner, &wrong);
        assert_eq!(saved.status, 201, "{}", saved.text);
        assert_eq!(saved.header("location"), scene.at(&format!("/reports/open/{partner}")));
        let report = &saved.body;
        assert_eq!((&report["state"], &report["version"], &report["receipt"]), (&json!("draft"), &json!(1), &Value::Null));
        assert_eq!((&report["submittedVersion"], &report["submittedAt"], &report["onTime"]),
            (&Value::Null, &Value::Null, &Value::Null));
        assert_eq!(report["answers"], wrong["answers"]);
        assert_eq!(remarks(report, "faults"), [
            "/answers/note/value wrong-type", "/answers/reach/value out-of-range",
            "/answers/reach/value too-many-decimals", "/answers/joined answer-missing",
        ]);
        assert_eq!(report["permissions"], json!({"edit": true, "submit": false, "withdraw": false}));

        let mended = scene.save("open", &partner, &json!({"answers": {"joined": {"value": "no"}}}));
        assert_eq!((mended.status, &mended.body["version"]), (200, &json!(2)));
        assert_eq!(remarks(&mended.body, "faults"), Vec::<String>::new());
        assert_eq!(remarks(&mended.body, "warnings"), ["/answers/reach not-answered", "/answers/note not-answered"]);
        assert_eq!(mended.body["permissions"]["submit"], true);
    }

    fn a_draft_names_only_what_there_is(api) {
        let scene = Scene::with(api, |document| {
            document["rounds"][2]["questions"] = json!(["joined", "reach"]);
        });
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let other = scene.admit("Anden", "2020-01-01");
        let foreign = scene.initiative(&other, "Andens", json!({}));
        let refused = scene.save("open", &partner, &json!({
            "answers": {"note": {"value": "x"}, "unheard": {"value": "yes"}, "reach": {"none": "dontKnow", "comment": "a\u{0}b"}},
            "initiatives": [{"initiative": foreign}, {"initiative": foreign}],
        }));
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults(), [
            "/answers/note question-not-asked", "/answers/reach/comment control-character",
            "/answers/unheard unknown-question", "/initiatives/1 duplicate",
            "/initiatives/0/initiative unknown-initiative", "/initiatives/1/initiative unknown-initiative",
        ]);
        let path = format!("/reports/open/{partner}");
        assert_eq!(scene.get(&path).token(&scene.of(&partner)).send().problem(404), "not-found");
    }

    fn a_draft_is_saved_over_the_version_that_was_seen(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let path = format!("/reports/open/{partner}");
        let token = scene.of(&partner);
        let body = json!({"answers": {"joined": {"value": "yes"}}});
        let none = scene.put(&path).token(&token).if_match("\"1-x\"").json(&body).send();
        assert_eq!(none.problem(412), "stale-version");
        let first = scene.put(&path).token(&token).json(&body).send();
        assert_eq!(first.status, 201);
        assert_eq!(scene.put(&path).token(&token).json(&body).send().problem(428), "if-match-missing");
        let second = scene.put(&path).token(&token).if_match(first.etag()).json(&body).send();
        assert_eq!((second.status, &second.body["version"]), (200, &json!(2)));
        let stale = scene.put(&path).token(&token).if_match(first.etag()).json(&body).send();
        assert_eq!(stale.problem(412), "stale-version");
        assert_eq!(scene.get(&path).token(&token).send().etag(), second.etag());
    }

    fn two_colleagues_work_side_by_side_on_two_parts(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let [one, two] = ["Et", "To"].map(|title| scene.initiative(&partner, title, json!({})));
        let token = scene.of(&partner);
        let whole = format!("/reports/open/{partner}");
        let part = |id: &str| format!("{whole}/initiatives/{id}");
        let body = |id: &str, progress: &str| json!({"initiative": id, "progress": progress});
        let put = |id: &str, progress: &str, etag: Option<&str>| {
            let request = scene.put(&part(id)).token(&token).json(&body(id, progress));
            match etag { Some(etag) => request.if_match(etag).send(), None => request.send() }
        };
        let begun = scene.save("open", &partner, &json!({"answers": {"joined": {"value": "yes"}}}));
        let first = put(&one, "a", None);
        assert_eq!((first.status, first.header("location")), (201, scene.at(&part(&one)).as_str()));
        let second = put(&two, "b", None);
        assert_eq!(second.status, 201, "{}", second.text);
        let first_again = put(&one, "aa", Some(first.etag()));
        assert_eq!(first_again.status, 200, "the colleague's save is not in the way: {}", first_again.text);
        assert_eq!(put(&two, "bb", Some(second.etag())).status, 200);
        assert_eq!(put(&one, "aaa", Some(first.etag())).problem(412), "stale-version");
        assert_eq!(put(&one, "aaa", None).problem(428), "if-match-missing");

        let read = scene.get(&part(&one)).token(&token).send();
        assert_eq!((read.etag(), &read.body["progress"]), (first_again.etag(), &json!("aa")));
        let seen = scene.get(&whole).token(&token).send();
        let progress: Vec<_> = seen.body["initiatives"].as_array().expect("parts").iter()
            .map(|part| part["progress"].clone()).collect();
        assert_eq!(progress, ["aa", "bb"]);
        assert_eq!(seen.body["answers"]["joined"]["value"], "yes");
        let stale = scene.put(&whole).token(&token).if_match(begun.etag()).json(&json!({})).send();
        assert_eq!(stale.problem(412), "stale-version");

        let same = json!({"answers": {}, "initiatives": [body(&one, "aa"), body(&two, "new")]});
        assert_eq!(scene.save("open", &partner, &same).status, 200);
        assert_eq!(scene.get(&part(&one)).token(&token).send().etag(), read.etag(), "an unchanged part keeps its version");
        assert_eq!(put(&two, "c", Some(second.etag())).problem(412), "stale-version");
    }

    fn a_part_is_of_an_initiative_that_the_partner_takes_part_in(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let other = scene.admit("Anden", "2020-01-01");
        let own = scene.initiative(&partner, "Egen", json!({}));
        let shared = scene.initiative(&other, "Fælles", json!({"partners": [partner]}));
        let foreign = scene.initiative(&other, "Andens", json!({}));
        let token = scene.of(&partner);
        let put = |at: &str, body: Value| {
            scene.put(&format!("/reports/open/{partner}/initiatives/{at}")).token(&token).json(&body).send()
        };
        assert_eq!(put(&foreign, json!({"initiative": foreign})).problem(404), "not-found");
        let mixed = put(&own, json!({"initiative": shared}));
        assert_eq!(mixed.faults(), ["/initiative other-initiative"]);
        assert_eq!(put(&shared, json!({"initiative": shared, "learning": "Tid"})).status, 201, "makes the report, too");
        let path = format!("/reports/open/{partner}/initiatives/{shared}");
        let part = scene.get(&path).token(&token).send();
        let gone = scene.delete(&path).token(&token).if_match(part.etag()).send();
        assert_eq!((gone.status, gone.text.as_str()), (204, ""));
        assert_eq!(scene.get(&path).token(&token).send().problem(404), "not-found");
        for reader in [&scene.secretariat, &scene.auditor] {
            assert_eq!(scene.get(&path).token(reader).send().problem(403), "forbidden");
        }
        assert_eq!(scene.get(&path).token(&scene.of(&other)).send().problem(404), "not-found");
    }

    fn no_answer_dont_know_not_applicable_and_nought_are_four_things(api) {
        let scene = Scene::with(api, |document| {
            document["questions"][0]["required"] = json!(false);
            document["indicators"][0] = json!({"key": "reached", "kind": "share", "label": {"da": "a", "en": "b"},
                "question": "reach", "counts": "answer >= 0"});
        });
        let cases = [
            ("Tom", json!({"comment": "Senere"}), ("noAnswer", "blank")),
            ("Ved ikke", json!({"none": "dontKnow"}), ("noAnswer", "dont-know")),
            ("Ikke relevant", json!({"none": "notApplicable"}), ("notApplicable", "not-applicable")),
            ("Nul", json!({"value": 0}), ("counted", "rule-holds")),
        ];
        for (name, answer, (standing, code)) in cases {
            let partner = scene.admit(name, "2020-01-01");
            let report = scene.submit("open", &partner, json!({"reach": answer}));
            assert_eq!(report["answers"], json!({"reach": answer}));
            assert_eq!(scene.standing("reached", &partner), (standing.to_owned(), code.to_owned()), "{name}");
        }
        let partner = scene.admit("Begge", "2020-01-01");
        let both = scene.save("open", &partner, &json!({"answers": {"reach": {"value": 0, "none": "dontKnow"}}}));
        assert_eq!(remarks(&both.body, "faults"), ["/answers/reach value-and-none"]);
    }

    fn a_required_question_takes_any_answer_but_a_blank(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        for blank in [json!({}), json!({"value": ""}), json!({"value": " "}), json!({"comment": "Senere"})] {
            let saved = scene.save("open", &partner, &json!({"answers": {"joined": blank}}));
            assert_eq!(remarks(&saved.body, "faults"), ["/answers/joined answer-missing"], "{blank}");
        }
        for answer in [json!({"value": "no"}), json!({"none": "dontKnow"}), json!({"none": "notApplicable"})] {
            let saved = scene.save("open", &partner, &json!({"answers": {"joined": answer}}));
            assert_eq!(remarks(&saved.body, "faults"), Vec::<String>::new(), "{answer}");
        }
        for (wrong, fault) in [
            (json!({"value": "maybe"}), "/answers/joined/value not-a-choice"),
            (json!({"value": 1}), "/answers/joined/value wrong-type"),
            (json!({"none": "later"}), "/answers/joined/none not-a-choice"),
        ] {
            let saved = scene.save("open", &partner, &json!({"answers": {"joined": wrong}}));
            assert_eq!(remarks(&saved.body, "faults"), [fault]);
        }
    }

    fn outcomes_are_checked_and_their_amounts_kept_as_they_were_written(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let own = scene.initiative(&partner, "Egen", json!({}));
        let outcome = json!({"measure": "samtaler", "kind": "outcome", "unit": "antal", "baseline": "12.50", "target": null,
            "actual": "999999999999999999.000000001", "verification": "external", "evidence": ["https://example.org/a"]});
        let part = |outcome: &Value| json!({"answers": {"joined": {"value": "yes"}},
            "initiatives": [{"initiative": own, "progress": "", "learning": "", "barriers": "", "outcomes": [outcome]}]});
        let saved = scene.save("open", &partner, &part(&outcome));
        assert_eq!(saved.body["initiatives"][0]["outcomes"][0], outcome);
        let wrong = json!({"measure": "", "kind": "impact", "actual": "1,5", "verification": "guessed", "evidence": ["ftp://a"]});
        let saved = scene.save("open", &partner, &part(&wrong));
        let at = "/initiatives/0/outcomes/0";
        assert_eq!(remarks(&saved.body, "faults"), [
            format!("{at}/measure required"), format!("{at}/kind not-a-choice"),
            format!("{at}/verification not-a-choice"), format!("{at}/actual bad-amount"),
            format!("{at}/evidence/0 bad-website"),
        ]);
    }

    fn a_running_initiative_that_the_report_passes_over_is_a_warning_only(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.initiative(&partner, "I gang", json!({}));
        scene.initiative(&partner, "Slut", json!({"status": "completed"}));
        let answers = json!({"joined": {"value": "yes"}, "reach": {"value": 1}, "note": {"value": "x"}});
        let saved = scene.save("open", &partner, &json!({"answers": answers}));
        assert_eq!(remarks(&saved.body, "warnings"), ["/initiatives initiative-not-reported"]);
        assert_eq!(saved.body["permissions"]["submit"], true);
    }

    fn only_a_draft_that_was_never_submitted_can_be_thrown_away(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let token = scene.of(&partner);
        let path = format!("/reports/open/{partner}");
        assert_eq!(scene.delete(&path).token(&token).send().problem(404), "not-found");
        let saved = scene.save("open", &partner, &json!({}));
        assert_eq!(scene.delete(&path).token(&token).send().problem(428), "if-match-missing");
        assert_eq!(scene.delete(&path).token(&token).if_match("\"7-x\"").send().problem(412), "stale-version");
        assert_eq!(scene.delete(&path).token(&token).if_match(saved.etag()).send().status, 204);
        assert_eq!(scene.get(&path).token(&token).send().problem(404), "not-found");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        scene.withdraw("open", &partner);
        let kept = scene.delete(&path).token(&token).if_match("*").send();
        assert_eq!(kept.problem(409), "wrong-state");
    }

    fn a_list_of_reports_is_narrowed_and_shows_nobody_anothers_draft(api) {
        let scene = Scene::new(api);
        let [one, two] = ["Et", "To"].map(|name| scene.admit(name, "2020-01-01"));
        scene.submit("open", &one, json!({"joined": {"value": "yes"}}));
        scene.submit("past", &one, json!({"joined": {"value": "yes"}}));
        scene.submit("open", &two, json!({"joined": {"value": "yes"}}));
        scene.send_back("open", &two);
        scene.save("past", &two, &json!({}));
        let list = |query: &str, token: &crate::support::Token| {
            let found = scene.get(&format!("/reports{query}")).token(token).send();
            assert_eq!(found.status, 200, "{}", found.text);
            let pair = |r: &Value| format!("{} {}", r["round"].as_str().unwrap_or("?"), r["state"].as_str().unwrap_or("?"));
            found.body["items"].as_array().expect("reports").iter().map(pair).collect::<Vec<_>>()
        };
        for reader in [&scene.secretariat, &scene.auditor] {
            assert_eq!(list("", reader), ["open submitted", "open returned", "past submitted"]);
            assert_eq!(list("?round=open", reader), ["open submitted", "open returned"]);
            assert_eq!(list(&format!("?partner={two}"), reader), ["open returned"]);
            assert_eq!(list("?state=submitted", reader), ["open submitted", "past submitted"]);
            assert_eq!(list("?state=draft", reader), Vec::<String>::new());
        }
        assert_eq!(list("", &scene.of(&two)), ["open returned", "past draft"]);
        assert_eq!(list("?state=draft", &scene.of(&two)), ["past draft"]);
        let wrong = scene.get("/reports?round=none&state=lost&partner=x").token(&scene.auditor).send();
        assert_eq!(wrong.faults(), ["?round unknown-round", "?state not-a-choice", "?partner unknown-partner"]);
        let others = scene.get(&format!("/reports?partner={one}")).token(&scene.of(&two)).send();
        assert_eq!(others.problem(404), "not-found");
        let page = scene.get("/reports?limit=2&count=true").token(&scene.auditor).send().body;
        assert_eq!((page["items"].as_array().map(Vec::len), &page["totalCount"]), (Some(2), &json!(3)));
        let rest = scene.api.get(page["next"].as_str().expect("more")).token(&scene.auditor).send().body;
        assert_eq!(column(&rest, "round"), ["past"]);
        let reader = api.role(&scene.slug, "reader", None);
        assert_eq!(scene.get("/reports").token(&reader).send().problem(403), "forbidden");
    }
}
