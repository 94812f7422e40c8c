//! Extensions: a later deadline for one partner and round, and which deadline decides what.

use chrono::{DateTime, Utc};
use facit::domain::dates::instant;
use facit::service::patch::Seen;
use facit::service::reports::{self, ReportAt};
use facit::service::{Ctx, Error, extensions, programmes};
use facit::store::reports::Report;
use serde_json::{Value, json};

use crate::support::{Answered, Api, Scene, Token, column, on_both};

fn at(text: &str) -> DateTime<Utc> {
    instant(text).expect("an instant")
}

/// What happens to one report in round `r` at times of its own, by the services.
struct Clock<'a> {
    api: &'a Api,
    slug: String,
    place: ReportAt,
}

impl Clock<'_> {
    fn new<'a>(scene: &Scene<'a>) -> Clock<'a> {
        let partner = scene.admit(&uuid::Uuid::new_v4().to_string(), "2020-01-01");
        let partner = facit::domain::id::PartnerId::parse(&partner).expect("an id");
        let place = ReportAt { round: "r".to_owned(), partner };
        Clock { api: scene.api, slug: scene.slug.clone(), place }
    }

    fn submits(&self, now: &str) -> Result<Report, String> {
        let ctx = Ctx::installation(at(now));
        let body = serde_json::from_value(json!({"answers": {"joined": {"value": "yes"}}}));
        let body = body.expect("a body");
        let submitted = self.api.db.write_now(|conn| {
            let alliance = programmes::in_force(conn, &self.slug)?;
            let there = reports::find(conn, &ctx, &alliance, &self.place).is_ok();
            reports::save(conn, &ctx, &alliance, &self.place, there.then_some(&Seen::Any), body)?;
            reports::submit(conn, &ctx, &alliance, &self.place, None)
        });
        submitted.map_err(|refused: Error| refused.to_string())
    }

    fn withdraws(&self, now: &str) -> Result<Report, String> {
        let ctx = Ctx::installation(at(now));
        let withdrawn = self.api.db.write_now(|conn| {
            let alliance = programmes::in_force(conn, &self.slug)?;
            reports::withdraw(conn, &ctx, &alliance, &self.place, None)
        });
        withdrawn.map_err(|refused: Error| refused.to_string())
    }

    /// Until then, or no longer.
    fn extended(&self, now: &str, until: Option<&str>) {
        let ctx = Ctx::installation(at(now));
        let done = self.api.db.write_now(|conn| {
            let alliance = programmes::in_force(conn, &self.slug)?;
            let there = extensions::find(conn, &ctx, &alliance, &self.place).is_ok();
            let seen = there.then_some(&Seen::Any);
            let Some(until) = until else {
                return extensions::withdraw(conn, &ctx, &alliance, &self.place, seen);
            };
            let body = serde_json::from_value(json!({"until": until, "reason": "Sygdom"}));
            let body = body.expect("a body");
            extensions::grant(conn, &ctx, &alliance, &self.place, seen, &body).map(drop)
        });
        done.map_err(|refused: Error| refused.to_string()).expect("done");
    }
}

/// A round that is due then, and closes a month later.
fn due<'a>(api: &'a Api, due_at: &str) -> Scene<'a> {
    Scene::with(api, |document| {
        document["slug"] = json!(format!("r{}", at(due_at).timestamp()));
        let closes_at = at(due_at) + chrono::Duration::days(30);
        document["rounds"] = json!([{"key": "r", "label": {"da": "r", "en": "r"}, "startsOn": "2023-01-01",
            "endsOn": "2023-12-31", "opensOn": "2023-01-01", "dueAt": due_at, "closesAt": closes_at,
            "questions": ["joined"]}]);
    })
}

/// `onTime`, and the deadline on the receipt.
fn receipt(scene: &Scene, partner: &impl std::fmt::Display) -> (Value, Value) {
    let report = scene.read(&format!("/reports/r/{partner}"));
    assert_eq!(report["onTime"], report["receipt"]["onTime"]);
    (report["onTime"].clone(), report["receipt"]["deadline"].clone())
}

