//! The journal's tree, worked out again from the entries' bytes, and what was signed of it.
//!
//! Every leaf is compared with its entry and every node with the two below it, so what was changed by hand is
//! named where it is, and not once more at each level above it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::Findings;
use crate::auth::notes;
use crate::db::Conn;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::id::AllianceId;
use crate::domain::journal::hex;
use crate::service::Result;
use crate::store::checkpoints::CheckpointRow;
use crate::store::{audit, installation};

type Hash = [u8; 32];

const PAGE: i64 = 1000;

/// Compares the tree's table with the entries, and both with every checkpoint that was signed.
pub fn compare(conn: &mut Conn, journal: AllianceId, found: &mut Findings) -> Result<()> {
    let Some(leaves) = leaves(conn, journal, found)? else { return Ok(()) };
    let Some(rows) = found.loaded("journal/tree", audit::hashes(conn, journal))? else { return Ok(()) };
    let stored: BTreeMap<(i64, i64), Vec<u8>> = rows
        .into_iter()
        .map(|(level, position, hash)| ((level, position), hash))
        .collect();
    found.hashes += i64::try_from(stored.len()).unwrap_or(i64::MAX);
    compare_leaves(&leaves, &stored, found);
    compare_nodes(&leaves, &stored, found);

    let signed = audit::checkpoints(conn, journal);
    let Some(signed) = found.loaded("journal/checkpoints", signed)? else { return Ok(()) };
    let mut texts = Vec::new();
    for row in &signed {
        texts.extend(signed_text(conn, row, found)?);
    }
    compare_signed(&leaves, &texts, found);
    Ok(())
}

/// Compares the entries with a checkpoint that somebody kept: a signed note, as the service sent it.
pub fn against(conn: &mut Conn, journal: AllianceId, note: &str, found: &mut Findings) -> Result<()> {
    let Some(leaves) = leaves(conn, journal, found)? else { return Ok(()) };
    match opened(conn, note)? {
        Some(checkpoint) => compare_signed(&leaves, &[checkpoint], found),
        None => found.differ("the checkpoint given", "no key of this installation has signed it"),
    }
    Ok(())
}

/// The hash of each entry's bytes, by number.
fn leaves(
    conn: &mut Conn,
    journal: AllianceId,
    found: &mut Findings,
) -> Result<Option<BTreeMap<i64, Hash>>> {
    let mut leaves = BTreeMap::new();
    let mut after = i64::MIN;
    loop {
        let rows = audit::entries(conn, journal, after, PAGE);
        let Some(rows) = found.loaded("journal", rows)? else { return Ok(None) };
        let Some(last) = rows.last() else { return Ok(Some(leaves)) };
        after = last.seq;
        leaves.extend(rows.iter().map(|row| (row.seq, leaf(&row.bytes))));
    }
}

/// The hash of an entry's bytes.
pub fn leaf(entry: &[u8]) -> Hash {
    hash(&[&[0], entry])
}

fn hash(parts: &[&[u8]]) -> Hash {
    let mut sha256 = Sha256::new();
    parts.iter().for_each(|part| sha256.update(part));
    sha256.finalize().into()
}

fn compare_leaves(
    leaves: &BTreeMap<i64, Hash>,
    stored: &BTreeMap<(i64, i64), Vec<u8>>,
    found: &mut Findings,
) {
    let kept: BTreeMap<i64, &Vec<u8>> = stored
        .iter()
        .filter(|((level, _), _)| *level == 0)
        .map(|((_, position), hash)| (position + 1, hash))
        .collect();
    let seqs: BTreeSet<i64> = leaves.keys().chain(kept.keys()).copied().collect();
    for seq in seqs {
        let detail = match (leaves.get(&seq), kept.get(&seq)) {
            (Some(leaf), Some(kept)) if leaf.as_slice() == kept.as_slice() => continue,
            (Some(leaf), Some(kept)) => format!(
                "the entry is not the one that was put into the tree: its leaf hash is {}, the tree says {}",
                hex(leaf),
                hex(kept)
            ),
            (Some(_), None) => "the tree has no leaf for the entry".to_owned(),
            (None, _) => "the tree has a leaf for an entry that is missing".to_owned(),
        };
        found.differ(format!("journal/{seq}"), detail);
    }
}

