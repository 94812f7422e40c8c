//! The evidence bundle: all that it takes to check an edition without a server. A zip file whose every file is
//! listed in its manifest with length and SHA-256.

mod archive;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::journal::hex;

pub use archive::{BadZip, Files, lines, unzip, unzip_apart, zip};

pub const FORMAT: &str = "facit-evidence/1";

pub const MANIFEST: &str = "manifest.json";
pub const README_DA: &str = "README.da.md";
pub const README_EN: &str = "README.en.md";
/// The edition's bytes as they are published.
pub const PUBLICATION: &str = "publication.json";
/// The signed note over it.
pub const PUBLICATION_NOTE: &str = "publication.note";
/// The canonical bytes of the journal's entry that published it.
pub const PUBLICATION_ENTRY: &str = "publication-entry.json";
/// That this entry is in the journal.
pub const PUBLICATION_PROOF: &str = "publication.tlog-proof";
pub const CHECKPOINT: &str = "checkpoint.note";
pub const KEYS: &str = "verifier-keys.txt";
pub const FIGURES: &str = "figures.csv";
/// The canonical bytes of every entry, a line each.
pub const ENTRIES: &str = "entries.jsonl";
/// The texts taken out of them, a line each.
pub const TEXTS: &str = "texts.jsonl";
pub const STANDINGS: &str = "standings.csv";

/// What every bundle has, besides the programmes.
pub const NEEDED: [&str; 9] = [
    CHECKPOINT,
    FIGURES,
    PUBLICATION,
    PUBLICATION_ENTRY,
    PUBLICATION_NOTE,
    PUBLICATION_PROOF,
    README_DA,
    README_EN,
    KEYS,
];
/// What a whole one has besides.
pub const NEEDED_WHOLE: [&str; 3] = [ENTRIES, STANDINGS, TEXTS];

/// Where a version of the programme lies.
pub fn programme(version: i64) -> String {
    format!("programmes/{version}.json")
}

/// What a bundle is of, and its files but this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The alliance's slug.
    pub alliance: String,
    pub edition: i64,
    /// In order of their paths.
    pub files: Vec<Listed>,
    pub format: String,
    /// The journal's id.
    pub journal: String,
    /// So many entries the checkpoint is of.
    pub size: i64,
    /// Whether the entries are there.
    pub whole: bool,
}

/// A file as the manifest has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    pub bytes: u64,
    pub path: String,
    pub sha256: String,
}

impl Listed {
    pub fn of(path: &str, content: &[u8]) -> Listed {
        Listed {
            bytes: content.len() as u64,
            path: path.to_owned(),
            sha256: hex(&Sha256::digest(content)),
        }
    }
}

impl Manifest {
    /// The canonical bytes (RFC 8785).
    pub fn bytes(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(self).unwrap_or_default()
    }

    /// Reads a manifest of this format, which is canonical. `None` if it is not.
    pub fn parse(bytes: &[u8]) -> Option<Manifest> {
        let manifest: Manifest = serde_json::from_slice(bytes).ok()?;
        (manifest.format == FORMAT && manifest.bytes() == bytes).then_some(manifest)
    }
}
