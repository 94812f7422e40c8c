//! Alliances whose standings and tallies are yet to be made anew from their journals, after a migration
//! that changed what is counted.

use diesel::prelude::*;

use crate::db::schema::{alliances, refolds};
use crate::db::{Conn, Result};
use crate::domain::id::AllianceId;

/// Their ids and slugs, oldest first.
pub fn due(conn: &mut Conn) -> Result<Vec<(AllianceId, String)>> {
    let named = refolds::table.inner_join(alliances::table.on(refolds::alliance_id.eq(alliances::id)));
    Ok(named
        .select((alliances::id, alliances::slug))
        .order(alliances::id.asc())
        .load(conn)?)
}

/// Takes one off the list, and answers whether it was on it still.
pub fn done(conn: &mut Conn, alliance: AllianceId) -> Result<bool> {
    Ok(diesel::delete(refolds::table.find(alliance)).execute(conn)? > 0)
}
