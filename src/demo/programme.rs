//! The demo's programme, with the round that is open today moved to where today is.

use chrono::{Duration, NaiveDate};
use chrono_tz::Europe::Copenhagen;

use super::dice::{earlier, later};
use super::plan::TODAY;
use crate::db;
use crate::domain::dates::{rfc3339_short, start_of_day};
use crate::domain::programme::ProgrammeDocument;
use crate::service::{Error, Result};

const DOCUMENT: &str = include_str!("../../programmes/demo.toml");

/// How many days before the present one the round opens, and after it is due.
const REACH: u64 = 7;

/// The programme as it is from the day on which the round of today was added.
pub fn present(today: NaiveDate) -> Result<ProgrammeDocument> {
    let broken = |cause: String| Error::Failed(db::Error::Broken(cause));
    let mut document: ProgrammeDocument =
        toml::from_str(DOCUMENT).map_err(|e| broken(format!("programmes/demo.toml is broken: {e}")))?;
    let round = document.rounds.iter_mut().find(|round| round.key == TODAY);
    let round = round.ok_or_else(|| broken(format!("programmes/demo.toml has no round \"{TODAY}\"")))?;
    let (opens_on, due_on) = (opens_on(today), due_on(today));
    round.starts_on = Some(opens_on.to_string());
    round.ends_on = Some(due_on.to_string());
    round.opens_on = opens_on.to_string();
    round.due_at = rfc3339_short(start_of_day(Copenhagen, later(due_on, 1)) - Duration::seconds(1));
    Ok(document)
}

/// The programme as it was in the alliance's own time, when nobody knew of that round.
pub fn historical(present: &ProgrammeDocument) -> ProgrammeDocument {
    let mut document = present.clone();
    document.rounds.retain(|round| round.key != TODAY);
    document
        .indicators
        .retain(|indicator| indicator.round.as_deref() != Some(TODAY));
    let rounds = &document.rounds;
    document
        .questions
        .retain(|question| rounds.iter().any(|round| round.questions.contains(&question.key)));
    document
}

pub fn opens_on(today: NaiveDate) -> NaiveDate {
    earlier(today, REACH)
}

fn due_on(today: NaiveDate) -> NaiveDate {
    later(today, REACH.cast_signed())
}
