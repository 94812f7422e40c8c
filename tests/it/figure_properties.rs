//! Whatever happens, in whatever order: the tallies are the standings added up, at every size of the
//! journal and on every day, and the figures keep what the README promises.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{Days, NaiveDate};
use facit::domain::figure::Tally;
use facit::domain::programme::{BaseRule, Kind, Sum};
use facit::domain::standing::standings;
use facit::service::figures::{self, Asked, By, Figured};
use facit::service::{Ctx, Error, programmes};
use facit::store::standings::StandingRow;
use facit::store::tallies::{TallyRow, WHOLE};
use facit::store::{self, OPEN};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::support::histories::{SLUG, Step, Touched, begun, play, steps};
use crate::support::{Backend, Database};

const CASES: u32 = 24;
const SEED: [u8; 32] = *b"facit: one history after another";

/// Everything that one history left behind.
struct Left {
    size: i64,
    standings: Vec<StandingRow>,
    tallies: Vec<TallyRow>,
    touched: Touched,
}

/// Indicator, scope, dimension and group.
type Group = [String; 4];

fn holds(backend: Backend) {
    let config = ProptestConfig {
        cases: CASES,
        failure_persistence: None,
        max_shrink_iters: 100,
        ..ProptestConfig::default()
    };
    // The same histories each time: a test that fails must fail again. For others, change the seed.
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &SEED);
    let outcome = TestRunner::new_with_rng(config, rng).run(&steps(), |steps| check(backend, &steps));
    outcome.unwrap_or_else(|failed| panic!("{failed}"));
}

#[test]
fn tallies_and_figures_follow_from_standings_in_any_history_on_sqlite() {
    holds(Backend::Sqlite);
}

#[test]
fn tallies_and_figures_follow_from_standings_in_any_history_on_postgres() {
    holds(Backend::Postgres);
}

fn check(backend: Backend, steps: &[Step]) -> Result<(), TestCaseError> {
    let database = Database::fresh(backend);
    let db = database.open();
    let touched = play(&db, steps);
    let left = db.read_now(|conn| {
        let alliance = programmes::in_force(conn, SLUG)?;
        let size = store::journal::head(conn, alliance.id)?.map_or(0, |head| head.size);
        let standings = store::standings::all(conn, alliance.id)?;
        Ok::<_, Error>(Left {
            size,
            standings,
            tallies: store::tallies::all(conn, alliance.id)?,
            touched,
        })
    });
    let left = left.map_err(|failed| TestCaseError::fail(failed.to_string()))?;
    tallies_are_standings_added_up(&left)?;
    only_who_was_touched_is_judged_again(&left)?;
    what_is_known_now_is_what_a_fresh_look_gives(&db, &left)?;
    the_journal_folded_again_agrees(&db)?;
    figures_keep_their_promises(&db, &left)
}

/// The days on which anything begins or ends, and their neighbours.
fn days(left: &Left) -> BTreeSet<NaiveDate> {
    let edges = left.standings.iter().flat_map(|row| [Some(row.from_on), row.to_on]).flatten();
    edges.flat_map(|on| [on - Days::new(1), on, on + Days::new(1)]).collect()
}

/// Groups by number: a history has thousands of places where rows are added up.
#[derive(Default)]
struct Groups(BTreeMap<Group, usize>);

impl Groups {
    fn number(&mut self, indicator: &str, scope: &str, dimension: &str, group: &str) -> usize {
        let next = self.0.len();
        *self
            .0
            .entry([indicator, scope, dimension, group].map(str::to_owned))
            .or_insert(next)
    }

    fn of(&mut self, row: &StandingRow) -> Vec<usize> {
        let of = |group: &Option<String>| group.clone().unwrap_or_default();
        let groups = [
            (WHOLE, String::new()),
            ("sector", row.sector.clone()),
            ("region", of(&row.region)),
            ("area", of(&row.area)),
        ];
        let areas: Vec<String> = serde_json::from_value(row.focus_areas.0.clone()).expect("words");
        let none = areas.is_empty().then(String::new);
        let areas = areas.into_iter().chain(none).map(|area| ("focusArea", area));
        groups
            .into_iter()
            .chain(areas)
            .map(|(dimension, group)| self.number(&row.indicator, &row.scope, dimension, &group))
            .collect()
    }
}

