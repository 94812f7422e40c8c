//! The programme: one document, applied as a whole, versioned, and never pulled from under its users.

use serde_json::{Value, json};

use crate::support::programme::{labelled, small, text};
use crate::support::{Answered, Api, Scene, Token, column, on_both};

fn put(api: &Api, slug: &str, document: &Value, etag: Option<&str>, token: &Token) -> Answered {
    let request = api.put(&format!("/v1/alliances/{slug}")).token(token).json(document);
    match etag {
        Some(etag) => request.if_match(etag).send(),
        None => request.send(),
    }
}

/// `pointer code` of every fault of the small programme after a change.
fn faults(api: &Api, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut document = small();
    change(&mut document);
    let refused = put(api, "prove", &document, None, api.operator());
    assert_eq!(refused.problem(422), "invalid");
    refused.faults()
}

/// What a change of the programme in force is answered with.
fn changed(scene: &Scene, change: impl FnOnce(&mut Value)) -> Answered {
    let before = scene.get("").send();
    let mut document = before.body.clone();
    change(&mut document);
    put(scene.api, &scene.slug, &document, Some(before.etag()), &scene.secretariat)
}

/// The same object with its keys in the opposite order, at every depth.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields.iter().rev().map(|(key, value)| (key.clone(), reversed(value))).collect(),
        ),
        Value::Array(items) => items.iter().map(reversed).collect(),
        other => other.clone(),
    }
}

