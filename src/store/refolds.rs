//! Alliances whose standings and tallies, and what of reports follows from their journals, are yet to be made
//! anew, after a migration that changed what is counted or kept.

use diesel::prelude::*;

use crate::db::schema::{alliances, refolds, report_points, reports};
use crate::db::types::Instant;
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, InitiativeId, KeyId, PointId, ReportId};

/// Their ids and slugs, oldest first.
pub fn due(conn: &mut Conn) -> Result<Vec<(AllianceId, String)>> {
    let named = refolds::table.inner_join(alliances::table.on(refolds::alliance_id.eq(alliances::id)));
    Ok(named
        .select((alliances::id, alliances::slug))
        .order(alliances::id.asc())
        .load(conn)?)
}

/// Takes one off the list, and answers whether it was on it still.
pub fn done(conn: &mut Conn, alliance: AllianceId) -> Result<bool> {
    Ok(diesel::delete(refolds::table.find(alliance)).execute(conn)? > 0)
}

/// What a report's row has from its journal.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = reports, treat_none_as_null = true)]
pub struct ReportFacts {
    pub submitted_at: Option<Instant>,
    pub accepted_version: Option<i64>,
}

pub fn report(conn: &mut Conn, id: ReportId, facts: ReportFacts) -> Result<()> {
    diesel::update(reports::table.find(id)).set(facts).execute(conn)?;
    Ok(())
}

/// What a point's row has from its journal.
#[derive(Debug, Clone, AsChangeset)]
#[diesel(table_name = report_points, treat_none_as_null = true)]
pub struct PointFacts {
    pub opened_by: Option<KeyId>,
    pub opened_in_version: Option<i64>,
    pub initiative_id: Option<InitiativeId>,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<KeyId>,
    pub waived_reason: Option<String>,
}

pub fn point(conn: &mut Conn, id: PointId, facts: PointFacts) -> Result<()> {
    diesel::update(report_points::table.find(id)).set(facts).execute(conn)?;
    Ok(())
}
