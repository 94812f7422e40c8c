//! Who was expected to report in a round, who did, and when.
//!
//! expected = submitted + missing; submitted = onTime + late; missing = returned + withdrawn + notSubmitted. Membership
//! decides who is expected. What somebody hands in who is not is told beside it, so no share exceeds 100 %.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::figures::{By, Known, merged, must_have_round, valid_on};
use super::programmes::InForce;
use super::{Error, Result};
use crate::db::Conn;
use crate::domain::dates::rfc3339;
use crate::domain::figure::Fraction;
use crate::domain::id::PartnerId;
use crate::domain::partner::Partner;
use crate::domain::programme::{MembersRule, Programme};
use crate::domain::report::State;
use crate::domain::standing::intervals;
use crate::domain::text::Language;
use crate::store;
use crate::store::reports::Report;

/// What of a round's completeness is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub round: String,
    /// By sector or region.
    pub by: Option<By>,
    pub valid_on: Option<NaiveDate>,
    pub language: Language,
    /// A dashboard: it sees no partners, and groups with fewer than the programme's `smallGroup` are merged.
    pub is_reader: bool,
}

/// How complete a round's reports are, of everybody or of one group.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"round": "2023H2", "by": null, "group": null, "groupLabel": null, "expected": 107,
    "submitted": 98, "onTime": 91, "late": 7, "missing": 9, "returned": 2, "withdrawn": 1, "notSubmitted": 6,
    "unexpected": 1, "percent": 92, "percentText": "92", "validOn": "2023-12-31",
    "asOf": "2024-01-10T08:00:00.000000Z", "journalSize": 1834, "partners": null}))]
pub struct Completeness {
    pub round: String,
    /// `sector` or `region` in a group's row.
    pub by: Option<String>,
    /// The group's key; null in a group's row for those without a value.
    pub group: Option<String>,
    pub group_label: Option<String>,
    /// Joined on or before `validOn`, with a membership that overlaps the round's period: submitted and missing.
    pub expected: i64,
    /// A submission stands: on time and late.
    pub submitted: i64,
    pub on_time: i64,
    pub late: i64,
    /// No submission stands: returned, withdrawn and not submitted.
    pub missing: i64,
    /// Returned or opened again, and not submitted since.
    pub returned: i64,
    /// Withdrawn, and not submitted since.
    pub withdrawn: i64,
    /// Never submitted.
    pub not_submitted: i64,
    /// Submissions that stand of partners who are not expected; in none of the other numbers.
    pub unexpected: i64,
    /// submitted ÷ expected, rounded half up; null where nobody is expected.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 100)]
    pub percent: Value,
    /// For people: 0 only for none, 100 only for all.
    pub percent_text: Option<String>,
    #[schema(value_type = String, format = "date")]
    pub valid_on: NaiveDate,
    #[schema(format = "date-time")]
    pub as_of: String,
    pub journal_size: i64,
    /// Who they are; null for readers.
    pub partners: Option<Named>,
}

/// The partners behind the numbers, each list in Danish order of names.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CompletenessPartners)]
pub struct Named {
    pub on_time: Vec<PartnerNamed>,
    pub late: Vec<PartnerNamed>,
    pub returned: Vec<PartnerNamed>,
    pub withdrawn: Vec<PartnerNamed>,
    pub not_submitted: Vec<PartnerNamed>,
    pub unexpected: Vec<PartnerNamed>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PartnerNamed {
    pub id: PartnerId,
    pub name: String,
}

impl Named {
    /// Those who are expected.
    fn expected(&self) -> usize {
        self.submitted() + self.missing()
    }

    fn submitted(&self) -> usize {
        self.on_time.len() + self.late.len()
    }

    fn missing(&self) -> usize {
        self.returned.len() + self.withdrawn.len() + self.not_submitted.len()
    }

    /// How many people of whom something could be told.
    fn size(&self) -> i64 {
        i64::try_from(self.expected() + self.unexpected.len()).unwrap_or(i64::MAX)
    }

    fn add(&mut self, partner: &Partner, report: Option<&Report>, is_expected: bool) {
        let submitted = report.filter(|report| report.submitted_version.is_some());
        let list = match submitted.map(|report| (report.state, report.on_time)) {
            Some((State::Submitted | State::Accepted, _)) if !is_expected => &mut self.unexpected,
            _ if !is_expected => return,
            Some((State::Submitted | State::Accepted, Some(true))) => &mut self.on_time,
            Some((State::Submitted | State::Accepted, _)) => &mut self.late,
            Some((State::Returned, _)) => &mut self.returned,
            Some((State::Draft, _)) => &mut self.withdrawn,
            None => &mut self.not_submitted,
        };
        list.push(PartnerNamed { id: partner.id, name: partner.name.clone() });
    }

