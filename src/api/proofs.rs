//! Checkpoints and proofs: what anybody needs to check the journal without trusting us.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::Answer;
use super::call::Call;
use super::lists::unless_any;
use super::problem::Failure;
use crate::db::Conn;
use crate::domain::checkpoint::base64;
use crate::domain::checks::{Faults, number, shown};
use crate::service::checkpoints::{self, Of, Signed};
use crate::service::programmes::InForce;
use crate::service::{Error, proofs};
use crate::store;

const TEXT: &str = "text/plain; charset=utf-8";
/// Anybody may keep a copy, and asks whether it still holds.
const SHARED: &str = "public, no-cache";
/// When to ask again where nothing can be signed for now.
const LATER_SECONDS: &str = "60";

/// Get the journal's checkpoint.
///
/// What the journal is now: its name, how many entries it has, and the root of the hash tree over them (RFC 6962),
/// signed (c2sp.org/tlog-checkpoint). Keep it: whatever the journal says later must be consistent with it. Where
/// nothing can be written the last one signed is sent.
#[utoipa::path(tag = "journal", responses(
    (status = 200, description = "A signed note", body = String, content_type = "text/plain")))]
#[get("/journal/checkpoint")]
pub async fn download_checkpoint(call: Call) -> HttpResponse {
    let signing = sign(&call).await;
    call.read(|conn, call| {
        let alliance = call.alliance(conn)?;
        let signed = last(conn, call, &alliance, signing)?;
        Ok(Answer::bytes(TEXT, signed.note.into_bytes())
            .with_header("cache-control", SHARED)
            .hashed())
    })
    .await
}

/// List the keys that sign checkpoints.
///
/// As verifier keys of signed notes (c2sp.org/signed-note), a line each: name, key id and Ed25519 key. The first
/// signs now. Whoever wants to be sure gets it once, by a way that can be trusted, and keeps it.
#[utoipa::path(tag = "journal", responses(
    (status = 200, description = "Verifier keys", body = String, content_type = "text/plain")))]
#[get("/journal/verifier-key")]
pub async fn download_verifier_key(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        call.alliance(conn)?;
        let keys = call.app.signer.verifiers(call.step("alliance"));
        let lines: String = keys.iter().map(|key| format!("{key}\n")).collect();
        Ok(Answer::bytes(TEXT, lines.into_bytes())
            .with_header("cache-control", SHARED)
            .hashed())
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InclusionQuery {
    /// The entry's number.
    #[param(minimum = 1, required = true, value_type = i64)]
    seq: Option<String>,
    /// In the tree of so many entries; by default all.
    #[param(minimum = 1, value_type = Option<i64>)]
    size: Option<String>,
}

/// That an entry is in the tree. Hashes are in base64.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InclusionProof {
    pub seq: i64,
    /// `seq` − 1.
    pub leaf_index: u64,
    /// So many entries.
    pub size: i64,
    /// SHA-256 of a zero byte and the entry's bytes.
    #[schema(format = "byte")]
    pub leaf_hash: String,
    /// From the leaf's sibling up (RFC 9162 §2.1.3).
    pub hashes: Vec<String>,
    /// What a checkpoint of this size says.
    #[schema(format = "byte")]
    pub root_hash: String,
}

/// Prove that an entry is in the journal.
#[utoipa::path(tag = "journal", params(InclusionQuery), responses(
    (status = 200, description = "The proof", body = InclusionProof)))]