on_both! {
    fn what_is_left_out_is_filled_in(api) {
        let document = json!({
            "slug": "kort", "name": text("Kort"), "startsOn": "2020-01-01", "endsOn": "2023-12-31",
            "focusAreas": [{"key": "a", "scheme": "s", "label": text("A")}],
            "rounds": [{"key": "r", "label": text("R"), "opensOn": "2021-05-01", "dueAt": "2021-06-30T23:59:59+02:00"}],
            "questions": [{"key": "q", "kind": "fact", "type": "yesNo", "wording": text("Q")}],
            "indicators": [
                {"key": "share", "kind": "share", "label": text("S"), "counts": "true"},
                {"key": "count", "kind": "count", "of": "partners", "label": text("C")}
            ],
        });
        let created = put(api, "kort", &document, None, api.operator());
        assert_eq!((created.status, created.header("location")), (201, "/v1/alliances/kort"), "{}", created.text);
        let whole = api.get("/v1/alliances/kort").send().body;
        assert_eq!(whole, created.body);
        for (field, value) in [
            ("timeZone", json!("Europe/Copenhagen")), ("countsFrom", json!("submitted")), ("smallGroup", json!(3)),
            ("decimals", json!(0)), ("sectors", json!([])), ("objectives", json!([])),
        ] {
            assert_eq!(whole[field], value, "{field}");
        }
        assert_eq!(whole["focusAreas"][0]["national"], false);
        assert_eq!(whole["questions"][0]["required"], false);
        let round = &whole["rounds"][0];
        assert_eq!((&round["startsOn"], &round["endsOn"]), (&json!("2021-05-01"), &json!("2021-06-30")));
        assert_eq!((&round["dueAt"], &round["questions"]), (&json!("2021-06-30T21:59:59Z"), &json!([])));
        let [share, count] = [&whole["indicators"][0], &whole["indicators"][1]];
        assert_eq!((&share["base"], &share["members"]), (&json!("members"), &json!("during")));
        assert_eq!((&count["counts"], &count["members"], &count["base"]), (&json!("true"), &json!("during"), &Value::Null));
    }

    fn a_round_ends_on_the_local_day_of_its_deadline(api) {
        let scene = Scene::with(api, |document| {
            document["rounds"] = json!([{"key": "r", "label": text("R"), "opensOn": "2021-05-01",
                "dueAt": "2021-06-30T22:30:00Z"}]);
        });
        assert_eq!(scene.get("").send().body["rounds"][0]["endsOn"], "2021-07-01");
    }

    fn an_equal_document_changes_nothing(api) {
        let scene = Scene::new(api);
        let before = scene.get("").send();
        let size = scene.journal_size();
        let mut elsewhere = before.body.clone();
        elsewhere["rounds"][0]["dueAt"] = json!("2020-06-30T17:59:59-04:00");
        for document in [before.body.clone(), reversed(&before.body), elsewhere, small()] {
            let again = put(api, "prove", &document, Some(before.etag()), &scene.secretariat);
            assert_eq!((again.status, again.etag()), (200, before.etag()), "{}", again.text);
        }
        assert_eq!(scene.journal_size(), size);
    }

    fn a_change_is_a_new_version_and_one_entry(api) {
        let scene = Scene::new(api);
        let (before, size) = (scene.get("").send(), scene.journal_size());
        let after = changed(&scene, |document| document["decimals"] = json!(1));
        assert_eq!((after.status, &after.body["decimals"]), (200, &json!(1)));
        assert!(before.etag().starts_with("\"1-") && after.etag().starts_with("\"2-"), "{}", after.etag());
        assert_eq!(scene.journal_size(), size + 1);
        let entry = scene.get(&format!("/journal/{}", size + 1)).token(&scene.auditor).send().body;
        assert_eq!((&entry["action"], &entry["subject"]), (&json!("programme.applied"), &json!("programme")));
        assert_eq!((&entry["after"]["version"], &entry["after"]["document"]), (&json!(2), &after.body));
        let stale = put(api, "prove", &before.body, Some(before.etag()), &scene.secretariat);
        assert_eq!(stale.problem(412), "stale-version");
        let blind = put(api, "prove", &before.body, None, &scene.secretariat);
        assert_eq!(blind.problem(428), "if-match-missing");
        assert_eq!(scene.figure("joined", "")["definition"]["version"], 2);
    }

    fn only_an_operator_creates_and_only_its_own_secretariat_changes(api) {
        let scene = Scene::new(api);
        let mut other = small();
        other["slug"] = json!("anden");
        assert_eq!(put(api, "anden", &other, None, &scene.secretariat).problem(404), "not-found");
        assert_eq!(put(api, "anden", &other, None, &scene.auditor).problem(403), "forbidden");
        assert_eq!(put(api, "anden", &other, None, api.operator()).status, 201);
        let etag = api.get("/v1/alliances/anden").send().etag().to_owned();
        assert_eq!(put(api, "anden", &other, Some(&etag), &scene.secretariat).problem(403), "forbidden");
        assert_eq!(put(api, "anden", &other, Some(&etag), api.operator()).status, 200);
        let never = put(api, "tredje", &other, Some("\"1-x\""), api.operator());
        assert_eq!(never.problem(412), "stale-version");
        let elsewhere = put(api, "tredje", &other, None, api.operator());
        assert_eq!(elsewhere.faults(), ["/slug other-alliance"]);
        assert_eq!(column(&api.get("/v1/alliances").send().body, "slug"), ["anden", "prove"]);
    }

    fn all_faults_are_found_at_once(api) {
        let found = faults(api, |document| {
            document["startsOn"] = json!("2020-02-30");
            document["timeZone"] = json!("Europe/Atlantis");
            document["countsFrom"] = json!("saved");
            document["smallGroup"] = json!(0);
            document["decimals"] = json!(5);
            document["name"]["en"] = json!(" ");
            document["sectors"][1]["key"] = json!("civil");
            document["objectives"][0]["key"] = json!("to ord");
            document["focusAreas"][0]["scheme"] = json!("");
            document["questions"][1]["choices"] = json!([labelled("a")]);
            document["questions"][1]["max"] = json!(-1);
            document["questions"][2]["kind"] = json!("guess");
            document["rounds"][0]["questions"] = json!(["joined", "unheard", "joined"]);
            document["rounds"][1]["dueAt"] = json!("2020-12-31T23:59:59");
            document["rounds"][2]["closesAt"] = json!("2022-01-01T00:00:00Z");
            document["rounds"][3]["endsOn"] = json!("2019-12-31");
            document["indicators"][0]["question"] = json!("unheard");
            document["indicators"][1]["round"] = json!("never");
            document["indicators"][2]["base"] = json!("members");
            document["indicators"][3]["members"] = json!("always");
            document["indicators"][4]["of"] = json!("meetings");
        });
        for expected in [
            "/startsOn bad-date", "/timeZone unknown-time-zone", "/countsFrom not-a-choice", "/smallGroup out-of-range",
            "/decimals out-of-range", "/name/en required", "/sectors/1/key duplicate", "/objectives/0/key bad-key",
            "/focusAreas/0/scheme bad-key", "/questions/1/choices not-for-this-type", "/questions/1/max end-before-start",
            "/questions/2/kind not-a-choice", "/rounds/0/questions/1 unknown-question", "/rounds/0/questions/2 duplicate",
            "/rounds/1/dueAt bad-time", "/rounds/2/closesAt end-before-start", "/rounds/3/endsOn end-before-start",
            "/indicators/0/question unknown-question", "/indicators/1/round unknown-round",
            "/indicators/2/base not-for-this-kind", "/indicators/3/members not-a-choice", "/indicators/4/of not-a-choice",
        ] {
            assert!(found.iter().any(|fault| fault == expected), "{expected} in {found:#?}");
        }
        assert_eq!(api.get("/v1/alliances/prove").send().problem(404), "not-found");
    }

    fn dates_stand_in_their_order(api) {
        assert_eq!(faults(api, |d| d["endsOn"] = json!("2019-12-31")), ["/endsOn end-before-start"]);
        assert_eq!(faults(api, |d| d["rounds"][0]["opensOn"] = json!("2020-07-01")), ["/rounds/0/dueAt end-before-start"]);
        assert_eq!(faults(api, |d| d["rounds"][0]["dueAt"] = json!("30-06-2020")), ["/rounds/0/dueAt bad-time"]);
    }

    fn a_rule_is_read_when_it_is_applied_and_its_fault_has_a_place(api) {
        let rule = |source: &str| {
            let mut document = small();
            document["indicators"][0]["counts"] = json!(source);
            let refused = put(api, "prove", &document, None, api.operator());
            assert_eq!(refused.problem(422), "invalid", "{source}");
            refused.body["errors"].as_array().expect("faults").clone()
        };
        let unfinished = rule("answer ==\n  'yes' &&");
        assert_eq!(unfinished[0]["pointer"], "/indicators/0/counts");
        assert!(unfinished[0]["detail"].as_str().is_some_and(|d| d.starts_with("Linje 2, tegn ")), "{unfinished:?}");
        let unknown = rule("partner.colour == 'red'");
        assert!(unknown[0]["detail"].as_str().is_some_and(|d| d.starts_with("Linje 1, tegn ") && d.contains("colour")), "{unknown:?}");
        assert_eq!(rule("answers.unheard == 'yes'").len(), 1);
        assert_eq!(rule("initiative.status == 'running'").len(), 1, "a share sees no initiative");
        assert_eq!(rule("1 + 1").len(), 1, "a rule is true or false");
        assert_eq!(rule("secret(answer)").len(), 1);
        assert_eq!(rule("partner.colour == 'red' || reports.never.onTime").len(), 2, "every unknown name");
        let applies = faults(api, |document| document["indicators"][0]["applies"] = json!("answer == 'yes'"));
        assert_eq!(applies.len(), 1, "applies is looked at before there is an answer: {applies:?}");
        assert!(applies[0].starts_with("/indicators/0/applies "));
    }

    fn an_indicator_says_what_its_kind_needs(api) {
        let of = |indicator: Value| faults(api, |document| document["indicators"] = json!([indicator]));
        assert_eq!(of(json!({"key": "a", "kind": "share", "label": text("A")})), ["/indicators/0/counts required"]);
        assert_eq!(of(json!({"key": "a", "kind": "count", "label": text("A")})), ["/indicators/0/of required"]);
        assert_eq!(of(json!({"key": "a", "kind": "share", "of": "partners", "counts": "true", "label": text("A")})),
            ["/indicators/0/of not-for-this-kind"]);
        assert_eq!(of(json!({"key": "a", "kind": "count", "of": "reports", "question": "joined", "label": text("A")})),
            ["/indicators/0/question not-for-this-kind"]);
        let mut unasked = small();
        unasked["rounds"][0]["questions"] = json!([]);
        unasked["indicators"][0]["round"] = json!("closed");
        let refused = put(api, "prove", &unasked, None, api.operator());
        assert_eq!(refused.faults()[0], "/indicators/0/round question-not-asked");
    }

    fn shape_comes_before_values_and_the_first_fault_is_enough(api) {
        let shape = |change: fn(&mut Value)| {
            let mut document = small();
            change(&mut document);
            let refused = put(api, "prove", &document, None, api.operator());
            (refused.problem(400).to_owned(), refused.faults())
        };
        assert_eq!(shape(|d| d["colour"] = json!("red")), ("unknown-field".to_owned(), vec!["/colour unknown-field".to_owned()]));
        assert_eq!(shape(|d| d["rounds"][0]["opens"] = json!("x")).1, ["/rounds/0/opens unknown-field"]);
        assert_eq!(shape(|d| d["sectors"][0]["label"] = json!("Civil")).0, "wrong-type");
        assert_eq!(shape(|d| d["sectors"][0]["label"] = json!(["Civil", "Civil"])).0, "wrong-type", "an array is no object");
        assert_eq!(shape(|d| *d = json!([])).0, "wrong-type");
        assert_eq!(shape(|d| drop(d.as_object_mut().expect("an object").remove("slug"))).1, ["/slug missing-field"]);
        let twice = api.put("/v1/alliances/prove").token(api.operator())
            .raw("application/json", br#"{"slug": "prove", "name": {"da": "A", "en": "A", "da": "B"}}"#).send();
        assert_eq!((twice.problem(400), twice.faults()), ("duplicate-key", vec!["/name/da duplicate-key".to_owned()]));
    }

    fn what_is_in_use_stays_and_its_users_are_named(api) {
        let scene = Scene::new(api);
        let partner = scene.admit_with(json!({"name": "A", "sector": "civil", "objectives": ["areas"]}));
        scene.commit(&partner, "nat-A", "");
        scene.initiative(&partner, "I", json!({"focusAreas": ["nat-A", "own-1"]}));
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        let size = scene.journal_size();
        let refused = changed(&scene, |document| {
            document["sectors"] = json!([labelled("region")]);
            document["objectives"] = json!([]);
            document["focusAreas"] = json!([]);
            document["indicators"] = json!([]);
            document["questions"] = json!([]);
            document["rounds"] = json!([]);
        });
        assert_eq!(refused.problem(409), "in-use");
        assert_eq!(refused.faults(), ["/sectors in-use", "/objectives in-use", "/focusAreas in-use", "/focusAreas in-use",
            "/rounds in-use", "/questions in-use"]);
        let details: Vec<_> = refused.body["errors"].as_array().expect("faults").iter()
            .map(|e| e["detail"].as_str().unwrap_or_default().to_owned()).collect();
        assert!(details[0].contains("civil") && details[0].contains("1 partner"), "{details:?}");
        assert!(details[2].contains("nat-A") && details[2].contains("1 valgt indsatsområde og 1 initiativ"), "{details:?}");
        assert!(details[4].contains("open") && details[4].contains("1 rapport"), "{details:?}");
        assert_eq!(scene.journal_size(), size);
        let unused = changed(&scene, |document| {
            document["sectors"] = json!([labelled("civil")]);
            document["rounds"].as_array_mut().expect("rounds").remove(0);
            document["focusAreas"].as_array_mut().expect("areas").remove(1);
        });
        assert_eq!(unused.status, 200, "{}", unused.text);
    }

    fn an_answered_questions_type_and_choices_are_frozen(api) {
        let choice = json!({"key": "which", "kind": "fact", "type": "choice", "wording": text("Hvilken?"),
            "choices": [labelled("a"), labelled("b")]});
        let scene = Scene::with(api, |document| {
            document["questions"].as_array_mut().expect("questions").push(choice);
            document["rounds"][2]["questions"] = json!(["joined", "which", "reach"]);
        });
        let add = |document: &mut Value| document["questions"][3]["choices"] = json!([labelled("a"), labelled("b"), labelled("c")]);
        let partner = scene.admit("A", "2020-01-01");
        assert_eq!(changed(&scene, add).status, 200, "nobody has answered it yet");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}, "which": {"value": "c"}}));
        let fewer = changed(&scene, |document| document["questions"][3]["choices"] = json!([labelled("a"), labelled("c")]));
        assert_eq!((fewer.problem(409), fewer.faults()), ("in-use", vec!["/questions/3/choices in-use".to_owned()]));
        let other = changed(&scene, |document| {
            document["questions"][0]["type"] = json!("text");
            document["questions"][1]["type"] = json!("text");
            for field in ["min", "max", "decimals"] {
                document["questions"][1].as_object_mut().expect("a question").remove(field);
            }
        });
        assert_eq!(other.faults(), ["/questions/0/type in-use"], "reach is not answered");
        let words = changed(&scene, |document| {
            document["questions"][3]["choices"][0]["label"] = text("Et bedre ord");
            document["questions"][0]["wording"] = text("Er I med?");
        });
        assert_eq!(words.status, 200, "labels may be mended: {}", words.text);
    }

    fn a_report_keeps_the_programme_that_it_was_submitted_under(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("A", "2020-01-01");
        changed(&scene, |document| document["decimals"] = json!(1));
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        changed(&scene, |document| document["decimals"] = json!(2));
        let version = scene.read(&format!("/reports/open/{partner}/versions/1"));
        assert_eq!(version["programmeVersion"], 2);
    }

    fn a_new_rule_moves_its_figure_at_once(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("A", "2020-01-01");
        scene.submit("open", &partner, json!({"joined": {"value": "no"}}));
        assert_eq!(scene.tally("joined", ""), [0, 1, 0, 0, 0]);
        changed(&scene, |document| document["indicators"][0]["counts"] = json!("answer == 'no'"));
        assert_eq!(scene.tally("joined", ""), [1, 0, 0, 0, 0]);
        changed(&scene, |document| drop(document["indicators"].as_array_mut().expect("list").remove(0)));
        let gone = scene.get("/figures/joined").token(&scene.auditor).send();
        assert_eq!(gone.problem(404), "not-found");
    }

    fn the_parts_of_a_programme_are_lists_that_everyone_may_read(api) {
        let scene = Scene::new(api);
        let document = scene.get("").send().body;
        for (path, part) in [("focus-areas", "focusAreas"), ("questions", "questions"), ("indicators", "indicators")] {
            assert_eq!(scene.get(&format!("/{path}")).send().body["items"], document[part], "{path}");
        }
        changed(&scene, |document| document["rounds"].as_array_mut().expect("rounds").reverse());
        let rounds = scene.get("/rounds?count=true").send().body;
        assert_eq!(column(&rounds, "key"), ["closed", "past", "open", "future"], "by deadline");
        assert_eq!(rounds["totalCount"], 4);
        let first = scene.get("/rounds?limit=3").send();
        let next = first.body["next"].as_str().expect("more");
        assert_eq!(first.header("link"), format!("<{next}>; rel=\"next\""));
        assert_eq!(column(&api.get(next).send().body, "key"), ["future"]);
    }

    fn the_programmes_in_the_repository_apply_without_faults(api) {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("programmes");
        let mut applied = 0;
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.extension().is_none_or(|ending| ending != "toml") {
                continue;
            }
            let toml = std::fs::read_to_string(&entry).expect("TOML");
            let document: facit::domain::programme::ProgrammeDocument = toml::from_str(&toml).expect("a programme");
            let body = serde_json::to_value(&document).expect("JSON");
            let created = put(api, &document.slug, &body, None, api.operator());
            assert_eq!(created.status, 201, "{}: {}", entry.display(), created.text);
            let again = put(api, &document.slug, &body, Some(created.etag()), api.operator());
            assert_eq!((again.status, again.etag()), (200, created.etag()));
            applied += 1;
        }
        assert_eq!(applied, 2);
    }
}
