//! Claims: published percentages, and what they can be percentages of.
//!
//! "98 %" of how many? A percentage that was rounded to so many decimals is possible on a base if some whole number
//! of that many rounds to it. Several percentages of the same base narrow it down: 98, 72 and 95 are possible
//! together on 30 of the bases up to 107, and on no base below 43.
//!
//! Rounding is half up from the exact fraction, as figures here are rounded and as spreadsheets do it. Half to even
//! would differ only where a fraction lies exactly between two neighbours (1 of 200 at no decimals). Cutting off is
//! another statement than rounding, so what was cut off is not recognised. All arithmetic is on integers.

use std::ops::RangeInclusive;

use serde_json::Value;

use super::figure::Fraction;

/// Decimals that a percentage may have been rounded to.
pub const DECIMALS: RangeInclusive<i64> = 0..=4;

/// A published percentage: how many units of its last decimal, so that 98.5 at one decimal is 985.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    units: i64,
    decimals: u32,
}

/// Why a number is no percentage that somebody can have published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPercentage {
    /// Below 0 or above 100, or no number.
    OutOfRange,
    /// It has more decimals than it was rounded to.
    TooManyDecimals,
}

/// How many of a base can have been counted: all from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numerators {
    pub least: i64,
    pub most: i64,
}

impl Claimed {
    /// A percentage from 0 to 100 as it was written, rounded to `decimals` (0 to 4). Noughts at its end say nothing:
    /// 98.0 is 98.
    pub fn of(percent: f64, decimals: u32) -> Result<Claimed, NoPercentage> {
        if !(0.0..=100.0).contains(&percent) || decimals > 4 {
            return Err(NoPercentage::OutOfRange);
        }
        // The shortest text that reads as this number again, without an exponent: what was written.
        let text = percent.abs().to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let places = usize::try_from(decimals).unwrap_or(usize::MAX);
        if fraction.len() > places {
            return Err(NoPercentage::TooManyDecimals);
        }
        let units = format!("{whole}{fraction:0<places$}").parse();
        units
            .map(|units| Claimed { units, decimals })
            .map_err(|_| NoPercentage::OutOfRange)
    }

    /// How many of `base` round to this percentage; none if none does.
    pub fn numerators(self, base: i64) -> Option<Numerators> {
        if base < 1 {
            return None;
        }
        let (base, units) = (i128::from(base), i128::from(self.units));
        let scale = 2 * 100 * 10_i128.pow(self.decimals);
        // n rounds half up to the units if units − ½ ≤ 100 × 10^decimals × n ÷ base < units + ½.
        let least = at_least(base * (2 * units - 1), scale).max(0);
        let most = (at_least(base * (2 * units + 1), scale) - 1).min(base);
        let whole = |number| i64::try_from(number).ok();
        (least <= most).then_some(Numerators { least: whole(least)?, most: whole(most)? })
    }

    /// Whether `part` of `whole` rounds to this percentage.
    pub fn is_of(self, part: i64, whole: i64) -> bool {
        self.numerators(whole).is_some_and(|it| (it.least..=it.most).contains(&part))
    }

    pub fn decimals(self) -> u32 {
        self.decimals
    }

    /// The number itself.
    pub fn percent(self) -> Value {
        // A fraction that is this percentage exactly.
        let whole = 100 * 10_i64.pow(self.decimals);
        Fraction::of(self.units, whole).map_or(Value::Null, |it| it.percent(self.decimals))
    }
}

/// The smallest whole number that is at least `part ÷ whole`.
fn at_least(part: i128, whole: i128) -> i128 {
    -(-part).div_euclid(whole)
}

/// What each claim can have counted of this base; nothing if one of them is impossible.
pub fn on_base(claims: &[Claimed], base: i64) -> Option<Vec<Numerators>> {
    claims.iter().map(|claim| claim.numerators(base)).collect()
}