on_both! {
    fn the_deadlines_very_second_is_on_time_on_both_nights_when_the_clock_changes(api) {
        // Due, the last moment on time, the first late one.
        for (due_at, last, late) in [
            ("2023-03-26T01:59:59+01:00", "2023-03-26T00:59:59.999999Z", "2023-03-26T01:00:00Z"),
            ("2023-03-26T03:00:00+02:00", "2023-03-26T03:00:00.5+02:00", "2023-03-26T03:00:01+02:00"),
            ("2023-10-29T02:30:00+02:00", "2023-10-29T02:30:00.999+02:00", "2023-10-29T02:30:01+02:00"),
            ("2023-10-29T02:30:00+01:00", "2023-10-29T02:30:00.999+01:00", "2023-10-29T02:30:01+01:00"),
        ] {
            let scene = due(api, due_at);
            let deadline = json!(facit::domain::dates::rfc3339(at(due_at)));
            for (moment, on_time) in [(last, true), (late, false)] {
                let clock = Clock::new(&scene);
                clock.submits(moment).expect("submitted");
                assert_eq!(receipt(&scene, &clock.place.partner), (json!(on_time), deadline.clone()), "{moment}");
            }
        }
    }

    fn an_extension_decides_from_its_grant_on_and_nothing_before(api) {
        // The end of the extension, the last moment on time, the first late one: before and after the clock changes.
        for (until, last, late) in [
            ("2023-03-26T01:59:59+01:00", "2023-03-26T01:59:59.9+01:00", "2023-03-26T03:00:00+02:00"),
            ("2023-03-26T03:00:00+02:00", "2023-03-26T03:00:00.9+02:00", "2023-03-26T03:00:01+02:00"),
            ("2023-10-29T02:59:59+02:00", "2023-10-29T02:59:59.9+02:00", "2023-10-29T02:00:00+01:00"),
            ("2023-10-29T02:59:59+01:00", "2023-10-29T02:59:59.9+01:00", "2023-10-29T03:00:00+01:00"),
        ] {
            let due_at = facit::domain::dates::rfc3339(at(until) - chrono::Duration::hours(20));
            let scene = due(api, &due_at);
            let extended = json!(facit::domain::dates::rfc3339(at(until)));
            let hours = |hours| facit::domain::dates::rfc3339(at(&due_at) + chrono::Duration::hours(hours));
            let verdict = |clock: &Clock| receipt(&scene, &clock.place.partner);

            // Granted before the deadline, and after it but before the submission.
            for granted in [hours(-24), hours(3)] {
                for (moment, on_time) in [(last, true), (late, false)] {
                    let clock = Clock::new(&scene);
                    clock.extended(&granted, Some(until));
                    clock.submits(moment).expect("submitted");
                    assert_eq!(verdict(&clock), (json!(on_time), extended.clone()), "{granted} {moment}");
                    // Withdrawn afterwards, it changes nothing that was found.
                    clock.extended(&hours(48), None);
                    assert_eq!(verdict(&clock), (json!(on_time), extended.clone()));
                }
            }
            // After the submission: it was late, and stays so, also for what is submitted again.
            let clock = Clock::new(&scene);
            let partner = clock.place.partner.to_string();
            clock.submits(&hours(1)).expect("submitted");
            clock.extended(&hours(2), Some(until));
            assert_eq!(verdict(&clock), (json!(false), json!(due_at)));
            scene.step("r", &partner, "return", &scene.secretariat,
                &json!({"points": [{"pointer": "", "code": "unclear", "detail": "Hvad?"}]}));
            clock.submits(&hours(3)).expect("submitted");
            assert_eq!(verdict(&clock), (json!(false), extended.clone()), "the first verdict, under the deadline of now");
            let first = scene.read(&format!("/reports/r/{partner}/versions/1"));
            assert_eq!((&first["receipt"]["deadline"], &first["onTime"]), (&json!(due_at), &json!(false)));
            // Withdrawn before the submission, it is as if it had never been.
            let clock = Clock::new(&scene);
            clock.extended(&hours(-24), Some(until));
            clock.extended(&hours(-12), None);
            clock.submits(&hours(1)).expect("submitted");
            assert_eq!(verdict(&clock), (json!(false), json!(due_at)));
            let found = api.db.read_now(|conn| facit::check::check(conn, &scene.slug)).expect("a check");
            assert!(found.differences.is_empty(), "{:#?}", found.differences);
        }
    }

    fn an_extension_lets_a_partner_withdraw_and_report_after_the_close(api) {
        let scene = due(api, "2023-06-01T12:00:00Z");
        let clock = Clock::new(&scene);
        clock.submits("2023-05-01T12:00:00Z").expect("submitted");
        let refused = clock.withdraws("2023-06-01T12:00:01Z").expect_err("the deadline has passed");
        assert!(refused.starts_with("deadline-passed"), "{refused}");
        clock.extended("2023-08-01T12:00:00Z", Some("2023-08-31T12:00:00Z"));
        clock.withdraws("2023-08-20T12:00:00Z").expect("withdrawn");
        clock.submits("2023-08-31T12:00:00.9Z").expect("the very second, two months after the close");
        assert_eq!(receipt(&scene, &clock.place.partner), (json!(true), json!("2023-08-31T12:00:00.000000Z")));
        let late = Clock::new(&scene);
        late.extended("2023-08-01T12:00:00Z", Some("2023-08-31T12:00:00Z"));
        let refused = late.submits("2023-08-31T12:00:01Z").expect_err("closed");
        assert!(refused.starts_with("round-closed"), "{refused}");
        let other = Clock::new(&scene);
        assert!(other.submits("2023-08-01T12:00:00Z").expect_err("closed").starts_with("round-closed"));
    }

    fn the_first_submissions_time_is_never_overwritten(api) {
        let scene = due(api, "2023-06-01T12:00:00Z");
        let clock = Clock::new(&scene);
        clock.submits("2023-05-01T12:00:00Z").expect("submitted");
        clock.withdraws("2023-05-02T12:00:00Z").expect("withdrawn");
        clock.submits("2023-06-02T12:00:00Z").expect("submitted");
        let report = scene.read(&format!("/reports/r/{}", clock.place.partner));
        assert_eq!((&report["submittedAt"], &report["onTime"]), (&json!("2023-05-01T12:00:00.000000Z"), &json!(true)));
        assert_eq!(report["receipt"]["receivedAt"], "2023-06-02T12:00:00.000000Z");
        let versions = scene.read(&format!("/reports/r/{}/versions", clock.place.partner));
        assert_eq!(column(&versions, "receivedAt"), ["2023-05-01T12:00:00.000000Z", "2023-06-02T12:00:00.000000Z"]);
    }

    fn an_extension_is_granted_changed_and_withdrawn(api) {
        let scene = Scene::new(api);
        let (partner, other) = (scene.admit("En", "2020-01-01"), scene.admit("Anden", "2020-01-01"));
        let path = format!("/rounds/past/extensions/{partner}");
        let body = |until: &str| json!({"until": until, "reason": " Sygdom "});
        let put = |etag: Option<&str>, until: &str| {
            let request = scene.put(&path).token(&scene.secretariat).json(&body(until));
            match etag { Some(etag) => request.if_match(etag).send(), None => request.send() }
        };
        assert_eq!(scene.get(&path).token(&scene.auditor).send().problem(404), "not-found");
        let granted = put(None, "2098-01-31T23:59:59+01:00");
        assert_eq!(granted.status, 201, "{}", granted.text);
        assert_eq!(granted.header("location"), scene.at(&path));
        let (until, version) = (&granted.body["until"], &granted.body["version"]);
        assert_eq!((until, version), (&json!("2098-01-31T22:59:59.000000Z"), &json!(1)));
        assert_eq!((&granted.body["reason"], &granted.body["partner"]), (&json!("Sygdom"), &json!(partner)));
        let size = scene.journal_size();
        assert_eq!(put(None, "2098-02-28T12:00:00Z").problem(428), "if-match-missing");
        assert_eq!(put(Some("\"9-0\""), "2098-02-28T12:00:00Z").problem(412), "stale-version");
        assert_eq!(put(Some(granted.etag()), "2098-01-31T23:59:59+01:00").body["version"], 1, "the same again");
        assert_eq!(scene.journal_size(), size);
        let changed = put(Some(granted.etag()), "2098-02-28T12:00:00Z");
        assert_eq!((changed.status, &changed.body["version"]), (200, &json!(2)));
        assert_eq!(changed.body["grantedAt"], granted.body["grantedAt"]);

        let report = |token: &Token| scene.get(&format!("/reports/past/{partner}")).token(token).send().body;
        scene.save("past", &partner, &json!({"answers": {"joined": {"value": "yes"}}}));
        let own = scene.of(&partner);
        assert_eq!(report(&own)["deadline"], "2098-02-28T12:00:00.000000Z");
        let submitted = scene.step("past", &partner, "submission", &own, &json!({}));
        assert_eq!((&submitted.body["onTime"], &submitted.body["permissions"]["withdraw"]), (&json!(true), &json!(true)));

        scene.save("past", &other, &json!({}));
        scene.put(&format!("/rounds/past/extensions/{other}")).token(&scene.secretariat).json(&body("2098-01-01T00:00:00Z")).send();
        let listed = |token: &Token| {
            column(&scene.get("/rounds/past/extensions").token(token).send().body, "partner")
        };
        assert_eq!(listed(&scene.secretariat), [partner.as_str(), &other]);
        assert_eq!(listed(&scene.auditor), listed(&scene.secretariat));
        assert_eq!((listed(&own), listed(&scene.of(&other))), (vec![partner.clone()], vec![other.clone()]));
        assert_eq!(scene.get(&path).token(&own).send().status, 200);
        assert_eq!(scene.get(&path).token(&scene.of(&other)).send().problem(404), "not-found");
        assert_eq!(scene.put(&path).token(&own).if_match("*").json(&body("2098-03-01T00:00:00Z")).send().problem(403), "forbidden");

        let gone = |etag: &str| scene.delete(&path).token(&scene.secretariat).if_match(etag).send();
        assert_eq!(gone(granted.etag()).problem(412), "stale-version");
        assert_eq!(gone(changed.etag()).status, 204);
        assert_eq!(scene.get(&path).token(&own).send().problem(404), "not-found");
        let after = report(&own);
        assert_eq!((&after["onTime"], &after["receipt"]["deadline"]), (&json!(true), &json!("2098-02-28T12:00:00.000000Z")));
        assert_eq!((&after["deadline"], &after["permissions"]["withdraw"]), (&json!("2020-12-31T22:59:59.000000Z"), &json!(false)));

        let entries = scene.get(&format!("/journal?subject=rounds/past/extensions/{partner}")).token(&scene.auditor).send().body;
        assert_eq!(column(&entries, "action"), ["extension.granted", "extension.changed", "extension.withdrawn"]);
        assert_eq!(column(&entries, "partner"), [partner.as_str(); 3]);
        let first = scene.get(&format!("/journal/{}", entries["items"][0]["seq"])).token(&scene.auditor).send().body;
        assert_eq!(first["after"]["reason"], "Sygdom");
        assert!(!first["canonical"].as_str().expect("bytes").contains("Sygdom"), "texts stand beside the entry");
        let found = api.db.read_now(|conn| facit::check::check(conn, &scene.slug)).expect("a check");
        assert!(found.differences.is_empty(), "{:#?}", found.differences);
    }

    fn an_extension_names_what_there_is_and_ends_after_the_deadline(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("En", "2020-01-01");
        let put = |round: &str, partner: &str, body: Value| -> Answered {
            scene.put(&format!("/rounds/{round}/extensions/{partner}")).token(&scene.secretariat).json(&body).send()
        };
        let good = json!({"until": "2098-01-01T00:00:00Z", "reason": "Sygdom"});
        assert_eq!(put("unknown", &partner, good.clone()).problem(404), "not-found");
        assert_eq!(put("past", &uuid::Uuid::now_v7().to_string(), good.clone()).problem(404), "not-found");
        assert_eq!(put("past", "x", good).problem(404), "not-found");
        for until in ["2020-12-31T23:59:59+01:00", "2020-12-31T22:59:59.000000Z", "2019-01-01T00:00:00Z"] {
            let refused = put("past", &partner, json!({"until": until, "reason": " "}));
            assert_eq!(refused.problem(422), "invalid");
            assert_eq!(refused.faults(), ["/until not-after-due", "/reason required"], "{until}");
        }
        for until in ["2098-01-01", "2098-01-01T00:00:00", "2098-02-30T00:00:00Z", "", "2098-06-30T23:59:60Z", "9999-12-31T23:59:59-02:00"] {
            let refused = put("past", &partner, json!({"until": until, "reason": "Sygdom"}));
            assert_eq!(refused.faults(), ["/until bad-time"], "{until}: {}", refused.text);
        }
        assert_eq!(put("past", &partner, json!({"until": "2098-01-01T00:00:00Z"})).problem(400), "missing-field");
        // The round can't be taken away from under it.
        put("future", &partner, json!({"until": "2100-01-01T00:00:00Z", "reason": "Sygdom"}));
        let before = scene.get("").send();
        let mut document = before.body.clone();
        document["rounds"].as_array_mut().expect("rounds").pop();
        let refused = scene.put("").token(&scene.secretariat).if_match(before.etag()).json(&document).send();
        assert_eq!((refused.problem(409), refused.faults()), ("in-use", vec!["/rounds in-use".to_owned()]));
    }
}
