//! Figures, read from tallies. A summary costs as many rows as there are dates of joining and leaving,
//! never as many as there are partners.

mod cause;
mod changes;
mod groups;
mod journey;
mod place;
mod sums;
mod sweep;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::programmes::InForce;
use super::{Ctx, Error, Kind, Result};
use crate::db::Conn;
use crate::domain::dates::day_in;
use crate::domain::figure::Tally;
use crate::domain::programme::{Indicator, Kind as IndicatorKind, Programme, WHOLE_ALLIANCE};
use crate::domain::text::{Fault, Language};
use crate::store;
use crate::store::journal::Head;
use crate::store::tallies::{TallyRow, WHOLE};

pub use cause::Cause;
pub use changes::{Between, Caused, Changes, Difference, Step, between};
pub use groups::By;
use groups::large_ones;
pub(super) use groups::merged;
use place::Place;

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
        "partners": "/v1/alliances/a/figures/new_collaborations/partners",
        "changes": "/v1/alliances/a/figures/new_collaborations/changes"}
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
    /// What moved it since the last edition before it, else since the first entry.
    pub changes: String,
}

/// What is known at one point of the journal, and which day it is.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The size of the journal.
    pub seq: i64,
    /// When its last entry was made.
    pub at: DateTime<Utc>,
    /// The day that figures are of by default, as long as their period lasts: of a live answer today, of a
    /// journal size the last entry's, of a time that time's.
    pub today: NaiveDate,
    /// Of an earlier point: the last entry's day. Nothing of such an answer depends on the clock.
    pub entry_day: Option<NaiveDate>,
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
        entry_day: None,
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
    let whole = gathered(conn, alliance, known, WHOLE, &scopes, None)?;
    let groups = match asked.by {
        Some(by) => gathered(conn, alliance, known, by.word(), &scopes, None)?,
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
    let whole = gathered(conn, alliance, known, WHOLE, &[scope], only)?;
    let groups = match asked.by {
        Some(by) => gathered(conn, alliance, known, by.word(), &[scope], only)?,
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

/// The rows of a dimension's tallies that were known then, by indicator and scope.
fn gathered(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    dimension: &str,
    scopes: &[&str],
    indicator: Option<&str>,
) -> Result<Gathered> {
    let asked = store::tallies::Asked { alliance: alliance.id, dimension, scopes, indicator };
    let rows = match known.entry_day {
        None => store::tallies::open(conn, &asked)?,
        Some(_) => store::tallies::as_of(conn, &asked, known.seq)?,
    };
    let mut by_indicator = Gathered::new();
    for row in rows {
        by_indicator
            .entry((row.indicator.clone(), row.scope.clone()))
            .or_default()
            .push(row);
    }
    Ok(by_indicator)
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
