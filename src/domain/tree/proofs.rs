//! Proofs that a leaf is in a tree, and that one tree is the beginning of another.

use super::{Hash, Node, joined, node_hash, parts_of};

/// The hashes of a proof, yet to be looked up: each is put together from the complete subtrees named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof(Vec<Vec<Node>>);

impl Proof {
    /// Every subtree whose hash is wanted.
    pub fn nodes(&self) -> Vec<Node> {
        self.0.iter().flatten().copied().collect()
    }

    /// The hashes, from the leaves up; `None` where one of `nodes` is not known.
    pub fn hashes(&self, known: impl Fn(Node) -> Option<Hash>) -> Option<Vec<Hash>> {
        self.0.iter().map(|nodes| joined(nodes, &known)).collect()
    }
}

/// That a leaf is in the tree of this size (RFC 9162 §2.1.3.1). `None` if it is not.
pub fn inclusion(index: u64, size: u64) -> Option<Proof> {
    if index >= size {
        return None;
    }
    let (mut start, mut index, mut count) = (0, index, size);
    let mut down = Vec::new();
    while count > 1 {
        let half = half(count);
        if index < half {
            down.push(parts_of(start + half, count - half));
            count = half;
        } else {
            down.push(parts_of(start, half));
            (start, index, count) = (start + half, index - half, count - half);
        }
    }
    down.reverse();
    Some(Proof(down))
}

/// That the tree of size `from` is the beginning of the one of size `to` (RFC 9162 §2.1.4.1). `None` if
/// `from` is 0 or larger than `to`.
pub fn consistency(from: u64, to: u64) -> Option<Proof> {
    if from == 0 || from > to {
        return None;
    }
    let (mut start, mut old, mut count) = (0, from, to);
    let mut down = Vec::new();
    while old != count {
        let half = half(count);
        if old <= half {
            down.push(parts_of(start + half, count - half));
            count = half;
        } else {
            down.push(parts_of(start, half));
            (start, old, count) = (start + half, old - half, count - half);
        }
    }
    // Where it is the old tree itself, whoever asks knows its hash.
    if start > 0 {
        down.push(parts_of(start, count));
    }
    down.reverse();
    Some(Proof(down))
}

/// The largest power of two below a count of at least 2.
fn half(count: u64) -> u64 {
    1 << (u64::BITS - 1 - (count - 1).leading_zeros())
}

/// Whether the proof shows that the leaf is in the tree (RFC 9162 §2.1.3.2).
pub fn includes(index: u64, size: u64, leaf: &Hash, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether the proof shows that the tree of size `from` is the beginning of the one of size `to`
/// (RFC 9162 §2.1.4.2).
pub fn consists(from: u64, to: u64, old: &Hash, new: &Hash, proof: &[Hash]) -> bool {
    if from == 0 || from > to {
        return false;
    }
    if from == to {
        return proof.is_empty() && old == new;
    }
    // A whole old tree is where the way up begins, and is left out of the proof.
    let (first, rest) = match (from.is_power_of_two(), proof.split_first()) {
        (true, _) => (old, proof),
        (false, Some((first, rest))) => (first, rest),
        (false, None) => return false,
    };
    let (mut node, mut last) = (from - 1, to - 1);
    while node & 1 == 1 {
        (node, last) = (node >> 1, last >> 1);
    }
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && old_hash == *old && new_hash == *new
}