/// Each node is over the two below it as they are kept, and there is one for each two.
fn compare_nodes(
    leaves: &BTreeMap<i64, Hash>,
    stored: &BTreeMap<(i64, i64), Vec<u8>>,
    found: &mut Findings,
) {
    let mut wanted = BTreeSet::new();
    let mut width = leaves.keys().next_back().copied().unwrap_or(0);
    for level in 1.. {
        width /= 2;
        if width <= 0 {
            break;
        }
        wanted.extend((0..width).map(|position| (level, position)));
    }
    let nodes = stored.keys().filter(|(level, _)| *level != 0);
    let all: BTreeSet<(i64, i64)> = wanted.iter().chain(nodes).copied().collect();
    for (level, position) in all {
        let below = |offset| stored.get(&(level - 1, position * 2 + offset));
        let over = below(0).zip(below(1)).map(|(left, right)| hash(&[&[1], left, right]));
        let detail = match (stored.get(&(level, position)), over) {
            _ if !wanted.contains(&(level, position)) => "the tree has no such node",
            (None, _) => "the hash is missing",
            (Some(kept), Some(over)) if kept.as_slice() == over.as_slice() => continue,
            (Some(_), Some(_)) => "the hash is not that over the two below it",
            // The one that is missing is named.
            (Some(_), None) => continue,
        };
        let (first, last) = (position << level, (position + 1) << level);
        let entries = format!("entries {} to {last}", first + 1);
        found.differ(format!("journal/tree/{level}/{position}"), format!("{detail} ({entries})"));
    }
}

/// What a row's note says, if the row says the same and we have signed it.
fn signed_text(
    conn: &mut Conn,
    row: &CheckpointRow,
    found: &mut Findings,
) -> Result<Option<Checkpoint>> {
    let address = format!("journal/checkpoints/{}", row.size);
    let Some(checkpoint) = opened(conn, &row.note)? else {
        found.differ(address, "no key of this installation has signed it");
        return Ok(None);
    };
    if i64::try_from(checkpoint.size) != Ok(row.size) || checkpoint.root.as_slice() != row.root {
        found.differ(address, "the row is not what the signed note says");
        return Ok(None);
    }
    Ok(Some(checkpoint))
}

/// The checkpoint of a note that one of our keys has signed, in whatever name it bears.
fn opened(conn: &mut Conn, note: &str) -> Result<Option<Checkpoint>> {
    let name = note.lines().next().unwrap_or_default();
    let keys = installation::note_keys(conn)?;
    let verifiers: Vec<_> = keys.iter().map(|key| key.verifier(name)).collect();
    Ok(notes::open(note, &verifiers).ok().and_then(Checkpoint::parse))
}

/// Names the first checkpoint that is not true, and the entries among which the change is: from behind the last
/// one that is.
fn compare_signed(leaves: &BTreeMap<i64, Hash>, signed: &[Checkpoint], found: &mut Findings) {
    let sizes: BTreeMap<i64, &Checkpoint> = signed
        .iter()
        .map(|checkpoint| (i64::try_from(checkpoint.size).unwrap_or(i64::MAX), checkpoint))
        .collect();
    let roots = roots(leaves, &sizes.keys().copied().collect());
    let mut holds = 0;
    for (size, checkpoint) in sizes {
        let detail = match roots.get(&size) {
            Some(root) if *root == checkpoint.root => {
                holds = size;
                continue;
            }
            Some(_) => "are not those that were signed",
            None => "were signed, and are not all there",
        };
        let address = format!("journal/checkpoints/{size}");
        return found.differ(address, format!("entries {} to {size} {detail}", holds + 1));
    }
}

/// The roots at these sizes, as far as the entries go without a gap.
fn roots(leaves: &BTreeMap<i64, Hash>, sizes: &BTreeSet<i64>) -> BTreeMap<i64, Hash> {
    let mut roots = BTreeMap::new();
    let mut growing = Growing::default();
    for (expected, (seq, leaf)) in (1..).zip(leaves) {
        if *seq != expected {
            break;
        }
        growing.push(*leaf);
        if sizes.contains(seq) {
            roots.extend(growing.root().map(|root| (*seq, root)));
        }
    }
    roots
}

/// A tree that takes one leaf after the other, and keeps no more of it than it needs for its root.
#[derive(Default)]
pub struct Growing {
    /// The complete subtrees so far, the largest first, each with its number of leaves.
    parts: Vec<(u64, Hash)>,
}

impl Growing {
    pub fn push(&mut self, leaf: Hash) {
        let mut part = (1, leaf);
        while let Some((count, left)) = self.parts.pop() {
            if count != part.0 {
                self.parts.push((count, left));
                break;
            }
            part = (count * 2, hash(&[&[1], &left, &part.1]));
        }
        self.parts.push(part);
    }

    /// The root over the leaves so far; none over none.
    pub fn root(&self) -> Option<Hash> {
        let right_to_left = self.parts.iter().rev().map(|(_, hash)| *hash);
        right_to_left.reduce(|right, left| hash(&[&[1], &left, &right]))
    }
}
