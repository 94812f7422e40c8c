//! Figures, read from tallies. A summary costs as many rows as there are dates of joining and leaving,
//! never as many as there are partners.

mod groups;
mod sums;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::programmes::InForce;
use super::{Ctx, Error, Kind, Result};
use crate::db::Conn;
use crate::domain::dates::{day_in, rfc3339};
use crate::domain::figure::{Fraction, Tally};
use crate::domain::programme::{Indicator, Kind as IndicatorKind, Programme, WHOLE_ALLIANCE};
use crate::domain::text::{Fault, Language};
use crate::store;
use crate::store::journal::Head;
use crate::store::tallies::{TallyRow, WHOLE};

pub use groups::By;
use groups::large_ones;
pub(super) use groups::merged;
use sums::Summed;

/// The value of an indicator, with everything needed to check it. Every row has all keys.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "indicator": "new_collaborations", "kind": "share", "label": "har siden 2020 indgået nye samarbejder",
    "by": null, "group": null, "groupLabel": null, "round": null, "counted": 72, "notCounted": 28,
    "notApplicable": 0, "noAnswer": 0, "notSubmitted": 7, "members": 107, "baseRule": "respondents",
    "base": 100, "percent": 72, "percentText": "72", "ratio": "0.720000", "noPercentBecause": null,
    "lowestPercent": 67, "highestPercent": 74, "value": null, "noValueBecause": null, "amount": null,
    "amountSelfReported": null, "amountDocumented": null, "amountExternal": null, "measure": null, "take": null,
    "unit": null, "of": null,
    "validOn": "2023-12-31", "asOf": "2024-01-10T08:00:00.000000Z", "journalSize": 1834,
    "definition": {"version": 3, "sha256": "9f86…", "counts": "answer == 'yes'", "question": "new_collaborations"},
    "links": {"self": "/v1/alliances/a/figures/new_collaborations",
        "partners": "/v1/alliances/a/figures/new_collaborations/partners", "changes": null}
}))]
pub struct Figure {
    pub indicator: String,
    /// `share`, `count` or `sum`.
    pub kind: String,
    pub label: String,
    /// `sector`, `region`, `area` or `focusArea` in a breakdown.
    pub by: Option<String>,
    /// The group's key; null in a breakdown for those without a value.
    pub group: Option<String>,
    pub group_label: Option<String>,
    pub round: Option<String>,
    pub counted: i64,
    pub not_counted: i64,
    pub not_applicable: i64,
    pub no_answer: i64,
    pub not_submitted: i64,
    /// The five added up.
    pub members: i64,
    /// Of a share: `respondents` or `members`.
    pub base_rule: Option<String>,
    pub base: Option<i64>,
    /// counted ÷ base, rounded half up from the exact fraction.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    pub percent: Value,
    /// For people: 0 only for none, 100 only for all.
    pub percent_text: Option<String>,
    /// counted ÷ base with six decimals.
    #[schema(format = "decimal")]
    pub ratio: Option<String>,
    /// `no-members`, `nobody-applicable` or `no-respondents`.
    pub no_percent_because: Option<String>,
    /// If every silent partner had answered no.
    #[schema(value_type = Option<f64>)]
    pub lowest_percent: Value,
    /// If every silent partner had answered yes.
    #[schema(value_type = Option<f64>)]
    pub highest_percent: Value,
    /// Of a count; of a sum the number nearest to `amount`.
    #[schema(value_type = Option<f64>)]
    pub value: Value,
    /// Of a sum without anybody who reported: `no-members`, `nobody-applicable` or `nobody-reported`.
    pub no_value_because: Option<String>,
    /// Of a sum: exactly, with the measure's decimals.
    #[schema(format = "decimal")]
    pub amount: Option<String>,
    /// Of `amount`, what is self-reported, documented and verified from outside.
    #[schema(format = "decimal")]
    pub amount_self_reported: Option<String>,
    #[schema(format = "decimal")]
    pub amount_documented: Option<String>,
    #[schema(format = "decimal")]
    pub amount_external: Option<String>,
    /// Of a sum: the measure's key.
    pub measure: Option<String>,
    /// Of a sum: `latest` or `each`.
    pub take: Option<String>,
    /// Of a sum: the measure's.
    pub unit: Option<String>,
    /// Of a count: `partners`, `initiatives` or `reports`; of a sum: `outcome` or `output`.
    pub of: Option<String>,
    #[schema(value_type = String, format = "date")]
    pub valid_on: NaiveDate,
    #[schema(format = "date-time")]
    pub as_of: String,
    pub journal_size: i64,
    pub definition: Definition,
    pub links: Links,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Definition {
    /// The programme's version.
    pub version: i64,
    /// Of the definition's canonical JSON.
    pub sha256: String,
    /// The rule (CEL); empty of a sum.
    pub counts: String,
    pub question: Option<String>,
}

/// Relative addresses.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Links {
    #[serde(rename = "self")]
    pub own: String,
    pub partners: String,
    pub changes: Option<String>,
}

