//! Partners: admission, correction, departure, rejoining.

use serde_json::Value;

use super::patch::{self, Seen};
use super::programmes::InForce;
use super::{Ctx, Error, Kind, Result, journal, standings};
use crate::db::Conn;
use crate::domain::checks::shown;
use crate::domain::id::PartnerId;
use crate::domain::journal::Change;
use crate::domain::partner::{AdmitPartner, Departure, OWN_FIELDS, Partner, Rejoining, unknown_partner};
use crate::domain::text::{Fault, pointer_step};
use crate::store;

/// Takes an organisation in. Its name must be new to the alliance.
pub fn admit(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, body: &AdmitPartner) -> Result<Partner> {
    let id = PartnerId::new();
    check_name(conn, alliance, id, &body.name)?;
    let partner = body.check(id, 1, &[], &alliance.programme)?;
    check_part_of(conn, alliance, &partner)?;
    store::partners::insert(conn, alliance.id, &partner)?;
    record(conn, ctx, alliance, &partner, "partner.admitted", None)?;
    Ok(partner)
}

/// Corrects a partner by a merge patch. A partner may change only what is its own business.
pub fn update(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: PartnerId,
    seen: Option<&Seen>,
    changes: &Value,
) -> Result<Partner> {
    let before = find(conn, ctx, alliance, id)?;
    if ctx.as_partner(alliance.id).is_some() {
        only_own_fields(changes)?;
    }
    patch::must_have_seen(seen, before.version)?;
    let body = patch::merged(&AdmitPartner::from_partner(&before), changes)?;
    let earlier = before.memberships.split_last().map(|(_, earlier)| earlier).unwrap_or_default();
    check_name(conn, alliance, id, &body.name)?;
    let after = body.check(id, before.version, earlier, &alliance.programme)?;
    if after == before {
        return Ok(before);
    }
    check_part_of(conn, alliance, &after)?;
    save(conn, ctx, alliance, after, "partner.updated", None)
}

/// Ends the membership; everything the partner has done stays.
pub fn depart(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: PartnerId,
    seen: Option<&Seen>,
    body: &Departure,
) -> Result<Partner> {
    let before = find(conn, ctx, alliance, id)?;
    patch::may_have_seen(seen, before.version)?;
    if before.left_on.is_some() {
        return Err(Error::conflict(
            "not-a-member",
            "Partneren er allerede udmeldt.",
            "The partner has left already.",
        ));
    }
    let after = body.check(&before, &alliance.programme)?;
    save(conn, ctx, alliance, after, "partner.departed", Some(body.reason.trim().to_owned()))
}

/// Begins another membership.
pub fn rejoin(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    id: PartnerId,
    seen: Option<&Seen>,
    body: &Rejoining,
) -> Result<Partner> {
    let before = find(conn, ctx, alliance, id)?;
    patch::may_have_seen(seen, before.version)?;
    if before.left_on.is_none() {
        return Err(Error::conflict(
            "still-member",
            "Partneren er stadig medlem.",
            "The partner is a member still.",
        ));
    }
    let after = body.check(&before, &alliance.programme)?;
    save(conn, ctx, alliance, after, "partner.rejoined", None)
}

/// The partner, where the caller may do the operation with it.
pub fn find(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, id: PartnerId) -> Result<Partner> {
    ctx.may_with(alliance.id, id)?;
    store::partners::find(conn, alliance.id, id)?.ok_or_else(Error::absent)
}

fn save(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    mut after: Partner,
    action: &'static str,
    reason: Option<String>,
) -> Result<Partner> {
    after.version += 1;
    store::partners::update(conn, alliance.id, &after)?;
    record(conn, ctx, alliance, &after, action, reason)?;
    Ok(after)
}

fn record(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    partner: &Partner,
    action: &'static str,
    reason: Option<String>,
) -> Result<()> {
    let change = Change {
        action,
        subject: format!("partners/{}", partner.id),
        partner: Some(partner.id),
        reason,
        after: serde_json::to_value(partner).unwrap_or_default(),
        texts: Vec::new(),
        taken: Vec::new(),
    };
    let seq = journal::record(conn, ctx, alliance.id, change)?;
    store::partner_names::renew(conn, alliance.id, partner.id, &partner.name, seq)?;
    standings::renew(conn, ctx, alliance.id, &alliance.programme, &[partner.id], seq)
}

fn only_own_fields(changes: &Value) -> Result<()> {
    let fields = changes.as_object().into_iter().flatten();
    let others: Vec<Fault> = fields
        .filter(|(field, _)| !OWN_FIELDS.contains(&field.as_str()))
        .map(|(field, _)| {
            Fault::new(
                format!("/{}", pointer_step(field)),
                "forbidden",
                "Feltet kan kun ændres af sekretariatet.",
                "Only the secretariat can change this field.",
            )
        })
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Error::refuse(
        Kind::Forbidden,
        "forbidden",
        "En partner kan kun ændre sin hjemmeside og sin placering.",
        "A partner can change only its website and its place.",
    )
    .with_faults(others))
}

/// A partner may be part of another one of the same alliance, and not, even by way of others, of itself.
fn check_part_of(conn: &mut Conn, alliance: &InForce, partner: &Partner) -> Result<()> {
    let mut next = partner.part_of;
    let mut steps = 0;
    while let Some(id) = next {
        if id == partner.id || steps > 20 {
            return Err(Error::from(vec![Fault::new(
                "/partOf",
                "part-of-itself",
                "En partner kan ikke være en del af sig selv.",
                "A partner can't be part of itself.",
            )]));
        }
        let Some(whole) = store::partners::find(conn, alliance.id, id)? else {
            return Err(Error::from(vec![unknown_partner("/partOf", &id.to_string())]));
        };
        next = whole.part_of;
        steps += 1;
    }
    Ok(())
}

/// A conflict comes before faults in values, as the contract has it; so the name is as it was sent.
fn check_name(conn: &mut Conn, alliance: &InForce, id: PartnerId, name: &str) -> Result<()> {
    if name.contains('\0') {
        return Ok(());
    }
    let taken = store::partners::find_by_name(conn, alliance.id, name)?;
    if taken.is_none_or(|other| other == id) {
        return Ok(());
    }
    let name = shown(name);
    let fault = Fault::new(
        "/name",
        "name-taken",
        format!("Alliancen har allerede en partner, der hedder »{name}«."),
        format!("The alliance has a partner called \"{name}\" already."),
    );
    let (da, en) = (fault.detail.da.clone(), fault.detail.en.clone());
    Err(Error::conflict("name-taken", da, en).with_faults(vec![fault]))
}
