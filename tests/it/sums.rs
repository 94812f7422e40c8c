//! Outcomes that add up: exactly, each once, output apart from outcome, and never a 0 for silence.

use serde_json::{Value, json};

use crate::support::programme::text;
use crate::support::{Answered, Api, Scene, on_both};

fn sum(key: &str, more: Value) -> Value {
    let mut indicator = json!({"key": key, "kind": "sum", "label": text(key), "measure": "hours"});
    for (field, value) in more.as_object().into_iter().flatten() {
        indicator[field] = value.clone();
    }
    indicator
}

/// Hours at one decimal, money at six, and sums of them.
fn measured(document: &mut Value) {
    document["measures"] = json!([
        {"key": "hours", "label": text("Timer"), "unit": {"da": "timer", "en": "hours"}, "decimals": 1},
        {"key": "money", "label": text("Kroner"), "unit": "kr.", "decimals": 6},
    ]);
    document["indicators"] = json!([
        sum("latest", json!({})),
        sum("each", json!({"take": "each"})),
        sum("output", json!({"adds": "output"})),
        sum("pinned", json!({"round": "past", "take": "each"})),
        sum("money", json!({"measure": "money"})),
        {"key": "partners", "kind": "count", "of": "partners", "label": text("partnere")},
    ]);
}

/// A partner that leads one initiative, by their ids.
fn leading(scene: &Scene, name: &str) -> (String, String) {
    let partner = scene.admit(name, "2020-01-01");
    let initiative = scene.initiative(&partner, name, json!({}));
    (partner, initiative)
}

fn outcome(measure: &str, actual: Option<&str>, more: Value) -> Value {
    let mut outcome = json!({"measure": measure, "kind": "outcome", "actual": actual});
    for (field, value) in more.as_object().into_iter().flatten() {
        outcome[field] = value.clone();
    }
    outcome
}

fn hours(actual: &str) -> Value {
    outcome("hours", Some(actual), json!({}))
}

fn body(initiative: &str, outcomes: Value) -> Value {
    json!({"answers": {"joined": {"value": "yes"}},
        "initiatives": [{"initiative": initiative, "outcomes": outcomes}]})
}

/// Saves and submits what came of one initiative.
fn try_report(
    scene: &Scene,
    round: &str,
    (partner, initiative): &(String, String),
    outcomes: Value,
) -> Answered {
    let saved = scene.save(round, partner, &body(initiative, outcomes));
    assert!(matches!(saved.status, 200 | 201), "{}", saved.text);
    scene.step(round, partner, "submission", &scene.of(partner), &json!({}))
}

fn report(scene: &Scene, round: &str, who: &(String, String), outcomes: Value) -> Value {
    let submitted = try_report(scene, round, who, outcomes);
    assert_eq!(submitted.status, 200, "{}", submitted.text);
    submitted.body
}

fn amount(scene: &Scene, indicator: &str, query: &str) -> Value {
    scene.figure(indicator, query)["amount"].clone()
}

fn nothing_differs(api: &Api, scene: &Scene) {
    let found = api.db.read_now(|conn| facit::check::check(conn, &scene.slug)).expect("a check");
    assert!(found.differences.is_empty() && found.figures > 0, "{:#?}", found.differences);
}

fn remarks(report: &Value, list: &str) -> Vec<String> {
    let remarks = report[list].as_array().expect("remarks").iter();
    remarks
        .map(|remark| {
            format!(
                "{} {}",
                remark["pointer"].as_str().expect("a place"),
                remark["code"].as_str().expect("a code")
            )
        })
        .collect()
}

