//! What the demo's partners undertake, alone and together.

use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use super::{Member, Step, Story};
use crate::demo::activities::{ACTIVITIES, Activity, NICKNAMES, Setting};
use crate::demo::dice::{Dice, earlier, later, working_day, ymd};
use crate::demo::names::WITHOUT_INITIATIVES;
use crate::domain::initiative::CreateInitiative;

/// How many end with which status: those that have begun make 214. The empty one is not known.
const STATUSES: [(&str, usize); 5] =
    [("completed", 98), ("running", 101), ("stopped", 15), ("planned", 9), ("", 6)];

/// The most that one partner leads.
const MOST_LED: usize = 6;

/// Nothing is begun later than this.
const LAST_BEGINNING: NaiveDate = ymd(2023, 11, 17);
/// Nothing changes later than this.
const LAST_CHANGE: NaiveDate = ymd(2023, 12, 20);

/// An initiative as it is to be.
pub struct Undertaking {
    pub lead: usize,
    /// Besides the lead.
    pub others: Vec<usize>,
    /// Its partners are filled in when their ids are known.
    pub body: CreateInitiative,
    pub activity: Activity,
    /// When it is entered in the register.
    pub begun_on: NaiveDate,
    /// When it is completed or stopped, if it is.
    pub ended_on: Option<NaiveDate>,
    /// Where its effect began, and where it is to end, in percent.
    pub baseline: i64,
    pub target: i64,
    /// Whether work has begun or was ever to be reported on.
    pub is_work: bool,
}

impl Undertaking {
    pub fn involves(&self, member: usize) -> bool {
        self.lead == member || self.others.contains(&member)
    }
}

pub fn undertake(story: &mut Story, members: &[Member]) -> Vec<Undertaking> {
    let mut statuses: Vec<&str> = STATUSES
        .iter()
        .flat_map(|(status, count)| std::iter::repeat_n(*status, *count))
        .collect();
    story.dice.shuffle(&mut statuses);
    let leads = leads(&mut story.dice, members, statuses.len());
    let mut undertaken: Vec<Undertaking> = Vec::new();
    for (lead, status) in leads.into_iter().zip(statuses) {
        let Some(member) = members.get(lead) else { continue };
        let place = undertaken.len();
        undertaken.push(undertaking(story, members, (lead, member), status, place));
    }
    undertaken
}

/// Every partner that has any leads one; those who have been there long lead more.
fn leads(dice: &mut Dice, members: &[Member], count: usize) -> Vec<usize> {
    let active = |place: &usize| {
        members
            .get(*place)
            .is_some_and(|m| !WITHOUT_INITIATIVES.contains(&m.named.name))
    };
    let active: Vec<usize> = (0..members.len()).filter(active).collect();
    let mut leads = active.clone();
    while leads.len() < count {
        let place = dice.below(active.len()).min(dice.below(active.len()));
        let Some(lead) = active.get(place).copied() else { break };
        if leads.iter().filter(|led| **led == lead).count() < MOST_LED {
            leads.push(lead);
        }
    }
    leads
}

fn undertaking(
    story: &mut Story,
    members: &[Member],
    (lead, member): (usize, &Member),
    status: &str,
    place: usize,
) -> Undertaking {
    let (begun_on, ended_on) = days(&mut story.dice, member, status);
    let others = others(&mut story.dice, members, lead, begun_on);
    let activity = story.dice.pick(&ACTIVITIES);
    let mut body = described(&mut story.dice, &activity, member);
    dated(&mut story.dice, &mut body, member, begun_on, status);
    let begins_planned = status == "planned" || (status == "running" && story.dice.chance(25));
    body.status = match status {
        "" => None,
        _ if begins_planned => Some("planned".to_owned()),
        _ => Some("running".to_owned()),
    };
    story.on(begun_on, Step::Begin(place));
    if begins_planned && status == "running" {
        let day = working_day(later(begun_on, story.dice.between(20, 60))).min(LAST_CHANGE);
        story.on(day, Step::Change { initiative: place, changes: json!({"status": "running"}) });
    }
    if let Some(day) = ended_on {
        let changes = ending(&mut story.dice, status, day);
        story.on(day, Step::Change { initiative: place, changes });
    }
    let baseline = story.dice.between(10, 55);
    let target = baseline + story.dice.between(6, 30);
    let is_work = !status.is_empty() && status != "planned";
    Undertaking {
        lead,
        others,
        body,
        activity,
        begun_on,
        ended_on,
        baseline,
        target,
        is_work,
    }
}

