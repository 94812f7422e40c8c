//! Which groups an edition may show, so that nobody can compute what fewer than so many organisations reported.
//!
//! **What is assumed of an attacker.** Everybody sees who the partners are and which groups they are in, all editions,
//! and adds and subtracts what stands in them. What partners reported is unknown to him, one unknown for each subject
//! (a partner; of counts of initiatives or reports one of these, owned by its partner). A cell is the sum of its
//! subjects' unknowns, whether it is read as counted, as not counted or as an amount.
//!
//! **The rule.** A cell is shown if it has at least `least` organisations, and if no sum of multiples of all that is then
//! public, with the cell in it, is about fewer than `least` organisations, unless it followed from what was public
//! before. That covers complements, totals, all dimensions at once, groups that overlap, and editions. Wholes are always
//! public: they are what an edition is for. Cells are asked in the order of dimensions, the largest first, and each that
//! is shown is public for the next. So the smallest group takes with it the next smallest, and not the largest.
//!
//! **Editions.** A subject that stands as it stood before is the same unknown, one that stands otherwise another. Of
//! whoever changed its answer the cells that moved would tell more than their sums: in which groups it is, so who it
//! is. Therefore an indicator is not broken down at all where some, but fewer than `least`, organisations stand
//! otherwise (or came, or went) than in an edition that broke it down.
//!
//! **What it does not hide.** Wholes, and what the wholes of two editions tell of those who moved between them. Of a group
//! whose members all stand the same, where each of them stands. Of a sum, that one organisation reported nearly all
//! of it. What follows from two indicators with nearly the same definition: each is looked at by itself. What several
//! organisations know together of themselves.
//!
//! The search for a sum about few organisations is exact. It is given up after a fixed number of steps, and the cell is
//! then not shown; that happens with a `smallGroup` well above the usual 3.

mod search;
mod span;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::amounts::Amounts;
use super::id::{PartnerId, SubjectId};
use super::standing::Standing;

use search::Public;

/// One subject, as an edition adds it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub id: SubjectId,
    /// Whose report, commitment or initiative it is.
    pub owner: PartnerId,
    pub standing: Standing,
    pub amounts: Option<Amounts>,
    /// Its groups in each dimension; several where they overlap.
    pub groups: Vec<Vec<String>>,
}

/// An earlier edition, with the groups that it shows of the same indicator.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    pub edition: i64,
    pub subjects: Vec<Subject>,
    pub shown: BTreeSet<Cell>,
}

/// A group: its dimension's place, and its key.
pub type Cell = (usize, String);

/// What becomes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Shown,
    /// It has too few organisations itself.
    Small,
    /// Others could be computed with its help.
    Telling,
}

/// How an indicator is broken down in an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Breakdown {
    Groups(BTreeMap<Cell, Verdict>),
    /// Not at all: too few stand otherwise than in this edition.
    FewChanged(i64),
}

/// What is unknown: how one subject of this owner stands, and what it adds.
type Unknown = (SubjectId, PartnerId, Standing, Option<[i128; 3]>);

impl Subject {
    fn unknown(&self) -> Unknown {
        let amounts = self.amounts.map(|it| [it.self_reported, it.documented, it.external]);
        (self.id, self.owner, self.standing, amounts)
    }

    fn is_in(&self, (dimension, group): &Cell) -> bool {
        self.groups.get(*dimension).is_some_and(|own| own.contains(group))
    }
}

/// Decides which groups of an indicator are shown. Groups are asked in the order of `dimensions` (how many there
/// are); what comes out depends on nothing else than what goes in.
pub fn breakdown(now: &[Subject], earlier: &[Earlier], dimensions: usize, least: i64) -> Breakdown {
    let least = usize::try_from(least).unwrap_or(1);
    let unknown_now: BTreeSet<Unknown> = now.iter().map(Subject::unknown).collect();
    for before in earlier.iter().filter(|before| !before.shown.is_empty()) {
        let unknown_then: BTreeSet<Unknown> = before.subjects.iter().map(Subject::unknown).collect();
        let moved = unknown_now.symmetric_difference(&unknown_then);
        let movers: BTreeSet<PartnerId> = moved.map(|(_, owner, ..)| *owner).collect();
        if (1..least).contains(&movers.len()) {
            return Breakdown::FewChanged(before.edition);
        }
    }

    let mut unknowns = unknown_now;
    unknowns.extend(earlier.iter().flat_map(|before| &before.subjects).map(Subject::unknown));
    let owners: Vec<PartnerId> = unknowns.iter().map(|(_, owner, ..)| *owner).collect();
    let places: BTreeMap<Unknown, usize> = unknowns.into_iter().zip(0..).collect();
    let sum = |subjects: &[Subject], cell: Option<&Cell>| -> BTreeSet<usize> {
        let own = subjects.iter().filter(|it| cell.is_none_or(|cell| it.is_in(cell)));
        own.filter_map(|it| places.get(&it.unknown()).copied()).collect()
    };

    let mut public = Public::new(owners, least);
    for before in earlier {
        public.add(&sum(&before.subjects, None));
        for cell in &before.shown {
            public.add(&sum(&before.subjects, Some(cell)));
        }
    }
    public.add(&sum(now, None));

    let mut verdicts = BTreeMap::new();
    for dimension in 0..dimensions {
        for cell in largest_first(now, dimension) {
            let verdict = public.ask(&sum(now, Some(&cell)));
            verdicts.insert(cell, verdict);
        }
    }
    Breakdown::Groups(verdicts)
}

/// The groups of a dimension by how many organisations they have, then by their keys.
fn largest_first(subjects: &[Subject], dimension: usize) -> Vec<Cell> {
    let mut owners: BTreeMap<&String, BTreeSet<PartnerId>> = BTreeMap::new();
    for subject in subjects {
        for group in subject.groups.get(dimension).into_iter().flatten() {
            owners.entry(group).or_default().insert(subject.owner);
        }
    }
    let mut groups: Vec<_> = owners.into_iter().collect();
    groups.sort_by_key(|(group, owners)| (std::cmp::Reverse(owners.len()), *group));
    groups.into_iter().map(|(group, _)| (dimension, group.clone())).collect()
}
