//! The rules of an indicator: CEL expressions over one partner's record.
//!
//! What a rule writer must know:
//!
//! - Numbers compare across kinds (`answer > 3`, `answer >= 2.5`, `3 == answer`), but arithmetic doesn't
//!   mix them: a number answer is a double, so `answer + 1.0`, or `int(answer) + 1`.
//! - An absent number is null. `answer == null` works on everything; `answer > 3` fails on null, so write
//!   `answer != null && answer > 3`. A rule that fails is neither true nor false.
//! - `&&` and `||` forgive a failing side when the other decides, in either order, and so do `exists`
//!   and `all` over their elements: `exists` is true if one element is, even if another fails.
//! - Values of different kinds are unequal, silently: `answer == '3'` is false for the number 3.
//! - `in` looks in lists and for keys (`'a' in partner.objectives`), `contains` in texts.
//! - Text compares by code point, so `<` is not Danish alphabetical order.
//! - A list written in a rule has at most 200 elements, and loops inside one another over such lists go
//!   round at most 10,000 times; the partner's own lists count as one element (`cost` counts exactly).
//!
//! Everything that touches the crate `cel` is here, since its API breaks at each 0.x.

mod cost;
mod faults;
mod kind;
mod record;
mod scan;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use cel::common::types::CelBool;
use cel::parser::Parser;
use cel::{ExecutionError, IdedExpr, Value};
use serde_json::Value as Json;

use self::faults::{Places, fault, not_boolean, parser_faults, place};
use self::kind::Kind;
pub use self::record::Record;
use self::scan::scan;
use self::walk::Walk;
use super::text::Text;

const MAX_LENGTH: usize = 4_000;
/// The parser recurses along `a+a+a…` and `a.a.a…` too: 4,000 characters of that need 30 MiB unoptimised.
const PARSER_STACK: usize = 64 << 20;

/// What a rule may read: the shape of its record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    Text,
    Number,
    Bool,
    List(Box<Shape>),
    Object(BTreeMap<String, Shape>),
}

/// One fault in a rule: where (1-based, the column in characters), which, and a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFault {
    pub line: usize,
    pub column: usize,
    pub code: &'static str,
    pub detail: Text,
}

/// Why a rule gave neither true nor false on a record. For logs and explanations: it is the evaluator's
/// own English, may quote values of the record, and has no position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFailed(pub String);

/// A rule that was checked against a vocabulary and can be evaluated, from any thread.
#[derive(Debug)]
pub struct Rule {
    source: String,
    tree: IdedExpr,
    paths: BTreeSet<String>,
}

impl Rule {
    /// Checks a rule against the variables that it may read, by name, and gives all faults, not only the
    /// first. What is found in the characters hides what the parser would find, and that hides the rest.
    ///
    /// Runs in a thread of its own, because the parser needs far more stack than a request has.
    pub fn compile(source: &str, vocabulary: &BTreeMap<String, Shape>) -> Result<Rule, Vec<RuleFault>> {
        if let Some((at, _)) = source.char_indices().nth(MAX_LENGTH) {
            let da = format!("Reglen er for lang: højst {MAX_LENGTH} tegn.");
            let en = format!("The rule is too long: at most {MAX_LENGTH} characters.");
            return Err(vec![fault(place(source, at), "rule-too-long", da, en)]);
        }
        let faults = scan(source);
        if !faults.is_empty() {
            return Err(faults);
        }
        let compiled = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(PARSER_STACK);
            let parsing = thread.spawn_scoped(scope, || parse_and_check(source, vocabulary)).ok()?;
            parsing.join().ok()
        });
        compiled.unwrap_or_else(|| {
            let da = "Reglen kunne ikke læses. Prøv at skrive den enklere.";
            Err(vec![fault((1, 1), "rule-syntax", da, "The rule could not be read. Try a simpler one.")])
        })
    }

    /// The rule as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the rule reads this top-level variable (`commitments`, `answers`, …).
    pub fn reads(&self, root: &str) -> bool {
        let below = |path: &String| path.strip_prefix(root).map(|rest| rest.starts_with(['.', '[']));
        self.paths.iter().any(|path| path == root || below(path) == Some(true))
    }

    /// The paths that it reads, such as `answers.new_collaborations` and `commitments[].goal`. A list that
    /// it loops over is there by the fields of its elements, and by its own name only if it reads none.
    pub fn paths(&self) -> &BTreeSet<String> {
        &self.paths
    }

    /// Whether the rule is true of a record. It fails if the record lacks a variable that the rule reads,
    /// and on what only values can show: null where a number is compared, an index past the end.
    pub fn holds(&self, record: &Record) -> Result<bool, RuleFailed> {
        let value = Value::resolve_val(&self.tree, &record.context)
            .map_err(|error| RuleFailed(without_values(&error)))?;
        let truth = value.downcast_ref::<CelBool>().map(|truth| *truth.inner());
        truth.ok_or_else(|| RuleFailed(format!("gave {}, not true or false", value.get_type().name())))
    }
}

