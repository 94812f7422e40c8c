//! What the entries say: the tree over them, the texts, the programmes, and every figure computed again.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::Bundle;
use crate::check::compare::text;
use crate::check::fold::State;
use crate::check::history::Then;
use crate::check::standings::Stand;
use crate::check::tree::{Growing, leaf};
use crate::check::{Findings, journal, publications};
use crate::db::types::Instant;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::dates;
use crate::domain::evidence::{
    self, CHECKPOINT, ENTRIES, PUBLICATION, PUBLICATION_ENTRY, PUBLICATION_NOTE, TEXTS, programme,
};
use crate::domain::id::{AllianceId, KeyId, PartnerId};
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

/// How far the entries have been read.
#[derive(Default)]
struct Reading {
    /// The texts whose entries are still to come.
    texts: BTreeMap<i64, Vec<TextRow>>,
    tree: Growing,
    lines: u64,
    /// The largest number so far.
    last: i64,
    /// Whether the edition's entry was among them.
    has_own: bool,
}

impl Bundle<'_> {
    pub(super) fn entries(&mut self, checkpoint: Option<&Checkpoint>) {
        let size = self.json(PUBLICATION).get("journalSize").and_then(Value::as_i64);
        let (mut state, mut then) = (State::default(), Then::at(size.unwrap_or(0)));
        let mut reading = Reading { texts: self.texts(), ..Reading::default() };
        evidence::lines(self.zip, ENTRIES, &mut |line| {
            if let Some(entry) = self.read(line, &mut reading) {
                let mut found = Findings::default();
                then.take(&mut state, &entry, &mut found);
                for difference in found.differences {
                    self.find("entry-differs", difference.address, difference.detail);
                }
            }
        });
        self.ended(reading, checkpoint);
        if let Some(size) = size {
            self.programmes(&state, size);
            self.figures(&state, size, &then.known(&state));
        }
    }

    /// The entry of a line with its texts, if it is one.
    ///
    /// Each line has the number after that of the line before. Where a line has a larger one, those between are
    /// missing, told once by the first of them; where it has a smaller one, that entry is not in its place.
    fn read(&mut self, line: &[u8], reading: &mut Reading) -> Option<journal::Entry> {
        let ended = line.strip_suffix(b"\n");
        let line = ended.unwrap_or(line);
        reading.tree.push(leaf(line));
        reading.has_own |= line == self.file(PUBLICATION_ENTRY);
        reading.lines += 1;
        let value: Value = serde_json::from_slice(line).unwrap_or_default();
        let row = self.row(line, &value);
        let expected = reading.last.saturating_add(1);
        let seq = row.as_ref().map_or(expected, |row| row.seq);
        let mut malformed = |detail| self.find("entry-malformed", format!("journal/{seq}"), detail);
        if row.is_none() {
            malformed("it is no entry of this journal");
        }
        if seq < expected {
            malformed("it is not in its place");
        }
        if ended.is_none() {
            malformed("its line is not ended");
        }
        if seq > expected {
            let detail = format!("the next entry is {seq}");
            self.find("entry-missing", format!("journal/{expected}"), detail);
        }
        reading.last = reading.last.max(seq);
        let row = row?;
        let mut found = Findings::default();
        let beside = reading.texts.remove(&row.seq).unwrap_or_default();
        let entry = journal::of(&row, value, beside, &mut found);
        for difference in found.differences {
            let code = if difference.address.contains('#') { "text-differs" } else { "entry-malformed" };
            self.find(code, difference.address, difference.detail);
        }
        Some(entry)
    }

    /// What is told of all entries together.
    fn ended(&mut self, reading: Reading, checkpoint: Option<&Checkpoint>) {
        let Reading { texts, tree, lines, last, has_own } = reading;
        let is_signed = |it: &Checkpoint| it.size == lines && tree.root() == Some(it.root);
        if let Some(checkpoint) = checkpoint.filter(|checkpoint| !is_signed(checkpoint)) {
            let detail = format!("{lines} entries do not lead to the root of {}", checkpoint.size);
            self.find("tree-differs", CHECKPOINT, detail);
        }
        if !has_own && self.has(PUBLICATION_ENTRY) {
            self.find("entry-differs", PUBLICATION_ENTRY, "it is not among the entries");
        }
        if last < self.manifest.size {
            let detail = format!("the journal ends before it; {} were signed", self.manifest.size);
            self.find("entry-missing", format!("journal/{}", last + 1), detail);
        }
        for text in texts.into_values().flatten() {
            self.find("text-differs", journal::text_address(&text), "a text without an entry");
        }
    }

    /// The row that the journal's table had, as far as the bytes tell.
    fn row(&self, line: &[u8], value: &Value) -> Option<EntryRow> {
        let partner_id = match value.get("partner")? {
            Value::Null => None,
            partner => Some(PartnerId::parse(partner.as_str()?)?),
        };
        Some(EntryRow {
            journal_id: AllianceId::parse(&self.manifest.journal)?,
            seq: value.get("seq")?.as_i64()?,
            entry_at: Instant(dates::instant(text(value, "at"))?),
            actor_id: KeyId::parse(text(value, "actor"))?,
            action: text(value, "action").to_owned(),
            subject: text(value, "subject").to_owned(),
            partner_id,
            bytes: line.to_vec(),
        })
    }

    fn texts(&mut self) -> BTreeMap<i64, Vec<TextRow>> {
        let mut texts: BTreeMap<i64, Vec<TextRow>> = BTreeMap::new();
        // Taken out, since nobody reads it again.
        let file = self.files.remove(TEXTS).unwrap_or_default();
        let lines = file.strip_suffix(b"\n").unwrap_or(&file).split(|byte| *byte == b'\n');
        for (number, line) in (1..).zip(lines.filter(|_| !file.is_empty())) {
            let Ok(line) = serde_json::from_slice::<Line>(line) else {
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
    fn programmes(&mut self, state: &State, size: i64) {
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

    fn figures(&mut self, state: &State, size: i64, known: &[Stand]) {
        let number = self.manifest.edition;
        let Some(published) = state.edition(number) else { return };
        let document = self.json(PUBLICATION);
        let row = PublicationRow {
            edition: number,
            title: text(&document, "title").to_owned(),
            corrects: document.get("corrects").and_then(Value::as_i64),
            published_at: Instant(Default::default()),
            as_of: Instant(Default::default()),
            journal_size: size,
            seq: published.seq,
            sha256: String::new(),
            signature: self.text(PUBLICATION_NOTE).to_owned(),
            document: self.file(PUBLICATION).to_vec(),
        };
        let mut found = Findings::default();
        let known: Vec<&Stand> = known.iter().collect();
        publications::document(&row, published, state, &known, &mut found);
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
