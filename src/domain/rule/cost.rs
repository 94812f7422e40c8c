//! How often the parts of a rule can run, as far as the rule itself decides it.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, operators};

use super::RuleFault;
use super::faults::{Places, fault};

/// In one list: as written, as a sum (`a + b`), or counted through lists in lists.
const MAX_ELEMENTS: usize = 200;
/// Of loops inside one another: the product of what they go through, and of the list that is written or
/// used in the innermost.
const MAX_ROUNDS: usize = 10_000;
/// In the whole rule: each expression counts as often as the loops around it go round, times the elements
/// that it gives.
const MAX_STEPS: usize = 200_000;

/// The lists that are too long in themselves or for the loops around them, and the place where the whole
/// becomes too much.
///
/// A list of the record counts as one element, since a partner has few of each, and so does a text. Their
/// sums add up: `[partner.sector].map(a, a + a).map(a, a + a)…` would double at every step.
pub(super) fn faults(tree: &IdedExpr, places: &Places) -> Vec<RuleFault> {
    let mut count = Count { places, variables: vec![], steps: 0, faults: vec![] };
    count.visit(tree, 1);
    count.faults
}

/// The most elements that a value can have, and that an element of it can have, and so on; one at the
/// levels beyond. A number has none, so that sums of numbers don't grow.
type Extent = Vec<usize>;

struct Count<'v> {
    places: &'v Places<'v>,
    variables: Vec<(&'v str, Extent)>,
    steps: usize,
    faults: Vec<RuleFault>,
}

impl<'v> Count<'v> {
    /// The extent of an expression inside loops that go so many rounds. One that is too long is counted
    /// as one element from there on, so that it is refused once.
    fn visit(&mut self, e: &'v IdedExpr, rounds: usize) -> Extent {
        let extent = self.extent(e, rounds);
        let elements = extent.iter().fold(1_usize, |product, &n| product.saturating_mul(n.max(1)));
        if elements > MAX_ELEMENTS {
            let da = format!("Listen her bliver for lang: højst {MAX_ELEMENTS} elementer i alt.");
            let en = format!("This list becomes too long: at most {MAX_ELEMENTS} elements in all.");
            self.faults.push(fault(self.places.of(e), "rule-too-long", da, en));
            return vec![];
        }
        let steps = elements.saturating_mul(rounds);
        if steps > MAX_ROUNDS {
            let da =
                "Listen her er for lang til løkkerne omkring den: deres længder ganget sammen må højst";
            let en = "This list is too long for the loops around it: their lengths multiplied must be at most";
            let (da, en) = (format!("{da} give {MAX_ROUNDS}."), format!("{en} {MAX_ROUNDS}."));
            self.faults.push(fault(self.places.of(e), "rule-too-costly", da, en));
            return vec![];
        }
        if self.steps <= MAX_STEPS && self.steps + steps > MAX_STEPS {
            let da = "Herved bliver reglen for tung: forkort listerne, eller det, der står i løkkerne.";
            let en = "This makes the rule too heavy: shorten the lists, or what stands in the loops.";
            self.faults.push(fault(self.places.of(e), "rule-too-costly", da, en));
        }
        self.steps += steps;
        extent
    }

    fn extent(&mut self, e: &'v IdedExpr, rounds: usize) -> Extent {
        match &e.expr {
            Expr::Literal(LiteralValue::String(_)) => vec![],
            Expr::Ident(name) => {
                let known = self.variables.iter().rev().find(|(known, _)| known == name);
                known.map(|(_, extent)| extent.clone()).unwrap_or_default()
            }
            Expr::Select(select) => {
                self.visit(&select.operand, rounds);
                vec![]
            }
            Expr::List(list) => {
                let elements = list.elements.iter().map(|element| self.visit(element, rounds));
                let element = elements.collect::<Vec<_>>().into_iter().reduce(either);
                list_of(list.elements.len(), element.unwrap_or_default())
            }
            Expr::Call(call) => self.call(call, rounds),
            Expr::Comprehension(comprehension) => self.each(comprehension, rounds),
            _ => vec![0],
        }
    }

    fn call(&mut self, call: &'v CallExpr, rounds: usize) -> Extent {
        if let Some(target) = &call.target {
            self.visit(target, rounds);
        }
        let args: Vec<_> = call.args.iter().map(|arg| self.visit(arg, rounds)).collect();
        match (call.func_name.as_str(), args.as_slice()) {
            (operators::ADD, [one, other]) => {
                let sum = level(one, 0).saturating_add(level(other, 0));
                list_of(sum, either(element(one), element(other)))
            }
            (operators::CONDITIONAL, [_, one, other]) => either(one.clone(), other.clone()),
            (operators::INDEX, [of, _]) => element(of),
            ("string", [of]) => of.clone(),
            _ => vec![0],
        }
    }

    /// A loop. What `filter` and `map` gather begins empty and gets an element at each round.
    fn each(&mut self, loops: &'v ComprehensionExpr, rounds: usize) -> Extent {
        let range = self.visit(&loops.iter_range, rounds);
        let length = level(&range, 0);
        self.variables.push((&loops.accu_var, vec![0]));
        self.variables.push((&loops.iter_var, element(&range)));
        let step = self.visit(&loops.loop_step, rounds.saturating_mul(length.max(1)));
        self.variables.truncate(self.variables.len() - 2);
        match &loops.accu_init.expr {
            Expr::List(_) => list_of(length, element(&step)),
            _ => vec![0],
        }
    }
}

fn level(extent: &[usize], level: usize) -> usize {
    extent.get(level).copied().unwrap_or(1)
}

fn element(extent: &[usize]) -> Extent {
    extent.iter().skip(1).copied().collect()
}

fn list_of(length: usize, element: Extent) -> Extent {
    std::iter::once(length).chain(element).collect()
}

fn either(one: Extent, other: Extent) -> Extent {
    (0..one.len().max(other.len()))
        .map(|at| level(&one, at).max(level(&other, at)))
        .collect()
}
