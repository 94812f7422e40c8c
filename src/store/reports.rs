use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::{CHUNK, Page, document};
use crate::db::schema::{report_initiatives, report_parts, report_versions, reports};
use crate::db::types::{Document, Instant};
use crate::db::{Conn, Error, Result};
use crate::domain::id::{AllianceId, InitiativeId, PartnerId, ReportId};
use crate::domain::report::{ReportBody, ReportPart, State};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reports, treat_none_as_null = true, treat_none_as_default_value = false)]
struct ReportRow {
    id: ReportId,
    alliance_id: AllianceId,
    round: String,
    partner_id: PartnerId,
    state: String,
    state_before: String,
    version: i64,
    answers: Document,
    submitted_version: Option<i64>,
    submitted_at: Option<Instant>,
    on_time: Option<bool>,
    accepted_version: Option<i64>,
}

/// A report with the partner's draft; the submissions stand in `Version`s.
#[derive(Debug, Clone)]
pub struct Report {
    pub id: ReportId,
    pub alliance: AllianceId,
    pub round: String,
    pub partner: PartnerId,
    pub state: State,
    /// The state that the last submission came from.
    pub state_before: State,
    /// Counts saves.
    pub version: i64,
    pub draft: ReportBody,
    /// The version of each initiative's part, in the order of `draft.initiatives`.
    pub part_versions: Vec<i64>,
    /// The last submission: 1, 2, 3.
    pub submitted_version: Option<i64>,
    /// When the first submission was received.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Of the first submission.
    pub on_time: Option<bool>,
    /// The last submission that was accepted.
    pub accepted_version: Option<i64>,
}

/// A submission, frozen.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = report_versions, treat_none_as_default_value = false)]
pub struct Version {
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

impl Version {
    pub fn body(&self) -> Result<ReportBody> {
        read(&self.body)
    }
}

fn read<T: serde::de::DeserializeOwned>(document: &Document) -> Result<T> {
    serde_json::from_value(document.0.clone())
        .map_err(|e| Error::Broken(format!("a stored report does not read: {e}")))
}

impl ReportRow {
    fn of(report: &Report) -> ReportRow {
        ReportRow {
            id: report.id,
            alliance_id: report.alliance,
            round: report.round.clone(),
            partner_id: report.partner,
            state: report.state.word().to_owned(),
            state_before: report.state_before.word().to_owned(),
            version: report.version,
            answers: document(&report.draft.answers),
            submitted_version: report.submitted_version,
            submitted_at: report.submitted_at.map(Instant),
            on_time: report.on_time,
            accepted_version: report.accepted_version,
        }
    }

    fn into_report(self, parts: Vec<(ReportPart, i64)>) -> Result<Report> {
        let state = |word: &str| {
            State::parse(word).ok_or_else(|| Error::Broken(format!("unknown report state {word:?}")))
        };
        let (initiatives, part_versions) = parts.into_iter().unzip();
        Ok(Report {
            id: self.id,
            alliance: self.alliance_id,
            round: self.round,
            partner: self.partner_id,
            state: state(&self.state)?,
            state_before: state(&self.state_before)?,
            version: self.version,
            draft: ReportBody { answers: read(&self.answers)?, initiatives },
            part_versions,
            submitted_version: self.submitted_version,
            submitted_at: self.submitted_at.map(|at| at.0),
            on_time: self.on_time,
            accepted_version: self.accepted_version,
        })
    }
}

pub fn insert(conn: &mut Conn, report: &Report) -> Result<()> {
    diesel::insert_into(reports::table)
        .values(ReportRow::of(report))
        .execute(conn)?;
    insert_parts(conn, report)
}

pub fn update(conn: &mut Conn, report: &Report) -> Result<()> {
    diesel::update(reports::table.find(report.id))
        .set(ReportRow::of(report))
        .execute(conn)?;
    delete_parts(conn, report.id)?;
    insert_parts(conn, report)
}

/// Only a draft that was never submitted.
pub fn delete(conn: &mut Conn, id: ReportId) -> Result<()> {
    delete_parts(conn, id)?;
    diesel::delete(reports::table.find(id)).execute(conn)?;
    Ok(())
}

fn delete_parts(conn: &mut Conn, id: ReportId) -> Result<()> {
    diesel::delete(report_parts::table.filter(report_parts::report_id.eq(id))).execute(conn)?;
    Ok(())
}

fn insert_parts(conn: &mut Conn, report: &Report) -> Result<()> {
    let parts = report.draft.initiatives.iter().zip(&report.part_versions);
    for (position, (part, version)) in (1_i64..).zip(parts) {
        let Some(initiative) = InitiativeId::parse(&part.initiative) else { continue };
        let row = (
            report_parts::report_id.eq(report.id),
            report_parts::initiative_id.eq(initiative),
            report_parts::position.eq(position),
            report_parts::body.eq(document(part)),
            report_parts::version.eq(*version),
        );
        diesel::insert_into(report_parts::table).values(row).execute(conn)?;
    }
    Ok(())
}

pub fn find(
    conn: &mut Conn,
    alliance: AllianceId,
    round: &str,
    partner: PartnerId,
) -> Result<Option<Report>> {
    let query = reports::table
        .filter(reports::alliance_id.eq(alliance))
        .filter(reports::round.eq(round));
    let query = query.filter(reports::partner_id.eq(partner)).select(ReportRow::as_select());
    let Some(row) = query.get_result(conn).optional()? else { return Ok(None) };
    let parts = report_parts::table
        .filter(report_parts::report_id.eq(row.id))
        .order(report_parts::position);
    let parts = parts
        .select((report_parts::body, report_parts::version))
        .load::<(Document, i64)>(conn)?;
    let parts: Result<Vec<_>> =
        parts.iter().map(|(body, version)| Ok((read(body)?, *version))).collect();
    row.into_report(parts?).map(Some)
}

pub fn insert_version(conn: &mut Conn, version: &Version, initiatives: &[InitiativeId]) -> Result<()> {
    diesel::insert_into(report_versions::table)
        .values(version.clone())
        .execute(conn)?;
    for initiative in initiatives {
        let row = (
            report_initiatives::report_id.eq(version.report_id),
            report_initiatives::number.eq(version.number),
            report_initiatives::initiative_id.eq(*initiative),
        );
        diesel::insert_into(report_initiatives::table).values(row).execute(conn)?;
    }
    Ok(())
}

/// Puts another body in the place of a submission's: the same, with a text less.
pub fn rewrite_version(conn: &mut Conn, report: ReportId, number: i64, body: Document) -> Result<()> {
    diesel::update(report_versions::table.find((report, number)))
        .set(report_versions::body.eq(body))
        .execute(conn)?;
    Ok(())
}

pub fn version(conn: &mut Conn, report: ReportId, number: i64) -> Result<Option<Version>> {
    let query = report_versions::table.find((report, number)).select(Version::as_select());
    Ok(query.get_result(conn).optional()?)
}

pub fn versions(conn: &mut Conn, report: ReportId) -> Result<Vec<Version>> {
    let query = report_versions::table.filter(report_versions::report_id.eq(report));
    Ok(query.order(report_versions::number).select(Version::as_select()).load(conn)?)
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub round: Option<String>,
    pub partner: Option<PartnerId>,
    pub state: Option<String>,
    /// Leaves out what was never submitted, which only its partner sees.
    pub submitted_only: bool,
}

/// Where a page begins: after this round and report.
pub type After = (String, ReportId);

type Narrowed<'a> = reports::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn narrow<'a>(alliance: AllianceId, filter: &Filter) -> Narrowed<'a> {
    let mut query = reports::table.filter(reports::alliance_id.eq(alliance)).into_boxed();
    if let Some(round) = &filter.round {
        query = query.filter(reports::round.eq(round.clone()));
    }
    if let Some(partner) = filter.partner {
        query = query.filter(reports::partner_id.eq(partner));
    }
    if let Some(state) = &filter.state {
        query = query.filter(reports::state.eq(state.clone()));
    }
    if filter.submitted_only {
        query = query.filter(reports::submitted_version.is_not_null());
    }
    query
}

