//! Initiatives. Several partners may take part in one; its lead answers for it.

use serde_json::Value;

use super::patch::{self, Seen};
use super::programmes::InForce;
use super::{Ctx, Error, Kind, Result, journal, standings};
use crate::db::Conn;
use crate::domain::id::{InitiativeId, PartnerId};
use crate::domain::initiative::{CreateInitiative, Initiative};
use crate::domain::journal::Change;
use crate::domain::text::Fault;
use crate::store;

pub fn create(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    body: &CreateInitiative,
) -> Result<Initiative> {
    let body = &with_own_lead(ctx, alliance, body)?;
    let initiative = check(conn, alliance, body, InitiativeId::new(), 1)?;
    store::initiatives::insert(conn, alliance.id, &initiative)?;
    let after = serde_json::to_value(&initiative).unwrap_or_default();
    record(conn, ctx, alliance, &initiative, &[], "initiative.created", after)?;
    Ok(initiative)
}

pub fn update(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: InitiativeId,
    seen: Option<&Seen>,
    changes: &Value,
) -> Result<Initiative> {
    let before = find(conn, ctx, alliance, id)?;
    patch::must_have_seen(seen, before.version)?;
    let mut current = CreateInitiative::from_initiative(&before);
    if changes.get("leadPartner").is_some() && changes.get("partners").is_none() {
        // A new lead takes part; whoever led goes on taking part.
        current.partners = before.partners.iter().map(PartnerId::to_string).collect();
    }
    let body = patch::merged(&current, changes)?;
    let body = &with_own_lead(ctx, alliance, &body)?;
    let after = check(conn, alliance, body, id, before.version)?;
    if after == before {
        return Ok(before);
    }
    let after = Initiative { version: before.version + 1, ..after };
    store::initiatives::update(conn, alliance.id, &after)?;
    let value = serde_json::to_value(&after).unwrap_or_default();
    record(conn, ctx, alliance, &after, &before.partners, "initiative.updated", value)?;
    Ok(after)
}

/// Only what no submission names.
pub fn delete(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: InitiativeId,
    seen: Option<&Seen>,
) -> Result<()> {
    let initiative = find(conn, ctx, alliance, id)?;
    patch::must_have_seen(seen, initiative.version)?;
    if store::initiatives::is_reported(conn, id)? {
        return Err(Error::conflict(
            "in-use",
            "En indsendt rapport nævner initiativet, så det kan ikke slettes.",
            "A submitted report names the initiative, so it can't be deleted.",
        ));
    }
    store::initiatives::delete(conn, id)?;
    record(conn, ctx, alliance, &initiative, &[], "initiative.deleted", Value::Null)
}

/// The initiative, where the caller may do the operation with it.
pub fn find(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, id: InitiativeId) -> Result<Initiative> {
    let initiative = store::initiatives::find(conn, alliance.id, id)?.ok_or_else(Error::absent)?;
    ctx.may_with(alliance.id, initiative.lead_partner)?;
    Ok(initiative)
}

/// A partner creates and changes initiatives as their lead, and can't make another one lead.
fn with_own_lead(ctx: &Ctx, alliance: &InForce, body: &CreateInitiative) -> Result<CreateInitiative> {
    let mut body = body.clone();
    let Some(own) = ctx.as_partner(alliance.id) else { return Ok(body) };
    let lead = body.lead_partner.get_or_insert_with(|| own.to_string());
    if *lead == own.to_string() {
        return Ok(body);
    }
    let fault = Fault::new(
        "/leadPartner",
        "forbidden",
        "En partner kan kun selv være ansvarlig.",
        "A partner can name only itself as lead.",
    );
    let (da, en) = (fault.detail.da.clone(), fault.detail.en.clone());
    Err(Error::refuse(Kind::Forbidden, "forbidden", da, en).with_faults(vec![fault]))
}

fn check(
    conn: &mut Conn,
    alliance: &InForce,
    body: &CreateInitiative,
    id: InitiativeId,
    version: i64,
) -> Result<Initiative> {
    let named: Vec<PartnerId> = body
        .partners
        .iter()
        .chain(&body.lead_partner)
        .filter_map(|text| PartnerId::parse(text))
        .collect();
    let known = store::partners::by_ids(conn, alliance.id, &named)?;
    let is_partner = |id: PartnerId| known.iter().any(|partner| partner.id == id);
    Ok(body.check(id, version, &alliance.programme, is_partner)?)
}

/// Its partners before and after are evaluated again.
fn record(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    initiative: &Initiative,
    before: &[PartnerId],
    action: &'static str,
    after: Value,
) -> Result<()> {
    let change = Change {
        action,
        subject: format!("initiatives/{}", initiative.id),
        partner: Some(initiative.lead_partner),
        reason: None,
        after,
        texts: Vec::new(),
        taken: Vec::new(),
    };
    let seq = journal::record(conn, ctx, alliance.id, change)?;
    let mut touched = initiative.partners.clone();
    touched.extend(before);
    touched.sort_unstable();
    touched.dedup();
    standings::renew(conn, ctx, alliance.id, &alliance.programme, &touched, seq)
}
