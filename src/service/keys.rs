//! API keys: who may ask for tokens, as what, until when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::context::{Caller, Role};
use super::{Ctx, Error, Kind, Result, erasures, journal};
use crate::auth::secrets;
use crate::db::Conn;
use crate::db::types::Instant;
use crate::domain::checks::Faults;
use crate::domain::dates;
use crate::domain::id::{AllianceId, KeyId, PartnerId};
use crate::domain::journal::{Change, REDACTED};
use crate::domain::partner::unknown_partner;
use crate::domain::text::Fault;
use crate::store;
use crate::store::alliances::InForce;
use crate::store::keys::Key;

/// What a key is created with.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"role": "reader", "name": "Skærmen i hallen", "expiresAt": "2027-01-01T00:00:00Z"}))]
pub struct CreateKey {
    /// `secretariat`, `partner`, `auditor` or `reader`; an operator may also create an `operator`.
    pub role: String,
    /// Of a partner's key.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub partner: Option<String>,
    /// What the key is for. In no journal.
    pub name: String,
    #[serde(default)]
    #[schema(format = "date-time")]
    pub expires_at: Option<String>,
}

/// A key; its secret is shown once, when it is created.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    pub id: KeyId,
    pub client_id: String,
    pub role: String,
    pub partner: Option<PartnerId>,
    pub name: String,
    #[schema(format = "date-time")]
    pub created_at: String,
    #[schema(format = "date-time")]
    pub expires_at: Option<String>,
    #[schema(format = "date-time")]
    pub revoked_at: Option<String>,
}

impl From<&Key> for KeyView {
    fn from(key: &Key) -> KeyView {
        KeyView {
            id: key.id,
            client_id: key.id.to_string(),
            role: key.role.clone(),
            partner: key.partner_id,
            name: key.name.clone(),
            created_at: dates::rfc3339(key.created_at.0),
            expires_at: key.expires_at.map(|at| dates::rfc3339(at.0)),
            revoked_at: key.revoked_at.map(|at| dates::rfc3339(at.0)),
        }
    }
}

/// A new key and its secret, which is kept nowhere.
pub struct Created {
    pub key: Key,
    pub secret: String,
}

/// Makes a key in an alliance, or, with no alliance, for an operator.
pub fn create(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: Option<AllianceId>,
    body: &CreateKey,
) -> Result<Created> {
    let role = Role::parse(&body.role);
    if role == Some(Role::Operator) && !may_make_operators(ctx) {
        let fault = Fault::new(
            "/role",
            "forbidden",
            "Kun driften kan oprette nøgler til driften.",
            "Only an operator can create an operator's key.",
        );
        let (da, en) = (fault.detail.da.clone(), fault.detail.en.clone());
        return Err(Error::refuse(Kind::Forbidden, "forbidden", da, en).with_faults(vec![fault]));
    }
    let mut faults = Faults::new();
    let words: Vec<&str> = Role::ALL.into_iter().map(Role::word).collect();
    faults.one_of("/role", &body.role, &words);
    faults.line("/name", &body.name);
    let partner = check_partner(conn, &mut faults, alliance, role, body)?;
    let expires_at = check_expiry(&mut faults, ctx.now, body.expires_at.as_deref());
    let is_operator = role == Some(Role::Operator);
    if !is_operator && alliance.is_none() {
        faults.add(
            "/alliance",
            "required",
            "Nøglen mangler sin alliance.",
            "The key lacks its alliance.",
        );
    }
    faults.unless_any(())?;

    let secret = secrets::generate();
    let key = Key {
        id: KeyId::new(),
        alliance_id: alliance.filter(|_| !is_operator),
        role: body.role.clone(),
        partner_id: partner,
        name: body.name.trim().to_owned(),
        secret_hash: secrets::hash(&secret).to_vec(),
        created_at: Instant(ctx.now),
        expires_at: expires_at.map(Instant),
        revoked_at: None,
    };
    store::keys::insert(conn, &key)?;
    record(conn, ctx, &key, "key.created")?;
    Ok(Created { key, secret })
}

/// Ends a key. Its tokens stop working with the next request.
pub fn revoke(conn: &mut Conn, ctx: &Ctx, key: Key) -> Result<Key> {
    if key.revoked_at.is_some() {
        return Ok(key);
    }
    let key = Key { revoked_at: Some(Instant(ctx.now)), ..key };
    store::keys::set_revoked(conn, key.id, ctx.now)?;
    record(conn, ctx, &key, "key.revoked")?;
    Ok(key)
}

/// Forgets what a key is called, which may be who holds it, and ends the key. Nothing else here says whose it was.
pub fn erase_holder(conn: &mut Conn, ctx: &Ctx, key: Key) -> Result<Key> {
    if key.is_erased() {
        return Ok(key);
    }
    let key = Key {
        name: REDACTED.to_owned(),
        revoked_at: Some(key.revoked_at.unwrap_or(Instant(ctx.now))),
        ..key
    };
    store::keys::set_erased(conn, &key)?;
    let seq = record(conn, ctx, &key, "key.erased")?;
    erasures::due_after(conn, journal_of(&key), seq)?;
    erasures::rewrite_answers(conn, "/keys", |_, body| {
        let is_own = body["id"] == json!(key.id);
        if is_own {
            body["name"] = json!(key.name);
        }
        is_own
    })?;
    Ok(key)
}

