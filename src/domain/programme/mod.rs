//! The programme: what the secretariat decides for an alliance, as one document.
//!
//! `document` is its shape on disk and on the wire, `check` turns it into a `Programme` or into all its
//! faults, and this file is what the rest of the program works with.

mod check;
mod differences;
mod document;
mod in_use;
mod measure;
mod vocabulary;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

pub use differences::{Difference, HowChanged, differences};
pub use document::{
    Amount, FocusAreaEntry, IndicatorEntry, Labelled, MeasureEntry, ProgrammeDocument, QuestionEntry,
    RoundEntry,
};
pub use in_use::{MeasureUse, Use, Uses, frozen};
pub use measure::{Adds, Measure, Sum, Take};

use super::dates;
use super::rule::Rule;
use super::text::Text;

/// A checked programme with its rules compiled.
#[derive(Debug)]
pub struct Programme {
    pub slug: String,
    pub name: Text,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub zone: Tz,
    pub counts_from: CountsFrom,
    pub small_group: i64,
    /// Of the percents, 0 to 4.
    pub decimals: u32,
    pub sectors: Vec<Labelled>,
    pub objectives: Vec<Labelled>,
    pub focus_areas: Vec<FocusAreaEntry>,
    /// In order of deadline, then key.
    pub rounds: Vec<Round>,
    pub questions: Vec<Question>,
    pub measures: Vec<Measure>,
    pub indicators: Vec<Indicator>,
    /// The document with every default filled in and instants in UTC.
    pub document: ProgrammeDocument,
}

/// From when on a report counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CountsFrom {
    Submitted,
    Accepted,
}

#[derive(Debug, Clone)]
pub struct Round {
    pub key: String,
    pub label: Text,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
    pub opens_on: NaiveDate,
    pub due_at: DateTime<Utc>,
    pub closes_at: Option<DateTime<Utc>>,
    pub questions: Vec<String>,
}

/// Why a round takes no report just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAccepting {
    NotOpen { opens_at: DateTime<Utc> },
    Closed { closed_at: DateTime<Utc> },
}

impl Round {
    /// Open from 00:00 of `opens_on` in the alliance's zone until `closes_at`, if it has one.
    pub fn accepting(&self, zone: Tz, now: DateTime<Utc>) -> Result<(), NotAccepting> {
        let opens_at = dates::start_of_day(zone, self.opens_on);
        if now < opens_at {
            return Err(NotAccepting::NotOpen { opens_at });
        }
        match self.closes_at {
            Some(closed_at) if now >= closed_at => Err(NotAccepting::Closed { closed_at }),
            _ => Ok(()),
        }
    }

    pub fn asks(&self, question: &str) -> bool {
        self.questions.iter().any(|key| key == question)
    }
}

#[derive(Debug, Clone)]
pub struct Question {
    pub key: String,
    pub wording: Text,
    pub required: bool,
    pub answers: AnswerType,
}

/// What an answer looks like.
#[derive(Debug, Clone)]
pub enum AnswerType {
    YesNo,
    Choice(Vec<Labelled>),
    MultiChoice(Vec<Labelled>),
    Number { min: Option<f64>, max: Option<f64>, decimals: Option<u32> },
    Text,
}

#[derive(Debug)]
pub struct Indicator {
    pub key: String,
    pub label: Text,
    pub kind: Kind,
    pub question: Option<String>,
    /// Of a sum `true`, and not looked at: what it adds up is in its kind.
    pub counts: Rule,
    pub applies: Option<Rule>,
    pub base: BaseRule,
    pub members: MembersRule,
    pub round: Option<String>,
    /// SHA-256 of the definition's canonical JSON, in hexadecimal.
    pub sha256: String,
}

/// What an indicator gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Share,
    Count(Of),
    Sum(Sum),
}

impl Kind {
    pub fn word(&self) -> &'static str {
        match self {
            Kind::Share => "share",
            Kind::Count(_) => "count",
            Kind::Sum(_) => "sum",
        }
    }
}

/// What a count counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Partners,
    Initiatives,
    Reports,
}

impl Of {
    pub fn word(self) -> &'static str {
        match self {
            Of::Partners => "partners",
            Of::Initiatives => "initiatives",
            Of::Reports => "reports",
        }
    }
}

/// Whom a percentage is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseRule {
    Respondents,
    Members,
}

impl BaseRule {
    pub fn word(self) -> &'static str {
        match self {
            BaseRule::Respondents => "respondents",
            BaseRule::Members => "members",
        }
    }
}

/// Whose membership puts them in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MembersRule {
    AtClose,
    During,
    Ever,
}

/// The period that a scope looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    pub starts_on: NaiveDate,
    /// The last day inside.
    pub ends_on: NaiveDate,
}

/// The whole alliance, where the last round that asks decides; in the tables an empty scope.
pub const WHOLE_ALLIANCE: &str = "";

impl Programme {
    pub fn round(&self, key: &str) -> Option<&Round> {
        self.rounds.iter().find(|round| round.key == key)
    }

    pub fn question(&self, key: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.key == key)
    }

    /// Whether answers to this question are free text. What is no question any more was one that nobody can tell.
    pub fn is_answered_in_words(&self, key: &str) -> bool {
        self.question(key)
            .is_none_or(|question| matches!(question.answers, AnswerType::Text))
    }

    pub fn measure(&self, key: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.key == key)
    }

    pub fn indicator(&self, key: &str) -> Option<&Indicator> {
        self.indicators.iter().find(|indicator| indicator.key == key)
    }

    pub fn focus_area(&self, key: &str) -> Option<&FocusAreaEntry> {
        self.focus_areas.iter().find(|area| area.key == key)
    }

    pub fn has_sector(&self, key: &str) -> bool {
        self.sectors.iter().any(|sector| sector.key == key)
    }

    pub fn has_objective(&self, key: &str) -> bool {
        self.objectives.iter().any(|objective| objective.key == key)
    }

    /// The period of a scope: the round's, or the alliance's.
    pub fn period(&self, scope: &str) -> Period {
        match self.round(scope) {
            Some(round) => Period { starts_on: round.starts_on, ends_on: round.ends_on },
            None => Period { starts_on: self.starts_on, ends_on: self.ends_on },
        }
    }
}

impl Indicator {
    /// Every scope that this indicator has standings in: its pinned round; else the whole alliance and,
    /// with a question, each round that asks it; of a sum every round, since each can name outcomes.
    pub fn scopes<'a>(&'a self, programme: &'a Programme) -> Vec<&'a str> {
        if let Some(round) = &self.round {
            return vec![round];
        }
        let rounds = programme.rounds.iter().filter(|round| self.has_round(round));
        std::iter::once(WHOLE_ALLIANCE)
            .chain(rounds.map(|round| round.key.as_str()))
            .collect()
    }

    /// Whether, if it is not pinned, it can be asked for in a round.
    pub fn has_round(&self, round: &Round) -> bool {
        match (&self.kind, &self.question) {
            (Kind::Sum(_), _) => true,
            (_, Some(question)) => round.asks(question),
            (_, None) => false,
        }
    }
}

impl ProgrammeDocument {
    /// Checks the document as a whole; every fault at once.
    pub fn check(self) -> Result<Programme, Vec<super::text::Fault>> {
        check::check(self)
    }
}
