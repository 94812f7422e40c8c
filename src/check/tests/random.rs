//! Whatever an alliance does, in whatever order, nothing differs.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::listed;
use super::world::{SLUG, as_partner, at, document, empty, from, signer};
use crate::check::check;
use crate::db::{Conn, Db};
use crate::domain::id::{CommitmentId, InitiativeId, PartnerId};
use crate::service::patch::Seen;
use crate::service::programmes::{self, Condition, in_force};
use crate::service::reports::{self, ReportAt};
use crate::service::{Ctx, Error, Result, commitments, extensions, initiatives, partners, publications};

/// A linear congruential generator: the same alliance on every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    fn some<T: Clone>(&mut self, items: &[T]) -> Vec<T> {
        items.iter().filter(|_| self.below(2) == 0).cloned().collect()
    }

    fn day(&mut self) -> Value {
        let (year, month) = (2018 + self.below(7), 1 + self.below(3) * 5);
        self.of(&[json!(format!("{year}-{month:02}-01")), Value::Null])
    }
}

const ROUNDS: [&str; 4] = ["2020H1", "2022H2", "2023H2", "closing"];

#[derive(Default)]
struct Things {
    partners: Vec<PartnerId>,
    commitments: Vec<CommitmentId>,
    initiatives: Vec<InitiativeId>,
}

fn step(conn: &mut Conn, dice: &mut Dice, things: &mut Things, now: DateTime<Utc>) -> Result<()> {
    let demo = in_force(conn, SLUG)?;
    let ctx = &Ctx::installation(now);
    let any = Some(&Seen::Any);
    let partner = dice.of(&things.partners);
    let sector = json!(dice.of(&["municipality", "region", "other"]));
    let region = dice.of(&[json!("1083"), json!("1084"), Value::Null]);
    match dice.below(16) {
        0 => {
            let body = json!({"name": format!("P{}", things.partners.len()), "sector": sector, "region": region,
                "joinedOn": dice.day(), "objectives": dice.some(&["focusAreas", "solutions"])});
            things.partners.push(partners::admit(conn, ctx, &demo, &from(body))?.id);
        }
        1 => {
            let mut changes = json!({"sector": sector, "region": region, "leftOn": dice.day()});
            if dice.below(2) == 0 {
                changes["joinedOn"] = dice.day();
            }
            partners::update(conn, ctx, &demo, partner, any, &changes)?;
        }
        2 => {
            let body =
                json!({"leftOn": dice.day().as_str().unwrap_or("2022-01-01"), "reason": "Derfor"});
            partners::depart(conn, ctx, &demo, partner, None, &from(body))?;
        }
        3 => {
            let body = json!({"joinedOn": dice.day().as_str().unwrap_or("2023-01-01")});
            partners::rejoin(conn, ctx, &demo, partner, None, &from(body))?;
        }
        4 => {
            let goal = dice.of(&["", "Ro", "Mere"]);
            let body =
                json!({"focusArea": dice.of(&["sst2020-A", "sst2020-K", "sst2012-3"]), "goal": goal});
            things
                .commitments
                .push(commitments::make(conn, ctx, &demo, partner, &from(body))?.id);
        }
        5 if !things.commitments.is_empty() => {
            let commitment = dice.of(&things.commitments);
            if dice.below(3) == 0 {
                commitments::delete(conn, ctx, &demo, commitment, any)?;
            } else {
                let changes = json!({"goal": dice.of(&[Value::Null, json!("Nyt")])});
                commitments::update(conn, ctx, &demo, commitment, any, &changes)?;
            }
        }
        6 | 7 => {
            let body = json!({
                "title": "Et værested", "leadPartner": partner, "partners": dice.some(&things.partners),
                "status": dice.of(&[Value::Null, json!("running"), json!("planned")]),
                "focusAreas": dice.some(&["sst2020-A", "sst2020-K"]), "summary": dice.of(&["", "Kort"]),
            });
            if dice.below(2) == 0 || things.initiatives.is_empty() {
                things.initiatives.push(initiatives::create(conn, ctx, &demo, &from(body))?.id);
            } else {
                let initiative = dice.of(&things.initiatives);
                initiatives::update(conn, ctx, &demo, initiative, any, &body)?;
            }
        }
        8 if !things.initiatives.is_empty() && dice.below(3) == 0 => {
            let initiative = dice.of(&things.initiatives);
            initiatives::delete(conn, ctx, &demo, initiative, any)?;
        }
        9 if dice.below(3) == 0 => {
            programmes::apply(conn, ctx, SLUG, changed(dice), &Condition::None)?;
        }
        10 => {
            let place = &ReportAt { round: dice.of(&ROUNDS).to_owned(), partner };
            let there = extensions::find(conn, ctx, &demo, place).is_ok();
            if there && dice.below(2) == 0 {
                extensions::withdraw(conn, ctx, &demo, place, any)?;
            } else {
                let until = format!("202{}-01-15T12:00:00Z", 1 + dice.below(5));
                let body = from(json!({"until": until, "reason": dice.of(&["Sygdom", "Ferie"])}));
                extensions::grant(conn, ctx, &demo, place, any.filter(|_| there), &body)?;
            }
        }
        11 if dice.below(2) == 0 => {
            let editions = crate::store::publications::count(conn, demo.id)?;
            let corrects = (editions > 0 && dice.below(2) == 0).then_some(editions);
            let body = json!({"title": "Tal", "corrects": corrects, "reason": corrects.map(|_| "En fejl"),
                "note": dice.of(&[Value::Null, json!("Se her")])});
            let signer = signer(conn)?;
            publications::publish(conn, ctx, &demo, &signer, &from(body))?;
        }
        _ => report(conn, dice, partner, now)?,
    }
    Ok(())
}

