//! By what figures are broken down, and what of it a reader sees.

use crate::domain::figure::Tally;
use crate::domain::places;
use crate::domain::programme::Programme;
use crate::domain::text::Text;
use crate::store::tallies::FOCUS_AREA;

/// By what a figure is broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Sector,
    Region,
    Area,
    FocusArea,
}

impl By {
    pub const ALL: [By; 4] = [By::Sector, By::Region, By::Area, By::FocusArea];

    pub fn parse(word: &str) -> Option<By> {
        By::ALL.into_iter().find(|by| by.word() == word)
    }

    /// Whether each subject is in one group only, so that the groups add up to the whole.
    pub fn is_disjoint(self) -> bool {
        self != By::FocusArea
    }

    pub fn word(self) -> &'static str {
        match self {
            By::Sector => "sector",
            By::Region => "region",
            By::Area => "area",
            By::FocusArea => FOCUS_AREA,
        }
    }

    pub(in crate::service) fn label(self, programme: &Programme, group: &str) -> Option<Text> {
        let named = match self {
            By::Sector => programme.sectors.iter().find(|s| s.key == group).map(|s| s.label.clone()),
            By::Region => places::region_name(group),
            By::Area => places::area_name(group),
            By::FocusArea => programme.focus_area(group).map(|area| area.label.clone()),
        };
        named.or_else(|| (group == OTHER).then(|| Text::new("Øvrige", "Other")))
    }

    /// Sectors and focus areas as the programme has them, places by their codes, those without a value last.
    pub(in crate::service) fn position(self, programme: &Programme, group: &str) -> (bool, usize) {
        let place = match self {
            By::Sector => programme.sectors.iter().position(|s| s.key == group),
            By::FocusArea => programme.focus_areas.iter().position(|area| area.key == group),
            By::Region | By::Area => Some(0),
        };
        (group.is_empty(), place.unwrap_or(usize::MAX))
    }
}

/// The group that small groups are merged into.
const OTHER: &str = "other";

/// Merges groups with fewer members than `least` into one, at the end. Where that one would itself be too
/// small, the smallest of the others joins it, until it is not: else it would show what it hides. A group
/// that is itself called `other` is part of it, since no two may have one name.
pub(in crate::service) fn merged<T: Default>(
    groups: Vec<(String, T)>,
    least: i64,
    size: impl Fn(&T) -> i64,
    plus: impl Fn(T, T) -> T,
) -> Vec<(String, T)> {
    let (mut kept, small): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(_, group)| size(group) >= least);
    if small.is_empty() {
        return kept;
    }
    let mut other = small.into_iter().fold(T::default(), |sum, (_, group)| plus(sum, group));
    while let Some(place) = joining(&kept, size(&other) < least, &size) {
        other = plus(other, kept.remove(place).1);
    }
    kept.push((OTHER.to_owned(), other));
    kept
}

/// Which of the groups joins the merged one next: its namesake, then the smallest while it is too small.
fn joining<T>(kept: &[(String, T)], is_too_small: bool, size: impl Fn(&T) -> i64) -> Option<usize> {
    let namesake = kept.iter().position(|(key, _)| key == OTHER);
    let smallest = || kept.iter().enumerate().min_by_key(|(_, (_, group))| size(group));
    namesake.or_else(|| smallest().filter(|_| is_too_small).map(|(place, _)| place))
}

/// Leaves out groups with fewer members than `least`, where groups overlap: what they have together is not
/// their sum, so there is nothing to merge them into. With them goes the smallest of the others. Else
/// those who are left over when all groups that are shown are taken from the whole could be too few.
pub(super) fn large_ones(groups: Vec<(String, Tally)>, least: i64) -> Vec<(String, Tally)> {
    let there = groups.len();
    let mut kept: Vec<_> = groups.into_iter().filter(|(_, tally)| tally.members() >= least).collect();
    let smallest = kept.iter().enumerate().min_by_key(|(_, (_, tally))| tally.members());
    if let Some((place, _)) = smallest.filter(|_| kept.len() < there) {
        kept.remove(place);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(sizes: &[i64]) -> Vec<(String, Tally)> {
        let group =
            |(i, size): (usize, &i64)| (format!("g{i}"), Tally { counted: *size, ..Tally::default() });
        sizes.iter().enumerate().map(group).collect()
    }

    #[test]
    fn no_group_below_the_least_is_left_to_see() {
        let sizes = |sizes: &[i64]| -> Vec<(String, i64)> {
            merged(groups(sizes), 3, Tally::members, Tally::plus)
                .into_iter()
                .map(|(group, tally)| (group, tally.members()))
                .collect()
        };
        let named = |pairs: &[(&str, i64)]| -> Vec<(String, i64)> {
            pairs.iter().map(|(group, size)| ((*group).to_owned(), *size)).collect()
        };
        assert_eq!(sizes(&[5, 3]), named(&[("g0", 5), ("g1", 3)]));
        assert_eq!(sizes(&[5, 2, 1]), named(&[("g0", 5), ("other", 3)]));
        assert_eq!(sizes(&[5, 4, 1]), named(&[("g0", 5), ("other", 5)]), "one alone would be seen");
        assert_eq!(sizes(&[1, 1]), named(&[("other", 2)]), "nobody is left to join");
        let with_namesake = vec![(OTHER.to_owned(), 7), ("a".to_owned(), 5), ("b".to_owned(), 1)];
        let merged = merged(with_namesake, 3, |size| *size, |a, b| a + b);
        assert_eq!(merged, named(&[("a", 5), ("other", 8)]), "one name, one group");
    }

    #[test]
    fn of_groups_that_overlap_the_small_ones_and_one_more_are_left_out() {
        let kept = |sizes: &[i64]| -> Vec<i64> {
            large_ones(groups(sizes), 3)
                .into_iter()
                .map(|(_, tally)| tally.members())
                .collect()
        };
        assert_eq!(kept(&[5, 3]), [5, 3]);
        assert_eq!(kept(&[5, 2, 4]), [5], "2 alone could be what is left of the whole");
        assert_eq!(kept(&[5, 2, 2, 4]), [5], "the two may be the same two");
        assert_eq!(kept(&[2, 5]), [0; 0]);
    }
}
