//! Checkpoints: what a journal's tree is at one size, signed.
//!
//! Whatever was signed is kept. Nothing is signed that contradicts what was signed last: no smaller tree, and
//! none of which the last one signed is not the beginning.

use chrono::{DateTime, Utc};

use super::tree::{self, known};
use super::{Error, Kind, Result};
use crate::auth::notes::{self, Signer, Verifier};
use crate::db::types::Instant;
use crate::db::{self, Conn};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::id::AllianceId;
use crate::domain::text::Text;
use crate::domain::tree::{self as hashes, Hash, Node};
use crate::store;
use crate::store::checkpoints::CheckpointRow;

/// Whose journal.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    pub journal: AllianceId,
    pub slug: &'a str,
}

/// A checkpoint as it was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// So many entries.
    pub size: i64,
    pub root: Hash,
    /// The signed note (c2sp.org/tlog-checkpoint).
    pub note: String,
}

/// Why nothing is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The tree has not one leaf for each entry.
    Incomplete { leaves: i64, entries: i64 },
    /// Some hash that must be there is not.
    Missing,
    /// The last entry is not the one that was hashed.
    LastEntry { seq: i64 },
    /// The journal has become shorter than what was signed.
    Shorter { signed: i64, entries: i64 },
    /// The first entries are others than were signed.
    Rewritten { signed: i64 },
    /// What is kept as the last checkpoint was not signed by this installation.
    Foreign { signed: i64 },
}

/// How a journal stands, without fault.
struct Standing {
    size: i64,
    last: Option<Signed>,
    /// In the present name, by the present key.
    is_current: bool,
}

/// What was signed last, if anything was.
pub fn last(conn: &mut Conn, journal: AllianceId) -> Result<Option<Signed>> {
    store::checkpoints::last(conn, journal)?.map(signed).transpose()
}

/// Whether there is more to sign than was signed last. Refuses where nothing may be signed.
pub fn is_due(conn: &mut Conn, signer: &Signer, of: Of) -> Result<bool> {
    let standing = standing(conn, signer, of)?.map_err(Error::from)?;
    Ok(!standing.is_current)
}

/// The checkpoint of the journal as it is now: signed here, unless it has been. In a write, so that it is kept
/// before anybody sees it. Refuses where it would contradict what was signed last.
pub fn sign(conn: &mut Conn, signer: &Signer, of: Of, now: DateTime<Utc>) -> Result<Signed> {
    let standing = standing(conn, signer, of)?.map_err(Error::from)?;
    let size = standing.size;
    let before = standing.last.filter(|last| last.size == size);
    if let Some(last) = &before
        && standing.is_current
    {
        return Ok(last.clone());
    }
    let root = root(conn, of.journal, size)?.ok_or(Fault::Missing)?;
    let origin = signer.name(of.slug);
    let text = Checkpoint { origin, size: u64::try_from(size).unwrap_or(0), root }.text();
    let note = signer.sign(of.slug, &text).map_err(|_| {
        Error::Failed(db::Error::Broken("the key that signs notes can't be read".to_owned()))
    })?;
    match before {
        Some(_) => store::checkpoints::sign_anew(conn, of.journal, size, &note, now)?,
        None => {
            let row = CheckpointRow {
                journal_id: of.journal,
                size,
                root: root.to_vec(),
                note: note.clone(),
                signed_at: Instant(now),
            };
            store::checkpoints::insert(conn, &row)?;
        }
    }
    Ok(Signed { size, root, note })
}

/// What keeps a journal from being signed, told cheaply: its size, its last entry, and what was signed last.
/// `facit check` looks at everything.
pub fn fault(conn: &mut Conn, signer: &Signer, of: Of) -> Result<Option<Fault>> {
    Ok(standing(conn, signer, of)?.err())
}

/// Which journals can't be signed, of the first so many by their slugs.
pub fn faults(conn: &mut Conn, signer: &Signer, most: i64) -> Result<Vec<(String, Fault)>> {
    let mut faults = Vec::new();
    for alliance in store::alliances::list(conn, None, most)? {
        let of = Of { journal: alliance.id, slug: &alliance.slug };
        faults.extend(fault(conn, signer, of)?.map(|fault| (alliance.slug.clone(), fault)));
    }
    Ok(faults)
}

/// The root of the first so many entries; `None` where a hash is missing.
pub fn root(conn: &mut Conn, journal: AllianceId, size: i64) -> Result<Option<Hash>> {
    let size = u64::try_from(size).unwrap_or(0);
    let known = known(conn, journal, &hashes::parts(size))?;
    Ok(hashes::root(size, |node| known.get(&node).copied()))
}

