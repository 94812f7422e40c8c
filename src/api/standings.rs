use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::partners::unknown;
use super::points;
use super::problem::Failure;
use crate::domain::amounts::{Amounts, decimal};
use crate::domain::checks::Faults;
use crate::domain::id::{InitiativeId, PartnerId};
use crate::domain::names::SortKey;
use crate::domain::point::Point;
use crate::domain::programme::{Kind, Of};
use crate::domain::standing::Standing;
use crate::domain::text::{Language, Text};
use crate::service::past::Then;
use crate::service::{Error, figures};
use crate::store;
use crate::store::standings::{Filter, Named};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StandingsQuery {
    /// Only this round's answers decide.
    round: Option<String>,
    /// As of an earlier point: a size of the journal, a time (RFC 3339), which stands for the last size at or before
    /// it, or `publications/{n}`. `Accept-Datetime` says the same of a time.
    as_of: Option<String>,
    /// Members on this date. By default the earlier of today and the period's end; with `asOf`, of that point's
    /// date and the period's end.
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

impl StandingsQuery {
    /// What is asked for, which partner's rows among them.
    fn read(&self) -> Result<Wanted, Failure> {
        let mut faults = Faults::new();
        let (limit, count) = (self.limit.as_deref(), self.count.as_deref());
        let paging = Paging::read(&mut faults, limit, self.cursor.clone(), count);
        points::read(&mut faults, "?asOf", self.as_of.as_deref());
        let valid_on = faults.date_or_none("?validOn", self.valid_on.as_deref());
        if let Some(standing) = &self.standing {
            faults.one_of("?standing", standing, &Standing::ALL.map(Standing::word));
        }
        let partner = self.partner.as_deref().map(|text| {
            let partner = PartnerId::parse(text);
            if partner.is_none() {
                faults.push(unknown("?partner", "unknown-partner", text));
            }
            partner
        });
        unless_any(faults)?;
        Ok(Wanted { valid_on, partner: partner.flatten(), paging })
    }
}

struct Wanted {
    valid_on: Option<chrono::NaiveDate>,
    partner: Option<PartnerId>,
    paging: Paging,
}

/// List a figure's members.
///
/// Every member with its standing and reason, in Danish order of names; a partner sees its own rows. As of an
/// earlier point, partners have the names of then.
#[utoipa::path(tag = "figures", params(StandingsQuery), responses(
    (status = 200, description = "A page of standings", body = List<StandingRow>)))]
#[get("/figures/{indicator}/partners")]
pub async fn list_standings(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: StandingsQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let as_of = query.as_of.as_deref().and_then(Point::parse);
        let then = call.then(conn, alliance, as_of)?;
        let Then { alliance, known } = &then;
        let programme = &alliance.programme;
        let indicator = programme.indicator(call.step("indicator")).ok_or_else(Error::absent)?;
        let wanted = query.read()?;
        if let Some(round) = &query.round {
            figures::must_have_round(programme, round)?;
        }
        let own = call.ctx.as_partner(alliance.id);
        if let (Some(own), Some(asked)) = (own, wanted.partner)
            && own != asked
        {
            return Err(Failure::from(Error::absent()));
        }
        let scope = figures::scope(programme, indicator, query.round.as_deref())?.to_owned();
        let filter = Filter {
            on: figures::valid_on(programme, &scope, *known, wanted.valid_on),
            indicator: indicator.key.clone(),
            scope,
            seq: known.seq,
            partner: own.or(wanted.partner),
            standing: query.standing,
        };
        let paging = wanted.paging;
        let page = paging.page(call)?;
        let rows = store::standings::list(conn, alliance.id, &filter, &page)?;
        let total = match paging.count {
            true => Some(store::standings::count(conn, alliance.id, &filter)?),
            false => None,
        };
        let list =
            paging.cut(call, rows, total, |(row, (_, name))| (SortKey(name.clone()), row.subject_id));
        let kind = &indicator.kind;
        let answer = list.map(|named| standing_row(call.language, &then, kind, named)).answer(call)?;
        Ok(call.placed_in_time(answer, known.entry_day.map(|_| known.at)))
    })
    .await
}

fn standing_row(language: Language, then: &Then, kind: &Kind, named: Named) -> StandingRow {
    let (row, (partner_name, _)) = named;
    let reason = row.reason();
    let because = reason.as_ref().map(|reason| reason.because.clone()).unwrap_or_default();
    let slug = &then.alliance.programme.slug;
    let as_of = then
        .known
        .entry_day
        .map(|_| format!("?asOf={}", then.known.seq))
        .unwrap_or_default();
    // A submission never changes, so it is the same at every point.
    let address = |relative: &String| match relative.contains("/versions/") {
        true => format!("/v1/alliances/{slug}/{relative}"),
        false => format!("/v1/alliances/{slug}/{relative}{as_of}"),
    };
    let report = (*kind == Kind::Count(Of::Reports)).then(|| row.report_address()).flatten();
    let report = report.map(|relative| address(&relative));
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
