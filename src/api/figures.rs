use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Answer, short, whole_hash};
use super::call::Call;
use super::csv::{self, Dialect, Form};
use super::kept::Basis;
use super::lists::{List, Paging, linked, unless_any};
use super::points;
use super::problem::Failure;
use crate::domain::checks::Faults;
use crate::domain::point::Point;
use crate::domain::text::Language;
use crate::service::Role;
use crate::service::figures::{self, Asked, By, Figure, Known};
use crate::service::past::Then;
use crate::service::programmes::InForce;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FiguresQuery {
    /// Only this round's answers decide; of a sum, what this round's reports name is added.
    round: Option<String>,
    /// As of an earlier point: a size of the journal, a time (RFC 3339), which stands for the last size at or before
    /// it, or `publications/{n}`. `Accept-Datetime` says the same of a time.
    as_of: Option<String>,
    /// Whose membership: on this date. By default the earlier of today and the period's end; with `asOf`, of that
    /// point's date and the period's end.
    #[param(format = "date")]
    valid_on: Option<String>,
    /// Breaks down by `sector`, `region`, `area` or `focusArea`. Focus areas overlap: a partner is in the group
    /// of each one that it has committed to, an initiative in those that it is about.
    by: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

impl FiguresQuery {
    fn read(
        self,
        language: Language,
        merge_small: bool,
    ) -> Result<(Asked, Option<Point>, Paging), Failure> {
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, self.limit.as_deref(), self.cursor, self.count.as_deref());
        let as_of = points::read(&mut faults, "?asOf", self.as_of.as_deref());
        let valid_on = faults.date_or_none("?validOn", self.valid_on.as_deref());
        let by = self.by.as_deref().and_then(|word| {
            faults.one_of("?by", word, &By::ALL.map(By::word));
            By::parse(word)
        });
        unless_any(faults)?;
        Ok((Asked { round: self.round, valid_on, by, language, merge_small }, as_of, paging))
    }
}

/// A figure and its groups.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Breakdown {
    pub whole: Figure,
    /// Whether the groups' standings add up to the whole's. Those of focus areas do not.
    pub disjoint: bool,
    /// How many groups a reader is not shown. Of groups that do not overlap those below `smallGroup` are merged
    /// into `other`. Focus areas do, so there is no such sum: those below are left out, with the smallest of
    /// the rest.
    pub left_out: usize,
    pub items: Vec<Figure>,
    pub next_cursor: Option<String>,
    pub next: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

/// List all figures.
///
/// In the programme's order. With `by`, each figure's row is followed by those of its groups.
#[utoipa::path(tag = "figures", params(FiguresQuery), responses(
    (status = 200, description = "A page of figures", body = List<Figure>)))]
#[get("/figures")]
pub async fn list_figures(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: FiguresQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let (asked, as_of, paging) = query.read(call.language, is_reader(call, &alliance))?;
        let Then { alliance, known } = call.then(conn, alliance, as_of)?;
        let basis = basis(call, &alliance, known, &asked)?;
        let etag = etag(&basis, known);
        if unchanged(call, &alliance, &asked, &etag) {
            return Ok(placed(call, known, Answer::gone().with_header("etag", etag)));
        }
        if let Some(kept) = call.app.kept.find(&basis) {
            return Ok(placed(call, known, kept));
        }
        let figured = figures::all(conn, &alliance, known, &asked)?;
        let rows: Vec<Figure> = figured
            .into_iter()
            .flat_map(|f| std::iter::once(f.whole).chain(f.groups))
            .collect();
        let total = paging.count.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let list = paging.of_all(call, rows, total, row_key)?;
        let answer = list.untagged(call)?.with_header("etag", etag);
        // A page before the last names a cursor, which is the caller's own.
        if list.next.is_none() && !paging.goes_on() {
            call.app.kept.keep(basis, &answer);
        }
        Ok(placed(call, known, answer))
    })
    .await
}

/// Find a figure.
///
/// With `by`, an object of the whole and its groups. As CSV the whole is the first row of the first page.
#[utoipa::path(tag = "figures", params(FiguresQuery), responses(
    (status = 200, description = "The figure; with `by`, the whole and its groups", body = FigureOrBreakdown)))]
