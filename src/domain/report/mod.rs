//! Reports: what one partner hands in for one round, and the moves between its states.

mod body;
mod carried;
mod diff;
mod faults;
mod outcomes;
mod points;

use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use body::{Answer, AnswerValue, NoAnswer, Outcome, ReportBody, ReportPart};
pub use carried::acceptable;
pub use diff::{Difference, differences};
pub use faults::{BodyCheck, InitiativeKnown, check_body, check_part};
pub use points::{AcceptReport, NewPoint, Point, ReturnReport, Waiver};

use super::checks::Faults;
use super::text::Fault;

/// Where a report is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum State {
    Draft,
    Submitted,
    Returned,
    Accepted,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::Submitted => "submitted",
            State::Returned => "returned",
            State::Accepted => "accepted",
        }
    }

    pub fn parse(word: &str) -> Option<State> {
        [State::Draft, State::Submitted, State::Returned, State::Accepted]
            .into_iter()
            .find(|s| s.word() == word)
    }

    /// Whether the partner may save and submit.
    pub fn is_open(self) -> bool {
        matches!(self, State::Draft | State::Returned)
    }

    /// The state after a move, or `None` where the move does not exist. `before` is the state that the
    /// last submission came from, which is where a withdrawal leads back to.
    pub fn after(self, step: Move, before: State) -> Option<State> {
        match (step, self) {
            (Move::Submit, State::Draft | State::Returned) => Some(State::Submitted),
            (Move::Withdraw, State::Submitted) => Some(before),
            (Move::Return, State::Submitted) => Some(State::Returned),
            (Move::Accept, State::Submitted) => Some(State::Accepted),
            (Move::Reopen, State::Accepted) => Some(State::Returned),
            _ => None,
        }
    }
}

/// What moves a report on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Submit,
    Withdraw,
    Return,
    Accept,
    Reopen,
}

/// On time means received, cut to the second, no later than the deadline.
pub fn is_on_time(received_at: DateTime<Utc>, deadline: DateTime<Utc>) -> bool {
    received_at.trunc_subsecs(0) <= deadline
}

/// Proof of a submission. Its content says whether it was on time under the deadline that held then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    #[schema(example = "2023H2-1834")]
    pub number: String,
    #[schema(format = "date-time")]
    pub received_at: String,
    #[schema(format = "date-time")]
    pub deadline: String,
    pub on_time: bool,
    /// The submission: 1, 2, 3.
    pub version: i64,
    /// Of the submitted body's canonical JSON (RFC 8785) as journal entry `journalSeq` holds it in
    /// `after.answers` and `after.initiatives`: free texts as their salted hashes.
    pub sha256: String,
    pub journal_seq: i64,
}

/// Why an accepted report is opened again.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"reason": "Et tal var forkert"}))]
pub struct ReopenReport {
    pub reason: String,
}

impl ReopenReport {
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::new();
        faults.reason("/reason", &self.reason);
        faults.unless_any(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_five_moves_exist() {
        use Move::*;
        use State::*;
        let states = [Draft, Submitted, Returned, Accepted];
        let legal = [
            (Submit, Draft, Submitted),
            (Submit, Returned, Submitted),
            (Withdraw, Submitted, Returned),
            (Return, Submitted, Returned),
            (Accept, Submitted, Accepted),
            (Reopen, Accepted, Returned),
        ];
        for step in [Submit, Withdraw, Return, Accept, Reopen] {
            for state in states {
                let expected =
                    legal.iter().find(|(s, from, _)| *s == step && *from == state).map(|l| l.2);
                assert_eq!(state.after(step, Returned), expected, "{step:?} from {state:?}");
            }
        }
        assert_eq!(Submitted.after(Withdraw, Draft), Some(Draft));
    }

    #[test]
    fn the_very_second_of_the_deadline_is_on_time() {
        let at = |text: &str| super::super::dates::instant(text).expect("an instant");
        let deadline = at("2023-12-31T23:59:59+01:00");
        assert!(is_on_time(at("2023-12-31T22:59:59.999999Z"), deadline));
        assert!(!is_on_time(at("2023-12-31T23:00:00Z"), deadline));
    }
}
