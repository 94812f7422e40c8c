use chrono::NaiveDate;
use diesel::prelude::*;

use super::{CHUNK, Page, among, document};
use crate::db::schema::commitments;
use crate::db::types::Document;
use crate::db::{Conn, Result};
use crate::domain::commitment::Commitment;
use crate::domain::id::{AllianceId, CommitmentId, PartnerId};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = commitments, treat_none_as_null = true, treat_none_as_default_value = false)]
struct CommitmentRow {
    id: CommitmentId,
    alliance_id: AllianceId,
    partner_id: PartnerId,
    focus_area: String,
    goal: String,
    target: Option<Document>,
    chosen_on: Option<NaiveDate>,
    version: i64,
}

impl CommitmentRow {
    fn of(alliance: AllianceId, commitment: &Commitment) -> CommitmentRow {
        CommitmentRow {
            id: commitment.id,
            alliance_id: alliance,
            partner_id: commitment.partner,
            focus_area: commitment.focus_area.clone(),
            goal: commitment.goal.clone(),
            target: commitment.target.as_ref().map(document),
            chosen_on: commitment.chosen_on,
            version: commitment.version,
        }
    }
}

impl From<CommitmentRow> for Commitment {
    fn from(row: CommitmentRow) -> Commitment {
        Commitment {
            id: row.id,
            partner: row.partner_id,
            focus_area: row.focus_area,
            goal: row.goal,
            target: row.target.and_then(|target| serde_json::from_value(target.0).ok()),
            chosen_on: row.chosen_on,
            version: row.version,
        }
    }
}

pub fn insert(conn: &mut Conn, alliance: AllianceId, commitment: &Commitment) -> Result<()> {
    diesel::insert_into(commitments::table)
        .values(CommitmentRow::of(alliance, commitment))
        .execute(conn)?;
    Ok(())
}

pub fn update(conn: &mut Conn, alliance: AllianceId, commitment: &Commitment) -> Result<()> {
    let row = CommitmentRow::of(alliance, commitment);
    diesel::update(commitments::table.find(commitment.id)).set(row).execute(conn)?;
    Ok(())
}

pub fn delete(conn: &mut Conn, id: CommitmentId) -> Result<()> {
    diesel::delete(commitments::table.find(id)).execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, alliance: AllianceId, id: CommitmentId) -> Result<Option<Commitment>> {
    let query = commitments::table.find(id).filter(commitments::alliance_id.eq(alliance));
    Ok(query
        .select(CommitmentRow::as_select())
        .get_result(conn)
        .optional()?
        .map(Commitment::from))
}

/// The partner's commitment to a focus area, of which it has at most one.
pub fn find_chosen(
    conn: &mut Conn,
    partner: PartnerId,
    focus_area: &str,
) -> Result<Option<CommitmentId>> {
    let query = commitments::table.filter(commitments::partner_id.eq(partner));
    let query = query.filter(commitments::focus_area.eq(focus_area)).select(commitments::id);
    Ok(query.get_result(conn).optional()?)
}

pub fn count(conn: &mut Conn, partner: PartnerId) -> Result<i64> {
    Ok(commitments::table
        .filter(commitments::partner_id.eq(partner))
        .count()
        .get_result(conn)?)
}

/// A partner's commitments in order of focus areas' keys.
pub fn list(
    conn: &mut Conn,
    partner: PartnerId,
    page: &Page<(String, CommitmentId)>,
) -> Result<Vec<Commitment>> {
    let mut query = commitments::table.filter(commitments::partner_id.eq(partner)).into_boxed();
    if let Some((focus_area, _)) = page.after.clone() {
        query = query.filter(commitments::focus_area.gt(focus_area));
    }
    let query = query.order((commitments::focus_area, commitments::id)).limit(page.limit);
    Ok(query
        .select(CommitmentRow::as_select())
        .load(conn)?
        .into_iter()
        .map(Commitment::from)
        .collect())
}

/// All commitments of these partners, each partner's in order of focus areas' keys.
pub fn of_partners(conn: &mut Conn, partners: &[PartnerId]) -> Result<Vec<Commitment>> {
    let mut found = Vec::new();
    for chunk in partners.chunks(CHUNK) {
        let query = commitments::table.filter(among!(commitments, commitments::partner_id, chunk));
        let query = query.order((commitments::partner_id, commitments::focus_area, commitments::id));
        found.extend(
            query
                .select(CommitmentRow::as_select())
                .load(conn)?
                .into_iter()
                .map(Commitment::from),
        );
    }
    Ok(found)
}
