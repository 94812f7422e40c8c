//! What awaits a partner, and what the secretariat.

use serde_json::{Value, json};

use crate::support::{Scene, Token, on_both};

fn tasks(scene: &Scene, path: &str, token: &Token) -> Vec<Value> {
    let answered = scene.get(path).token(token).send();
    assert_eq!(answered.status, 200, "{path}: {}", answered.text);
    answered.body["items"].as_array().expect("tasks").clone()
}

/// `kind round` of each.
fn kinds(tasks: &[Value]) -> Vec<String> {
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    tasks
        .iter()
        .map(|task| format!("{} {}", word(&task["kind"]), word(&task["round"])))
        .collect()
}

/// `kind round name` of each of the secretariat's.
fn named(tasks: &[Value]) -> Vec<String> {
    let name = |task: &Value| task["partnerName"].as_str().expect("a name").to_owned();
    tasks
        .iter()
        .zip(kinds(tasks))
        .map(|(task, kind)| format!("{kind} {}", name(task)))
        .collect()
}

fn extend(scene: &Scene, round: &str, partner: &str, until: &str) {
    let path = format!("/rounds/{round}/extensions/{partner}");
    let body = json!({"until": until, "reason": "Sygdom"});
    assert_eq!(scene.put(&path).token(&scene.secretariat).json(&body).send().status, 201);
}

fn yes() -> Value {
    json!({"joined": {"value": "yes"}})
}

