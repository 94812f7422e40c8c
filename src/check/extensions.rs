//! What the entries say of extensions, and what the state makes of their table.

use serde_json::{Value, json};

use super::compare::{number, text};
use super::fold::State;
use super::journal::Entry;
use super::{Findings, Rows};
use crate::db::Conn;
use crate::domain::dates::{self, rfc3339};
use crate::domain::id::AllianceId;
use crate::service::Result;
use crate::store::audit::{self, ExtensionRow};

impl State {
    /// `place` is the subject after `rounds/`.
    pub(super) fn apply_extension(&mut self, place: &str, entry: &Entry, found: &mut Findings) {
        let (round, partner) = place.split_once("/extensions/").unwrap_or_default();
        let key = (partner.to_owned(), round.to_owned());
        let before = match entry.after.is_null() {
            true => self.extensions.remove(&key),
            false => self.extensions.insert(key, entry.after.clone()),
        };
        let after = &entry.after;
        let version = number(after, "version");
        let next = before.as_ref().and_then(|before| number(before, "version")).unwrap_or(0) + 1;
        let same = |field| before.as_ref().is_none_or(|before| before.get(field) == after.get(field));
        let names_it =
            after.is_null() || (text(after, "round"), text(after, "partner")) == (round, partner);
        let stands = match entry.action.as_str() {
            "extension.granted" => before.is_none() && version == Some(1),
            "extension.changed" => before.is_some() && version == Some(next) && same("grantedAt"),
            _ => before.is_some() && after.is_null(),
        };
        if !stands || !names_it || entry.partner != partner {
            let detail = format!("{} of {} does not fit what it is about", entry.action, entry.subject);
            found.differ(entry.address(), detail);
        }
        let due_at = self.due_at(round);
        let until = dates::instant(text(after, "until"));
        if !after.is_null() && (until.is_none() || until <= due_at) {
            found.differ(entry.address(), "it ends no later than the round's own deadline");
        }
    }

    fn due_at(&self, round: &str) -> Option<chrono::DateTime<chrono::Utc>> {
        let rounds = self.programme.as_ref().map(|programme| programme.rounds.as_slice());
        rounds.unwrap_or_default().iter().find(|it| it.key == round).map(|it| it.due_at)
    }

    /// The deadline that holds: the later of the round's and the partner's own.
    pub(super) fn deadline(&self, partner: &str, round: &str) -> Option<String> {
        let own = self.extensions.get(&(partner.to_owned(), round.to_owned()));
        let until = own.and_then(|extension| dates::instant(text(extension, "until")));
        self.due_at(round).max(until).map(rfc3339)
    }
}

pub fn compare(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    found: &mut Findings,
) -> Result<()> {
    let rows = audit::extensions(conn, alliance);
    let Some(rows) = found.loaded("extensions", rows)? else { return Ok(()) };
    let address = |round: &str, partner: &str| format!("rounds/{round}/extensions/{partner}");
    let expected: Rows = state
        .extensions
        .iter()
        .map(|((partner, round), it)| (address(round, partner), it.clone()))
        .collect();
    let row = |row: ExtensionRow| {
        let value: Value = json!({
            "round": row.round,
            "partner": row.partner_id,
            "until": rfc3339(row.until_at.0),
            "reason": row.reason,
            "grantedAt": rfc3339(row.granted_at.0),
            "version": row.version,
        });
        (address(&row.round, &row.partner_id.to_string()), value)
    };
    found.compare(expected, rows.into_iter().map(row).collect());
    Ok(())
}
