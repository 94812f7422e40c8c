//! Whole tables, row by row, for `check`, which compares them with the journal. Queries of its own, so
//! that a fault in those that the service reads with can't hide from it.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::schema::{
    checkpoints, commitments, extensions, imports, initiative_focus_areas, initiative_partners,
    initiatives, journal_entries, journal_hashes, journal_texts, journals, keys, memberships, partners,
    publications, report_initiatives, report_points, report_versions, reports,
};
use crate::db::types::{Document, Instant};
use crate::db::{Conn, Result};
use crate::domain::id::{
    AllianceId, CommitmentId, ImportId, InitiativeId, KeyId, PartnerId, PointId, ReportId,
};
use crate::store::checkpoints::CheckpointRow;
use crate::store::journal::{EntryRow, TextRow};

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = partners)]
pub struct PartnerRow {
    pub id: PartnerId,
    pub name: String,
    pub name_key: String,
    pub name_sort: Vec<u8>,
    pub sector: String,
    pub region: Option<String>,
    pub municipality: Option<String>,
    pub area: Option<String>,
    pub cvr: Option<String>,
    pub website: Option<String>,
    pub part_of: Option<PartnerId>,
    pub objectives: Document,
    pub joined_on: Option<NaiveDate>,
    pub left_on: Option<NaiveDate>,
    pub version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = memberships)]
pub struct MembershipRow {
    pub alliance_id: AllianceId,
    pub partner_id: PartnerId,
    pub position: i64,
    pub joined_on: Option<NaiveDate>,
    pub left_on: Option<NaiveDate>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = commitments)]
pub struct CommitmentRow {
    pub id: CommitmentId,
    pub partner_id: PartnerId,
    pub focus_area: String,
    pub goal: String,
    pub target: Option<Document>,
    pub chosen_on: Option<NaiveDate>,
    pub version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = initiatives)]
pub struct InitiativeRow {
    pub id: InitiativeId,
    pub lead_partner_id: PartnerId,
    pub title: String,
    pub title_key: String,
    pub title_sort: Vec<u8>,
    pub summary: String,
    pub focus_areas: Document,
    pub target_group: String,
    pub approach: Option<String>,
    pub stage: Option<Document>,
    pub status: Option<String>,
    pub starts_on: Option<String>,
    pub ends_on: Option<String>,
    pub began_before_joining: Option<bool>,
    pub version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = reports)]
pub struct ReportRow {
    pub id: ReportId,
    pub round: String,
    pub partner_id: PartnerId,
    pub state: String,
    pub state_before: String,
    pub submitted_version: Option<i64>,
    pub submitted_at: Option<Instant>,
    pub on_time: Option<bool>,
    pub accepted_version: Option<i64>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = report_versions)]
pub struct VersionRow {
    pub report_id: ReportId,
    pub number: i64,
    pub body: Document,
    pub received_at: Instant,
    pub deadline: Instant,
    pub on_time: bool,
    pub programme_version: i64,
    pub sha256: String,
    pub seq: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = report_points)]
pub struct PointRow {
    pub id: PointId,
    pub report_id: ReportId,
    pub position: i64,
    pub pointer: String,
    pub code: String,
    pub detail: String,
    pub opened_at: Instant,
    pub closed_by_version: Option<i64>,
    pub opened_by: Option<KeyId>,
    pub opened_in_version: Option<i64>,
    pub initiative_id: Option<InitiativeId>,
    pub closed_at: Option<Instant>,
    pub closed_by: Option<KeyId>,
    pub waived_reason: Option<String>,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = extensions)]
pub struct ExtensionRow {
    pub round: String,
    pub partner_id: PartnerId,
    pub until_at: Instant,
    pub reason: String,
    pub granted_at: Instant,
    pub version: i64,
}

/// An import without what there is to say of its rows, which no journal has.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = imports)]
pub struct ImportRow {
    pub id: ImportId,
    pub kind: String,
    pub mode: String,
    pub received_at: Instant,
    pub actor_id: KeyId,
    pub partner_id: Option<PartnerId>,
    pub sha256: String,
    pub byte_count: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
    pub seq: i64,
}

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = publications)]
pub struct PublicationRow {
    pub edition: i64,
    pub title: String,
    pub corrects: Option<i64>,
    pub published_at: Instant,
    pub as_of: Instant,
    pub journal_size: i64,
    pub seq: i64,
    pub sha256: String,
    pub signature: String,
    pub document: Vec<u8>,
}

