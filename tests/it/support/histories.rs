//! Random histories of an alliance, played through the services in one database.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use facit::db::{Conn, Db};
use facit::domain::dates::{date, instant};
use facit::domain::extension::GrantExtension;
use facit::domain::id::PartnerId;
use facit::domain::partner::{Departure, Rejoining};
use facit::domain::programme::ProgrammeDocument;
use facit::domain::report::{AcceptReport, Point, ReopenReport, ReportBody, ReturnReport, Waiver};
use facit::service::patch::Seen;
use facit::service::programmes::{self, Condition, InForce};
use facit::service::reports::{self, ReportAt};
use facit::service::{Ctx, Error, Result, commitments, extensions, initiatives, partners};
use facit::store;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::programme::{small, text};

pub const SLUG: &str = "prove";
const SECTORS: [&str; 3] = ["civil", "municipality", "region"];
const REGIONS: [Option<&str>; 3] = [None, Some("1083"), Some("1084")];
const AREAS: [&str; 3] = ["nat-A", "nat-B", "own-1"];
const ROUNDS: [&str; 3] = ["past", "open", "next"];
const STATUSES: [&str; 3] = ["planned", "running", "completed"];
/// How many programmes there are to change between.
const PROGRAMMES: usize = 6;

/// What happens; often what often happens.
#[derive(Debug, Clone, Copy)]
pub enum What {
    Admit,
    Depart,
    Rejoin,
    Move,
    Correct,
    Rename,
    Commit,
    Goal,
    Uncommit,
    Start,
    Share,
    Lead,
    Status,
    Delete,
    Report,
    Withdraw,
    Return,
    Accept,
    Reopen,
    Extend,
    Shorten,
    Programme,
}

/// One thing that happens, to whoever `who` and `other` stand for by then.
#[derive(Clone)]
pub struct Step {
    what: What,
    who: usize,
    other: usize,
    day: i64,
    flag: bool,
}

impl std::fmt::Debug for Step {
    /// One line, so that a history can be read.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}({}, {}, {}, {})", self.what, self.who, self.other, self.day, self.flag)
    }
}

pub fn steps() -> impl Strategy<Value = Vec<Step>> {
    use What::*;
    let often = vec![
        Admit, Admit, Admit, Depart, Depart, Rejoin, Rejoin, Move, Correct, Rename, Commit, Commit,
        Goal, Uncommit, Start, Start, Share, Lead, Status, Delete, Report, Report, Report, Report,
        Withdraw, Return, Return, Accept, Accept, Reopen, Extend, Shorten, Programme,
    ];
    let step = (prop::sample::select(often), 0..100_usize, 0..100_usize, 0..1800_i64, any::<bool>())
        .prop_map(|(what, who, other, day, flag)| Step { what, who, other, day, flag });
    prop::collection::vec(step, 25..35)
}

/// Whose record each journal entry touched.
pub type Touched = BTreeMap<i64, BTreeSet<PartnerId>>;

pub fn begun() -> DateTime<Utc> {
    instant("2022-06-01T08:00:00Z").expect("an instant")
}

/// Plays a history in a new alliance. What is refused leaves nothing behind.
pub fn play(db: &Db, steps: &[Step]) -> Touched {
    play_watched(db, steps, |_| {})
}

/// The same, telling the size of the journal after each step that was taken.
pub fn play_watched(db: &Db, steps: &[Step], mut watch: impl FnMut(i64)) -> Touched {
    let mut touched = Touched::new();
    let first = Step { what: What::Programme, who: 0, other: 0, day: 0, flag: false };
    let admit = |day| Step { what: What::Admit, who: 0, other: 1, day, flag: true };
    let start = |who| Step { what: What::Start, who, other: 1, day: 3, flag: false };
    let opening = [first, admit(200), admit(400), start(0), start(1)];
    for (hour, step) in (0..).zip(opening.iter().chain(steps)) {
        let ctx = Ctx::installation(begun() + Duration::hours(hour));
        let played = db.write_now(|conn| {
            let of = happen(conn, &ctx, step)?;
            let alliance = programmes::in_force(conn, SLUG)?;
            let size = store::journal::head(conn, alliance.id)?.map_or(0, |head| head.size);
            Ok::<_, Error>((size, of))
        });
        match played {
            Ok((size, of)) => {
                touched.entry(size).or_default().extend(of);
                watch(size);
            }
            Err(Error::Refused(_)) => {}
            Err(failed) => panic!("{step:?}: {failed}"),
        }
    }
    touched
}

fn day(number: i64) -> NaiveDate {
    date("2019-06-01").expect("a date") + Duration::days(number)
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a body")
}

fn pick<T: Clone>(items: &[T], number: usize) -> Result<T> {
    if items.is_empty() { Err(Error::absent()) } else { Ok(items[number % items.len()].clone()) }
}

