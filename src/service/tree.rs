//! Each journal's hash tree: it grows with the journal, in the same transaction.

use std::collections::BTreeMap;

use super::{Error, Kind, Result};
use crate::db::{Conn, Db};
use crate::domain::id::AllianceId;
use crate::domain::tree::{self, Hash, Node};
use crate::store;

/// So many entries are read at a time where a whole journal is hashed.
const PAGE: i64 = 1000;

/// Adds the entry of this number, which must be the next.
pub(super) fn grow(conn: &mut Conn, journal: AllianceId, seq: i64, bytes: &[u8]) -> Result<()> {
    let index = index(seq).ok_or_else(damaged)?;
    let left = known(conn, journal, &tree::left_of(index))?;
    let grown = tree::append(index, tree::leaf_hash(bytes), |node| left.get(&node).copied());
    Ok(store::tree::insert(conn, journal, &grown.ok_or_else(damaged)?)?)
}

/// The hashes of these subtrees that there are.
pub(super) fn known(
    conn: &mut Conn,
    journal: AllianceId,
    nodes: &[Node],
) -> Result<BTreeMap<Node, Hash>> {
    Ok(store::tree::find(conn, journal, nodes)?.into_iter().collect())
}

/// The leaf of an entry.
pub(super) fn index(seq: i64) -> Option<u64> {
    u64::try_from(seq).ok()?.checked_sub(1)
}

/// A hash that must be there is not. Nothing is written on top of such a tree, and nothing signed.
pub(super) fn damaged() -> Error {
    Error::refuse(
        Kind::Unavailable,
        "tree-damaged",
        "Journalens hashtræ er beskadiget: der mangler hashværdier. Driften må køre facit check.",
        "The journal's hash tree is damaged: hashes are missing. Whoever runs the service must run facit check.",
    )
}

/// Hashes the journals from before there were trees, which a migration has named; each once, in a transaction
/// of its own. Answers which. A journal that lacks an entry is hashed up to there.
pub fn grow_due(db: &Db) -> Result<Vec<AllianceId>> {
    let mut done = Vec::new();
    for journal in db.read_now(store::tree::unhashed)? {
        let is_due = db.write_now(|conn| {
            let is_due = store::tree::hashed(conn, journal)?;
            if is_due {
                grow_whole(conn, journal)?;
            }
            Ok::<_, Error>(is_due)
        });
        if is_due? {
            done.push(journal);
        }
    }
    Ok(done)
}

fn grow_whole(conn: &mut Conn, journal: AllianceId) -> Result<()> {
    // The last hash of each level, which is the left neighbour of what comes.
    let mut last: BTreeMap<u32, Hash> = BTreeMap::new();
    let mut after = 0;
    loop {
        let entries = store::tree::entries(conn, journal, after, PAGE)?;
        if entries.is_empty() {
            return Ok(());
        }
        let mut hashes = Vec::new();
        for (seq, bytes) in entries {
            let left = |node: Node| last.get(&node.level).copied();
            let grown = index(seq)
                .filter(|_| seq == after + 1)
                .and_then(|index| tree::append(index, tree::leaf_hash(&bytes), left));
            let Some(grown) = grown else {
                tracing::error!(journal.id = %journal, entry = after + 1, "the journal lacks an entry");
                return Ok(store::tree::insert(conn, journal, &hashes)?);
            };
            last.extend(grown.iter().map(|(node, hash)| (node.level, *hash)));
            hashes.extend(grown);
            after = seq;
        }
        store::tree::insert(conn, journal, &hashes)?;
    }
}
