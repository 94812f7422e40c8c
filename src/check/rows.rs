//! What the state makes of the tables of programmes, partners, commitments and initiatives.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::compare::{list, text, with, without, words};
use super::fold::State;
use super::{Findings, Rows};
use crate::db::Conn;
use crate::db::types::Instant;
use crate::domain::dates::rfc3339;
use crate::domain::id::AllianceId;
use crate::domain::journal::{hex, without_floats};
use crate::domain::names;
use crate::service::Result;
use crate::store;
use crate::store::alliances::Alliance;
use crate::store::audit::{
    self, CommitmentRow, ImportRow, InitiativeRow, KeyRow, MembershipRow, PartnerRow,
};

pub fn compare(conn: &mut Conn, alliance: &Alliance, state: &State, found: &mut Findings) -> Result<()> {
    programmes(conn, alliance, state, found)?;
    partners(conn, alliance.id, state, found)?;
    commitments(conn, alliance.id, state, found)?;
    initiatives(conn, alliance.id, state, found)?;
    imports(conn, alliance.id, state, found)
}

fn programmes(conn: &mut Conn, alliance: &Alliance, state: &State, found: &mut Findings) -> Result<()> {
    let last = state.versions.last().and_then(|version| version.after.get("document"));
    let slug = last.map(|document| text(document, "slug")).unwrap_or_default();
    let expected = json!({ "slug": slug, "version": state.version() });
    let row = json!({ "slug": alliance.slug, "version": alliance.version });
    found.compare(Rows::from([("alliance".into(), expected)]), Rows::from([("alliance".into(), row)]));

    let rows = store::alliances::programmes(conn, alliance.id);
    let Some(rows) = found.loaded("programme_versions", rows)? else { return Ok(()) };
    let mut expected = Rows::new();
    for version in &state.versions {
        let number = version.after.get("version").unwrap_or(&Value::Null);
        let address = format!("programme/versions/{number}");
        let Some(canonical) = &version.canonical else { continue };
        let sha256 = hex(&Sha256::digest(canonical));
        if text(&version.after, "sha256") != sha256 {
            found.differ(format!("journal/{}", version.seq), "the hash is not that of the document");
        }
        expected.insert(address, json!({ "document": canonical, "sha256": sha256, "seq": version.seq }));
    }
    let row = |row: store::alliances::ProgrammeVersion| {
        let address = format!("programme/versions/{}", row.version);
        (address, json!({ "document": row.document, "sha256": row.sha256, "seq": row.seq }))
    };
    // A document that does not read is named with its entry, and there is nothing to compare it with.
    let is_read = |row: &store::alliances::ProgrammeVersion| {
        let version = state.versions.iter().find(|version| version.seq == row.seq);
        version.is_none_or(|version| version.canonical.is_some())
    };
    found.compare(expected, rows.into_iter().filter(is_read).map(row).collect());
    Ok(())
}

fn partners(conn: &mut Conn, alliance: AllianceId, state: &State, found: &mut Findings) -> Result<()> {
    let (mut expected, mut memberships) = (Rows::new(), Rows::new());
    for (id, partner) in &state.partners {
        for (position, membership) in (1..).zip(list(partner, "memberships")) {
            let row = with(membership.clone(), "alliance", json!(alliance));
            memberships.insert(membership_address(id, position), row);
        }
        let name = text(partner, "name");
        let row = without(partner.clone(), "memberships");
        let row = with(row, "nameKey", json!(names::key(name)));
        expected
            .insert(format!("partners/{id}"), with(row, "nameSort", json!(hex(&names::sort_key(name)))));
    }
    if let Some(rows) = found.loaded("partners", audit::partners(conn, alliance))? {
        found.compare(expected, rows.into_iter().map(partner).collect());
    }
    if let Some(rows) = found.loaded("memberships", audit::memberships(conn, alliance))? {
        let row = |row: MembershipRow| {
            let address = membership_address(&row.partner_id.to_string(), row.position);
            (
                address,
                json!({ "alliance": row.alliance_id, "joinedOn": row.joined_on, "leftOn": row.left_on }),
            )
        };
        found.compare(memberships, rows.into_iter().map(row).collect());
    }
    Ok(())
}

fn membership_address(partner: &str, position: i64) -> String {
    format!("partners/{partner}/memberships/{position}")
}

fn partner(row: PartnerRow) -> (String, Value) {
    let value = json!({
        "id": row.id,
        "name": row.name,
        "nameKey": row.name_key,
        "nameSort": hex(&row.name_sort),
        "sector": row.sector,
        "region": row.region,
        "municipality": row.municipality,
        "area": row.area,
        "cvr": row.cvr,
        "website": row.website,
        "partOf": row.part_of,
        "objectives": row.objectives.0,
        "joinedOn": row.joined_on,
        "leftOn": row.left_on,
        "version": row.version,
    });
    (format!("partners/{}", row.id), value)
}