/// What is known at one point of the journal, and which day it is.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub today: NaiveDate,
}

/// What is known now.
pub fn live(conn: &mut Conn, ctx: &Ctx, alliance: &InForce) -> Result<Known> {
    let head = store::journal::head(conn, alliance.id)?.ok_or_else(Error::absent)?;
    Ok(known(ctx, alliance, head))
}

/// What is known where the journal has come so far.
pub fn known(ctx: &Ctx, alliance: &InForce, head: Head) -> Known {
    Known {
        seq: head.size,
        at: head.last_at,
        today: day_in(alliance.programme.zone, ctx.now),
    }
}

/// What of the figures is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub round: Option<String>,
    pub valid_on: Option<NaiveDate>,
    pub by: Option<By>,
    pub language: Language,
    /// Whether groups with fewer members than the programme's `smallGroup` are merged, or left out.
    pub merge_small: bool,
}

/// One figure and, where it is broken down, its groups.
#[derive(Debug, Clone)]
pub struct Figured {
    pub whole: Figure,
    pub groups: Vec<Figure>,
    /// How many groups are not shown, since they are small and can't be merged.
    pub left_out: usize,
}

/// All figures of the programme, in its order; with a round, only those that have it.
pub fn all(conn: &mut Conn, alliance: &InForce, known: Known, asked: &Asked) -> Result<Vec<Figured>> {
    if let Some(round) = &asked.round {
        must_have_round(&alliance.programme, round)?;
    }
    let placed: Vec<(&Indicator, &str)> = alliance
        .programme
        .indicators
        .iter()
        .filter_map(|i| Some((i, scope(&alliance.programme, i, asked.round.as_deref()).ok()?)))
        .collect();
    let mut scopes: Vec<&str> = placed.iter().map(|(_, scope)| *scope).collect();
    scopes.sort_unstable();
    scopes.dedup();
    let whole = gathered(store::tallies::known(conn, alliance.id, WHOLE, &scopes, None, known.seq)?);
    let groups = match asked.by {
        Some(by) => {
            gathered(store::tallies::known(conn, alliance.id, by.word(), &scopes, None, known.seq)?)
        }
        None => HashMap::new(),
    };
    let figured = placed.into_iter().map(|(indicator, scope)| {
        let key = (indicator.key.clone(), scope.to_owned());
        figured(alliance, known, asked, indicator, scope, whole.get(&key), groups.get(&key))
    });
    Ok(figured.collect())
}

/// One figure.
pub fn one(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    asked: &Asked,
    indicator: &str,
) -> Result<Figured> {
    let programme = &alliance.programme;
    let indicator = programme.indicator(indicator).ok_or_else(Error::absent)?;
    if let Some(round) = &asked.round {
        must_have_round(programme, round)?;
    }
    let scope = scope(programme, indicator, asked.round.as_deref())?;
    let only = Some(indicator.key.as_str());
    let key = (indicator.key.clone(), scope.to_owned());
    let whole = gathered(store::tallies::known(conn, alliance.id, WHOLE, &[scope], only, known.seq)?);
    let groups = match asked.by {
        Some(by) => {
            gathered(store::tallies::known(conn, alliance.id, by.word(), &[scope], only, known.seq)?)
        }
        None => HashMap::new(),
    };
    Ok(figured(alliance, known, asked, indicator, scope, whole.get(&key), groups.get(&key)))
}

