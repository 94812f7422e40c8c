//! Alliances and their programmes.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::patch::{self, Seen};
use super::{Caller, Ctx, Error, Result, Role, journal, standings};
use crate::db::{self, Conn};
use crate::domain::id::AllianceId;
use crate::domain::journal::{Change, hex};
use crate::domain::programme::{Programme, ProgrammeDocument, frozen};
use crate::domain::text::Fault;
use crate::store;
use crate::store::alliances::{Alliance, ProgrammeVersion};

/// An alliance with its programme in force, rules compiled.
#[derive(Debug, Clone)]
pub struct InForce {
    pub id: AllianceId,
    pub version: i64,
    pub programme: Arc<Programme>,
}

/// The alliance of a slug, or the refusal that there is none.
pub fn in_force(conn: &mut Conn, slug: &str) -> Result<InForce> {
    let found = store::alliances::find_in_force(conn, slug)?;
    let (alliance, sha256) = found.ok_or_else(Error::absent)?;
    compiled(conn, alliance, sha256)
}

/// The alliance, where the caller may do the operation in it.
pub fn entered(conn: &mut Conn, ctx: &Ctx, slug: &str) -> Result<InForce> {
    let found = store::alliances::find_in_force(conn, slug)?;
    let (alliance, sha256) = found.ok_or_else(Error::absent)?;
    ctx.may(alliance.id)?;
    compiled(conn, alliance, sha256)
}

/// The same, of what was read already.
pub fn entered_at(conn: &mut Conn, ctx: &Ctx, found: &store::alliances::InForce) -> Result<InForce> {
    ctx.may(found.alliance.id)?;
    compiled(conn, found.alliance.clone(), found.sha256.clone())
}

pub fn with_programme(conn: &mut Conn, alliance: Alliance) -> Result<InForce> {
    let sha256 = store::alliances::programme_sha256(conn, alliance.id, alliance.version)?;
    compiled(conn, alliance, sha256)
}

/// The alliance with the programme that was in force at a size of its journal.
pub fn at(conn: &mut Conn, alliance: &InForce, seq: i64) -> Result<InForce> {
    let found = store::alliances::programme_at(conn, alliance.id, seq)?;
    let (version, sha256) = found.ok_or_else(Error::absent)?;
    let slug = alliance.programme.slug.clone();
    compiled(conn, Alliance { id: alliance.id, slug, version }, sha256)
}

/// The programmes that entries after one number and up to another applied, each with its entry's.
pub fn between(
    conn: &mut Conn,
    alliance: &InForce,
    after: i64,
    up_to: i64,
) -> Result<Vec<(InForce, i64)>> {
    let applied = store::alliances::programmes_between(conn, alliance.id, after, up_to)?;
    let mut programmes = Vec::with_capacity(applied.len());
    for (version, sha256, seq) in applied {
        let slug = alliance.programme.slug.clone();
        let alliance = Alliance { id: alliance.id, slug, version };
        programmes.push((compiled(conn, alliance, sha256)?, seq));
    }
    Ok(programmes)
}

fn compiled(conn: &mut Conn, alliance: Alliance, sha256: String) -> Result<InForce> {
    let key = (alliance.id, sha256);
    if let Some(programme) = cached(&key) {
        return Ok(InForce { id: alliance.id, version: alliance.version, programme });
    }
    let stored = store::alliances::programme(conn, alliance.id, alliance.version)?;
    let programme = Arc::new(compile(&stored.document)?);
    keep(key, programme.clone());
    Ok(InForce { id: alliance.id, version: alliance.version, programme })
}

/// Reads a stored document, which was checked when it was applied.
pub fn compile(document: &str) -> Result<Programme> {
    let broken = |cause: String| {
        Error::Failed(db::Error::Broken(format!("a stored programme is broken: {cause}")))
    };
    let document: ProgrammeDocument =
        serde_json::from_str(document).map_err(|e| broken(e.to_string()))?;
    document.check().map_err(|faults| broken(format!("{faults:?}")))
}

type CacheKey = (AllianceId, String);

/// Compiled programmes by alliance and hash: compiling takes longer than most requests.
static COMPILED: LazyLock<Mutex<HashMap<CacheKey, Arc<Programme>>>> = LazyLock::new(Mutex::default);

fn cached(key: &CacheKey) -> Option<Arc<Programme>> {
    COMPILED.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
}

fn keep(key: CacheKey, programme: Arc<Programme>) {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if compiled.len() >= 64 {
        compiled.clear();
    }
    compiled.insert(key, programme);
}

/// What became of a document that was applied.
#[derive(Debug, Clone)]
pub struct Applied {
    pub in_force: InForce,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Created,
    Changed,
    /// An equal document changes nothing.
    Unchanged,
}

/// Whether `If-Match` is asked for: over HTTP it is, on the command line the file is the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Seen(Option<Seen>),
    None,
}

