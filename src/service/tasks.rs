//! What awaits somebody: a partner its reports, the secretariat the reports of all.
//!
//! A task is something that can still be done. So a round that has closed gives none to whoever missed it; who that
//! was, completeness tells.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::completeness::is_expected;
use super::programmes::InForce;
use super::reports::local;
use super::{Ctx, Error, Result};
use crate::db::Conn;
use crate::domain::dates::{self, day_in};
use crate::domain::extension::{Deadline, Extension};
use crate::domain::id::{PartnerId, ReportId};
use crate::domain::partner::Partner;
use crate::domain::programme::Round;
use crate::domain::report::{Point, State};
use crate::domain::text::{Language, Text};
use crate::store;
use crate::store::reports::Report;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaskKind)]
pub enum Kind {
    /// The report is returned to its partner, or opened again.
    Returned,
    /// The deadline has passed, and the round is still open.
    Overdue,
    /// Of a partner with an extension: it is to submit by its end.
    ExtensionEnds,
    /// Of a partner: it is to submit by the deadline.
    Due,
    /// Of the secretariat: a submission to accept or return.
    ToReview,
    /// Of the secretariat: a partner is yet to submit, and has time.
    Missing,
}

impl Kind {
    pub const OF_PARTNERS: [Kind; 4] = [Kind::Due, Kind::Overdue, Kind::Returned, Kind::ExtensionEnds];
    pub const OF_THE_SECRETARIAT: [Kind; 4] =
        [Kind::ToReview, Kind::Missing, Kind::Overdue, Kind::Returned];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Returned => "returned",
            Kind::Overdue => "overdue",
            Kind::ExtensionEnds => "extensionEnds",
            Kind::Due => "due",
            Kind::ToReview => "toReview",
            Kind::Missing => "missing",
        }
    }
}

/// Something that awaits a partner or the secretariat.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"kind": "due", "round": "2023H2", "partner": "019353f2-6c00-7000-8000-000000000001",
    "partnerName": "Eksempelforeningen", "dueAt": "2023-12-31T22:59:59.000000Z",
    "title": "Indsend rapporten for »2. halvår 2023« senest 2023-12-31 23:59.",
    "link": "/v1/alliances/demo/reports/2023H2/019353f2-6c00-7000-8000-000000000001", "points": []}))]
pub struct Task {
    pub kind: Kind,
    pub round: String,
    pub partner: PartnerId,
    pub partner_name: String,
    /// The deadline that holds for the partner in the round.
    #[serde(serialize_with = "dates::sent")]
    #[schema(value_type = String, format = "date-time")]
    pub due_at: DateTime<Utc>,
    /// A sentence in the caller's language.
    pub title: String,
    /// The report, relative; where the partner has begun none, its address to be.
    pub link: String,
    /// Of a returned report: its open points.
    pub points: Vec<Point>,
}

/// What awaits a partner, the next first.
pub fn of_partner(
    conn: &mut Conn,
    ctx: &Ctx,
    language: Language,
    alliance: &InForce,
    id: PartnerId,
) -> Result<Vec<Task>> {
    let partner = super::partners::find(conn, ctx, alliance, id)?;
    let reports = store::reports::of_partner(conn, alliance.id, id)?;
    let extensions = store::extensions::all(conn, alliance.id, Some(id))?;
    let mut tasks = Vec::new();
    for round in &alliance.programme.rounds {
        let extension = extensions.iter().find(|extension| extension.round == round.key);
        let case = Case {
            alliance,
            round,
            partner: &partner,
            deadline: Deadline::of(round, extension),
        };
        if !case.is_open(ctx) {
            continue;
        }
        let report = reports.iter().find(|report| report.round == round.key);
        match report {
            Some(report) if report.state == State::Returned => {
                let points = store::report_points::of(conn, report.id)?;
                let open = points.into_iter().filter(Point::is_open).collect();
                tasks.push(case.task(language, Kind::Returned, open, true));
            }
            Some(report) if report.state != State::Draft => {}
            _ if !case.is_expected(ctx) => {}
            _ => {
                let kind = match (case.deadline.is_met(ctx.now), case.deadline.is_extended) {
                    (false, _) => Kind::Overdue,
                    (true, true) => Kind::ExtensionEnds,
                    (true, false) => Kind::Due,
                };
                tasks.push(case.task(language, kind, Vec::new(), true));
            }
        }
    }
    tasks.sort_by_key(|task| (task.due_at, task.kind));
    Ok(tasks)
}

