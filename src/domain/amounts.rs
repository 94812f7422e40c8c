//! Exact amounts: decimals as whole numbers of their last decimal, never as floats.

use serde_json::{Number, Value};

use super::checks::is_amount;

/// Amounts added up, kept apart by how they are verified, each in units of a measure's last decimal.
///
/// An amount has at most 18 digits before the point and 6 behind it, so there is room for the sum of
/// 10^14 of the largest. Beyond that it would wrap and not panic; a sum moved by differences is right
/// again as soon as it fits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    pub self_reported: i128,
    pub documented: i128,
    pub external: i128,
}

impl Amounts {
    /// One amount, verified as the word says; what is neither `documented` nor `external` is
    /// self-reported.
    pub fn of(verification: &str, units: i128) -> Amounts {
        let none = Amounts::default();
        match verification {
            "documented" => Amounts { documented: units, ..none },
            "external" => Amounts { external: units, ..none },
            _ => Amounts { self_reported: units, ..none },
        }
    }

    pub fn plus(self, other: Amounts) -> Amounts {
        Amounts {
            self_reported: self.self_reported.wrapping_add(other.self_reported),
            documented: self.documented.wrapping_add(other.documented),
            external: self.external.wrapping_add(other.external),
        }
    }

    /// The same so many times; -1 takes them back.
    pub fn times(self, factor: i64) -> Amounts {
        let factor = i128::from(factor);
        Amounts {
            self_reported: self.self_reported.wrapping_mul(factor),
            documented: self.documented.wrapping_mul(factor),
            external: self.external.wrapping_mul(factor),
        }
    }

    /// The same in units of a later decimal: `more` decimals further on.
    pub fn finer(self, more: u32) -> Amounts {
        let factor = 10_i128.checked_pow(more).unwrap_or(i128::MAX);
        Amounts {
            self_reported: self.self_reported.wrapping_mul(factor),
            documented: self.documented.wrapping_mul(factor),
            external: self.external.wrapping_mul(factor),
        }
    }

    /// However verified.
    pub fn whole(self) -> i128 {
        self.self_reported.wrapping_add(self.documented).wrapping_add(self.external)
    }
}

/// An amount in units of the last of `decimals`; `None` for what is no amount or has more of them.
/// Noughts at the end say nothing: `12.50` has one decimal.
pub fn units(text: &str, decimals: u32) -> Option<i128> {
    if !is_amount(text) {
        return None;
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = split(digits);
    let missing = usize::try_from(decimals).ok()?.checked_sub(fraction.len())?;
    let units: i128 = format!("{whole}{fraction}{}", "0".repeat(missing)).parse().ok()?;
    Some(sign * units)
}

/// How many decimals an amount needs; none for what is no amount.
pub fn decimals_of(text: &str) -> Option<u32> {
    is_amount(text).then(|| u32::try_from(split(text).1.len()).unwrap_or(u32::MAX))
}

fn split(digits: &str) -> (&str, &str) {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    (whole, fraction.trim_end_matches('0'))
}

/// Units as a decimal text: 7205 at 2 decimals is `72.05`.
pub fn decimal(units: i128, decimals: u32) -> String {
    if decimals == 0 {
        return units.to_string();
    }
    let one = 10_u128.pow(decimals);
    let width = decimals as usize;
    let sign = if units < 0 { "-" } else { "" };
    let size = units.unsigned_abs();
    format!("{sign}{}.{:0width$}", size / one, size % one)
}

/// Units as a JSON number: a whole one as it is, else the double nearest to it.
pub fn number(units: i128, decimals: u32) -> Value {
    match i64::try_from(units) {
        Ok(whole) if decimals == 0 => Value::from(whole),
        _ => {
            let nearest = decimal(units, decimals).parse().ok().and_then(Number::from_f64);
            nearest.map_or(Value::Null, Value::Number)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        assert_eq!(units("0.1", 1), Some(1));
        assert_eq!(units("-12.50", 1), Some(-125));
        assert_eq!(units("-0.0", 0), Some(0));
        assert_eq!(units("999999999999999999.999999", 6), Some(999_999_999_999_999_999_999_999));
        for (text, decimals) in [("0.15", 1), ("1,5", 2), ("1e3", 0), ("", 0), ("07", 0)] {
            assert_eq!(units(text, decimals), None, "{text}");
        }
        assert_eq!(["1", "1.50", "-0.001", "x"].map(decimals_of), [Some(0), Some(1), Some(3), None]);
    }

    #[test]
    fn amounts_are_written_with_all_their_decimals() {
        assert_eq!(decimal(-5, 2), "-0.05");
        assert_eq!(decimal(30, 2), "0.30");
        assert_eq!(decimal(-7205, 0), "-7205");
        assert_eq!(number(3, 1).to_string(), "0.3");
        assert_eq!(number(9_007_199_254_740_993, 0).to_string(), "9007199254740993");
        assert_eq!(number(999_999_999_999_999_999_999_999, 6).as_f64(), Some(1e18));
        assert!(number(i128::MAX, 0).is_number());
    }

    #[test]
    fn the_largest_sums_wrap_and_come_back() {
        let most = Amounts::of("external", i128::MAX);
        let more = most.plus(Amounts::of("external", 1));
        assert_eq!(more.plus(Amounts::of("external", 1).times(-1)), most);
        assert_eq!(Amounts::of("external", i128::MIN).times(-1).whole(), i128::MIN);
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(units_of in -10_i128.pow(18) + 1..10_i128.pow(18), decimals in 0..=6u32) {
            let text = decimal(units_of, decimals);
            prop_assert_eq!(units(&text, decimals), Some(units_of));
        }

        #[test]
        fn sums_do_not_depend_on_the_order(all in prop::collection::vec((0..3usize, -10_i128.pow(24)..10_i128.pow(24)), 0..20)) {
            let words = ["selfReported", "documented", "external"];
            let one = |(word, units): &(usize, i128)| Amounts::of(words[*word], *units);
            let forth = all.iter().map(one).fold(Amounts::default(), Amounts::plus);
            let back = all.iter().rev().map(one).fold(Amounts::default(), Amounts::plus);
            prop_assert_eq!(forth, back);
            prop_assert_eq!(forth.whole(), all.iter().map(|(_, units)| units).sum::<i128>());
            let taken = all.iter().map(|it| one(it).times(-1)).fold(forth, Amounts::plus);
            prop_assert_eq!(taken, Amounts::default());
        }
    }
}
