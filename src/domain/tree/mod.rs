//! The hash tree over a journal's entries (RFC 6962 §2.1, RFC 9162 §2.1).
//!
//! A leaf is an entry's bytes; entry number n is leaf n - 1. What is kept is the hash of every complete
//! subtree, which never changes once its last leaf is there. From these the root at any size and every proof
//! are put together, reading about as many hashes as the tree is high.

mod proofs;
#[cfg(test)]
mod tests;

pub use proofs::{Proof, consistency, consists, includes, inclusion};

use sha2::{Digest, Sha256};

/// SHA-256.
pub type Hash = [u8; 32];

/// A complete subtree: the leaves from `position << level` until before `(position + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// 0 for a leaf; a subtree has `1 << level` leaves.
    pub level: u32,
    pub position: u64,
}

/// Of an entry's bytes.
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
}

pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let hash = Sha256::new().chain_update([1]).chain_update(left).chain_update(right);
    hash.finalize().into()
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The subtrees whose hashes an appended leaf wants, being its left neighbours on the way up.
pub fn left_of(index: u64) -> Vec<Node> {
    let left = |level| Node { level, position: (index >> level) - 1 };
    (0..index.trailing_ones()).map(left).collect()
}

/// The hashes that a leaf brings: its own, and those of the subtrees that it completes. `None` where one of
/// `left_of(index)` is not known.
pub fn append(
    index: u64,
    leaf: Hash,
    known: impl Fn(Node) -> Option<Hash>,
) -> Option<Vec<(Node, Hash)>> {
    let mut grown = vec![(Node { level: 0, position: index }, leaf)];
    let mut hash = leaf;
    for left in left_of(index) {
        hash = node_hash(&known(left)?, &hash);
        grown.push((Node { level: left.level + 1, position: left.position >> 1 }, hash));
    }
    Some(grown)
}

/// The complete subtrees that a tree of this size consists of, from the left.
pub fn parts(size: u64) -> Vec<Node> {
    parts_of(0, size)
}

/// The root of a tree of this size; `None` where one of `parts(size)` is not known.
pub fn root(size: u64, known: impl Fn(Node) -> Option<Hash>) -> Option<Hash> {
    if size == 0 {
        return Some(empty_root());
    }
    joined(&parts(size), &known)
}

/// The complete subtrees of some leaves that make up a subtree of a larger tree.
fn parts_of(start: u64, count: u64) -> Vec<Node> {
    let mut at = start;
    let levels = (0..u64::BITS).rev().filter(|level| (count >> level) & 1 == 1);
    let part = |level: u32| {
        let node = Node { level, position: at >> level };
        at += 1 << level;
        node
    };
    levels.map(part).collect()
}

/// The hash over neighbours, the largest first.
fn joined(nodes: &[Node], known: &impl Fn(Node) -> Option<Hash>) -> Option<Hash> {
    let (last, before) = nodes.split_last()?;
    let mut hash = known(*last)?;
    for node in before.iter().rev() {
        hash = node_hash(&known(*node)?, &hash);
    }
    Some(hash)
}
