//! `facit verify`: an evidence bundle, checked without a server, a database or a network (docs/auditing.md).
//!
//! The steps go on as far as they can, so that one run tells all that is wrong. `verifiers/python` does the same,
//! written apart; both give the same codes at the same places.

mod entries;
mod steps;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::auth::notes::Verifier;
use crate::domain::evidence::{BadZip, ENTRIES, Files, Listed, MANIFEST, Manifest, unzip_apart};
use crate::domain::journal::hex;

/// What whoever verifies knows already.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Whose signatures are believed; none to take the bundle's own word for it.
    pub keys: Vec<Verifier>,
    /// The alliance that the bundle must be of.
    pub alliance: Option<String>,
}

/// Something that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub code: &'static str,
    /// A file, or a place such as `journal/17` or `figures/partners/sector/civil`.
    #[serde(rename = "where")]
    pub place: String,
    pub detail: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// `verified`, `differs` or `unreadable`.
    pub verdict: &'static str,
    pub alliance: Option<String>,
    pub edition: Option<i64>,
    /// So many entries the checkpoint is of.
    pub size: Option<i64>,
    /// Whether the figures were computed again from the entries.
    pub whole: Option<bool>,
    /// Whether the keys came from elsewhere than the bundle.
    pub pinned: bool,
    pub findings: Vec<Finding>,
}

/// Verifies the bytes of a bundle.
pub fn verify(bytes: &[u8], asked: &Asked) -> Report {
    let pinned = !asked.keys.is_empty();
    let unreadable = |code, place: &str, detail: String| Report {
        verdict: "unreadable",
        alliance: None,
        edition: None,
        size: None,
        whole: None,
        pinned,
        findings: vec![Finding { code, place: place.to_owned(), detail }],
    };
    let mut entries: Option<(u64, Sha256)> = None;
    let mut add = |piece: &[u8]| {
        let (length, sha256) = entries.get_or_insert_default();
        *length += piece.len() as u64;
        sha256.update(piece);
    };
    let files = match unzip_apart(bytes, ENTRIES, &mut add) {
        Ok(files) => files,
        Err(bad) => return unreadable("bad-zip", "", BadZip::to_string(&bad)),
    };
    let Some(manifest) = files.get(MANIFEST).and_then(|bytes| Manifest::parse(bytes)) else {
        let detail = "it is missing, or not of a format that is known here".to_owned();
        return unreadable("bad-manifest", MANIFEST, detail);
    };
    let entries = entries.map(|(bytes, sha256)| Listed {
        bytes,
        path: ENTRIES.to_owned(),
        sha256: hex(&sha256.finalize()),
    });
    let mut bundle = Bundle { zip: bytes, files, entries, manifest, findings: Vec::new() };
    bundle.check(asked);
    let Bundle { manifest, mut findings, .. } = bundle;
    findings.sort();
    findings.dedup_by(|a, b| (a.code, &a.place) == (b.code, &b.place));
    Report {
        verdict: if findings.is_empty() { "verified" } else { "differs" },
        alliance: Some(manifest.alliance),
        edition: Some(manifest.edition),
        size: Some(manifest.size),
        whole: Some(manifest.whole),
        pinned,
        findings,
    }
}

/// A bundle that is being verified.
struct Bundle<'a> {
    zip: &'a [u8],
    /// All but the entries, of which there may be many: they are read one by one.
    files: Files,
    entries: Option<Listed>,
    manifest: Manifest,
    findings: Vec<Finding>,
}

impl Bundle<'_> {
    fn find(&mut self, code: &'static str, place: impl Into<String>, detail: impl Into<String>) {
        self.findings.push(Finding { code, place: place.into(), detail: detail.into() });
    }

    fn file(&self, path: &str) -> &[u8] {
        self.files.get(path).map(Vec::as_slice).unwrap_or_default()
    }

    /// A file of text; empty where it is none.
    fn text(&self, path: &str) -> &str {
        std::str::from_utf8(self.file(path)).unwrap_or_default()
    }

    fn has(&self, path: &str) -> bool {
        self.files.contains_key(path) || (path == ENTRIES && self.entries.is_some())
    }
}
