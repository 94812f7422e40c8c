//! Commitments: one for each partner and focus area.

use serde_json::Value;

use super::patch::{self, Seen};
use super::programmes::InForce;
use super::{Ctx, Error, Result, journal, standings};
use crate::db::Conn;
use crate::domain::commitment::{Commitment, MakeCommitment};
use crate::domain::dates::day_in;
use crate::domain::id::{CommitmentId, PartnerId};
use crate::domain::journal::Change;
use crate::domain::text::Fault;
use crate::store;

pub fn make(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    partner: PartnerId,
    body: &MakeCommitment,
) -> Result<Commitment> {
    super::partners::find(conn, ctx, alliance, partner)?;
    let is_known = alliance.programme.focus_area(&body.focus_area).is_some();
    if is_known && store::commitments::find_chosen(conn, partner, &body.focus_area)?.is_some() {
        let fault = Fault::new(
            "/focusArea",
            "already-chosen",
            format!("Partneren har allerede valgt indsatsområdet »{}«.", body.focus_area),
            format!("The partner has chosen the focus area \"{}\" already.", body.focus_area),
        );
        let (da, en) = (fault.detail.da.clone(), fault.detail.en.clone());
        return Err(Error::conflict("already-chosen", da, en).with_faults(vec![fault]));
    }
    let mut commitment = body.check(CommitmentId::new(), partner, 1, &alliance.programme)?;
    commitment.chosen_on.get_or_insert(day_in(alliance.programme.zone, ctx.now));
    store::commitments::insert(conn, alliance.id, &commitment)?;
    record(conn, ctx, alliance, &commitment, "commitment.made")?;
    Ok(commitment)
}

pub fn update(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: CommitmentId,
    seen: Option<&Seen>,
    changes: &Value,
) -> Result<Commitment> {
    let before = find(conn, ctx, alliance, id)?;
    patch::must_have_seen(seen, before.version)?;
    let mut body = MakeCommitment::from_commitment(&before);
    let goal = changes.get("goal");
    if goal.is_some_and(Value::is_null) {
        body.goal = String::new();
    }
    let body = patch::merged(&body, changes)?;
    let after = body.check(id, before.partner, before.version, &alliance.programme)?;
    if after == before {
        return Ok(before);
    }
    let after = Commitment { version: before.version + 1, ..after };
    store::commitments::update(conn, alliance.id, &after)?;
    record(conn, ctx, alliance, &after, "commitment.updated")?;
    Ok(after)
}

pub fn delete(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: CommitmentId,
    seen: Option<&Seen>,
) -> Result<()> {
    let commitment = find(conn, ctx, alliance, id)?;
    patch::must_have_seen(seen, commitment.version)?;
    store::commitments::delete(conn, id)?;
    record_as(conn, ctx, alliance, &commitment, "commitment.deleted", Value::Null)
}

/// The commitment, where the caller may do the operation with it.
pub fn find(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, id: CommitmentId) -> Result<Commitment> {
    let commitment = store::commitments::find(conn, alliance.id, id)?.ok_or_else(Error::absent)?;
    ctx.may_with(alliance.id, commitment.partner)?;
    Ok(commitment)
}

fn record(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    commitment: &Commitment,
    action: &'static str,
) -> Result<()> {
    let after = serde_json::to_value(commitment).unwrap_or_default();
    record_as(conn, ctx, alliance, commitment, action, after)
}

fn record_as(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    commitment: &Commitment,
    action: &'static str,
    after: Value,
) -> Result<()> {
    let change = Change {
        action,
        subject: format!("commitments/{}", commitment.id),
        partner: Some(commitment.partner),
        reason: None,
        after,
        texts: Vec::new(),
        taken: Vec::new(),
    };
    let seq = journal::record(conn, ctx, alliance.id, change)?;
    standings::renew(conn, ctx, alliance.id, &alliance.programme, &[commitment.partner], seq)
}
