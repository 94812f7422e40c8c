//! What partners were called, entry by entry.

use std::collections::BTreeMap;

use serde_json::json;

use super::compare::text;
use super::journal::Entry;
use super::{Findings, Rows};
use crate::db::Conn;
use crate::domain::id::{AllianceId, PartnerId};
use crate::domain::journal::hex;
use crate::domain::names;
use crate::service::Result;
use crate::store::partner_names::NameRow;
use crate::store::{self, OPEN};

/// A name and the entries between which it was known: from one on, before another.
struct Called {
    partner: String,
    name: String,
    from_seq: i64,
    to_seq: i64,
}

/// Every name that a partner ever had.
#[derive(Default)]
pub struct Names {
    called: Vec<Called>,
    /// Where in `called` the name is that a partner has now.
    open: BTreeMap<String, usize>,
}

impl Names {
    pub fn take(&mut self, entry: &Entry) {
        let Some(partner) = entry.subject.strip_prefix("partners/") else { return };
        let name = text(&entry.after, "name");
        if let Some(before) = self.open.get(partner).and_then(|place| self.called.get_mut(*place)) {
            if before.name == name {
                return;
            }
            before.to_seq = entry.seq;
        }
        self.open.insert(partner.to_owned(), self.called.len());
        self.called.push(Called {
            partner: partner.to_owned(),
            name: name.to_owned(),
            from_seq: entry.seq,
            to_seq: OPEN,
        });
    }

    /// The rows that there should be, for a table that is made anew.
    pub fn rows(&self, alliance: AllianceId) -> Option<Vec<NameRow>> {
        let row = |it: &Called| {
            let row = NameRow::new(alliance, PartnerId::parse(&it.partner)?, &it.name, it.from_seq);
            Some(NameRow { to_seq: it.to_seq, ..row })
        };
        self.called.iter().map(row).collect()
    }
}

pub fn compare(
    conn: &mut Conn,
    alliance: AllianceId,
    names: &Names,
    found: &mut Findings,
) -> Result<()> {
    let rows = store::partner_names::all(conn, alliance);
    let Some(rows) = found.loaded("partner_names", rows)? else { return Ok(()) };
    let row = |partner: &str, from_seq: i64, to_seq: i64, name: &str, name_sort: &[u8]| {
        let value = json!({ "name": name, "nameSort": hex(name_sort), "toSeq": to_seq });
        (format!("partners/{partner}/names/{from_seq}"), value)
    };
    let expected: Rows = names
        .called
        .iter()
        .map(|it| row(&it.partner, it.from_seq, it.to_seq, &it.name, &names::sort_key(&it.name)))
        .collect();
    let rows = rows
        .iter()
        .map(|it| row(&it.partner_id.to_string(), it.from_seq, it.to_seq, &it.name, &it.name_sort));
    found.compare(expected, rows.collect());
    Ok(())
}