fn tallies_are_standings_added_up(left: &Left) -> Result<(), TestCaseError> {
    let mut groups = Groups::default();
    let standings: Vec<_> = left
        .standings
        .iter()
        .map(|row| (row, groups.of(row), row.standing().expect("a standing")))
        .collect();
    let tallies: Vec<_> = left
        .tallies
        .iter()
        .map(|row| (row, groups.number(&row.indicator, &row.scope, &row.dimension, &row.group_key)))
        .collect();
    let days = days(left);
    for seq in 0..=left.size {
        let known: Vec<_> = standings
            .iter()
            .filter(|(row, ..)| row.from_seq <= seq && seq < row.to_seq)
            .collect();
        let running: Vec<_> = tallies
            .iter()
            .filter(|(row, _)| row.from_seq <= seq && seq < row.to_seq)
            .collect();
        for day in &days {
            let mut counted = vec![Tally::default(); groups.0.len()];
            let mut seen = HashSet::new();
            for (row, of, standing) in &known {
                if *day < row.from_on || row.to_on.is_some_and(|to_on| to_on <= *day) {
                    continue;
                }
                prop_assert!(seen.insert((of[0], row.subject_id)), "twice at {seq} on {day}: {row:?}");
                for group in of {
                    counted[*group].add(*standing, 1);
                    counted[*group].add_amounts(row.amounts().unwrap_or_default(), 1);
                }
            }
            let mut added = vec![Tally::default(); groups.0.len()];
            for (row, group) in running.iter().filter(|(row, _)| row.from_on <= *day) {
                added[*group] = added[*group].plus(row.tally());
            }
            for (group, number) in &groups.0 {
                prop_assert_eq!(
                    added[*number],
                    counted[*number],
                    "{:?} at size {} on {}",
                    group,
                    seq,
                    day
                );
            }
        }
    }
    Ok(())
}

fn only_who_was_touched_is_judged_again(left: &Left) -> Result<(), TestCaseError> {
    for row in &left.standings {
        for seq in [row.from_seq, row.to_seq].into_iter().filter(|seq| *seq != OPEN) {
            let touched = left
                .touched
                .get(&seq)
                .is_some_and(|partners| partners.contains(&row.partner_id));
            prop_assert!(touched, "entry {seq} moved {row:?}");
        }
        prop_assert!(row.from_seq < row.to_seq, "{row:?}");
    }
    Ok(())
}

/// What was moved by difference is what comes out when everyone is judged anew.
fn what_is_known_now_is_what_a_fresh_look_gives(
    db: &facit::db::Db,
    left: &Left,
) -> Result<(), TestCaseError> {
    let fresh = db.read_now(|conn| {
        let alliance = programmes::in_force(conn, SLUG)?;
        let everyone = store::partners::all_ids(conn, alliance.id)?;
        let mut rows = Vec::new();
        for record in store::records::of(conn, alliance.id, &everyone)? {
            let placed = standings(&alliance.programme, &record);
            rows.extend(
                placed
                    .into_iter()
                    .map(|placed| StandingRow::new(alliance.id, record.partner.id, placed, 0)),
            );
        }
        Ok::<_, Error>(rows)
    });
    let fresh = fresh.map_err(|failed| TestCaseError::fail(failed.to_string()))?;
    let lines = |rows: &mut dyn Iterator<Item = &StandingRow>| {
        let line = |row: &StandingRow| {
            // The reason is read first: PostgreSQL orders the keys of JSON in its own way.
            let what = (
                &row.indicator,
                &row.scope,
                row.subject_id,
                row.partner_id,
                row.standing(),
                row.reason(),
            );
            format!(
                "{what:?} {:?} {:?} {:?}",
                (row.from_on, row.to_on),
                row.sector,
                (&row.region, &row.area, &row.focus_areas.0, row.amounts())
            )
        };
        rows.map(line).collect::<BTreeSet<_>>()
    };
    let known = lines(&mut left.standings.iter().filter(|row| row.to_seq == OPEN));
    let fresh = lines(&mut fresh.iter());
    let differing: Vec<_> = known.symmetric_difference(&fresh).collect();
    prop_assert!(differing.is_empty(), "{differing:#?}");
    Ok(())
}

/// `facit check` is a second implementation, so it finds what both of the others above share.
fn the_journal_folded_again_agrees(db: &facit::db::Db) -> Result<(), TestCaseError> {
    let findings = db.read_now(|conn| facit::check::check(conn, SLUG));
    let findings = findings.map_err(|failed| TestCaseError::fail(failed.to_string()))?;
    prop_assert!(findings.differences.is_empty(), "{:#?}", findings.differences);
    Ok(())
}

