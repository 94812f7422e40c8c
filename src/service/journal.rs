//! The one way into the journal.

use chrono::Duration;

use super::{Ctx, Error, Result, tree};
use crate::db::types::Instant;
use crate::db::{self, Conn};
use crate::domain::id::AllianceId;
use crate::domain::journal::{self, Change, Position};
use crate::store;
use crate::store::journal::{EntryRow, Head, TextRow};

/// The number that the next entry will have. Only under the write lock, which every write holds.
pub fn next_seq(conn: &mut Conn, ctx: &Ctx, journal: AllianceId) -> Result<i64> {
    Ok(head(conn, ctx, journal)?.map_or(0, |head| head.size) + 1)
}

/// Where the journal has come to, with what this very write has added.
fn head(conn: &mut Conn, ctx: &Ctx, journal: AllianceId) -> Result<Option<Head>> {
    match ctx.gathered(journal).and_then(|gathered| gathered.head) {
        Some(head) => Ok(Some(head)),
        None => Ok(store::journal::head(conn, journal)?),
    }
}

/// Appends one entry, to the journal and to its tree, and answers its number. Its time is the later of the request's clock and the
/// previous entry's time plus a microsecond, so that times never run backwards.
pub fn record(conn: &mut Conn, ctx: &Ctx, journal: AllianceId, change: Change) -> Result<i64> {
    let head = match head(conn, ctx, journal)? {
        Some(head) => head,
        None => {
            store::journal::begin(conn, journal, ctx.now)?;
            Head { size: 0, last_at: ctx.now - Duration::microseconds(1) }
        }
    };
    let at = ctx.now.max(head.last_at + Duration::microseconds(1));
    let position = Position { journal, seq: head.size + 1, at, actor: ctx.caller.actor() };
    let sealed = journal::seal(&change, position, random);
    if sealed.bytes.is_empty() {
        let cause = format!("entry {} of {} has no canonical form", position.seq, journal);
        return Err(Error::Failed(db::Error::Broken(cause)));
    }
    let entry = EntryRow {
        journal_id: journal,
        seq: position.seq,
        entry_at: Instant(at),
        actor_id: position.actor,
        action: change.action.to_owned(),
        subject: change.subject,
        partner_id: change.partner,
        bytes: sealed.bytes,
    };
    let texts: Vec<TextRow> = sealed
        .texts
        .into_iter()
        .map(|text| TextRow {
            journal_id: journal,
            seq: position.seq,
            pointer: text.pointer,
            salt: text.salt.to_vec(),
            text: text.text,
        })
        .collect();
    store::journal::append(conn, &entry, &texts)?;
    tree::grow(conn, journal, position.seq, &entry.bytes)?;
    let head = Head { size: position.seq, last_at: at };
    match ctx.gathered(journal) {
        Some(mut gathered) => gathered.head = Some(head),
        None => store::journal::move_head(conn, journal, head)?,
    }
    Ok(position.seq)
}

/// Fresh random bytes. Without randomness nothing can be hidden in a proof, so a machine that has none must not write.
pub fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    #[expect(clippy::expect_used, reason = "a panic here rolls the write back")]
    getrandom::fill(&mut bytes).expect("the machine gives random bytes");
    bytes
}
