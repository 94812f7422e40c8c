//! Who reports in which round, when, and what the secretariat does with it.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::answers::{self, Closing, HalfYear};
use super::{Draft, Handing, Member, Step, Story, Undertaking};
use crate::demo::dice::{earlier, later, working_day, ymd};
use crate::demo::names::{NOTHING_CHOSEN, OWN};
use crate::demo::remarks;
use crate::domain::dates::{day_in, start_of_day};
use crate::domain::programme::{Programme, Round};
use crate::domain::report::{AnswerValue, NewPoint};

/// The round that is always open.
pub const TODAY: &str = "today";
const CLOSING: &str = "closing";

/// Who answers the closing questionnaire, and what they say.
const RESPONDENTS: usize = 100;
const COLLABORATING: usize = 72;
const CONTINUING: usize = 95;
const CONTRIBUTING: [(&str, usize); 4] = [("yes", 83), ("no", 7), ("dontKnow", 8), ("notApplicable", 2)];
const ON_NATIONAL_AREAS: [(&str, usize); 3] = [("yes", 93), ("no", 4), ("dontKnow", 3)];

/// The day before the closing conference: by now the questionnaire is answered.
const BEFORE_THE_CONFERENCE: NaiveDate = ymd(2024, 1, 9);

/// What those say who have already reported in the round that is open today.
const SAID_TODAY: [&str; 7] = ["yes", "no", "yes", "dontKnow", "yes", "no", "yes"];

pub fn hand_in(
    story: &mut Story,
    programme: &Programme,
    members: &[Member],
    initiatives: &[Undertaking],
) {
    for round in &programme.rounds {
        match round.key.as_str() {
            TODAY => today(story, round, members),
            CLOSING => closing(story, programme, round, members),
            _ => half_year(story, programme, round, members, initiatives),
        }
    }
}

fn half_year(
    story: &mut Story,
    programme: &Programme,
    round: &Round,
    members: &[Member],
    initiatives: &[Undertaking],
) {
    let due_on = day_in(story.zone, round.due_at);
    for (place, member) in members.iter().enumerate() {
        let is_new = later(member.joined_on, 21) > due_on;
        if is_new || !member.is_in(due_on) {
            continue;
        }
        let reports = story.dice.chance(member.reliability);
        let at = moment(story, round, member);
        let day = day_in(story.zone, at);
        let work = initiatives.iter().enumerate().filter(|(_, initiative)| {
            let is_over = initiative.ended_on.is_some_and(|ended_on| ended_on < round.starts_on);
            initiative.is_work && initiative.involves(place) && initiative.begun_on < day && !is_over
        });
        let about = HalfYear {
            programme,
            work: work.take(6).collect(),
            member: place,
            has_goals: member.has_goals,
            day,
        };
        let draft = answers::half_year(&mut story.dice, &about);
        let handing = Handing { round: round.key.clone(), member: place };
        if reports {
            file(story, handing, draft, at);
        } else if story.dice.chance(10) {
            story.at(at, Step::Save { handing, draft });
        }
    }
}

/// Most hand in during the last weeks, many on the last day, some too late.
fn moment(story: &mut Story, round: &Round, member: &Member) -> DateTime<Utc> {
    let due_on = day_in(story.zone, round.due_at);
    let first = round.opens_on.max(later(member.joined_on, 14));
    let last_weeks = first.max(earlier(due_on, 24));
    let (dice, zone) = (&mut story.dice, story.zone);
    match dice.below(100) {
        0..11 => {
            let day = working_day(later(due_on, dice.between(1, 18)));
            if member.is_in(day) {
                dice.office_hours(zone, day)
            } else {
                dice.office_hours(zone, due_on)
            }
        }
        11..22 => dice.late_evening(zone, due_on),
        22..34 => dice.office_hours(zone, due_on),
        34..46 => {
            let day = dice.day(first, due_on);
            dice.office_hours(zone, day)
        }
        _ => {
            let day = dice.day(last_weeks, due_on);
            dice.office_hours(zone, day)
        }
    }
}

