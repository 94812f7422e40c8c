//! What was erased for good also goes out of the answers that are kept for a while, and out of the database's files.

use serde_json::Value;

use super::Result;
use crate::db::{Conn, Db};
use crate::domain::id::AllianceId;
use crate::store;
use crate::store::idempotency::StoredAnswer;

/// Notes, in the transaction that erases, that the files are to follow.
pub fn due_after(conn: &mut Conn, journal: AllianceId, seq: i64) -> Result<()> {
    Ok(store::erasures::insert_due(conn, journal, seq)?)
}

/// Rewrites the database without what was erased, if anything was since it was last done. Fails where it can't be
/// done at the moment; then it stays due.
pub fn sweep_due(db: &Db) -> Result<()> {
    let due = db.read_now(store::erasures::due)?;
    if due.is_empty() {
        return Ok(());
    }
    db.sweep()?;
    Ok(db.write_now(|conn| store::erasures::done(conn, &due))?)
}

/// Changes the answers to writes that are kept for who sends the same again, at addresses with this in them. `change`
/// gets each as JSON, and answers whether it changed anything.
pub fn rewrite_answers(
    conn: &mut Conn,
    part: &str,
    mut change: impl FnMut(&StoredAnswer, &mut Value) -> bool,
) -> Result<()> {
    for answer in store::idempotency::at(conn, part)? {
        // What is no JSON is a file or nothing, and no writing answers with a file.
        let Ok(mut body) = serde_json::from_slice(&answer.body) else { continue };
        if change(&answer, &mut body) {
            let bytes = serde_json::to_vec(&body).unwrap_or_default();
            store::idempotency::rewrite(conn, &answer, bytes)?;
        }
    }
    Ok(())
}
