//! Publications: figures as editions, which stay as they are.

mod breakdowns;
pub mod changes;
mod document;

use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::programmes::InForce;
use super::{Ctx, Error, Result, figures, journal};
use crate::auth::notes::{BadKey, Signer};
use crate::db::types::Instant;
use crate::db::{self, Conn};
use crate::domain::checks::{Faults, shown};
use crate::domain::dates::rfc3339;
use crate::domain::journal::{Change, hex};
use crate::domain::programme::Indicator;
use crate::domain::publication::{Edition, Publish};
use crate::store;
use crate::store::Page;
use crate::store::journal::TextRow;
use crate::store::publications::EditionRow;

/// An edition as the list has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"edition": 2, "title": "Alliancens resultater 2020–2023, rettet", "note": null, "corrects": 1,
    "correctedBy": null, "reason": "En rapport var talt med to gange.", "publishedAt": "2024-01-12T09:00:00.000000Z",
    "asOf": "2024-01-12T08:41:10.000000Z", "journalSize": 1841, "journalSeq": 1842,
    "sha256": "5f86c257…", "signature": "facit/demo/publications/2\nsha256 5f86c257…\njournal 1841\n\n— facit/demo Az3g…\n",
    "links": {"self": "/v1/alliances/demo/publications/2", "figures": "/v1/alliances/demo/publications/2/figures",
        "changes": "/v1/alliances/demo/publications/2/changes", "proof": "/v1/alliances/demo/journal/1842/proof"}}))]
pub struct Publication {
    pub edition: i64,
    pub title: String,
    /// What readers should know of it; null if there is none, or it was redacted.
    pub note: Option<String>,
    /// The edition that this one corrects.
    pub corrects: Option<i64>,
    /// The edition that corrects this one.
    pub corrected_by: Option<i64>,
    /// Why it was corrected.
    pub reason: Option<String>,
    #[schema(format = "date-time")]
    pub published_at: String,
    /// The time of the last entry that the figures know.
    #[schema(format = "date-time")]
    pub as_of: String,
    /// The size of the journal that the figures are of.
    pub journal_size: i64,
    /// The entry that published it.
    pub journal_seq: i64,
    /// Of the document's bytes, as they are served.
    pub sha256: String,
    /// A signed note (c2sp.org/signed-note) over address, hash and journal size.
    pub signature: String,
    pub links: PublicationLinks,
}

/// Relative addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PublicationLinks {
    #[serde(rename = "self")]
    pub own: String,
    pub figures: String,
    pub changes: String,
    /// A file that proves, without us, that the entry which published it is in the journal.
    pub proof: String,
}

/// An edition's document, and what goes with it.
#[derive(Debug, Clone)]
pub struct Published {
    pub row: EditionRow,
    pub bytes: Vec<u8>,
    /// Whether there is a later edition. None will correct this one then.
    pub is_last: bool,
    pub corrected_by: Option<i64>,
}

/// Publishes the figures of now as the next edition.
pub fn publish(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    signer: &Signer,
    body: &Publish,
) -> Result<Publication> {
    ctx.may(alliance.id)?;
    let last = store::publications::count(conn, alliance.id)?;
    let indicators = read(alliance, body, last)?;
    let known = figures::live(conn, ctx, alliance)?;
    let earlier = earlier(conn, alliance)?;
    let edition = document::made(conn, alliance, known, &indicators, &earlier, body)?;
    let bytes = edition.bytes();
    let again = edition_of(&bytes)?;
    if let Some(before) = earlier.last().filter(|before| before.says_the_same(&again)) {
        return Err(unchanged(before.edition));
    }

    let sha256 = hex(&Sha256::digest(&bytes));
    let change = Change {
        action: "publication.published",
        subject: format!("publications/{}", edition.edition),
        partner: None,
        reason: body.reason.clone(),
        after: json!({
            "edition": edition.edition, "title": edition.title, "note": body.note, "corrects": edition.corrects,
            "journalSize": edition.journal_size, "sha256": sha256,
        }),
        texts: body.note.iter().map(|_| "/note".to_owned()).collect(),
        taken: Vec::new(),
    };
    let seq = journal::record(conn, ctx, alliance.id, change)?;
    let published_at = figures::live(conn, ctx, alliance)?.at;
    let slug = &alliance.programme.slug;
    let text = signed_text(&signer.name(slug), edition.edition, &sha256, known.seq);
    let row = EditionRow {
        alliance_id: alliance.id,
        edition: edition.edition,
        title: edition.title,
        corrects: edition.corrects,
        published_at: Instant(published_at),
        as_of: Instant(known.at),
        journal_size: known.seq,
        seq,
        signature: signer.sign(slug, &text).map_err(unsigned)?,
        sha256,
    };
    store::publications::insert(conn, row.clone(), &bytes)?;
    let texts = store::journal::texts(conn, alliance.id, &[seq])?;
    Ok(publication(slug, row, None, &texts))
}