#[get("/journal/proofs/inclusion")]
pub async fn prove_inclusion(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: InclusionQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let mut read = Numbers::new(conn, &alliance)?;
        let seq = read.needed("seq", query.seq.as_deref())?;
        let size = read.size("size", query.size.as_deref());
        if let (Some(seq), Some(size)) = (seq, size)
            && seq > size
        {
            read.faults.add(
                "?seq",
                "not-in-tree",
                format!("Post {seq} er ikke blandt de første {size}."),
                format!("Entry {seq} is not among the first {size}."),
            );
        }
        let (seq, size) = read.both(seq, size)?;
        let proof = proofs::inclusion(conn, alliance.id, seq, size)?;
        let shown = InclusionProof {
            seq,
            leaf_index: proof.index,
            size,
            leaf_hash: base64(&proof.leaf),
            hashes: proof.hashes.iter().map(base64).collect(),
            root_hash: base64(&proof.root),
        };
        Ok(Answer::ok(&shown).with_header("cache-control", SHARED).hashed())
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ConsistencyQuery {
    /// The smaller tree, of so many entries.
    #[param(minimum = 1, required = true, value_type = i64)]
    from: Option<String>,
    /// The larger tree; by default of all entries.
    #[param(minimum = 1, value_type = Option<i64>)]
    to: Option<String>,
}

/// That one tree is the beginning of another. Hashes are in base64.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsistencyProof {
    pub from: i64,
    pub to: i64,
    /// What a checkpoint of the size `from` says.
    #[schema(format = "byte")]
    pub from_root_hash: String,
    /// What a checkpoint of the size `to` says.
    #[schema(format = "byte")]
    pub to_root_hash: String,
    /// As RFC 9162 §2.1.4 has them.
    pub hashes: Vec<String>,
}

/// Prove that the journal was never rewritten.
///
/// That its first `from` entries are still the first of `to`.
#[utoipa::path(tag = "journal", params(ConsistencyQuery), responses(
    (status = 200, description = "The proof", body = ConsistencyProof)))]
#[get("/journal/proofs/consistency")]
pub async fn prove_consistency(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: ConsistencyQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let mut read = Numbers::new(conn, &alliance)?;
        let from = read.needed("from", query.from.as_deref())?;
        let to = read.size("to", query.to.as_deref());
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            read.faults.add(
                "?from",
                "from-after-to",
                format!("»from« ({from}) er større end »to« ({to})."),
                format!("\"from\" ({from}) is larger than \"to\" ({to})."),
            );
        }
        let (from, to) = read.both(from, to)?;
        let proof = proofs::consistency(conn, alliance.id, from, to)?;
        let shown = ConsistencyProof {
            from,
            to,
            from_root_hash: base64(&proof.old_root),
            to_root_hash: base64(&proof.new_root),
            hashes: proof.hashes.iter().map(base64).collect(),
        };
        Ok(Answer::ok(&shown).with_header("cache-control", SHARED).hashed())
    })
    .await
}

/// Download an entry's proof.
///
/// A file that is whole by itself (c2sp.org/tlog-proof): the entry's place, the hashes up to the root, and a signed
/// checkpoint. With the entry's bytes and the verifier key it can be verified without us.
#[utoipa::path(tag = "journal", responses(
    (status = 200, description = "The proof", body = String, content_type = "text/plain")))]
#[get("/journal/{seq}/proof")]
pub async fn download_entry_proof(call: Call) -> HttpResponse {
    let signing = sign(&call).await;
    call.read(|conn, call| {
        let alliance = call.alliance(conn)?;
        let seq = call.id("seq", number)?;
        let head = store::journal::head(conn, alliance.id)?.map_or(0, |head| head.size);
        if seq < 1 || seq > head {
            return Err(Failure::from(Error::absent()));
        }
        let signed = last(conn, call, &alliance, signing)?;
        if seq > signed.size {
            return Err(not_signed_yet());
        }
        let proof = proofs::of_entry(conn, alliance.id, seq, &signed)?;
        let name = format!("attachment; filename=\"{}-{seq}.tlog-proof\"", call.step("alliance"));
        let answer = Answer::bytes(TEXT, proof.text().into_bytes());
        Ok(answer
            .with_header("content-disposition", name)
            .with_header("cache-control", SHARED)
            .hashed())
    })
    .await
}

