//! What standings and running counts are of: an indicator in a scope, for everyone or for a group.

use diesel::prelude::*;
use sha2::{Digest, Sha256};

use crate::db::schema::series;
use crate::db::{Both, Conn, Result};
use crate::domain::id::AllianceId;

/// The dimension that has everyone in one group.
pub const WHOLE: &str = "whole";

/// A series by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named<'a> {
    pub indicator: &'a str,
    pub scope: &'a str,
    pub dimension: &'a str,
    /// Empty for everyone, and for those without a value.
    pub group: &'a str,
}

impl<'a> Named<'a> {
    /// Everyone's.
    pub fn whole(indicator: &'a str, scope: &'a str) -> Named<'a> {
        Named { indicator, scope, dimension: WHOLE, group: "" }
    }

    /// The number that its rows name it by: the first 64 bits of the SHA-256 of all that it is. So a write knows
    /// it without looking it up. That two of a million series have the same one is as likely as one in 30 million,
    /// and then the database refuses the second.
    pub fn id(&self, alliance: AllianceId) -> i64 {
        let mut hash = Sha256::new().chain_update(alliance.uuid().as_bytes());
        for text in [self.indicator, self.scope, self.dimension, self.group] {
            hash.update(text);
            hash.update([0]);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[derive(Debug, Insertable)]
#[diesel(table_name = series, treat_none_as_default_value = false)]
struct NewSeries<'a> {
    id: i64,
    alliance_id: AllianceId,
    indicator: &'a str,
    scope: &'a str,
    dimension: &'a str,
    group_key: &'a str,
}

/// What rows are of, read beside them.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = series)]
pub struct Series {
    pub alliance_id: AllianceId,
    pub indicator: String,
    pub scope: String,
    pub dimension: String,
    pub group_key: String,
}

/// Sees to it that a series is there, before the first of its rows.
pub fn begin(conn: &mut Conn, alliance: AllianceId, named: Named<'_>) -> Result<()> {
    let row = NewSeries {
        id: named.id(alliance),
        alliance_id: alliance,
        indicator: named.indicator,
        scope: named.scope,
        dimension: named.dimension,
        group_key: named.group,
    };
    // Not `do_nothing()` whatever is there: another series of the same number is to be refused.
    let key = (
        series::alliance_id,
        series::dimension,
        series::scope,
        series::indicator,
        series::group_key,
    );
    let insert = diesel::insert_into(series::table).values(row).on_conflict(key).do_nothing();
    Both(insert).execute(conn)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_follows_from_all_that_a_series_is() {
        let one = Named { indicator: "a", scope: "b", dimension: "sector", group: "c" };
        let alliance = AllianceId::INSTALLATION;
        assert_eq!(one.id(alliance), one.id(alliance));
        let others = [
            Named { indicator: "ab", scope: "", ..one },
            Named { scope: "", group: "bc", ..one },
            Named { group: "", ..one },
            Named { dimension: "region", ..one },
            Named::whole("a", "b"),
        ];
        for other in others {
            assert_ne!(other.id(alliance), one.id(alliance), "{other:?}");
        }
        assert_ne!(one.id(AllianceId::new()), one.id(alliance));
    }
}