/// What is signed of an edition: its name, its hash, and the size of the journal that it is of. Three lines, each ended.
pub fn signed_text(name: &str, edition: i64, sha256: &str, journal_size: i64) -> String {
    format!("{name}/publications/{edition}\nsha256 {sha256}\njournal {journal_size}\n")
}

fn unsigned(_: BadKey) -> Error {
    Error::Failed(db::Error::Broken("the key of signed notes can't be read".to_owned()))
}

/// A page of editions in order, without their documents.
pub fn list(conn: &mut Conn, alliance: &InForce, page: &Page<i64>) -> Result<Vec<Publication>> {
    let rows = store::publications::list(conn, alliance.id, page)?;
    let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
    let texts = store::journal::texts(conn, alliance.id, &seqs)?;
    let beyond = match rows.last() {
        Some(last) => corrected_by(conn, last)?,
        None => None,
    };
    let within = rows.iter().skip(1).map(|next| next.corrects.map(|_| next.edition));
    let corrected: Vec<Option<i64>> = within.chain([beyond]).collect();
    let slug = &alliance.programme.slug;
    let both = rows.into_iter().zip(corrected);
    Ok(both
        .map(|(row, corrected_by)| publication(slug, row, corrected_by, &texts))
        .collect())
}

/// One edition.
pub fn find(conn: &mut Conn, alliance: &InForce, edition: i64) -> Result<Published> {
    let row = store::publications::find(conn, alliance.id, edition)?.ok_or_else(Error::absent)?;
    let bytes = store::publications::document(conn, alliance.id, edition)?.ok_or_else(Error::absent)?;
    let last = store::publications::count(conn, alliance.id)?;
    let corrected_by = corrected_by(conn, &row)?;
    Ok(Published { is_last: row.edition == last, row, bytes, corrected_by })
}

/// Only the next edition can be a correction of one.
fn corrected_by(conn: &mut Conn, row: &EditionRow) -> Result<Option<i64>> {
    let next = store::publications::find(conn, row.alliance_id, row.edition + 1)?;
    Ok(next.filter(|next| next.corrects == Some(row.edition)).map(|next| next.edition))
}

/// Reads stored bytes, which were made here.
pub fn edition_of(bytes: &[u8]) -> Result<Edition> {
    serde_json::from_slice(bytes)
        .map_err(|e| Error::Failed(db::Error::Broken(format!("a stored edition is broken: {e}"))))
}

fn earlier(conn: &mut Conn, alliance: &InForce) -> Result<Vec<Edition>> {
    let documents = store::publications::documents(conn, alliance.id)?;
    documents.iter().map(|(_, bytes)| edition_of(bytes)).collect()
}

