//! Dates, fuzzy dates and instants, read strictly.

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, SubsecRound, TimeZone, Utc};
use chrono_tz::Tz;

/// `YYYY-MM-DD` of a year from 1000 to 9999, and a day that exists.
pub fn date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    if !shaped || text.starts_with('0') {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// A date known to the year, the month or the day: the earliest and the latest day that it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fuzzy {
    pub earliest: NaiveDate,
    pub latest: NaiveDate,
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub fn fuzzy(text: &str) -> Option<Fuzzy> {
    match text.len() {
        4 => {
            let earliest = date(&format!("{text}-01-01"))?;
            Some(Fuzzy {
                earliest,
                latest: NaiveDate::from_ymd_opt(earliest.year(), 12, 31)?,
            })
        }
        7 => {
            let earliest = date(&format!("{text}-01"))?;
            let latest = earliest.checked_add_months(chrono::Months::new(1))?.pred_opt()?;
            Some(Fuzzy { earliest, latest })
        }
        10 => date(text).map(|day| Fuzzy { earliest: day, latest: day }),
        _ => None,
    }
}

/// An instant of RFC 3339 with its offset, cut to the microsecond.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let has_date = text.len() > 10 && date(text.get(..10)?).is_some();
    if !has_date || !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return None;
    }
    let parsed = DateTime::parse_from_rfc3339(text).ok()?;
    Some(parsed.with_timezone(&Utc).trunc_subsecs(6))
}

/// RFC 3339 in UTC with `Z` and microseconds, as every answer has it.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// An instant as every answer has it.
pub fn sent<S: serde::Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// An instant as every answer has it, or null.
pub fn sent_or_null<S: serde::Serializer>(
    at: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => sent(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// RFC 3339 in UTC with `Z`, whole seconds where the fraction is nought: for what people set.
pub fn rfc3339_short(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The date in the alliance's zone.
pub fn day_in(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The first moment of a day in the zone. Where midnight does not exist (a zone that changes its clock
/// at midnight), the first moment after it.
pub fn start_of_day(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    (0..=4)
        .find_map(|quarters| {
            zone.from_local_datetime(&(midnight + chrono::Duration::minutes(quarters * 30)))
                .earliest()
        })
        .map(|local| local.with_timezone(&Utc))
        .unwrap_or_else(|| midnight.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2023-02-31",
            "2023-2-1",
            "2023-02-01T",
            "23-02-01",
            "0001-01-01",
            "2023-13-01",
            "２０２３-01",
        ] {
            assert_eq!(date(text), None, "{text}");
        }
        assert!(date("2024-02-29").is_some());
    }

    #[test]
    fn a_fuzzy_date_spans_what_it_can_be() {
        let month = fuzzy("2023-02").expect("a month");
        assert_eq!(
            (month.earliest.to_string(), month.latest.to_string()),
            ("2023-02-01".into(), "2023-02-28".into())
        );
        let year = fuzzy("2020").expect("a year");
        assert_eq!(
            (year.earliest.to_string(), year.latest.to_string()),
            ("2020-01-01".into(), "2020-12-31".into())
        );
        assert_eq!(fuzzy("2020-1"), None);
        assert_eq!(fuzzy("202é-1"), None);
    }

    #[test]
    fn instants_need_an_offset_and_end_in_utc() {
        assert_eq!(
            instant("2023-12-31T23:59:59+01:00").map(rfc3339_short),
            Some("2023-12-31T22:59:59Z".into())
        );
        assert_eq!(instant("2023-12-31T23:59:59"), None);
        assert_eq!(instant("2023-12-31 23:59:59Z"), None);
    }

    #[test]
    fn days_begin_at_local_midnight_on_both_sides_of_summer_time() {
        let zone = chrono_tz::Europe::Copenhagen;
        let day = |text| start_of_day(zone, date(text).expect("a date"));
        assert_eq!(rfc3339_short(day("2023-03-26")), "2023-03-25T23:00:00Z");
        assert_eq!(rfc3339_short(day("2023-03-27")), "2023-03-26T22:00:00Z");
    }
}
