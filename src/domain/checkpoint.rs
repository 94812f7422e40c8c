//! The texts in which a tree is spoken of: checkpoints (c2sp.org/tlog-checkpoint), and proofs that are whole by
//! themselves (c2sp.org/tlog-proof).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::tree::Hash;

const PROOF_HEADER: &str = "c2sp.org/tlog-proof@v1";

/// What a journal's tree was at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose tree.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

/// A leaf's way up to the root of a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafProof {
    /// Of the leaf, from 0.
    pub index: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// A signed note.
    pub checkpoint: String,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, base64(&self.root))
    }

    /// Reads the text of a note. Lines behind the third are passed over. `None` if it is no checkpoint.
    pub fn parse(text: &str) -> Option<Checkpoint> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
        if origin.is_empty() || lines.any(str::is_empty) {
            return None;
        }
        Some(Checkpoint {
            origin: origin.to_owned(),
            size: number(size)?,
            root: hash(root)?,
        })
    }
}

impl LeafProof {
    pub fn text(&self) -> String {
        let hashes: String = self.hashes.iter().map(|hash| base64(hash) + "\n").collect();
        format!("{PROOF_HEADER}\nindex {}\n{hashes}\n{}", self.index, self.checkpoint)
    }

    /// Reads a proof; what it says is yet to be verified. `None` if it is none.
    pub fn parse(text: &str) -> Option<LeafProof> {
        let (proof, checkpoint) = text.split_once("\n\n")?;
        let mut lines = proof.split('\n');
        if lines.next() != Some(PROOF_HEADER) {
            return None;
        }
        let mut line = lines.next()?;
        if line.starts_with("extra ") {
            // Nothing vouches for it.
            line = lines.next()?;
        }
        let index = number(line.strip_prefix("index ")?)?;
        let hashes = lines.map(hash).collect::<Option<_>>()?;
        Some(LeafProof { index, hashes, checkpoint: checkpoint.to_owned() })
    }
}

pub fn base64(hash: &Hash) -> String {
    BASE64_STANDARD.encode(hash)
}

fn hash(text: &str) -> Option<Hash> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}

/// Digits, written in one way only.
pub fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const EXAMPLE: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn a_checkpoint_is_written_as_it_is_read() {
        let read = Checkpoint::parse(EXAMPLE).expect("a checkpoint");
        assert_eq!((read.origin.as_str(), read.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(read.text(), EXAMPLE);
        assert_eq!(Checkpoint::parse(&format!("{EXAMPLE}more\n")), Some(read));
    }

    #[test]
    fn what_is_no_checkpoint_is_not_read() {
        let line = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for wrong in [
            "",
            "\n",
            "a\n1\n",
            &format!("a\n1\n{line}"),
            &format!("\n1\n{line}\n"),
            &format!("a\n01\n{line}\n"),
            &format!("a\n+1\n{line}\n"),
            &format!("a\n-1\n{line}\n"),
            &format!("a\n18446744073709551616\n{line}\n"),
            &format!("a\n1\n{}\n", &line[4..]),
            &format!("a\n1\n{line}\n\n"),
        ] {
            assert_eq!(Checkpoint::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_proof_is_written_as_the_specification_has_it() {
        let checkpoint = format!("{EXAMPLE}\n— example.com/behind-the-sofa AAAA\n");
        let proof = LeafProof {
            index: 7,
            hashes: vec![[1; 32], [2; 32]],
            checkpoint: checkpoint.clone(),
        };
        let text = proof.text();
        let (one, two) = (base64(&[1; 32]), base64(&[2; 32]));
        assert_eq!(text, format!("c2sp.org/tlog-proof@v1\nindex 7\n{one}\n{two}\n\n{checkpoint}"));
        assert_eq!(LeafProof::parse(&text), Some(proof.clone()));
        let extra = text.replace("index", "extra AAAA\nindex");
        assert_eq!(LeafProof::parse(&extra), Some(proof));
        let lone = LeafProof { index: 0, hashes: Vec::new(), checkpoint };
        assert_eq!(LeafProof::parse(&lone.text()), Some(lone));
    }

    #[test]
    fn what_is_no_proof_is_not_read() {
        for wrong in [
            "",
            "c2sp.org/tlog-proof@v1\nindex 7\n",
            "c2sp.org/tlog-proof@v2\nindex 7\n\nx",
            "c2sp.org/tlog-proof@v1\nindex 07\n\nx",
            "c2sp.org/tlog-proof@v1\nAAAA\n\nx",
            "c2sp.org/tlog-proof@v1\nindex 7\nAAAA\n\nx",
        ] {
            assert_eq!(LeafProof::parse(wrong), None, "{wrong:?}");
        }
    }
}
