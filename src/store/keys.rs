use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::Page;
use super::alliances::{Alliance, InForce};
use super::journal::Head;
use crate::db::schema::{alliances, journals, keys, programme_versions};
use crate::db::types::Instant;
use crate::db::{Conn, Result};
use crate::domain::checks::is_key;
use crate::domain::id::{AllianceId, KeyId, PartnerId};
use crate::domain::journal::REDACTED;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = keys, treat_none_as_default_value = false)]
pub struct Key {
    pub id: KeyId,
    pub alliance_id: Option<AllianceId>,
    pub role: String,
    pub partner_id: Option<PartnerId>,
    pub name: String,
    pub secret_hash: Vec<u8>,
    pub created_at: Instant,
    pub expires_at: Option<Instant>,
    pub revoked_at: Option<Instant>,
}

impl Key {
    /// Whether its name was taken away.
    pub fn is_erased(&self) -> bool {
        self.name == REDACTED
    }

    /// Neither revoked nor past its expiry.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|expires_at| now < expires_at.0)
    }
}

pub fn insert(conn: &mut Conn, key: &Key) -> Result<()> {
    diesel::insert_into(keys::table).values(key.clone()).execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, id: KeyId) -> Result<Option<Key>> {
    Ok(keys::table.find(id).select(Key::as_select()).get_result(conn).optional()?)
}

/// A key, and the alliance of a slug as it is now, both in one read: all that a read is answered by. The
/// alliance need not be the key's own.
pub fn find_with_alliance(
    conn: &mut Conn,
    id: KeyId,
    slug: &str,
) -> Result<Option<(Key, Option<InForce>)>> {
    if !is_key(slug) {
        return Ok(find(conn, id)?.map(|key| (key, None)));
    }
    let in_force = programme_versions::alliance_id
        .eq(alliances::id)
        .and(programme_versions::version.eq(alliances::version));
    let joined = keys::table
        .left_join(alliances::table.on(alliances::slug.eq(slug.to_owned())))
        .left_join(programme_versions::table.on(in_force))
        .left_join(journals::table.on(journals::id.eq(alliances::id)));
    let found = joined.filter(keys::id.eq(id)).select((
        Key::as_select(),
        Option::<Alliance>::as_select(),
        programme_versions::sha256.nullable(),
        journals::size.nullable(),
        journals::last_at.nullable(),
    ));
    type Row = (Key, Option<Alliance>, Option<String>, Option<i64>, Option<Instant>);
    let Some((key, alliance, sha256, size, last_at)) = found.get_result::<Row>(conn).optional()? else {
        return Ok(None);
    };
    let in_force = match (alliance, sha256, size, last_at) {
        (Some(alliance), Some(sha256), Some(size), Some(last_at)) => {
            Some(InForce { alliance, sha256, head: Head { size, last_at: last_at.0 } })
        }
        _ => None,
    };
    Ok(Some((key, in_force)))
}

pub fn set_revoked(conn: &mut Conn, id: KeyId, at: DateTime<Utc>) -> Result<()> {
    diesel::update(keys::table.find(id))
        .set(keys::revoked_at.eq(Some(Instant(at))))
        .execute(conn)?;
    Ok(())
}

/// Saves what is left of a key whose holder is forgotten.
pub fn set_erased(conn: &mut Conn, key: &Key) -> Result<()> {
    let changes = (keys::name.eq(key.name.clone()), keys::revoked_at.eq(key.revoked_at));
    diesel::update(keys::table.find(key.id)).set(changes).execute(conn)?;
    Ok(())
}

/// Whose keys a list has: an alliance's, and the operators' where these may be seen.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    pub alliance: AllianceId,
    pub with_operators: bool,
}

type Narrowed<'a> = keys::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn narrow<'a>(filter: Filter) -> Narrowed<'a> {
    let query = keys::table.into_boxed();
    let own = keys::alliance_id.eq(filter.alliance);
    match filter.with_operators {
        true => query.filter(keys::alliance_id.is_null().or(own.assume_not_null())),
        false => query.filter(own),
    }
}

pub fn count(conn: &mut Conn, filter: Filter) -> Result<i64> {
    Ok(narrow(filter).count().get_result(conn)?)
}

/// Keys in the order in which they were made.
pub fn list(conn: &mut Conn, filter: Filter, page: &Page<KeyId>) -> Result<Vec<Key>> {
    let mut query = narrow(filter);
    if let Some(after) = page.after {
        query = query.filter(keys::id.gt(after));
    }
    Ok(query
        .order(keys::id.asc())
        .limit(page.limit)
        .select(Key::as_select())
        .load(conn)?)
}

/// Every key of the installation.
pub fn all(conn: &mut Conn) -> Result<Vec<Key>> {
    Ok(keys::table.order(keys::id.asc()).select(Key::as_select()).load(conn)?)
}
