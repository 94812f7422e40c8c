//! What reports say.

use chrono::{Datelike, NaiveDate};

use super::{Draft, Undertaking};
use crate::demo::dice::Dice;
use crate::demo::remarks;
use crate::domain::programme::{AnswerType, Programme};
use crate::domain::report::{Answer, AnswerValue, Outcome, ReportPart};

pub fn text(value: &str) -> Answer {
    Answer {
        value: Some(AnswerValue::Text(value.to_owned())),
        ..Answer::default()
    }
}

pub fn number(value: i64) -> Answer {
    Answer {
        value: Some(AnswerValue::Number(value.into())),
        ..Answer::default()
    }
}

pub fn none(word: &str) -> Answer {
    Answer { none: Some(word.to_owned()), ..Answer::default() }
}

fn list(keys: Vec<String>) -> Answer {
    Answer { value: Some(AnswerValue::List(keys)), ..Answer::default() }
}

/// What a half-year's report is made from.
pub struct HalfYear<'a> {
    pub programme: &'a Programme,
    /// What the partner takes part in, by its place in the plan.
    pub work: Vec<(usize, &'a Undertaking)>,
    pub member: usize,
    pub has_goals: bool,
    pub day: NaiveDate,
}

/// Optional questions are left blank now and then.
pub fn half_year(dice: &mut Dice, about: &HalfYear) -> Draft {
    let mut draft = Draft::default();
    let mut say = |key: &str, answer: Answer| draft.answers.insert(key.to_owned(), answer);
    let is_working = !about.work.is_empty();
    let projects = match (is_working, dice.below(100)) {
        (true, 0..96) | (false, 0..10) => text("yes"),
        (true, _) | (false, 10..75) => text("no"),
        (false, 75..88) => none("dontKnow"),
        (false, _) => none("notApplicable"),
    };
    say("concrete_projects", projects);
    if dice.chance(88) {
        say("reach", reach(dice, about.work.len()));
    }
    if dice.chance(90) {
        say("progress", progress(dice, about.has_goals));
    }
    if dice.chance(84) {
        say("barriers", barriers(dice, about.programme));
    }
    if dice.chance(22) {
        say("note", text(dice.pick(&remarks::NOTES)));
    }
    let parts = about
        .work
        .iter()
        .map(|(place, initiative)| (*place, part(dice, initiative, about)));
    draft.parts = parts.collect();
    draft
}

/// Nobody reached is a number, too; who has not counted says so.
fn reach(dice: &mut Dice, initiatives: usize) -> Answer {
    let size = i64::try_from(initiatives).unwrap_or_default();
    let mut answer = match (initiatives, dice.below(100)) {
        (_, 0..9) => none("dontKnow"),
        (0, 9..50) => none("notApplicable"),
        (0, _) => number(0),
        (_, 9..15) => number(0),
        (_, 15..85) => number(size * dice.between(12, 240)),
        (_, _) => number(size * dice.between(300, 4200)),
    };
    if dice.chance(18) {
        answer.comment = Some(dice.pick(&remarks::COMMENTS).to_owned());
    }
    answer
}

fn progress(dice: &mut Dice, has_goals: bool) -> Answer {
    match (has_goals, dice.below(100)) {
        (false, _) | (true, 0..3) => none("notApplicable"),
        (true, 3..8) => none("dontKnow"),
        (true, 8..18) => text("reached"),
        (true, 18..66) => text("on_track"),
        (true, 66..90) => text("behind"),
        (true, _) => text("not_begun"),
    }
}

/// »Nothing« is a choice of its own, and stands alone.
fn barriers(dice: &mut Dice, programme: &Programme) -> Answer {
    if dice.chance(5) {
        return none("dontKnow");
    }
    if dice.chance(17) {
        return list(vec!["none".to_owned()]);
    }
    let count = dice.pick(&[1, 1, 2, 2, 3]);
    list(some_choices(dice, programme, "barriers", count))
}

fn some_choices(dice: &mut Dice, programme: &Programme, question: &str, count: usize) -> Vec<String> {
    let Some(AnswerType::MultiChoice(choices)) = programme.question(question).map(|q| &q.answers) else {
        return Vec::new();
    };
    let keys: Vec<String> = choices
        .iter()
        .map(|choice| choice.key.clone())
        .filter(|key| key != "none")
        .collect();
    dice.some_of(&keys, count)
}

fn part(dice: &mut Dice, initiative: &Undertaking, about: &HalfYear) -> ReportPart {
    let is_lead = initiative.lead == about.member;
    let is_closed = about.day.year() <= 2021 && dice.chance(40);
    let mut sometimes = |percent: usize, texts: &[&'static str]| {
        if dice.chance(percent) { dice.pick(texts).to_owned() } else { String::new() }
    };
    let progress = sometimes(if is_lead { 92 } else { 70 }, &remarks::PROGRESS);
    let learning = sometimes(45, &remarks::LEARNING);
    let barriers = match is_closed {
        true => sometimes(60, &remarks::WHILE_CLOSED),
        false => sometimes(32, &remarks::BARRIERS),
    };
    // Only the lead reports outcomes, so that none is counted twice.
    let outcomes = if is_lead { outcomes(dice, initiative, about.day) } else { Vec::new() };
    ReportPart {
        initiative: String::new(),
        progress,
        learning,
        barriers,
        outcomes,
    }
}