pub fn must_have_round(programme: &Programme, round: &str) -> Result<()> {
    if programme.round(round).is_some() {
        return Ok(());
    }
    let shown = crate::domain::checks::shown(round);
    Err(Error::from(vec![Fault::new(
        "?round",
        "unknown-round",
        format!("Runden »{shown}« findes ikke i programmet."),
        format!("There is no round \"{shown}\" in the programme."),
    )]))
}

/// The scope that a figure is asked for in.
pub fn scope<'a>(
    programme: &Programme,
    indicator: &'a Indicator,
    round: Option<&'a str>,
) -> Result<&'a str> {
    let malformed = |code, da: &str, en: &str| Err(Error::refuse(Kind::Malformed, code, da, en));
    match (&indicator.round, round) {
        (Some(pinned), None) => Ok(pinned),
        (None, None) => Ok(WHOLE_ALLIANCE),
        (Some(pinned), Some(round)) if pinned == round => Ok(pinned),
        (Some(_), Some(_)) => malformed(
            "indicator-has-other-round",
            "Indikatoren er bundet til en anden runde.",
            "The indicator is bound to another round.",
        ),
        (None, Some(round)) => match &indicator.question {
            None if matches!(indicator.kind, IndicatorKind::Sum(_)) => Ok(round),
            None => malformed(
                "indicator-has-no-round",
                "Indikatoren bygger ikke på et spørgsmål og har derfor ingen runde.",
                "The indicator rests on no question and so has no round.",
            ),
            Some(question) if programme.round(round).is_some_and(|r| r.asks(question)) => Ok(round),
            Some(_) => malformed(
                "question-not-asked",
                "Runden stiller ikke indikatorens spørgsmål.",
                "The round does not ask the indicator's question.",
            ),
        },
    }
}

/// The day that a figure is of: the one asked for, else today or the last day of its period.
pub fn valid_on(
    programme: &Programme,
    scope: &str,
    known: Known,
    asked: Option<NaiveDate>,
) -> NaiveDate {
    asked.unwrap_or_else(|| known.today.min(programme.period(scope).ends_on))
}

type Gathered = HashMap<(String, String), Vec<TallyRow>>;

fn gathered(rows: Vec<TallyRow>) -> Gathered {
    let mut by_indicator = Gathered::new();
    for row in rows {
        by_indicator
            .entry((row.indicator.clone(), row.scope.clone()))
            .or_default()
            .push(row);
    }
    by_indicator
}

fn figured(
    alliance: &InForce,
    known: Known,
    asked: &Asked,
    indicator: &Indicator,
    scope: &str,
    whole: Option<&Vec<TallyRow>>,
    groups: Option<&Vec<TallyRow>>,
) -> Figured {
    let on = valid_on(&alliance.programme, scope, known, asked.valid_on);
    let until_then = |rows: Option<&Vec<TallyRow>>| {
        let mut sums: BTreeMap<String, Tally> = BTreeMap::new();
        for row in rows.into_iter().flatten().filter(|row| row.from_on <= on) {
            let sum = sums.entry(row.group_key.clone()).or_default();
            *sum = sum.plus(row.tally());
        }
        sums
    };
    let figure = |tally, group: Option<&str>| {
        let place = Place { alliance, known, asked, indicator, scope, on, group };
        place.figure(tally)
    };
    let tally = until_then(whole).remove("").unwrap_or_default();
    let mut sums: Vec<(String, Tally)> = until_then(groups).into_iter().collect();
    sums.retain(|(_, tally)| tally.members() > 0);
    if let Some(by) = asked.by {
        sums.sort_by_key(|(group, _)| by.position(&alliance.programme, group));
    }
    let least = alliance.programme.small_group;
    let there = sums.len();
    match asked.by {
        Some(by) if asked.merge_small && by.is_disjoint() => {
            sums = merged(sums, least, Tally::members, Tally::plus)
        }
        Some(_) if asked.merge_small => sums = large_ones(sums, least),
        _ => {}
    }
    let is_disjoint = asked.by.is_none_or(By::is_disjoint);
    Figured {
        left_out: if is_disjoint { 0 } else { there - sums.len() },
        whole: figure(tally, None),
        groups: sums.into_iter().map(|(group, tally)| figure(tally, Some(&group))).collect(),
    }
}

