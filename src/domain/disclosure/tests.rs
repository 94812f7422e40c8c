//! An attacker with a solver of his own: fractions, and every group of organisations that is too small.

#![allow(clippy::indexing_slicing, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const DIMENSIONS: usize = 4;

fn subject(id: u128, owner: u128, standing: Standing, groups: &[&[&str]]) -> Subject {
    Subject {
        id: SubjectId::from(Uuid::from_u128(id)),
        owner: PartnerId::from(Uuid::from_u128(owner)),
        standing,
        amounts: None,
        groups: groups
            .iter()
            .map(|own| own.iter().map(|group| (*group).to_owned()).collect())
            .collect(),
    }
}

/// One partner after the other, with the sector of its letter.
fn in_sectors(letters: &str) -> Vec<Subject> {
    let one = |(i, letter): (u128, char)| {
        subject(i, i, Standing::Counted, &[&[letter.to_string().as_str()], &[], &[], &[]])
    };
    (0..).zip(letters.chars()).map(one).collect()
}

fn verdicts(subjects: &[Subject], earlier: &[Earlier], least: i64) -> BTreeMap<Cell, Verdict> {
    match breakdown(subjects, earlier, DIMENSIONS, least) {
        Breakdown::Groups(groups) => groups,
        Breakdown::FewChanged(edition) => panic!("few stand otherwise than in {edition}"),
    }
}

fn shown(verdicts: &BTreeMap<Cell, Verdict>) -> BTreeSet<Cell> {
    let shown = verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Shown);
    shown.map(|(cell, _)| cell.clone()).collect()
}

fn sector(letter: &str) -> Cell {
    (0, letter.to_owned())
}

/// What an edition says, as an earlier one.
fn edition(subjects: &[Subject], shown: BTreeSet<Cell>) -> Earlier {
    Earlier { edition: 1, subjects: subjects.to_vec(), shown }
}

#[test]
fn a_small_group_takes_the_next_smallest_with_it() {
    let groups = verdicts(&in_sectors("aaaaaaabbbbcccdd"), &[], 3);
    let expected =
        [("a", Verdict::Shown), ("b", Verdict::Shown), ("c", Verdict::Telling), ("d", Verdict::Small)];
    assert_eq!(groups, expected.map(|(letter, verdict)| (sector(letter), verdict)).into());
    let groups = verdicts(&in_sectors("aaaabbbccc"), &[], 3);
    assert_eq!(shown(&groups).len(), 3, "nobody is small");
    let two_small = verdicts(&in_sectors("aaaabbbccdd"), &[], 3);
    assert_eq!(shown(&two_small), [sector("a"), sector("b")].into(), "the small ones hide each other");
}

#[test]
fn one_group_of_all_is_the_whole() {
    assert_eq!(shown(&verdicts(&in_sectors("aaaa"), &[], 3)), [sector("a")].into());
    assert_eq!(verdicts(&in_sectors("aa"), &[], 3)[&sector("a")], Verdict::Small);
    assert_eq!(shown(&verdicts(&in_sectors("ab"), &[], 1)).len(), 2, "of one nobody is hidden");
}

#[test]
fn dimensions_are_no_way_round() {
    // Sector a is region x and one more: their difference would be that one.
    let mut subjects = in_sectors("aaaabbbb");
    for (i, subject) in subjects.iter_mut().enumerate() {
        subject.groups[1] = vec![if i < 3 { "x" } else { "y" }.to_owned()];
    }
    let groups = verdicts(&subjects, &[], 3);
    assert_eq!(shown(&groups), [sector("a"), sector("b")].into());
    assert_eq!(groups[&(1, "x".to_owned())], Verdict::Telling);
}

#[test]
fn one_organisation_with_many_initiatives_is_one() {
    let subjects: Vec<Subject> = (0..6)
        .map(|i| {
            let letter = if i < 3 { "a" } else { "b" };
            subject(i, u128::from(i >= 3) * i, Standing::Counted, &[&[letter], &[], &[], &[]])
        })
        .collect();
    let groups = verdicts(&subjects, &[], 3);
    assert_eq!((groups[&sector("a")], groups[&sector("b")]), (Verdict::Small, Verdict::Telling));
}

#[test]
fn few_who_changed_are_not_found_by_where_the_cells_moved() {
    let before = in_sectors("aaaabbbb");
    let first = edition(&before, shown(&verdicts(&before, &[], 3)));
    assert_eq!(
        shown(&verdicts(&before, std::slice::from_ref(&first), 3)),
        first.shown,
        "nothing changed, nothing is hidden"
    );
    let changed = |places: &[usize]| {
        let mut now = before.clone();
        places.iter().for_each(|place| now[*place].standing = Standing::NotCounted);
        breakdown(&now, std::slice::from_ref(&first), DIMENSIONS, 3)
    };
    assert_eq!(changed(&[0]), Breakdown::FewChanged(1));
    assert_eq!(changed(&[0, 4]), Breakdown::FewChanged(1));
    let Breakdown::Groups(three_of_one) = changed(&[0, 1, 2]) else { panic!("three are enough") };
    assert_eq!(shown(&three_of_one).len(), 2);
    let Breakdown::Groups(apart) = changed(&[0, 1, 4]) else { panic!("three are enough") };
    assert!(shown(&apart).is_empty(), "a moved by two of them, b by one");
}

