use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Answer, short, whole_hash};
use super::call::Call;
use super::csv::{self, Dialect, Form};
use super::kept::Basis;
use super::lists::{List, Paging, linked, unless_any};
use super::partners::unknown;
use super::problem::Failure;
use crate::domain::amounts::{Amounts, decimal};
use crate::domain::checks::Faults;
use crate::domain::id::{InitiativeId, PartnerId};
use crate::domain::names::SortKey;
use crate::domain::programme::{Kind, Of};
use crate::domain::standing::Standing;
use crate::domain::text::{Language, Text};
use crate::service::figures::{self, Asked, By, Figure, Known};
use crate::service::programmes::InForce;
use crate::service::{Error, Role};
use crate::store;
use crate::store::standings::{Filter, Named};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FiguresQuery {
    /// Only this round's answers decide; of a sum, what this round's reports name is added.
    round: Option<String>,
    /// Whose membership: on this date. By default the earlier of today and the period's end.
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
    fn read(self, language: Language, merge_small: bool) -> Result<(Asked, Paging), Failure> {
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, self.limit.as_deref(), self.cursor, self.count.as_deref());
        let valid_on = faults.date_or_none("?validOn", self.valid_on.as_deref());
        let by = self.by.as_deref().and_then(|word| {
            faults.one_of("?by", word, &By::ALL.map(By::word));
            By::parse(word)
        });
        unless_any(faults)?;
        Ok((Asked { round: self.round, valid_on, by, language, merge_small }, paging))
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
#[get("/alliances/{alliance}/figures")]
pub async fn list_figures(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: FiguresQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let (asked, paging) = query.read(call.language, is_reader(call, &alliance))?;
        let known = call.known(conn, &alliance)?;
        let basis = basis(call, &alliance, known, &asked)?;
        let etag = etag(&basis, known);
        if unchanged(call, &alliance, &asked, &etag) {
            return Ok(Answer::gone().with_header("etag", etag));
        }
        if let Some(kept) = call.app.kept.find(&basis) {
            return Ok(kept);
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
        Ok(answer)
    })
    .await
}

/// Find a figure.
///
/// With `by`, an object of the whole and its groups. As CSV the whole is the first row of the first page.
#[utoipa::path(tag = "figures", params(FiguresQuery), responses(
    (status = 200, description = "The figure; with `by`, the whole and its groups", body = FigureOrBreakdown)))]
#[get("/alliances/{alliance}/figures/{indicator}")]
pub async fn find_figure(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: FiguresQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let (asked, paging) = query.read(call.language, is_reader(call, &alliance))?;
        let known = call.known(conn, &alliance)?;
        let figured = figures::one(conn, &alliance, known, &asked, call.step("indicator"))?;
        let etag = etag(&basis(call, &alliance, known, &asked)?, known);
        if asked.by.is_none() {
            // There are no pages here, but what is no cursor is refused all the same.
            paging.page::<usize>(call)?;
            let answer = match call.form()? {
                Form::Json => Answer::ok(&figured.whole),
                Form::Csv(dialect) => sheet(call, &[figured.whole], dialect),
            };
            return Ok(answer.with_header("etag", etag));
        }
        let total = paging.count.then(|| i64::try_from(figured.groups.len()).unwrap_or(i64::MAX));
        let List { items, next_cursor, next, total_count } =
            paging.of_all(call, figured.groups, total, row_key)?;
        if let Form::Csv(dialect) = call.form()? {
            let whole = (!paging.goes_on()).then_some(figured.whole);
            let rows: Vec<Figure> = whole.into_iter().chain(items).collect();
            let answer = linked(sheet(call, &rows, dialect), next.as_deref());
            return Ok(answer.with_header("etag", etag));
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
        Ok(answer.with_header("etag", etag))
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

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StandingsQuery {
    /// Only this round's answers decide.
    round: Option<String>,
    /// Members on this date. By default the earlier of today and the period's end.
    #[param(format = "date")]
    valid_on: Option<String>,
    /// `counted`, `notCounted`, `notApplicable`, `noAnswer` or `notSubmitted`.
    standing: Option<String>,
    /// Only this partner's rows.
    #[param(format = "uuid")]
    partner: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// Where one partner stands on a figure, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"partner": "019353f2-6c00-7000-8000-000000000001", "partnerName": "Eksempelforeningen",
    "initiative": null, "report": null, "standing": "counted",
    "reason": {"code": "rule-holds", "text": "Reglen er opfyldt.", "because":
        ["/v1/alliances/demo/reports/closing/019353f2-6c00-7000-8000-000000000001/versions/1#/answers/new_collaborations"],
        "detail": null},
    "amount": null, "amountSelfReported": null, "amountDocumented": null, "amountExternal": null, "validFrom": "2020-08-11", "validTo": null, "knownFrom": 1704}))]
