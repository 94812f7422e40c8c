//! What a rule may read, as shapes: the counterpart of `record`, which fills them.

use std::collections::BTreeMap;

use super::{AnswerType, Of, Question, Round};
use crate::domain::rule::Shape;

pub type Vocabulary = BTreeMap<String, Shape>;

fn object<const N: usize>(fields: [(&str, Shape); N]) -> Shape {
    Shape::Object(fields.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect())
}

fn list(of: Shape) -> Shape {
    Shape::List(Box::new(of))
}

fn focus_areas() -> Shape {
    list(object([("key", Shape::Text), ("scheme", Shape::Text), ("national", Shape::Bool)]))
}

fn initiative() -> Shape {
    object([
        ("title", Shape::Text),
        ("summary", Shape::Text),
        ("targetGroup", Shape::Text),
        ("focusAreas", focus_areas()),
        ("status", Shape::Text),
        ("approach", Shape::Text),
        ("stage", list(Shape::Text)),
        ("startsOn", Shape::Text),
        ("endsOn", Shape::Text),
        ("beganBeforeJoining", Shape::Bool),
        ("lead", Shape::Bool),
    ])
}

fn report() -> Shape {
    object([("state", Shape::Text), ("onTime", Shape::Bool)])
}

pub fn answer(question: &Question) -> Shape {
    match question.answers {
        AnswerType::Number { .. } => Shape::Number,
        AnswerType::MultiChoice(_) => list(Shape::Text),
        AnswerType::YesNo | AnswerType::Choice(_) | AnswerType::Text => Shape::Text,
    }
}

/// What every rule of the programme sees. In a scope, `answers` has the questions of that scope.
pub fn shared(questions: &[&Question], rounds: &[Round]) -> Vocabulary {
    let answers = questions.iter().map(|q| (q.key.clone(), answer(q))).collect();
    let reports = rounds.iter().map(|round| (round.key.clone(), report())).collect();
    let partner = object([
        ("sector", Shape::Text),
        ("region", Shape::Text),
        ("municipality", Shape::Text),
        ("area", Shape::Text),
        ("objectives", list(Shape::Text)),
        ("joinedOn", Shape::Text),
        ("leftOn", Shape::Text),
    ]);
    let target = object([
        ("measure", Shape::Text),
        ("unit", Shape::Text),
        ("baseline", Shape::Text),
        ("target", Shape::Text),
        ("dueOn", Shape::Text),
    ]);
    let commitment = object([
        ("focusArea", Shape::Text),
        ("focusAreas", focus_areas()),
        ("goal", Shape::Text),
        ("target", target),
        ("chosenOn", Shape::Text),
    ]);
    Vocabulary::from([
        ("partner".to_owned(), partner),
        ("commitments".to_owned(), list(commitment)),
        ("initiatives".to_owned(), list(initiative())),
        ("answers".to_owned(), Shape::Object(answers)),
        ("reports".to_owned(), Shape::Object(reports)),
        ("period".to_owned(), object([("startsOn", Shape::Text), ("endsOn", Shape::Text)])),
    ])
}

/// What `counts` sees besides.
pub fn subject(of: Of) -> Option<(String, Shape)> {
    match of {
        Of::Partners => None,
        Of::Initiatives => Some(("initiative".to_owned(), initiative())),
        Of::Reports => Some((
            "report".to_owned(),
            object([("round", Shape::Text), ("state", Shape::Text), ("onTime", Shape::Bool)]),
        )),
    }
}