/// Where a figure stands: of what, of whom, when, for whom to read.
struct Place<'a> {
    alliance: &'a InForce,
    known: Known,
    asked: &'a Asked,
    indicator: &'a Indicator,
    scope: &'a str,
    on: NaiveDate,
    group: Option<&'a str>,
}

impl Place<'_> {
    fn figure(&self, tally: Tally) -> Figure {
        let (indicator, programme, language) =
            (self.indicator, &self.alliance.programme, self.asked.language);
        let is_share = indicator.kind == IndicatorKind::Share;
        let base = tally.base(indicator.base);
        let share = Fraction::of(tally.counted, base).filter(|_| is_share);
        let of_all = |part| {
            let fraction = Fraction::of(part, tally.applicable()).filter(|_| is_share);
            fraction.map_or(Value::Null, |fraction| fraction.percent(programme.decimals))
        };
        let group = self.group.filter(|group| !group.is_empty());
        let group_label = match (self.asked.by, group) {
            (Some(by), Some(group)) => by.label(programme, group),
            _ => None,
        };
        let summed = Summed::of(&indicator.kind, tally, language);
        let is_sum = matches!(indicator.kind, IndicatorKind::Sum(_));
        let slug = &programme.slug;
        let own = format!("/v1/alliances/{slug}/figures/{}", indicator.key);
        let round = (self.scope != WHOLE_ALLIANCE).then(|| self.scope.to_owned());
        Figure {
            indicator: indicator.key.clone(),
            kind: indicator.kind.word().to_owned(),
            label: indicator.label.get(language).to_owned(),
            by: self.asked.by.filter(|_| self.group.is_some()).map(|by| by.word().to_owned()),
            group: group.map(str::to_owned),
            group_label: group_label.map(|label| label.get(language).to_owned()),
            round,
            counted: tally.counted,
            not_counted: tally.not_counted,
            not_applicable: tally.not_applicable,
            no_answer: tally.no_answer,
            not_submitted: tally.not_submitted,
            members: tally.members(),
            base_rule: is_share.then(|| indicator.base.word().to_owned()),
            base: is_share.then_some(base),
            percent: share.map_or(Value::Null, |share| share.percent(programme.decimals)),
            percent_text: share.map(|share| share.percent_text(programme.decimals, language)),
            ratio: share.map(Fraction::ratio),
            no_percent_because: (is_share && share.is_none())
                .then(|| no_percent_because(tally).to_owned()),
            lowest_percent: of_all(tally.counted),
            highest_percent: of_all(tally.counted_at_most()),
            value: summed.value,
            no_value_because: summed.no_value_because,
            amount: summed.amount,
            amount_self_reported: summed.self_reported,
            amount_documented: summed.documented,
            amount_external: summed.external,
            measure: summed.measure,
            take: summed.take,
            unit: summed.unit,
            of: summed.of,
            valid_on: self.on,
            as_of: rfc3339(self.known.at),
            journal_size: self.known.seq,
            definition: Definition {
                version: self.alliance.version,
                sha256: indicator.sha256.clone(),
                counts: if is_sum { String::new() } else { indicator.counts.source().to_owned() },
                question: indicator.question.clone(),
            },
            links: self.links(own),
        }
    }

    /// Addresses that lead back to this very figure: with the round and date that were asked for.
    fn links(&self, own: String) -> Links {
        let asked = [
            self.asked.round.as_ref().map(|round| format!("round={round}")),
            self.asked.valid_on.map(|on| format!("validOn={on}")),
        ];
        let asked: Vec<String> = asked.into_iter().flatten().collect();
        let query = if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) };
        Links {
            partners: format!("{own}/partners{query}"),
            own: format!("{own}{query}"),
            changes: None,
        }
    }
}

fn no_percent_because(tally: Tally) -> &'static str {
    if tally.members() == 0 {
        "no-members"
    } else if tally.applicable() == 0 {
        "nobody-applicable"
    } else {
        "no-respondents"
    }
}