pub struct StandingRow {
    pub partner: PartnerId,
    pub partner_name: String,
    /// Of a count of initiatives.
    pub initiative: Option<InitiativeId>,
    /// Of a count of reports: its address.
    pub report: Option<String>,
    pub standing: Standing,
    pub reason: ReasonView,
    /// What a counted partner adds to a sum, exactly.
    #[schema(format = "decimal")]
    pub amount: Option<String>,
    /// Of `amount`, what is self-reported, documented and verified from outside.
    #[schema(format = "decimal")]
    pub amount_self_reported: Option<String>,
    #[schema(format = "decimal")]
    pub amount_documented: Option<String>,
    #[schema(format = "decimal")]
    pub amount_external: Option<String>,
    #[schema(value_type = String, format = "date")]
    pub valid_from: chrono::NaiveDate,
    /// The first day on which it no longer holds.
    #[schema(value_type = Option<String>, format = "date")]
    pub valid_to: Option<chrono::NaiveDate>,
    /// The journal entry that made it so.
    pub known_from: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonView {
    #[schema(example = "rule-holds")]
    pub code: String,
    pub text: String,
    /// Addresses of the answers, commitments, initiatives or reports that made it so.
    pub because: Vec<String>,
    /// What the rule stumbled over.
    pub detail: Option<String>,
}

/// List a figure's members.
///
/// Every member with its standing and reason, in Danish order of names; a partner sees its own rows.
#[utoipa::path(tag = "figures", params(StandingsQuery), responses(
    (status = 200, description = "A page of standings", body = List<StandingRow>)))]
#[get("/alliances/{alliance}/figures/{indicator}/partners")]
pub async fn list_standings(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: StandingsQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let programme = &alliance.programme;
        let indicator = programme.indicator(call.step("indicator")).ok_or_else(Error::absent)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        let valid_on = faults.date_or_none("?validOn", query.valid_on.as_deref());
        if let Some(standing) = &query.standing {
            faults.one_of("?standing", standing, &Standing::ALL.map(Standing::word));
        }
        let partner = query.partner.as_deref().map(PartnerId::parse);
        if partner == Some(None) {
            faults.push(unknown(
                "?partner",
                "unknown-partner",
                query.partner.as_deref().unwrap_or_default(),
            ));
        }
        unless_any(faults)?;
        if let Some(round) = &query.round {
            figures::must_have_round(programme, round)?;
        }
        let own = call.ctx.as_partner(alliance.id);
        if let (Some(own), Some(Some(asked))) = (own, partner)
            && own != asked
        {
            return Err(Failure::from(Error::absent()));
        }
        let scope = figures::scope(programme, indicator, query.round.as_deref())?.to_owned();
        let known = call.known(conn, &alliance)?;
        let filter = Filter {
            on: figures::valid_on(programme, &scope, known, valid_on),
            indicator: indicator.key.clone(),
            scope,
            seq: known.seq,
            partner: own.or(partner.flatten()),
            standing: query.standing,
        };
        let page = paging.page(call)?;
        let rows = store::standings::list(conn, alliance.id, &filter, &page)?;
        let total = match paging.count {
            true => Some(store::standings::count(conn, alliance.id, &filter)?),
            false => None,
        };
        let list =
            paging.cut(call, rows, total, |(row, (_, name))| (SortKey(name.clone()), row.subject_id));
        let kind = &indicator.kind;
        list.map(|named| standing_row(call.language, &programme.slug, kind, named))
            .answer(call)
    })
    .await
}

