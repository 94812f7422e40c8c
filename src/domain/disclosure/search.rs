//! Whether a sum, once public, tells something about too few organisations.

use std::collections::{BTreeMap, BTreeSet};

use super::Verdict;
use super::span::{Row, Span, led, negated, subtract};
use crate::domain::id::PartnerId;

/// How many multiplications one question may take.
const PATIENCE: usize = 20_000_000;

/// The sums that are public.
pub struct Public {
    /// Whose each unknown is.
    owners: Vec<PartnerId>,
    least: usize,
    span: Span,
}

impl Public {
    pub fn new(owners: Vec<PartnerId>, least: usize) -> Public {
        Public { owners, least, span: Span::default() }
    }

    /// Makes the sum of these unknowns public, whatever follows.
    pub fn add(&mut self, sum: &BTreeSet<usize>) {
        self.span.add(self.row(sum));
    }

    /// Makes the sum public unless it must not be.
    pub fn ask(&mut self, sum: &BTreeSet<usize>) -> Verdict {
        let own = sum.iter().filter_map(|place| self.owners.get(*place));
        if own.collect::<BTreeSet<_>>().len() < self.least {
            return Verdict::Small;
        }
        let row = self.row(sum);
        if self.tells_of_few(&row) {
            return Verdict::Telling;
        }
        self.span.add(row);
        Verdict::Shown
    }

    fn row(&self, sum: &BTreeSet<usize>) -> Row {
        (0..self.owners.len()).map(|place| u64::from(sum.contains(&place))).collect()
    }

    /// Whether some multiple of the sum and of public ones is about fewer organisations than the least: whether, for
    /// some so few, the sum follows from what is public and from what these few reported.
    fn tells_of_few(&self, sum: &Row) -> bool {
        let rest = self.span.rest(sum.clone());
        if rest.iter().all(|value| *value == 0) {
            return false;
        }
        let atoms = self.atoms(&rest);
        let rest = atoms.iter().map(|atom| atom.rest).collect();
        let few = self.least.saturating_sub(1);
        let small = self.small(&atoms, few);
        Search { small, few, patience: PATIENCE }.reaches(rest, &[], &BTreeSet::new())
    }

    /// Unknowns that no public sum and not this one tells apart: whatever follows has the same coefficient for them.
    fn atoms(&self, rest: &Row) -> Vec<Atom> {
        let mut alike: BTreeMap<Vec<u64>, Atom> = BTreeMap::new();
        for (place, owner) in self.owners.iter().enumerate() {
            let value = |row: &Row| row.get(place).copied().unwrap_or_default();
            let rows = self.span.rows().iter().map(|(_, row)| value(row));
            let coefficients: Vec<u64> = rows.chain([value(rest)]).collect();
            let atom = alike.entry(coefficients).or_insert_with(|| Atom {
                leads: None,
                rest: value(rest),
                place,
                owners: BTreeSet::new(),
            });
            atom.owners.insert(*owner);
            atom.leads = atom.leads.or(self.span.rows().iter().position(|(lead, _)| *lead == place));
        }
        alike.into_values().collect()
    }

    /// The atoms of few owners, each with what is left of it beside what is public.
    fn small(&self, atoms: &[Atom], few: usize) -> Vec<Small> {
        let is_small = |(_, atom): &(usize, &Atom)| atom.owners.len() <= few;
        let left = |(at, atom): (usize, &Atom)| {
            let row = match atom.leads.and_then(|i| self.span.rows().get(i)) {
                None => atoms.iter().enumerate().map(|(other, _)| u64::from(other == at)).collect(),
                Some((_, row)) => {
                    let value = |other: &Atom| row.get(other.place).copied().unwrap_or_default();
                    let others = atoms.iter().enumerate();
                    others
                        .map(|(other, it)| if other == at { 0 } else { negated(value(it)) })
                        .collect()
                }
            };
            Small { owners: atom.owners.clone(), row }
        };
        atoms.iter().enumerate().filter(is_small).map(left).collect()
    }
}

struct Atom {
    /// One of its unknowns.
    place: usize,
    owners: BTreeSet<PartnerId>,
    /// The sum's coefficient.
    rest: u64,
    /// The public row that it leads, if any.
    leads: Option<usize>,
}

struct Small {
    owners: BTreeSet<PartnerId>,
    row: Row,
}

struct Search {
    small: Vec<Small>,
    few: usize,
    patience: usize,
}

impl Search {
    /// Whether a sum is a combination of `basis` (all that these owners can tell) and of what few more can. When patience
    /// ends, it is said to be.
    fn reaches(&mut self, sum: Row, basis: &[(usize, Row)], owners: &BTreeSet<PartnerId>) -> bool {
        let sum = reduced(sum, basis);
        let Some(place) = sum.iter().position(|value| *value != 0) else { return true };
        if owners.len() >= self.few {
            return false;
        }
        // One of those who can tell it has something at this place.
        let mut tried: BTreeSet<BTreeSet<PartnerId>> = BTreeSet::from([owners.clone()]);
        for i in 0..self.small.len() {
            let Some(small) = self.small.get(i) else { continue };
            let joined: BTreeSet<PartnerId> = owners.union(&small.owners).copied().collect();
            if joined.len() > self.few || tried.contains(&joined) {
                continue;
            }
            let steps = sum.len() * (basis.len() + 1);
            if self.patience < steps {
                return true;
            }
            self.patience -= steps;
            let has = reduced(small.row.clone(), basis).get(place).is_some_and(|value| *value != 0);
            if !has {
                continue;
            }
            let more = self.with(basis, &joined);
            if self.reaches(sum.clone(), &more, &joined) {
                return true;
            }
            tried.insert(joined);
        }
        false
    }

    /// The basis with all that these owners can tell.
    fn with(&self, basis: &[(usize, Row)], owners: &BTreeSet<PartnerId>) -> Vec<(usize, Row)> {
        let mut more = basis.to_vec();
        for small in self.small.iter().filter(|small| small.owners.is_subset(owners)) {
            more.extend(led(reduced(small.row.clone(), &more)));
        }
        more
    }
}

/// Each row of the basis has nothing where an earlier one leads.
fn reduced(mut row: Row, basis: &[(usize, Row)]) -> Row {
    for (lead, known) in basis {
        let factor = row.get(*lead).copied().unwrap_or_default();
        subtract(&mut row, factor, known);
    }
    row
}