on_both! {
    fn a_partner_sees_what_awaits_it(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        let path = format!("/partners/{partner}/tasks");
        let own = scene.of(&partner);
        // The closed round and the one that has not opened yet ask for nothing.
        let begun = tasks(&scene, &path, &own);
        assert_eq!(kinds(&begun), ["overdue past", "due open"]);
        let due = &begun[1];
        assert_eq!((&due["dueAt"], &due["points"]), (&json!("2099-06-30T21:59:59.000000Z"), &json!([])));
        assert_eq!(due["title"], "Indsend rapporten for »open« senest 2099-06-30 23:59.");
        assert_eq!(due["link"], scene.at(&format!("/reports/open/{partner}")));
        let english = scene.get(&path).token(&own).english().send().body;
        assert_eq!(english["items"][0]["title"], "The report for \"past (en)\" was due by 2020-12-31 23:59.");

        scene.submit("open", &partner, yes());
        extend(&scene, "past", &partner, "2098-01-01T12:00:00Z");
        extend(&scene, "closed", &partner, "2098-02-01T12:00:00Z");
        let extended = tasks(&scene, &path, &own);
        assert_eq!(kinds(&extended), ["extensionEnds past", "extensionEnds closed"]);
        assert_eq!(extended[0]["title"], "Indsend rapporten for »past« senest 2098-01-01 13:00, hvor udsættelsen slutter.");

        let points = json!({"points": [{"pointer": "/answers/reach", "code": "unclear", "detail": "Hvor mange?"},
            {"pointer": "/answers/joined", "code": "unclear", "detail": "Hvordan?"}]});
        scene.does(&format!("/reports/open/{partner}/return"), points);
        scene.submit("open", &partner, json!({"joined": {"value": "no"}}));
        scene.send_back("open", &partner);
        let back = tasks(&scene, &path, &own);
        assert_eq!(kinds(&back), ["extensionEnds past", "extensionEnds closed", "returned open"]);
        let open: Vec<_> = back[2]["points"].as_array().expect("points").iter().map(|point| point["detail"].clone()).collect();
        assert_eq!(open, ["Hvor mange?", "Hvor mange?"], "what was mended is not asked for");
        assert_eq!(back[2]["title"], "Rapporten for »open« er sendt retur med 2 åbne punkter.");
        for token in [&scene.secretariat, &scene.auditor] {
            assert_eq!(tasks(&scene, &path, token), back);
        }
        assert_eq!(kinds(&tasks(&scene, &format!("{path}?kind=returned"), &own)), ["returned open"]);
        assert_eq!(kinds(&tasks(&scene, &format!("{path}?round=past"), &own)), ["extensionEnds past"]);
        let refused = scene.get(&format!("{path}?kind=toReview&round=x&limit=0")).token(&own).send();
        assert_eq!((refused.problem(422), refused.faults()), ("invalid",
            vec!["?limit out-of-range".to_owned(), "?kind not-a-choice".to_owned(), "?round unknown-round".to_owned()]));
        let other = scene.admit("Anden", "2020-01-01");
        assert_eq!(scene.get(&path).token(&scene.of(&other)).send().problem(404), "not-found");
    }

    fn a_withdrawn_report_awaits_its_partner_and_whoever_is_not_expected_owes_nothing(api) {
        let scene = Scene::with(api, |document| document["rounds"][2]["startsOn"] = json!("2021-06-01"));
        let partner = scene.admit("En", "2020-01-01");
        scene.submit("open", &partner, yes());
        scene.submit("past", &partner, yes());
        let path = format!("/partners/{partner}/tasks");
        assert_eq!(kinds(&tasks(&scene, &path, &scene.of(&partner))), Vec::<String>::new());
        scene.withdraw("open", &partner);
        assert_eq!(kinds(&tasks(&scene, &path, &scene.of(&partner))), ["due open"]);
        scene.depart(&partner, "2021-05-31");
        assert_eq!(kinds(&tasks(&scene, &path, &scene.of(&partner))), Vec::<String>::new());
    }

    fn the_secretariat_sees_what_awaits_it(api) {
        let scene = Scene::new(api);
        let [aaby, abe, zoo] = ["Åby", "abe", "Zoo"].map(|name| scene.admit(name, "2020-01-01"));
        scene.submit("open", &aaby, yes());
        scene.submit("open", &abe, yes());
        scene.send_back("open", &abe);
        scene.save("open", &zoo, &json!({"answers": yes()}));
        let list = |query: &str| named(&tasks(&scene, &format!("/tasks{query}"), &scene.secretariat));
        assert_eq!(list(""), [
            "overdue past abe", "overdue past Zoo", "overdue past Åby",
            "returned open abe", "missing open Zoo", "toReview open Åby",
        ]);
        assert_eq!(list("?kind=toReview"), ["toReview open Åby"]);
        assert_eq!(list("?kind=missing&round=open"), ["missing open Zoo"]);
        assert_eq!(list("?round=closed"), Vec::<String>::new(), "nothing can be done about it any more");
        let all = tasks(&scene, "/tasks", &scene.secretariat);
        assert_eq!(all[3]["points"][0]["pointer"], "/answers/reach");
        assert_eq!(all[3]["title"], "Rapporten for »open« ligger igen hos abe med 1 åbent punkt.");
        assert_eq!(all[5]["title"], "Gennemgå rapporten for »open« fra Åby.");
        assert_eq!(all[5]["link"], scene.at(&format!("/reports/open/{aaby}")));

        scene.accept("open", &aaby);
        assert_eq!(list("?kind=toReview"), Vec::<String>::new());
        extend(&scene, "past", &zoo, "2098-01-01T12:00:00Z");
        assert_eq!(list("?round=past"), ["overdue past abe", "overdue past Åby", "missing past Zoo"]);
        let (mut walked, mut next) = (Vec::new(), Some(scene.at("/tasks?limit=1")));
        while let Some(path) = next {
            let page = api.get(&path).token(&scene.secretariat).send().body;
            walked.extend(page["items"].as_array().expect("tasks").clone());
            next = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(named(&walked), list(""));
        for token in [&scene.auditor, &scene.of(&zoo)] {
            assert_eq!(scene.get("/tasks").token(token).send().problem(403), "forbidden");
        }
        assert_eq!(scene.get("/tasks?kind=due").token(&scene.secretariat).send().faults(), ["?kind not-a-choice"]);
    }

    fn a_submission_is_looked_at_though_its_round_has_closed(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("En", "2020-01-01");
        scene.submit("past", &partner, yes());
        let before = scene.get("").send();
        let mut document = before.body.clone();
        document["rounds"][1]["closesAt"] = json!("2021-01-31T00:00:00Z");
        scene.put("").token(&scene.secretariat).if_match(before.etag()).json(&document).send();
        let list = || named(&tasks(&scene, "/tasks?round=past", &scene.secretariat));
        assert_eq!(list(), ["toReview past En"]);
        scene.send_back("past", &partner);
        assert_eq!(list(), ["returned past En"], "it can be given time");
        let own = tasks(&scene, &format!("/partners/{partner}/tasks?round=past"), &scene.of(&partner));
        assert_eq!(own, Vec::<Value>::new(), "the partner can't do anything about it");
    }
}