/// Saves, submits, and is accepted; now and then after having been returned with a point.
fn file(story: &mut Story, handing: Handing, draft: Draft, at: DateTime<Utc>) {
    if !story.dice.chance(9) {
        submit(story, &handing, draft, at);
        if story.dice.chance(96) {
            accept(story, handing, at);
        }
        return;
    }
    let (first, second, point) = questionable(story, draft);
    submit(story, &handing, first, at);
    let returned_on = working_day(later(day_in(story.zone, at), story.dice.between(2, 15)));
    story.on(returned_on, Step::Return { handing: handing.clone(), point });
    if story.dice.chance(92) {
        let mended_on = working_day(later(returned_on, story.dice.between(1, 12)));
        let mended_at = story.dice.office_hours(story.zone, mended_on);
        submit(story, &handing, second, mended_at);
        accept(story, handing, mended_at);
    }
}

/// Saves, sometimes first a part of it, and submits.
fn submit(story: &mut Story, handing: &Handing, draft: Draft, at: DateTime<Utc>) {
    let saved_at = at - Duration::seconds(story.dice.between(20, 2400));
    if story.dice.chance(25) && draft.answers.len() > 1 {
        let begun = Draft {
            answers: draft.answers.clone().into_iter().take(1).collect(),
            parts: Vec::new(),
        };
        let begun_at = saved_at - Duration::seconds(story.dice.between(60, 3000));
        story.at(begun_at, Step::Save { handing: handing.clone(), draft: begun });
    }
    story.at(saved_at, Step::Save { handing: handing.clone(), draft });
    story.at(at, Step::Submit(handing.clone()));
}

fn accept(story: &mut Story, handing: Handing, submitted_at: DateTime<Utc>) {
    let day = working_day(later(day_in(story.zone, submitted_at), story.dice.between(1, 24)));
    story.on(day, Step::Accept(handing));
}

/// A report that the secretariat has to ask about, what it is once mended, and the question.
fn questionable(story: &mut Story, mended: Draft) -> (Draft, Draft, NewPoint) {
    let dice = &mut story.dice;
    let mut first = mended.clone();
    let asked = |pointer: &str, (code, detail): (&str, &str)| NewPoint {
        pointer: pointer.to_owned(),
        code: code.to_owned(),
        detail: detail.to_owned(),
    };
    let outcome = first.parts.first_mut().and_then(|(_, part)| part.outcomes.first_mut());
    if let Some(outcome) = outcome.filter(|_| dice.chance(45)) {
        outcome.actual = None;
        let point = asked("/initiatives/0/outcomes/0/actual", dice.pick(&remarks::ON_OUTCOME));
        return (first, mended, point);
    }
    let reached = match mended.answers.get("reach").and_then(|answer| answer.value.as_ref()) {
        Some(AnswerValue::Number(number)) => number.as_i64().filter(|number| *number > 0),
        _ => None,
    };
    if let Some(reached) = reached {
        first
            .answers
            .insert("reach".to_owned(), answers::number(reached * dice.between(6, 14)));
        let point = asked("/answers/reach", dice.pick(&remarks::ON_REACH));
        return (first, mended, point);
    }
    let mut mended = mended;
    if let Some(answer) = mended.answers.get_mut("concrete_projects") {
        answer.comment = Some(remarks::EXPLANATION.to_owned());
    }
    let point = asked("/answers/concrete_projects", dice.pick(&remarks::ON_PROJECTS));
    (first, mended, point)
}

/// A hundred answer, a few of them late, and all before the conference.
fn closing(story: &mut Story, programme: &Programme, round: &Round, members: &[Member]) {
    let due_on = day_in(story.zone, round.due_at);
    for (nth, (place, says)) in respondents(story, members).into_iter().enumerate() {
        let handing = Handing { round: round.key.clone(), member: place };
        let draft = answers::closing(&mut story.dice, programme, says);
        let day = match nth % 13 {
            1 => working_day(later(due_on, story.dice.between(1, 3)))
                .min(earlier(BEFORE_THE_CONFERENCE, 1)),
            2 | 3 => due_on,
            _ => story.dice.day(round.opens_on, earlier(due_on, 1)),
        };
        if nth % 17 == 4 {
            ask_about_collaborations(story, handing, draft, round);
            continue;
        }
        let at = story.dice.office_hours(story.zone, day);
        submit(story, &handing, draft, at);
        if story.dice.chance(93) {
            accept(story, handing, at);
        }
    }
}

