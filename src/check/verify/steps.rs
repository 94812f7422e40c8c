//! What can be verified without the entries: the files, whose they are, signatures, hashes, the proof.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Asked, Bundle};
use crate::auth::notes::{self, NoteFault, Verifier};
use crate::check::compare::text;
use crate::domain::checkpoint::{Checkpoint, LeafProof};
use crate::domain::evidence::{
    CHECKPOINT, ENTRIES, KEYS, Listed, MANIFEST, NEEDED, NEEDED_WHOLE, PUBLICATION, PUBLICATION_ENTRY,
    PUBLICATION_NOTE, PUBLICATION_PROOF, programme,
};
use crate::domain::journal::hex;
use crate::domain::tree;

/// No zip file that is read has more files.
const MOST_PROGRAMMES: i64 = 10_000;

impl Bundle<'_> {
    pub(super) fn check(&mut self, asked: &Asked) {
        self.listed();
        let keys = match asked.keys.is_empty() {
            true => self.text(KEYS).lines().filter_map(Verifier::parse).collect(),
            false => asked.keys.clone(),
        };
        let note = self.opened(CHECKPOINT, &keys);
        let checkpoint = Checkpoint::parse(&note);
        if checkpoint.is_none() && !note.is_empty() {
            self.find("bad-note", CHECKPOINT, "it is no checkpoint");
        }
        self.whose(asked, checkpoint.as_ref());
        let note = self.opened(PUBLICATION_NOTE, &keys);
        self.edition(&note);
        self.of_this_edition(&note);
        self.programmes_in_force();
        if self.has(CHECKPOINT) {
            self.proof(checkpoint.as_ref());
        }
        if self.manifest.whole && self.has(ENTRIES) {
            self.entries(checkpoint.as_ref());
        }
    }

    /// Every file is the one that the manifest lists.
    fn listed(&mut self) {
        let listed: BTreeMap<String, Listed> = self
            .manifest
            .files
            .iter()
            .map(|file| (file.path.clone(), file.clone()))
            .collect();
        let whole = NEEDED_WHOLE.iter().filter(|_| self.manifest.whole);
        let needed: Vec<&str> = NEEDED.iter().chain(whole).copied().collect();
        for path in needed.into_iter().filter(|path| !listed.contains_key(*path)) {
            if !self.has(path) {
                self.find("file-missing", path, "a bundle must have it");
            }
        }
        let files = self.files.iter().filter(|(path, _)| *path != MANIFEST);
        let files = files.map(|(path, content)| Listed::of(path, content));
        let there: BTreeMap<String, Listed> = files
            .chain(self.entries.clone())
            .map(|file| (file.path.clone(), file))
            .collect();
        for (path, listed) in &listed {
            match there.get(path) {
                None => self.find("file-missing", path, "the manifest lists it"),
                Some(file) if file != listed => {
                    self.find("file-differs", path, "it is not the file that the manifest lists");
                }
                Some(_) => {}
            }
        }
        for path in there.into_keys().filter(|path| !listed.contains_key(path)) {
            self.find("file-unlisted", path, "the manifest does not list it");
        }
    }

    /// The text of a signed note, believed or not.
    fn opened(&mut self, path: &'static str, keys: &[Verifier]) -> String {
        if !self.has(path) {
            return String::new();
        }
        let note = self.text(path).to_owned();
        match notes::open(&note, keys) {
            Ok(text) => return text.to_owned(),
            Err(NoteFault::Malformed) => {
                self.find("bad-note", path, "it is no signed note");
                return String::new();
            }
            Err(NoteFault::BadSignature) => {
                self.find("bad-signature", path, "the signature is not that of the key that it names");
            }
            Err(NoteFault::Unsigned) => {
                self.find("unknown-key", path, "no key that is believed has signed it");
            }
        }
        note.rfind("\n\n")
            .and_then(|end| note.get(..=end))
            .unwrap_or_default()
            .to_owned()
    }

    /// Everything is of one alliance and one edition.
    fn whose(&mut self, asked: &Asked, checkpoint: Option<&Checkpoint>) {
        let (slug, edition) = (self.manifest.alliance.clone(), self.manifest.edition);
        if let Some(wanted) = asked.alliance.as_ref().filter(|wanted| **wanted != slug) {
            self.find("wrong-alliance", MANIFEST, format!("it is of {slug}, not of {wanted}"));
        }
        let document = self.json(PUBLICATION);
        let of = document.pointer("/alliance/slug").and_then(Value::as_str);
        let number = document.get("edition").and_then(Value::as_i64);
        if self.has(PUBLICATION) && (of != Some(slug.as_str()) || number != Some(edition)) {
            let detail = format!("it is not edition {edition} of {slug}");
            self.find("wrong-alliance", PUBLICATION, detail);
        }
        let origin = checkpoint.map(|it| it.origin.rsplit('/').next().unwrap_or_default().to_owned());
        if origin.is_some_and(|origin| origin != slug) {
            self.find("wrong-alliance", CHECKPOINT, format!("it is of another journal than {slug}'s"));
        }
        let size = checkpoint.map(|checkpoint| i64::try_from(checkpoint.size).unwrap_or(i64::MAX));
        if let Some(size) = size.filter(|size| *size != self.manifest.size) {
            self.find("tree-differs", MANIFEST, format!("the checkpoint is of {size} entries"));
        }
    }

    /// Every programme up to the one in force is there, and that is the one that the edition names.
    fn programmes_in_force(&mut self) {
        let said = self.json(PUBLICATION).get("programme").cloned().unwrap_or_default();
        let Some(version) = said.get("version").and_then(Value::as_i64) else { return };
        for version in 1..=version.min(MOST_PROGRAMMES) {
            let path = programme(version);
            if !self.has(&path) {
                self.find("file-missing", path, "a bundle must have it");
            }
        }
        let path = programme(version);
        if self.has(&path) && text(&said, "sha256") != hex(&Sha256::digest(self.file(&path))) {
            self.find("programme-differs", path, "it is not the programme that the edition names");
        }
    }

    /// What was signed is called after this edition.
    fn of_this_edition(&mut self, note: &str) {
        let name = format!("/{}/publications/{}", self.manifest.alliance, self.manifest.edition);
        if note.lines().next().is_some_and(|said| !said.ends_with(&name)) {
            self.find("wrong-alliance", PUBLICATION_NOTE, "another edition was signed");
        }
    }

    /// The document is the one that was signed, and the one that the entry published.
    fn edition(&mut self, note: &str) {
        let sha256 = hex(&Sha256::digest(self.file(PUBLICATION)));
        let signed = note.lines().nth(1).and_then(|line| line.strip_prefix("sha256 "));
        let size = self.json(PUBLICATION).get("journalSize").and_then(Value::as_i64);
        let said = note.lines().nth(2).and_then(|line| line.strip_prefix("journal "));
        let is_signed =
            signed == Some(sha256.as_str()) && said == size.map(|n| n.to_string()).as_deref();
        if self.has(PUBLICATION_NOTE) && self.has(PUBLICATION) && !is_signed {
            self.find("publication-differs", PUBLICATION_NOTE, "another document was signed");
        }
        if !self.has(PUBLICATION_ENTRY) {
            return;
        }
        let entry = self.json(PUBLICATION_ENTRY);
        let journalled = entry.pointer("/after/sha256").and_then(Value::as_str);
        let of = entry.pointer("/after/journalSize").and_then(Value::as_i64);
        if self.has(PUBLICATION) && (journalled != Some(sha256.as_str()) || of != size) {
            self.find("publication-differs", PUBLICATION_ENTRY, "another document was published");
        }
        let subject = format!("publications/{}", self.manifest.edition);
        let is_it = text(&entry, "action") == "publication.published"
            && text(&entry, "subject") == subject
            && text(&entry, "journal") == self.manifest.journal;
        if !is_it {
            let detail = format!("it does not publish {subject} in this journal");
            self.find("entry-differs", PUBLICATION_ENTRY, detail);
        }
    }

    /// The entry is in the tree of the checkpoint.
    fn proof(&mut self, checkpoint: Option<&Checkpoint>) {
        if !self.has(PUBLICATION_PROOF) || !self.has(PUBLICATION_ENTRY) {
            return;
        }
        let leaf = tree::leaf_hash(self.file(PUBLICATION_ENTRY));
        let proof = LeafProof::parse(self.text(PUBLICATION_PROOF));
        let seq = self.json(PUBLICATION_ENTRY).get("seq").and_then(Value::as_u64);
        let holds = proof.as_ref().zip(checkpoint).is_some_and(|(proof, checkpoint)| {
            let size = checkpoint.size;
            proof.checkpoint == self.text(CHECKPOINT)
                && seq == proof.index.checked_add(1)
                && tree::includes(proof.index, size, &leaf, &proof.hashes, &checkpoint.root)
        });
        if !holds {
            let detail = "it does not lead from the entry to the checkpoint";
            self.find("proof-differs", PUBLICATION_PROOF, detail);
        }
    }

    pub(super) fn json(&self, path: &str) -> Value {
        serde_json::from_slice(self.file(path)).unwrap_or_default()
    }
}
