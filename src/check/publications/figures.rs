//! An edition's figures, counted again from the standings that were known then.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;

use super::super::Findings;
use super::super::compare::{list, number, text};
use super::super::history::History;
use super::super::standings::{Stand, WORDS};
use super::super::sums::units;
use super::super::tallies::{self, Counts, Group, groups, plus};
use crate::domain::dates;

const DIMENSIONS: [&str; 4] = ["sector", "region", "area", "focusArea"];

/// An edition's document, and the programme that was in force, as its entry has it.
pub struct Edition<'a> {
    pub at: &'a str,
    pub document: &'a Value,
    pub programme: &'a Value,
    /// The size of the journal that the figures are of.
    pub size: i64,
}

/// Everyone and each group, each with its counts.
type Grouped = BTreeMap<Group, Counts>;

impl Edition<'_> {
    pub fn compare(&self, history: &History, found: &mut Findings) {
        self.definitions(found);
        let known = self.known(history);
        for whole in list(self.document, "figures") {
            let (key, on) = (text(whole, "indicator"), dates::date(text(whole, "validOn")));
            let Some(on) = on else { continue };
            let stands = known.get(&(key, text(whole, "round"))).map(Vec::as_slice);
            let counted = counted(stands.unwrap_or_default(), on);
            let rows: Vec<&Value> = list(self.document, "breakdowns")
                .iter()
                .filter(|row| text(row, "indicator") == key)
                .collect();
            for row in std::iter::once(&whole).chain(&rows) {
                let group = (dimension(row), text(row, "group").to_owned());
                found.figures += 1;
                let counts = counted.get(&group).copied().unwrap_or_default();
                self.row(row, &group, counts, found);
            }
            self.groups(key, &rows, &counted, found);
        }
    }

    /// Each definition as the programme had it.
    fn definitions(&self, found: &mut Findings) {
        let published = self.document.get("definitions").unwrap_or(&Value::Null);
        for part in ["indicators", "questions", "measures"] {
            for definition in list(published, part) {
                if !list(self.programme, part).contains(definition) {
                    let place = format!("{}/definitions/{part}/{}", self.at, text(definition, "key"));
                    found.differ(place, "the programme in force had another");
                }
            }
        }
    }

    /// The standings that were known then, by indicator and scope.
    fn known<'h>(&self, history: &'h History) -> BTreeMap<(&'h str, &'h str), Vec<&'h Stand>> {
        let known = history
            .rows
            .iter()
            .filter(|it| it.from_seq <= self.size && self.size < it.to_seq);
        let mut by_place: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for stand in known.map(|it| &it.stand) {
            let place = (stand.indicator.as_str(), stand.scope.as_str());
            by_place.entry(place).or_default().push(stand);
        }
        by_place
    }

    /// One row's numbers. Of what is suppressed there must be none.
    fn row(&self, row: &Value, group: &Group, counts: Counts, found: &mut Findings) {
        let (dimension, key) = group;
        let place = format!("{}/figures/{}/{dimension}/{key}", self.at, text(row, "indicator"));
        let is_suppressed = row.get("suppressed").is_some_and(|because| !because.is_null());
        let mut differ = |field: &str, expected: Option<i128>, decimals: u32| {
            let said = row.get(field).filter(|said| !said.is_null());
            let expected = expected.filter(|_| !is_suppressed);
            let text = said.map(|said| said.as_str().map_or_else(|| said.to_string(), str::to_owned));
            let number = text.as_deref().and_then(|text| units(text, decimals));
            if number != expected || said.is_some() != expected.is_some() {
                let said = said.unwrap_or(&Value::Null);
                let expected = expected
                    .map_or("nothing".to_owned(), |units| format!("{units} units of 10^-{decimals}"));
                found.differ(
                    &place,
                    format!("{field}: the journal says {expected}, the edition says {said}"),
                );
            }
        };
        let [counted, not_counted, not_applicable, no_answer, not_submitted, ..] = counts;
        for (field, count) in WORDS.iter().zip(counts) {
            differ(field, Some(count), 0);
        }
        let members = counted + not_counted + not_applicable + no_answer + not_submitted;
        let applicable = members - not_applicable;
        differ("members", Some(members), 0);
        let indicator = self.part("indicators", text(row, "indicator"));
        let decimals = number(self.programme, "decimals")
            .and_then(|it| u32::try_from(it).ok())
            .unwrap_or(0);
        match text(indicator, "kind") {
            "share" => {
                let base = match text(indicator, "base") {
                    "respondents" => counted + not_counted,
                    _ => applicable,
                };
                let silent = no_answer + not_submitted;
                differ("base", Some(base), 0);
                differ("percent", percent(counted, base, decimals), decimals);
                differ("lowestPercent", percent(counted, applicable, decimals), decimals);
                differ("highestPercent", percent(counted + silent, applicable, decimals), decimals);
            }
            "count" => differ("value", Some(counted), 0),
            _ => {
                let measure = self.part("measures", text(indicator, "measure"));
                let decimals = number(measure, "decimals").and_then(|it| u32::try_from(it).ok());
                let decimals = decimals.unwrap_or(0);
                let [.., own, documented, external] = counts;
                let known = |units: i128| (counted > 0).then_some(units);
                differ("amount", known(own + documented + external), decimals);
                differ("amountSelfReported", known(own), decimals);
                differ("amountDocumented", known(documented), decimals);
                differ("amountExternal", known(external), decimals);
            }
        }
    }

    /// Whether every group that has somebody is there, shown or not, unless the figure is not broken down.
    fn groups(&self, key: &str, rows: &[&Value], counted: &Grouped, found: &mut Findings) {
        let is_left_out = list(self.document, "leftOut").iter().any(|it| text(it, "indicator") == key);
        if is_left_out && rows.is_empty() {
            return;
        }
        let there: BTreeSet<Group> =
            rows.iter().map(|row| (dimension(row), text(row, "group").to_owned())).collect();
        let expected: BTreeSet<Group> = counted
            .keys()
            .filter(|(dimension, _)| DIMENSIONS.contains(dimension))
            .cloned()
            .collect();
        for (dimension, group) in there.symmetric_difference(&expected) {
            let is_there = there.contains(&(*dimension, group.clone()));
            let detail = if is_there { "nobody was in this group" } else { "the group is missing" };
            found.differ(format!("{}/figures/{key}/{dimension}/{group}", self.at), detail);
        }
    }

    fn part(&self, part: &str, key: &str) -> &Value {
        let parts = list(self.programme, part);
        parts.iter().find(|it| text(it, "key") == key).unwrap_or(&Value::Null)
    }
}

/// Who of them stands where on a day.
fn counted(stands: &[&Stand], on: NaiveDate) -> Grouped {
    let mut counted = Grouped::new();
    let holds = |it: &&&Stand| it.from_on <= on && it.to_on.is_none_or(|to_on| on < to_on);
    for stand in stands.iter().filter(holds) {
        for group in groups(stand) {
            let counts = counted.entry(group).or_default();
            *counts = plus(*counts, tallies::one(stand));
        }
    }
    counted
}

fn dimension(row: &Value) -> &'static str {
    let by = text(row, "by");
    DIMENSIONS.into_iter().find(|dimension| *dimension == by).unwrap_or("whole")
}

/// In units of its last decimal, halves up; nothing of nobody.
fn percent(part: i128, whole: i128, decimals: u32) -> Option<i128> {
    let doubled = 2 * part * 100 * 10_i128.pow(decimals) + whole;
    (whole > 0).then(|| doubled.div_euclid(2 * whole))
}