/// A key without its holder's name and its secret's hash, which no journal has.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = keys)]
pub struct KeyRow {
    pub id: KeyId,
    pub role: String,
    pub partner_id: Option<PartnerId>,
    pub expires_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

/// Size and time of the last entry, as the journal's head has them.
pub fn head(conn: &mut Conn, journal: AllianceId) -> Result<Option<(i64, Instant)>> {
    let query = journals::table.find(journal).select((journals::size, journals::last_at));
    Ok(query.get_result(conn).optional()?)
}

/// The next entries after a number, in order.
pub fn entries(conn: &mut Conn, journal: AllianceId, after: i64, limit: i64) -> Result<Vec<EntryRow>> {
    let query = journal_entries::table.filter(journal_entries::journal_id.eq(journal));
    let query = query
        .filter(journal_entries::seq.gt(after))
        .order(journal_entries::seq)
        .limit(limit);
    Ok(query.select(EntryRow::as_select()).load(conn)?)
}

/// Every hash of the tree: level, position, hash.
pub fn hashes(conn: &mut Conn, journal: AllianceId) -> Result<Vec<(i64, i64, Vec<u8>)>> {
    use journal_hashes as hashes;
    let query = hashes::table.filter(hashes::journal_id.eq(journal));
    let query = query.order((hashes::level, hashes::position));
    Ok(query.select((hashes::level, hashes::position, hashes::hash)).load(conn)?)
}

/// Everything that was signed, the smallest first.
pub fn checkpoints(conn: &mut Conn, journal: AllianceId) -> Result<Vec<CheckpointRow>> {
    let query = checkpoints::table.filter(checkpoints::journal_id.eq(journal));
    Ok(query.order(checkpoints::size).select(CheckpointRow::as_select()).load(conn)?)
}

/// Every text that was taken out of an entry and has not been redacted.
pub fn texts(conn: &mut Conn, journal: AllianceId) -> Result<Vec<TextRow>> {
    let query = journal_texts::table.filter(journal_texts::journal_id.eq(journal));
    Ok(query.select(TextRow::as_select()).load(conn)?)
}

pub fn partners(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<PartnerRow>> {
    let query = partners::table.filter(partners::alliance_id.eq(alliance));
    Ok(query.select(PartnerRow::as_select()).load(conn)?)
}

/// Of the alliance's partners, whatever alliance the memberships themselves name.
pub fn memberships(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<MembershipRow>> {
    let query = memberships::table
        .inner_join(partners::table)
        .filter(partners::alliance_id.eq(alliance));
    Ok(query.select(MembershipRow::as_select()).load(conn)?)
}

pub fn commitments(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<CommitmentRow>> {
    let query = commitments::table.filter(commitments::alliance_id.eq(alliance));
    Ok(query.select(CommitmentRow::as_select()).load(conn)?)
}

pub fn initiatives(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<InitiativeRow>> {
    let query = initiatives::table.filter(initiatives::alliance_id.eq(alliance));
    Ok(query.select(InitiativeRow::as_select()).load(conn)?)
}

/// Each initiative's partners with their places in its list.
pub fn initiative_partners(
    conn: &mut Conn,
    alliance: AllianceId,
) -> Result<Vec<(InitiativeId, PartnerId, i64)>> {
    use initiative_partners as taking_part;
    let query = taking_part::table
        .inner_join(initiatives::table.on(taking_part::initiative_id.eq(initiatives::id)))
        .filter(initiatives::alliance_id.eq(alliance))
        .select((taking_part::initiative_id, taking_part::partner_id, taking_part::position));
    Ok(query.load(conn)?)
}

pub fn initiative_focus_areas(
    conn: &mut Conn,
    alliance: AllianceId,
) -> Result<Vec<(InitiativeId, String)>> {
    use initiative_focus_areas as areas;
    let query = areas::table
        .inner_join(initiatives::table.on(areas::initiative_id.eq(initiatives::id)))
        .filter(initiatives::alliance_id.eq(alliance))
        .select((areas::initiative_id, areas::focus_area));
    Ok(query.load(conn)?)
}

/// Drafts that were never submitted are among them.
pub fn reports(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<ReportRow>> {
    let query = reports::table.filter(reports::alliance_id.eq(alliance));
    Ok(query.select(ReportRow::as_select()).load(conn)?)
}

pub fn report_versions(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<VersionRow>> {
    let query = report_versions::table
        .inner_join(reports::table)
        .filter(reports::alliance_id.eq(alliance));
    Ok(query.select(VersionRow::as_select()).load(conn)?)
}

/// Which submission names which initiatives.
pub fn report_initiatives(
    conn: &mut Conn,
    alliance: AllianceId,
) -> Result<Vec<(ReportId, i64, InitiativeId)>> {
    use report_initiatives as named;
    let query = named::table
        .inner_join(reports::table.on(named::report_id.eq(reports::id)))
        .filter(reports::alliance_id.eq(alliance))
        .select((named::report_id, named::number, named::initiative_id));
    Ok(query.load(conn)?)
}

pub fn report_points(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<PointRow>> {
    let query = report_points::table
        .inner_join(reports::table.on(report_points::report_id.eq(reports::id)))
        .filter(reports::alliance_id.eq(alliance));
    Ok(query.select(PointRow::as_select()).load(conn)?)
}

pub fn extensions(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<ExtensionRow>> {
    let query = extensions::table.filter(extensions::alliance_id.eq(alliance));
    Ok(query.select(ExtensionRow::as_select()).load(conn)?)
}

pub fn publications(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<PublicationRow>> {
    let query = publications::table.filter(publications::alliance_id.eq(alliance));
    let query = query.order(publications::edition);
    Ok(query.select(PublicationRow::as_select()).load(conn)?)
}

pub fn imports(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<ImportRow>> {
    let query = imports::table.filter(imports::alliance_id.eq(alliance));
    Ok(query.select(ImportRow::as_select()).load(conn)?)
}

/// An alliance's keys, or the operators', which belong to none.
pub fn keys(conn: &mut Conn, alliance: Option<AllianceId>) -> Result<Vec<KeyRow>> {
    let query = keys::table.select(KeyRow::as_select());
    match alliance {
        Some(alliance) => Ok(query.filter(keys::alliance_id.eq(alliance)).load(conn)?),
        None => Ok(query.filter(keys::alliance_id.is_null()).load(conn)?),
    }
}
