//! Who joins when, and which focus areas each of them chooses.

use chrono::NaiveDate;

use super::{LAST_DAY, Member, Step, Story};
use crate::demo::dice::{Dice, at, earlier, later, working_day, ymd};
use crate::demo::goals::{Area, NATIONAL, OTHERS};
use crate::demo::names::{
    AT_LAUNCH, BY_END_OF_2022, BY_KICK_OFF, DEPARTING, NOTHING_CHOSEN, ONLY_A_PACKAGE, OWN, PARTNERS,
};
use crate::domain::commitment::{MakeCommitment, Target};
use crate::domain::dates;

const LAUNCH: NaiveDate = ymd(2019, 11, 21);
const KICK_OFF: NaiveDate = ymd(2020, 8, 11);
/// How many join on the day of the kick-off itself.
const ON_KICK_OFF: usize = 14;
/// Commitments are made until here.
const LAST_CHOICE: NaiveDate = ymd(2023, 11, 24);

pub fn gather(story: &mut Story) -> Vec<Member> {
    let joined = joining_days(&mut story.dice);
    let members: Vec<Member> = PARTNERS
        .iter()
        .zip(joined)
        .map(|(named, joined_on)| member(&mut story.dice, named, joined_on))
        .collect();
    for (place, member) in members.iter().enumerate() {
        // A minute apart, so that a part is admitted after its whole.
        let minutes = i64::try_from(place).unwrap_or_default();
        let admitted_at = at(story.zone, member.joined_on, (8 * 60 + minutes) * 60);
        story.at(admitted_at, Step::Admit(place));
        come_and_go(story, place, member);
        commit(story, place, member);
    }
    members
}

fn member(dice: &mut Dice, named: &'static crate::demo::names::Named, joined_on: NaiveDate) -> Member {
    let departing = DEPARTING.iter().find(|departing| departing.name == named.name);
    let reliability = match dice.below(100) {
        _ if named.name == OWN => 100,
        0..75 => 96,
        75..92 => 78,
        _ => 45,
    };
    Member {
        named,
        joined_on,
        left_on: departing.and_then(|departing| dates::date(departing.left_on)),
        rejoined_on: departing.and_then(|departing| dates::date(departing.rejoined_on?)),
        objectives: objectives(dice),
        reliability,
        has_goals: named.name != NOTHING_CHOSEN && (named.name == OWN || dice.chance(88)),
    }
}

/// At least one of the three.
fn objectives(dice: &mut Dice) -> Vec<String> {
    let likely = [("focusAreas", 82), ("solutions", 44), ("initiatives", 68)];
    let mut chosen: Vec<String> = likely
        .into_iter()
        .filter(|(_, percent)| dice.chance(*percent))
        .map(|(key, _)| key.to_owned())
        .collect();
    if chosen.is_empty() {
        chosen.push("initiatives".to_owned());
    }
    chosen
}

/// In ascending order, as the partners stand in their list.
fn joining_days(dice: &mut Dice) -> Vec<NaiveDate> {
    let stretches = [
        (AT_LAUNCH, LAUNCH, LAUNCH),
        (BY_KICK_OFF - ON_KICK_OFF, ymd(2020, 1, 13), ymd(2020, 7, 31)),
        (BY_KICK_OFF, KICK_OFF, KICK_OFF),
        (BY_END_OF_2022, ymd(2020, 9, 7), ymd(2022, 11, 18)),
        (PARTNERS.len(), ymd(2023, 1, 16), ymd(2023, 10, 6)),
    ];
    let mut days = Vec::new();
    for (until, first, last) in stretches {
        while days.len() < until {
            days.push(working_day(dice.day(first, last)));
        }
    }
    days.sort_unstable();
    days
}

fn come_and_go(story: &mut Story, place: usize, member: &Member) {
    let departing = DEPARTING.iter().find(|departing| departing.name == member.named.name);
    if let (Some(departing), Some(left_on)) = (departing, member.left_on) {
        let notice = working_day(earlier(left_on, 12));
        story.on(notice, Step::Depart { member: place, reason: departing.reason });
    }
    if let Some(rejoined_on) = member.rejoined_on {
        story.on(rejoined_on, Step::Rejoin(place));
    }
}

fn commit(story: &mut Story, place: usize, member: &Member) {
    let areas = chosen_areas(&mut story.dice, member.named.name);
    // The first choices are made soon, others on the way.
    let last_day = member.last_day().min(LAST_CHOICE);
    for (nth, area) in areas.into_iter().enumerate() {
        let wait = if nth < 2 { story.dice.between(3, 45) } else { story.dice.between(60, 600) };
        let day = working_day(later(member.joined_on, wait));
        let day = if day > last_day { working_day(later(member.joined_on, 8)) } else { day };
        let body = commitment(&mut story.dice, &area, member.has_goals, day);
        story.on(day, Step::Commit { member: place, body });
    }
}

fn chosen_areas(dice: &mut Dice, name: &str) -> Vec<Area> {
    match name {
        NOTHING_CHOSEN => return Vec::new(),
        ONLY_A_PACKAGE => {
            return OTHERS
                .iter()
                .filter(|area| area.key == "forebyggelsespakker-11")
                .copied()
                .collect();
        }
        _ => {}
    }
    let count = dice.pick(&[1, 1, 2, 2, 2, 3, 3, 4]);
    let mut areas = dice.some_of(&NATIONAL, count);
    if dice.chance(35) {
        let count = dice.pick(&[1, 1, 2]);
        areas.extend(dice.some_of(&OTHERS, count));
    }
    areas
}

fn commitment(dice: &mut Dice, area: &Area, has_goals: bool, day: NaiveDate) -> MakeCommitment {
    let goal =
        if has_goals && dice.chance(90) { dice.pick(&area.goals).to_owned() } else { String::new() };
    let target = (!goal.is_empty() && dice.chance(60)).then(|| target(dice, area));
    // Where the choice was made before it was written down, the day of the choice is given.
    let chosen_on = dice.chance(30).then(|| {
        let back = u64::try_from(dice.between(0, 2)).unwrap_or_default();
        earlier(day, back).to_string()
    });
    MakeCommitment { focus_area: area.key.to_owned(), goal, target, chosen_on }
}

fn target(dice: &mut Dice, area: &Area) -> Target {
    let (baseline, target) = match area.unit {
        "procent" => {
            let baseline = dice.between(15, 60);
            (baseline, baseline + dice.between(5, 25))
        }
        "samtaler" | "beboere" | "borgere" => (dice.between(0, 120), dice.between(150, 900)),
        _ => (dice.between(0, 8), dice.between(10, 60)),
    };
    let due_on = dice.pick(&[LAST_DAY, LAST_DAY, ymd(2022, 12, 31), ymd(2023, 6, 30)]);
    Target {
        measure: area.measure.to_owned(),
        unit: Some(area.unit.to_owned()),
        baseline: dice.chance(80).then(|| baseline.to_string()),
        target: Some(target.to_string()),
        due_on: dice.chance(85).then(|| due_on.to_string()),
    }
}
