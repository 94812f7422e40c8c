use crate::db;
use crate::domain::text::{Fault, Text};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the alliance says when it does not do what was asked.
#[derive(Debug)]
pub enum Error {
    Refused(Box<Refusal>),
    Failed(db::Error),
}

/// A refusal that the client can do something about.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub kind: Kind,
    /// Kebab-case, stable.
    pub code: &'static str,
    pub detail: Text,
    pub faults: Vec<Fault>,
}

/// Which sort of refusal: it decides the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request's shape is off (400).
    Malformed,
    /// Who are you (401).
    Unauthenticated,
    /// Your role may not (403).
    Forbidden,
    /// Absent, or another partner's (404).
    Absent,
    /// State or name conflict (409).
    Conflict,
    /// What was seen is no longer so (412).
    Stale,
    /// Values (422).
    Invalid,
    /// `If-Match` is missing (428).
    Unconditional,
    /// Not until somebody has put something right (503).
    Unavailable,
}

impl Error {
    pub fn refuse(
        kind: Kind,
        code: &'static str,
        da: impl Into<String>,
        en: impl Into<String>,
    ) -> Error {
        Error::Refused(Box::new(Refusal { kind, code, detail: Text::new(da, en), faults: Vec::new() }))
    }

    pub fn conflict(code: &'static str, da: impl Into<String>, en: impl Into<String>) -> Error {
        Error::refuse(Kind::Conflict, code, da, en)
    }

    pub fn absent() -> Error {
        Error::refuse(Kind::Absent, "not-found", "Der er intet her.", "There is nothing here.")
    }

    pub fn forbidden() -> Error {
        Error::refuse(
            Kind::Forbidden,
            "forbidden",
            "Din rolle giver ikke adgang til dette.",
            "Your role may not do this.",
        )
    }

    pub fn stale() -> Error {
        Error::refuse(
            Kind::Stale,
            "stale-version",
            "Nogen har ændret dette, siden du læste det. Hent det igen.",
            "Somebody has changed this since you read it. Get it again.",
        )
    }

    pub fn invalid(faults: Vec<Fault>) -> Error {
        let count = faults.len();
        let detail = match count {
            1 => Text::new("Der er 1 fejl.", "There is 1 fault."),
            _ => Text::new(format!("Der er {count} fejl."), format!("There are {count} faults.")),
        };
        Error::Refused(Box::new(Refusal { kind: Kind::Invalid, code: "invalid", detail, faults }))
    }

    /// Adds the places that a refusal is about.
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Error {
        if let Error::Refused(refusal) = &mut self {
            refusal.faults = faults;
        }
        self
    }
}

impl From<Vec<Fault>> for Error {
    fn from(faults: Vec<Fault>) -> Error {
        Error::invalid(faults)
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Error {
        Error::Failed(error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Refused(refusal) => {
                write!(f, "{}: {}", refusal.code, refusal.detail.en)?;
                for fault in &refusal.faults {
                    write!(f, "\n  {}: {}: {}", fault.pointer, fault.code, fault.detail.en)?;
                }
                Ok(())
            }
            Error::Failed(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
