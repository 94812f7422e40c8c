//! Texts that people read, always in both languages.
//!
//! A sentence is made where the fault is found, in Danish and English at once; which one is sent is
//! decided by the request, at the very edge. Codes are never translated.

use serde::{Deserialize, Serialize};

/// A language that a client may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    Da,
    En,
}

impl Language {
    /// The tag of BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Da => "da",
            Language::En => "en",
        }
    }
}

/// A text in Danish and English. In the programme document `{ da = "…", en = "…" }`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub da: String,
    pub en: String,
}

impl Text {
    pub fn new(da: impl Into<String>, en: impl Into<String>) -> Text {
        Text { da: da.into(), en: en.into() }
    }

    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Da => &self.da,
            Language::En => &self.en,
        }
    }
}

/// One fault in what a client sent: where, which, and a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into the body, or `?name` for a query parameter.
    pub pointer: String,
    /// Stable, kebab-case, never translated.
    pub code: &'static str,
    pub detail: Text,
}

impl Fault {
    pub fn new(
        pointer: impl Into<String>,
        code: &'static str,
        da: impl Into<String>,
        en: impl Into<String>,
    ) -> Fault {
        Fault { pointer: pointer.into(), code, detail: Text::new(da, en) }
    }
}

/// Escapes one step of a JSON pointer (RFC 6901 §3).
pub fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
