//! An alliance that has done everything once, and one hand that changes one row.

use chrono::{DateTime, Duration, Utc};
use diesel::connection::SimpleConnection;
use serde_json::json;

use super::{Findings, check, check_installation};
use crate::db::{Conn, Db, Target};
use crate::domain::commitment::MakeCommitment;
use crate::domain::dates::instant;
use crate::domain::id::{AllianceId, InitiativeId, KeyId, PartnerId};
use crate::domain::initiative::CreateInitiative;
use crate::domain::partner::{AdmitPartner, Departure, Rejoining};
use crate::domain::programme::ProgrammeDocument;
use crate::domain::report::{ReopenReport, ReportBody, ReturnReport};
use crate::service::keys::{self, CreateKey};
use crate::service::patch::Seen;
use crate::service::policy::Access;
use crate::service::programmes::{self, Condition, InForce};
use crate::service::reports::{self, ReportAt};
use crate::service::{Caller, Ctx, Result, Role, commitments, initiatives, partners};

const SLUG: &str = "demo";

struct World {
    db: Db,
    path: std::path::PathBuf,
    partners: Vec<PartnerId>,
}

impl Drop for World {
    fn drop(&mut self) {
        for more in ["", "-wal", "-shm"] {
            let mut name = self.path.clone().into_os_string();
            name.push(more);
            let _ = std::fs::remove_file(name);
        }
    }
}

fn at(text: &str) -> DateTime<Utc> {
    instant(text).expect("an instant")
}

fn office(now: &str) -> Ctx {
    Ctx::installation(at(now))
}

fn as_partner(alliance: AllianceId, partner: PartnerId, now: DateTime<Utc>) -> Ctx {
    let caller = Caller::Key {
        id: KeyId::new(),
        role: Role::Partner,
        alliance: Some(alliance),
        partner: Some(partner),
    };
    Ctx { now, caller, access: Access::of("submit_report") }
}

fn from<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("a body")
}

fn document() -> ProgrammeDocument {
    let mut document: ProgrammeDocument =
        toml::from_str(include_str!("../../programmes/demo.toml")).expect("the demo's programme");
    let more = json!([
        {"key": "ever", "kind": "count", "of": "partners", "members": "ever", "label": {"da": "a", "en": "a"},
         "counts": "partner.region != ''"},
        {"key": "late", "kind": "count", "of": "reports", "label": {"da": "a", "en": "a"},
         "counts": "!report.onTime", "applies": "partner.sector != 'region'"},
        {"key": "reached", "kind": "share", "question": "reach", "label": {"da": "a", "en": "a"},
         "counts": "answer > 1.5 && answers.concrete_projects == 'yes'"},
        {"key": "hindered", "kind": "share", "label": {"da": "a", "en": "a"}, "members": "atClose",
         "counts": "answers.barriers.exists(b, b == 'funding') || reports['2023H2'].state == 'returned'"},
        {"key": "progressing", "kind": "share", "label": {"da": "a", "en": "a"}, "counts": "answers.progress != ''"},
        {"key": "fails", "kind": "share", "label": {"da": "a", "en": "a"}, "members": "atClose",
         "counts": "answers.reach > 3"}
    ]);
    document.indicators.extend(from::<Vec<_>>(more));
    for question in document.questions.iter_mut().filter(|question| question.key == "reach") {
        question.decimals = None;
    }
    document.rounds.retain(|round| round.key != "today");
    document.indicators.retain(|indicator| indicator.key != "today");
    document
}

/// `hindered` and `reached` above loop over and read what only some rounds ask, `fails` fails on null.
fn world(name: &str) -> World {
    let path = std::env::temp_dir().join(format!("facit-check-{name}-{}.db", uuid::Uuid::now_v7()));
    let db = Db::open(&Target::parse(&format!("sqlite:{}", path.display())).expect("a target"))
        .expect("a pool");
    db.migrate().expect("migrations");
    let partners = db.write_now(|conn| live(conn)).unwrap_or_else(|refused| panic!("{refused}"));
    World { db, path, partners }
}