/// What went wrong, without the values that it went wrong with: they may be free text, which would
/// survive here when it is redacted elsewhere.
fn without_values(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => format!("no such key: {name}"),
        ExecutionError::NoSuchOverload(_) => error.to_string(),
        ExecutionError::UnexpectedType { got, want } => format!("unexpected type {got}, not {want}"),
        ExecutionError::UndeclaredReference(name) => format!("undeclared reference to {name}"),
        ExecutionError::ValuesNotComparable(..) => "values that can't be compared".to_owned(),
        ExecutionError::DivisionByZero(_) => "division by zero".to_owned(),
        ExecutionError::RemainderByZero(_) => "remainder by zero".to_owned(),
        ExecutionError::Overflow(operator, ..) => format!("overflow in {operator}"),
        ExecutionError::IndexOutOfBounds(_) => "an index outside the list".to_owned(),
        ExecutionError::UnsupportedBinaryOperator(operator, ..) => {
            format!("{operator} does not fit its operands")
        }
        ExecutionError::FunctionError { function, .. } => format!("{function} failed"),
        _ => "it can't be evaluated on this record".to_owned(),
    }
}

fn parse_and_check(source: &str, vocabulary: &BTreeMap<String, Shape>) -> Result<Rule, Vec<RuleFault>> {
    let (tree, info) = Parser::default()
        .parse_with_source_info(source)
        .map_err(|refused| parser_faults(source, &refused.errors))?;
    let places = Places::new(source, info);
    let mut walk = Walk::new(&places, vocabulary);
    let kind = walk.condition(&tree, 1);
    let Walk { mut faults, paths, .. } = walk;
    faults.extend(cost::faults(&tree, &places));
    let rule = Rule { source: source.to_string(), tree, paths };
    if faults.is_empty() && matches!(kind, Kind::Unknown) && gives_other_than_bool(&rule, vocabulary) {
        faults.push(not_boolean(places.own(&rule.tree), None));
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    faults.dedup();
    if faults.is_empty() { Ok(rule) } else { Err(faults) }
}

/// Runs a rule whose kind the tree doesn't show on neutral records: numbers absent and present, lists
/// empty and not.
fn gives_other_than_bool(rule: &Rule, vocabulary: &BTreeMap<String, Shape>) -> bool {
    let samples = [(false, false), (false, true), (true, false), (true, true)];
    samples.into_iter().any(|(number, element)| {
        let mut record = Record::new();
        for (name, shape) in vocabulary.iter().filter(|(name, _)| rule.reads(name)) {
            record.set(name, &sample(shape, number, element));
        }
        let value = Value::resolve_val(&rule.tree, &record.context);
        value.is_ok_and(|value| value.downcast_ref::<CelBool>().is_none())
    })
}

fn sample(shape: &Shape, number: bool, element: bool) -> Json {
    match shape {
        Shape::Text => Json::from(""),
        Shape::Number if number => Json::from(1.5),
        Shape::Number => Json::Null,
        Shape::Bool => Json::from(false),
        Shape::List(of) if element => Json::from(vec![sample(of, number, element)]),
        Shape::List(_) => Json::from(Vec::<Json>::new()),
        Shape::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), sample(field, number, element)))
            .collect(),
    }
}
