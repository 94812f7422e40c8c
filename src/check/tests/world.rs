//! The alliance that the tests look at.

use std::path::PathBuf;

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::auth::notes::{NoteKey, Signer};
use crate::db::{Conn, Db, Target};
use crate::domain::commitment::MakeCommitment;
use crate::domain::dates::instant;
use crate::domain::extension::GrantExtension;
use crate::domain::id::{AllianceId, InitiativeId, KeyId, PartnerId};
use crate::domain::import::{Counts, FileRead, Kind, Mode};
use crate::domain::initiative::CreateInitiative;
use crate::domain::partner::{AdmitPartner, Departure, Rejoining};
use crate::domain::programme::ProgrammeDocument;
use crate::domain::report::{AcceptReport, ReopenReport, ReportBody, ReturnReport};
use crate::service::imports::{self, Order};
use crate::service::keys::{self, CreateKey};
use crate::service::patch::Seen;
use crate::service::policy::Access;
use crate::service::programmes::{self, Condition, InForce};
use crate::service::reports::{self, ReportAt};
use crate::service::{
    Caller, Ctx, Result, Role, commitments, extensions, initiatives, partners, publications,
};
use crate::store;

pub const SLUG: &str = "demo";

pub struct World {
    pub db: Db,
    path: PathBuf,
    pub partners: Vec<PartnerId>,
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

pub fn at(text: &str) -> DateTime<Utc> {
    instant(text).expect("an instant")
}

pub fn office(now: &str) -> Ctx {
    Ctx::installation(at(now))
}

pub fn as_partner(alliance: AllianceId, partner: PartnerId, now: DateTime<Utc>) -> Ctx {
    let caller = Caller::Key {
        id: KeyId::new(),
        role: Role::Partner,
        alliance: Some(alliance),
        partner: Some(partner),
    };
    Ctx::new(now, caller, Access::of("submit_report"))
}

pub fn from<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).expect("a body")
}

/// The demo's programme with indicators that read what only some rounds ask, loop over an answer, and
/// fail on null.
pub fn document() -> ProgrammeDocument {
    let mut document: ProgrammeDocument =
        toml::from_str(include_str!("../../../programmes/demo.toml")).expect("the demo's programme");
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
        {"key": "projects", "kind": "share", "question": "concrete_projects", "label": {"da": "a", "en": "a"},
         "counts": "answer == 'yes' && answers.reach != null && answers.national_areas == ''",
         "applies": "!(answers.barriers.exists(b, b == 'staff') && size(answers.barriers) < 2)"},
        {"key": "fails", "kind": "share", "label": {"da": "a", "en": "a"}, "members": "atClose",
         "counts": "answers.reach > 3"}
    ]);
    document.indicators.extend(from::<Vec<_>>(more));
    document.measures.push(from(
        json!({"key": "hours", "label": {"da": "Timer", "en": "Hours"}, "unit": "timer", "decimals": 2}),
    ));
    let sums = json!([
        {"key": "hours", "kind": "sum", "measure": "hours", "label": {"da": "a", "en": "a"}, "members": "atClose",
         "applies": "partner.sector != 'other'"},
        {"key": "hours_done", "kind": "sum", "measure": "hours", "adds": "output", "take": "each", "round": "2023H2",
         "label": {"da": "a", "en": "a"}}
    ]);
    document.indicators.extend(from::<Vec<_>>(sums));
    for question in document.questions.iter_mut().filter(|question| question.key == "reach") {
        question.decimals = None;
    }
    document.rounds.retain(|round| round.key != "today");
    document.indicators.retain(|indicator| indicator.key != "today");
    document
}

pub fn world(name: &str) -> World {
    let mut world = empty(name);
    world.partners = world.db.write_now(live).unwrap_or_else(|refused| panic!("{refused}"));
    world
}

