//! Numbers as a spreadsheet keeps and shows them.

use chrono::{Days, NaiveDate};

/// How many digits of a number Excel keeps.
const DIGITS: usize = 15;
/// The serial of 9999-12-31, the last day that Excel knows.
const LAST_SERIAL: f64 = 2_958_465.0;
/// From serial 0 of the 1900 system to serial 0 of the 1904 system.
const DAYS_TO_1904: f64 = 1462.0;
const SECONDS_A_DAY: f64 = 86_400.0;

/// A number cell's digits as it shows them: 15 that count, no exponent. `0.30000000000000004` is `0.3`. None for
/// what is no number.
pub fn plain(raw: &str) -> Option<String> {
    let number: f64 = raw.parse().ok().filter(|number: &f64| number.is_finite())?;
    let digits = raw.trim_start_matches('-').trim_start_matches(['0', '.']);
    let counting = digits.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = raw.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-' || byte == b'.');
    if is_plain && counting <= DIGITS {
        return Some(raw.to_owned());
    }
    Some(rounded(number))
}

/// With a percent sign, as a cell of percents shows it.
pub fn percent(raw: &str) -> Option<String> {
    let number: f64 = raw.parse().ok().filter(|number: &f64| number.is_finite())?;
    Some(format!("{}%", rounded(number * 100.0)))
}

fn rounded(number: f64) -> String {
    let text = format!("{:.*e}", DIGITS - 1, number);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = match digits.trim_end_matches('0') {
        "" => return "0".to_owned(),
        digits => digits,
    };
    if !(-40..=40).contains(&exponent) {
        return text;
    }
    let Ok(before) = usize::try_from(exponent + 1) else {
        let noughts = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return format!("{sign}0.{noughts}{digits}");
    };
    match digits.split_at_checked(before) {
        Some(("", part)) => format!("{sign}0.{part}"),
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, part)) => format!("{sign}{whole}.{part}"),
        None => format!("{sign}{digits}{}", "0".repeat(before - digits.len())),
    }
}

/// The day of a serial, and the time of day behind it where it is not midnight: `2023-12-31`. In the 1900 system
/// there is a 29 February 1900 that never was, serial 60; it is none.
pub fn day(serial: f64, is_1904: bool) -> Option<(NaiveDate, String)> {
    if !(0.0..=LAST_SERIAL).contains(&serial) {
        return None;
    }
    let seconds = (serial.fract() * SECONDS_A_DAY).round();
    let whole = serial.floor() + if is_1904 { DAYS_TO_1904 } else { 0.0 };
    let whole = whole + if seconds >= SECONDS_A_DAY { 1.0 } else { 0.0 };
    let zero = match whole as u64 {
        60 if !is_1904 => return None,
        0..60 => NaiveDate::from_ymd_opt(1899, 12, 31),
        _ => NaiveDate::from_ymd_opt(1899, 12, 30),
    };
    let day = zero?.checked_add_days(Days::new(whole as u64))?;
    let text = match seconds as u64 % 86_400 {
        0 => day.to_string(),
        seconds => format!("{day} {}", clock(seconds)),
    };
    Some((day, text))
}

/// A part of a day: `14:30`.
pub fn time(serial: f64) -> String {
    clock((serial.fract().abs() * SECONDS_A_DAY).round() as u64 % 86_400)
}

fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match seconds {
        0 => format!("{hours:02}:{minutes:02}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// What a cell's format makes of its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Number,
    Date,
    Time,
    Percent,
}

/// One of the formats that have a number and no code.
pub fn built_in(id: u32) -> Shown {
    match id {
        9 | 10 => Shown::Percent,
        14..=17 | 22 | 27..=31 | 34..=36 | 50..=54 | 57 | 58 => Shown::Date,
        18..=21 | 32 | 33 | 45..=47 | 55 | 56 => Shown::Time,
        _ => Shown::Number,
    }
}

/// What a format's code says: `dd-mm-yyyy`, `0.0 %`, `#,##0 "dage"`.
pub fn of_code(code: &str) -> Shown {
    let mut letters = String::new();
    let mut rest = code.chars();
    while let Some(c) = rest.next() {
        match c {
            '"' => rest.by_ref().take_while(|c| *c != '"').for_each(drop),
            // A colour or a language; or hours and minutes that go on past a day.
            '[' => {
                let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
                let is_elapsed = inside.chars().all(|c| matches!(c, 'h' | 'H' | 'm' | 'M' | 's' | 'S'));
                letters.push_str(if is_elapsed { "h" } else { "" });
            }
            '\\' | '_' | '*' => drop(rest.next()),
            ';' => break,
            _ => letters.extend(c.to_lowercase()),
        }
    }
    if letters.contains("general") || letters.contains("standard") {
        return Shown::Number;
    }
    let has = |wanted: &[char]| letters.contains(wanted);
    // `å` is the year of Danish format codes.
    match () {
        () if has(&['y', 'd', 'å']) => Shown::Date,
        () if has(&['h', 's', 't']) => Shown::Time,
        () if has(&['m']) => Shown::Date,
        () if has(&['%']) => Shown::Percent,
        () => Shown::Number,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are_shown() {
        for (raw, shown) in [
            ("12.5", "12.5"),
            ("12345678", "12345678"),
            ("-0.25", "-0.25"),
            ("0.30000000000000004", "0.3"),
            ("2.2999999999999998", "2.3"),
            ("1E3", "1000"),
            ("1.5e-7", "0.00000015"),
            ("-1.25E2", "-125"),
            ("1E+15", "1000000000000000"),
            ("123456789012345678", "123456789012346000"),
            ("0", "0"),
            ("0E0", "0"),
        ] {
            assert_eq!(plain(raw).as_deref(), Some(shown), "{raw}");
        }
        assert_eq!([plain("abc"), plain("NaN"), plain("1e999"), plain("")], [None, None, None, None]);
        assert_eq!(percent("0.17").as_deref(), Some("17%"));
        assert_eq!(percent("1.105").as_deref(), Some("110.5%"));
    }

    #[test]
    fn serials_are_days_in_both_systems() {
        let said = |serial, is_1904| day(serial, is_1904).map(|(_, text)| text);
        for (serial, expected) in
            [(1.0, "1900-01-01"), (59.0, "1900-02-28"), (61.0, "1900-03-01"), (45291.0, "2023-12-31")]
        {
            assert_eq!(said(serial, false).as_deref(), Some(expected));
        }
        assert_eq!(said(60.0, false), None, "a day that never was");
        assert_eq!(said(0.0, true).as_deref(), Some("1904-01-01"));
        assert_eq!(said(43829.0, true).as_deref(), Some("2023-12-31"));
        assert_eq!(said(45_291.604_166_666_664, false).as_deref(), Some("2023-12-31 14:30"));
        assert_eq!(said(45_290.999_999_99, false).as_deref(), Some("2023-12-31"));
        assert_eq!([said(-1.0, false), said(3e6, false), said(f64::NAN, false)], [None, None, None]);
    }

    #[test]
    fn a_format_tells_what_a_number_is() {
        for (code, shown) in [
            ("dd\\-mm\\-yyyy", Shown::Date),
            ("[$-406]d. mmmm yyyy;@", Shown::Date),
            ("mmm", Shown::Date),
            ("hh:mm:ss", Shown::Time),
            ("[h]:mm", Shown::Time),
            ("0.0 %", Shown::Percent),
            ("#,##0 \"dage\"", Shown::Number),
            ("General", Shown::Number),
            ("[Red]0.00", Shown::Number),
            ("@", Shown::Number),
        ] {
            assert_eq!(of_code(code), shown, "{code}");
        }
    }
}
