//! Editions: the rows against the entries that published them, their bytes against the hash in the entry, and what the
//! bytes say against the journal as far as it had come.

mod figures;

use chrono::NaiveDate;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use self::figures::Edition;
use super::compare::{self, list, number, text};
use super::fold::State;
use super::history::History;
use super::journal::Entry;
use super::standings::Stand;
use super::{Findings, Rows};
use crate::auth::notes::{self, NoteKey};
use crate::db::Conn;
use crate::domain::dates;
use crate::domain::id::AllianceId;
use crate::domain::journal::hex;
use crate::service::Result;
use crate::store::audit::{self, PublicationRow};
use crate::store::installation;

/// An edition as the journal has it, with how complete each round's reports were then.
pub struct Published {
    pub seq: i64,
    pub after: Value,
    /// When it was published.
    at: String,
    /// The time of the entry before.
    as_of: Option<String>,
    expected: Vec<Expected>,
}

/// One partner's part in one round's completeness.
struct Expected {
    round: String,
    /// The day from which its report is expected; none if never.
    from: Option<NaiveDate>,
    /// `onTime`, `late`, `returned`, `withdrawn` or `notSubmitted`.
    stands: &'static str,
}

impl State {
    /// `number` is the subject after `publications/`.
    pub(super) fn apply_publication(&mut self, place: &str, entry: &Entry, found: &mut Findings) {
        let after = &entry.after;
        let next = i64::try_from(self.published.len()).unwrap_or(0) + 1;
        let is_next = number(after, "edition") == Some(next) && place == next.to_string();
        if !is_next || !entry.partner.is_empty() {
            found.differ(entry.address(), format!("it does not publish edition {next}"));
        }
        if number(after, "journalSize") != Some(entry.seq - 1) {
            found.differ(entry.address(), "its figures are not those of right before it");
        }
        let corrects = after.get("corrects").filter(|value| !value.is_null());
        if corrects.is_some() && number(after, "corrects") != Some(next - 1) {
            found.differ(entry.address(), "it does not correct the edition before");
        }
        let expected = self.expected();
        let before = self.last.as_ref().filter(|(seq, _)| *seq == entry.seq - 1);
        self.published.push(Published {
            seq: entry.seq,
            after: after.clone(),
            at: entry.at.clone(),
            as_of: before.map(|(_, at)| at.clone()),
            expected,
        });
    }

    /// An edition by its number.
    pub fn edition(&self, number: i64) -> Option<&Published> {
        let is_it = |it: &&Published| compare::number(&it.after, "edition") == Some(number);
        self.published.iter().find(is_it)
    }

    fn expected(&self) -> Vec<Expected> {
        let mut expected = Vec::new();
        for facts in self.partners.keys().filter_map(|id| self.facts(id)) {
            for round in &facts.programme.rounds {
                let days = facts.memberships.iter();
                let during = days.filter(|days| facts.overlaps(**days, &round.key));
                let report = facts.reports.iter().find(|report| text(report, "round") == round.key);
                let state = report.map_or("", |report| text(report, "state"));
                let on_time = report.and_then(|report| report.get("onTime")).and_then(Value::as_bool);
                expected.push(Expected {
                    round: round.key.clone(),
                    from: during.map(|(joined_on, _)| *joined_on).min(),
                    stands: match (state, on_time) {
                        ("submitted" | "accepted", Some(true)) => "onTime",
                        ("submitted" | "accepted", _) => "late",
                        ("returned", _) => "returned",
                        ("draft", _) => "withdrawn",
                        _ => "notSubmitted",
                    },
                });
            }
        }
        expected
    }
}

impl Published {
    /// How complete a round's reports were, of those who were expected on a day.
    fn completeness(&self, round: &str, on: NaiveDate) -> Value {
        let own: Vec<&Expected> = self.expected.iter().filter(|it| it.round == round).collect();
        let is_expected = |it: &Expected| it.from.is_some_and(|from| from <= on);
        let many = |words: &[&str]| {
            own.iter().filter(|it| is_expected(it) && words.contains(&it.stands)).count()
        };
        let unexpected = own
            .iter()
            .filter(|it| !is_expected(it) && ["onTime", "late"].contains(&it.stands));
        json!({
            "expected": own.iter().filter(|it| is_expected(it)).count(),
            "submitted": many(&["onTime", "late"]),
            "onTime": many(&["onTime"]),
            "late": many(&["late"]),
            "missing": many(&["returned", "withdrawn", "notSubmitted"]),
            "returned": many(&["returned"]),
            "withdrawn": many(&["withdrawn"]),
            "notSubmitted": many(&["notSubmitted"]),
            "unexpected": unexpected.count(),
        })
    }
}

