//! Extensions: a partner's own, later deadline in a round.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::checks::{Faults, shown};
use super::dates;
use super::id::PartnerId;
use super::programme::{NotAccepting, Round};
use super::report::is_on_time;
use super::text::Fault;

/// A partner's own deadline in a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"round": "2023H2", "partner": "019353f2-6c00-7000-8000-000000000001",
    "until": "2024-01-15T22:59:59.000000Z", "reason": "Sygdom", "grantedAt": "2024-01-02T08:00:00.000000Z",
    "version": 1}))]
pub struct Extension {
    pub round: String,
    pub partner: PartnerId,
    /// The last second that is on time. Where the round closes before, it stays open for this partner until then.
    #[serde(serialize_with = "dates::sent")]
    #[schema(value_type = String, format = "date-time")]
    pub until: DateTime<Utc>,
    pub reason: String,
    #[serde(serialize_with = "dates::sent")]
    #[schema(value_type = String, format = "date-time")]
    pub granted_at: DateTime<Utc>,
    pub version: i64,
}

/// What an extension is granted or changed with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"until": "2024-01-15T23:59:59+01:00", "reason": "Sygdom"}))]
pub struct GrantExtension {
    /// Later than the round's `dueAt`; it may be past the round's `closesAt`.
    #[schema(format = "date-time")]
    pub until: String,
    /// Free text; may not be empty.
    pub reason: String,
}

impl GrantExtension {
    /// Until when, and why. Fails with every fault.
    pub fn check(&self, round: &Round) -> Result<(DateTime<Utc>, String), Vec<Fault>> {
        let mut faults = Faults::new();
        let until = dates::instant(&self.until).filter(|until| is_kept(*until));
        match until {
            None => faults.add(
                "/until",
                "bad-time",
                format!("»{}« er ikke et tidspunkt med tidszone (RFC 3339).", shown(&self.until)),
                format!("\"{}\" is not a time with an offset (RFC 3339).", shown(&self.until)),
            ),
            Some(until) if until <= round.due_at => faults.add(
                "/until",
                "not-after-due",
                format!(
                    "En udsættelse slutter efter rundens frist, {}.",
                    dates::rfc3339_short(round.due_at)
                ),
                format!(
                    "An extension ends after the round's deadline, {}.",
                    dates::rfc3339_short(round.due_at)
                ),
            ),
            Some(_) => {}
        }
        faults.reason("/reason", &self.reason);
        faults.unless_any((until.unwrap_or_default(), self.reason.trim().to_owned()))
    }
}

/// Whether both databases give an instant back as it was: no leap second, and no year of five digits.
fn is_kept(at: DateTime<Utc>) -> bool {
    DateTime::from_timestamp_micros(at.timestamp_micros()) == Some(at)
        && dates::instant(&dates::rfc3339(at)) == Some(at)
}

/// The deadline that holds for one partner in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The last second that is on time.
    pub at: DateTime<Utc>,
    pub is_extended: bool,
}

impl Deadline {
    /// An extension never shortens: where the round's own deadline was moved past its end, that one holds.
    pub fn of(round: &Round, extension: Option<&Extension>) -> Deadline {
        Deadline::until(round, extension.map(|extension| extension.until))
    }

    /// The same, with nothing known of an extension but until when it is.
    pub fn until(round: &Round, until: Option<DateTime<Utc>>) -> Deadline {
        match until {
            Some(until) if until > round.due_at => Deadline { at: until, is_extended: true },
            _ => Deadline { at: round.due_at, is_extended: false },
        }
    }

    pub fn is_met(self, received_at: DateTime<Utc>) -> bool {
        is_on_time(received_at, self.at)
    }

