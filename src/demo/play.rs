//! Carries a plan out, step by step, through the same functions as every request.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::plan::{Dated, Draft, Handing, Member, Plan, Step};
use crate::db::Conn;
use crate::domain::commitment::MakeCommitment;
use crate::domain::id::{InitiativeId, KeyId, PartnerId};
use crate::domain::initiative::CreateInitiative;
use crate::domain::partner::{AdmitPartner, Departure, Rejoining};
use crate::domain::places;
use crate::domain::report::{AcceptReport, NewPoint, ReportBody, ReportPart, ReturnReport};
use crate::service::patch::Seen;
use crate::service::policy::Access;
use crate::service::programmes::InForce;
use crate::service::reports::{self, ReportAt};
use crate::service::{Caller, Ctx, Error, Result, Role, commitments, initiatives, partners};

/// What is there so far, under the ids that it got.
pub struct Stage {
    pub alliance: InForce,
    secretariat: KeyId,
    /// By the partner's place in the plan.
    partners: HashMap<usize, Player>,
    /// By the initiative's place in the plan.
    initiatives: HashMap<usize, Entered>,
    /// The version of each report that was saved.
    reports: HashMap<Handing, i64>,
}

/// A partner that is there, and who acts for it.
#[derive(Clone, Copy)]
struct Player {
    id: PartnerId,
    actor: KeyId,
}

/// An initiative that is there, as its lead saw it last.
#[derive(Clone, Copy)]
struct Entered {
    id: InitiativeId,
    version: i64,
}

impl Stage {
    pub fn new(alliance: InForce, secretariat: KeyId) -> Stage {
        Stage {
            alliance,
            secretariat,
            partners: HashMap::new(),
            initiatives: HashMap::new(),
            reports: HashMap::new(),
        }
    }

    /// The id that a partner of the plan got.
    pub fn partner(&self, plan: &Plan, name: &str) -> Result<PartnerId> {
        let place = plan.members.iter().position(|member| member.named.name == name);
        let player = place.and_then(|place| self.partners.get(&place)).ok_or_else(Error::absent)?;
        Ok(player.id)
    }

    pub fn play(&mut self, conn: &mut Conn, plan: &Plan, dated: &Dated) -> Result<()> {
        let at = dated.at;
        match &dated.step {
            Step::Admit(member) => self.admit(conn, at, plan, *member),
            Step::Depart { member, reason } => self.depart(conn, at, plan, *member, reason),
            Step::Rejoin(member) => self.rejoin(conn, at, plan, *member),
            Step::Commit { member, body } => self.commit(conn, at, *member, body),
            Step::Begin(initiative) => self.begin(conn, at, plan, *initiative),
            Step::Change { initiative, changes } => self.change(conn, at, plan, *initiative, changes),
            Step::Save { handing, draft } => self.save(conn, at, handing, draft),
            Step::Submit(handing) => self.submit(conn, at, handing),
            Step::Return { handing, point } => self.return_with(conn, at, handing, point),
            Step::Accept(handing) => self.accept(conn, at, handing),
        }
    }

    fn admit(&mut self, conn: &mut Conn, at: DateTime<Utc>, plan: &Plan, place: usize) -> Result<()> {
        let member = known(plan.members.get(place))?;
        let part_of = super::names::PARTS.iter().find(|(part, _)| *part == member.named.name);
        let part_of = part_of.map(|(_, whole)| self.partner(plan, whole)).transpose()?;
        let ctx = self.secretariat(at, "admit_partner");
        let partner = partners::admit(conn, &ctx, &self.alliance, &admission(member, part_of))?;
        self.partners.insert(place, Player { id: partner.id, actor: KeyId::new() });
        Ok(())
    }

    fn depart(
        &mut self,
        conn: &mut Conn,
        at: DateTime<Utc>,
        plan: &Plan,
        place: usize,
        reason: &str,
    ) -> Result<()> {
        let left_on = known(known(plan.members.get(place))?.left_on)?;
        let body = Departure { left_on: left_on.to_string(), reason: reason.to_owned() };
        let ctx = self.secretariat(at, "depart_partner");
        partners::depart(conn, &ctx, &self.alliance, self.player(place)?.id, None, &body)?;
        Ok(())
    }

    fn rejoin(&mut self, conn: &mut Conn, at: DateTime<Utc>, plan: &Plan, place: usize) -> Result<()> {
        let joined_on = known(known(plan.members.get(place))?.rejoined_on)?;
        let body = Rejoining { joined_on: joined_on.to_string() };
        let ctx = self.secretariat(at, "rejoin_partner");
        partners::rejoin(conn, &ctx, &self.alliance, self.player(place)?.id, None, &body)?;
        Ok(())
    }

    fn commit(
        &mut self,
        conn: &mut Conn,
        at: DateTime<Utc>,
        place: usize,
        body: &MakeCommitment,
    ) -> Result<()> {
        let player = self.player(place)?;
        let ctx = self.acting(at, player, "make_commitment");
        commitments::make(conn, &ctx, &self.alliance, player.id, body)?;
        Ok(())
    }

    fn begin(&mut self, conn: &mut Conn, at: DateTime<Utc>, plan: &Plan, place: usize) -> Result<()> {
        let undertaking = known(plan.initiatives.get(place))?;
        let lead = self.player(undertaking.lead)?;
        let mut others = Vec::new();
        for other in &undertaking.others {
            others.push(self.player(*other)?.id.to_string());
        }
        let body = CreateInitiative { partners: others, ..undertaking.body.clone() };
        let ctx = self.acting(at, lead, "create_initiative");
        let initiative = initiatives::create(conn, &ctx, &self.alliance, &body)?;
        self.initiatives
            .insert(place, Entered { id: initiative.id, version: initiative.version });
        Ok(())
    }