fn report(conn: &mut Conn, dice: &mut Dice, partner: PartnerId, now: DateTime<Utc>) -> Result<()> {
    let demo = in_force(conn, SLUG)?;
    let office = &Ctx::installation(now);
    let own = &as_partner(demo.id, partner, now);
    let place = &ReportAt { round: dice.of(&ROUNDS).to_owned(), partner };
    match dice.below(7) {
        0 => reports::withdraw(conn, own, &demo, place, None)?,
        1 => {
            let pointer =
                dice.of(&["", "/answers", "/answers/note", "/answers/reach/value", "/initiatives"]);
            let points = json!([{"pointer": pointer, "code": "unclear", "detail": "Hvad?"}]);
            reports::return_with(conn, office, &demo, place, None, &from(json!({ "points": points })))?
        }
        2 | 3 => {
            let waived = dice.below(2) == 0;
            let open = match reports::find(conn, own, &demo, place) {
                Ok(report) if waived => crate::store::report_points::of(conn, report.id)?,
                _ => Vec::new(),
            };
            let open = open.iter().filter(|point| point.is_open());
            let waived: Vec<Value> =
                open.map(|point| json!({"point": point.id, "reason": "Ja"})).collect();
            reports::accept(conn, office, &demo, place, None, &from(json!({ "waived": waived })))?
        }
        4 => reports::reopen(conn, office, &demo, place, None, &from(json!({"reason": "En fejl"})))?,
        _ => {
            let there = reports::find(conn, own, &demo, place).is_ok();
            let mut body = body(dice, &place.round);
            body["initiatives"] = parts(conn, dice, partner)?;
            reports::save(conn, own, &demo, place, there.then_some(&Seen::Any), from(body))?;
            reports::submit(conn, own, &demo, place, None)?
        }
    };
    Ok(())
}

/// What came of the initiatives that the partner leads.
fn parts(conn: &mut Conn, dice: &mut Dice, partner: PartnerId) -> Result<Value> {
    let mut parts = Vec::new();
    for initiative in crate::store::initiatives::of_partners(conn, &[partner])? {
        let mut outcomes = Vec::new();
        for (measure, kind) in [
            ("hours", "outcome"),
            ("hours", "output"),
            ("conversations", "output"),
            ("smoke_free", "outcome"),
        ] {
            let actual = dice.of(&[Value::Null, json!("0"), json!("17"), json!("-3.0")]);
            let verification = dice.of(&["selfReported", "documented", "external"]);
            let outcome = json!({"measure": measure, "kind": kind, "actual": actual, "verification": verification});
            outcomes.extend((dice.below(2) == 0).then_some(outcome));
        }
        if initiative.lead_partner == partner {
            parts.push(json!({"initiative": initiative.id, "outcomes": outcomes}));
        }
    }
    Ok(Value::Array(parts))
}

