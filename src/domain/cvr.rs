//! CVR numbers: how the Danish business register names an enterprise.

const WEIGHTS: [u32; 8] = [2, 7, 6, 5, 4, 3, 2, 1];

/// Whether this can be a CVR number: eight digits, the first not 0, their weighted sum divisible
/// by 11.
///
/// It says nothing of whether the enterprise exists, and two partners may well share one.
pub fn is_valid(cvr: &str) -> bool {
    let digits = cvr.as_bytes();
    if digits.len() != WEIGHTS.len() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    !cvr.starts_with('0') && sum.is_multiple_of(11)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: [&str; 3] = ["13585628", "14766383", "13748136"];

    #[test]
    fn real_numbers_are_valid() {
        for cvr in VALID {
            assert!(is_valid(cvr), "{cvr}");
        }
    }

    #[test]
    fn any_single_wrong_digit_is_found() {
        for cvr in VALID {
            for (at, right) in cvr.char_indices() {
                for wrong in ('0'..='9').filter(|digit| *digit != right) {
                    let mut corrupted = cvr.to_string();
                    corrupted.replace_range(at..=at, &wrong.to_string());
                    assert!(!is_valid(&corrupted), "{corrupted} made from {cvr}");
                }
            }
        }
    }

    #[test]
    fn a_leading_zero_is_refused_though_the_sum_is_right() {
        assert!(!is_valid("00000000"));
        assert!(!is_valid("01000004"));
    }

    #[test]
    fn anything_but_eight_ascii_digits_is_refused() {
        for cvr in ["", "1358562", "135856280", "13 58 56", "DK135856", "+3585628", "135856é"] {
            assert!(!is_valid(cvr), "{cvr:?}");
        }
    }
}