/// What awaits the secretariat: submissions to look at in every round, and who is yet to submit in the open ones. The
/// next first, then in Danish order of names.
pub fn of_secretariat(
    conn: &mut Conn,
    ctx: &Ctx,
    language: Language,
    alliance: &InForce,
) -> Result<Vec<Task>> {
    ctx.may(alliance.id)?;
    let partners = store::partners::all(conn, alliance.id)?;
    let extensions: HashMap<(String, PartnerId), Extension> =
        store::extensions::all(conn, alliance.id, None)?
            .into_iter()
            .map(|extension| ((extension.round.clone(), extension.partner), extension))
            .collect();
    let case = |round: &'_ Round, partner: &'_ Partner| {
        let extension = extensions.get(&(round.key.clone(), partner.id));
        Deadline::of(round, extension)
    };
    let mut tasks = Vec::new();
    let by_id: HashMap<PartnerId, &Partner> =
        partners.iter().map(|partner| (partner.id, partner)).collect();
    let mut points = open_points(conn, alliance)?;
    let waiting = [(State::Submitted, Kind::ToReview), (State::Returned, Kind::Returned)];
    for (state, kind) in waiting {
        for report in store::reports::in_state(conn, alliance.id, state)? {
            let round = alliance.programme.round(&report.round).ok_or_else(Error::absent)?;
            let partner = *by_id.get(&report.partner).ok_or_else(Error::absent)?;
            let case = Case { alliance, round, partner, deadline: case(round, partner) };
            let open = points.remove(&report.id).unwrap_or_default();
            tasks.push(case.task(language, kind, open, false));
        }
    }
    for round in &alliance.programme.rounds {
        let cases = partners.iter().map(|partner| {
            let deadline = case(round, partner);
            Case { alliance, round, partner, deadline }
        });
        let open: Vec<Case<'_>> =
            cases.filter(|case| case.is_open(ctx) && case.is_expected(ctx)).collect();
        if open.is_empty() {
            continue;
        }
        let reports = store::reports::of_round(conn, alliance.id, &round.key)?;
        let begun: HashMap<PartnerId, Report> =
            reports.into_iter().map(|report| (report.partner, report)).collect();
        let missing = open.into_iter().filter(|case| {
            let report = begun.get(&case.partner.id);
            report.is_none_or(|report| report.state == State::Draft)
        });
        tasks.extend(missing.map(|case| {
            let kind = if case.deadline.is_met(ctx.now) { Kind::Missing } else { Kind::Overdue };
            case.task(language, kind, Vec::new(), false)
        }));
    }
    let order: HashMap<PartnerId, usize> = partners
        .iter()
        .enumerate()
        .map(|(place, partner)| (partner.id, place))
        .collect();
    tasks.sort_by_key(|task| (task.due_at, task.round.clone(), order.get(&task.partner).copied()));
    Ok(tasks)
}

fn open_points(conn: &mut Conn, alliance: &InForce) -> Result<HashMap<ReportId, Vec<Point>>> {
    let mut points: HashMap<ReportId, Vec<Point>> = HashMap::new();
    for (report, point) in store::report_points::open_in_returned(conn, alliance.id)? {
        points.entry(report).or_default().push(point);
    }
    Ok(points)
}

/// One partner in one round.
struct Case<'a> {
    alliance: &'a InForce,
    round: &'a Round,
    partner: &'a Partner,
    deadline: Deadline,
}