/// First they don't know; asked, they find out.
fn ask_about_collaborations(story: &mut Story, handing: Handing, mended: Draft, round: &Round) {
    let mut first = mended.clone();
    first.answers.insert("new_collaborations".to_owned(), answers::none("dontKnow"));
    first.answers.remove("new_collaborators");
    let day = story.dice.day(round.opens_on, later(round.opens_on, 25));
    let at = story.dice.office_hours(story.zone, day);
    submit(story, &handing, first, at);
    let returned_on = working_day(later(day, story.dice.between(2, 8)));
    let (code, detail) = story.dice.pick(&remarks::ON_COLLABORATIONS);
    let point = NewPoint {
        pointer: "/answers/new_collaborations".to_owned(),
        code: code.to_owned(),
        detail: detail.to_owned(),
    };
    story.on(returned_on, Step::Return { handing: handing.clone(), point });
    let mended_on = working_day(later(returned_on, story.dice.between(1, 9)));
    let mended_at = story.dice.office_hours(story.zone, mended_on);
    submit(story, &handing, mended, mended_at);
    accept(story, handing, mended_at);
}

/// Each with what it says; dealt out by chance, so that no group says the same.
fn respondents(story: &mut Story, members: &[Member]) -> Vec<(usize, Closing)> {
    let is_silent = |member: &Member| member.is_gone() || member.named.name == NOTHING_CHOSEN;
    let mut places: Vec<usize> = members
        .iter()
        .enumerate()
        .filter(|(_, member)| !is_silent(member))
        .map(|(place, _)| place)
        .collect();
    story.dice.shuffle(&mut places);
    let is_own = |place: &usize| members.get(*place).is_some_and(|member| member.named.name == OWN);
    places.sort_by_key(|place| !is_own(place));
    places.truncate(RESPONDENTS);
    let mut dealt = |counts: &[(&'static str, usize)]| -> Vec<&'static str> {
        let mut words: Vec<&str> =
            counts.iter().flat_map(|(word, n)| std::iter::repeat_n(*word, *n)).collect();
        story.dice.shuffle(&mut words);
        words
    };
    let collaborates = dealt(&[("yes", COLLABORATING), ("no", RESPONDENTS - COLLABORATING)]);
    let continues = dealt(&[("yes", CONTINUING), ("no", RESPONDENTS - CONTINUING)]);
    let contributes = dealt(&CONTRIBUTING);
    let national_areas = dealt(&ON_NATIONAL_AREAS);
    let said = collaborates.into_iter().zip(continues).zip(contributes).zip(national_areas);
    let said = said.map(|(((collaborates, continues), contributes), national_areas)| Closing {
        collaborates: collaborates == "yes",
        continues: continues == "yes",
        contributes,
        national_areas,
    });
    places.into_iter().zip(said).collect()
}

/// A handful have reported; whoever the demo hands a key of has not.
fn today(story: &mut Story, round: &Round, members: &[Member]) {
    let may_report = |member: &Member| !member.is_gone() && member.named.name != OWN;
    let places: Vec<usize> = members
        .iter()
        .enumerate()
        .filter(|(_, member)| may_report(member))
        .map(|(place, _)| place)
        .collect();
    let places = story.dice.some_of(&places, SAID_TODAY.len());
    for (place, word) in places.into_iter().zip(SAID_TODAY) {
        let day = later(round.opens_on, story.dice.between(0, 4));
        let at = story.dice.office_hours(story.zone, day);
        let handing = Handing { round: round.key.clone(), member: place };
        // Not a part of it first: there is only one question.
        story.at(
            at - Duration::minutes(4),
            Step::Save { handing: handing.clone(), draft: answers::today(word) },
        );
        story.at(at, Step::Submit(handing.clone()));
        if place % 3 == 0 {
            let seen_at = start_of_day(story.zone, later(round.opens_on, 6)) + Duration::hours(9);
            story.at(seen_at, Step::Accept(handing));
        }
    }
}
