//! Proofs from a journal's tree: that an entry is in it, and that it was never rewritten.

use std::collections::BTreeMap;

use super::checkpoints::Signed;
use super::tree::{damaged, index, known};
use super::{Error, Result};
use crate::db::Conn;
use crate::domain::checkpoint::LeafProof;
use crate::domain::id::AllianceId;
use crate::domain::tree::{self, Hash, Node, Proof};

/// That an entry is in the tree of so many entries (RFC 9162 §2.1.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Of the leaf, from 0.
    pub index: u64,
    pub leaf: Hash,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    pub root: Hash,
}

/// That the tree of some first entries is the beginning of a larger one (RFC 9162 §2.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    pub old_root: Hash,
    pub new_root: Hash,
    pub hashes: Vec<Hash>,
}

/// Proves that the entry is in the tree of the first `size` entries, which the journal has.
pub fn inclusion(conn: &mut Conn, journal: AllianceId, seq: i64, size: i64) -> Result<Inclusion> {
    let (index, size) = (index(seq).ok_or_else(Error::absent)?, count(size));
    let proof = tree::inclusion(index, size).ok_or_else(Error::absent)?;
    let leaf = Node { level: 0, position: index };
    let wanted = [vec![leaf], tree::parts(size)];
    let known = hashes(conn, journal, &proof, wanted.concat())?;
    let known = |node: Node| known.get(&node).copied();
    Ok(Inclusion {
        index,
        leaf: known(leaf).ok_or_else(damaged)?,
        hashes: proof.hashes(known).ok_or_else(damaged)?,
        root: tree::root(size, known).ok_or_else(damaged)?,
    })
}

/// Proves that the first `from` entries are the beginning of the first `to`, which the journal has.
pub fn consistency(conn: &mut Conn, journal: AllianceId, from: i64, to: i64) -> Result<Consistency> {
    let (from, to) = (count(from), count(to));
    let proof = tree::consistency(from, to).ok_or_else(Error::absent)?;
    let wanted = [tree::parts(from), tree::parts(to)];
    let known = hashes(conn, journal, &proof, wanted.concat())?;
    let known = |node: Node| known.get(&node).copied();
    Ok(Consistency {
        old_root: tree::root(from, known).ok_or_else(damaged)?,
        new_root: tree::root(to, known).ok_or_else(damaged)?,
        hashes: proof.hashes(known).ok_or_else(damaged)?,
    })
}

/// The proof of an entry that is whole by itself, against a checkpoint that has the entry.
pub fn of_entry(conn: &mut Conn, journal: AllianceId, seq: i64, signed: &Signed) -> Result<LeafProof> {
    let Inclusion { index, hashes, .. } = inclusion(conn, journal, seq, signed.size)?;
    Ok(LeafProof { index, hashes, checkpoint: signed.note.clone() })
}

/// All the hashes that are wanted, read together.
fn hashes(
    conn: &mut Conn,
    journal: AllianceId,
    proof: &Proof,
    besides: Vec<Node>,
) -> Result<BTreeMap<Node, Hash>> {
    let mut wanted = [proof.nodes(), besides].concat();
    wanted.sort();
    wanted.dedup();
    known(conn, journal, &wanted)
}

fn count(size: i64) -> u64 {
    u64::try_from(size).unwrap_or(0)
}
