//! The check of a rule's syntax tree: names and fields, functions, loops, kinds and depth.

use std::collections::{BTreeMap, BTreeSet};

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};

use super::faults::{Places, fault, nearest, not_boolean, short};
use super::kind::{Kind, Seen};
use super::{RuleFault, Shape};

const MAX_LOOPS: usize = 2;
/// Of the syntax tree, so that evaluating fits in an ordinary thread of 2 MiB: a level costs 40 KiB in an
/// unoptimised build, and 2 KiB in an optimised one.
const MAX_DEPTH: usize = 30;

const LOOPS: [&str; 5] = ["exists", "all", "exists_one", "filter", "map"];
const FUNCTIONS: [(&str, &str); 7] = [
    ("size", "size(x)"),
    ("contains", "x.contains('…')"),
    ("startsWith", "x.startsWith('…')"),
    ("endsWith", "x.endsWith('…')"),
    ("double", "double(x)"),
    ("int", "int(x)"),
    ("string", "string(x)"),
];

/// The check of a syntax tree against a vocabulary.
pub(super) struct Walk<'v> {
    places: &'v Places<'v>,
    vocabulary: &'v BTreeMap<String, Shape>,
    loops: Vec<(String, Seen<'v>)>,
    /// What was found, in no order.
    pub(super) faults: Vec<RuleFault>,
    /// The paths that were read.
    pub(super) paths: BTreeSet<String>,
}

impl<'v> Walk<'v> {
    /// A check that has seen nothing yet.
    pub(super) fn new(places: &'v Places<'v>, vocabulary: &'v BTreeMap<String, Shape>) -> Walk<'v> {
        Walk {
            places,
            vocabulary,
            loops: vec![],
            faults: vec![],
            paths: BTreeSet::new(),
        }
    }

    /// An expression that must be true or false.
    pub(super) fn condition(&mut self, e: &IdedExpr, depth: usize) -> Kind<'v> {
        let kind = self.value(e, depth);
        if !matches!(kind, Kind::Bool | Kind::Unknown) {
            self.faults.push(not_boolean(self.places.of(e), Some(&kind)));
        }
        kind
    }

