//! The keys of a figure that only a sum has.

use serde_json::Value;

use super::Tally;
use crate::domain::amounts::{decimal, number};
use crate::domain::programme::{Kind, Sum};
use crate::domain::text::Language;

/// What a sum comes to; nothing of another figure.
#[derive(Default)]
pub(super) struct Summed {
    pub value: Value,
    pub no_value_because: Option<String>,
    pub amount: Option<String>,
    pub self_reported: Option<String>,
    pub documented: Option<String>,
    pub external: Option<String>,
    pub measure: Option<String>,
    pub take: Option<String>,
    pub unit: Option<String>,
    pub of: Option<String>,
}

impl Summed {
    pub fn of(kind: &Kind, tally: Tally, language: Language) -> Summed {
        match kind {
            Kind::Share => Summed::default(),
            Kind::Count(of) => Summed {
                value: Value::from(tally.counted),
                of: Some(of.word().to_owned()),
                ..Summed::default()
            },
            Kind::Sum(sum) => summed(sum, tally, language),
        }
    }
}

/// Without anybody who is counted there is no sum: 0 would be an amount that somebody reported.
fn summed(sum: &Sum, tally: Tally, language: Language) -> Summed {
    let decimals = sum.measure.decimals;
    let is_known = tally.counted > 0;
    let written = |units: i128| is_known.then(|| decimal(units, decimals));
    let amounts = tally.amounts;
    Summed {
        value: if is_known { number(amounts.whole(), decimals) } else { Value::Null },
        no_value_because: (!is_known).then(|| no_value_because(tally).to_owned()),
        amount: written(amounts.whole()),
        self_reported: written(amounts.self_reported),
        documented: written(amounts.documented),
        external: written(amounts.external),
        measure: Some(sum.measure.key.clone()),
        take: Some(sum.take.word().to_owned()),
        unit: Some(sum.measure.unit.get(language).to_owned()),
        of: Some(sum.adds.word().to_owned()),
    }
}

fn no_value_because(tally: Tally) -> &'static str {
    if tally.members() == 0 {
        "no-members"
    } else if tally.applicable() == 0 {
        "nobody-applicable"
    } else {
        "nobody-reported"
    }
}
