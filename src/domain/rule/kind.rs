//! What the expressions of a rule give.

use std::collections::BTreeMap;

use super::Shape;

/// What an expression gives, as far as the tree shows.
#[derive(Debug, Clone)]
pub(super) enum Kind<'v> {
    Text,
    Number,
    Bool,
    List(Box<Kind<'v>>),
    Object(&'v BTreeMap<String, Shape>),
    Unknown,
}

impl<'v> Kind<'v> {
    /// The kind of a part of the record.
    pub(super) fn of(shape: &'v Shape) -> Kind<'v> {
        match shape {
            Shape::Text => Kind::Text,
            Shape::Number => Kind::Number,
            Shape::Bool => Kind::Bool,
            Shape::List(of) => Kind::List(Box::new(Kind::of(of))),
            Shape::Object(fields) => Kind::Object(fields),
        }
    }

    /// The kind of something that is either: as `cond ? a : b`, or an element of `[a, b]`.
    pub(super) fn or(self, other: Kind<'v>) -> Kind<'v> {
        match (self, other) {
            (Kind::List(one), Kind::List(other)) => Kind::List(Box::new(one.or(*other))),
            (Kind::Object(one), Kind::Object(other)) if one == other => Kind::Object(one),
            (Kind::Text, Kind::Text) => Kind::Text,
            (Kind::Number, Kind::Number) => Kind::Number,
            (Kind::Bool, Kind::Bool) => Kind::Bool,
            _ => Kind::Unknown,
        }
    }

    /// The kind in a sentence, in Danish and English.
    pub(super) fn name(&self) -> (&'static str, &'static str) {
        match self {
            Kind::Text => ("en tekst", "a text"),
            Kind::Number => ("et tal", "a number"),
            Kind::Bool => ("sandt eller falsk", "true or false"),
            Kind::List(_) => ("en liste", "a list"),
            Kind::Object(_) => ("et sæt felter", "a set of fields"),
            Kind::Unknown => ("noget andet", "something else"),
        }
    }
}

/// What an expression gives, and the path in the record that it stands for, if it stands for one.
#[derive(Debug, Clone)]
pub(super) struct Seen<'v> {
    pub(super) kind: Kind<'v>,
    pub(super) path: Option<String>,
    /// Elements of the path's list, picked by a loop which has already said what it reads.
    pub(super) picked: bool,
}

impl<'v> From<Kind<'v>> for Seen<'v> {
    fn from(kind: Kind<'v>) -> Seen<'v> {
        Seen { kind, path: None, picked: false }
    }
}

impl<'v> Seen<'v> {
    /// A part of it, at one more step of the path: `.name` or `[]`.
    pub(super) fn below(&self, kind: Kind<'v>, step: &str) -> Seen<'v> {
        Seen {
            kind,
            path: self.path.as_ref().map(|path| format!("{path}{step}")),
            picked: false,
        }
    }

    /// Any element of it, if it is a list of that kind.
    pub(super) fn element(&self, kind: &Kind<'v>) -> Seen<'v> {
        self.below(kind.clone(), "[]")
    }
}
