//! What follows from sums that are public: their linear span, kept in reduced row echelon form.
//!
//! Numbers are those of the field of integers modulo the prime 2⁶¹ − 1. Cells are sums with the coefficients 0 and 1, and
//! whether one follows from others by adding and subtracting is the same there as among fractions, unless that prime
//! divides a determinant of such a matrix. Integers grow out of every type on the way; these do not.

const PRIME: u64 = (1 << 61) - 1;

/// A sum: its coefficient for each unknown.
pub type Row = Vec<u64>;

pub fn plus(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= PRIME { sum - PRIME } else { sum }
}

pub fn negated(a: u64) -> u64 {
    if a == 0 { 0 } else { PRIME - a }
}

pub fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let low = u64::try_from(product & u128::from(PRIME)).unwrap_or_default();
    let high = u64::try_from(product >> 61).unwrap_or_default();
    plus(low, high)
}

/// By Fermat: a^(p − 2).
pub fn inverse(a: u64) -> u64 {
    let (mut result, mut power, mut exponent) = (1, a, PRIME - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, power);
        }
        power = times(power, power);
        exponent >>= 1;
    }
    result
}

/// `row` less `factor` times `other`.
pub fn subtract(row: &mut Row, factor: u64, other: &Row) {
    if factor == 0 {
        return;
    }
    let factor = negated(factor);
    for (value, other) in row.iter_mut().zip(other) {
        *value = plus(*value, times(factor, *other));
    }
}

/// The unknown that a row begins with, and the row with the coefficient 1 there. None of a row of noughts.
pub fn led(mut row: Row) -> Option<(usize, Row)> {
    let (place, first) = row.iter().copied().enumerate().find(|(_, value)| *value != 0)?;
    let factor = inverse(first);
    row.iter_mut().for_each(|value| *value = times(*value, factor));
    Some((place, row))
}

/// All sums that follow from those that were added.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// Each with the unknown that it leads with, which no other has.
    rows: Vec<(usize, Row)>,
}

impl Span {
    /// What is left of a sum that does not follow; noughts if it does. It has none of the leading unknowns.
    pub fn rest(&self, mut row: Row) -> Row {
        for (lead, known) in &self.rows {
            let factor = row.get(*lead).copied().unwrap_or_default();
            subtract(&mut row, factor, known);
        }
        row
    }

    pub fn add(&mut self, row: Row) {
        let Some((lead, row)) = led(self.rest(row)) else { return };
        for (_, other) in &mut self.rows {
            let factor = other.get(lead).copied().unwrap_or_default();
            subtract(other, factor, &row);
        }
        self.rows.push((lead, row));
    }

    pub fn rows(&self) -> &[(usize, Row)] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_can_be_divided() {
        for number in [1, 2, 3, 12_345, PRIME - 1, 1 << 60] {
            assert_eq!(times(number, inverse(number)), 1, "{number}");
            assert_eq!(plus(number, negated(number)), 0, "{number}");
        }
    }

    #[test]
    fn what_follows_is_told_from_what_does_not() {
        let mut span = Span::default();
        span.add(vec![1, 1, 1, 0]);
        span.add(vec![1, 1, 0, 0]);
        let follows = |row: [u64; 4]| span.rest(row.to_vec()) == [0; 4];
        assert!(follows([0, 0, 1, 0]) && follows([2, 2, 7, 0]) && follows([0; 4]));
        assert!(!follows([1, 0, 0, 0]) && !follows([0, 0, 1, 1]));
        span.add(vec![0, 0, 1, 0]);
        assert_eq!(span.rows().len(), 2, "it followed before");
    }
}
