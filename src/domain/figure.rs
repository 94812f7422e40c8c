//! Figures: tallies of standings, and the percentages that follow from them.
//!
//! All arithmetic is on integers: as floats, 201 of 400 at one decimal comes out wrong.

use serde_json::{Number, Value};

use super::amounts::{Amounts, decimal};
use super::programme::BaseRule;
use super::standing::Standing;
use super::text::Language;

/// How many subjects stand where, and what the counted ones of a sum add.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub counted: i64,
    pub not_counted: i64,
    pub not_applicable: i64,
    pub no_answer: i64,
    pub not_submitted: i64,
    pub amounts: Amounts,
}

impl Tally {
    /// `change` more (or fewer) subjects with this standing.
    pub fn add(&mut self, standing: Standing, change: i64) {
        *self.of(standing) += change;
    }

    /// `change` times these amounts more.
    pub fn add_amounts(&mut self, amounts: Amounts, change: i64) {
        self.amounts = self.amounts.plus(amounts.times(change));
    }

    fn of(&mut self, standing: Standing) -> &mut i64 {
        match standing {
            Standing::Counted => &mut self.counted,
            Standing::NotCounted => &mut self.not_counted,
            Standing::NotApplicable => &mut self.not_applicable,
            Standing::NoAnswer => &mut self.no_answer,
            Standing::NotSubmitted => &mut self.not_submitted,
        }
    }

    pub fn plus(self, other: Tally) -> Tally {
        Tally {
            counted: self.counted + other.counted,
            not_counted: self.not_counted + other.not_counted,
            not_applicable: self.not_applicable + other.not_applicable,
            no_answer: self.no_answer + other.no_answer,
            not_submitted: self.not_submitted + other.not_submitted,
            amounts: self.amounts.plus(other.amounts),
        }
    }

    pub fn is_zero(&self) -> bool {
        *self == Tally::default()
    }

    /// Everyone, wherever they stand.
    pub fn members(&self) -> i64 {
        self.counted + self.not_counted + self.not_applicable + self.no_answer + self.not_submitted
    }

    /// Everyone that the indicator applies to.
    pub fn applicable(&self) -> i64 {
        self.members() - self.not_applicable
    }

    pub fn base(&self, rule: BaseRule) -> i64 {
        match rule {
            BaseRule::Respondents => self.counted + self.not_counted,
            BaseRule::Members => self.applicable(),
        }
    }

    /// What is counted if every silent one is.
    pub fn counted_at_most(&self) -> i64 {
        self.counted + self.no_answer + self.not_submitted
    }
}

/// A part of a whole that is not nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    part: i64,
    whole: i64,
}

impl Fraction {
    /// `None` for a whole of 0: there is no percentage of nobody.
    pub fn of(part: i64, whole: i64) -> Option<Fraction> {
        (whole > 0 && part >= 0).then_some(Fraction { part, whole })
    }

    /// `part × scale ÷ whole`, rounded half up.
    fn scaled(self, scale: i128) -> i128 {
        let (part, whole) = (i128::from(self.part), i128::from(self.whole));
        (2 * part * scale + whole).div_euclid(2 * whole)
    }

    /// The percentage in units of its last decimal.
    fn hundredths(self, decimals: u32) -> i128 {
        self.scaled(100 * 10_i128.pow(decimals))
    }

