//! An edition's figures, counted again from the standings that were known then.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::super::Findings;
use super::super::compare::{list, number, text};
use super::super::history::by_place;
use super::super::standings::{Stand, WORDS};
use super::super::sums::units;
use super::super::tallies::{self, Counts, Group, groups, plus};
use crate::domain::text::Text;
use crate::domain::{dates, places};

const DIMENSIONS: [&str; 4] = ["sector", "region", "area", "focusArea"];

/// An edition's document, and the programme that was in force, as its entry has it.
pub struct Edition<'a> {
    pub at: &'a str,
    pub document: &'a Value,
    pub programme: &'a Value,
}

/// Everyone and each group, each with its counts.
type Grouped = BTreeMap<Group, Counts>;

impl Edition<'_> {
    /// `known` are the standings that were known then.
    pub fn compare(&self, known: &[&Stand], found: &mut Findings) {
        self.definitions(found);
        let known = by_place(known.iter().copied());
        for whole in list(self.document, "figures") {
            let (key, on) = (text(whole, "indicator"), dates::date(text(whole, "validOn")));
            let Some(on) = on else { continue };
            let indicator = self.part("indicators", key);
            if !self.defined("indicators").contains(indicator) {
                let place = self.place(whole, &("whole", String::new()));
                found.differ(place, "its definition is not that of the programme");
            }
            if indicator.is_null() {
                continue;
            }
            let stands = known.get(&(key, text(whole, "round"))).map(Vec::as_slice);
            let stands = holding(stands.unwrap_or_default(), on);
            let (counted, organisations) = (counted(&stands), organisations(&stands));
            let rows: Vec<&Value> = list(self.document, "breakdowns")
                .iter()
                .filter(|row| text(row, "indicator") == key)
                .collect();
            for row in std::iter::once(&whole).chain(&rows) {
                let group = (dimension(row), text(row, "group").to_owned());
                found.figures += 1;
                let counts = counted.get(&group).copied().unwrap_or_default();
                self.row(row, &group, counts, found);
                self.texts(row, &group, counts, found);
                self.hidden(row, &group, organisations.get(&group).map_or(0, BTreeSet::len), found);
            }
            self.groups(key, &rows, &counted, found);
        }
    }

    /// Each definition as the programme had it.
    fn definitions(&self, found: &mut Findings) {
        for part in ["indicators", "questions", "measures"] {
            for definition in self.defined(part) {
                if !list(self.programme, part).contains(definition) {
                    let place = format!("{}/definitions/{part}/{}", self.at, text(definition, "key"));
                    found.differ(place, "the programme in force had another");
                }
            }
        }
    }

    fn defined(&self, part: &str) -> &[Value] {
        self.document
            .get("definitions")
            .map(|published| list(published, part))
            .unwrap_or_default()
    }

    /// One row's numbers. Of what is suppressed there must be none.
    fn row(&self, row: &Value, group: &Group, counts: Counts, found: &mut Findings) {
        let place = self.place(row, group);
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
        let decimals = decimals(self.programme);
        match text(indicator, "kind") {
            "share" => {
                let base = self.base(indicator, counts);
                let silent = no_answer + not_submitted;
                differ("base", Some(base), 0);
                differ("percent", percent(counted, base, decimals), decimals);
                differ("ratio", rounded(counted, base, 1_000_000), 6);
                differ("lowestPercent", percent(counted, applicable, decimals), decimals);
                differ("highestPercent", percent(counted + silent, applicable, decimals), decimals);
            }
            "count" => differ("value", Some(counted), 0),
            _ => {
                let decimals = self::decimals(self.part("measures", text(indicator, "measure")));
                let [.., own, documented, external] = counts;
                let known = |units: i128| (counted > 0).then_some(units);
                differ("amount", known(own + documented + external), decimals);
                differ("amountSelfReported", known(own), decimals);
                differ("amountDocumented", known(documented), decimals);
                differ("amountExternal", known(external), decimals);
                // The nearest number to the amount.
                let amount = known(own + documented + external).filter(|_| !is_suppressed);
                let value = amount.and_then(|units| written(units, decimals).parse::<f64>().ok());
                if row.get("value").and_then(Value::as_f64) != value {
                    found.differ(&place, format!("value: the journal says {value:?}"));
                }
            }
        }
    }

    /// What stands beside a row's numbers for people to read.
    fn texts(&self, row: &Value, group: &Group, counts: Counts, found: &mut Findings) {
        let (dimension, key) = group;
        let indicator = self.part("indicators", text(row, "indicator"));
        let label = |part: &str| self.part(part, key).get("label").cloned().unwrap_or_default();
        let named = |name: Option<Text>| json!(name);
        let group_label = match *dimension {
            "sector" => label("sectors"),
            "focusArea" => label("focusAreas"),
            "region" => named(places::region_name(key)),
            "area" => named(places::area_name(key)),
            _ => Value::Null,
        };
        let measure = self.part("measures", text(indicator, "measure"));
        let is_suppressed = row.get("suppressed").is_some_and(|because| !because.is_null());
        let is_shown = text(indicator, "kind") == "share" && !is_suppressed;
        let [counted, ..] = counts;
        let share = percent_text(counted, self.base(indicator, counts), decimals(self.programme));
        let expected = [
            ("label", indicator.get("label").cloned().unwrap_or_default()),
            ("groupLabel", group_label),
            ("unit", measure.get("unit").cloned().unwrap_or_default()),
            ("percentText", share.filter(|_| is_shown).unwrap_or_default()),
        ];
        for (field, expected) in expected {
            let said = row.get(field).unwrap_or(&Value::Null);
            if *said != expected {
                let detail = format!("{field}: the journal says {expected}, the edition says {said}");
                found.differ(self.place(row, group), detail);
            }
        }
    }

    /// Whether a group is hidden as too small if it is, and only then. That it is hidden because of what it tells of
    /// others is believed.
    fn hidden(&self, row: &Value, group: &Group, organisations: usize, found: &mut Findings) {
        let (dimension, _) = group;
        let least = number(self.programme, "smallGroup").unwrap_or(3);
        let is_group = *dimension != "whole";
        let is_small = is_group && i64::try_from(organisations).is_ok_and(|many| many < least);
        let said = row.get("suppressed").unwrap_or(&Value::Null);
        let is_right = match said {
            Value::Null => !is_small,
            Value::String(because) if because == "small-group" => is_small,
            Value::String(because) if because == "complement" => is_group && !is_small,
            _ => false,
        };
        if !is_right {
            let detail = format!(
                "suppressed: the edition says {said} of {organisations} organisations, the least are {least}"
            );
            found.differ(self.place(row, group), detail);
        }
    }

    fn place(&self, row: &Value, (dimension, key): &Group) -> String {
        format!("{}/figures/{}/{dimension}/{key}", self.at, text(row, "indicator"))
    }

    fn base(&self, indicator: &Value, counts: Counts) -> i128 {
        let [counted, not_counted, _, no_answer, not_submitted, ..] = counts;
        match text(indicator, "base") {
            "respondents" => counted + not_counted,
            _ => counted + not_counted + no_answer + not_submitted,
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

/// Those of them that hold on a day.
fn holding<'a>(stands: &[&'a Stand], on: NaiveDate) -> Vec<&'a Stand> {
    let holds = |it: &&&Stand| it.from_on <= on && it.to_on.is_none_or(|to_on| on < to_on);
    stands.iter().filter(holds).copied().collect()
}

