//! Extensions: a later deadline for one partner in one round.
//!
//! The deadline that holds at the moment of an act decides it. So an extension changes what happens from then
//! on, and no receipt and no verdict that was ever given.

use serde_json::Value;

use super::patch::{self, Seen};
use super::programmes::InForce;
use super::reports::ReportAt;
use super::{Ctx, Error, Result, journal};
use crate::db::Conn;
use crate::domain::extension::{Deadline, Extension, GrantExtension};
use crate::domain::id::PartnerId;
use crate::domain::journal::Change;
use crate::domain::programme::Round;
use crate::store;

/// The deadline that holds for a partner in a round now.
pub fn deadline(
    conn: &mut Conn,
    alliance: &InForce,
    round: &Round,
    partner: PartnerId,
) -> Result<Deadline> {
    let extension = store::extensions::find(conn, alliance.id, &round.key, partner)?;
    Ok(Deadline::of(round, extension.as_ref()))
}

/// Grants an extension or changes the one there is. Answers whether it was granted now.
pub fn grant(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
    body: &GrantExtension,
) -> Result<(Extension, bool)> {
    let (round, existing) = enter(conn, ctx, alliance, at)?;
    match &existing {
        Some(extension) => patch::must_have_seen(seen, extension.version)?,
        None => patch::must_not_have_seen(seen)?,
    }
    let (until, reason) = body.check(round)?;
    let Some(before) = existing else {
        let (round, partner) = (round.key.clone(), at.partner);
        let extension = Extension {
            round,
            partner,
            until,
            reason,
            granted_at: ctx.now,
            version: 1,
        };
        store::extensions::insert(conn, alliance.id, &extension)?;
        record(conn, ctx, alliance, at, "extension.granted", Some(&extension))?;
        return Ok((extension, true));
    };
    if (before.until, &before.reason) == (until, &reason) {
        return Ok((before, false));
    }
    let after = Extension { until, reason, version: before.version + 1, ..before };
    store::extensions::update(conn, alliance.id, &after)?;
    record(conn, ctx, alliance, at, "extension.changed", Some(&after))?;
    Ok((after, false))
}

/// Takes an extension back: the round's own deadline holds again.
pub fn withdraw(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    seen: Option<&Seen>,
) -> Result<()> {
    let extension = find(conn, ctx, alliance, at)?;
    patch::must_have_seen(seen, extension.version)?;
    store::extensions::delete(conn, alliance.id, &at.round, at.partner)?;
    record(conn, ctx, alliance, at, "extension.withdrawn", None)
}

/// The extension, where the caller may do the operation with it.
pub fn find(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, at: &ReportAt) -> Result<Extension> {
    enter(conn, ctx, alliance, at)?.1.ok_or_else(Error::absent)
}

fn enter<'a>(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &'a InForce,
    at: &ReportAt,
) -> Result<(&'a Round, Option<Extension>)> {
    ctx.may_with(alliance.id, at.partner)?;
    let round = alliance.programme.round(&at.round).ok_or_else(Error::absent)?;
    if !store::partners::exists(conn, alliance.id, at.partner)? {
        return Err(Error::absent());
    }
    Ok((round, store::extensions::find(conn, alliance.id, &at.round, at.partner)?))
}

/// No standing depends on a deadline: what was on time was found at the submission.
fn record(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    at: &ReportAt,
    action: &'static str,
    after: Option<&Extension>,
) -> Result<()> {
    let after = after.map(|after| serde_json::to_value(after).unwrap_or_default());
    let change = Change {
        action,
        subject: format!("rounds/{}/extensions/{}", at.round, at.partner),
        partner: Some(at.partner),
        reason: None,
        after: after.unwrap_or(Value::Null),
        texts: Vec::new(),
        taken: Vec::new(),
    };
    journal::record(conn, ctx, alliance.id, change).map(drop)
}
