//! The demo alliance: 107 invented partners, four years of their commitments, initiatives and reports.
//!
//! All of it passes through the functions that every request passes through, each step with the clock of
//! its own day, so that the journal, the standings and the figures are what they would be had it happened.
//! Nothing but chance with a fixed seed decides what happens; ids and the days of the round that is open
//! today are new each time.

mod activities;
mod dice;
mod goals;
mod names;
mod plan;
mod play;
mod programme;
mod remarks;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Europe::Copenhagen;

use crate::db::{Conn, Db};
use crate::domain::dates::day_in;
use crate::domain::id::{AllianceId, KeyId, PartnerId};
use crate::domain::programme::ProgrammeDocument;
use crate::service::keys::{self, CreateKey};
use crate::service::programmes::{self, Condition, InForce};
use crate::service::{Ctx, Result, Role};
use crate::store;
use dice::{at, earlier, ymd};
use names::OWN;
use plan::{Dated, Plan};
use play::Stage;

/// The address of the demo's alliance.
pub const SLUG: &str = "demo";

/// »facit« in ASCII.
const SEED: u64 = 0x66_61_63_69_74;

/// The day on which the programme is applied and the secretariat gets its key.
const FOUNDED_ON: NaiveDate = ymd(2019, 11, 4);

/// What was made.
#[derive(Debug)]
pub struct Demo {
    /// One for each role.
    pub keys: Vec<DemoKey>,
    /// The size of the alliance's journal.
    pub entries: i64,
}

/// A key to try the demo with.
#[derive(Debug, Clone)]
pub struct DemoKey {
    pub role: Role,
    /// Of a partner's key.
    pub partner_name: Option<String>,
    pub partner_id: Option<PartnerId>,
    pub client_id: String,
    pub secret: String,
}

/// Fills a database that has no alliance `demo` yet.
pub fn fill(db: &Db, now: DateTime<Utc>) -> Result<Demo> {
    let today = day_in(Copenhagen, now);
    let present = programme::present(today)?;
    let historical = programme::historical(&present);
    let (alliance, operator, secretariat) = db.write_now(|conn| found(conn, historical))?;

    let whole = present.clone().check()?;
    let plan = plan::make(&whole, SEED);
    let mut stage = Stage::new(alliance, secretariat.id);
    let is_past = |dated: &Dated| day_in(Copenhagen, dated.at) < programme::opens_on(today);
    let split = plan.steps.iter().position(|dated| !is_past(dated)).unwrap_or(plan.steps.len());
    let (past, recent) = plan.steps.split_at_checked(split).unwrap_or_default();
    for year in past.chunk_by(|one, next| one.at.year() == next.at.year()) {
        db.write_now(|conn| play(conn, &mut stage, &plan, year))?;
    }
    db.write_now(|conn| {
        add_today(conn, &mut stage, present, today)?;
        play(conn, &mut stage, &plan, recent)?;
        let own = stage.partner(&plan, OWN)?;
        let others = hand_out(conn, now, stage.alliance.id, own)?;
        let entries = store::journal::head(conn, stage.alliance.id)?.map_or(0, |head| head.size);
        let keys = [operator.shown, secretariat.shown].into_iter().chain(others).collect();
        Ok(Demo { keys, entries })
    })
}

fn play(conn: &mut Conn, stage: &mut Stage, plan: &Plan, steps: &[Dated]) -> Result<()> {
    steps.iter().try_for_each(|dated| stage.play(conn, plan, dated))
}

/// A key, and what its holder is shown of it.
struct Made {
    id: KeyId,
    shown: DemoKey,
}

/// The alliance, the operator's key and the secretariat's, which acts from now on.
fn found(conn: &mut Conn, document: ProgrammeDocument) -> Result<(InForce, Made, Made)> {
    let ctx = Ctx::installation(at(Copenhagen, FOUNDED_ON, 9 * 3600));
    let operator = key(conn, &ctx, None, Role::Operator, None)?;
    let applied = programmes::apply(conn, &ctx, SLUG, document, &Condition::None)?;
    let secretariat = key(conn, &ctx, Some(applied.in_force.id), Role::Secretariat, None)?;
    Ok((applied.in_force, operator, secretariat))
}

/// The secretariat adds the round that is open today, on the day before it opens.
fn add_today(
    conn: &mut Conn,
    stage: &mut Stage,
    document: ProgrammeDocument,
    today: NaiveDate,
) -> Result<()> {
    let day_before = earlier(programme::opens_on(today), 1);
    let ctx = stage.secretariat(at(Copenhagen, day_before, 13 * 3600), "apply_programme");
    stage.alliance = programmes::apply(conn, &ctx, SLUG, document, &Condition::None)?.in_force;
    Ok(())
}

/// The keys of those who come to look: an auditor, a reader, and one partner.
fn hand_out(
    conn: &mut Conn,
    now: DateTime<Utc>,
    alliance: AllianceId,
    own: PartnerId,
) -> Result<Vec<DemoKey>> {
    let ctx = Ctx::installation(now);
    let wanted = [(Role::Partner, Some(own)), (Role::Auditor, None), (Role::Reader, None)];
    wanted
        .into_iter()
        .map(|(role, own)| Ok(key(conn, &ctx, Some(alliance), role, own)?.shown))
        .collect()
}

fn key(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: Option<AllianceId>,
    role: Role,
    partner: Option<PartnerId>,
) -> Result<Made> {
    let name = match role {
        Role::Operator => "Demoens drift",
        Role::Secretariat => "Demoens sekretariat",
        Role::Partner => OWN,
        Role::Auditor => "Demoens revisor",
        Role::Reader => "Skærmen i hallen",
    };
    let body = CreateKey {
        role: role.word().to_owned(),
        partner: partner.map(|id| id.to_string()),
        name: name.to_owned(),
        expires_at: None,
    };
    let created = keys::create(conn, ctx, alliance, &body)?;
    let id = created.key.id;
    let partner_name = partner.map(|_| OWN.to_owned());
    Ok(Made {
        id,
        shown: DemoKey {
            role,
            partner_name,
            partner_id: partner,
            client_id: id.to_string(),
            secret: created.secret,
        },
    })
}