/// Who stands in each group.
fn organisations<'a>(stands: &[&'a Stand]) -> BTreeMap<Group, BTreeSet<&'a str>> {
    let mut organisations: BTreeMap<Group, BTreeSet<&str>> = BTreeMap::new();
    for stand in stands {
        for group in groups(stand) {
            organisations.entry(group).or_default().insert(&stand.partner);
        }
    }
    organisations
}

/// How many stand where.
fn counted(stands: &[&Stand]) -> Grouped {
    let mut counted = Grouped::new();
    for stand in stands {
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

fn decimals(of: &Value) -> u32 {
    number(of, "decimals").and_then(|it| u32::try_from(it).ok()).unwrap_or(0)
}

/// `part × scale ÷ whole`, halves up; nothing of nobody.
fn rounded(part: i128, whole: i128, scale: i128) -> Option<i128> {
    (whole > 0).then(|| (2 * part * scale + whole).div_euclid(2 * whole))
}

/// In units of its last decimal.
fn percent(part: i128, whole: i128, decimals: u32) -> Option<i128> {
    rounded(part, whole, 100 * 10_i128.pow(decimals))
}

/// In both languages. 0 only for none and 100 only for all: what would round to them is below or above its neighbour.
fn percent_text(part: i128, whole: i128, decimals: u32) -> Option<Value> {
    let units = percent(part, whole, decimals)?;
    let all = 100 * 10_i128.pow(decimals);
    let (sign, units) = match units {
        0 if part > 0 => ("<", 1),
        _ if units == all && part < whole => (">", all - 1),
        _ => ("", units),
    };
    let text = format!("{sign}{}", written(units, decimals));
    Some(json!({ "da": text.replace('.', ","), "en": text }))
}

/// Units of 10^-decimals as a decimal, with all its decimals.
fn written(units: i128, decimals: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", units.unsigned_abs(), width = decimals as usize + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals as usize);
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}")
}
