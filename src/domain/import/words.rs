//! Words of closed lists, in Danish and English.

use crate::domain::names;
use crate::domain::text::Language;

/// A word as the API has it, and what else people write for it.
pub type Words = &'static [(&'static str, &'static [&'static str])];

pub const STATUSES: Words = &[
    ("planned", &["planlagt"]),
    ("running", &["i gang", "igangværende", "kører", "in progress", "ongoing"]),
    ("completed", &["afsluttet", "gennemført", "finished"]),
    ("stopped", &["stoppet", "standset", "afbrudt"]),
];

pub const APPROACHES: Words = &[
    ("structural", &["strukturel", "strukturelt"]),
    ("individual", &["individuel", "individuelt"]),
    ("both", &["begge", "begge dele"]),
];

pub const STAGES: Words = &[
    ("prevention", &["forebyggelse"]),
    ("earlyDetection", &["tidlig opsporing", "early detection"]),
    ("treatment", &["behandling"]),
    ("rehabilitation", &["rehabilitering"]),
];

/// What came of an initiative: what was done, or what changed.
pub const OUTCOMES: Words = &[("output", &["ydelse"]), ("outcome", &["effekt"])];

pub const VERIFICATIONS: Words = &[
    ("selfReported", &["egen oplysning", "self-reported"]),
    ("documented", &["dokumenteret"]),
    ("external", &["ekstern"]),
];

/// The last ones are a workbook's own words in Danish.
pub const FLAGS: Words =
    &[("true", &["ja", "yes", "1", "sand"]), ("false", &["nej", "no", "0", "falsk"])];

/// What takes a value away, where an empty cell leaves it.
pub const NONE: &str = "-";

/// Why an answer has no value.
pub const NO_ANSWERS: Words = &[
    ("dontKnow", &["ved ikke", "don't know", "dont know"]),
    ("notApplicable", &["ikke relevant", "not applicable"]),
];

/// What people read for one of the words.
pub fn said(words: Words, word: &str, language: Language) -> String {
    let others = words.iter().find(|(known, _)| *known == word).map(|(_, others)| *others);
    let danish = others.and_then(|others| others.first()).copied();
    match (language, word) {
        (Language::Da, _) => danish.unwrap_or(word).to_owned(),
        (Language::En, "true") => "Yes".to_owned(),
        (Language::En, "false") => "No".to_owned(),
        (Language::En, _) => word.to_owned(),
    }
}

/// The API's word for what was written, whatever its case.
pub fn find(words: Words, written: &str) -> Option<&'static str> {
    let wanted = names::key(written);
    let is_it = |word: &str| names::key(word) == wanted;
    words
        .iter()
        .find(|(word, others)| is_it(word) || others.iter().any(|other| is_it(other)))
        .map(|(word, _)| *word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::initiative;

    #[test]
    fn the_words_are_those_of_initiatives() {
        let keys = |words: Words| words.iter().map(|(word, _)| *word).collect::<Vec<_>>();
        assert_eq!(keys(STATUSES), initiative::STATUSES);
        assert_eq!(keys(APPROACHES), initiative::APPROACHES);
        assert_eq!(keys(STAGES), initiative::STAGES);
    }

    #[test]
    fn case_and_language_do_not_matter() {
        assert_eq!(find(STATUSES, " I GANG"), Some("running"));
        assert_eq!(find(STAGES, "earlydetection"), Some("earlyDetection"));
        assert_eq!(find(STATUSES, "måske"), None);
    }
}