fn body(dice: &mut Dice, round: &str) -> Value {
    let mut yes_or_no = || {
        let comment = dice.of(&["", "Sagt"]);
        let answers = ["yes", "yes", "no"].map(|answer| json!({"value": answer, "comment": comment}));
        let none = ["dontKnow", "notApplicable"].map(|none| json!({"none": none, "comment": comment}));
        dice.of(&[answers.to_vec(), none.to_vec()].concat())
    };
    let (one, other, third) = (yes_or_no(), yes_or_no(), yes_or_no());
    let note = dice.of(&[json!({"value": " ", "comment": "x"}), json!({"value": "Fri"}), json!({})]);
    if round == "closing" {
        return json!({"answers": {"national_areas": one, "new_collaborations": other, "note": note,
            "contributes_within_five_years": third, "continue_after_2023": {"value": "yes"}}});
    }
    let reach =
        dice.of(&[json!({"value": 2}), json!({"value": 2.5}), json!({"value": 1e17}), json!({})]);
    let barriers = json!({"value": dice.some(&["staff", "funding"])});
    json!({"answers": {"concrete_projects": one, "reach": reach, "barriers": barriers, "note": note}})
}

fn changed(dice: &mut Dice) -> crate::domain::programme::ProgrammeDocument {
    let mut changed = document();
    changed.counts_from = dice.of(&["submitted", "accepted"]).to_owned();
    changed.starts_on = dice.of(&["2019-01-01", "2020-01-01", "2021-01-01"]).to_owned();
    changed.indicators.retain(|_| dice.below(5) > 0);
    for indicator in &mut changed.indicators {
        indicator.members = Some(dice.of(&["atClose", "during", "ever"]).to_owned());
        if indicator.round.is_some() && dice.below(2) == 0 {
            indicator.round = None;
        }
        if dice.below(3) == 0 {
            indicator.applies = Some(
                dice.of(&[
                    "partner.sector != 'other'",
                    "commitments.all(c, c.goal != '')",
                    "reports.closing.onTime || reports['2023H2'].state != ''",
                    "initiatives.exists(i, i.lead && i.status == 'running') && period.startsOn < '2023'",
                ])
                .to_owned(),
            );
        }
    }
    for round in changed.rounds.iter_mut().filter(|_| dice.below(4) == 0) {
        round.questions.retain(|question| question != "reach");
        round.due_at = "2024-01-01T00:00:00Z".to_owned();
    }
    changed
}

fn lived(db: &Db, seed: u64, steps: i64) -> i64 {
    let mut dice = Dice(seed);
    let mut things = Things::default();
    let mut now = at("2023-11-20T08:00:00Z");
    db.write_now(|conn| {
        let ctx = Ctx::installation(now);
        let demo = programmes::apply(conn, &ctx, SLUG, document(), &Condition::None)?.in_force;
        for name in ["Æ", "Ø"] {
            let body = json!({"name": name, "sector": "other", "area": "national"});
            things.partners.push(partners::admit(conn, &ctx, &demo, &from(body))?.id);
        }
        Ok::<_, Error>(())
    })
    .expect("a beginning");
    let mut done = 0;
    for _ in 0..steps {
        now += Duration::minutes(dice.below(300) as i64);
        match db.write_now(|conn| step(conn, &mut dice, &mut things, now)) {
            Ok(()) => done += 1,
            Err(Error::Refused(_)) => {}
            Err(failed) => panic!("seed {seed}: {failed}"),
        }
    }
    done
}

#[test]
fn nothing_differs_whatever_an_alliance_does() {
    for seed in 1..=3 {
        let world = empty("random");
        let done = lived(&world.db, seed, 120);
        let found = world.db.read_now(|conn| check(conn, SLUG)).expect("a check");
        assert_eq!(found.differences.len(), 0, "seed {seed}\n{}", listed(&found));
        assert!(done > 40 && found.entries > 40, "{done} of 120 done, {} entries", found.entries);
    }
}