fn commitments(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    found: &mut Findings,
) -> Result<()> {
    let rows = audit::commitments(conn, alliance);
    let Some(rows) = found.loaded("commitments", rows)? else { return Ok(()) };
    let expected = state
        .commitments
        .iter()
        .map(|(id, it)| (format!("commitments/{id}"), it.clone()));
    let row = |row: CommitmentRow| {
        let value = json!({
            "id": row.id,
            "partner": row.partner_id,
            "focusArea": row.focus_area,
            "goal": row.goal,
            "target": row.target.map(|target| without_floats(&target.0)),
            "chosenOn": row.chosen_on,
            "version": row.version,
        });
        (format!("commitments/{}", row.id), value)
    };
    found.compare(expected.collect(), rows.into_iter().map(row).collect());
    Ok(())
}

fn initiatives(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    found: &mut Findings,
) -> Result<()> {
    let (mut expected, mut partners, mut areas) = (Rows::new(), Rows::new(), Rows::new());
    for (id, initiative) in &state.initiatives {
        for (position, partner) in (1_i64..).zip(words(initiative, "partners")) {
            partners
                .insert(format!("initiatives/{id}/partners/{partner}"), json!({ "position": position }));
        }
        for area in words(initiative, "focusAreas") {
            areas.insert(format!("initiatives/{id}/focus-areas/{area}"), json!({}));
        }
        let title = text(initiative, "title");
        let row = without(initiative.clone(), "partners");
        let row = with(row, "titleKey", json!(names::key(title)));
        expected.insert(
            format!("initiatives/{id}"),
            with(row, "titleSort", json!(hex(&names::sort_key(title)))),
        );
    }
    if let Some(rows) = found.loaded("initiatives", audit::initiatives(conn, alliance))? {
        found.compare(expected, rows.into_iter().map(initiative).collect());
    }
    if let Some(rows) =
        found.loaded("initiative_partners", audit::initiative_partners(conn, alliance))?
    {
        let row = |(initiative, partner, position)| {
            (format!("initiatives/{initiative}/partners/{partner}"), json!({ "position": position }))
        };
        found.compare(partners, rows.into_iter().map(row).collect());
    }
    if let Some(rows) =
        found.loaded("initiative_focus_areas", audit::initiative_focus_areas(conn, alliance))?
    {
        let row =
            |(initiative, area)| (format!("initiatives/{initiative}/focus-areas/{area}"), json!({}));
        found.compare(areas, rows.into_iter().map(row).collect());
    }
    Ok(())
}

fn initiative(row: InitiativeRow) -> (String, Value) {
    let value = json!({
        "id": row.id,
        "leadPartner": row.lead_partner_id,
        "title": row.title,
        "titleKey": row.title_key,
        "titleSort": hex(&row.title_sort),
        "summary": row.summary,
        "focusAreas": row.focus_areas.0,
        "targetGroup": row.target_group,
        "approach": row.approach,
        "stage": row.stage.map(|stage| stage.0),
        "status": row.status,
        "startsOn": row.starts_on,
        "endsOn": row.ends_on,
        "beganBeforeJoining": row.began_before_joining,
        "version": row.version,
    });
    (format!("initiatives/{}", row.id), value)
}

fn imports(conn: &mut Conn, alliance: AllianceId, state: &State, found: &mut Findings) -> Result<()> {
    let rows = audit::imports(conn, alliance);
    let Some(rows) = found.loaded("imports", rows)? else { return Ok(()) };
    let expected = state
        .imports
        .iter()
        .map(|(id, import)| (format!("imports/{id}"), import.clone()));
    let row = |row: ImportRow| {
        let value = json!({
            "id": row.id,
            "kind": row.kind,
            "mode": row.mode,
            "receivedAt": rfc3339(row.received_at.0),
            "actor": row.actor_id,
            "partner": row.partner_id,
            "sha256": row.sha256,
            "bytes": row.byte_count,
            "rowsRead": row.created + row.updated + row.unchanged + row.refused,
            "created": row.created,
            "updated": row.updated,
            "unchanged": row.unchanged,
            "refused": row.refused,
            "journalSeq": row.seq,
        });
        (format!("imports/{}", row.id), value)
    };
    found.compare(expected.collect(), rows.into_iter().map(row).collect());
    Ok(())
}

pub fn key(row: KeyRow) -> (String, Value) {
    let at = |at: Option<Instant>| at.map(|at| rfc3339(at.0));
    let value = json!({
        "id": row.id,
        "role": row.role,
        "partner": row.partner_id,
        "expiresAt": at(row.expires_at),
        "revokedAt": at(row.revoked_at),
    });
    (format!("keys/{}", row.id), value)
}