    /// An expression whose whole value is used, so that its path is read.
    fn value(&mut self, e: &IdedExpr, depth: usize) -> Kind<'v> {
        let seen = self.visit(e, depth);
        self.read(&seen);
        seen.kind
    }

    fn read(&mut self, seen: &Seen<'v>) {
        if let Some(path) = seen.path.as_ref().filter(|_| !seen.picked) {
            self.paths.insert(path.clone());
        }
    }

    fn visit(&mut self, e: &IdedExpr, depth: usize) -> Seen<'v> {
        if depth > MAX_DEPTH {
            let da = "Reglen er for sammensat her: del den op, eller brug færre led i træk.";
            let en = "The rule is too deep here: split it, or chain fewer terms.";
            if !self.faults.iter().any(|known| known.detail.en == en) {
                self.faults.push(fault(self.places.of(e), "rule-too-deep", da, en));
            }
            return Kind::Unknown.into();
        }
        match &e.expr {
            Expr::Literal(literal) => self.literal(e, literal).into(),
            Expr::Ident(name) => self.variable(e, name),
            Expr::Select(select) => {
                let operand = self.visit(&select.operand, depth + 1);
                let at = self.places.of_field(e, &select.operand, &select.field, select.test);
                let field = self.field(&operand, &select.field, at);
                if !select.test {
                    return field;
                }
                self.read(&field);
                Kind::Bool.into()
            }
            Expr::Call(call) => self.call(e, call, depth),
            Expr::List(list) => {
                let kinds = list.elements.iter().map(|element| self.value(element, depth + 1));
                let of = kinds.collect::<Vec<_>>().into_iter().reduce(Kind::or);
                Kind::List(Box::new(of.unwrap_or(Kind::Unknown))).into()
            }
            Expr::Comprehension(comprehension) => self.each(e, comprehension, depth),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => self.not_in_rules(e).into(),
        }
    }

    fn literal(&mut self, e: &IdedExpr, literal: &LiteralValue) -> Kind<'v> {
        match literal {
            LiteralValue::String(_) => Kind::Text,
            LiteralValue::Int(_) | LiteralValue::Double(_) => Kind::Number,
            LiteralValue::Boolean(_) => Kind::Bool,
            LiteralValue::Null => Kind::Unknown,
            LiteralValue::UInt(_) | LiteralValue::Bytes(_) => self.not_in_rules(e),
        }
    }

    fn not_in_rules(&mut self, e: &IdedExpr) -> Kind<'v> {
        let da = "Den slags værdier bruges ikke i regler. Skriv fx 3, 2.5 eller 'tekst'.";
        let en = "That sort of value is not used in rules. Write for instance 3, 2.5 or 'text'.";
        self.faults.push(fault(self.places.of(e), "rule-syntax", da, en));
        Kind::Unknown
    }

    fn variable(&mut self, e: &IdedExpr, name: &str) -> Seen<'v> {
        if let Some((_, seen)) = self.loops.iter().rev().find(|(known, _)| known == name) {
            return seen.clone();
        }
        if let Some(shape) = self.vocabulary.get(name) {
            return Seen {
                kind: Kind::of(shape),
                path: Some(name.to_string()),
                picked: false,
            };
        }
        let known = self.vocabulary.keys().chain(self.loops.iter().map(|(name, _)| name));
        let (da, en) = nearest(name, known.map(String::as_str));
        let name = short(name);
        let da = format!("Navnet »{name}« kendes ikke.{da}");
        let en = format!("The name “{name}” is not known.{en}");
        self.faults.push(fault(self.places.of(e), "rule-unknown-name", da, en));
        Kind::Unknown.into()
    }

    fn field(&mut self, of: &Seen<'v>, name: &str, at: (usize, usize)) -> Seen<'v> {
        let (da, en) = match &of.kind {
            Kind::Unknown => return Kind::Unknown.into(),
            Kind::Object(fields) => match fields.get(name) {
                Some(shape) => return of.below(Kind::of(shape), &format!(".{name}")),
                None => nearest(name, fields.keys().map(String::as_str)),
            },
            kind => {
                let (da, en) = kind.name();
                (format!(" Det er {da} og har ingen felter."), format!(" It is {en} and has no fields."))
            }
        };
        let (name, path) = (short(name), short(of.path.as_deref().unwrap_or("…")));
        let da = format!("»{name}« findes ikke i »{path}«.{da}");
        let en = format!("“{name}” is not in “{path}”.{en}");
        self.faults.push(fault(at, "rule-unknown-name", da, en));
        Kind::Unknown.into()
    }

    /// A field by its key: `answers['x']`, and the left side of `'x' in answers`.
    fn keyed(&mut self, of: &Seen<'v>, key: &IdedExpr, depth: usize) -> Seen<'v> {
        let at = self.places.of(key);
        if let Expr::Literal(LiteralValue::String(name)) = &key.expr {
            return self.field(of, name.inner(), at);
        }
        self.value(key, depth);
        let path = short(of.path.as_deref().unwrap_or("…"));
        let da = format!("Felter i »{path}« skal nævnes ved navn, fx ['x']. Navnet kan ikke regnes ud.");
        let en = format!("Fields of “{path}” must be named, such as ['x']. A name can't be computed.");
        self.faults.push(fault(at, "rule-unknown-name", da, en));
        Kind::Unknown.into()
    }

    fn call(&mut self, e: &IdedExpr, call: &CallExpr, depth: usize) -> Seen<'v> {
        let inner = depth + 1;
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::CONDITIONAL, [condition, one, other]) => {
                self.condition(condition, inner);
                self.value(one, inner).or(self.value(other, inner)).into()
            }
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, conditions) => {
                for condition in conditions {
                    self.condition(condition, inner);
                }
                Kind::Bool.into()
            }
            (operators::IN, [sought, among]) => {
                let among = self.visit(among, inner);
                if let Kind::Object(_) = among.kind {
                    let field = self.keyed(&among, sought, inner);
                    self.read(&field);
                } else {
                    self.value(sought, inner);
                    self.read(&among);
                }
                Kind::Bool.into()
            }
            (operators::INDEX, [of, index]) => {
                let of = self.visit(of, inner);
                match &of.kind {
                    Kind::List(element)
                        if !matches!(index.expr, Expr::Literal(LiteralValue::String(_))) =>
                    {
                        self.value(index, inner);
                        of.element(element)
                    }
                    Kind::Unknown => self.value(index, inner).or(Kind::Unknown).into(),
                    _ => self.keyed(&of, index, inner),
                }
            }
            (operators::ADD, [one, other]) => self.value(one, inner).or(self.value(other, inner)).into(),
            (name, operands) if is_arithmetic(name) => {
                operands.iter().for_each(|operand| _ = self.value(operand, inner));
                Kind::Number.into()
            }
            (name, operands) if is_comparison(name) => {
                operands.iter().for_each(|operand| _ = self.value(operand, inner));
                Kind::Bool.into()
            }
            (name, _) => self.function(e, name, call, inner).into(),
        }
    }

    fn function(&mut self, e: &IdedExpr, name: &str, call: &CallExpr, depth: usize) -> Kind<'v> {
        let target = call.target.as_deref().map(|target| self.value(target, depth));
        if LOOPS.contains(&name) || name == operators::HAS {
            let (da, en) = if name == operators::HAS {
                ("has(a.b)", "has(a.b)")
            } else {
                ("liste.{}(c, …)", "list.{}(c, …)")
            };
            let (da, en) = (da.replace("{}", name), en.replace("{}", name));
            self.refuse_function(
                e,
                format!("»{name}« skrives {da}."),
                format!("“{name}” is written {en}."),
            );
            return Kind::Unknown;
        }
        let args: Vec<_> = call.args.iter().map(|arg| self.value(arg, depth)).collect();
        let text = |kind: &Kind| matches!(kind, Kind::Text | Kind::Unknown);
        let sized = |kind: &Kind| !matches!(kind, Kind::Number | Kind::Bool);
        match (name, target.as_ref(), args.as_slice()) {
            ("size", Some(of), []) | ("size", None, [of]) if sized(of) => return Kind::Number,
            ("double" | "int", None, [_]) => return Kind::Number,
            ("string", None, [_]) => return Kind::Text,
            ("contains" | "startsWith" | "endsWith", Some(of), [part]) if text(of) && text(part) => {
                return Kind::Bool;
            }
            _ => {}
        }
        let shown = short(name);
        let (da, en) = match FUNCTIONS.iter().find(|(known, _)| *known == name) {
            Some(("contains", _)) if matches!(target, Some(Kind::List(_))) => (
                "»contains« søger i tekster. I en liste søges med »in«: 'a' in liste.".to_string(),
                "“contains” searches texts. A list is searched with “in”: 'a' in list.".to_string(),
            ),
            Some(("size", _)) => (
                "»size« skrives size(x), hvor x er en liste eller en tekst.".to_string(),
                "“size” is written size(x), where x is a list or a text.".to_string(),
            ),
            Some((_, form)) if target.is_some() && form.starts_with("x.") => (
                format!("»{shown}« skrives {form} og bruges på tekster."),
                format!("“{shown}” is written {form} and works on texts."),
            ),
            Some((_, form)) => {
                (format!("»{shown}« skrives {form}."), format!("“{shown}” is written {form}."))
            }
            None => {
                let known =
                    FUNCTIONS.iter().map(|(known, _)| *known).chain(LOOPS).chain([operators::HAS]);
                let (da, en) = nearest(name, known);
                (
                    format!("Funktionen »{shown}« findes ikke i regler.{da}"),
                    format!("The function “{shown}” does not exist in rules.{en}"),
                )
            }
        };
        self.refuse_function(e, da, en);
        Kind::Unknown
    }

    fn refuse_function(&mut self, e: &IdedExpr, da: String, en: String) {
        let (at, _) = self.places.called(e);
        self.faults.push(fault(at, "rule-unknown-function", da, en));
    }

    /// A loop. The parser has made it from `exists` and the like; which one shows in its step.
    fn each(&mut self, e: &IdedExpr, loops: &ComprehensionExpr, depth: usize) -> Seen<'v> {
        let (at, name) = self.places.called(e);
        let range = self.visit(&loops.iter_range, depth + 1);
        let element = match &range.kind {
            Kind::List(element) => range.element(element),
            Kind::Unknown => Kind::Unknown.into(),
            kind => {
                let (da, en) = kind.name();
                let da = format!("»{name}« går en liste igennem, men det her er {da}.");
                let en = format!("“{name}” goes through a list, but this is {en}.");
                self.faults.push(fault(at, "rule-unknown-function", da, en));
                Kind::Unknown.into()
            }
        };
        if !LOOPS.contains(&name) {
            let (da, en) = nearest(name, LOOPS.into_iter());
            let da = format!("Funktionen »{name}« findes ikke i regler.{da}");
            let en = format!("The function “{name}” does not exist in rules.{en}");
            self.faults.push(fault(at, "rule-unknown-function", da, en));
        }
        if self.loops.len() == MAX_LOOPS {
            let da = format!("Løkker kan højst stå {MAX_LOOPS} inden i hinanden.");
            let en = format!("Loops can be nested {MAX_LOOPS} deep at most.");
            self.faults.push(fault(at, "rule-too-deep", da, en));
        }
        self.loops.push((loops.iter_var.clone(), element.clone()));
        let result = self.step(&loops.loop_step, &loops.iter_var, &range, &element, depth + 2);
        self.loops.pop();
        let below = range.path.as_ref().map(|path| format!("{path}[]"));
        if !below.is_some_and(|below| self.paths.iter().any(|path| path.starts_with(&below))) {
            self.read(&range);
        }
        result
    }

    fn step(
        &mut self,
        step: &IdedExpr,
        variable: &str,
        range: &Seen<'v>,
        element: &Seen<'v>,
        depth: usize,
    ) -> Seen<'v> {
        let Expr::Call(call) = &step.expr else {
            return self.not_in_rules(step).into();
        };
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR, [_, condition]) => {
                self.condition(condition, depth);
                Kind::Bool.into()
            }
            (operators::CONDITIONAL, [condition, taken, _]) => {
                self.condition(condition, depth);
                self.step(taken, variable, range, element, depth)
            }
            (operators::ADD, [_, added]) => match &added.expr {
                Expr::List(list) => match list.elements.as_slice() {
                    [IdedExpr { expr: Expr::Ident(name), .. }] if name == variable => {
                        let kind = Kind::List(Box::new(element.kind.clone()));
                        Seen { kind, path: range.path.clone(), picked: true }
                    }
                    [mapped] => Kind::List(Box::new(self.value(mapped, depth + 1))).into(),
                    _ => self.not_in_rules(step).into(),
                },
                _ => Kind::Bool.into(),
            },
            _ => self.not_in_rules(step).into(),
        }
    }
}

fn is_arithmetic(name: &str) -> bool {
    use operators::{DIVIDE, MODULO, MULTIPLY, NEGATE, SUBSTRACT};
    [SUBSTRACT, MULTIPLY, DIVIDE, MODULO, NEGATE].contains(&name)
}

fn is_comparison(name: &str) -> bool {
    use operators::{EQUALS, GREATER, GREATER_EQUALS, LESS, LESS_EQUALS, NOT_EQUALS};
    [EQUALS, NOT_EQUALS, LESS, LESS_EQUALS, GREATER, GREATER_EQUALS].contains(&name)
}
