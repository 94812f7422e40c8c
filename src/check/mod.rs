//! `facit check`: the journal folded again by a second, plain implementation, and compared with every
//! row, standing, tally and figure of the tables. What was changed by hand is named.
//!
//! Plain means slow and obvious: the state is JSON as the entries have it, lists are walked, nothing is
//! moved by difference. What it shares with the service is what it has to (how a rule is evaluated, how
//! a programme is read, how names are sorted), so that a fault in one of the two shows as a difference.
//!
//! `journal` reads and checks the entries, `redactions` what is missing of their texts, `tree` the hashes over them and what was signed of these, `fold`,
//! `reports`, `points` and `extensions` make the state, `rows` and `names` compare with the tables, `facts`,
//! `standings` and `sums` judge partners, `history`, `tallies` and `figures` compare what follows, `publications`
//! what was published. `refold` writes what `history`, `tallies` and `names` expect, where a migration asks
//! for it.

mod compare;
mod extensions;
mod facts;
mod figures;
mod fold;
mod history;
mod journal;
mod names;
mod points;
mod publications;
mod reasons;
mod redactions;
mod refold;
mod report_rows;
mod reports;
mod rows;
mod standings;
mod sums;
mod tallies;
#[cfg(test)]
mod tests;
mod tree;
pub mod verify;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::db::{self, Conn};
use crate::domain::id::AllianceId;
use crate::service::{Error, Result};
use crate::store;

pub use refold::refold_due;

/// What was compared, and what differs.
#[derive(Debug, Default)]
pub struct Findings {
    pub entries: i64,
    pub hashes: i64,
    pub rows: i64,
    pub standings: i64,
    pub tallies: i64,
    pub figures: i64,
    pub differences: Vec<Difference>,
}

/// One row, entry or figure that is not what the journal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Such as `partners/0193…`, `journal/17` or `tallies/…`.
    pub address: String,
    pub detail: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |text: &str| text.replace(char::is_control, " ");
        write!(f, "{}: {}", line(&self.address), line(&self.detail))
    }
}

/// Checks an alliance. To be called inside `Db::read_now`, so that all of it is read from one snapshot.
pub fn check(conn: &mut Conn, slug: &str) -> Result<Findings> {
    let alliance = store::alliances::find(conn, slug)?.ok_or_else(Error::absent)?;
    let mut found = Findings::default();
    let (state, history) = fold_all(conn, alliance.id, &mut found)?;
    tree::compare(conn, alliance.id, &mut found)?;

    state.missing.compare(&mut found);

    rows::compare(conn, &alliance, &state, &mut found)?;
    report_rows::compare(conn, alliance.id, &state, &mut found)?;
    extensions::compare(conn, alliance.id, &state, &mut found)?;
    names::compare(conn, alliance.id, &state.names, &mut found)?;
    keys(conn, Some(alliance.id), &state, &mut found)?;
    history::compare(conn, alliance.id, &history, &mut found)?;
    tallies::compare(conn, alliance.id, &history, &mut found)?;
    figures::compare(conn, alliance.id, &state, &history, &mut found)?;
    publications::compare(conn, alliance.id, &state, &history, &mut found)?;
    Ok(found)
}

/// Compares an alliance's journal with a checkpoint that was kept elsewhere: a signed note.
pub fn check_against(conn: &mut Conn, slug: &str, note: &str) -> Result<Findings> {
    let alliance = store::alliances::find(conn, slug)?.ok_or_else(Error::absent)?;
    let mut found = Findings::default();
    tree::against(conn, alliance.id, note, &mut found)?;
    Ok(found)
}

/// The state that the entries lead to, and every standing on the way.
fn fold_all(
    conn: &mut Conn,
    journal: AllianceId,
    found: &mut Findings,
) -> Result<(fold::State, history::History)> {
    let mut state = fold::State::default();
    let mut history = history::History::default();
    journal::read(conn, journal, found, &mut |entry, found| {
        for partner in state.apply(&entry, found) {
            let standings = state.facts(&partner).map(|facts| facts.standings()).unwrap_or_default();
            history.renew(&partner, standings, entry.seq);
        }
    })?;
    Ok((state, history))
}

/// Checks the installation's own journal, which has the operators' keys and nothing else.
pub fn check_installation(conn: &mut Conn) -> Result<Findings> {
    let mut found = Findings::default();
    let mut state = fold::State::default();
    journal::read(conn, AllianceId::INSTALLATION, &mut found, &mut |entry, found| {
        if !entry.action.starts_with("key.") {
            return found.differ(entry.address(), format!("{} does not belong here", entry.action));
        }
        state.apply(&entry, found);
    })?;
    tree::compare(conn, AllianceId::INSTALLATION, &mut found)?;
    state.missing.compare(&mut found);
    keys(conn, None, &state, &mut found)?;
    for difference in &mut found.differences {
        difference.address = format!("installation/{}", difference.address);
    }
    Ok(found)
}

fn keys(
    conn: &mut Conn,
    alliance: Option<AllianceId>,
    state: &fold::State,
    found: &mut Findings,
) -> Result<()> {
    let Some(rows) = found.loaded("keys", store::audit::keys(conn, alliance))? else { return Ok(()) };
    let rows = rows.into_iter().map(rows::key).collect();
    let expected = state.keys.iter().map(|(id, key)| (format!("keys/{id}"), key.clone()));
    found.compare(expected.collect(), rows);
    Ok(())
}

/// Rows by their addresses.
type Rows = BTreeMap<String, Value>;

impl Findings {
    fn differ(&mut self, address: impl Into<String>, detail: impl Into<String>) {
        self.differences
            .push(Difference { address: address.into(), detail: detail.into() });
    }

    /// Names each row that is missing, extra or different.
    fn compare(&mut self, expected: Rows, rows: Rows) {
        self.rows += count(&rows);
        self.differences.extend(compare::rows(expected, rows));
    }

    /// What a table holds. One that does not even read is a difference, and no failure of the check.
    fn loaded<T>(&mut self, table: &str, rows: db::Result<T>) -> Result<Option<T>> {
        match rows {
            Ok(rows) => Ok(Some(rows)),
            Err(db::Error::Broken(cause)) => {
                self.differ(table, format!("can't be read: {cause}"));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn count(rows: &Rows) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}