fn happen(conn: &mut Conn, ctx: &Ctx, step: &Step) -> Result<BTreeSet<PartnerId>> {
    if let What::Programme = step.what {
        let document = document(step.other % PROGRAMMES);
        let applied = programmes::apply(conn, ctx, SLUG, document, &Condition::None)?;
        return Ok(store::partners::all_ids(conn, applied.in_force.id)?.into_iter().collect());
    }
    let alliance = &programmes::in_force(conn, SLUG)?;
    let everyone = store::partners::all_ids(conn, alliance.id)?;
    match step.what {
        What::Programme => Ok(BTreeSet::new()),
        What::Admit => {
            let joined_on = (step.flag || step.day % 3 > 0).then(|| day(step.day).to_string());
            let body = json!({"name": format!("Nr. {}", everyone.len()), "sector": pick(&SECTORS, step.other)?,
                "region": pick(&REGIONS, step.who)?, "joinedOn": joined_on});
            Ok(BTreeSet::from([partners::admit(conn, ctx, alliance, &from(body))?.id]))
        }
        What::Depart | What::Rejoin | What::Move | What::Correct | What::Rename => {
            let who = pick(&everyone, step.who)?;
            membership(conn, ctx, alliance, step, who)?;
            Ok(BTreeSet::from([who]))
        }
        What::Commit | What::Goal | What::Uncommit => commitment(conn, ctx, alliance, step, &everyone),
        What::Start | What::Share | What::Lead | What::Status | What::Delete => {
            initiative(conn, ctx, alliance, step, &everyone)
        }
        What::Report | What::Withdraw | What::Return | What::Accept | What::Reopen => {
            let who = reporting(conn, alliance, step, &everyone)?;
            report(conn, ctx, alliance, step, who)?;
            Ok(BTreeSet::from([who]))
        }
        // A deadline touches nobody's record.
        What::Extend | What::Shorten => {
            let who = pick(&everyone, step.who)?;
            extension(conn, ctx, alliance, step, who)?;
            Ok(BTreeSet::new())
        }
    }
}

fn membership(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    step: &Step,
    who: PartnerId,
) -> Result<()> {
    let on = day(step.day).to_string();
    let change = match step.what {
        What::Depart => {
            let body = Departure { left_on: on, reason: "Lukket".to_owned() };
            return partners::depart(conn, ctx, alliance, who, None, &body).map(drop);
        }
        What::Rejoin => {
            return partners::rejoin(conn, ctx, alliance, who, None, &Rejoining { joined_on: on })
                .map(drop);
        }
        What::Move => {
            json!({"sector": pick(&SECTORS, step.other)?, "region": pick(&REGIONS, step.other / 3)?})
        }
        What::Rename => json!({"name": format!("Ny nr. {}", step.day)}),
        _ => json!({"joinedOn": step.flag.then_some(on)}),
    };
    partners::update(conn, ctx, alliance, who, Some(&Seen::Any), &change).map(drop)
}

fn commitment(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    step: &Step,
    everyone: &[PartnerId],
) -> Result<BTreeSet<PartnerId>> {
    let goal = if step.flag { "Mål" } else { "" };
    if let What::Commit = step.what {
        let who = pick(everyone, step.who)?;
        let body = json!({"focusArea": pick(&AREAS, step.other)?, "goal": goal});
        return Ok(BTreeSet::from([commitments::make(conn, ctx, alliance, who, &from(body))?.partner]));
    }
    let made = store::commitments::of_partners(conn, everyone)?;
    let one = pick(&made, step.who)?;
    match step.what {
        What::Goal => {
            commitments::update(conn, ctx, alliance, one.id, Some(&Seen::Any), &json!({"goal": goal}))?;
        }
        _ => commitments::delete(conn, ctx, alliance, one.id, Some(&Seen::Any))?,
    }
    Ok(BTreeSet::from([one.partner]))
}

fn initiative(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    step: &Step,
    everyone: &[PartnerId],
) -> Result<BTreeSet<PartnerId>> {
    let (who, other) = (pick(everyone, step.who)?, pick(everyone, step.other)?);
    let status = pick(&STATUSES, step.other)?;
    if let What::Start = step.what {
        let with = if step.flag { vec![other] } else { Vec::new() };
        let body = json!({"title": "Fælles", "leadPartner": who, "partners": with, "status": status,
            "focusAreas": about(step)});
        let started = initiatives::create(conn, ctx, alliance, &from(body))?;
        return Ok(started.partners.into_iter().collect());
    }
    let before = pick(&store::initiatives::all(conn, alliance.id)?, step.who)?;
    let change = match step.what {
        What::Share if step.flag => json!({"partners": [other, who]}),
        What::Share => json!({"partners": []}),
        What::Lead => json!({"leadPartner": other}),
        What::Status if step.flag => json!({"focusAreas": about(step)}),
        _ => json!({"status": status}),
    };
    if let What::Delete = step.what {
        initiatives::delete(conn, ctx, alliance, before.id, Some(&Seen::Any))?;
        return Ok(before.partners.into_iter().collect());
    }
    let after = initiatives::update(conn, ctx, alliance, before.id, Some(&Seen::Any), &change)?;
    Ok(before.partners.into_iter().chain(after.partners).collect())
}

