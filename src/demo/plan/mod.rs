//! What happens in the demo, and when: made up in full before any of it is carried out.
//!
//! A plan names partners and initiatives by their places in its lists; their ids come when it is played.

mod answers;
mod initiatives;
mod members;
mod reports;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::dice::{Dice, ymd};
use super::names::Named;
use crate::domain::commitment::MakeCommitment;
use crate::domain::programme::Programme;
use crate::domain::report::{Answer, NewPoint, ReportPart};

pub use initiatives::Undertaking;
pub use reports::TODAY;

/// The alliance's last day.
const LAST_DAY: NaiveDate = ymd(2023, 12, 31);

/// A partner with the days between which it is active.
pub struct Member {
    pub named: &'static Named,
    pub joined_on: NaiveDate,
    /// The first day outside, where it departs.
    pub left_on: Option<NaiveDate>,
    pub rejoined_on: Option<NaiveDate>,
    pub objectives: Vec<String>,
    /// How likely it is to report in a round, in percent.
    reliability: usize,
    /// Whether it sets itself goals in the focus areas that it chooses.
    has_goals: bool,
}

impl Member {
    fn is_in(&self, day: NaiveDate) -> bool {
        let is_out = self.left_on.is_some_and(|left_on| {
            left_on <= day && self.rejoined_on.is_none_or(|rejoined_on| day < rejoined_on)
        });
        self.joined_on <= day && !is_out
    }

    /// Whether it has left and not come back.
    fn is_gone(&self) -> bool {
        self.left_on.is_some() && self.rejoined_on.is_none()
    }

    /// The last day of its first membership.
    fn last_day(&self) -> NaiveDate {
        self.left_on.and_then(|left_on| left_on.pred_opt()).unwrap_or(LAST_DAY)
    }
}

/// What a report says. Its parts name initiatives by their places in the plan.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    pub answers: BTreeMap<String, Answer>,
    pub parts: Vec<(usize, ReportPart)>,
}

/// A report's address within a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Handing {
    pub round: String,
    pub member: usize,
}

/// Something that somebody does.
pub enum Step {
    Admit(usize),
    Depart { member: usize, reason: &'static str },
    Rejoin(usize),
    Commit { member: usize, body: MakeCommitment },
    Begin(usize),
    Change { initiative: usize, changes: Value },
    Save { handing: Handing, draft: Draft },
    Submit(Handing),
    Return { handing: Handing, point: NewPoint },
    Accept(Handing),
}

/// A step and its moment.
pub struct Dated {
    pub at: DateTime<Utc>,
    pub step: Step,
}

/// The whole history.
pub struct Plan {
    pub members: Vec<Member>,
    pub initiatives: Vec<Undertaking>,
    /// In order of time.
    pub steps: Vec<Dated>,
}

/// Makes up a history under this programme.
pub fn make(programme: &Programme, seed: u64) -> Plan {
    let mut story = Story {
        zone: programme.zone,
        dice: Dice::new(seed),
        steps: Vec::new(),
    };
    let members = members::gather(&mut story);
    let initiatives = initiatives::undertake(&mut story, &members);
    reports::hand_in(&mut story, programme, &members, &initiatives);
    let mut steps = story.steps;
    steps.sort_by_key(|dated| dated.at);
    Plan { members, initiatives, steps }
}

/// A history while it is being made up.
struct Story {
    zone: Tz,
    dice: Dice,
    steps: Vec<Dated>,
}

impl Story {
    fn at(&mut self, at: DateTime<Utc>, step: Step) {
        self.steps.push(Dated { at, step });
    }

    /// In the office hours of a day.
    fn on(&mut self, day: NaiveDate, step: Step) {
        let at = self.dice.office_hours(self.zone, day);
        self.at(at, step);
    }
}