    fn plus(mut self, mut other: Named) -> Named {
        self.on_time.append(&mut other.on_time);
        self.late.append(&mut other.late);
        self.returned.append(&mut other.returned);
        self.withdrawn.append(&mut other.withdrawn);
        self.not_submitted.append(&mut other.not_submitted);
        self.unexpected.append(&mut other.unexpected);
        self
    }
}

/// The whole, and each group after it. Takes as many queries for a thousand partners as for one.
pub fn of_round(
    conn: &mut Conn,
    alliance: &InForce,
    known: Known,
    asked: &Asked,
) -> Result<Vec<Completeness>> {
    let programme = &alliance.programme;
    must_have_round(programme, &asked.round)?;
    let on = valid_on(programme, &asked.round, known, asked.valid_on);
    let reports = store::reports::of_round(conn, alliance.id, &asked.round)?;
    let reports: HashMap<PartnerId, Report> =
        reports.into_iter().map(|report| (report.partner, report)).collect();
    let mut whole = Named::default();
    let mut groups: BTreeMap<String, Named> = BTreeMap::new();
    for partner in store::partners::all(conn, alliance.id)? {
        let report = reports.get(&partner.id);
        let is_expected = is_expected(programme, &asked.round, &partner, on);
        whole.add(&partner, report, is_expected);
        if let Some(by) = asked.by {
            let group = groups.entry(group_of(&partner, by)?.to_owned()).or_default();
            group.add(&partner, report, is_expected);
        }
    }
    let mut groups: Vec<(String, Named)> =
        groups.into_iter().filter(|(_, named)| named.size() > 0).collect();
    groups.sort_by_key(|(group, _)| asked.by.map(|by| by.position(programme, group)));
    if asked.is_reader {
        groups = merged(groups, programme.small_group, Named::size, Named::plus);
    }
    let row = |group: Option<&str>, named: Named| row(alliance, known, asked, on, group, named);
    let mut rows = vec![row(None, whole)];
    rows.extend(groups.into_iter().map(|(group, named)| row(Some(&group), named)));
    Ok(rows)
}

/// Whether a partner's report of a round is waited for, on a day: as figures count members `during` a round.
pub fn is_expected(programme: &Programme, round: &str, partner: &Partner, on: NaiveDate) -> bool {
    let dates = intervals(MembersRule::During, &partner.memberships, programme, round);
    dates.iter().any(|(from, _)| *from <= on)
}

fn group_of(partner: &Partner, by: By) -> Result<&str> {
    match by {
        By::Sector => Ok(&partner.sector),
        By::Region => Ok(partner.region.as_deref().unwrap_or_default()),
        By::Area | By::FocusArea => Err(Error::absent()),
    }
}

fn row(
    alliance: &InForce,
    known: Known,
    asked: &Asked,
    on: NaiveDate,
    group: Option<&str>,
    named: Named,
) -> Completeness {
    let programme = &alliance.programme;
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let share = Fraction::of(count(named.submitted()), count(named.expected()));
    let by = asked.by.filter(|_| group.is_some());
    let group = group.filter(|group| !group.is_empty());
    let label = by.zip(group).and_then(|(by, group)| by.label(programme, group));
    Completeness {
        round: asked.round.clone(),
        by: by.map(|by| by.word().to_owned()),
        group: group.map(str::to_owned),
        group_label: label.map(|label| label.get(asked.language).to_owned()),
        expected: count(named.expected()),
        submitted: count(named.submitted()),
        on_time: count(named.on_time.len()),
        late: count(named.late.len()),
        missing: count(named.missing()),
        returned: count(named.returned.len()),
        withdrawn: count(named.withdrawn.len()),
        not_submitted: count(named.not_submitted.len()),
        unexpected: count(named.unexpected.len()),
        percent: share.map_or(Value::Null, |share| share.percent(programme.decimals)),
        percent_text: share.map(|share| share.percent_text(programme.decimals, asked.language)),
        valid_on: on,
        as_of: rfc3339(known.at),
        journal_size: known.seq,
        partners: (!asked.is_reader).then_some(named),
    }
}