fn standing_row(language: Language, slug: &str, kind: &Kind, named: Named) -> StandingRow {
    let (row, (partner_name, _)) = named;
    let reason = row.reason();
    let because = reason.as_ref().map(|reason| reason.because.clone()).unwrap_or_default();
    let address = |relative: &String| format!("/v1/alliances/{slug}/{relative}");
    let report = (*kind == Kind::Count(Of::Reports)).then(|| because.first()).flatten();
    let report = report
        .and_then(|at| at.split("/versions/").next())
        .map(|at| address(&at.to_owned()));
    let amounts = row.amounts();
    let written = |units: Option<i128>| match kind {
        Kind::Sum(sum) => units.map(|units| decimal(units, sum.measure.decimals)),
        Kind::Share | Kind::Count(_) => None,
    };
    let code = reason.as_ref().map_or_else(String::new, |reason| reason.code.clone());
    StandingRow {
        partner: row.partner_id,
        partner_name,
        initiative: (*kind == Kind::Count(Of::Initiatives))
            .then(|| InitiativeId::from(*row.subject_id.uuid())),
        report,
        standing: row.standing().unwrap_or(Standing::NoAnswer),
        reason: ReasonView {
            text: reason_text(&code).get(language).to_owned(),
            code,
            because: because.iter().map(address).collect(),
            detail: reason.and_then(|reason| reason.detail),
        },
        amount: written(amounts.map(Amounts::whole)),
        amount_self_reported: written(amounts.map(|amounts| amounts.self_reported)),
        amount_documented: written(amounts.map(|amounts| amounts.documented)),
        amount_external: written(amounts.map(|amounts| amounts.external)),
        valid_from: row.from_on,
        valid_to: row.to_on,
        known_from: row.from_seq,
    }
}

fn reason_text(code: &str) -> Text {
    let (da, en) = match code {
        "rule-holds" => ("Reglen er opfyldt.", "The rule holds."),
        "rule-does-not-hold" => ("Reglen er ikke opfyldt.", "The rule does not hold."),
        "does-not-apply" => {
            ("Indikatoren gælder ikke for partneren.", "The indicator does not apply to the partner.")
        }
        "not-submitted" => ("Der er ingen rapport, der tæller.", "There is no report that counts."),
        "blank" => ("Spørgsmålet er ikke besvaret.", "The question is not answered."),
        "dont-know" => ("Svaret er »ved ikke«.", "The answer is \"don't know\"."),
        "added" => ("De indberettede tal er lagt sammen.", "The reported amounts are added up."),
        "no-amount" => (
            "Målepunktet er nævnt uden et opnået tal.",
            "The measure is named without an actual amount.",
        ),
        "no-outcome" => (
            "Ingen rapport, der tæller, nævner målepunktet.",
            "No report that counts names the measure.",
        ),
        "not-applicable" => ("Svaret er »ikke relevant«.", "The answer is \"not applicable\"."),
        _ => ("Reglen kunne ikke afgøres.", "The rule could not be decided."),
    };
    Text::new(da, en)
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

/// A hash of all that the answer depends on: journal size, day, language, query and form.
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
        call.form()?.word().as_bytes(),
    ];
    Ok(whole_hash(&parts))
}

fn etag(basis: &Basis, known: Known) -> String {
    format!("\"{}-{}\"", known.seq, short(basis))
}
