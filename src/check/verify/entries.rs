//! What the entries say: the tree over them, the texts, the programmes, and every figure computed again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::Bundle;
use crate::check::compare::text;
use crate::check::fold::State;
use crate::check::history::History;
use crate::check::{Findings, fold_all, journal, publications};
use crate::db::types::Instant;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::dates;
use crate::domain::evidence::{
    CHECKPOINT, ENTRIES, PUBLICATION, PUBLICATION_ENTRY, PUBLICATION_NOTE, TEXTS, programme,
};
use crate::domain::id::{AllianceId, KeyId, PartnerId};
use crate::domain::tree::{self, Hash, Node};
use crate::store::audit::PublicationRow;
use crate::store::journal::{EntryRow, TextRow};

/// A line of the texts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    pointer: String,
    salt: String,
    seq: i64,
    text: String,
}

impl Bundle {
    pub(super) fn entries(&mut self, checkpoint: Option<&Checkpoint>) {
        let file = self.file(ENTRIES).to_vec();
        let is_ended = file.is_empty() || file.ends_with(b"\n");
        let whole = file.strip_suffix(b"\n").unwrap_or(&file);
        let lines: Vec<&[u8]> = match file.is_empty() {
            true => Vec::new(),
            false => whole.split(|byte| *byte == b'\n').collect(),
        };
        if let Some(checkpoint) = checkpoint {
            self.tree(&lines, checkpoint);
        }
        let entries = self.read(&lines, is_ended);
        let mut found = Findings::default();
        let (state, history) = fold_all(&entries, &mut found);
        for difference in found.differences {
            self.find("entry-differs", difference.address, difference.detail);
        }
        self.programmes(&state);
        self.figures(&state, &history);
    }

    fn tree(&mut self, lines: &[&[u8]], checkpoint: &Checkpoint) {
        let mut last: BTreeMap<u32, Hash> = BTreeMap::new();
        let mut all: BTreeMap<Node, Hash> = BTreeMap::new();
        for (index, line) in (0..).zip(lines) {
            let left = |node: Node| last.get(&node.level).copied();
            let grown = tree::append(index, tree::leaf_hash(line), left).unwrap_or_default();
            last.extend(grown.iter().map(|(node, hash)| (node.level, *hash)));
            all.extend(grown);
        }
        let size = lines.len() as u64;
        let root = tree::root(size, |node| all.get(&node).copied());
        if size != checkpoint.size || root != Some(checkpoint.root) {
            let detail = format!("{size} entries do not lead to the root of {}", checkpoint.size);
            self.find("tree-differs", CHECKPOINT, detail);
        }
    }

    /// The entries in the order of their lines, each with its texts.
    ///
    /// Each line has the number after that of the line before. Where a line has a larger one, those between are
    /// missing, told once by the first of them; where it has a smaller one, that entry is not in its place.
    fn read(&mut self, lines: &[&[u8]], is_ended: bool) -> Vec<journal::Entry> {
        let mut texts = self.texts();
        let own = lines.iter().any(|line| *line == self.file(PUBLICATION_ENTRY));
        if !own && self.has(PUBLICATION_ENTRY) {
            self.find("entry-differs", PUBLICATION_ENTRY, "it is not among the entries");
        }
        let (mut entries, mut expected) = (Vec::new(), 1);
        for (place, line) in (1..).zip(lines) {
            let row = self.row(line);
            let seq = row.as_ref().map_or(expected, |row| row.seq);
            let mut malformed = |detail| self.find("entry-malformed", format!("journal/{seq}"), detail);
            if row.is_none() {
                malformed("it is no entry of this journal");
            }
            if seq < expected {
                malformed("it is not in its place");
            }
            if place == lines.len() && !is_ended {
                malformed("its line is not ended");
            }
            if seq > expected {
                let detail = format!("the next entry is {seq}");
                self.find("entry-missing", format!("journal/{expected}"), detail);
            }
            expected = expected.max(seq.saturating_add(1));
            let Some(row) = row else { continue };
            let mut found = Findings::default();
            let beside = texts.remove(&row.seq).unwrap_or_default();
            entries.extend(journal::entry(&row, beside, &mut found));
            for difference in found.differences {
                let code =
                    if difference.address.contains('#') { "text-differs" } else { "entry-malformed" };
                self.find(code, difference.address, difference.detail);
            }
        }
        if expected <= self.manifest.size {
            let detail = format!("the journal ends before it; {} were signed", self.manifest.size);
            self.find("entry-missing", format!("journal/{expected}"), detail);
        }
        for text in texts.into_values().flatten() {
            self.find("text-differs", journal::text_address(&text), "a text without an entry");
        }
        entries
    }

