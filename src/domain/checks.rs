//! Checks that many values share. Each adds its fault and goes on, so that a client sees all of them.

use chrono::NaiveDate;

use super::dates::{self, Fuzzy};
use super::text::{Fault, Text};

/// The longest one-line text, in characters.
pub const LINE: usize = 300;
/// The longest free text, in characters.
pub const PROSE: usize = 10_000;

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub fn new() -> Faults {
        Faults::default()
    }

    pub fn add(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        da: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.0.push(Fault::new(pointer, code, da, en));
    }

    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn extend(&mut self, faults: impl IntoIterator<Item = Fault>) {
        self.0.extend(faults);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }

    /// The value, if nothing was found.
    pub fn unless_any<T>(self, value: T) -> Result<T, Vec<Fault>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }

    /// One line of text: not empty, not too long, no control characters.
    pub fn line(&mut self, pointer: &str, text: &str) {
        match text.trim().is_empty() {
            true => self.required(pointer),
            false => self.characters(pointer, text, LINE, false),
        }
    }

    /// Free text: may be empty and have line breaks and tabs.
    pub fn prose(&mut self, pointer: &str, text: &str) {
        self.characters(pointer, text, PROSE, true);
    }

    /// Why something was done: free text that is not empty.
    pub fn reason(&mut self, pointer: &str, text: &str) {
        match text.trim().is_empty() {
            true => self.required(pointer),
            false => self.prose(pointer, text),
        }
    }

    fn required(&mut self, pointer: &str) {
        self.add(pointer, "required", "Feltet må ikke være tomt.", "The field must not be empty.");
    }

    fn characters(&mut self, pointer: &str, text: &str, longest: usize, breaks: bool) {
        let is_control = |c: char| c.is_control() && !(breaks && matches!(c, '\n' | '\r' | '\t'));
        if let Some(found) = text.chars().find(|c| is_control(*c)) {
            let code = format!("U+{:04X}", found as u32);
            self.add(
                pointer,
                "control-character",
                format!("Teksten indeholder et styretegn ({code})."),
                format!("The text contains a control character ({code})."),
            );
        }
        let length = text.chars().count();
        if length > longest {
            self.add(
                pointer,
                "too-long",
                format!("Teksten er på {length} tegn; højst {longest} er tilladt."),
                format!("The text has {length} characters; at most {longest} are allowed."),
            );
        }
    }

    /// A text in both languages, each one line.
    pub fn both(&mut self, pointer: &str, text: &Text) {
        self.line(&format!("{pointer}/da"), &text.da);
        self.line(&format!("{pointer}/en"), &text.en);
    }

    /// A key or slug: `[A-Za-z0-9_-]{1,64}`.
    pub fn key(&mut self, pointer: &str, key: &str) {
        if !is_key(key) {
            self.add(
                pointer,
                "bad-key",
                "En nøgle består af 1 til 64 af tegnene A-Z, a-z, 0-9, _ og -.",
                "A key has 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.",
            );
        }
    }

    pub fn date(&mut self, pointer: &str, text: &str) -> Option<NaiveDate> {
        let date = dates::date(text);
        if date.is_none() {
            self.add(
                pointer,
                "bad-date",
                format!("»{}« er ikke en dato på formen ÅÅÅÅ-MM-DD.", shown(text)),
                format!("\"{}\" is not a date of the form YYYY-MM-DD.", shown(text)),
            );
        }
        date
    }

    pub fn date_or_none(&mut self, pointer: &str, text: Option<&str>) -> Option<NaiveDate> {
        text.and_then(|text| self.date(pointer, text))
    }

    pub fn fuzzy(&mut self, pointer: &str, text: &str) -> Option<Fuzzy> {
        let date = dates::fuzzy(text);
        if date.is_none() {
            self.add(
                pointer,
                "bad-date",
                format!("»{}« er ikke en dato på formen ÅÅÅÅ, ÅÅÅÅ-MM eller ÅÅÅÅ-MM-DD.", shown(text)),
                format!("\"{}\" is not a date of the form YYYY, YYYY-MM or YYYY-MM-DD.", shown(text)),
            );
        }
        date
    }

    /// One of a closed list of words.
    pub fn one_of(&mut self, pointer: &str, value: &str, allowed: &[&str]) {
        if !allowed.contains(&value) {
            let list = allowed.join(", ");
            self.add(
                pointer,
                "not-a-choice",
                format!("»{}« er ikke en af mulighederne: {list}.", shown(value)),
                format!("\"{}\" is not one of the choices: {list}.", shown(value)),
            );
        }
    }

    /// No value twice; the fault stands at the second.
    pub fn unique(&mut self, pointer: &str, values: &[String]) {
        let mut seen = std::collections::HashSet::new();
        for (i, value) in values.iter().enumerate() {
            if !seen.insert(value) {
                self.add(
                    format!("{pointer}/{i}"),
                    "duplicate",
                    format!("»{}« står der mere end én gang.", shown(value)),
                    format!("\"{}\" stands there more than once.", shown(value)),
                );
            }
        }
    }

    /// A number of `given` decimals where at most `most` are allowed.
    pub fn too_many_decimals(&mut self, pointer: impl Into<String>, given: u32, most: u32) {
        let (da, en) = if given == 1 { ("decimal", "decimal") } else { ("decimaler", "decimals") };
        let (most_da, most_en) = match most {
            0 => ("ingen er tilladt".to_owned(), "none is allowed".to_owned()),
            most => (format!("højst {most} er tilladt"), format!("at most {most} are allowed")),
        };
        self.add(
            pointer,
            "too-many-decimals",
            format!("Tallet har {given} {da}; {most_da}."),
            format!("The number has {given} {en}; {most_en}."),
        );
    }

    /// A decimal number as text, kept exactly: `-12.50`. At most 18 digits before and 9 after the point.
    pub fn amount(&mut self, pointer: &str, text: &str) {
        if !is_amount(text) {
            self.add(
                pointer,
                "bad-amount",
                format!("»{}« er ikke et tal med punktum som decimaltegn.", shown(text)),
                format!("\"{}\" is not a number with a point as its decimal mark.", shown(text)),
            );
        }
    }
}

