//! From one point to another, entry by entry and day by day: which standings changed, and by how much that moved
//! the figure.
//!
//! A point is a size of the journal and a day. On the way from one to the other, days pass and entries come in the
//! order in which they did: a day begins before the entries of that day. So each step is one that somebody who
//! looked all the time would have seen, and the steps of one standing add up to what it became.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included};

use chrono::NaiveDate;

use crate::domain::figure::Tally;
use crate::domain::id::SubjectId;
use crate::domain::programme::{BaseRule, Kind, Of, Programme};
use crate::domain::standing::Standing;
use crate::store::standings::StandingRow;

/// How a programme looks at an indicator: whose standings make the figure, and what is its base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lens {
    pub scope: String,
    /// Of a share.
    pub base: Option<BaseRule>,
    /// Of a sum: its amounts' decimals.
    pub decimals: Option<u32>,
    /// Of a count.
    pub of: Option<Of>,
}

impl Lens {
    /// None where the programme has no such figure.
    pub fn of(programme: &Programme, indicator: &str, round: Option<&str>) -> Option<Lens> {
        let indicator = programme.indicator(indicator)?;
        let scope = super::scope(programme, indicator, round).ok()?.to_owned();
        let (base, decimals, of) = match &indicator.kind {
            Kind::Share => (Some(indicator.base), None, None),
            Kind::Count(of) => (None, None, Some(*of)),
            Kind::Sum(sum) => (None, Some(sum.measure.decimals), None),
        };
        Some(Lens { scope, base, decimals, of })
    }
}

/// What happens on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Entry(i64),
    /// This day begins.
    Day(NaiveDate),
}

/// What somebody adds to a figure, or what a step changed of it. Amounts are in units of `Way::decimals`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    pub tally: Tally,
    /// Of a share.
    pub base: i64,
}

impl Weight {
    pub fn plus(self, other: Weight) -> Weight {
        Weight {
            tally: self.tally.plus(other.tally),
            base: self.base + other.base,
        }
    }

    fn minus(self, other: Weight) -> Weight {
        let Tally {
            counted,
            not_counted,
            not_applicable,
            no_answer,
            not_submitted,
            amounts,
        } = other.tally;
        let tally = Tally {
            counted: -counted,
            not_counted: -not_counted,
            not_applicable: -not_applicable,
            no_answer: -no_answer,
            not_submitted: -not_submitted,
            amounts: amounts.times(-1),
        };
        self.plus(Weight { tally, base: -other.base })
    }
}

/// One standing that changed.
#[derive(Debug, Clone)]
pub(super) struct Moved<'a> {
    /// Which of the way's events did it.
    pub event: usize,
    pub from: Option<Standing>,
    pub to: Option<Standing>,
    /// The row after the step, or before it where there is none any more.
    pub row: &'a StandingRow,
    /// What the row is counted in.
    pub of: Option<Of>,
    pub change: Weight,
}

/// From where to where.
pub(super) struct Way<'a> {
    pub rows: &'a [StandingRow],
    pub from_seq: i64,
    pub from_on: NaiveDate,
    /// How the figure is looked at in the beginning.
    pub lens: Option<Lens>,
    /// How it is looked at from an entry on.
    pub lenses: &'a BTreeMap<i64, Option<Lens>>,
    pub events: &'a [Event],
    /// What amounts are counted in; no fewer than any lens has.
    pub decimals: u32,
}

/// The rows that are known at some size, of each subject.
type Active = BTreeMap<SubjectId, BTreeSet<usize>>;

/// Where in the rows something happens.
struct Places {
    opens: BTreeMap<i64, Vec<usize>>,
    closes: BTreeMap<i64, Vec<usize>>,
    /// Whose standings begin or end to hold on a day.
    edges: BTreeMap<NaiveDate, BTreeSet<SubjectId>>,
    active: Active,
}

impl Places {
    fn of(way: &Way<'_>) -> Places {
        let mut places = Places {
            opens: BTreeMap::new(),
            closes: BTreeMap::new(),
            edges: BTreeMap::new(),
            active: Active::new(),
        };
        for (place, row) in way.rows.iter().enumerate() {
            places.closes.entry(row.to_seq).or_default().push(place);
            for on in [Some(row.from_on), row.to_on].into_iter().flatten() {
                places.edges.entry(on).or_default().insert(row.subject_id);
            }
            if row.from_seq <= way.from_seq {
                places.active.entry(row.subject_id).or_default().insert(place);
            } else {
                places.opens.entry(row.from_seq).or_default().push(place);
            }
        }
        places
    }