impl Case<'_> {
    fn is_open(&self, ctx: &Ctx) -> bool {
        self.deadline
            .accepting(self.round, self.alliance.programme.zone, ctx.now)
            .is_ok()
    }

    fn is_expected(&self, ctx: &Ctx) -> bool {
        let programme = &self.alliance.programme;
        is_expected(programme, &self.round.key, self.partner, day_in(programme.zone, ctx.now))
    }

    fn task(&self, language: Language, kind: Kind, points: Vec<Point>, is_own: bool) -> Task {
        let title = match is_own {
            true => self.to_partner(kind, points.len()),
            false => self.to_secretariat(kind, points.len()),
        };
        let (slug, round, partner) = (&self.alliance.programme.slug, &self.round.key, self.partner.id);
        Task {
            kind,
            round: round.clone(),
            partner,
            partner_name: self.partner.name.clone(),
            due_at: self.deadline.at,
            title: title.get(language).to_owned(),
            link: format!("/v1/alliances/{slug}/reports/{round}/{partner}"),
            points,
        }
    }

    fn to_partner(&self, kind: Kind, points: usize) -> Text {
        let (label, at) = (&self.round.label, local(self.alliance, self.deadline.at));
        let (da, en) = (&label.da, &label.en);
        match kind {
            Kind::Returned if points == 0 => Text::new(
                format!("Rapporten for »{da}« er sendt retur."),
                format!("The report for \"{en}\" is returned."),
            ),
            Kind::Returned => {
                let open = open_in_words(points);
                Text::new(
                    format!("Rapporten for »{da}« er sendt retur med {}.", open.da),
                    format!("The report for \"{en}\" is returned with {}.", open.en),
                )
            }
            Kind::Overdue => Text::new(
                format!("Rapporten for »{da}« skulle være indsendt senest {at}."),
                format!("The report for \"{en}\" was due by {at}."),
            ),
            Kind::ExtensionEnds => Text::new(
                format!("Indsend rapporten for »{da}« senest {at}, hvor udsættelsen slutter."),
                format!("Submit the report for \"{en}\" by {at}, when the extension ends."),
            ),
            _ => Text::new(
                format!("Indsend rapporten for »{da}« senest {at}."),
                format!("Submit the report for \"{en}\" by {at}."),
            ),
        }
    }

    fn to_secretariat(&self, kind: Kind, points: usize) -> Text {
        let (label, at) = (&self.round.label, local(self.alliance, self.deadline.at));
        let (da, en, name) = (&label.da, &label.en, &self.partner.name);
        match kind {
            Kind::ToReview => Text::new(
                format!("Gennemgå rapporten for »{da}« fra {name}."),
                format!("Review the report for \"{en}\" from {name}."),
            ),
            Kind::Returned if points == 0 => Text::new(
                format!("Rapporten for »{da}« ligger igen hos {name}."),
                format!("The report for \"{en}\" is with {name} again."),
            ),
            Kind::Returned => {
                let open = open_in_words(points);
                Text::new(
                    format!("Rapporten for »{da}« ligger igen hos {name} med {}.", open.da),
                    format!("The report for \"{en}\" is with {name} again, with {}.", open.en),
                )
            }
            Kind::Overdue => Text::new(
                format!("{name} skulle have indsendt rapporten for »{da}« senest {at}."),
                format!("{name} was to submit the report for \"{en}\" by {at}."),
            ),
            _ => Text::new(
                format!("{name} mangler at indsende rapporten for »{da}« senest {at}."),
                format!("{name} is yet to submit the report for \"{en}\" by {at}."),
            ),
        }
    }
}

fn open_in_words(points: usize) -> Text {
    match points {
        1 => Text::new("1 åbent punkt", "1 open point"),
        count => Text::new(format!("{count} åbne punkter"), format!("{count} open points")),
    }
}