pub fn compare(
    conn: &mut Conn,
    alliance: AllianceId,
    state: &State,
    history: &History,
    found: &mut Findings,
) -> Result<()> {
    let rows = audit::publications(conn, alliance);
    let Some(rows) = found.loaded("publications", rows)? else { return Ok(()) };
    let expected: Rows = state
        .published
        .iter()
        .filter_map(|it| {
            let row = json!({
                "title": it.after.get("title"), "corrects": it.after.get("corrects"), "seq": it.seq,
                "journalSize": it.seq - 1, "sha256": it.after.get("sha256"), "publishedAt": it.at,
                "asOf": it.as_of,
            });
            Some((address(number(&it.after, "edition")?), row))
        })
        .collect();
    let table: Rows = rows.iter().map(|row| (address(row.edition), table_row(row))).collect();
    found.compare(expected, table);
    let keys = installation::note_keys(conn)?;
    for row in &rows {
        if let Some(published) = state.edition(row.edition) {
            signature(row, published, &keys, found);
            document(row, published, state, &history.at(published.seq - 1), found);
        }
    }
    Ok(())
}

fn address(edition: i64) -> String {
    format!("publications/{edition}")
}

fn table_row(row: &PublicationRow) -> Value {
    json!({
        "title": row.title, "corrects": row.corrects, "seq": row.seq, "journalSize": row.journal_size,
        "sha256": row.sha256, "publishedAt": dates::rfc3339(row.published_at.0), "asOf": dates::rfc3339(row.as_of.0),
    })
}

/// One of the installation's keys, in whatever name, has signed what was journalled.
fn signature(row: &PublicationRow, published: &Published, keys: &[NoteKey], found: &mut Findings) {
    let at = format!("{}/signature", address(row.edition));
    let of = format!("/{}", address(row.edition));
    let name = row.signature.lines().next().and_then(|line| line.strip_suffix(&of));
    let name = name.unwrap_or_default();
    let verifiers: Vec<_> = keys.iter().map(|key| key.verifier(name)).collect();
    let sha256 = text(&published.after, "sha256");
    let expected = format!("{name}{of}\nsha256 {sha256}\njournal {}\n", published.seq - 1);
    match notes::open(&row.signature, &verifiers) {
        Ok(signed) if signed == expected => {}
        Ok(_) => found.differ(at, "it does not sign what was published"),
        Err(_) => found.differ(at, "no key of this installation has signed it"),
    }
}

/// The bytes against the hash that was journalled, and what they say against the journal and the standings that were
/// known then.
pub fn document(
    row: &PublicationRow,
    published: &Published,
    state: &State,
    known: &[&Stand],
    found: &mut Findings,
) {
    let at = address(row.edition);
    let (own, journalled) = (hex(&Sha256::digest(&row.document)), text(&published.after, "sha256"));
    if own != journalled {
        let detail = format!("its bytes have the SHA-256 {own}, but {journalled} was published");
        found.differ(format!("{at}/document"), detail);
    }
    let document: Value = match serde_json::from_slice(&row.document) {
        Ok(document) => document,
        Err(error) => {
            return found.differ(format!("{at}/document"), format!("it is not JSON: {error}"));
        }
    };
    let mut differ = |place: &str, expected: Value| {
        let said = document.pointer(place).cloned().unwrap_or_default();
        if said != expected {
            let detail = format!("the journal says {expected}, the edition says {said}");
            found.differ(format!("{at}{place}"), detail);
        }
    };
    differ("/edition", row.edition.into());
    differ("/title", published.after.get("title").cloned().unwrap_or_default());
    differ("/corrects", published.after.get("corrects").cloned().unwrap_or_default());
    differ("/journalSize", (published.seq - 1).into());
    for (i, row) in list(&document, "completeness").iter().enumerate() {
        let Some(on) = dates::date(text(row, "validOn")) else { continue };
        let counts = published.completeness(text(row, "round"), on);
        for (field, count) in counts.as_object().into_iter().flatten() {
            differ(&format!("/completeness/{i}/{field}"), count.clone());
        }
    }
    let Some(version) = state.versions.iter().rfind(|version| version.seq < published.seq) else {
        return;
    };
    let canonical = version.canonical.as_deref().unwrap_or_default();
    differ("/programme/version", version.after.get("version").cloned().unwrap_or_default());
    differ("/programme/sha256", hex(&Sha256::digest(canonical)).into());
    let programme: Value = serde_json::from_str(canonical).unwrap_or_default();
    for (i, row) in list(&document, "completeness").iter().enumerate() {
        let rounds = list(&programme, "rounds").iter();
        let mut rounds = rounds.filter(|round| text(round, "key") == text(row, "round"));
        let label = rounds.next().and_then(|round| round.get("label")).cloned();
        differ(&format!("/completeness/{i}/label"), label.unwrap_or_default());
    }
    Edition { at: &at, document: &document, programme: &programme }.compare(known, found);
}
