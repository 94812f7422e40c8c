//! Making faults: sentences about a rule, and the places in it that they are about.

use cel::common::ast::{Expr, SourceInfo};
use cel::{IdedExpr, ParseError};

use super::RuleFault;
use super::kind::Kind;
use crate::domain::text::Text;

const NEAREST: usize = 3;

/// Where the expressions of a parsed rule stand, as lines and columns.
pub(super) struct Places<'v> {
    source: &'v str,
    info: SourceInfo,
}

impl<'v> Places<'v> {
    /// From what the parser gives beside the tree.
    pub(super) fn new(source: &'v str, info: SourceInfo) -> Places<'v> {
        Places { source, info }
    }

    /// Where an expression begins. Its own offset is that of its operator, dot or bracket.
    pub(super) fn of(&self, e: &IdedExpr) -> (usize, usize) {
        let left = match &e.expr {
            Expr::Select(select) => Some(&*select.operand),
            Expr::Call(call) => call.target.as_deref().or(call.args.first()),
            Expr::Comprehension(comprehension) => Some(&comprehension.iter_range),
            _ => None,
        };
        match left.filter(|left| self.offset(left) < self.offset(e)) {
            Some(left) => self.of(left),
            None => match &e.expr {
                Expr::Call(call) if call.func_name.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    self.called(e).0
                }
                _ => place(self.source, self.offset(e)),
            },
        }
    }

    /// The name that is called, and its place. A call's own place is its `(`.
    pub(super) fn called(&self, e: &IdedExpr) -> ((usize, usize), &'v str) {
        let before = self.source.get(..self.offset(e)).unwrap_or_default().trim_end();
        let name = before
            .rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
            .unwrap_or_default();
        (place(self.source, before.len() - name.len()), name)
    }

    /// The place of a field's name. A selection's own place is its dot, but in `has(…)` the `(`: then the
    /// name stands after the first dot after the operand's place.
    pub(super) fn of_field(
        &self,
        e: &IdedExpr,
        operand: &IdedExpr,
        field: &str,
        test: bool,
    ) -> (usize, usize) {
        let from = if test { self.offset(operand) + 1 } else { self.offset(e) };
        let after = self.source.get(from..).unwrap_or_default();
        let dots = after.match_indices('.').map(|(at, _)| from + at + 1);
        let names = dots.filter_map(|at| {
            let rest = self.source.get(at..)?;
            let name = rest.trim_start();
            name.starts_with(field).then_some(at + rest.len() - name.len())
        });
        place(self.source, names.into_iter().next().unwrap_or(from))
    }

    /// An expression's own place: that of its operator, dot or bracket, if it has one.
    pub(super) fn own(&self, e: &IdedExpr) -> (usize, usize) {
        place(self.source, self.offset(e))
    }

    fn offset(&self, e: &IdedExpr) -> usize {
        self.info.offset_for(e.id).map_or(0, |(start, _)| start as usize)
    }
}

/// Makes a fault at a line and column, with its sentence in Danish and English.
pub(super) fn fault(
    (line, column): (usize, usize),
    code: &'static str,
    da: impl Into<String>,
    en: impl Into<String>,
) -> RuleFault {
    RuleFault { line, column, code, detail: Text::new(da, en) }
}

/// The line and column of a byte offset.
pub(super) fn place(source: &str, offset: usize) -> (usize, usize) {
    let before = source.get(..offset).unwrap_or(source);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// The fault of an expression that had to be true or false.
pub(super) fn not_boolean(at: (usize, usize), kind: Option<&Kind>) -> RuleFault {
    let (da, en) = kind.map_or(("noget andet", "something else"), Kind::name);
    let da = format!("Her skal stå noget, der er sandt eller falsk, men det er {da}.");
    fault(at, "rule-not-boolean", da, format!("This must be true or false, but it is {en}."))
}

/// The parser's own sentences are English and name its grammar, so only its positions are used.
pub(super) fn parser_faults(source: &str, errors: &[ParseError]) -> Vec<RuleFault> {
    let syntax = |error: &&ParseError| error.msg.starts_with("Syntax error");
    let only_syntax = errors.iter().any(|error| syntax(&error));
    let mut faults = Vec::<RuleFault>::new();
    for error in errors.iter().filter(|error| !only_syntax || syntax(error)) {
        let line = usize::try_from(error.pos.0).unwrap_or(1).max(1);
        let column = usize::try_from(error.pos.1).unwrap_or(1).max(1);
        let text = source.split('\n').nth(line - 1).unwrap_or_default();
        let from_macro = match error.msg.as_str() {
            "invalid argument to has() macro" => Some((
                "has() skal have et felt, fx has(answers.x).",
                "has() takes a field, such as has(answers.x).",
            )),
            "argument must be a simple name" => Some((
                "En løkke skal først have et navn, fx exists(c, …).",
                "A loop takes a name first, such as exists(c, …).",
            )),
            _ => None,
        };
        // The parser counts columns in characters, but its macros count in bytes.
        let column = match from_macro {
            Some(_) => place(text, column - 1).1,
            None => column,
        };
        let here: String = text.chars().skip(column - 1).collect();
        let token = first_token(&here);
        let (da, en) = match from_macro {
            Some((da, en)) => (da.to_string(), en.to_string()),
            None if token.is_empty() => {
                ("Reglen slutter for tidligt.".into(), "The rule ends too early.".into())
            }
            None => (
                format!("Reglen kan ikke læses fra »{token}« og frem."),
                format!("The rule can't be read from “{token}” on."),
            ),
        };
        if !faults.iter().any(|known| (known.line, known.column) == (line, column)) {
            faults.push(fault((line, column), "rule-syntax", da, en));
        }
    }
    faults
}

/// Names and texts of the rule are quoted in sentences, but not at any length.
pub(super) fn short(quoted: &str) -> String {
    match quoted.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", quoted.get(..at).unwrap_or_default()),
        None => quoted.to_string(),
    }
}

/// A sentence with the known names that look most like an unknown one, in Danish and English.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> (String, String) {
    let mut known: Vec<_> = known.map(|known| (distance(name, known), known)).collect();
    known.sort_unstable();
    known.dedup();
    let (da, en): (Vec<_>, Vec<_>) = known
        .iter()
        .take(NEAREST)
        .map(|(_, known)| (format!("»{known}«"), format!("“{known}”")))
        .unzip();
    if da.is_empty() {
        return (" Der er ingen navne her.".into(), " There are no names here.".into());
    }
    (format!(" Nærmest: {}.", da.join(", ")), format!(" Nearest: {}.", en.join(", ")))
}

fn first_token(text: &str) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = text.trim_end();
    let length = match text.chars().next() {
        Some(c) if in_word(c) => text.find(|c| !in_word(c)),
        Some('\'' | '"') => text.find(' '),
        _ => text.char_indices().nth(1).map(|(at, _)| at),
    };
    short(text.get(..length.unwrap_or(text.len())).unwrap_or_default())
}

/// How many letters must be added, dropped or changed (Levenshtein), on the first 64 of each.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().take(64).enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(&other) {
            let cost = (diagonal + usize::from(a != *b)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = cost;
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