/// Signs the journal as it is now, where that is due and anything can be written. Whatever stands in the way of
/// it is no matter where something was signed before.
pub(super) async fn sign(call: &Call) -> Result<(), Failure> {
    if call.app.read_only {
        return Err(not_signed_yet());
    }
    let (app, now) = (call.app.clone(), call.ctx.now);
    let slug = call.step("alliance").to_owned();
    let (looking, asked) = (app.clone(), slug.clone());
    let is_due = app.db.read(move |conn| {
        let Some(alliance) = store::alliances::find(conn, &asked)? else { return Ok(false) };
        let of = Of { journal: alliance.id, slug: &asked };
        checkpoints::is_due(conn, &looking.signer, of)
    });
    if !is_due.await? {
        return Ok(());
    }
    let signing = app.clone();
    let signed = app.db.write(move |conn| {
        let Some(alliance) = store::alliances::find(conn, &slug)? else { return Ok(()) };
        let of = Of { journal: alliance.id, slug: &slug };
        checkpoints::sign(conn, &signing.signer, of, now).map(drop)
    });
    Ok(signed.await.map_err(|error: Error| error)?)
}

/// What was signed last. Refuses where it is not true any more, and where nothing was ever signed.
pub(super) fn last(
    conn: &mut Conn,
    call: &Call,
    alliance: &InForce,
    signing: Result<(), Failure>,
) -> Result<Signed, Failure> {
    let of = Of { journal: alliance.id, slug: call.step("alliance") };
    if let Some(fault) = checkpoints::fault(conn, &call.app.signer, of)? {
        return Err(Failure::from(Error::from(fault)));
    }
    match checkpoints::last(conn, alliance.id)? {
        Some(signed) => Ok(signed),
        None => Err(signing.err().unwrap_or_else(not_signed_yet)),
    }
}

pub(super) fn not_signed_yet() -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "not-signed-yet",
        "Det er ikke underskrevet endnu, og lige nu kan der ikke underskrives. Prøv igen senere.",
        "That has not been signed yet, and nothing can be signed just now. Try again later.",
    )
    .with_header(header::RETRY_AFTER, LATER_SECONDS)
}

/// Reads numbers of entries, all faults at once.
struct Numbers {
    faults: Faults,
    /// So many entries there are.
    head: i64,
}

impl Numbers {
    fn new(conn: &mut Conn, alliance: &InForce) -> Result<Numbers, Failure> {
        let head = store::journal::head(conn, alliance.id)?.map_or(0, |head| head.size);
        Ok(Numbers { faults: Faults::new(), head })
    }

    /// A number that must be given.
    fn needed(&mut self, name: &str, text: Option<&str>) -> Result<Option<i64>, Failure> {
        let missing = || {
            Failure::malformed_at(
                format!("?{name}"),
                "parameter-missing",
                format!("Parameteren »{name}« mangler."),
                format!("The parameter \"{name}\" is missing."),
            )
        };
        Ok(self.read(name, text.ok_or_else(missing)?))
    }

    /// A number that is all there is where it is not given.
    fn size(&mut self, name: &str, text: Option<&str>) -> Option<i64> {
        match text {
            Some(text) => self.read(name, text),
            None => Some(self.head),
        }
    }

    fn read(&mut self, name: &str, text: &str) -> Option<i64> {
        let pointer = format!("?{name}");
        let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let digits = text.trim_start_matches('0');
        if !is_digits {
            self.faults.add(
                pointer,
                "not-a-number",
                format!("»{}« er ikke et helt tal.", shown(text)),
                format!("\"{}\" is not a whole number.", shown(text)),
            );
            return None;
        }
        if digits.is_empty() {
            self.faults.add(
                pointer,
                "zero",
                "Journalens poster tælles fra 1, og et tomt træ kan intet bevise.",
                "The journal's entries are counted from 1, and an empty tree proves nothing.",
            );
            return None;
        }
        // What is too long to be read is beyond any journal.
        let number = digits.parse().unwrap_or(i64::MAX);
        if number > self.head {
            self.faults.add(
                pointer,
                "beyond-the-journal",
                format!("Journalen har {} poster.", self.head),
                format!("The journal has {} entries.", self.head),
            );
            return None;
        }
        Some(number)
    }

    fn both(self, one: Option<i64>, other: Option<i64>) -> Result<(i64, i64), Failure> {
        unless_any(self.faults)?;
        one.zip(other).ok_or_else(|| Failure::from(Error::absent()))
    }
}