fn outcomes(dice: &mut Dice, initiative: &Undertaking, day: NaiveDate) -> Vec<Outcome> {
    let days = (day - initiative.begun_on).num_days().max(0);
    let mut outcomes = Vec::new();
    if dice.chance(85) {
        let (measure, unit) = initiative.activity.output;
        let done = days / 6 + dice.between(0, 30);
        outcomes.push(Outcome {
            measure: measure.to_owned(),
            kind: "output".to_owned(),
            unit: Some(unit.to_owned()),
            baseline: None,
            target: dice.chance(40).then(|| (done / 10 * 10 + 50).to_string()),
            actual: Some(done.to_string()),
            verification: dice.pick(&["selfReported", "selfReported", "documented"]).to_owned(),
            evidence: Vec::new(),
        });
    }
    // An effect takes time to show.
    if days > 120 && dice.chance(70) {
        outcomes.push(effect(dice, initiative, days));
    }
    if days > 60 && HELP_TO_STOP.contains(&initiative.activity.title) {
        outcomes.push(smoke_free(initiative));
    }
    outcomes
}

/// Activities whose effect is people who stop smoking.
const HELP_TO_STOP: [&str; 2] = ["Røgfri skoletid", "Rygestop"];

/// How many have stopped during the half-year.
fn smoke_free(initiative: &Undertaking) -> Outcome {
    let is_known = initiative.target % 3 == 0;
    Outcome {
        measure: "smoke_free".to_owned(),
        kind: "outcome".to_owned(),
        unit: Some("borgere".to_owned()),
        baseline: None,
        target: None,
        actual: Some((3 + initiative.target % 9).to_string()),
        verification: if is_known { "documented" } else { "selfReported" }.to_owned(),
        evidence: Vec::new(),
    }
}

fn effect(dice: &mut Dice, initiative: &Undertaking, days: i64) -> Outcome {
    let (measure, unit) = initiative.activity.outcome;
    let way = (initiative.target - initiative.baseline) * days.min(1000) / 1000;
    let actual = (initiative.baseline + way + dice.between(-4, 5)).clamp(0, 100);
    let tenths =
        if actual < 100 && dice.chance(25) { format!(".{}", dice.between(1, 9)) } else { String::new() };
    let verification =
        dice.pick(&["selfReported", "selfReported", "selfReported", "documented", "external"]);
    let evidence = match verification {
        "selfReported" => Vec::new(),
        _ => vec![format!("https://opdigtet.example/evaluering/{}", dice.between(100, 999))],
    };
    Outcome {
        measure: measure.to_owned(),
        kind: "outcome".to_owned(),
        unit: Some(unit.to_owned()),
        baseline: Some(initiative.baseline.to_string()),
        target: Some(initiative.target.to_string()),
        actual: dice.chance(88).then(|| format!("{actual}{tenths}")),
        verification: verification.to_owned(),
        evidence,
    }
}

/// What a partner says in the closing questionnaire.
#[derive(Debug, Clone, Copy)]
pub struct Closing {
    pub collaborates: bool,
    pub continues: bool,
    pub contributes: &'static str,
    pub national_areas: &'static str,
}

pub fn closing(dice: &mut Dice, programme: &Programme, says: Closing) -> Draft {
    let mut draft = Draft::default();
    let mut say = |key: &str, answer: Answer| draft.answers.insert(key.to_owned(), answer);
    let yes_or_no = |yes: bool| text(if yes { "yes" } else { "no" });
    let word = |word: &str| if matches!(word, "yes" | "no") { text(word) } else { none(word) };
    say("national_areas", word(says.national_areas));
    say("new_collaborations", yes_or_no(says.collaborates));
    if says.collaborates && dice.chance(92) {
        let count = dice.pick(&[1, 2, 2, 3, 3, 4]);
        say("new_collaborators", list(some_choices(dice, programme, "new_collaborators", count)));
    } else if !says.collaborates && dice.chance(40) {
        say("new_collaborators", none("notApplicable"));
    }
    say("contributes_within_five_years", word(says.contributes));
    say("continue_after_2023", yes_or_no(says.continues));
    if dice.chance(15) {
        say("note", text(dice.pick(&remarks::NOTES)));
    }
    draft
}

/// What a partner says in the round that is open today.
pub fn today(word: &str) -> Draft {
    let mut draft = Draft::default();
    let answer = if matches!(word, "yes" | "no") { text(word) } else { none(word) };
    draft.answers.insert("met_this_fortnight".to_owned(), answer);
    draft
}