/// What an initiative is about: any of the focus areas, or none.
fn about(step: &Step) -> Vec<&'static str> {
    let chosen = |(place, _): &(usize, &&str)| (step.day >> place) & 1 == 1;
    AREAS.iter().enumerate().filter(chosen).map(|(_, area)| *area).collect()
}

/// Anybody; mostly somebody who leads an initiative, whose outcomes can be added up.
fn reporting(
    conn: &mut Conn,
    alliance: &InForce,
    step: &Step,
    everyone: &[PartnerId],
) -> Result<PartnerId> {
    let anybody = pick(everyone, step.who)?;
    let initiatives = store::initiatives::all(conn, alliance.id)?;
    match pick(&initiatives, step.who) {
        Ok(initiative) if !step.other.is_multiple_of(4) => Ok(initiative.lead_partner),
        _ => Ok(anybody),
    }
}

fn extension(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, step: &Step, who: PartnerId) -> Result<()> {
    let at = &ReportAt { round: pick(&ROUNDS, step.other)?.to_owned(), partner: who };
    if let What::Shorten = step.what {
        return extensions::withdraw(conn, ctx, alliance, at, Some(&Seen::Any));
    }
    let there = store::extensions::find(conn, alliance.id, &at.round, who)?;
    let seen = there.map(|_| Seen::Any);
    let until = format!("{}T12:00:00Z", day(step.day));
    let body = GrantExtension { until, reason: "Sygdom".to_owned() };
    extensions::grant(conn, ctx, alliance, at, seen.as_ref(), &body).map(drop)
}

fn report(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, step: &Step, who: PartnerId) -> Result<()> {
    let at = &ReportAt { round: pick(&ROUNDS, step.other)?.to_owned(), partner: who };
    match step.what {
        What::Report => {
            let answers = [
                json!({"value": "yes"}),
                json!({"value": "no"}),
                json!({"none": "dontKnow"}),
                json!({"none": "notApplicable"}),
            ];
            let mut body = json!({"answers": {"joined": pick(&answers, step.other / 3)?}});
            if step.flag {
                body["answers"]["reach"] = json!({"value": step.day % 3});
            }
            body["initiatives"] = Value::Array(parts(conn, step, who)?);
            let existing = store::reports::find(conn, alliance.id, &at.round, who)?;
            let seen = existing.map(|_| Seen::Any);
            reports::save(conn, ctx, alliance, at, seen.as_ref(), from::<ReportBody>(body))?;
            reports::submit(conn, ctx, alliance, at, None).map(drop)
        }
        What::Withdraw => reports::withdraw(conn, ctx, alliance, at, None).map(drop),
        What::Return => {
            let pointer = pick(&["", "/answers", "/answers/joined", "/answers/reach"], step.other)?;
            let point = json!({"pointer": pointer, "code": "unclear", "detail": "Hvad?"});
            let points = json!({"points": [point]});
            reports::return_with(conn, ctx, alliance, at, None, &from::<ReturnReport>(points)).map(drop)
        }
        What::Accept => {
            let waived = waivers(conn, alliance, at)?.into_iter().filter(|_| step.flag);
            let body = AcceptReport { waived: waived.collect() };
            reports::accept(conn, ctx, alliance, at, None, &body).map(drop)
        }
        _ => {
            let body = ReopenReport { reason: "Ny viden".to_owned() };
            reports::reopen(conn, ctx, alliance, at, None, &body).map(drop)
        }
    }
}