#[test]
fn who_moves_between_groups_is_not_found_by_the_difference() {
    let before = in_sectors("aaaabbbb");
    let first = edition(&before, shown(&verdicts(&before, &[], 3)));
    let mut now = before.clone();
    now[0].groups[0] = vec!["b".to_owned()];
    assert!(shown(&verdicts(&now, &[first], 3)).is_empty());
}

#[test]
fn an_alliance_of_a_usual_size_is_broken_down_quickly_and_nearly_whole() {
    let place = |i: u128, many: u128| format!("g{}", (i * i + 7 * i) % many);
    let partners: Vec<Subject> = (0..107_u128)
        .map(|i| {
            let focus: Vec<String> = (0..12)
                .filter(|area| (i * (area + 3)) % 5 == 0)
                .map(|area| format!("f{area}"))
                .collect();
            let groups = vec![vec![place(i, 8)], vec![place(i / 3, 6)], vec![place(i / 2, 12)], focus];
            Subject { groups, ..subject(i, i, Standing::Counted, &[]) }
        })
        .collect();
    let groups = verdicts(&partners, &[], 3);
    let hidden: Vec<_> = groups.iter().filter(|(_, verdict)| **verdict == Verdict::Telling).collect();
    assert!(shown(&groups).len() > 20 && hidden.len() <= 3, "{groups:?}");
}

/// A sum with an attacker's own numbers.
type Sum = Vec<i128>;

/// The rank over fractions, by elimination that stays among whole numbers (Bareiss).
fn rank(mut rows: Vec<Sum>) -> usize {
    let width = rows.first().map_or(0, Vec::len);
    let (mut rank, mut last) = (0, 1);
    for column in 0..width {
        let Some(found) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(rank, found);
        let pivot = rows[rank].clone();
        for row in rows.iter_mut().skip(rank + 1) {
            let factor = row[column];
            for (value, above) in row.iter_mut().zip(&pivot) {
                *value = (*value * pivot[column] - factor * above) / last;
            }
        }
        last = pivot[column];
        rank += 1;
    }
    rank
}

/// All that an attacker knows: unknowns with their owners, and sums of them.
struct Attacker {
    unknowns: Vec<Unknown>,
}

impl Attacker {
    fn of(editions: &[&[Subject]]) -> Attacker {
        let all: BTreeSet<Unknown> = editions
            .iter()
            .flat_map(|edition| edition.iter().map(Subject::unknown))
            .collect();
        Attacker { unknowns: all.into_iter().collect() }
    }

    fn sum(&self, subjects: &[Subject], cell: Option<&Cell>) -> Sum {
        let own: Vec<Unknown> = subjects
            .iter()
            .filter(|it| cell.is_none_or(|cell| it.is_in(cell)))
            .map(Subject::unknown)
            .collect();
        self.unknowns.iter().map(|unknown| i128::from(own.contains(unknown))).collect()
    }

    fn sums(&self, subjects: &[Subject], shown: &BTreeSet<Cell>) -> Vec<Sum> {
        let cells = shown.iter().map(|cell| self.sum(subjects, Some(cell)));
        std::iter::once(self.sum(subjects, None)).chain(cells).collect()
    }

    /// How many independent sums about these organisations alone follow.
    fn learns(&self, sums: &[Sum], few: &BTreeSet<PartnerId>) -> usize {
        let without = |sum: &Sum| {
            let others =
                self.unknowns.iter().zip(sum).filter(|((_, owner, ..), _)| !few.contains(owner));
            others.map(|(_, value)| *value).collect::<Sum>()
        };
        rank(sums.to_vec()) - rank(sums.iter().map(without).collect())
    }

    /// Every set of so many organisations.
    fn sets(&self, many: usize) -> Vec<BTreeSet<PartnerId>> {
        let owners: BTreeSet<PartnerId> = self.unknowns.iter().map(|(_, owner, ..)| *owner).collect();
        let mut sets = vec![BTreeSet::new()];
        for _ in 0..many {
            let longer = |set: &BTreeSet<PartnerId>| {
                let more = owners.iter().filter(|owner| !set.contains(owner));
                let with = |owner: &PartnerId| set.iter().chain([owner]).copied().collect();
                more.map(with).collect::<Vec<BTreeSet<PartnerId>>>()
            };
            sets = sets.iter().flat_map(longer).collect();
            sets.sort();
            sets.dedup();
        }
        sets
    }
}