/// An alliance's key, where the caller may do the operation with it.
pub fn find(conn: &mut Conn, ctx: &Ctx, alliance: AllianceId, id: KeyId) -> Result<Key> {
    ctx.may(alliance)?;
    let filter = seen_by(ctx, alliance);
    let is_seen = |key: &Key| match key.alliance_id {
        Some(own) => own == filter.alliance,
        None => filter.with_operators,
    };
    store::keys::find(conn, id)?.filter(is_seen).ok_or_else(Error::absent)
}

/// The keys that the caller may see at an alliance's address: operators see each other's too, which
/// belong to no alliance.
pub fn seen_by(ctx: &Ctx, alliance: AllianceId) -> store::keys::Filter {
    store::keys::Filter { alliance, with_operators: may_make_operators(ctx) }
}

/// Who a key's holder is at this moment; nobody if the key is gone, revoked or expired.
pub fn caller(conn: &mut Conn, id: KeyId, now: DateTime<Utc>) -> Result<Option<Caller>> {
    Ok(store::keys::find(conn, id)?.and_then(|key| holder(&key, now)))
}

/// The same, and what the alliance of a slug is at this moment, in one read.
pub fn caller_at(
    conn: &mut Conn,
    id: KeyId,
    slug: &str,
    now: DateTime<Utc>,
) -> Result<Option<(Caller, Option<InForce>)>> {
    let found = store::keys::find_with_alliance(conn, id, slug)?;
    Ok(found.and_then(|(key, alliance)| Some((holder(&key, now)?, alliance))))
}

fn holder(key: &Key, now: DateTime<Utc>) -> Option<Caller> {
    let role = Role::parse(&key.role).filter(|_| key.is_live(now))?;
    Some(Caller::Key {
        id: key.id,
        role,
        alliance: key.alliance_id,
        partner: key.partner_id,
    })
}

/// The key that a client's id and secret belong to, if it is live.
pub fn authenticate(conn: &mut Conn, id: &str, secret: &str, now: DateTime<Utc>) -> Result<Option<Key>> {
    let key = match KeyId::parse(id) {
        Some(id) => store::keys::find(conn, id)?,
        None => None,
    };
    // The comparison runs for an unknown id, too, so that its time tells nothing.
    let hash = key.as_ref().map_or_else(|| vec![0; 32], |key| key.secret_hash.clone());
    let matches = secrets::matches(secret, &hash);
    Ok(key.filter(|key| matches && key.is_live(now)))
}

fn may_make_operators(ctx: &Ctx) -> bool {
    match ctx.caller {
        Caller::Installation => true,
        Caller::Key { role, .. } => role == Role::Operator,
        Caller::Public => false,
    }
}

fn check_partner(
    conn: &mut Conn,
    faults: &mut Faults,
    alliance: Option<AllianceId>,
    role: Option<Role>,
    body: &CreateKey,
) -> Result<Option<PartnerId>> {
    let Some(text) = &body.partner else {
        if role == Some(Role::Partner) {
            faults.add(
                "/partner",
                "required",
                "En partners nøgle skal sige hvilken.",
                "A partner's key must say which.",
            );
        }
        return Ok(None);
    };
    if role != Some(Role::Partner) {
        faults.add(
            "/partner",
            "not-for-this-role",
            "Kun en partners nøgle har en partner.",
            "Only a partner's key has a partner.",
        );
    }
    let id = PartnerId::parse(text);
    let known = match (alliance, id) {
        (Some(alliance), Some(id)) => store::partners::exists(conn, alliance, id)?,
        _ => false,
    };
    if !known {
        faults.push(unknown_partner("/partner", text));
    }
    Ok(id.filter(|_| known))
}

fn check_expiry(faults: &mut Faults, now: DateTime<Utc>, text: Option<&str>) -> Option<DateTime<Utc>> {
    let text = text?;
    match dates::instant(text) {
        Some(at) if at > now => Some(at),
        Some(_) => {
            faults.add(
                "/expiresAt",
                "in-the-past",
                "Udløbet ligger i fortiden.",
                "The expiry lies in the past.",
            );
            None
        }
        None => {
            faults.add(
                "/expiresAt",
                "bad-time",
                "Udløbet er ikke et tidspunkt med tidszone (RFC 3339).",
                "The expiry is not a time with an offset (RFC 3339).",
            );
            None
        }
    }
}

/// An entry names the key, its role and partner, and nobody who holds it.
fn record(conn: &mut Conn, ctx: &Ctx, key: &Key, action: &'static str) -> Result<i64> {
    let after: Value = json!({
        "id": key.id,
        "role": key.role,
        "partner": key.partner_id,
        "expiresAt": key.expires_at.map(|at| dates::rfc3339(at.0)),
        "revokedAt": key.revoked_at.map(|at| dates::rfc3339(at.0)),
    });
    let change = Change {
        action,
        subject: format!("keys/{}", key.id),
        partner: key.partner_id,
        reason: None,
        after,
        texts: Vec::new(),
        taken: Vec::new(),
    };
    journal::record(conn, ctx, journal_of(key), change)
}

fn journal_of(key: &Key) -> AllianceId {
    key.alliance_id.unwrap_or(AllianceId::INSTALLATION)
}