/// What came of the initiatives that the partner leads: amounts with decimals, the largest, below nought
/// and blank ones; outputs beside outcomes, and free text.
fn parts(conn: &mut Conn, step: &Step, who: PartnerId) -> Result<Vec<Value>> {
    let led = store::initiatives::of_partners(conn, &[who])?;
    let led = led.into_iter().filter(|initiative| initiative.lead_partner == who);
    let number = usize::try_from(step.day).unwrap_or_default();
    let part = |(place, initiative): (usize, facit::domain::initiative::Initiative)| {
        let amounts =
            [json!("0.1"), json!("999999999999999999.99"), json!("-2.50"), Value::Null, json!("0")];
        let words = ["selfReported", "documented", "external"];
        let outcome = |measure: &str, kind: &str, more: usize| {
            json!({"measure": measure, "kind": kind, "actual": amounts[(number + place + more) % amounts.len()],
                "verification": words[(number + more) % words.len()]})
        };
        let all = [
            outcome("hours", "outcome", 0),
            outcome("hours", "output", step.other),
            outcome("andet", "outcome", 1),
        ];
        // All of them, or but the first, or but the last, or none.
        let chosen = all.get(number / 5 % 2..3 - number / 10 % 3).unwrap_or_default();
        json!({"initiative": initiative.id, "outcomes": chosen})
    };
    Ok(led.enumerate().map(part).collect())
}

/// One for each open point.
fn waivers(conn: &mut Conn, alliance: &InForce, at: &ReportAt) -> Result<Vec<Waiver>> {
    let report = store::reports::find(conn, alliance.id, &at.round, at.partner)?;
    let report = report.ok_or_else(Error::absent)?;
    let points = store::report_points::of(conn, report.id)?.into_iter().filter(Point::is_open);
    let waiver = |point: Point| Waiver { point: point.id.to_string(), reason: "Forklaret".to_owned() };
    Ok(points.map(waiver).collect())
}

/// The programmes that a history changes between: other rules, periods, members, and reports that count.
fn document(variant: usize) -> ProgrammeDocument {
    let mut document = small();
    document["endsOn"] = json!("2023-12-31");
    let round = |key: &str, starts_on: &str, ends_on: &str, due_at: &str| {
        json!({"key": key, "label": text(key), "startsOn": starts_on, "endsOn": ends_on, "opensOn": "2020-01-01",
            "dueAt": due_at, "questions": ["joined", "reach"]})
    };
    document["rounds"] = json!([
        round("past", "2020-01-01", "2020-12-31", "2021-01-31T12:00:00Z"),
        round("open", "2021-01-01", "2021-12-31", "2022-06-30T12:00:00Z"),
        round("next", "2022-01-01", "2022-12-31", "2023-01-31T12:00:00Z"),
    ]);
    let share = |key: &str, more: Value| {
        let mut indicator =
            json!({"key": key, "kind": "share", "label": text(key), "counts": "answer == 'yes'"});
        more.as_object()
            .into_iter()
            .flatten()
            .for_each(|(field, value)| indicator[field] = value.clone());
        indicator
    };
    document["measures"] =
        json!([{"key": "hours", "label": text("timer"), "unit": "timer", "decimals": 2}]);
    let sum = |key: &str, more: Value| {
        let mut indicator = json!({"key": key, "kind": "sum", "label": text(key), "measure": "hours"});
        more.as_object()
            .into_iter()
            .flatten()
            .for_each(|(field, value)| indicator[field] = value.clone());
        indicator
    };
    let count = |of: &str, members: &str| json!({"key": format!("{of}_{members}"), "kind": "count", "of": of, "label": text(of), "members": members});
    document["indicators"] = json!([
        share("joined", json!({"question": "joined", "base": "respondents"})),
        share(
            "at_close",
            json!({"question": "joined", "members": "atClose", "applies": "partner.sector != 'region'"})
        ),
        share(
            "pinned",
            json!({"question": "reach", "round": "open", "counts": "answer > 1", "members": "ever"})
        ),
        share("chosen", json!({"counts": "commitments.exists(c, c.goal != '')", "members": "ever"})),
        share("failing", json!({"counts": "initiatives[0].status == 'running'", "base": "respondents"})),
        share(
            "handed_in",
            json!({"counts": "reports.open.state != '' || answers.joined == 'yes'", "members": "atClose"})
        ),
        count("partners", "atClose"),
        count("initiatives", "atClose"),
        count("initiatives", "during"),
        count("reports", "ever"),
        sum("hours", json!({})),
        sum(
            "hours_each",
            json!({"take": "each", "members": "atClose", "applies": "partner.sector != 'region'"})
        ),
        sum("hours_output", json!({"adds": "output", "round": "open", "members": "ever"})),
    ]);
    match variant {
        1 => document["countsFrom"] = json!("accepted"),
        2 => document["startsOn"] = json!("2021-03-01"),
        3 => {
            document["indicators"][0]["counts"] = json!("answer == 'no'");
            document["indicators"][10]["take"] = json!("each");
            document["indicators"][12]["adds"] = json!("outcome");
        }
        4 => drop(document["indicators"].as_array_mut().expect("a list").remove(1)),
        5 => {
            document["indicators"][3]["members"] = json!("atClose");
            document["rounds"][1]["questions"] = json!(["joined"]);
            document["indicators"][2]["round"] = json!("next");
        }
        _ => {}
    }
    from(document)
}