fn publication(
    slug: &str,
    row: EditionRow,
    corrected_by: Option<i64>,
    texts: &[TextRow],
) -> Publication {
    let text = |pointer: &str| {
        let found = texts.iter().find(|text| text.seq == row.seq && text.pointer == pointer);
        found.map(|text| text.text.clone())
    };
    let own = format!("/v1/alliances/{slug}/publications/{}", row.edition);
    Publication {
        edition: row.edition,
        title: row.title.clone(),
        note: text("/after/note"),
        corrects: row.corrects,
        corrected_by,
        reason: text("/reason"),
        published_at: rfc3339(row.published_at.0),
        as_of: rfc3339(row.as_of.0),
        journal_size: row.journal_size,
        journal_seq: row.seq,
        sha256: row.sha256,
        signature: row.signature,
        links: PublicationLinks {
            figures: format!("{own}/figures"),
            changes: format!("{own}/changes"),
            proof: format!("/v1/alliances/{slug}/journal/{}/proof", row.seq),
            own,
        },
    }
}

/// The indicators that are asked for, or all that is wrong with the body.
fn read<'a>(alliance: &'a InForce, body: &Publish, last: i64) -> Result<Vec<&'a Indicator>> {
    let programme = &alliance.programme;
    let mut faults = Faults::new();
    faults.line("/title", &body.title);
    if let Some(note) = &body.note {
        faults.prose("/note", note);
    }
    correction(&mut faults, body, last);
    let all: Vec<String> = programme.indicators.iter().map(|indicator| indicator.key.clone()).collect();
    let keys = body.indicators.as_ref().unwrap_or(&all);
    if keys.is_empty() {
        faults.add(
            "/indicators",
            "nothing-to-publish",
            "Der er ingen tal at offentliggøre. Nævn mindst én indikator, eller udelad listen for at tage dem alle.",
            "There are no figures to publish. Name an indicator, or leave the list out to take all.",
        );
    }
    faults.unique("/indicators", keys);
    for (i, key) in keys.iter().enumerate().filter(|(_, key)| programme.indicator(key).is_none()) {
        faults.add(
            format!("/indicators/{i}"),
            "unknown-indicator",
            format!("Indikatoren »{}« findes ikke i programmet.", shown(key)),
            format!("There is no indicator \"{}\" in the programme.", shown(key)),
        );
    }
    faults.unless_any(())?;
    Ok(programme
        .indicators
        .iter()
        .filter(|indicator| keys.contains(&indicator.key))
        .collect())
}

fn correction(faults: &mut Faults, body: &Publish, last: i64) {
    match (body.corrects, &body.reason) {
        (None, None) => {}
        (None, Some(_)) => faults.add(
            "/reason",
            "not-a-correction",
            "En begrundelse hører til en rettelse. Sæt corrects til den udgave, der rettes.",
            "A reason belongs to a correction. Set corrects to the edition that is corrected.",
        ),
        (Some(_), None) => faults.add(
            "/reason",
            "required",
            "En rettelse skal have en begrundelse.",
            "A correction must have a reason.",
        ),
        (Some(_), Some(reason)) => {
            faults.prose("/reason", reason);
            if reason.trim().is_empty() {
                faults.add(
                    "/reason",
                    "required",
                    "Begrundelsen må ikke være tom.",
                    "The reason must not be empty.",
                );
            }
        }
    }
    let Some(corrects) = body.corrects else { return };
    if !(1..=last).contains(&corrects) {
        faults.add(
            "/corrects",
            "unknown-publication",
            format!("Alliancen har ingen udgave {corrects}."),
            format!("The alliance has no edition {corrects}."),
        );
    } else if corrects != last {
        faults.add(
            "/corrects",
            "not-the-last-edition",
            format!("Kun den seneste udgave kan rettes. Det er nummer {last}."),
            format!("Only the last edition can be corrected. It is number {last}."),
        );
    }
}

fn unchanged(edition: i64) -> Error {
    Error::conflict(
        "edition-unchanged",
        format!("Intet har ændret sig siden udgave {edition}, så der er ingen ny udgave."),
        format!("Nothing has changed since edition {edition}, so there is no new edition."),
    )
}