    /// What begins or ends between two days, in whichever direction.
    fn on_the_way(&self, one: NaiveDate, other: NaiveDate) -> BTreeSet<SubjectId> {
        let days = (Excluded(one.min(other)), Included(one.max(other)));
        self.edges.range(days).flat_map(|(_, subjects)| subjects).copied().collect()
    }

    /// Whose rows an entry opens or closes.
    fn at(&self, way: &Way<'_>, seq: i64) -> BTreeSet<SubjectId> {
        let places = [self.closes.get(&seq), self.opens.get(&seq)].into_iter().flatten().flatten();
        places.filter_map(|place| Some(way.rows.get(*place)?.subject_id)).collect()
    }

    /// Knows what an entry said.
    fn learn(&mut self, way: &Way<'_>, seq: i64) {
        for (places, is_known) in [(self.closes.get(&seq), false), (self.opens.get(&seq), true)] {
            for place in places.into_iter().flatten() {
                let Some(row) = way.rows.get(*place) else { continue };
                let of = self.active.entry(row.subject_id).or_default();
                if is_known {
                    of.insert(*place)
                } else {
                    of.remove(place)
                };
            }
        }
    }
}

/// Every standing that changed, in the order of the events.
pub(super) fn swept<'a>(way: &Way<'a>) -> Vec<Moved<'a>> {
    let mut places = Places::of(way);
    let mut moved = Vec::new();
    let (mut lens, mut on) = (way.lens.as_ref(), way.from_on);
    for (event, happened) in way.events.iter().enumerate() {
        let (lens_before, on_before) = (lens, on);
        let touched = match happened {
            Event::Day(day) => {
                on = *day;
                places.on_the_way(on_before, on)
            }
            Event::Entry(seq) => {
                let mut touched = places.at(way, *seq);
                if let Some(new) = way.lenses.get(seq) {
                    lens = new.as_ref();
                }
                if lens != lens_before {
                    touched.extend(places.active.keys());
                }
                touched
            }
        };
        let stands = |active: &Active, subject, lens: Option<&Lens>, on| {
            lens.and_then(|lens| stood(way, active, subject, lens, on))
        };
        let before: Vec<_> = touched
            .iter()
            .map(|subject| stands(&places.active, *subject, lens_before, on_before))
            .collect();
        if let Event::Entry(seq) = happened {
            places.learn(way, *seq);
        }
        for (subject, before) in touched.iter().zip(before) {
            let after = stands(&places.active, *subject, lens, on);
            moved.extend(step(event, before, after));
        }
    }
    moved
}

/// Where somebody stands, and what that adds.
#[derive(Clone, Copy)]
struct Stood<'a> {
    standing: Standing,
    weight: Weight,
    row: &'a StandingRow,
    of: Option<Of>,
}

/// No two rows of one subject hold on the same day as known at the same size.
fn stood<'a>(
    way: &Way<'a>,
    active: &Active,
    subject: SubjectId,
    lens: &Lens,
    on: NaiveDate,
) -> Option<Stood<'a>> {
    let places = active.get(&subject)?.iter();
    let row = places.filter_map(|place| way.rows.get(*place)).find(|row| {
        row.scope == lens.scope && row.from_on <= on && row.to_on.is_none_or(|to_on| to_on > on)
    })?;
    let standing = row.standing()?;
    let mut tally = Tally::default();
    tally.add(standing, 1);
    if let (Some(amounts), Some(decimals)) = (row.amounts(), lens.decimals) {
        tally.add_amounts(amounts.finer(way.decimals.saturating_sub(decimals)), 1);
    }
    let base = lens.base.map_or(0, |rule| tally.base(rule));
    Some(Stood { standing, weight: Weight { tally, base }, row, of: lens.of })
}

fn step<'a>(event: usize, before: Option<Stood<'a>>, after: Option<Stood<'a>>) -> Option<Moved<'a>> {
    let Stood { row, of, .. } = after.or(before)?;
    let weight = |stood: Option<Stood<'a>>| stood.map(|stood| stood.weight).unwrap_or_default();
    let change = weight(after).minus(weight(before));
    let (from, to) = (before.map(|stood| stood.standing), after.map(|stood| stood.standing));
    (from != to || change != Weight::default()).then_some(Moved { event, from, to, row, of, change })
}
