//! The way from one point to another, and what is told of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::changes::{Between, Caused, Difference, Step};
use super::sweep::{Event, Lens, Moved, Way, Weight};
use super::{Cause, Figure, valid_on};
use crate::db::Conn;
use crate::domain::amounts::{decimal, units};
use crate::domain::dates::{day_in, rfc3339};
use crate::domain::id::{InitiativeId, PartnerId};
use crate::domain::programme::Of;
use crate::service::past::Then;
use crate::service::{Result, programmes};
use crate::store;
use crate::store::standings::{Span, StandingRow, Whose};

/// All that it takes to go from one point to the other.
pub(super) struct Journey<'a> {
    to: &'a Then,
    asked: &'a Between<'a>,
    from_seq: i64,
    from_on: NaiveDate,
    lens: Option<Lens>,
    lenses: BTreeMap<i64, Option<Lens>>,
    rows: Vec<StandingRow>,
    entries: BTreeMap<i64, (DateTime<Utc>, String)>,
    events: Vec<Event>,
    /// Of amounts.
    decimals: u32,
    is_share: bool,
    is_sum: bool,
}

impl<'a> Journey<'a> {
    pub fn of(
        conn: &mut Conn,
        from: &Then,
        to: &'a Then,
        asked: &'a Between<'a>,
    ) -> Result<Journey<'a>> {
        let look = |then: &Then| Lens::of(&then.alliance.programme, asked.indicator, asked.round);
        let (lens, last) = (look(from), look(to));
        let (from_seq, to_seq) = (from.known.seq, to.known.seq);
        let mut lenses = BTreeMap::new();
        for (version, seq) in programmes::between(conn, &to.alliance, from_seq, to_seq)? {
            lenses.insert(seq, Lens::of(&version.programme, asked.indicator, asked.round));
        }
        let day = |then: &Then, lens: &Option<Lens>| {
            let scope = &lens.as_ref()?.scope;
            Some(valid_on(&then.alliance.programme, scope, then.known, asked.valid_on))
        };
        // Where one end has no such figure, nobody stood anywhere, whatever day it was.
        let (from_on, to_on) = (day(from, &lens), day(to, &last));
        let from_on = from_on.or(to_on).unwrap_or(from.known.today);
        let to_on = to_on.unwrap_or(from_on);
        let span = Span {
            from_seq,
            to_seq,
            from_on: from_on.min(to_on),
            to_on: from_on.max(to_on),
        };
        let is_any = |what: fn(&Lens) -> bool| [&lens, &last].into_iter().flatten().any(what);
        let (is_share, is_sum) = (is_any(|it| it.base.is_some()), is_any(|it| it.decimals.is_some()));
        let all = || std::iter::once(&lens).chain(lenses.values()).flatten();
        let decimals = all().filter_map(|lens| lens.decimals).max().unwrap_or(0);
        let mut journey = Journey {
            to,
            asked,
            from_seq,
            from_on,
            lens,
            lenses,
            rows: Vec::new(),
            entries: BTreeMap::new(),
            events: Vec::new(),
            decimals,
            is_share,
            is_sum,
        };
        journey.read(conn, span)?;
        journey.events = journey.in_order(span, from_on, to_on);
        Ok(journey)
    }

    /// The rows that changed, or all where another programme looks at all of them in another way; and the entries
    /// that changed them.
    fn read(&mut self, conn: &mut Conn, span: Span) -> Result<()> {
        let (alliance, indicator) = (self.to.alliance.id, self.asked.indicator);
        let looks = std::iter::once(&self.lens).chain(self.lenses.values()).flatten();
        let scopes: BTreeSet<&str> = looks.map(|lens| lens.scope.as_str()).collect();
        let is_steady = self.lenses.values().all(|then| *then == self.lens);
        for scope in scopes {
            let whose = Whose { alliance, indicator, scope };
            self.rows.extend(match is_steady {
                true => store::standings::moved(conn, whose, span)?,
                false => store::standings::known_within(conn, whose, span)?,
            });
        }
        let edges = self.rows.iter().flat_map(|row| [row.from_seq, row.to_seq]);
        let mut seqs: BTreeSet<i64> = edges.chain(self.lenses.keys().copied()).collect();
        seqs.retain(|seq| (span.from_seq + 1..=span.to_seq).contains(seq));
        let seqs: Vec<i64> = seqs.into_iter().collect();
        let entries = store::journal::told(conn, alliance, &seqs)?;
        self.entries = entries.into_iter().map(|(seq, at, action)| (seq, (at, action))).collect();
        Ok(())
    }

    /// Entries and days as they came: a day begins before the entries of that day. Where the second day is the
    /// earlier one, since another programme has a shorter period, it is gone back to at once.
    fn in_order(&self, span: Span, from_on: NaiveDate, to_on: NaiveDate) -> Vec<Event> {
        let edges = self.rows.iter().flat_map(|row| [Some(row.from_on), row.to_on]).flatten();
        let days: BTreeSet<NaiveDate> =
            edges.filter(|on| span.from_on < *on && *on <= span.to_on).collect();
        if to_on < from_on {
            let entries = self.entries.keys().map(|seq| Event::Entry(*seq));
            return std::iter::once(Event::Day(to_on)).chain(entries).collect();
        }
        let mut events = Vec::new();
        let mut days = days.into_iter().peekable();
        for (seq, (at, _)) in &self.entries {
            let today = self.day_of(*at);
            while let Some(day) = days.next_if(|day| *day <= today) {
                events.push(Event::Day(day));
            }
            events.push(Event::Entry(*seq));
        }
        events.extend(days.map(Event::Day));
        events
    }

    fn day_of(&self, at: DateTime<Utc>) -> NaiveDate {
        day_in(self.to.alliance.programme.zone, at)
    }

    pub fn way(&self) -> Way<'_> {
        Way {
            rows: &self.rows,
            from_seq: self.from_seq,
            from_on: self.from_on,
            lens: self.lens.clone(),
            lenses: &self.lenses,
            events: &self.events,
            decimals: self.decimals,
        }
    }

    /// Each step in words, in the order of the events, then of partners' names.
    pub fn told(&self, conn: &mut Conn, moved: &[Moved<'_>]) -> Result<Vec<(Step, Weight)>> {
        let partners: BTreeSet<PartnerId> = moved.iter().map(|moved| moved.row.partner_id).collect();
        let partners: Vec<PartnerId> = partners.into_iter().collect();
        let names = store::partner_names::at(conn, &partners, self.to.known.seq)?;
        let mut told: Vec<_> = moved
            .iter()
            .filter_map(|moved| {
                let (name, sort) = names.get(&moved.row.partner_id).cloned().unwrap_or_default();
                let step = self.step(moved, name)?;
                Some(((moved.event, sort, moved.row.subject_id), (step, moved.change)))
            })
            .collect();
        told.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(told.into_iter().map(|(_, told)| told).collect())
    }

    fn step(&self, moved: &Moved<'_>, partner_name: String) -> Option<Step> {
        let (language, slug) = (self.asked.language, &self.to.alliance.programme.slug);
        let (entry, on) = match self.events.get(moved.event)? {
            Event::Day(on) => (None, *on),
            Event::Entry(seq) => {
                let (at, action) = self.entries.get(seq)?;
                (Some((*seq, *at, action.as_str())), self.day_of(*at))
            }
        };
        let cause = entry.map_or(Cause::Date, |(_, _, action)| Cause::of(action));
        let subject = moved.row.subject_id;
        Some(Step {
            partner: moved.row.partner_id,
            partner_name,
            initiative: (moved.of == Some(Of::Initiatives)).then(|| InitiativeId::from(*subject.uuid())),
            report: (moved.of == Some(Of::Reports))
                .then(|| moved.row.report_address())
                .flatten()
                .map(|report| format!("/v1/alliances/{slug}/{report}")),
            from: moved.from,
            to: moved.to,
            cause,
            label: cause.label().get(language).to_owned(),
            on,
            entry: entry.map(|(seq, _, _)| seq),
            entry_at: entry.map(|(_, at, _)| rfc3339(at)),
            action: entry.map(|(_, _, action)| action.to_owned()),
            journal: entry.map(|(seq, _, _)| format!("/v1/alliances/{slug}/journal/{seq}")),
            difference: self.weighed(moved.change),
            subject,
        })
    }

    pub fn summary(&self, steps: &[(Step, Weight)]) -> Vec<Caused> {
        let mut sums: BTreeMap<Cause, (i64, Weight)> = BTreeMap::new();
        for (step, weight) in steps {
            let (changes, sum) = sums.entry(step.cause).or_default();
            *changes += 1;
            *sum = sum.plus(*weight);
        }
        let caused = |(cause, (changes, sum)): (Cause, (i64, Weight))| Caused {
            cause,
            label: cause.label().get(self.asked.language).to_owned(),
            changes,
            difference: self.weighed(sum),
        };
        sums.into_iter().map(caused).collect()
    }

    fn weighed(&self, weight: Weight) -> Difference {
        let tally = weight.tally;
        Difference {
            counted: tally.counted,
            not_counted: tally.not_counted,
            not_applicable: tally.not_applicable,
            no_answer: tally.no_answer,
            not_submitted: tally.not_submitted,
            members: tally.members(),
            base: self.is_share.then_some(weight.base),
            amount: self.is_sum.then(|| decimal(tally.amounts.whole(), self.decimals)),
        }
    }

    /// What the figures themselves say: they are read from the tallies, and not added up from the steps.
    pub fn between_figures(&self, from: Option<&Figure>, to: Option<&Figure>) -> Difference {
        let less = |of: fn(&Figure) -> i64| to.map_or(0, of) - from.map_or(0, of);
        let amount = |figure: Option<&Figure>| {
            let amount = figure.and_then(|figure| figure.amount.as_deref());
            amount.and_then(|amount| units(amount, self.decimals)).unwrap_or(0)
        };
        Difference {
            counted: less(|figure| figure.counted),
            not_counted: less(|figure| figure.not_counted),
            not_applicable: less(|figure| figure.not_applicable),
            no_answer: less(|figure| figure.no_answer),
            not_submitted: less(|figure| figure.not_submitted),
            members: less(|figure| figure.members),
            base: self.is_share.then(|| less(|figure| figure.base.unwrap_or(0))),
            amount: self
                .is_sum
                .then(|| decimal(amount(to).wrapping_sub(amount(from)), self.decimals)),
        }
    }
}