/// A small alliance: the owner of each subject, its standing, and its groups.
fn alliances() -> impl Strategy<Value = Vec<Subject>> {
    let groups = (0..4_u8, 0..3_u8, 0..4_u8, prop::collection::vec(any::<bool>(), 3));
    let one = (0..9_u128, 0..2_u8, groups);
    prop::collection::vec(one, 1..11).prop_map(|all| {
        let subjects = all.into_iter().enumerate().map(|(i, (owner, standing, (a, b, c, focus)))| {
            let standing = if standing == 0 { Standing::Counted } else { Standing::NotCounted };
            let focus = (0..3)
                .zip(focus)
                .filter(|(_, has)| *has)
                .map(|(area, _)| format!("f{area}"))
                .collect();
            let groups =
                vec![vec![format!("a{a}")], vec![format!("b{b}")], vec![format!("c{c}")], focus];
            Subject { groups, ..subject(i as u128, owner, standing, &[]) }
        });
        subjects.collect()
    })
}

/// What changes until the next edition: some stand otherwise, some are elsewhere, some go, some come.
fn next(before: &[Subject], changes: &[(usize, u8)]) -> Vec<Subject> {
    let mut now = before.to_vec();
    for (place, change) in changes {
        let many = now.len();
        let Some(subject) = now.get_mut(place % many.max(1)) else { continue };
        match change % 4 {
            0 => subject.standing = Standing::NoAnswer,
            1 => subject.groups[0] = vec!["a0".to_owned()],
            2 => drop(now.remove(place % many)),
            _ => {
                let id = 100 + *place as u128;
                let mut another = self::subject(id, id, Standing::Counted, &[]);
                another.groups = subject.groups.clone();
                now.push(another);
            }
        }
    }
    now
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn nothing_about_few_follows_from_one_edition(subjects in alliances(), least in 1..5_i64) {
        let shown = shown(&verdicts(&subjects, &[], least));
        let attacker = Attacker::of(&[&subjects]);
        let (all, whole) = (attacker.sums(&subjects, &shown), attacker.sums(&subjects, &BTreeSet::new()));
        for few in attacker.sets(usize::try_from(least - 1).expect("a size")) {
            prop_assert_eq!(attacker.learns(&all, &few), attacker.learns(&whole, &few), "{:?} {:?}", few, shown);
        }
        for cell in &shown {
            let owners: BTreeSet<PartnerId> = subjects.iter().filter(|it| it.is_in(cell)).map(|it| it.owner).collect();
            prop_assert!(owners.len() as i64 >= least);
        }
    }

    #[test]
    fn nothing_about_few_follows_from_two_editions(
        before in alliances(), changes in prop::collection::vec((0..20_usize, 0..8_u8), 0..7), least in 2..4_i64
    ) {
        let now = next(&before, &changes);
        let first = edition(&before, shown(&verdicts(&before, &[], least)));
        let shown_now = match breakdown(&now, std::slice::from_ref(&first), DIMENSIONS, least) {
            Breakdown::Groups(groups) => shown(&groups),
            Breakdown::FewChanged(_) => BTreeSet::new(),
        };
        let attacker = Attacker::of(&[&before, &now]);
        let mut public = attacker.sums(&before, &first.shown);
        public.push(attacker.sum(&now, None));
        let mut all = public.clone();
        all.extend(attacker.sums(&now, &shown_now));
        for few in attacker.sets(usize::try_from(least - 1).expect("a size")) {
            prop_assert_eq!(attacker.learns(&all, &few), attacker.learns(&public, &few), "{:?} {:?}", few, shown_now);
        }
    }

    #[test]
    fn no_more_is_hidden_than_must_be(subjects in alliances(), least in 2..4_i64) {
        let verdicts = verdicts(&subjects, &[], least);
        let shown = shown(&verdicts);
        let attacker = Attacker::of(&[&subjects]);
        let public = attacker.sums(&subjects, &shown);
        for (cell, _) in verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Telling) {
            let mut more = public.clone();
            more.push(attacker.sum(&subjects, Some(cell)));
            let few = attacker.sets(usize::try_from(least - 1).expect("a size"));
            let tells = few.iter().any(|few| attacker.learns(&more, few) > attacker.learns(&public, few));
            prop_assert!(tells, "{:?} could be shown beside {:?}", cell, shown);
        }
    }

    #[test]
    fn the_order_of_rows_decides_nothing(subjects in alliances(), least in 1..5_i64) {
        let mut other = subjects.clone();
        other.reverse();
        prop_assert_eq!(breakdown(&subjects, &[], DIMENSIONS, least), breakdown(&other, &[], DIMENSIONS, least));
    }
}
