//! What all instances of the service share, made at first start.

use chrono::{DateTime, Utc};

use super::{Error, Result};
use crate::auth::notes::NoteKey;
use crate::auth::tokens::SigningKey;
use crate::db::{self, Conn, Db};
use crate::store;

/// The shared secrets, as an instance keeps them in memory.
#[derive(Clone)]
pub struct Installation {
    /// Of tokens. The last signs; all verify.
    pub signing_keys: Vec<SigningKey>,
    /// Of checkpoints and editions. The last signs; all are ours.
    pub note_keys: Vec<NoteKey>,
    /// Seals cursors.
    pub cursor_secret: Vec<u8>,
}

const CURSOR_SECRET: &str = "cursor";

/// Reads the shared secrets; `None` where a first start has yet to make them.
pub fn find(db: &Db) -> Result<Option<Installation>> {
    db.read_now(read)
}

/// Reads the shared secrets, and makes what is missing.
pub fn open(db: &Db, now: DateTime<Utc>) -> Result<Installation> {
    if let Some(installation) = find(db)? {
        return Ok(installation);
    }
    db.write_now(|conn| {
        if store::installation::signing_keys(conn)?.is_empty() {
            store::installation::insert_signing_key(conn, &SigningKey::generate(), now)?;
        }
        if store::installation::note_keys(conn)?.is_empty() {
            store::installation::insert_note_key(conn, &NoteKey::generate(), now)?;
        }
        if store::installation::secret(conn, CURSOR_SECRET)?.is_none() {
            let mut secret = [0; 32];
            getrandom::fill(&mut secret).map_err(|e| db::Error::Broken(e.to_string()))?;
            store::installation::insert_secret(conn, CURSOR_SECRET, &secret)?;
        }
        read(conn)?.ok_or(Error::Failed(db::Error::Absent))
    })
}

/// Makes a new key of notes, which signs from now on; instances that run go on with the one before until they
/// start again. Those from before are kept, and what they signed is believed.
pub fn rotate_note_key(db: &Db, now: DateTime<Utc>) -> Result<NoteKey> {
    db.write_now(|conn| {
        let key = NoteKey::generate();
        store::installation::insert_note_key(conn, &key, now)?;
        match store::installation::note_keys(conn)?.last() {
            Some(newest) if newest.public == key.public => Ok(key),
            _ => Err(db::Error::Broken("the clock is behind the newest key's".to_owned()).into()),
        }
    })
}

fn read(conn: &mut Conn) -> Result<Option<Installation>> {
    let signing_keys = store::installation::signing_keys(conn)?;
    let note_keys = store::installation::note_keys(conn)?;
    let secret = store::installation::secret(conn, CURSOR_SECRET)?;
    let whole = secret.filter(|_| !signing_keys.is_empty() && !note_keys.is_empty());
    Ok(whole.map(|cursor_secret| Installation { signing_keys, note_keys, cursor_secret }))
}