/// When it begins and ends: late enough for its lead to be there, early enough for it still to be.
fn days(dice: &mut Dice, member: &Member, status: &str) -> (NaiveDate, Option<NaiveDate>) {
    let last = member.last_day().min(LAST_BEGINNING);
    let ends = matches!(status, "completed" | "stopped");
    let span = if ends { 90 } else { 10 };
    let first = later(member.joined_on, 7);
    let begun_on = working_day(dice.day(first, earlier(last, span).min(later(first, 700))));
    let ended_on = ends.then(|| {
        let last = member.last_day().min(LAST_CHANGE);
        working_day(dice.day(later(begun_on, 30), last)).min(last)
    });
    (begun_on, ended_on)
}

/// One in five is shared.
fn others(dice: &mut Dice, members: &[Member], lead: usize, day: NaiveDate) -> Vec<usize> {
    if !dice.chance(20) {
        return Vec::new();
    }
    let may_join = |place: &usize| {
        members.get(*place).is_some_and(|member| {
            *place != lead
                && member.joined_on < day
                && member.is_in(day)
                && !WITHOUT_INITIATIVES.contains(&member.named.name)
        })
    };
    let candidates: Vec<usize> = (0..members.len()).filter(may_join).collect();
    let count = dice.pick(&[1, 1, 1, 2, 2, 3]);
    dice.some_of(&candidates, count)
}

fn described(dice: &mut Dice, activity: &Activity, lead: &Member) -> CreateInitiative {
    let (setting, group): Setting = dice.pick(activity.settings);
    let title = format!("{} {setting}", activity.title);
    let title = match dice.below(10) {
        0..4 => format!("{}: {title}", dice.pick(&NICKNAMES)),
        4..6 => format!("{title} ({})", lead.named.name),
        _ => title,
    };
    let summary = if dice.chance(80) {
        format!("Opdigtet eksempel: {}.", activity.summary)
    } else {
        String::new()
    };
    let areas = activity.focus_areas.iter().map(|key| (*key).to_owned());
    let areas: Vec<String> = if dice.chance(70) { areas.collect() } else { areas.take(1).collect() };
    CreateInitiative {
        lead_partner: None,
        partners: Vec::new(),
        title,
        summary,
        focus_areas: if dice.chance(94) { areas } else { Vec::new() },
        target_group: if dice.chance(85) { group.to_owned() } else { String::new() },
        approach: dice.chance(88).then(|| activity.approach.to_owned()),
        stage: dice
            .chance(90)
            .then(|| activity.stage.iter().map(|stage| (*stage).to_owned()).collect()),
        status: None,
        starts_on: None,
        ends_on: None,
        began_before_joining: None,
    }
}

/// When the work itself begins: near the entry in the register, or long before its lead joined.
fn dated(
    dice: &mut Dice,
    body: &mut CreateInitiative,
    lead: &Member,
    begun_on: NaiveDate,
    status: &str,
) {
    let is_older = status != "planned" && !status.is_empty() && dice.chance(11);
    let start = match is_older {
        true => earlier(lead.joined_on, u64::try_from(dice.between(40, 900)).unwrap_or_default()),
        false => later(begun_on, dice.between(0, 25)),
    };
    body.starts_on = dice.chance(93).then(|| fuzzy(dice, start));
    body.began_before_joining = match is_older {
        true => Some(true),
        false => dice.chance(85).then_some(false),
    };
    if dice.chance(30) {
        let end = later(start.max(begun_on), dice.between(200, 800));
        body.ends_on = Some(fuzzy(dice, end));
    }
}

fn ending(dice: &mut Dice, status: &str, day: NaiveDate) -> Value {
    json!({"status": status, "endsOn": fuzzy(dice, day)})
}

/// Known to the year, the month or the day.
fn fuzzy(dice: &mut Dice, day: NaiveDate) -> String {
    match dice.below(10) {
        0..2 => day.year().to_string(),
        2..7 => format!("{}-{:02}", day.year(), day.month()),
        _ => day.to_string(),
    }
}