fn live(conn: &mut Conn) -> Result<Vec<PartnerId>> {
    let ctx = office("2020-01-01T08:00:00Z");
    let demo = programmes::apply(conn, &ctx, SLUG, document(), &Condition::None)?.in_force;
    let mut members = Vec::new();
    for (i, (name, sector)) in [
        ("Åby Kommune", "municipality"),
        ("3F Æblerød", "region"),
        ("Aktive Ø", "civil_society"),
        ("Dvale", "other"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({
            "name": name, "sector": sector, "region": (i % 2 == 0).then_some("1083"), "area": "national",
            "objectives": ["focusAreas", "solutions"],
            "joinedOn": (i != 3).then(|| format!("202{i}-08-11")), "leftOn": null,
        });
        members.push(partners::admit(conn, &ctx, &demo, &from::<AdmitPartner>(body))?.id);
    }
    let [one, two, three, _] = *members else { panic!("four partners") };
    commit(conn, &demo, &members)?;
    let shared = initiate(conn, &demo, &members)?;
    report(conn, &demo, one, two, shared)?;
    come_and_go(conn, &demo, one, three)?;
    change(conn)?;

    let ctx = office("2024-01-10T08:00:00Z");
    let body = json!({"role": "partner", "name": "Bo", "partner": one, "expiresAt": "2030-01-01T00:00:00+01:00"});
    let key = keys::create(conn, &ctx, Some(demo.id), &from::<CreateKey>(body))?.key;
    keys::revoke(conn, &ctx, key)?;
    keys::create(conn, &ctx, None, &from::<CreateKey>(json!({"role": "operator", "name": "Drift"})))?;
    Ok(members)
}

fn commit(conn: &mut Conn, demo: &InForce, members: &[PartnerId]) -> Result<()> {
    let ctx = office("2021-03-01T08:00:00Z");
    let target = json!({"measure": "samtaler", "unit": "antal", "baseline": "12", "target": "20.5"});
    let mut last = None;
    for member in members {
        for (area, goal) in [("sst2020-K", "Flere samtaler"), ("sst2012-3", ""), ("sst2020-A", "Ro")] {
            let body = json!({"focusArea": area, "goal": goal, "target": target});
            last = Some(commitments::make(conn, &ctx, demo, *member, &from::<MakeCommitment>(body))?);
        }
    }
    let last = last.expect("a commitment");
    let goal = json!({"goal": null, "target": null});
    let last = commitments::update(conn, &ctx, demo, last.id, Some(&Seen::Any), &goal)?;
    commitments::delete(conn, &ctx, demo, last.id, Some(&Seen::Any))
}

fn initiate(conn: &mut Conn, demo: &InForce, members: &[PartnerId]) -> Result<InitiativeId> {
    let ctx = office("2022-03-01T08:00:00Z");
    let [one, two, three, four] = members else { panic!("four partners") };
    let body = |title: &str, status: &str| {
        from::<CreateInitiative>(json!({
            "leadPartner": one, "partners": [two], "title": title, "summary": "Hvad vi gør", "status": status,
            "focusAreas": ["sst2020-K", "sst2012-3"], "stage": ["treatment", "prevention"], "startsOn": "2022-03",
            "beganBeforeJoining": false,
        }))
    };
    let shared = initiatives::create(conn, &ctx, demo, &body("Værestedet", "running"))?;
    let lead = json!({"leadPartner": two, "status": "completed"});
    initiatives::update(conn, &ctx, demo, shared.id, Some(&Seen::Any), &lead)?;
    let planned = initiatives::create(conn, &ctx, demo, &body("Åen", "planned"))?;
    let others = json!({"partners": [three, four], "stage": null});
    initiatives::update(conn, &ctx, demo, planned.id, Some(&Seen::Any), &others)?;
    let gone = initiatives::create(conn, &ctx, demo, &body("Ærlig snak", "stopped"))?;
    initiatives::delete(conn, &ctx, demo, gone.id, Some(&Seen::Any))?;
    Ok(shared.id)
}

fn report(
    conn: &mut Conn,
    demo: &InForce,
    one: PartnerId,
    two: PartnerId,
    shared: InitiativeId,
) -> Result<()> {
    let mut now = at("2023-12-20T08:00:00Z");
    let mut hand_in = |conn: &mut Conn, partner: PartnerId, round: &str, body: serde_json::Value| {
        now += Duration::minutes(1);
        let place = ReportAt { round: round.to_owned(), partner };
        let ctx = as_partner(demo.id, partner, now);
        let there = reports::find(conn, &ctx, demo, &place).is_ok();
        reports::save(conn, &ctx, demo, &place, there.then_some(&Seen::Any), from::<ReportBody>(body))?;
        reports::submit(conn, &ctx, demo, &place, None)?;
        Ok::<_, crate::service::Error>(place)
    };
    let half = |projects: &str, reach: serde_json::Value| {
        json!({
            "answers": {
                "concrete_projects": {"value": projects}, "reach": reach, "note": {"value": "Fri tekst"},
                "barriers": {"value": ["staff", "funding"], "comment": "Det er svært"},
                "progress": {"value": " ", "comment": "Vi ved det ikke endnu"},
            },
            "initiatives": [{"initiative": shared, "progress": "Godt", "learning": "", "outcomes": [
                {"measure": "samtaler", "kind": "output", "actual": "17"}]}],
        })
    };
    let closing = |collaborations: serde_json::Value| {
        json!({"answers": {
            "national_areas": {"value": "yes"}, "new_collaborations": collaborations,
            "contributes_within_five_years": {"none": "dontKnow"},
            "continue_after_2023": {"none": "notApplicable", "comment": "Vi er færdige"},
        }})
    };
    hand_in(conn, one, "2023H1", half("yes", json!({"value": 2.0})))?;
    let place = hand_in(conn, one, "2023H2", half("yes", json!({"value": 0})))?;
    hand_in(conn, two, "2023H2", half("no", json!({"none": "dontKnow"})))?;
    let closed = hand_in(conn, one, "closing", closing(json!({"value": "yes"})))?;
    hand_in(conn, two, "closing", closing(json!({"value": "no"})))?;

    let office = office("2023-12-21T08:00:00Z");
    let points = json!({"points": [
        {"pointer": "/answers/reach", "code": "unclear", "detail": "Hvor mange?"},
        {"pointer": "", "code": "other", "detail": "Og mere"},
    ]});
    reports::return_with(conn, &office, demo, &place, None, &from::<ReturnReport>(points))?;
    hand_in(conn, one, "2023H2", half("yes", json!({"value": 7.25})))?;
    let own = as_partner(demo.id, one, at("2023-12-22T08:00:00Z"));
    reports::withdraw(conn, &own, demo, &place, None)?;
    hand_in(conn, one, "2023H2", half("yes", json!({"value": 1_000_000_000_000_i64})))?;
    reports::accept(conn, &office, demo, &place, None)?;
    reports::accept(conn, &office, demo, &closed, None)?;
    let body = from::<ReopenReport>(json!({"reason": "En fejl"}));
    reports::reopen(conn, &office, demo, &closed, None, &body)?;
    let place = hand_in(conn, two, "2020H1", half("yes", json!({})))?;
    let own = as_partner(demo.id, two, now);
    reports::return_with(
        conn,
        &office,
        demo,
        &place,
        None,
        &from::<ReturnReport>(json!({"points": [{"pointer": "/answers", "code": "x", "detail": "y"}]})),
    )?;
    let draft = ReportAt { round: "2021H1".to_owned(), partner: two };
    reports::save(conn, &own, demo, &draft, None, from::<ReportBody>(json!({})))?;
    Ok(())
}

fn come_and_go(conn: &mut Conn, demo: &InForce, one: PartnerId, three: PartnerId) -> Result<()> {
    let ctx = office("2023-12-30T08:00:00Z");
    let departure = from::<Departure>(json!({"leftOn": "2022-07-01", "reason": "Ophørt"}));
    partners::depart(conn, &ctx, demo, one, None, &departure)?;
    let rejoining = from::<Rejoining>(json!({"joinedOn": "2023-01-01"}));
    partners::rejoin(conn, &ctx, demo, one, None, &rejoining)?;
    let changes =
        json!({"sector": "research_education", "region": null, "partOf": one, "joinedOn": "2020-02-01"});
    partners::update(conn, &ctx, demo, three, Some(&Seen::Any), &changes)?;
    partners::depart(conn, &ctx, demo, three, None, &departure)?;
    Ok(())
}

fn change(conn: &mut Conn) -> Result<()> {
    let ctx = office("2024-01-02T08:00:00Z");
    let mut changed = document();
    changed.counts_from = "accepted".to_owned();
    changed.starts_on = "2020-02-01".to_owned();
    changed.indicators.retain(|indicator| indicator.key != "objective_initiatives");
    programmes::apply(conn, &ctx, SLUG, changed, &Condition::None)?;
    let mut changed = document();
    changed.ends_on = "2024-12-31".to_owned();
    programmes::apply(conn, &ctx, SLUG, changed, &Condition::None)?;
    Ok(())
}

fn listed(found: &Findings) -> String {
    found.differences.iter().map(|difference| format!("{difference}\n")).collect()
}

#[test]
fn an_alliance_that_nobody_touched_by_hand_has_no_differences() {
    let world = world("clean");
    let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
    assert_eq!(found.differences.len(), 0, "{}", listed(&found));
    assert!(found.entries > 40 && found.rows > 50, "{found:?}");
    assert!(found.standings > 200 && found.tallies > 200 && found.figures > 200, "{found:?}");
    let found = world.db.read_now(check_installation).expect("a check");
    assert_eq!((found.entries, found.rows, found.differences), (1, 1, vec![]));
}

#[test]
fn what_was_changed_by_hand_is_named() {
    let world = world("tampered");
    let [one, .., four] = *world.partners else { panic!("partners") };
    let id = one.uuid().simple().to_string();
    let partner = format!("partners/{one}");
    let report = format!("reports/2023H2/{one}");
    let report_id = format!("(SELECT id FROM reports WHERE round = '2023H2' AND partner_id = x'{id}')");
    let cases = [
        (format!("UPDATE partners SET sector = 'other' WHERE id = x'{id}'"), partner.clone()),
        (format!("UPDATE partners SET name_sort = x'00' WHERE id = x'{id}'"), partner.clone()),
        (
            format!("UPDATE memberships SET left_on = '2022-07-02' WHERE partner_id = x'{id}' AND position = 1"),
            format!("{partner}/memberships/1"),
        ),
        (
            format!("DELETE FROM memberships WHERE partner_id = x'{id}' AND position = 2"),
            format!("{partner}/memberships/2"),
        ),
        ("UPDATE commitments SET goal = 'Mere' WHERE goal = 'Flere samtaler'".into(), "commitments/".into()),
        ("DELETE FROM commitments WHERE focus_area = 'sst2012-3'".into(), "commitments/".into()),
        ("UPDATE initiatives SET status = 'stopped' WHERE status = 'completed'".into(), "initiatives/".into()),
        ("DELETE FROM initiative_focus_areas WHERE focus_area = 'sst2012-3'".into(), "initiatives/".into()),
        ("UPDATE initiative_partners SET position = 9 WHERE position = 2".into(), "initiatives/".into()),
        (format!("UPDATE reports SET state = 'returned' WHERE id = {report_id}"), report.clone()),
        (
            format!("UPDATE report_versions SET body = '{{}}' WHERE number = 3 AND report_id = {report_id}"),
            format!("{report}/versions/3"),
        ),
        (
            format!("UPDATE report_versions SET on_time = 0 WHERE number = 1 AND report_id = {report_id}"),
            format!("{report}/versions/1"),
        ),
        (
            format!("DELETE FROM report_initiatives WHERE number = 2 AND report_id = {report_id}"),
            format!("{report}/versions/2/initiatives/"),
        ),
        (
            format!("UPDATE report_points SET closed_by_version = NULL WHERE report_id = {report_id}"),
            format!("{report}/points/"),
        ),
        ("UPDATE programme_versions SET document = document || ' ' WHERE version = 2".into(), "programme/versions/2".into()),
        ("UPDATE alliances SET version = 2".into(), "alliance".into()),
        ("UPDATE keys SET revoked_at = NULL".into(), "keys/".into()),
        (
            "UPDATE standings SET standing = 'counted' WHERE standing = 'noAnswer' AND scope = 'closing'".into(),
            "standings/contributes_within_five_years/closing/".into(),
        ),
        (
            format!("UPDATE standings SET reason = '{{\"code\":\"blank\",\"because\":[]}}' WHERE indicator = 'ever' AND partner_id = x'{id}'"),
            format!("standings/ever//{one}/2020-08-11/"),
        ),
        (
            "UPDATE standings SET to_seq = to_seq + 1 WHERE indicator = 'partners' AND to_seq < 1000".into(),
            "standings/partners//".into(),
        ),
        (
            format!("DELETE FROM standings WHERE indicator = 'partners' AND partner_id = x'{id}'"),
            format!("standings/partners//{one}/2020-08-11/"),
        ),
        (
            "UPDATE tallies SET counted = counted + 1 WHERE indicator = 'partners' AND dimension = 'sector'".into(),
            "tallies/partners//sector/".into(),
        ),
        (
            "INSERT INTO tallies SELECT alliance_id, indicator, scope, dimension, group_key, '2019-01-01', from_seq, \
             to_seq, 1, 0, 0, 0, 0 FROM tallies WHERE indicator = 'partners' AND dimension = 'whole' LIMIT 1"
                .into(),
            "tallies/partners//whole//2019-01-01/".into(),
        ),
        ("DELETE FROM tallies WHERE indicator = 'partners' AND dimension = 'area'".into(), "figures/partners/".into()),
        (
            "UPDATE journal_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'Dvale', 'Svale') AS BLOB)".into(),
            format!("partners/{four}"),
        ),
        (
            "UPDATE journal_entries SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"1083\"', '\"1084\"') AS BLOB) \
             WHERE seq = 2"
                .into(),
            format!("standings/partners//{one}/2020-08-11/2"),
        ),
        ("UPDATE journal_entries SET bytes = CAST('{ }' AS BLOB) WHERE seq = 7".into(), "journal/7".into()),
        ("UPDATE journal_entries SET bytes = x'7b' WHERE seq = 7".into(), "journal/7".into()),
        ("UPDATE journal_entries SET action = 'partner.departed' WHERE seq = 3".into(), "journal/3".into()),
        ("UPDATE journal_entries SET entry_at = '2030-01-01T00:00:00.000000Z' WHERE seq = 3".into(), "journal/4".into()),
        ("UPDATE journal_texts SET text = 'Noget andet' WHERE text = 'Hvor mange?'".into(), "journal/".into()),
        ("UPDATE journal_texts SET pointer = '/after/x' WHERE seq = 6".into(), "journal/6#/after/x".into()),
        ("UPDATE journals SET size = size - 1 WHERE size > 1".into(), "journal/head".into()),
        ("UPDATE partners SET joined_on = 'i går'".into(), "partners".into()),
    ];
    for (statement, address) in cases {
        let found = tampered(&world.db, &statement);
        assert!(
            found
                .differences
                .iter()
                .any(|difference| difference.address.starts_with(&address)),
            "{statement}\n{address}\n{}",
            listed(&found)
        );
    }
    let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
    assert_eq!(found.differences.len(), 0, "{}", listed(&found));
}

#[test]
fn a_redacted_text_is_no_difference() {
    let world = world("redacted");
    let found = tampered(&world.db, "DELETE FROM journal_texts WHERE text <> ''");
    assert_eq!(found.differences.len(), 0, "{}", listed(&found));
}

/// What the check finds after a statement, which is undone.
fn tampered(db: &Db, statement: &str) -> Findings {
    let mut found = None;
    let undone = db.write_now(|conn| {
        conn.batch_execute(statement).expect("a statement");
        found = Some(check(conn, SLUG)?);
        Err::<(), _>(crate::service::Error::absent())
    });
    assert!(undone.is_err());
    found.expect("findings")
}