/// Creates an alliance, or changes its programme as a whole.
pub fn apply(
    conn: &mut Conn,
    ctx: &Ctx,
    slug: &str,
    document: ProgrammeDocument,
    condition: &Condition,
) -> Result<Applied> {
    match store::alliances::find(conn, slug)? {
        None => create(conn, ctx, slug, document, condition),
        Some(alliance) => {
            ctx.may(alliance.id)?;
            if let Condition::Seen(seen) = condition {
                patch::must_have_seen(seen.as_ref(), alliance.version)?;
            }
            change(conn, ctx, alliance, document)
        }
    }
}

fn checked(slug: &str, document: ProgrammeDocument) -> Result<Programme> {
    let other_slug = (document.slug != slug).then(|| {
        Fault::new(
            "/slug",
            "other-alliance",
            format!("Adressen siger »{slug}«."),
            format!("The address says \"{slug}\"."),
        )
    });
    match (document.check(), other_slug) {
        (Ok(programme), None) => Ok(programme),
        (Ok(_), Some(fault)) => Err(Error::from(vec![fault])),
        (Err(mut faults), fault) => {
            faults.extend(fault);
            Err(Error::from(faults))
        }
    }
}

fn create(
    conn: &mut Conn,
    ctx: &Ctx,
    slug: &str,
    document: ProgrammeDocument,
    condition: &Condition,
) -> Result<Applied> {
    let may_create = match ctx.caller {
        Caller::Installation => true,
        Caller::Key { role, .. } => role == Role::Operator,
        Caller::Public => false,
    };
    if !may_create {
        return Err(Error::absent());
    }
    if let Condition::Seen(seen) = condition {
        patch::must_not_have_seen(seen.as_ref())?;
    }
    let programme = checked(slug, document)?;
    let alliance = Alliance { id: AllianceId::new(), slug: slug.to_owned(), version: 1 };
    let (canonical, sha256) = canonical(&programme.document);
    // The journal row comes first: the alliance refers to it.
    store::journal::begin(conn, alliance.id, ctx.now - chrono::Duration::microseconds(1))?;
    store::alliances::insert(conn, &alliance)?;
    let in_force = record(conn, ctx, alliance, programme, canonical, sha256)?;
    Ok(Applied { in_force, outcome: Outcome::Created })
}

fn change(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: Alliance,
    document: ProgrammeDocument,
) -> Result<Applied> {
    let old = with_programme(conn, alliance.clone())?;
    let uses = store::uses::of(conn, alliance.id)?;
    let taken = frozen(&old.programme.document, &document, &uses);
    if !taken.is_empty() {
        return Err(Error::conflict(
            "in-use",
            "Programmet fjerner eller ændrer noget, der er i brug.",
            "The programme removes or changes something that is in use.",
        )
        .with_faults(taken));
    }
    let programme = checked(&alliance.slug, document)?;
    let (canonical, sha256) = canonical(&programme.document);
    if programme.document == old.programme.document {
        return Ok(Applied { in_force: old, outcome: Outcome::Unchanged });
    }
    let alliance = Alliance { version: alliance.version + 1, ..alliance };
    store::alliances::set_version(conn, alliance.id, alliance.version)?;
    let in_force = record(conn, ctx, alliance, programme, canonical, sha256)?;
    Ok(Applied { in_force, outcome: Outcome::Changed })
}

fn record(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: Alliance,
    programme: Programme,
    document: String,
    sha256: String,
) -> Result<InForce> {
    let after: Value = json!({
        "version": alliance.version,
        "sha256": sha256,
        "document": serde_json::to_value(&programme.document).unwrap_or_default(),
    });
    let seq = journal::next_seq(conn, ctx, alliance.id)?;
    let version = ProgrammeVersion {
        alliance_id: alliance.id,
        version: alliance.version,
        document,
        sha256: sha256.clone(),
        seq,
    };
    store::alliances::insert_programme(conn, &version)?;
    let change = Change {
        action: "programme.applied",
        subject: "programme".to_owned(),
        partner: None,
        reason: None,
        after,
        texts: Vec::new(),
        taken: Vec::new(),
    };
    let seq = journal::record(conn, ctx, alliance.id, change)?;
    let everyone = store::partners::all_ids(conn, alliance.id)?;
    standings::renew(conn, ctx, alliance.id, &programme, &everyone, seq)?;
    Ok(InForce {
        id: alliance.id,
        version: alliance.version,
        programme: Arc::new(programme),
    })
}

/// The document's canonical JSON and its hash.
pub fn canonical(document: &ProgrammeDocument) -> (String, String) {
    let bytes = serde_json_canonicalizer::to_vec(document).unwrap_or_default();
    let sha256 = hex(&Sha256::digest(&bytes));
    (String::from_utf8(bytes).unwrap_or_default(), sha256)
}