    /// The row that the journal's table had, as far as the bytes tell.
    fn row(&self, line: &[u8]) -> Option<EntryRow> {
        let value: Value = serde_json::from_slice(line).ok()?;
        let partner_id = match value.get("partner")? {
            Value::Null => None,
            partner => Some(PartnerId::parse(partner.as_str()?)?),
        };
        Some(EntryRow {
            journal_id: AllianceId::parse(&self.manifest.journal)?,
            seq: value.get("seq")?.as_i64()?,
            entry_at: Instant(dates::instant(text(&value, "at"))?),
            actor_id: KeyId::parse(text(&value, "actor"))?,
            action: text(&value, "action").to_owned(),
            subject: text(&value, "subject").to_owned(),
            partner_id,
            bytes: line.to_vec(),
        })
    }

    fn texts(&mut self) -> BTreeMap<i64, Vec<TextRow>> {
        let mut texts: BTreeMap<i64, Vec<TextRow>> = BTreeMap::new();
        let lines: Vec<String> = self.text(TEXTS).lines().map(str::to_owned).collect();
        for (number, line) in (1..).zip(lines) {
            let Ok(line) = serde_json::from_str::<Line>(&line) else {
                self.find("text-differs", format!("{TEXTS}/{number}"), "it is no text");
                continue;
            };
            texts.entry(line.seq).or_default().push(TextRow {
                journal_id: AllianceId::INSTALLATION,
                seq: line.seq,
                pointer: line.pointer,
                salt: bytes(&line.salt),
                text: line.text,
            });
        }
        texts
    }

    /// The programmes are those that the entries applied.
    fn programmes(&mut self, state: &State) {
        let size = self.json(PUBLICATION).get("journalSize").and_then(Value::as_i64).unwrap_or(0);
        for (version, applied) in (1..).zip(&state.versions) {
            let path = programme(version);
            let is_known = applied.seq <= size;
            let same = applied.canonical.as_ref().map(String::as_bytes) == Some(self.file(&path));
            if is_known && !same {
                self.find("programme-differs", path, "another was applied");
            } else if !is_known && self.has(&path) {
                self.find("programme-differs", path, "it was applied after the edition");
            }
        }
    }

    fn figures(&mut self, state: &State, history: &History) {
        let number = self.manifest.edition;
        let Some(published) = state.edition(number) else { return };
        let document = self.json(PUBLICATION);
        let row = PublicationRow {
            edition: number,
            title: text(&document, "title").to_owned(),
            corrects: document.get("corrects").and_then(Value::as_i64),
            published_at: Instant(Default::default()),
            as_of: Instant(Default::default()),
            journal_size: document.get("journalSize").and_then(Value::as_i64).unwrap_or(0),
            seq: published.seq,
            sha256: String::new(),
            signature: self.text(PUBLICATION_NOTE).to_owned(),
            document: self.file(PUBLICATION).to_vec(),
        };
        let mut found = Findings::default();
        publications::document(&row, published, state, history, &mut found);
        let places: BTreeSet<(&'static str, String, String)> = found
            .differences
            .into_iter()
            .filter_map(|difference| {
                let place = difference.address.strip_prefix(&format!("publications/{number}/"))?;
                let (code, place) = told(place, &document)?;
                Some((code, place, difference.detail))
            })
            .collect();
        for (code, place, detail) in places {
            self.find(code, place, detail);
        }
    }
}

/// What a difference of an edition is called in a verdict; nothing of what was told already.
fn told(place: &str, document: &Value) -> Option<(&'static str, String)> {
    let steps: Vec<&str> = place.splitn(4, '/').collect();
    Some(match steps.as_slice() {
        ["document" | "signature"] => return None,
        ["figures", indicator, "whole", ..] => ("figure-differs", format!("figures/{indicator}")),
        ["figures", ..] => ("figure-differs", place.to_owned()),
        ["completeness", row, ..] => {
            let round = document.pointer(&format!("/completeness/{row}/round"));
            let round = round.and_then(Value::as_str).unwrap_or_default();
            ("completeness-differs", format!("completeness/{round}"))
        }
        ["definitions", ..] => ("definition-differs", place.to_owned()),
        _ => ("edition-differs", PUBLICATION.to_owned()),
    })
}

/// Hexadecimal; what is none gives nothing, which is no text's salt.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits.unwrap_or_default();
    digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect()
}
