//! The figure: whose membership puts them in, which report decides, what follows from the tally, and the
//! rows behind it.

use serde_json::{Value, json};

use crate::support::programme::text;
use crate::support::{Scene, on_both, tally};

fn count(key: &str, more: Value) -> Value {
    let mut indicator = json!({"key": key, "kind": "count", "of": "partners", "label": text(key)});
    for (field, value) in more.as_object().into_iter().flatten() {
        indicator[field] = value.clone();
    }
    indicator
}

/// An alliance of 2020 to 2023 with a count of members by each rule.
fn with_members<'a>(api: &'a crate::support::Api) -> Scene<'a> {
    Scene::with(api, |document| {
        document["endsOn"] = json!("2023-12-31");
        document["indicators"] = json!([
            count("atClose", json!({"members": "atClose"})),
            count("during", json!({"members": "during"})),
            count("ever", json!({"members": "ever"})),
        ]);
    })
}

/// How many are in on a day: at close, during, ever.
fn members_on(scene: &Scene, day: &str) -> [i64; 3] {
    ["atClose", "during", "ever"].map(|rule| {
        scene.figure(rule, &format!("?validOn={day}"))["members"]
            .as_i64()
            .expect("a number")
    })
}

on_both! {
    fn membership_begins_on_the_day_of_joining_and_ends_on_the_first_day_outside(api) {
        let scene = with_members(api);
        let partner = scene.admit("Eksempelforeningen", "2021-03-01");
        scene.depart(&partner, "2022-07-01");
        let days = [
            ("2021-02-28", [0, 0, 0]), ("2021-03-01", [1, 1, 1]), ("2022-06-30", [1, 1, 1]),
            ("2022-07-01", [0, 1, 1]), ("2023-12-31", [0, 1, 1]), ("2040-01-01", [0, 1, 1]),
        ];
        for (day, expected) in days {
            assert_eq!(members_on(&scene, day), expected, "on {day}");
        }
    }

    fn only_a_membership_that_overlaps_the_period_counts_during_it(api) {
        let scene = with_members(api);
        let cases = [
            ("left on the period's first day", "2018-01-01", Some("2020-01-01"), 0),
            ("left on the second", "2018-01-01", Some("2020-01-02"), 1),
            ("joined on the last day", "2023-12-31", None, 1),
            ("joined the day after", "2024-01-01", None, 0),
            ("left on the day of joining", "2021-01-01", Some("2021-01-01"), 0),
        ];
        let mut during = 0;
        for (i, (name, joined_on, left_on, expected)) in cases.into_iter().enumerate() {
            let partner = scene.admit(name, joined_on);
            if let Some(left_on) = left_on {
                scene.depart(&partner, left_on);
            }
            during += expected;
            let [_, found, ever] = members_on(&scene, "2030-01-01");
            assert_eq!((found, ever), (during, i as i64 + 1), "{name}");
        }
    }

    fn whoever_rejoins_is_one_member_and_was_none_in_between(api) {
        let scene = with_members(api);
        let partner = scene.admit("Eksempelforeningen", "2020-02-01");
        scene.depart(&partner, "2021-06-01");
        scene.rejoin(&partner, "2022-01-01");
        let days = [
            ("2021-05-31", [1, 1, 1]), ("2021-06-01", [0, 1, 1]), ("2021-12-31", [0, 1, 1]),
            ("2022-01-01", [1, 1, 1]), ("2023-06-01", [1, 1, 1]),
        ];
        for (day, expected) in days {
            assert_eq!(members_on(&scene, day), expected, "on {day}");
        }
        scene.depart(&partner, "2023-01-01");
        scene.rejoin(&partner, "2023-01-01");
        assert_eq!(members_on(&scene, "2022-12-31"), [1, 1, 1]);
        assert_eq!(members_on(&scene, "2023-01-01"), [1, 1, 1]);
    }

    fn an_unknown_joining_date_counts_from_the_alliances_start(api) {
        let scene = with_members(api);
        scene.admit_with(json!({"name": "Ukendt", "sector": "civil"}));
        assert_eq!(members_on(&scene, "2019-12-31"), [0, 0, 0]);
        assert_eq!(members_on(&scene, "2020-01-01"), [1, 1, 1]);
    }

    fn a_figure_is_of_today_or_of_its_periods_last_day(api) {
        let scene = Scene::with(api, |document| {
            document["endsOn"] = json!("2023-12-31");
            document["rounds"][1]["endsOn"] = json!("2020-12-31");
        });
        assert_eq!(scene.figure("joined", "")["validOn"], "2023-12-31");
        assert_eq!(scene.figure("joined", "?round=past")["validOn"], "2020-12-31");
        let today = facit::api::now().with_timezone(&chrono_tz::Europe::Copenhagen).date_naive();
        assert_eq!(scene.figure("joined", "?round=open")["validOn"], today.to_string());
        assert_eq!(scene.figure("joined", "?validOn=2021-05-05")["validOn"], "2021-05-05");
    }

    fn whoever_departs_keeps_its_standing_in_what_went_on_during_the_period(api) {
        let scene = Scene::with(api, |document| {
            let mut at_close = document["indicators"][0].clone();
            at_close["key"] = json!("joined_at_close");
            at_close["members"] = json!("atClose");
            document["indicators"].as_array_mut().expect("indicators").push(at_close);
        });
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        scene.depart(&partner, "2022-01-01");
        assert_eq!(scene.tally("joined", ""), [1, 0, 0, 0, 0]);
        assert_eq!(scene.tally("joined_at_close", ""), [0; 5]);
        assert_eq!(scene.tally("joined_at_close", "?validOn=2021-12-31"), [1, 0, 0, 0, 0]);
    }

    fn the_last_round_that_asks_decides_and_a_blank_there_is_no_older_answer(api) {
        let scene = with_three_rounds(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        assert_eq!(scene.standing("reached", &partner), ("notSubmitted".into(), "not-submitted".into()));
        scene.submit("first", &partner, json!({"reach": {"value": 5}}));
        assert_eq!(scene.standing("reached", &partner).0, "counted");
        scene.submit("third", &partner, json!({"joined": {"value": "yes"}}));
        assert_eq!(scene.standing("reached", &partner).0, "counted", "the third round does not ask it");
        scene.submit("second", &partner, json!({}));
        assert_eq!(scene.standing("reached", &partner), ("noAnswer".into(), "blank".into()));
        assert_eq!(scene.tally("reached", "?round=first"), [1, 0, 0, 0, 0]);
        assert_eq!(scene.tally("reached", "?round=second"), [0, 0, 0, 1, 0]);
    }

    fn a_report_that_is_returned_or_withdrawn_gives_way_to_the_round_before(api) {
        let scene = with_three_rounds(api);
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.submit("first", &partner, json!({"reach": {"value": 5}}));
        scene.submit("second", &partner, json!({"reach": {"value": 0}}));
        assert_eq!(scene.standing("reached", &partner).0, "notCounted");
        scene.send_back("second", &partner);
        assert_eq!(scene.standing("reached", &partner).0, "counted");
        assert_eq!(scene.tally("reached", "?round=second"), [0, 0, 0, 0, 1]);
        assert_eq!(scene.tally("pinned", ""), [0, 0, 0, 0, 1], "a pinned round has no other to fall back on");
        scene.submit("second", &partner, json!({"reach": {"value": 0}}));
        assert_eq!(scene.tally("pinned", ""), [0, 1, 0, 0, 0]);
        scene.withdraw("second", &partner);
        assert_eq!(scene.standing("reached", &partner).0, "counted");
        scene.withdraw("first", &partner);
        assert_eq!(scene.standing("reached", &partner).0, "notSubmitted");
    }

    fn a_round_is_asked_for_only_where_there_is_one(api) {
        let scene = with_three_rounds(api);
        let asked = |path: &str| scene.get(path).token(&scene.auditor).send();
        for indicator in ["chosen", "partners"] {
            let refused = asked(&format!("/figures/{indicator}?round=first"));
            assert_eq!(refused.problem(400), "indicator-has-no-round");
            let refused = asked(&format!("/figures/{indicator}/partners?round=first"));
            assert_eq!(refused.problem(400), "indicator-has-no-round");
        }
        assert_eq!(asked("/figures/reached?round=third").problem(400), "question-not-asked");
        assert_eq!(asked("/figures/pinned?round=first").problem(400), "indicator-has-other-round");
        assert_eq!(asked("/figures/pinned?round=second").body["round"], "second");
        assert_eq!(asked("/figures/reached?round=none").faults(), ["?round unknown-round"]);
        let of = |round: &str| crate::support::column(&asked(&format!("/figures?round={round}")).body, "indicator");
        assert_eq!(of("first"), ["reached"]);
        assert_eq!(of("second"), ["reached", "pinned"]);
        assert_eq!(of("third"), Vec::<String>::new());
        assert_eq!(asked("/figures/none").problem(404), "not-found");
    }

    fn where_only_accepted_reports_count_a_submission_changes_nothing(api) {
        let scene = Scene::with(api, |document| document["countsFrom"] = json!("accepted"));
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        assert_eq!(scene.tally("joined", ""), [0, 0, 0, 0, 1]);
        assert_eq!(scene.figure("reports", "")["value"], 0);
        scene.accept("open", &partner);
        assert_eq!(scene.tally("joined", ""), [1, 0, 0, 0, 0]);
        assert_eq!(scene.figure("reports", "")["value"], 1);
        scene.reopen("open", &partner);
        assert_eq!(scene.tally("joined", ""), [0, 0, 0, 0, 1]);
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        assert_eq!(scene.tally("joined", ""), [0, 0, 0, 0, 1], "only a new acceptance makes it count again");
        scene.accept("open", &partner);
        assert_eq!(scene.tally("joined", ""), [1, 0, 0, 0, 0]);
    }

    fn the_five_standings_are_told_apart(api) {
        let scene = Scene::with(api, |document| {
            document["indicators"][0]["applies"] = json!("partner.sector != 'region'");
        });
        let answers = [
            ("Ja", Some(json!({"value": "yes"})), "counted", "rule-holds"),
            ("Nej", Some(json!({"value": "no"})), "notCounted", "rule-does-not-hold"),
            ("Ved ikke", Some(json!({"none": "dontKnow"})), "noAnswer", "dont-know"),
            ("Ikke relevant", Some(json!({"none": "notApplicable"})), "notApplicable", "not-applicable"),
            ("Tavs", None, "notSubmitted", "not-submitted"),
        ];
        for (name, answer, standing, code) in answers {
            let partner = scene.admit(name, "2020-01-01");
            if let Some(answer) = answer {
                scene.submit("open", &partner, json!({"joined": answer}));
            }
            assert_eq!(scene.standing("joined", &partner), (standing.to_owned(), code.to_owned()), "{name}");
        }
        let silent = json!({"name": "Uden for", "sector": "region", "joinedOn": "2020-01-01"});
        let outside = scene.admit_with(silent);
        assert_eq!(scene.standing("joined", &outside), ("notApplicable".into(), "does-not-apply".into()));
        scene.submit("open", &outside, json!({"joined": {"value": "yes"}}));
        assert_eq!(scene.standing("joined", &outside).0, "notApplicable", "applies comes before the answer");
        let figure = scene.figure("joined", "");
        assert_eq!(tally(&figure), [1, 1, 2, 1, 1]);
        assert_eq!((&figure["members"], &figure["base"]), (&json!(6), &json!(2)));
    }

    fn a_rule_that_fails_is_no_answer_and_refuses_no_write(api) {
        let scene = Scene::with(api, |document| {
            document["indicators"][1]["counts"] = json!("commitments[0].goal != ''");
        });
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        assert_eq!(scene.standing("chosen", &partner), ("noAnswer".into(), "rule-failed".into()));
        let row = &scene.rows("chosen", "")[0];
        assert!(row["reason"]["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{row}");
        scene.commit(&partner, "nat-A", "Flere samtaler");
        assert_eq!(scene.standing("chosen", &partner), ("counted".into(), "rule-holds".into()));
    }

    fn an_initiative_counts_once_and_follows_its_lead(api) {
        let scene = Scene::with(api, |document| document["indicators"][3]["members"] = json!("atClose"));
        let lead = scene.admit("Ansvarlig", "2020-01-01");
        let other =
            scene.admit_with(json!({"name": "Med", "sector": "municipality", "joinedOn": "2020-01-01"}));
        let shared = scene.initiative(&lead, "Fælles", json!({"partners": [other]}));
        scene.initiative(&other, "Planlagt", json!({"status": "planned"}));
        assert_eq!(scene.tally("initiatives", ""), [1, 1, 0, 0, 0]);
        let groups = |query: &str| {
            let rows = scene.figure("initiatives", query)["items"].as_array().expect("groups").clone();
            rows.iter().map(|row| (row["group"].clone(), tally(row))).collect::<Vec<_>>()
        };
        let by_lead = [(json!("civil"), [1, 0, 0, 0, 0]), (json!("municipality"), [0, 1, 0, 0, 0])];
        assert_eq!(groups("?by=sector"), by_lead);
        let rows = scene.rows("initiatives", &format!("?partner={lead}"));
        assert_eq!((rows.len(), &rows[0]["initiative"]), (1, &json!(shared)));
        scene.depart(&lead, "2022-01-01");
        assert_eq!(scene.tally("initiatives", ""), [0, 1, 0, 0, 0], "its lead is outside");
        scene.change(&format!("/initiatives/{shared}"), json!({"leadPartner": other}));
        assert_eq!(scene.tally("initiatives", ""), [1, 1, 0, 0, 0]);
        assert_eq!(groups("?by=sector"), [(json!("municipality"), [1, 1, 0, 0, 0])]);
    }

    fn a_count_of_reports_counts_reports(api) {
        let scene = Scene::with(api, |document| {
            document["indicators"][4]["counts"] = json!("report.onTime");
        });
        let partner = scene.admit("Eksempelforeningen", "2020-01-01");
        scene.submit("open", &partner, json!({"joined": {"value": "yes"}}));
        scene.submit("past", &partner, json!({"joined": {"value": "yes"}}));
        let figure = scene.figure("reports", "");
        assert_eq!(tally(&figure), [1, 1, 0, 0, 0], "the late one does not count");
        assert_eq!((&figure["value"], &figure["of"], &figure["kind"]), (&json!(1), &json!("reports"), &json!("count")));
        let mut reports: Vec<_> = scene.rows("reports", "").iter().map(|row| row["report"].clone()).collect();
        reports.sort_by_key(Value::to_string);
        let address = |round: &str| json!(scene.at(&format!("/reports/{round}/{partner}")));
        assert_eq!(reports, [address("open"), address("past")]);
        scene.withdraw("open", &partner);
        assert_eq!(scene.tally("reports", ""), [0, 1, 0, 0, 0]);
    }
}

/// Rounds `first` and `second` ask for `reach`, `third` does not; all take reports today.
fn with_three_rounds(api: &crate::support::Api) -> Scene<'_> {
    Scene::with(api, |document| {
        let round = |key: &str, due: &str, questions: Value| json!({"key": key, "label": text(key), "opensOn": "2021-01-01", "dueAt": due, "questions": questions});
        document["questions"][0]["required"] = json!(false);
        document["rounds"] = json!([
            round("third", "2098-03-01T12:00:00Z", json!(["joined"])),
            round("first", "2098-01-01T12:00:00Z", json!(["reach"])),
            round("second", "2098-02-01T12:00:00Z", json!(["reach"])),
        ]);
        let reached = json!({"key": "reached", "kind": "share", "label": text("nået"), "question": "reach",
            "counts": "answer > 0"});
        let mut pinned = reached.clone();
        pinned["key"] = json!("pinned");
        pinned["round"] = json!("second");
        let chosen = document["indicators"][1].clone();
        document["indicators"] = json!([reached, pinned, chosen, count("partners", json!({}))]);
    })
}