/// A database without an alliance.
pub fn empty(name: &str) -> World {
    let path = std::env::temp_dir().join(format!("facit-check-{name}-{}.db", uuid::Uuid::now_v7()));
    let db = Db::open(&Target::parse(&format!("sqlite:{}", path.display())).expect("a target"))
        .expect("a pool");
    db.migrate().expect("migrations");
    World { db, path, partners: Vec::new() }
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
    let led = initiate(conn, &demo, &members)?;
    extend(conn, &demo, &members)?;
    report(conn, &demo, one, two, led)?;
    come_and_go(conn, &demo, one, three)?;
    publish(
        conn,
        json!({"title": "Foreløbige tal", "note": "Uden afslutningen", "indicators": ["hours", "late", "partners", "initiatives"]}),
    )?;
    change(conn)?;
    import(conn)?;
    publish(conn, json!({"title": "Rettede tal", "corrects": 1, "reason": "Reglerne er lavet om"}))?;

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

/// One that the first partner leads, and one that the second does and the first takes part in.
fn initiate(conn: &mut Conn, demo: &InForce, members: &[PartnerId]) -> Result<[InitiativeId; 2]> {
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
    Ok([planned.id, shared.id])
}

fn report(
    conn: &mut Conn,
    demo: &InForce,
    one: PartnerId,
    two: PartnerId,
    [planned, shared]: [InitiativeId; 2],
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
        let initiative = if projects == "yes" { planned } else { shared };
        json!({
            "answers": {
                "concrete_projects": {"value": projects}, "reach": reach, "note": {"value": "Fri tekst"},
                "barriers": {"value": ["staff", "funding"], "comment": "Det er svært"},
                "progress": {"value": " ", "comment": "Vi ved det ikke endnu"},
            },
            "initiatives": [{"initiative": initiative, "progress": "Godt", "learning": "", "outcomes": [
                {"measure": "conversations", "kind": "output", "actual": "17"},
                {"measure": "smoke_free", "kind": "outcome", "actual": "4", "verification": "documented"},
                {"measure": "hours", "kind": "outcome", "actual": "-0.10", "verification": "external"},
                {"measure": "hours", "kind": "output", "unit": "timer"},
                {"measure": "Frit", "kind": "outcome", "actual": "2.5"}]}],
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
        {"pointer": "/initiatives/0/outcomes", "code": "other", "detail": "Og mere"},
    ]});
    reports::return_with(conn, &office, demo, &place, None, &from::<ReturnReport>(points))?;
    hand_in(conn, one, "2023H2", half("yes", json!({"value": 7.25})))?;
    let own = as_partner(demo.id, one, at("2023-12-22T08:00:00Z"));
    reports::withdraw(conn, &own, demo, &place, None)?;
    hand_in(conn, one, "2023H2", half("yes", json!({"value": 1_000_000_000_000_i64})))?;
    waive_and_accept(conn, &office, demo, &place)?;
    reports::accept(conn, &office, demo, &closed, None, &AcceptReport::default())?;
    let body = from::<ReopenReport>(json!({"reason": "En fejl"}));
    reports::reopen(conn, &office, demo, &closed, None, &body)?;
    let place = hand_in(conn, two, "2020H1", half("no", json!({})))?;
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

/// With one point that was never mended.
fn waive_and_accept(conn: &mut Conn, office: &Ctx, demo: &InForce, place: &ReportAt) -> Result<()> {
    let report = reports::find(conn, office, demo, place)?;
    let points = crate::store::report_points::of(conn, report.id)?;
    let open: Vec<_> = points.iter().filter(|point| point.is_open()).collect();
    let [open] = *open else { panic!("one open point: {points:?}") };
    let waived = json!({"waived": [{"point": open.id, "reason": "Forklaret på mødet"}]});
    reports::accept(conn, office, demo, place, None, &from::<AcceptReport>(waived)).map(drop)
}

fn extend(conn: &mut Conn, demo: &InForce, members: &[PartnerId]) -> Result<()> {
    let ctx = office("2023-12-01T08:00:00Z");
    let body = |until: &str| {
        from::<GrantExtension>(json!({"until": until, "reason": "Sygdom i sekretariatet"}))
    };
    for member in members {
        let place = ReportAt { round: "2020H1".to_owned(), partner: *member };
        extensions::grant(conn, &ctx, demo, &place, None, &body("2024-01-05T12:00:00+01:00"))?;
    }
    let [one, two, ..] = members else { panic!("two partners") };
    let place = ReportAt { round: "2020H1".to_owned(), partner: *one };
    extensions::withdraw(conn, &ctx, demo, &place, Some(&Seen::Any))?;
    let place = ReportAt { round: "2020H1".to_owned(), partner: *two };
    let later = body("2024-01-06T12:00:00+01:00");
    extensions::grant(conn, &ctx, demo, &place, Some(&Seen::Any), &later).map(drop)
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

/// Signs with the installation's key, which is made for it.
pub fn signer(conn: &mut Conn) -> Result<Signer> {
    let mut keys = store::installation::note_keys(conn)?;
    if keys.is_empty() {
        keys.push(NoteKey::generate());
        store::installation::insert_note_key(conn, &keys[0], at("2020-01-01T08:00:00Z"))?;
    }
    Ok(Signer { origin: "facit".to_owned(), keys })
}

fn publish(conn: &mut Conn, body: serde_json::Value) -> Result<()> {
    let ctx = office("2024-01-06T08:00:00Z");
    let demo = programmes::in_force(conn, SLUG)?;
    let signer = signer(conn)?;
    publications::publish(conn, &ctx, &demo, &signer, &from(body)).map(drop)
}

fn import(conn: &mut Conn) -> Result<()> {
    let ctx = office("2024-01-05T08:00:00Z");
    let demo = programmes::in_force(conn, SLUG)?;
    let file = "navn;sektor;område\nDvale;other;\nDvale;other;\nNye Ærø;other;Fyn\nAktive Ø;;Bornholm\n";
    let order = Order { kind: Kind::Partners, mode: Mode::Partial, dry_run: false };
    let file =
        FileRead::read(file.as_bytes(), false).map_err(|fault| imports::unreadable(vec![fault]))?;
    let run = imports::run(conn, &ctx, &demo, order, file, &mut |_, _| {})?;
    assert_eq!(run.import.counts, Counts { created: 1, updated: 1, unchanged: 1, refused: 1 });
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
