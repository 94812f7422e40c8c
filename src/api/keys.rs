use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::problem::Failure;
use super::redactions::swept;
use crate::db::Conn;
use crate::domain::checks::Faults;
use crate::domain::id::{AllianceId, KeyId};
use crate::service::Error;
use crate::service::keys::{self, CreateKey, KeyView};
use crate::store;

/// A new key with its secret, which is shown this once.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewKey {
    #[serde(flatten)]
    pub key: KeyView,
    /// Absent where the creation is replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// Create an API key.
///
/// The secret is shown once and stored hashed; a replay comes without it.
#[utoipa::path(tag = "access", request_body = CreateKey, responses(
    (status = 201, description = "Created", body = NewKey)))]
#[post("/keys")]
pub async fn create_key(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: CreateKey = call.body()?;
        let alliance = alliance_id(conn, call)?;
        let created = keys::create(conn, &call.ctx, Some(alliance), &body)?;
        let shown = NewKey {
            key: KeyView::from(&created.key),
            client_secret: Some(created.secret),
        };
        let again = NewKey { client_secret: None, ..shown.clone() };
        let location = format!("{}/{}", call.path(), created.key.id);
        let answer = Answer::created(location, &shown)
            .versioned(1)
            .with_header("cache-control", "no-store");
        Ok(Answer {
            stored_body: Some(serde_json::to_vec(&again).unwrap_or_default().into()),
            ..answer
        })
    })
    .await
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KeysQuery {
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// List an alliance's API keys.
///
/// Revoked and expired ones too.
#[utoipa::path(tag = "access", params(KeysQuery), responses(
    (status = 200, description = "A page of keys", body = List<KeyView>)))]
#[get("/keys")]
pub async fn list_keys(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: KeysQuery = call.query()?;
        let alliance = alliance_id(conn, call)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        unless_any(faults)?;
        let filter = keys::seen_by(&call.ctx, alliance);
        let page = paging.page(call)?;
        let rows = store::keys::list(conn, filter, &page)?;
        let total = match paging.count {
            true => Some(store::keys::count(conn, filter)?),
            false => None,
        };
        let list = paging.cut(call, rows, total, |key| key.id);
        list.map(|key| KeyView::from(&key)).answer(call)
    })
    .await
}

/// Find an API key.
#[utoipa::path(tag = "access", responses((status = 200, description = "The key", body = KeyView)))]
#[get("/keys/{key}")]
pub async fn find_key(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let alliance = alliance_id(conn, call)?;
        let id = call.id("key", KeyId::parse)?;
        let key = keys::find(conn, &call.ctx, alliance, id)?;
        Ok(Answer::ok(&KeyView::from(&key)).versioned(version(&key)))
    })
    .await
}

/// Revoke an API key.
///
/// Its tokens stop working with the next request. It stays in the list.
#[utoipa::path(tag = "access", responses((status = 204, description = "Revoked")))]
#[delete("/keys/{key}")]
pub async fn revoke_key(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let alliance = alliance_id(conn, call)?;
        let id = call.id("key", KeyId::parse)?;
        let key = keys::find(conn, &call.ctx, alliance, id)?;
        crate::service::patch::must_have_seen(call.seen.as_ref(), version(&key))?;
        keys::revoke(conn, &call.ctx, key)?;
        Ok(Answer::gone())
    })
    .await
}

/// Forget an API key's holder.
///
/// Ends the key if it is still live, and takes its name out of everything that has it, the free space of the database's
/// files included: `[redacted]` stands there from now on. The journal never had it.
#[utoipa::path(tag = "access", responses((status = 200, description = "What is left of it", body = KeyView)))]
#[post("/keys/{key}/erasure")]
pub async fn erase_key_holder(call: Call) -> HttpResponse {
    let app = call.app.clone();
    let answer = call.write(|conn, call| {
        call.no_body()?;
        let alliance = alliance_id(conn, call)?;
        let id = call.id("key", KeyId::parse)?;
        let key = keys::find(conn, &call.ctx, alliance, id)?;
        crate::service::patch::may_have_seen(call.seen.as_ref(), version(&key))?;
        let key = keys::erase_holder(conn, &call.ctx, key)?;
        Ok(Answer::ok(&KeyView::from(&key)).versioned(version(&key)))
    });
    swept(app, answer.await).await
}

/// A key changes at most twice in its life.
fn version(key: &store::keys::Key) -> i64 {
    match (key.is_erased(), key.revoked_at) {
        (true, _) => 3,
        (false, Some(_)) => 2,
        (false, None) => 1,
    }
}

fn alliance_id(conn: &mut Conn, call: &Call) -> Result<AllianceId, Failure> {
    let alliance = store::alliances::find(conn, call.step("alliance"))?.ok_or_else(Error::absent)?;
    call.ctx.may(alliance.id)?;
    Ok(alliance.id)
}