    /// The percentage as a number with at most `decimals` decimals, rounded half up.
    pub fn percent(self, decimals: u32) -> Value {
        let text = decimal(self.hundredths(decimals), decimals);
        match decimals {
            0 => text.parse::<i64>().map(Value::from).unwrap_or(Value::Null),
            _ => text.parse().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number),
        }
    }

    /// The percentage for people: 0 only for none, 100 only for all, else `<1` or `>99`.
    pub fn percent_text(self, decimals: u32, language: Language) -> String {
        let rounded = self.hundredths(decimals);
        let (none, all) = (0, 100 * 10_i128.pow(decimals));
        let text = if rounded == none && self.part > 0 {
            format!("<{}", decimal(1, decimals))
        } else if rounded == all && self.part < self.whole {
            format!(">{}", decimal(all - 1, decimals))
        } else {
            decimal(rounded, decimals)
        };
        match language {
            Language::Da => text.replace('.', ","),
            Language::En => text,
        }
    }

    /// The fraction with six decimals, rounded half up.
    pub fn ratio(self) -> String {
        decimal(self.scaled(1_000_000), 6)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn percent(part: i64, whole: i64, decimals: u32) -> Value {
        Fraction::of(part, whole).expect("a base").percent(decimals)
    }

    fn text(part: i64, whole: i64, decimals: u32) -> String {
        Fraction::of(part, whole).expect("a base").percent_text(decimals, Language::Da)
    }

    #[test]
    fn halves_round_up_from_the_exact_fraction() {
        assert_eq!(percent(201, 400, 1).to_string(), "50.3");
        assert_eq!(percent(1, 200, 0).to_string(), "1");
        assert_eq!(percent(105, 107, 0).to_string(), "98");
        assert_eq!(percent(1, 3, 2).to_string(), "33.33");
    }

    #[test]
    fn people_see_none_only_for_none_and_all_only_for_all() {
        assert_eq!(text(0, 300, 0), "0");
        assert_eq!(text(1, 300, 0), "<1");
        assert_eq!(text(299, 300, 0), ">99");
        assert_eq!(text(300, 300, 0), "100");
        assert_eq!(text(1, 10_000, 1), "<0,1");
        assert_eq!(text(9_999, 10_000, 1), ">99,9");
        assert_eq!(text(1, 2, 1), "50,0");
    }

    #[test]
    fn nobody_has_no_percentage() {
        assert_eq!(Fraction::of(0, 0), None);
    }

    #[test]
    fn the_example_of_the_range_comes_out() {
        let tally = Tally {
            counted: 40,
            not_counted: 10,
            no_answer: 0,
            not_submitted: 57,
            ..Tally::default()
        };
        let whole = tally.applicable();
        assert_eq!(percent(tally.counted, tally.base(BaseRule::Respondents), 0).to_string(), "80");
        assert_eq!(percent(tally.counted, whole, 0).to_string(), "37");
        assert_eq!(percent(tally.counted_at_most(), whole, 0).to_string(), "91");
    }

    proptest! {
        #[test]
        fn a_tally_adds_up(counts in prop::array::uniform5(0..1000i64), decimals in 0..5u32) {
            let [counted, not_counted, not_applicable, no_answer, not_submitted] = counts;
            let amounts = Amounts::default();
            let tally = Tally { counted, not_counted, not_applicable, no_answer, not_submitted, amounts };
            prop_assert_eq!(tally.members(), counts.iter().sum::<i64>());
            prop_assert_eq!(tally.base(BaseRule::Respondents), counted + not_counted);
            prop_assert_eq!(tally.base(BaseRule::Members), counted + not_counted + no_answer + not_submitted);
            let lowest = Fraction::of(tally.counted, tally.applicable());
            let highest = Fraction::of(tally.counted_at_most(), tally.applicable());
            for rule in [BaseRule::Respondents, BaseRule::Members] {
                let Some(share) = Fraction::of(tally.counted, tally.base(rule)) else { continue };
                let [low, mid, high] = [lowest, Some(share), highest]
                    .map(|f| f.map(|f| f.percent(decimals).as_f64().unwrap_or(-1.0)));
                prop_assert!(low <= mid && mid <= high && high <= Some(100.0));
            }
        }

        #[test]
        fn rounding_is_never_more_than_half_a_unit_off(part in 0..=5000i64, more in 0..5000i64, decimals in 0..5u32) {
            prop_assume!(part + more > 0);
            let (whole, scale) = (i128::from(part + more), 100 * 10_i128.pow(decimals));
            let rounded = Fraction::of(part, part + more).expect("a base").hundredths(decimals);
            let off = 2 * (rounded * whole - i128::from(part) * scale);
            prop_assert!(off <= whole && off > -whole, "half goes up");
        }
    }
}
