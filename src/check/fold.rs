//! The state of an alliance, as its entries alone tell it: each subject's last representation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Findings;
use super::compare::{number, text, with, words};
use super::facts::{Facts, memberships};
use super::journal::Entry;
use super::names::Names;
use super::points::Submissions;
use super::publications::Published;
use super::redactions::Missing;
use crate::domain::programme::{Programme, ProgrammeDocument};

/// A programme version as it was applied.
pub struct Version {
    pub seq: i64,
    pub after: Value,
    /// Its canonical document, if the journalled one reads.
    pub canonical: Option<String>,
}

/// Everything by its id, as JSON: what the entries have under `after`.
#[derive(Default)]
pub struct State {
    pub programme: Option<Programme>,
    pub versions: Vec<Version>,
    pub partners: BTreeMap<String, Value>,
    pub commitments: BTreeMap<String, Value>,
    pub initiatives: BTreeMap<String, Value>,
    /// Which commitments a partner has, and in which initiatives it takes part: the same again, so that nobody has
    /// to look through all of them.
    committed: Whose,
    takes_part: Whose,
    pub keys: BTreeMap<String, Value>,
    /// Each with the number of its entry.
    pub imports: BTreeMap<String, Value>,
    /// What was done, in order, since the last import.
    done: Vec<String>,
    /// By partner and round.
    pub extensions: BTreeMap<(String, String), Value>,
    /// By partner and round.
    pub reports: BTreeMap<(String, String), Value>,
    /// Every submission by partner and round, and then by number, as its entry had the report.
    pub submissions: BTreeMap<(String, String), Submissions>,
    /// Editions, in order.
    pub published: Vec<Published>,
    /// Texts that are gone.
    pub missing: Missing,
    /// What partners were called.
    pub names: Names,
    /// The number and the time of the entry before.
    pub last: Option<(i64, String)>,
}

/// The ids of what belongs to a partner.
type Whose = BTreeMap<String, BTreeSet<String>>;

impl State {
    /// Takes an entry in, and answers whose record it touches.
    pub fn apply(&mut self, entry: &Entry, found: &mut Findings) -> BTreeSet<String> {
        self.done.push(entry.action.clone());
        self.missing.take(entry, found);
        self.names.take(entry);
        let touched = self.applied(entry, found);
        self.last = Some((entry.seq, entry.at.clone()));
        touched
    }

    fn applied(&mut self, entry: &Entry, found: &mut Findings) -> BTreeSet<String> {
        let (kind, id) = entry.subject.split_once('/').unwrap_or((entry.subject.as_str(), ""));
        match entry.action.as_str() {
            "programme.applied" => {
                self.apply_programme(entry, found);
                self.partners.keys().cloned().collect()
            }
            "partner.admitted" | "partner.updated" | "partner.departed" | "partner.rejoined" => {
                expect(entry, kind == "partners" && entry.partner == id, found);
                set(&mut self.partners, id, entry, found);
                BTreeSet::from([id.to_owned()])
            }
            "commitment.made" | "commitment.updated" | "commitment.deleted" => {
                expect(entry, kind == "commitments", found);
                let before = set(&mut self.commitments, id, entry, found);
                let [was, is] = [&before, &entry.after].map(|value| text(value, "partner"));
                expect(entry, [was, is].contains(&entry.partner.as_str()), found);
                move_to(&mut self.committed, id, &[was], &[is])
            }
            "initiative.created" | "initiative.updated" | "initiative.deleted" => {
                expect(entry, kind == "initiatives", found);
                let before = set(&mut self.initiatives, id, entry, found);
                let [were, are] = [&before, &entry.after].map(|value| words(value, "partners"));
                move_to(&mut self.takes_part, id, &were, &are)
            }
            "report.submitted" | "report.withdrawn" | "report.returned" | "report.accepted"
            | "report.reopened" => {
                expect(entry, kind == "reports", found);
                self.apply_report(entry, found);
                BTreeSet::from([text(&entry.after, "partner").to_owned()])
            }
            "extension.granted" | "extension.changed" | "extension.withdrawn" => {
                expect(entry, kind == "rounds", found);
                self.apply_extension(id, entry, found);
                BTreeSet::new()
            }
            "publication.published" => {
                expect(entry, kind == "publications", found);
                self.apply_publication(id, entry, found);
                BTreeSet::new()
            }
            "key.created" | "key.revoked" | "key.erased" => {
                expect(entry, kind == "keys" && text(&entry.after, "id") == id, found);
                self.keys.insert(id.to_owned(), entry.after.clone());
                BTreeSet::new()
            }
            "import.completed" => {
                expect(entry, kind == "imports" && text(&entry.after, "id") == id, found);
                expect(entry, text(&entry.after, "partner") == entry.partner, found);
                self.apply_import(id, entry, found);
                BTreeSet::new()
            }
            // It takes texts away, and they count as there.
            "journal.redacted" => {
                let named = number(&entry.after, "seq").is_some_and(|seq| seq.to_string() == id);
                expect(entry, kind == "journal" && named, found);
                BTreeSet::new()
            }
            // Whoever adds an action has to say here what it does to the state.
            other => {
                found.differ(entry.address(), format!("the check does not know the action {other}"));
                BTreeSet::new()
            }
        }
    }