#[get("/figures/{indicator}")]
pub async fn find_figure(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: FiguresQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let (asked, as_of, paging) = query.read(call.language, is_reader(call, &alliance))?;
        let Then { alliance, known } = call.then(conn, alliance, as_of)?;
        let figured = figures::one(conn, &alliance, known, &asked, call.step("indicator"))?;
        let etag = etag(&basis(call, &alliance, known, &asked)?, known);
        if asked.by.is_none() {
            // There are no pages here, but what is no cursor is refused all the same.
            paging.page::<usize>(call)?;
            let answer = match call.form()? {
                Form::Json => Answer::ok(&figured.whole),
                Form::Csv(dialect) => sheet(call, &[figured.whole], dialect),
            };
            return Ok(placed(call, known, answer.with_header("etag", etag)));
        }
        let total = paging.count.then(|| i64::try_from(figured.groups.len()).unwrap_or(i64::MAX));
        let List { items, next_cursor, next, total_count } =
            paging.of_all(call, figured.groups, total, row_key)?;
        if let Form::Csv(dialect) = call.form()? {
            let whole = (!paging.goes_on()).then_some(figured.whole);
            let rows: Vec<Figure> = whole.into_iter().chain(items).collect();
            let answer = linked(sheet(call, &rows, dialect), next.as_deref());
            return Ok(placed(call, known, answer.with_header("etag", etag)));
        }
        let breakdown = Breakdown {
            whole: figured.whole,
            disjoint: asked.by.is_none_or(By::is_disjoint),
            left_out: figured.left_out,
            items,
            next_cursor,
            next,
            total_count,
        };
        let answer = linked(Answer::ok(&breakdown), breakdown.next.as_deref());
        Ok(placed(call, known, answer.with_header("etag", etag)))
    })
    .await
}

/// Rows of figures, in the columns of the list of them.
fn sheet(call: &Call, rows: &[Figure], dialect: Dialect) -> Answer {
    let columns = call.app.routes.columns("list_figures");
    Answer::bytes(csv::CONTENT_TYPE, csv::written(columns, rows, dialect))
}

/// What tells a row of figures from the others.
fn row_key(figure: &Figure) -> String {
    format!("{}/{:?}/{:?}", figure.indicator, figure.by, figure.group)
}

/// One row, or a breakdown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[allow(dead_code)] // For the document: each answer is made as the one or the other.
pub enum FigureOrBreakdown {
    Figure(Box<Figure>),
    Breakdown(Box<Breakdown>),
}

/// Says which state of the figures it is.
fn placed(call: &Call, known: Known, answer: Answer) -> Answer {
    call.placed_in_time(answer, known.entry_day.map(|_| known.at))
}

/// A dashboard sees no small groups.
fn is_reader(call: &Call, alliance: &InForce) -> bool {
    call.ctx.role_in(alliance.id) == Some(Role::Reader)
}

/// Whether the client has the answer already, so that nothing needs to be computed.
fn unchanged(call: &Call, alliance: &InForce, asked: &Asked, etag: &str) -> bool {
    let seen = super::headers::none_match(&call.headers, etag);
    // The round is checked all the same: a wrong address stays wrong.
    let is_right = asked
        .round
        .as_deref()
        .is_none_or(|round| alliance.programme.round(round).is_some());
    seen && is_right && call.query_string().find("cursor=").is_none()
}

/// A hash of all that the answer depends on: journal size, day, language, query and form. Of an earlier point the
/// size says which programme was in force.
fn basis(call: &Call, alliance: &InForce, known: Known, asked: &Asked) -> Result<Basis, Failure> {
    let on = asked.valid_on.unwrap_or(known.today).to_string();
    let size = known.seq.to_string();
    let parts = [
        alliance.id.uuid().as_bytes().as_slice(),
        size.as_bytes(),
        on.as_bytes(),
        call.language.tag().as_bytes(),
        call.path().as_bytes(),
        call.query_string().as_bytes(),
        if asked.merge_small { b"merged" } else { b"whole" },
        if known.entry_day.is_some() { b"then" } else { b"now" },
        call.form()?.word().as_bytes(),
    ];
    Ok(whole_hash(&parts))
}

fn etag(basis: &Basis, known: Known) -> String {
    format!("\"{}-{}\"", known.seq, short(basis))
}
