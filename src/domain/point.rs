//! Points of a journal: what was known when.

use chrono::{DateTime, Utc};

use super::dates;

/// A point of a journal as somebody names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// After that many entries.
    Size(i64),
    /// The size that an edition's figures are of.
    Edition(i64),
    /// The last size at or before it.
    Time(DateTime<Utc>),
}

impl Point {
    /// Digits are a size, `publications/{n}` is the size of that edition, anything else a time (RFC 3339).
    /// A number larger than any journal is the largest there is.
    pub fn parse(text: &str) -> Option<Point> {
        match text.strip_prefix("publications/") {
            Some(edition) => digits(edition).map(Point::Edition),
            None => digits(text).map(Point::Size).or_else(|| dates::instant(text).map(Point::Time)),
        }
    }
}

fn digits(text: &str) -> Option<i64> {
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then(|| text.parse().unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_a_size_and_the_rest_a_time() {
        assert_eq!(Point::parse("1834"), Some(Point::Size(1834)));
        assert_eq!(Point::parse("0"), Some(Point::Size(0)));
        assert_eq!(Point::parse("99999999999999999999"), Some(Point::Size(i64::MAX)));
        assert_eq!(Point::parse("publications/3"), Some(Point::Edition(3)));
        let at = dates::instant("2024-01-10T07:00:00Z").expect("an instant");
        assert_eq!(Point::parse("2024-01-10T08:00:00+01:00"), Some(Point::Time(at)));
        for none in
            ["", "-1", "1.5", "2024-01-10", "publications/", "publications/x", "publications/-1", "now"]
        {
            assert_eq!(Point::parse(none), None, "{none}");
        }
    }
}