fn standing(conn: &mut Conn, signer: &Signer, of: Of) -> Result<Result<Standing, Fault>> {
    let size = store::journal::head(conn, of.journal)?.map_or(0, |head| head.size);
    let leaves = store::tree::size(conn, of.journal)?;
    let last = store::checkpoints::last(conn, of.journal)?;
    if let Some(signed) = last.as_ref().map(|last| last.size).filter(|signed| *signed > size) {
        return Ok(Err(Fault::Shorter { signed, entries: size }));
    }
    if leaves != size {
        return Ok(Err(Fault::Incomplete { leaves, entries: size }));
    }
    if let Some(fault) = last_entry(conn, of.journal, size)? {
        return Ok(Err(fault));
    }
    let Some(row) = last else { return Ok(Ok(Standing { size, last: None, is_current: false })) };
    let last = signed(row)?;
    let Some(by) = signed_by(signer, &last) else {
        return Ok(Err(Fault::Foreign { signed: last.size }));
    };
    match root(conn, of.journal, last.size)? {
        None => return Ok(Err(Fault::Missing)),
        Some(root) if root != last.root => return Ok(Err(Fault::Rewritten { signed: last.size })),
        Some(_) => {}
    }
    let is_current = last.size == size && signer.verifiers(of.slug).first() == Some(&by);
    Ok(Ok(Standing { size, last: Some(last), is_current }))
}

fn last_entry(conn: &mut Conn, journal: AllianceId, seq: i64) -> Result<Option<Fault>> {
    let Some(position) = tree::index(seq) else { return Ok(None) };
    let leaf = Node { level: 0, position };
    let entry = store::journal::find(conn, journal, seq)?;
    let hashed = entry.map(|entry| hashes::leaf_hash(&entry.bytes));
    let is_same = hashed.is_some() && hashed == known(conn, journal, &[leaf])?.get(&leaf).copied();
    Ok((!is_same).then_some(Fault::LastEntry { seq }))
}

/// Who of this installation signed it, in whatever name its journal had then.
fn signed_by(signer: &Signer, signed: &Signed) -> Option<Verifier> {
    let origin = signed.note.lines().next()?;
    let own = signer.keys.iter().rev().map(|key| key.verifier(origin));
    own.into_iter().find(|own| {
        let text = notes::open(&signed.note, std::slice::from_ref(own));
        let checkpoint = text.ok().and_then(Checkpoint::parse);
        checkpoint.is_some_and(|checkpoint| {
            checkpoint.root == signed.root && i64::try_from(checkpoint.size) == Ok(signed.size)
        })
    })
}

fn signed(row: CheckpointRow) -> Result<Signed> {
    let unreadable = || {
        let place = format!("of the first {} entries of journal {}", row.size, row.journal_id);
        Error::Failed(db::Error::Broken(format!("the checkpoint {place} can't be read")))
    };
    let root = row.root.as_slice().try_into().map_err(|_| unreadable())?;
    Ok(Signed { size: row.size, root, note: row.note })
}

impl Fault {
    pub fn code(&self) -> &'static str {
        match self {
            Fault::Incomplete { .. } | Fault::Missing | Fault::LastEntry { .. } => "tree-damaged",
            Fault::Shorter { .. } | Fault::Rewritten { .. } | Fault::Foreign { .. } => {
                "tree-inconsistent"
            }
        }
    }

    pub fn text(&self) -> Text {
        match self {
            Fault::Incomplete { leaves, entries } => Text::new(
                format!("Journalen har {entries} poster, men dens hashtræ har {leaves} blade."),
                format!("The journal has {entries} entries, but its hash tree has {leaves} leaves."),
            ),
            Fault::Missing => Text::new(
                "Der mangler hashværdier i journalens hashtræ.",
                "Hashes are missing from the journal's hash tree.",
            ),
            Fault::LastEntry { seq } => Text::new(
                format!("Post {seq} i journalen er ikke den, der blev lagt i hashtræet."),
                format!("Entry {seq} of the journal is not the one that was put into the hash tree."),
            ),
            Fault::Shorter { signed, entries } => Text::new(
                format!("Journalen har {entries} poster, men {signed} er underskrevet før."),
                format!("The journal has {entries} entries, but {signed} were signed before."),
            ),
            Fault::Rewritten { signed } => Text::new(
                format!("De første {signed} poster i journalen er ikke dem, der er underskrevet."),
                format!("The first {signed} entries of the journal are not those that were signed."),
            ),
            Fault::Foreign { signed } => Text::new(
                format!("Det sidste kontrolpunkt (over {signed} poster) er ikke underskrevet her."),
                format!("The last checkpoint (of {signed} entries) was not signed here."),
            ),
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Error {
        let text = fault.text();
        let da = format!("{} Der underskrives intet, før driften har kørt facit check.", text.da);
        let en =
            format!("{} Nothing is signed until whoever runs the service has run facit check.", text.en);
        Error::refuse(Kind::Unavailable, fault.code(), da, en)
    }
}