/// All bases from 1 to `most` on which every claim is possible at once, each with what can have been counted.
pub fn bases(claims: &[Claimed], most: i64) -> impl Iterator<Item = (i64, Vec<Numerators>)> {
    (1..=most).filter_map(|base| Some((base, on_base(claims, base)?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn claimed(percent: f64, decimals: u32) -> Claimed {
        Claimed::of(percent, decimals).expect("a percentage")
    }

    #[test]
    fn the_slides_triple_has_thirty_common_bases() {
        let claims = [98.0, 72.0, 95.0].map(|percent| claimed(percent, 0));
        let common: Vec<i64> = bases(&claims, 107).map(|(base, _)| base).collect();
        assert_eq!(common.len(), 30);
        assert_eq!((common.first(), common.last()), (Some(&43), Some(&107)));
        assert_eq!(bases(&claims, 42).count(), 0);
        let (_, counted) = bases(&claims, 43).next().expect("43");
        assert_eq!(counted.iter().map(|it| it.least).collect::<Vec<_>>(), [42, 31, 41]);
    }

    #[test]
    fn a_percentage_is_read_as_it_was_written() {
        assert_eq!(claimed(98.0, 0), Claimed { units: 98, decimals: 0 });
        assert_eq!(claimed(98.5, 1), Claimed { units: 985, decimals: 1 });
        assert_eq!(claimed(98.5, 3), Claimed { units: 98_500, decimals: 3 });
        assert_eq!(claimed(0.0001, 4), Claimed { units: 1, decimals: 4 });
        assert_eq!(claimed(-0.0, 0), Claimed { units: 0, decimals: 0 });
        assert_eq!(Claimed::of(98.55, 1), Err(NoPercentage::TooManyDecimals));
        assert_eq!(Claimed::of(1e-7, 4), Err(NoPercentage::TooManyDecimals));
        for percent in [101.0, 100.001, -1.0, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(Claimed::of(percent, 4), Err(NoPercentage::OutOfRange), "{percent}");
        }
    }

    #[test]
    fn halves_go_up() {
        let one = Numerators { least: 1, most: 2 };
        assert_eq!(claimed(1.0, 0).numerators(200), Some(one), "0.5 % is 1, and 1.5 % is 2");
        assert_eq!(claimed(0.0, 0).numerators(200), Some(Numerators { least: 0, most: 0 }));
        assert_eq!(claimed(50.3, 1).numerators(400), Some(Numerators { least: 201, most: 201 }));
        assert_eq!(claimed(100.0, 0).numerators(7), Some(Numerators { least: 7, most: 7 }));
        assert_eq!(claimed(50.0, 0).numerators(1), None, "nothing of one is a half");
        assert_eq!(claimed(50.0, 0).numerators(0), None, "nobody has no percentage");
        assert_eq!(claimed(50.0, 0).numerators(-2), None);
    }

    proptest! {
        #[test]
        fn what_is_possible_is_what_rounds_to_it(base in 1..400i64, units in 0..=10_000i64, decimals in 0..=4u32) {
            let scale = 10_i64.pow(decimals);
            let units = units * scale / 100;
            let percent: f64 = format!("{}.{:0>width$}", units / scale, units % scale, width = decimals as usize)
                .trim_end_matches('.').parse().expect("a number");
            let claim = claimed(percent, decimals);
            let rounds_to_it = |part: &i64| {
                let shown = Fraction::of(*part, base).expect("a base").percent(decimals);
                shown.as_f64() == Some(percent)
            };
            let by_hand: Vec<i64> = (0..=base).filter(rounds_to_it).collect();
            let found: Vec<i64> = claim.numerators(base).map_or(vec![], |it| (it.least..=it.most).collect());
            prop_assert_eq!(&found, &by_hand);
            for part in 0..=base {
                prop_assert_eq!(claim.is_of(part, base), by_hand.contains(&part));
            }
        }

        #[test]
        fn whatever_was_counted_is_found_again(base in 1..500i64, parts in prop::collection::vec(0..500i64, 1..5), decimals in 0..=4u32) {
            let parts: Vec<i64> = parts.into_iter().map(|part| part % (base + 1)).collect();
            let claims: Vec<Claimed> = parts.iter().map(|part| {
                let shown = Fraction::of(*part, base).expect("a base").percent(decimals);
                claimed(shown.as_f64().expect("a number"), decimals)
            }).collect();
            let found: Vec<_> = bases(&claims, 500).collect();
            let (_, counted) = found.iter().find(|(found, _)| *found == base).expect("the base itself");
            for (part, range) in parts.iter().zip(counted) {
                prop_assert!((range.least..=range.most).contains(part));
            }
        }

        #[test]
        fn more_claims_never_make_more_bases_possible(percents in prop::collection::vec(0..=100i32, 2..6)) {
            let claims: Vec<Claimed> = percents.iter().map(|percent| claimed(f64::from(*percent), 0)).collect();
            let all: Vec<i64> = bases(&claims, 300).map(|(base, _)| base).collect();
            let each = |base: &i64| claims.iter().all(|claim| (0..=*base).any(|part| claim.is_of(part, *base)));
            let by_hand: Vec<i64> = (1..=300).filter(each).collect();
            prop_assert_eq!(all, by_hand);
        }
    }
}