fn figures_keep_their_promises(db: &facit::db::Db, left: &Left) -> Result<(), TestCaseError> {
    let ctx = Ctx::installation(begun());
    let edges: BTreeSet<NaiveDate> = left.standings.iter().map(|row| row.from_on).collect();
    for day in edges {
        for by in [By::Sector, By::Region, By::FocusArea] {
            let asked = Asked { valid_on: Some(day), by: Some(by), ..Asked::default() };
            let all = db.read_now(|conn| {
                let alliance = programmes::in_force(conn, SLUG)?;
                let known = figures::live(conn, &ctx, &alliance)?;
                Ok::<_, Error>((figures::all(conn, &alliance, known, &asked)?, alliance))
            });
            let (figured, alliance) = all.map_err(|failed| TestCaseError::fail(failed.to_string()))?;
            prop_assert_eq!(figured.len(), alliance.programme.indicators.len());
            for (one, indicator) in figured.iter().zip(&alliance.programme.indicators) {
                for row in std::iter::once(&one.whole).chain(&one.groups) {
                    let five = [
                        row.counted,
                        row.not_counted,
                        row.not_applicable,
                        row.no_answer,
                        row.not_submitted,
                    ];
                    prop_assert!(five.iter().all(|n| *n >= 0), "{row:?}");
                    prop_assert_eq!(five.iter().sum::<i64>(), row.members);
                    let base = match (&indicator.kind, indicator.base) {
                        (Kind::Count(_) | Kind::Sum(_), _) => None,
                        (Kind::Share, BaseRule::Respondents) => Some(row.counted + row.not_counted),
                        (Kind::Share, BaseRule::Members) => Some(row.members - row.not_applicable),
                    };
                    prop_assert_eq!(row.base, base);
                    if let Some(percent) = row.percent.as_f64() {
                        let edges = (row.lowest_percent.as_f64(), row.highest_percent.as_f64());
                        let (Some(lowest), Some(highest)) = edges else {
                            return Err(TestCaseError::fail("no range"));
                        };
                        prop_assert!(
                            0.0 <= lowest && lowest <= percent && percent <= highest && highest <= 100.0,
                            "{row:?}"
                        );
                        prop_assert!(row.no_percent_because.is_none());
                    } else if indicator.kind == Kind::Share {
                        prop_assert!(row.base == Some(0) && row.no_percent_because.is_some(), "{row:?}");
                    }
                }
                if let Kind::Sum(sum) = &indicator.kind {
                    amounts_add_up(one, sum, by)?;
                }
                let members: i64 = one.groups.iter().map(|group| group.members).sum();
                if by.is_disjoint() {
                    prop_assert_eq!(
                        members,
                        one.whole.members,
                        "the groups of {} add up",
                        &indicator.key
                    );
                } else {
                    prop_assert!(
                        members >= one.whole.members,
                        "everyone of {} is in one",
                        &indicator.key
                    );
                    let fits = |group: &figures::Figure| group.members <= one.whole.members;
                    prop_assert!(
                        one.groups.iter().all(fits),
                        "nobody of {} is twice in one",
                        &indicator.key
                    );
                }
                prop_assert!(
                    one.groups.iter().all(|group| group.members > 0),
                    "an empty group is left out"
                );
            }
        }
    }
    Ok(())
}

/// A sum is there as soon as somebody is counted, its parts by verification are all of it, and groups
/// that do not overlap add up to the whole.
fn amounts_add_up(one: &Figured, sum: &Sum, by: By) -> Result<(), TestCaseError> {
    let read = |amount: &Option<String>| {
        let amount = amount.as_ref()?;
        let digits = amount.replace('.', "");
        let point = amount.find('.').map_or(0, |at| amount.len() - at - 1);
        (point == sum.measure.decimals as usize).then(|| digits.parse::<i128>().expect("digits"))
    };
    for row in std::iter::once(&one.whole).chain(&one.groups) {
        prop_assert_eq!(row.counted > 0, row.amount.is_some(), "{:?}", row);
        prop_assert_eq!(row.counted > 0, row.no_value_because.is_none(), "{:?}", row);
        prop_assert_eq!(row.counted > 0, row.value.is_number(), "{:?}", row);
        let parts = [&row.amount_self_reported, &row.amount_documented, &row.amount_external];
        let parts: Option<i128> = parts.into_iter().map(read).sum();
        prop_assert_eq!(parts, read(&row.amount), "{:?}", row);
    }
    if by.is_disjoint() {
        let groups: i128 = one.groups.iter().filter_map(|group| read(&group.amount)).sum();
        prop_assert_eq!(groups, read(&one.whole.amount).unwrap_or_default());
    }
    Ok(())
}