    /// Open as the round is, and until the end of an extension.
    pub fn accepting(self, round: &Round, zone: Tz, now: DateTime<Utc>) -> Result<(), NotAccepting> {
        match round.accepting(zone, now) {
            Err(NotAccepting::Closed { closed_at }) if self.is_extended => match self.is_met(now) {
                true => Ok(()),
                false => Err(NotAccepting::Closed { closed_at: closed_at.max(self.at) }),
            },
            found => found,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::Text;

    fn at(text: &str) -> DateTime<Utc> {
        dates::instant(text).expect("an instant")
    }

    /// A round that is due at one time and closes at another.
    fn round(due_at: &str, closes_at: &str) -> Round {
        Round {
            key: "r".to_owned(),
            label: Text::new("r", "r"),
            starts_on: dates::date("2023-01-01").expect("a date"),
            ends_on: dates::date("2023-12-31").expect("a date"),
            opens_on: dates::date("2023-01-01").expect("a date"),
            due_at: at(due_at),
            closes_at: Some(at(closes_at)),
            questions: Vec::new(),
        }
    }

    fn extension(until: &str) -> Extension {
        Extension {
            round: "r".to_owned(),
            partner: PartnerId::new(),
            until: at(until),
            reason: "Sygdom".to_owned(),
            granted_at: at("2023-01-02T00:00:00Z"),
            version: 1,
        }
    }

    #[test]
    fn the_very_second_is_on_time_on_both_sides_of_both_nights_when_the_clock_changes() {
        let nights = [
            ("2023-03-26T01:59:59+01:00", "2023-03-26T00:59:59.999999Z", "2023-03-26T01:00:00Z"),
            ("2023-03-26T03:00:00+02:00", "2023-03-26T01:00:00.999999Z", "2023-03-26T01:00:01Z"),
            ("2023-10-29T02:59:59+02:00", "2023-10-29T00:59:59.999999Z", "2023-10-29T01:00:00Z"),
            ("2023-10-29T02:59:59+01:00", "2023-10-29T01:59:59.999999Z", "2023-10-29T02:00:00Z"),
        ];
        for (due, last, first_late) in nights {
            let plain = Deadline::of(&round(due, "2023-12-31T00:00:00Z"), None);
            let early = round("2023-03-01T00:00:00Z", "2023-12-31T00:00:00Z");
            let extended = Deadline::of(&early, Some(&extension(due)));
            for deadline in [plain, extended] {
                assert!(deadline.is_met(at(last)), "{due}");
                assert!(!deadline.is_met(at(first_late)), "{due}");
            }
        }
    }

    #[test]
    fn an_extension_past_the_close_keeps_the_round_open_until_its_last_second() {
        let round = round("2023-06-01T00:00:00Z", "2023-07-01T00:00:00Z");
        let zone = chrono_tz::Europe::Copenhagen;
        let longer = Deadline::of(&round, Some(&extension("2023-08-01T12:00:00Z")));
        assert_eq!(longer.accepting(&round, zone, at("2023-08-01T12:00:00.999999Z")), Ok(()));
        let closed = Err(NotAccepting::Closed { closed_at: at("2023-08-01T12:00:00Z") });
        assert_eq!(longer.accepting(&round, zone, at("2023-08-01T12:00:01Z")), closed);
        let shorter = Deadline::of(&round, Some(&extension("2023-06-15T12:00:00Z")));
        assert_eq!(shorter.accepting(&round, zone, at("2023-06-20T00:00:00Z")), Ok(()));
        let closed = Err(NotAccepting::Closed { closed_at: at("2023-07-01T00:00:00Z") });
        assert_eq!(shorter.accepting(&round, zone, at("2023-07-01T00:00:00Z")), closed);
    }

    #[test]
    fn a_deadline_moved_past_an_extension_holds() {
        let round = round("2023-06-01T00:00:00Z", "2023-07-01T00:00:00Z");
        let deadline = Deadline::of(&round, Some(&extension("2023-05-01T00:00:00Z")));
        assert_eq!(deadline, Deadline { at: round.due_at, is_extended: false });
    }
}
