//! The numbers of the reference implementation (transparency-dev/merkle, Apache 2.0), and the definitions of
//! RFC 6962 §2.1 written down as they stand there.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::domain::journal::hex;

/// The proofs, right and wrong, of `testdata/inclusion` and `testdata/consistency`, a line each: two sizes or a
/// leaf and a size, two hashes, the proof, whether it holds, and what was done to it.
const PROBES: &str = include_str!("../../../tests/vectors/merkle.json");

/// Leaves and roots of `rfc6962` and `compact`, in hexadecimal.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// What is kept of a tree.
#[derive(Default)]
struct Kept {
    size: u64,
    hashes: BTreeMap<Node, Hash>,
}

impl Kept {
    fn of(leaves: &[Hash]) -> Kept {
        leaves.iter().fold(Kept::default(), |mut kept, leaf| {
            let grown = append(kept.size, *leaf, |node| kept.hashes.get(&node).copied());
            kept.hashes.extend(grown.expect("all to the left is known"));
            kept.size += 1;
            kept
        })
    }

    fn known(&self) -> impl Fn(Node) -> Option<Hash> {
        |node| self.hashes.get(&node).copied()
    }

    fn root(&self, size: u64) -> Hash {
        root(size, self.known()).expect("a root")
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Hash> {
        inclusion(index, size)
            .expect("a proof")
            .hashes(self.known())
            .expect("its hashes")
    }

    fn consistency(&self, from: u64, to: u64) -> Vec<Hash> {
        consistency(from, to)
            .expect("a proof")
            .hashes(self.known())
            .expect("its hashes")
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}

fn reference() -> Kept {
    Kept::of(&LEAVES.map(|leaf| leaf_hash(&unhex(leaf))))
}

/// MTH(D[n]) of RFC 6962 §2.1.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        leaves => {
            let (left, right) = leaves.split_at(k(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// PATH(m, D[n]) of §2.1.1.
fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = k(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut path, other) =
        if m < k { (path(m, left), mth(right)) } else { (path(m - k, right), mth(left)) };
    path.push(other);
    path
}

/// SUBPROOF(m, D[n], b) of §2.1.2.
fn subproof(m: usize, leaves: &[Hash], b: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if b { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = k(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut proof, other) = if m <= k {
        (subproof(m, left, b), mth(right))
    } else {
        (subproof(m - k, right, false), mth(left))
    };
    proof.push(other);
    proof
}

/// The largest power of two below n.
fn k(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|i| leaf_hash(format!("entry {i}").as_bytes())).collect()
}

#[test]
fn leaves_and_nodes_hash_as_the_reference_says() {
    let leaf = leaf_hash(b"L123456");
    assert_eq!(hex(&leaf), "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    assert_eq!(hex(&leaf_hash(b"")), ROOTS[1]);
    let node = Sha256::new()
        .chain_update([1])
        .chain_update("N123")
        .chain_update("N456")
        .finalize();
    assert_eq!(hex(&node), "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
    let (left, right) = (leaf_hash(&unhex("10")), leaf_hash(&unhex("2021")));
    let by_hand = [&[1][..], &left, &right].concat();
    assert_eq!(node_hash(&left, &right).as_slice(), Sha256::digest(by_hand).as_slice());
}

#[test]
fn the_tree_has_the_roots_of_the_reference_at_every_size() {
    let kept = reference();
    let roots = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(|size| hex(&kept.root(size)));
    assert_eq!(roots.each_ref().map(String::as_str), ROOTS);
}

/// One of the reference's proofs.
struct Probe {
    numbers: [u64; 2],
    hashes: [Hash; 2],
    proof: Vec<Hash>,
    holds: bool,
    what: String,
}

/// Those that our types can hold: in some a hash is cut short, or none.
fn probes(kind: &str) -> Vec<Probe> {
    let hash = |value: &Value| {
        let bytes = BASE64_STANDARD.decode(value.as_str().expect("a text")).expect("base64");
        Hash::try_from(bytes).ok()
    };
    let all: Value = serde_json::from_str(PROBES).expect("JSON");
    let probe = |row: &Value| {
        Some(Probe {
            numbers: [&row[0], &row[1]].map(|number| number.as_u64().expect("a number")),
            hashes: [hash(&row[2])?, hash(&row[3])?],
            proof: row[4].as_array().expect("a list").iter().map(hash).collect::<Option<_>>()?,
            holds: row[5].as_bool().expect("a verdict"),
            what: format!("{kind} {row}"),
        })
    };
    all[kind].as_array().expect("a list").iter().filter_map(probe).collect()
}

#[test]
fn the_proofs_of_the_reference_hold_or_not_as_it_says() {
    let (inclusions, consistencies) = (probes("inclusion"), probes("consistency"));
    assert_eq!((inclusions.len(), consistencies.len()), (72, 71));
    for Probe {
        numbers: [index, size],
        hashes: [leaf, root],
        proof,
        holds,
        what,
    } in inclusions
    {
        assert_eq!(includes(index, size, &leaf, &proof, &root), holds, "{what}");
    }
    for Probe { numbers: [from, to], hashes: [old, new], proof, holds, what } in consistencies {
        assert_eq!(consists(from, to, &old, &new, &proof), holds, "{what}");
    }
}

#[test]
fn the_proofs_made_are_those_of_the_reference() {
    let kept = reference();
    let mut made = 0;
    for probe in probes("inclusion").into_iter().filter(|probe| probe.holds) {
        let [index, size] = probe.numbers;
        if probe.hashes[1] == kept.root(size) {
            assert_eq!(kept.inclusion(index, size), probe.proof, "{}", probe.what);
            made += 1;
        }
    }
    for probe in probes("consistency").into_iter().filter(|probe| probe.holds) {
        let [from, to] = probe.numbers;
        if probe.hashes[1] == kept.root(to) {
            assert_eq!(kept.consistency(from, to), probe.proof, "{}", probe.what);
            made += 1;
        }
    }
    assert!(made >= 8, "{made}");
}

#[test]
fn every_root_and_proof_up_to_70_leaves_is_that_of_the_definitions() {
    let leaves = leaves(70);
    let kept = Kept::of(&leaves);
    for size in 1..=70_usize {
        let tree = &leaves[..size];
        let root = kept.root(size as u64);
        assert_eq!(root, mth(tree), "root at {size}");
        for (index, leaf) in tree.iter().enumerate() {
            let proof = kept.inclusion(index as u64, size as u64);
            assert_eq!(proof, path(index, tree), "{index} in {size}");
            assert!(includes(index as u64, size as u64, leaf, &proof, &root), "{index} in {size}");
        }
        for from in 1..=size {
            let proof = kept.consistency(from as u64, size as u64);
            assert_eq!(proof, subproof(from, tree, true), "{from} to {size}");
            let old = kept.root(from as u64);
            assert!(consists(from as u64, size as u64, &old, &root, &proof), "{from} to {size}");
        }
    }
}

#[test]
fn there_is_no_proof_of_what_is_not_there() {
    assert_eq!(inclusion(0, 0), None);
    assert_eq!(inclusion(8, 8), None);
    assert_eq!(inclusion(u64::MAX, 3), None);
    assert_eq!(consistency(0, 8), None);
    assert_eq!(consistency(9, 8), None);
    let kept = reference();
    assert_eq!(root(9, kept.known()), None, "the ninth leaf is not there");
    assert_eq!(append(9, leaf_hash(b""), kept.known()), None, "nor is its left neighbour");
    let largest = inclusion(u64::MAX - 1, u64::MAX).expect("a way up");
    assert_eq!(largest.hashes(|_| Some([0; 32])).map(|hashes| hashes.len()), Some(63));
}

#[test]
fn a_tree_keeps_each_complete_subtree_once() {
    let kept = Kept::of(&leaves(100));
    assert_eq!(kept.hashes.len(), 100 + 50 + 25 + 12 + 6 + 3 + 1);
    assert_eq!(parts(100).iter().map(|node| 1 << node.level).sum::<u64>(), 100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_proof_holds_for_its_own_leaf_and_tree_only(
        size in 1_usize..400, at in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(),
        flipped in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(size);
        let kept = Kept::of(&leaves);
        let (index, other, size) = (at.index(size), other.index(size), size as u64);
        let root = kept.root(size);
        let proof = kept.inclusion(index as u64, size);
        let holds = |leaf: &Hash, index: usize, size, proof: &[Hash], root| {
            includes(index as u64, size, leaf, proof, root)
        };
        prop_assert!(holds(&leaves[index], index, size, &proof, &root));
        if other != index {
            prop_assert!(!holds(&leaves[other], index, size, &proof, &root));
            prop_assert!(!holds(&leaves[index], other, size, &proof, &root));
        }
        let before = kept.root(size - 1);
        prop_assert!(!holds(&leaves[index], index, size, &proof, &before));
        if !proof.is_empty() {
            prop_assert!(!holds(&leaves[index], index, size, &proof[1..], &root));
            let mut bent = proof.clone();
            bent[flipped.index(proof.len())][7] ^= 1;
            prop_assert!(!holds(&leaves[index], index, size, &bent, &root));
        }
        let longer = [&proof[..], &[root]].concat();
        prop_assert!(!holds(&leaves[index], index, size, &longer, &root));
    }

    #[test]
    fn a_tree_that_was_changed_is_no_beginning(
        to in 2_usize..400, from in any::<prop::sample::Index>(), changed in any::<prop::sample::Index>(),
    ) {
        let from = 1 + from.index(to - 1);
        let honest = leaves(to);
        let mut bent = honest.clone();
        bent[changed.index(from)] = leaf_hash(b"another");
        let (one, other) = (Kept::of(&honest), Kept::of(&bent));
        let (from, to) = (from as u64, to as u64);
        let (old, new) = (one.root(from), other.root(to));
        prop_assert!(consists(from, to, &old, &one.root(to), &one.consistency(from, to)));
        for proof in [one.consistency(from, to), other.consistency(from, to)] {
            prop_assert!(!consists(from, to, &old, &new, &proof));
        }
    }
}
