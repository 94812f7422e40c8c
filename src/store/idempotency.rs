use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::anywhere;
use crate::db::schema::idempotent_answers;
use crate::db::types::{Document, Instant};
use crate::db::{Conn, Result};
use crate::domain::id::KeyId;

/// The answer to a write, kept so that the same write sent again gets it again.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotent_answers, treat_none_as_default_value = false)]
pub struct StoredAnswer {
    pub caller_id: KeyId,
    pub caller_key: String,
    /// Method and path.
    pub address: String,
    /// Of query and body.
    pub request_hash: Vec<u8>,
    pub status: i64,
    pub headers: Document,
    pub body: Vec<u8>,
    pub stored_at: Instant,
}

pub fn find(conn: &mut Conn, caller: KeyId, key: &str, address: &str) -> Result<Option<StoredAnswer>> {
    let query = idempotent_answers::table
        .find((caller, key, address))
        .select(StoredAnswer::as_select());
    Ok(query.get_result(conn).optional()?)
}

pub fn insert(conn: &mut Conn, answer: &StoredAnswer) -> Result<()> {
    diesel::insert_into(idempotent_answers::table)
        .values(answer.clone())
        .execute(conn)?;
    Ok(())
}

/// Every answer to a write whose address has this in it.
pub fn at(conn: &mut Conn, part: &str) -> Result<Vec<StoredAnswer>> {
    let query = idempotent_answers::table
        .filter(idempotent_answers::address.like(anywhere(part)).escape('\\'))
        .select(StoredAnswer::as_select());
    Ok(query.load(conn)?)
}

/// Puts another body in the place of an answer's: the same, with a text less.
pub fn rewrite(conn: &mut Conn, answer: &StoredAnswer, body: Vec<u8>) -> Result<()> {
    let key = (answer.caller_id, answer.caller_key.clone(), answer.address.clone());
    diesel::update(idempotent_answers::table.find(key))
        .set(idempotent_answers::body.eq(body))
        .execute(conn)?;
    Ok(())
}

/// Forgets what is older.
pub fn forget_before(conn: &mut Conn, at: DateTime<Utc>) -> Result<()> {
    let old = idempotent_answers::table.filter(idempotent_answers::stored_at.lt(Instant(at)));
    diesel::delete(old).execute(conn)?;
    Ok(())
}