pub fn count(conn: &mut Conn, alliance: AllianceId, filter: &Filter) -> Result<i64> {
    Ok(narrow(alliance, filter).count().get_result(conn)?)
}

/// A page in order of rounds' keys, then in the order in which the reports were begun; without parts.
pub fn list(
    conn: &mut Conn,
    alliance: AllianceId,
    filter: &Filter,
    page: &Page<After>,
) -> Result<Vec<Report>> {
    let mut query = narrow(alliance, filter);
    if let Some((round, id)) = page.after.clone() {
        query = query.filter(
            reports::round
                .gt(round.clone())
                .or(reports::round.eq(round).and(reports::id.gt(id))),
        );
    }
    let query = query.order((reports::round.asc(), reports::id.asc())).limit(page.limit);
    let rows: Vec<ReportRow> = query.select(ReportRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| row.into_report(Vec::new())).collect()
}

/// Every report of a round, without parts; drafts that were never submitted are among them.
pub fn of_round(conn: &mut Conn, alliance: AllianceId, round: &str) -> Result<Vec<Report>> {
    let query = reports::table
        .filter(reports::alliance_id.eq(alliance))
        .filter(reports::round.eq(round));
    let rows: Vec<ReportRow> = query.select(ReportRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| row.into_report(Vec::new())).collect()
}

/// Every report in a state, without parts.
pub fn in_state(conn: &mut Conn, alliance: AllianceId, state: State) -> Result<Vec<Report>> {
    let query = reports::table
        .filter(reports::alliance_id.eq(alliance))
        .filter(reports::state.eq(state.word()));
    let rows: Vec<ReportRow> = query.select(ReportRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| row.into_report(Vec::new())).collect()
}

/// Every report of a partner, without parts.
pub fn of_partner(conn: &mut Conn, alliance: AllianceId, partner: PartnerId) -> Result<Vec<Report>> {
    let query = reports::table
        .filter(reports::partner_id.eq(partner))
        .filter(reports::alliance_id.eq(alliance));
    let rows: Vec<ReportRow> = query.select(ReportRow::as_select()).load(conn)?;
    rows.into_iter().map(|row| row.into_report(Vec::new())).collect()
}

/// Every report with its last submission, for those that have one.
pub fn handed_in(conn: &mut Conn, partners: &[PartnerId]) -> Result<Vec<(Report, Version)>> {
    let mut found = Vec::new();
    for chunk in partners.chunks(CHUNK) {
        let query = reports::table
            .inner_join(report_versions::table)
            .filter(reports::submitted_version.eq(report_versions::number.nullable()))
            .order((reports::partner_id, reports::round))
            .select((ReportRow::as_select(), Version::as_select()));
        // As `among!` does, which knows one table only.
        let rows: Vec<(ReportRow, Version)> = match chunk {
            [only] => query.filter(reports::partner_id.eq(*only)).load(conn)?,
            ids => query.filter(reports::partner_id.eq_any(ids.to_vec())).load(conn)?,
        };
        for (row, version) in rows {
            found.push((row.into_report(Vec::new())?, version));
        }
    }
    Ok(found)
}