pub fn is_key(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// A whole number as it is written here: without a plus or noughts in front, so that nothing has two
/// addresses.
pub fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|number: &i64| number.to_string() == text)
}

pub fn is_amount(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits =
        |s: &str, most: usize| !s.is_empty() && s.len() <= most && s.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole, 18) && all_digits(fraction, 9) && (whole == "0" || !whole.starts_with('0'))
}

/// A client's text as it may be repeated in a sentence: short, without control characters.
pub fn shown(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if clean.chars().count() <= 60 {
        return clean;
    }
    clean.chars().take(60).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_decimal_is_one_in_both_languages() {
        let said = |given, most| {
            let mut faults = Faults::new();
            faults.too_many_decimals("/actual", given, most);
            let mut faults = faults.into_vec();
            let detail = faults.remove(0).detail;
            (detail.da, detail.en)
        };
        let (da, en) = said(1, 0);
        assert_eq!(da, "Tallet har 1 decimal; ingen er tilladt.");
        assert_eq!(en, "The number has 1 decimal; none is allowed.");
        let (da, en) = said(3, 2);
        assert_eq!(da, "Tallet har 3 decimaler; højst 2 er tilladt.");
        assert_eq!(en, "The number has 3 decimals; at most 2 are allowed.");
    }

    #[test]
    fn amounts_are_plain_decimals() {
        for good in ["0", "12", "-12.5", "0.000000001", "999999999999999999"] {
            assert!(is_amount(good), "{good}");
        }
        for bad in ["", "-", ".5", "5.", "1,5", "1e3", "007", "+1", "1.0000000001", "NaN", "１"] {
            assert!(!is_amount(bad), "{bad}");
        }
    }
}