    /// Its counts add up, and are those of the entries right before it. Rows of reports go into drafts, which have
    /// no entries.
    fn apply_import(&mut self, id: &str, entry: &Entry, found: &mut Findings) {
        let count = |field| number(&entry.after, field).unwrap_or(-1);
        let [created, updated] = ["created", "updated"].map(count);
        let read = created + updated + count("unchanged") + count("refused");
        if count("rowsRead") != read {
            found.differ(entry.address(), format!("the counts add up to {read} rows"));
        }
        let actions = match text(&entry.after, "kind") {
            "partners" => Some(("partner.admitted", "partner.updated")),
            "commitments" => Some(("commitment.made", "commitment.updated")),
            "initiatives" => Some(("initiative.created", "initiative.updated")),
            _ => None,
        };
        let done = std::mem::take(&mut self.done);
        let before = done.iter().rev().skip(1).take(usize::try_from(created + updated).unwrap_or(0));
        let are = |action: &str| before.clone().filter(|done| *done == action).count();
        let is_told = actions.is_none_or(|(born, changed)| {
            [are(born), are(changed)].map(|n| i64::try_from(n).unwrap_or(0)) == [created, updated]
        });
        if !is_told {
            found.differ(entry.address(), "the entries before it are not those of its rows");
        }
        self.imports
            .insert(id.to_owned(), with(entry.after.clone(), "journalSeq", entry.seq.into()));
    }

    fn apply_programme(&mut self, entry: &Entry, found: &mut Findings) {
        let before = i64::try_from(self.versions.len()).unwrap_or(0);
        if number(&entry.after, "version") != Some(before + 1) {
            found.differ(entry.address(), format!("the programme's version is not {}", before + 1));
        }
        let document = entry.after.get("document").cloned().unwrap_or_default();
        let checked = serde_json::from_value::<ProgrammeDocument>(document)
            .map_err(|error| error.to_string())
            .and_then(|document| document.check().map_err(|faults| format!("{faults:?}")));
        let (programme, canonical) = match checked {
            Ok(programme) => {
                let canonical = serde_json_canonicalizer::to_string(&programme.document).ok();
                (Some(programme), canonical)
            }
            Err(cause) => {
                found.differ(entry.address(), format!("the programme does not read: {cause}"));
                (None, None)
            }
        };
        self.programme = programme;
        self.versions
            .push(Version { seq: entry.seq, after: entry.after.clone(), canonical });
    }

    /// The version of the programme in force.
    pub fn version(&self) -> i64 {
        i64::try_from(self.versions.len()).unwrap_or(0)
    }

    /// All that is known of a partner; nothing before there is a programme or the partner.
    pub fn facts(&self, partner: &str) -> Option<Facts<'_>> {
        let mut commitments = own(&self.committed, partner, &self.commitments);
        commitments.sort_by_key(|commitment| (text(commitment, "focusArea"), text(commitment, "id")));
        let first = (partner.to_owned(), String::new());
        let reports = self.reports.range(first..).take_while(|((whose, _), _)| whose == partner);
        let programme = self.programme.as_ref()?;
        let record = self.partners.get(partner)?;
        Some(Facts {
            programme,
            id: partner.to_owned(),
            partner: record,
            memberships: memberships(record, programme),
            commitments,
            initiatives: own(&self.takes_part, partner, &self.initiatives),
            reports: reports.map(|(_, report)| report).collect(),
        })
    }
}

/// Sets what an id stands for, or takes it away; answers what it was. Versions count saves.
fn set(things: &mut BTreeMap<String, Value>, id: &str, entry: &Entry, found: &mut Findings) -> Value {
    if entry.after.is_null() {
        let before = things.remove(id);
        expect(entry, before.is_some() && entry.action.ends_with(".deleted"), found);
        return before.unwrap_or_default();
    }
    expect(entry, text(&entry.after, "id") == id && !entry.action.ends_with(".deleted"), found);
    let before = things.insert(id.to_owned(), entry.after.clone()).unwrap_or_default();
    let next = number(&before, "version").unwrap_or(0) + 1;
    if number(&entry.after, "version") != Some(next) {
        found.differ(entry.address(), format!("the version of {} is not {next}", entry.subject));
    }
    before
}

/// A thing belongs to others than before. Answers whom this touches.
fn move_to(whose: &mut Whose, id: &str, were: &[&str], are: &[&str]) -> BTreeSet<String> {
    for partner in were {
        if let Some(ids) = whose.get_mut(*partner) {
            ids.remove(id);
        }
    }
    for partner in are.iter().filter(|partner| !partner.is_empty()) {
        whose.entry((*partner).to_owned()).or_default().insert(id.to_owned());
    }
    let touched = were.iter().chain(are).filter(|partner| !partner.is_empty());
    touched.map(|partner| (*partner).to_owned()).collect()
}

/// What belongs to a partner, in order of ids.
fn own<'a>(whose: &Whose, partner: &str, things: &'a BTreeMap<String, Value>) -> Vec<&'a Value> {
    let ids = whose.get(partner).into_iter().flatten();
    ids.filter_map(|id| things.get(id)).collect()
}

fn expect(entry: &Entry, holds: bool, found: &mut Findings) {
    if !holds {
        let detail = format!("{} of {} does not fit what it is about", entry.action, entry.subject);
        found.differ(entry.address(), detail);
    }
}