    fn change(
        &mut self,
        conn: &mut Conn,
        at: DateTime<Utc>,
        plan: &Plan,
        place: usize,
        changes: &Value,
    ) -> Result<()> {
        let lead = self.player(known(plan.initiatives.get(place))?.lead)?;
        let entered = *known(self.initiatives.get(&place))?;
        let seen = Seen::Versions(vec![entered.version]);
        let ctx = self.acting(at, lead, "update_initiative");
        let initiative =
            initiatives::update(conn, &ctx, &self.alliance, entered.id, Some(&seen), changes)?;
        self.initiatives
            .insert(place, Entered { version: initiative.version, ..entered });
        Ok(())
    }

    fn save(
        &mut self,
        conn: &mut Conn,
        at: DateTime<Utc>,
        handing: &Handing,
        draft: &Draft,
    ) -> Result<()> {
        let player = self.player(handing.member)?;
        let mut parts = Vec::new();
        for (place, part) in &draft.parts {
            let initiative = known(self.initiatives.get(place))?.id.to_string();
            parts.push(ReportPart { initiative, ..part.clone() });
        }
        let body = ReportBody { answers: draft.answers.clone(), initiatives: parts };
        let seen = self.reports.get(handing).map(|version| Seen::Versions(vec![*version]));
        let (ctx, report) = (self.acting(at, player, "save_report"), address(handing, player));
        let (saved, _) = reports::save(conn, &ctx, &self.alliance, &report, seen.as_ref(), body)?;
        self.reports.insert(handing.clone(), saved.version);
        Ok(())
    }

    fn submit(&mut self, conn: &mut Conn, at: DateTime<Utc>, handing: &Handing) -> Result<()> {
        let player = self.player(handing.member)?;
        let ctx = self.acting(at, player, "submit_report");
        let moved = reports::submit(conn, &ctx, &self.alliance, &address(handing, player), None)?;
        self.reports.insert(handing.clone(), moved.version);
        Ok(())
    }

    fn return_with(
        &mut self,
        conn: &mut Conn,
        at: DateTime<Utc>,
        handing: &Handing,
        point: &NewPoint,
    ) -> Result<()> {
        let body = ReturnReport { points: vec![point.clone()] };
        let (ctx, report) =
            (self.secretariat(at, "return_report"), address(handing, self.player(handing.member)?));
        let moved = reports::return_with(conn, &ctx, &self.alliance, &report, None, &body)?;
        self.reports.insert(handing.clone(), moved.version);
        Ok(())
    }

    fn accept(&mut self, conn: &mut Conn, at: DateTime<Utc>, handing: &Handing) -> Result<()> {
        let (ctx, report) =
            (self.secretariat(at, "accept_report"), address(handing, self.player(handing.member)?));
        let moved =
            reports::accept(conn, &ctx, &self.alliance, &report, None, &AcceptReport::default())?;
        self.reports.insert(handing.clone(), moved.version);
        Ok(())
    }

    fn player(&self, place: usize) -> Result<Player> {
        known(self.partners.get(&place).copied())
    }

    /// The secretariat at its work.
    pub fn secretariat(&self, now: DateTime<Utc>, operation: &str) -> Ctx {
        let alliance = Some(self.alliance.id);
        let caller = Caller::Key {
            id: self.secretariat,
            role: Role::Secretariat,
            alliance,
            partner: None,
        };
        Ctx::new(now, caller, Access::of(operation))
    }

    fn acting(&self, now: DateTime<Utc>, player: Player, operation: &str) -> Ctx {
        let alliance = Some(self.alliance.id);
        let caller = Caller::Key {
            id: player.actor,
            role: Role::Partner,
            alliance,
            partner: Some(player.id),
        };
        Ctx::new(now, caller, Access::of(operation))
    }
}

/// A plan names nobody before he is there; if it did, it is as if he were absent.
fn known<T>(found: Option<T>) -> Result<T> {
    found.ok_or_else(Error::absent)
}

fn address(handing: &Handing, player: Player) -> ReportAt {
    ReportAt { round: handing.round.clone(), partner: player.id }
}

fn admission(member: &Member, part_of: Option<PartnerId>) -> AdmitPartner {
    let named = member.named;
    let landsdel = places::landsdel(named.area);
    AdmitPartner {
        name: named.name.to_owned(),
        sector: named.sector.to_owned(),
        region: landsdel.map(|landsdel| landsdel.region.to_owned()),
        municipality: Some(named.municipality.to_owned()).filter(|code| !code.is_empty()),
        area: Some(named.area.to_owned()),
        // Each valid number may be somebody's.
        cvr: None,
        website: website(named.name),
        part_of: part_of.map(|id| id.to_string()),
        objectives: member.objectives.clone(),
        joined_on: Some(member.joined_on.to_string()),
        left_on: None,
    }
}

/// Most have one, under the name that is kept for examples (RFC 2606).
fn website(name: &str) -> Option<String> {
    let letters = name.to_lowercase().replace('æ', "ae").replace('ø', "oe").replace('å', "aa");
    let words: Vec<&str> = letters
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    (!name.len().is_multiple_of(6)).then(|| format!("https://{}.example/", words.join("-")))
}
