//! What a report's cells answer, as their questions want it.

use serde_json::{Number, Value, json};

use super::cells::{keyed, list};
use super::words::{FLAGS, NO_ANSWERS, NONE, find};
use crate::domain::checks::{is_amount, shown};
use crate::domain::programme::{AnswerType, Labelled, Programme, Question};
use crate::domain::text::{Fault, Text};

/// The question by its key, or by its wording in either language.
pub fn question<'p>(written: &str, programme: &'p Programme) -> Result<&'p Question, Fault> {
    let questions = programme.questions.iter().map(|it| (it.key.as_str(), &it.wording));
    let key = keyed("/question", written, questions)?;
    programme.question(&key).ok_or_else(|| {
        let written = shown(written);
        Fault::new(
            "/question",
            "unknown-question",
            format!("Spørgsmålet »{written}« findes ikke i programmet."),
            format!("There is no question \"{written}\" in the programme."),
        )
    })
}

/// The answer as the API takes it, null where the cell takes it away. What is none of the choices stays as it is
/// written, for the check of answers to judge. `digits` reads a number with a decimal comma.
pub fn answer(
    pointer: &str,
    question: &Question,
    cell: &str,
    digits: impl FnOnce(&str) -> Result<String, Fault>,
) -> Result<Value, Fault> {
    if cell == NONE {
        return Ok(Value::Null);
    }
    let choice = |choices: &[Labelled], word: &str| {
        keyed(pointer, word, choices.iter().map(|it| (it.key.as_str(), &it.label)))
    };
    let is_choice = match &question.answers {
        AnswerType::Choice(choices) | AnswerType::MultiChoice(choices) => {
            let key = choice(choices, cell)?;
            choices.iter().any(|choice| choice.key == key)
        }
        _ => false,
    };
    if let Some(none) = find(NO_ANSWERS, cell).filter(|_| !is_choice) {
        return Ok(json!({"none": none}));
    }
    let value = match &question.answers {
        AnswerType::YesNo => match find(FLAGS, cell) {
            Some("true") => json!("yes"),
            Some(_) => json!("no"),
            None => json!(cell),
        },
        AnswerType::Choice(choices) => json!(choice(choices, cell)?),
        AnswerType::MultiChoice(choices) => {
            let keys: Result<Vec<String>, Fault> =
                list(cell).iter().map(|word| choice(choices, word)).collect();
            json!(keys?)
        }
        AnswerType::Number { .. } => Value::Number(number(pointer, &digits(cell)?)?),
        AnswerType::Text => json!(cell),
    };
    Ok(json!({"value": value}))
}

fn number(pointer: &str, digits: &str) -> Result<Number, Fault> {
    let whole = digits.parse::<i64>().ok().map(Number::from);
    let number = whole.or_else(|| digits.parse().ok().and_then(Number::from_f64));
    number.filter(|_| is_amount(digits)).ok_or_else(|| {
        let says = Text::new(
            format!("»{}« er ikke et tal.", shown(digits)),
            format!("\"{}\" is not a number.", shown(digits)),
        );
        Fault::new(pointer, "bad-amount", says.da, says.en)
    })
}
