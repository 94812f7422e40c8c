//! What all instances of the service share: keys that sign, and the secret that seals cursors.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::auth::notes::NoteKey;
use crate::auth::tokens::SigningKey;
use crate::db::schema::{installation_secrets, note_keys, signing_keys};
use crate::db::types::Instant;
use crate::db::{Conn, Result};

pub fn secret(conn: &mut Conn, name: &str) -> Result<Option<Vec<u8>>> {
    let query = installation_secrets::table.find(name).select(installation_secrets::value);
    Ok(query.get_result(conn).optional()?)
}

pub fn insert_secret(conn: &mut Conn, name: &str, value: &[u8]) -> Result<()> {
    let row = (installation_secrets::name.eq(name), installation_secrets::value.eq(value));
    diesel::insert_into(installation_secrets::table).values(row).execute(conn)?;
    Ok(())
}

/// The newest signs; all verify.
pub fn signing_keys(conn: &mut Conn) -> Result<Vec<SigningKey>> {
    let query = signing_keys::table.order((signing_keys::created_at.asc(), signing_keys::kid.asc()));
    let query = query.select((signing_keys::kid, signing_keys::pkcs8, signing_keys::public_key));
    let rows = query.load::<(String, Vec<u8>, Vec<u8>)>(conn)?;
    let keys = rows.into_iter().filter_map(|(kid, pkcs8, public)| {
        let public = public.try_into().ok()?;
        Some(SigningKey { kid, pkcs8, public })
    });
    Ok(keys.collect())
}

pub fn insert_signing_key(conn: &mut Conn, key: &SigningKey, at: DateTime<Utc>) -> Result<()> {
    let row = (
        signing_keys::kid.eq(key.kid.clone()),
        signing_keys::pkcs8.eq(key.pkcs8.clone()),
        signing_keys::public_key.eq(key.public.to_vec()),
        signing_keys::created_at.eq(Instant(at)),
    );
    diesel::insert_into(signing_keys::table).values(row).execute(conn)?;
    Ok(())
}

/// The newest signs; all are the installation's.
pub fn note_keys(conn: &mut Conn) -> Result<Vec<NoteKey>> {
    let query = note_keys::table.order((note_keys::created_at.asc(), note_keys::public_key.asc()));
    let rows = query
        .select((note_keys::public_key, note_keys::pkcs8))
        .load::<(Vec<u8>, Vec<u8>)>(conn)?;
    let keys = rows.into_iter().filter_map(|(public, pkcs8)| {
        let public = public.try_into().ok()?;
        Some(NoteKey { pkcs8, public })
    });
    Ok(keys.collect())
}

pub fn insert_note_key(conn: &mut Conn, key: &NoteKey, at: DateTime<Utc>) -> Result<()> {
    let row = (
        note_keys::public_key.eq(key.public.to_vec()),
        note_keys::pkcs8.eq(key.pkcs8.clone()),
        note_keys::created_at.eq(Instant(at)),
    );
    diesel::insert_into(note_keys::table).values(row).execute(conn)?;
    Ok(())
}
