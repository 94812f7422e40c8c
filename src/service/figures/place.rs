//! A figure's row, with everything needed to check it.

use chrono::NaiveDate;
use serde_json::Value;

use super::sums::Summed;
use super::{Asked, Definition, Figure, InForce, Known, Links};
use crate::domain::dates::rfc3339;
use crate::domain::figure::{Fraction, Tally};
use crate::domain::programme::{Indicator, Kind as IndicatorKind, WHOLE_ALLIANCE};

/// Where a figure stands: of what, of whom, when, for whom to read.
pub(super) struct Place<'a> {
    pub alliance: &'a InForce,
    pub known: Known,
    pub asked: &'a Asked,
    pub indicator: &'a Indicator,
    pub scope: &'a str,
    pub on: NaiveDate,
    pub group: Option<&'a str>,
}

impl Place<'_> {
    pub fn figure(&self, tally: Tally) -> Figure {
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

    /// Addresses that lead back to this very figure: with the round and the date that were asked for, and of an
    /// earlier point with the journal's size. Whichever way the same figure was asked for, its links are the same.
    fn links(&self, own: String) -> Links {
        let (known, period) = (self.known, self.alliance.programme.period(self.scope));
        let day_by_default = known.entry_day.map(|day| day.min(period.ends_on));
        let on = match day_by_default {
            None => self.asked.valid_on,
            Some(day) => Some(self.on).filter(|on| *on != day),
        };
        let same = [
            self.asked.round.as_ref().map(|round| format!("round={round}")),
            on.map(|on| format!("validOn={on}")),
        ];
        let query = |point: &str| {
            let point = known.entry_day.map(|_| format!("{point}={}", known.seq));
            let asked: Vec<String> = same.iter().flatten().cloned().chain(point).collect();
            if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) }
        };
        Links {
            partners: format!("{own}/partners{}", query("asOf")),
            changes: format!("{own}/changes{}", query("to")),
            own: format!("{own}{}", query("asOf")),
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
