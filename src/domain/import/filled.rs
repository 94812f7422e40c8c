//! Values as our own files show them: what the importer reads back as the same.

use std::collections::HashMap;

use serde_json::Value;

use super::cells::keyed;
use super::columns::Reading;
use super::fields::Known;
use super::sent::Cell;
use super::words::{FLAGS, NO_ANSWERS, NONE, Words, find, said};
use crate::domain::checks::is_amount;
use crate::domain::places;
use crate::domain::programme::{AnswerType, Labelled, Programme, Question};
use crate::domain::report::{Answer, AnswerValue};
use crate::domain::text::{Language, Text};

/// What values are shown with.
pub struct Filled<'a> {
    pub programme: &'a Programme,
    pub language: Language,
    /// Partners' names, by their ids.
    pub names: &'a HashMap<String, String>,
}

impl Filled<'_> {
    /// The cell of a field of this body.
    pub fn cell(&self, known: &Known, body: &Value) -> Cell {
        let value = body.pointer(&format!("/{}", known.field)).unwrap_or(&Value::Null);
        match (known.reading, value) {
            (Reading::Amount, Value::Null) => Cell::Number(String::new()),
            (_, Value::Null) => Cell::Text(String::new()),
            (Reading::Amount, Value::String(digits)) => amount(digits),
            (reading, Value::Array(values)) => {
                let words = values.iter().filter_map(Value::as_str);
                let words: Vec<String> = words.map(|word| self.word(reading, word)).collect();
                let is_parted = words.iter().any(|word| word.contains([';', '|']));
                Cell::Text(if is_parted { String::new() } else { words.join("; ") })
            }
            (Reading::Flag(words), Value::Bool(is_so)) => {
                Cell::Text(said(words, if *is_so { "true" } else { "false" }, self.language))
            }
            (reading, Value::String(text)) => prose(&self.word(reading, text)),
            (_, other) => Cell::Text(other.to_string()),
        }
    }

    fn word(&self, reading: Reading, value: &str) -> String {
        let programme = self.programme;
        match reading {
            Reading::Word(words) | Reading::Words(words) => said(words, value, self.language),
            Reading::Sector => self.labelled(&programme.sectors, value),
            Reading::Objectives => self.labelled(&programme.objectives, value),
            Reading::FocusArea | Reading::FocusAreas => {
                let areas = programme.focus_areas.iter();
                self.label(areas.map(|area| (area.key.as_str(), &area.label)), value)
            }
            Reading::Measure => {
                let measures = programme.measures.iter();
                self.label(measures.map(|measure| (measure.key.as_str(), &measure.label)), value)
            }
            Reading::Area => places::area_name(value)
                .map_or(value.to_owned(), |name| name.get(self.language).to_owned()),
            Reading::Region => places::region(value).map_or(value, |place| place.name).to_owned(),
            Reading::Municipality => {
                places::municipality(value).map_or(value, |place| place.name).to_owned()
            }
            Reading::Partner | Reading::Partners => {
                let name = self.names.get(value).filter(|name| !name.contains([';', '|']));
                name.map_or(value, String::as_str).to_owned()
            }
            _ => value.to_owned(),
        }
    }

    fn labelled(&self, choices: &[Labelled], key: &str) -> String {
        self.label(choices.iter().map(|choice| (choice.key.as_str(), &choice.label)), key)
    }

    /// The key's label, where it means this key only; else the key.
    fn label<'l>(
        &self,
        choices: impl Iterator<Item = (&'l str, &'l Text)> + Clone,
        key: &str,
    ) -> String {
        let label = choices
            .clone()
            .find(|(known, _)| *known == key)
            .map(|(_, label)| label.get(self.language));
        let label = label.filter(|label| !label.contains([';', '|']));
        let is_only = |label: &&str| keyed("", label, choices.clone()).is_ok_and(|found| found == key);
        label.filter(is_only).unwrap_or(key).to_owned()
    }

    /// The words that a cell with one value may have; none where it may have any.
    pub fn choices(&self, reading: Reading) -> Vec<String> {
        let all = |keys: Vec<&str>| keys.into_iter().map(|key| self.word(reading, key)).collect();
        let words = |words: Words| all(words.iter().map(|(word, _)| *word).collect());
        let programme = self.programme;
        match reading {
            Reading::Word(list) => words(list),
            Reading::Flag(_) => ["true", "false"].map(|word| said(FLAGS, word, self.language)).to_vec(),
            Reading::Sector => all(programme.sectors.iter().map(|it| it.key.as_str()).collect()),
            Reading::FocusArea => all(programme.focus_areas.iter().map(|it| it.key.as_str()).collect()),
            Reading::Measure => all(programme.measures.iter().map(|it| it.key.as_str()).collect()),
            Reading::Region => all(places::regions().iter().map(|it| it.code).collect()),
            Reading::Municipality => all(places::municipalities().iter().map(|it| it.code).collect()),
            Reading::Area => {
                let areas = places::landsdele().iter().map(|it| it.code);
                all(std::iter::once(places::NATIONAL).chain(areas).collect())
            }
            Reading::Partner => {
                let mut names: Vec<String> =
                    self.names.keys().map(|id| self.word(reading, id)).collect();
                names.sort();
                names
            }
            _ => Vec::new(),
        }
    }

    /// What a question's answer may be; none where it may be anything. The reasons for no value stand last.
    pub fn answers(&self, question: &Question) -> Vec<String> {
        let mut words: Vec<String> = match &question.answers {
            AnswerType::YesNo => self.choices(Reading::Flag(FLAGS)),
            AnswerType::Choice(choices) | AnswerType::MultiChoice(choices) => {
                choices.iter().map(|choice| self.labelled(choices, &choice.key)).collect()
            }
            AnswerType::Number { .. } | AnswerType::Text => return Vec::new(),
        };
        words.extend(NO_ANSWERS.iter().map(|(none, _)| said(NO_ANSWERS, none, self.language)));
        words
    }

    pub fn answer(&self, question: &Question, answer: &Answer) -> Cell {
        if let Some(none) = &answer.none {
            return Cell::Text(said(NO_ANSWERS, none, self.language));
        }
        let choice = |word: &str| match &question.answers {
            AnswerType::YesNo => {
                said(FLAGS, if word == "yes" { "true" } else { "false" }, self.language)
            }
            AnswerType::Choice(choices) | AnswerType::MultiChoice(choices) => {
                self.labelled(choices, word)
            }
            _ => word.to_owned(),
        };
        match &answer.value {
            None if matches!(question.answers, AnswerType::Number { .. }) => Cell::Number(String::new()),
            None => Cell::Text(String::new()),
            Some(AnswerValue::Text(text)) if matches!(question.answers, AnswerType::Text) => {
                if find(NO_ANSWERS, text).is_some() { Cell::Text(String::new()) } else { prose(text) }
            }
            Some(AnswerValue::Text(text)) => Cell::Text(choice(text)),
            Some(AnswerValue::List(keys)) => {
                Cell::Text(keys.iter().map(|key| choice(key)).collect::<Vec<_>>().join("; "))
            }
            Some(AnswerValue::Number(number)) => match amount(&number.to_string()) {
                Cell::Text(_) => Cell::Number(String::new()),
                digits => digits,
            },
        }
    }
}

/// A text as it is, if a file brings it back as it is. Else nothing: an empty cell that comes back changes nothing.
pub fn prose(text: &str) -> Cell {
    let escaped = text
        .strip_prefix('\'')
        .is_some_and(|rest| rest.trim_start().starts_with(['=', '+', '-', '@']));
    let comes_back = text == text.trim() && text != NONE && !escaped;
    Cell::Text(if comes_back { text.to_owned() } else { String::new() })
}

fn amount(digits: &str) -> Cell {
    match is_amount(digits) {
        true => Cell::Number(digits.to_owned()),
        false => Cell::Text(digits.to_owned()),
    }
}