on_both! {
    fn decimals_are_exact_from_input_to_figure(api) {
        let scene = Scene::with(api, measured);
        let [one, two, three] = ["A", "B", "C"].map(|name| leading(&scene, name));
        report(&scene, "open", &one, json!([hours("0.1"), outcome("money", Some("999999999999.999999"), json!({}))]));
        let documented = json!({"verification": "documented", "unit": "timer"});
        report(&scene, "open", &two, json!([outcome("hours", Some("0.20"), documented), outcome("money", Some("0.000001"), json!({}))]));
        let figure = scene.figure("latest", "");
        assert_eq!((&figure["amount"], figure["value"].to_string()), (&json!("0.3"), "0.3".to_owned()));
        assert_eq!((&figure["amountSelfReported"], &figure["amountDocumented"], &figure["amountExternal"]),
            (&json!("0.1"), &json!("0.2"), &json!("0.0")));
        for (key, value) in [("kind", "sum"), ("measure", "hours"), ("take", "latest"), ("of", "outcome"), ("unit", "timer")] {
            assert_eq!(figure[key], value, "{key}");
        }
        for key in ["percent", "percentText", "ratio", "base", "baseRule", "noPercentBecause", "lowestPercent", "noValueBecause"] {
            assert_eq!(figure[key], Value::Null, "{key}");
        }
        assert_eq!(figure["definition"]["counts"], "");
        let money = scene.figure("money", "");
        assert_eq!((&money["amount"], money["value"].as_f64()), (&json!("1000000000000.000000"), Some(1e12)));
        assert_eq!(money["unit"], "kr.");

        report(&scene, "open", &three, json!([outcome("hours", Some("-0.5"), json!({"verification": "external"})),
            outcome("money", Some("999999999999999999.999999"), json!({}))]));
        assert_eq!(scene.figure("latest", "")["amount"], "-0.2");
        assert_eq!(amount(&scene, "money", ""), "1000000999999999999.999999");
        let english = scene.get("/figures/latest").token(&scene.auditor).english().send();
        assert_eq!(english.body["unit"], "hours");
        let rows = scene.rows("latest", "");
        let of = |row: &Value| (row["amount"].clone(), row["amountExternal"].clone());
        assert_eq!(rows.iter().map(of).collect::<Vec<_>>(),
            [(json!("0.1"), json!("0.0")), (json!("0.2"), json!("0.0")), (json!("-0.5"), json!("-0.5"))]);
        nothing_differs(api, &scene);
    }

    fn csv_has_the_amounts_in_either_dialect(api) {
        let scene = Scene::with(api, measured);
        let one = leading(&scene, "A");
        report(&scene, "open", &one, json!([hours("-12.5")]));
        let cells = |query: &str, delimiter: char| {
            let sheet = scene.get(&format!("/figures{query}")).token(&scene.auditor).header("accept", "text/csv").send();
            assert_eq!(sheet.status, 200, "{}", sheet.text);
            let mut lines = sheet.text.trim_start_matches('\u{feff}').lines();
            let columns: Vec<String> = lines.next().expect("a heading").split(delimiter).map(str::to_owned).collect();
            let first = lines.next().expect("a row").replace(", ", " ");
            let cells: Vec<String> = first.split(delimiter).map(str::to_owned).collect();
            ["value", "amount", "amountSelfReported", "amountDocumented", "measure", "take"].map(|column| {
                let place = columns.iter().position(|name| name == column).expect("a column");
                cells[place].clone()
            })
        };
        assert_eq!(cells("", ','), ["-12.5", "-12.5", "-12.5", "0.0", "hours", "latest"]);
        assert_eq!(cells("?dialect=excel-da", ';'), ["-12,5", "-12,5", "-12,5", "0,0", "hours", "latest"]);
    }

    fn standings_say_who_reported_and_who_did_not(api) {
        let scene = Scene::with(api, |document| {
            measured(document);
            document["indicators"][0]["applies"] = json!("partner.sector != 'region'");
        });
        let empty = scene.figure("latest", "");
        assert_eq!((&empty["value"], &empty["amount"], &empty["noValueBecause"]), (&Value::Null, &Value::Null, &json!("no-members")));
        let [given, blank, other, silent] = ["A", "B", "C", "D"].map(|name| leading(&scene, name));
        let outside = scene.admit_with(json!({"name": "E", "sector": "region", "joinedOn": "2020-01-01"}));
        let none = scene.figure("latest", "");
        assert_eq!((&none["value"], &none["amountExternal"], &none["noValueBecause"]), (&Value::Null, &Value::Null, &json!("nobody-reported")));

        report(&scene, "open", &blank, json!([outcome("hours", None, json!({}))]));
        report(&scene, "open", &other, json!([outcome("Noget andet", Some("7"), json!({}))]));
        assert_eq!(scene.figure("latest", "")["value"], Value::Null, "silence is no 0");
        report(&scene, "open", &given, json!([hours("0")]));
        let figure = scene.figure("latest", "");
        assert_eq!((figure["value"].as_f64(), &figure["amount"], &figure["noValueBecause"]), (Some(0.0), &json!("0.0"), &Value::Null));
        assert_eq!(scene.tally("latest", ""), [1, 1, 1, 1, 1]);
        let expected = [
            (&given.0, "counted", "added"), (&blank.0, "noAnswer", "no-amount"), (&other.0, "notCounted", "no-outcome"),
            (&silent.0, "notSubmitted", "not-submitted"), (&outside, "notApplicable", "does-not-apply"),
        ];
        for (partner, standing, code) in expected {
            assert_eq!(scene.standing("latest", partner), (standing.to_owned(), code.to_owned()));
            let row = &scene.rows("latest", &format!("?partner={partner}"))[0];
            assert_eq!(row["amount"].is_null(), standing != "counted", "{row}");
        }
        let version = format!("/v1/alliances/{}/reports/open/{}/versions/1", scene.slug, given.0);
        let row = &scene.rows("latest", &format!("?partner={}", given.0))[0];
        assert_eq!(row["reason"]["because"], json!([format!("{version}#/initiatives/0/outcomes/0")]));
        assert_eq!(row["reason"]["text"], "De indberettede tal er lagt sammen.");
        nothing_differs(api, &scene);
    }

    fn the_latest_decides_or_each_is_added(api) {
        let scene = Scene::with(api, measured);
        let one = leading(&scene, "A");
        let another = scene.initiative(&one.0, "Endnu et", json!({}));
        report(&scene, "past", &one, json!([hours("10.5")]));
        let both = json!({"answers": {"joined": {"value": "yes"}}, "initiatives": [
            {"initiative": one.1, "outcomes": [hours("12")]}, {"initiative": another, "outcomes": [hours("1.1")]}]});
        assert!(matches!(scene.save("open", &one.0, &both).status, 200 | 201));
        scene.step("open", &one.0, "submission", &scene.of(&one.0), &json!({}));
        let all = |expected: [&str; 5]| {
            let found = [("latest", ""), ("each", ""), ("pinned", ""), ("latest", "?round=past"), ("each", "?round=open")];
            let found = found.map(|(indicator, query)| amount(&scene, indicator, query));
            assert_eq!(found, expected.map(|text| if text.is_empty() { Value::Null } else { json!(text) }));
        };
        all(["13.1", "23.6", "10.5", "10.5", "13.1"]);
        assert_eq!(scene.figure("latest", "")["counted"], 1, "a partner is counted once");

        scene.withdraw("open", &one.0);
        all(["10.5", "10.5", "10.5", "10.5", ""]);
        report(&scene, "open", &one, json!([outcome("hours", None, json!({}))]));
        all(["", "10.5", "10.5", "10.5", ""]);
        assert_eq!(scene.standing("latest", &one.0), ("noAnswer".to_owned(), "no-amount".to_owned()), "blank is never an older value");
        scene.withdraw("open", &one.0);
        report(&scene, "open", &one, json!([outcome("Frit", Some("3"), json!({}))]));
        all(["10.5", "10.5", "10.5", "10.5", ""]);
        nothing_differs(api, &scene);
    }

    fn a_round_can_be_asked_of_a_sum(api) {
        let scene = Scene::with(api, measured);
        let items = scene.get("/figures?round=open").token(&scene.auditor).send().body;
        let named: Vec<&str> = items["items"].as_array().expect("rows").iter().filter_map(|row| row["indicator"].as_str()).collect();
        assert_eq!(named, ["latest", "each", "output", "money"], "neither the one of another round nor the count");
        let get = |path: &str| scene.get(path).token(&scene.auditor).send();
        assert_eq!(get("/figures/partners?round=open").problem(400), "indicator-has-no-round");
        assert_eq!(get("/figures/pinned?round=open").problem(400), "indicator-has-other-round");
        assert_eq!(get("/figures/latest?round=never").problem(422), "invalid");
        assert_eq!(get("/figures/latest/partners?round=open").status, 200);
    }

    fn output_and_outcome_are_never_added_together(api) {
        let scene = Scene::with(api, measured);
        let one = leading(&scene, "A");
        report(&scene, "open", &one, json!([hours("1"), outcome("hours", Some("20"), json!({"kind": "output"}))]));
        assert_eq!((amount(&scene, "latest", ""), amount(&scene, "output", "")), (json!("1.0"), json!("20.0")));
        let figure = scene.figure("output", "");
        assert_eq!((&figure["of"], &figure["counted"]), (&json!("output"), &json!(1)));
    }

    fn groups_add_up_and_small_ones_are_merged_for_readers(api) {
        let scene = Scene::with(api, measured);
        for (i, sector) in ["civil", "civil", "civil", "municipality", "region"].into_iter().enumerate() {
            let partner = scene.admit_with(json!({"name": format!("P{i}"), "sector": sector, "joinedOn": "2020-01-01"}));
            let initiative = scene.initiative(&partner, "I", json!({}));
            report(&scene, "open", &(partner, initiative), json!([hours(&format!("{i}.5"))]));
        }
        let amounts = |token| {
            let found = scene.get("/figures/latest?by=sector").token(token).send();
            let all = found.body["items"].as_array().expect("groups").clone();
            let one = |row: &Value| (row["group"].as_str().expect("a group").to_owned(), row["amount"].as_str().expect("an amount").to_owned());
            (all.iter().map(one).collect::<Vec<_>>(), found.body["whole"]["amount"].clone())
        };
        let named = |all: &[(&str, &str)]| all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
        assert_eq!(amounts(&scene.auditor), (named(&[("civil", "4.5"), ("municipality", "3.5"), ("region", "4.5")]), json!("12.5")));
        let reader = api.role(&scene.slug, "reader", None);
        assert_eq!(amounts(&reader), (named(&[("other", "12.5")]), json!("12.5")), "two would be seen within the three");
    }

    fn an_initiative_that_changes_hands_is_not_added_twice(api) {
        let scene = Scene::with(api, measured);
        let (one, two) = (leading(&scene, "A"), leading(&scene, "B"));
        report(&scene, "past", &one, json!([hours("100")]));
        scene.change(&format!("/initiatives/{}", one.1), json!({"leadPartner": two.0}));
        assert_eq!(amount(&scene, "latest", ""), Value::Null, "the new lead has not reported");
        assert_eq!((amount(&scene, "each", ""), amount(&scene, "pinned", "")), (json!("100.0"), json!("100.0")));
        report(&scene, "open", &(two.0.clone(), one.1.clone()), json!([hours("120")]));
        assert_eq!((amount(&scene, "latest", ""), amount(&scene, "each", "")), (json!("120.0"), json!("220.0")));
        assert_eq!(amount(&scene, "latest", "?round=past"), "100.0", "what a round said stays");
        nothing_differs(api, &scene);
    }

    fn only_the_lead_reports_outcomes(api) {
        let scene = Scene::with(api, measured);
        let (lead, other) = (leading(&scene, "A"), scene.admit("B", "2020-01-01"));
        scene.change(&format!("/initiatives/{}", lead.1), json!({"partners": [lead.0, other]}));
        let refused = try_report(&scene, "open", &(other.clone(), lead.1.clone()), json!([hours("1")]));
        assert_eq!((refused.problem(422), refused.faults()), ("invalid", vec!["/initiatives/0/outcomes not-lead".to_owned()]));
        assert!(refused.text.contains("leder initiativet"), "{}", refused.text);
        assert_eq!(try_report(&scene, "open", &(other, lead.1.clone()), json!([])).status, 200, "progress is everybody's to tell");
        assert_eq!(try_report(&scene, "open", &lead, json!([hours("1")])).status, 200);
        assert_eq!(scene.tally("latest", ""), [1, 1, 0, 0, 0]);
    }

    fn outcomes_of_a_measure_are_in_its_unit_and_no_finer(api) {
        let scene = Scene::with(api, measured);
        let one = leading(&scene, "A");
        let wrong = json!([
            outcome("hours", Some("1.25"), json!({"unit": "dage", "baseline": "0.01", "target": "2.50"})),
            outcome("hours", Some("1"), json!({})),
            outcome("hours", Some("1"), json!({"kind": "output", "unit": "hours"})),
            outcome("timer", Some("1.123456789"), json!({"unit": "dage"})),
        ]);
        let refused = try_report(&scene, "open", &one, wrong);
        assert_eq!(refused.problem(422), "invalid");
        let at = "/initiatives/0/outcomes";
        assert_eq!(refused.faults(), [
            format!("{at}/0/unit wrong-unit"), format!("{at}/0/baseline too-many-decimals"),
            format!("{at}/0/actual too-many-decimals"), format!("{at}/1/measure duplicate"),
        ]);
        let saved = scene.get(&format!("/reports/open/{}", one.0)).token(&scene.of(&one.0)).send();
        assert!(remarks(&saved.body, "warnings").contains(&format!("{at}/3/measure unknown-measure")), "{}", saved.text);
        let fine = json!([outcome("hours", Some("1.2"), json!({"unit": " "})), outcome("timer", Some("1.123456789"), json!({}))]);
        report(&scene, "open", &one, fine);
        assert_eq!(amount(&scene, "latest", ""), "1.2", "free text is not added");
    }

    fn a_programme_without_measures_has_nothing_to_say_of_free_text(api) {
        let scene = Scene::new(api);
        let one = leading(&scene, "A");
        let saved = scene.save("open", &one.0, &body(&one.1, json!([outcome("hours", Some("1"), json!({}))])));
        assert!(!saved.text.contains("unknown-measure"), "{}", saved.text);
        let mut document = scene.get("").send().body;
        assert!(document.get("measures").is_none());
        document["measures"] = json!([{"key": "hours", "label": text("Timer"), "unit": "timer"}]);
        let dry = scene.put("?dryRun=true").token(&scene.secretariat).json(&document).send();
        let found = &dry.body["differences"];
        assert_eq!((&found[0]["change"], &found[0]["place"], &found[1]), (&json!("added"), &json!("measures.hours"), &Value::Null));
    }

    fn a_programme_with_sums_is_checked_as_a_whole(api) {
        let mut document = crate::support::programme::small();
        document["measures"] = json!([
            {"key": "hours", "label": text("Timer"), "unit": "timer"},
            {"key": "hours", "label": text("Timer"), "unit": {"da": "", "en": "hours"}, "decimals": 7},
        ]);
        document["indicators"] = json!([
            sum("a", json!({"measure": "days", "take": "first", "adds": "impact", "of": "partners", "question": "joined",
                "counts": "true", "base": "members", "members": "never"})),
            {"key": "b", "kind": "sum", "label": text("b")},
            {"key": "c", "kind": "share", "label": text("c"), "counts": "true", "measure": "hours", "take": "each", "adds": "output"},
            sum("d", json!({"round": "never", "applies": "nonsense"})),
        ]);
        let refused = api.put("/v1/alliances/prove").token(api.operator()).json(&document).send();
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults(), [
            "/measures/1/key duplicate", "/measures/1/unit/da required", "/measures/1/decimals out-of-range",
            "/indicators/0/of not-for-this-kind", "/indicators/0/question not-for-this-kind",
            "/indicators/0/counts not-for-this-kind", "/indicators/0/base not-for-this-kind",
            "/indicators/0/take not-a-choice", "/indicators/0/adds not-a-choice", "/indicators/0/measure unknown-measure",
            "/indicators/0/members not-a-choice", "/indicators/1/measure required",
            "/indicators/2/measure not-for-this-kind", "/indicators/2/take not-for-this-kind",
            "/indicators/2/adds not-for-this-kind", "/indicators/3/round unknown-round", "/indicators/3/applies rule-unknown-name",
        ]);
        document["indicators"] = json!([]);
        document["measures"] = json!([{"key": "hours", "label": text("Timer"), "unit": ["timer", "hours"]}]);
        let refused = api.put("/v1/alliances/prove").token(api.operator()).json(&document).send();
        assert_eq!((refused.problem(400), refused.faults()), ("wrong-type", vec!["/measures/0/unit wrong-type".to_owned()]));
    }

    fn a_measure_in_use_keeps_its_unit_and_decimals(api) {
        let scene = Scene::with(api, measured);
        let change = |change: &dyn Fn(&mut Value)| {
            let before = scene.get("").send();
            let mut document = before.body.clone();
            change(&mut document);
            scene.put("").token(&scene.secretariat).if_match(before.etag()).json(&document).send()
        };
        assert_eq!(change(&|it| it["measures"][0]["decimals"] = json!(2)).status, 200, "nobody uses it yet");
        let filled = scene.get("").send().body;
        assert_eq!((&filled["indicators"][0]["take"], &filled["indicators"][0]["adds"]), (&json!("latest"), &json!("outcome")));
        assert_eq!(filled["measures"][1]["unit"], json!({"da": "kr.", "en": "kr."}));

        let one = leading(&scene, "A");
        let draft = json!([hours("1.25"), outcome("days", Some("1.5"), json!({"unit": "dage"}))]);
        report(&scene, "open", &one, draft);
        for (field, value) in [("decimals", json!(3)), ("unit", json!("dage"))] {
            let refused = change(&|it| it["measures"][0][field] = value.clone());
            assert_eq!((refused.problem(409), refused.faults()), ("in-use", vec![format!("/measures/0/{field} in-use")]));
        }
        let refused = change(&|it| {
            it["measures"] = json!([]);
            it["indicators"] = json!([]);
        });
        assert_eq!((refused.problem(409), refused.faults()), ("in-use", vec!["/measures in-use".to_owned()]));
        assert!(refused.text.contains("1 rapport"), "{}", refused.text);
        let named = |unit: &str, decimals: i64| json!({"key": "days", "label": text("Dage"), "unit": unit, "decimals": decimals});
        let add = |measure: Value| change(&|it| {
            it["measures"].as_array_mut().expect("measures").push(measure.clone());
            it["indicators"][5] = sum("days", json!({"measure": "days"}));
        });
        let refused = add(named("uger", 0));
        assert_eq!((refused.problem(409), refused.faults()),
            ("in-use", vec!["/measures/2/unit in-use".to_owned(), "/measures/2/decimals in-use".to_owned()]));
        assert_eq!(change(&|it| it["measures"][0]["label"]["da"] = json!("Arbejdstimer")).status, 200);
        assert_eq!(amount(&scene, "latest", ""), "1.25");
        nothing_differs(api, &scene);
    }

    fn a_dry_run_says_what_a_sum_would_come_to(api) {
        let scene = Scene::with(api, measured);
        let one = leading(&scene, "A");
        report(&scene, "past", &one, json!([hours("0.1")]));
        report(&scene, "open", &one, json!([hours("0.2")]));
        let mut document = scene.get("").send().body;
        document["indicators"][0]["take"] = json!("each");
        let dry = scene.put("?dryRun=true").token(&scene.secretariat).json(&document).send();
        assert_eq!(dry.body["differences"][0]["place"], "indicators.latest.take", "{}", dry.text);
        let figure = &dry.body["figures"][0];
        assert_eq!((&figure["from"]["amount"], &figure["to"]["amount"]), (&json!("0.2"), &json!("0.3")));
        assert_eq!((figure["to"]["value"].to_string(), &figure["to"]["amountSelfReported"]), ("0.3".to_owned(), &json!("0.3")));
    }
}
