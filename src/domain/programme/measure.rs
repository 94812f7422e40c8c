//! What outcomes are added up in, and how.

use crate::domain::amounts;
use crate::domain::report::Outcome;
use crate::domain::text::Text;

/// What outcomes of several initiatives name alike, so that they can be added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    pub key: String,
    pub label: Text,
    pub unit: Text,
    /// 0 to 6.
    pub decimals: u32,
}

impl Measure {
    /// Whether a unit is this measure's, in either language. A blank one is.
    pub fn is_unit(&self, unit: Option<&str>) -> bool {
        let unit = unit.unwrap_or_default().trim();
        unit.is_empty() || unit == self.unit.da || unit == self.unit.en
    }
}

/// What a sum adds up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    pub measure: Measure,
    pub take: Take,
    pub adds: Adds,
}

impl Sum {
    /// Whether an outcome is one of those that are added: of the measure and the kind, in its unit and
    /// no finer than its decimals. Any other is free text to this sum, which only what was reported
    /// before there was a measure of that key can be.
    pub fn is_of(&self, outcome: &Outcome) -> bool {
        let actual = outcome.actual.as_deref().filter(|actual| !actual.trim().is_empty());
        outcome.measure == self.measure.key
            && outcome.kind == self.adds.word()
            && self.measure.is_unit(outcome.unit.as_deref())
            && actual.is_none_or(|actual| amounts::units(actual, self.measure.decimals).is_some())
    }
}

/// Which of an initiative's reported amounts are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// The last one: amounts that say where things stand.
    Latest,
    /// All of them: amounts that each round says anew.
    Each,
}

impl Take {
    pub fn word(self) -> &'static str {
        match self {
            Take::Latest => "latest",
            Take::Each => "each",
        }
    }
}

/// Which kind of outcomes is added. The two never meet in one sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adds {
    Outcome,
    Output,
}

impl Adds {
    pub fn word(self) -> &'static str {
        match self {
            Adds::Outcome => "outcome",
            Adds::Output => "output",
        }
    }
}
