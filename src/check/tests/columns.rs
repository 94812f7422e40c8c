//! A hand in any column of the journal, of standings and of tallies: the row is named, by its number.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::world::{World, world};
use super::{listed, tampered};
use crate::db;

#[derive(QueryableByName)]
struct Row {
    /// A condition that is true of this row only.
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    address: String,
}

/// A table whose rows are changed by hand: how a row is named in SQL, and by the check.
struct Table {
    from: &'static str,
    place: &'static str,
    address: String,
}

impl Table {
    fn standings() -> Table {
        let part = |from, count| format!("lower(substr(hex(subject_id), {from}, {count}))");
        let uuid = [part(1, 8), part(9, 4), part(13, 4), part(17, 4), part(21, 12)].join(" || '-' || ");
        Table {
            from: "standings JOIN series ON series.id = series_id",
            place: "'series_id = ' || series_id || ' AND hex(subject_id) = ''' || hex(subject_id) || ''' AND \
                from_on = ''' || from_on || ''' AND from_seq = ' || from_seq",
            address: format!(
                "'standings/' || indicator || '/' || scope || '/' || {uuid} || '/' || from_on || '/' || from_seq"
            ),
        }
    }

    fn tallies() -> Table {
        Table {
            from: "tallies JOIN series ON series.id = series_id",
            place: "'series_id = ' || series_id || ' AND from_on = ''' || from_on || ''' AND from_seq = ' || from_seq",
            address: "'tallies/' || indicator || '/' || scope || '/' || dimension || '/' || group_key || '/' || from_on \
                || '/' || from_seq"
                .to_owned(),
        }
    }

    fn entries() -> Table {
        Table {
            from: "journal_entries JOIN alliances ON alliances.id = journal_id",
            place: "'seq = ' || seq || ' AND journal_id = (SELECT id FROM alliances)'",
            address: "'journal/' || seq".to_owned(),
        }
    }

    /// Each change with a row of its own, from all over the table.
    fn hands<'a>(&self, world: &World, only: &str, changes: &[&'a str]) -> Vec<(&'a str, Row)> {
        let Table { from, place, address } = self;
        let query = format!(
            "SELECT {place} AS place, {address} AS address FROM {from} WHERE {only} ORDER BY address"
        );
        let all = world
            .db
            .read_now(|conn| Ok::<_, db::Error>(diesel::sql_query(query).load::<Row>(conn)?));
        let all = all.expect("rows");
        assert!(all.len() >= changes.len(), "{from}: {}", all.len());
        let step = all.len() / changes.len();
        changes.iter().copied().zip(all.into_iter().step_by(step)).collect()
    }
}

/// Makes all the changes at once, and looks whether each of their rows is named.
fn all_named(world: &World, hands: &[(&str, Row)]) {
    let statements: Vec<String> = hands
        .iter()
        .map(|(change, row)| format!("{change} WHERE {}", row.place))
        .collect();
    let found = tampered(&world.db, &statements.join(";\n"));
    for (change, row) in hands {
        let is_named = found.differences.iter().any(|difference| difference.address == row.address);
        assert!(is_named, "{change}: {}\n{}", row.address, listed(&found));
    }
}

#[test]
fn every_column_of_an_entry_a_standing_and_a_tally_is_compared() {
    let world = world("columns");
    let standings = [
        "UPDATE standings SET standing = CASE standing WHEN 'counted' THEN 'notCounted' ELSE 'counted' END",
        "UPDATE standings SET reason = '{\"code\":\"changed\",\"because\":[]}'",
        "UPDATE standings SET sector = 'changed'",
        "UPDATE standings SET region = 'changed'",
        "UPDATE standings SET area = 'changed'",
        "UPDATE standings SET focus_areas = '[\"changed\"]'",
        "UPDATE standings SET from_on = '1999-01-01'",
        "UPDATE standings SET to_on = '2199-01-01'",
        "UPDATE standings SET from_seq = from_seq + 1000",
        "UPDATE standings SET to_seq = to_seq - 1",
        "UPDATE standings SET series_id = (SELECT id FROM series WHERE id <> series_id)",
        "UPDATE standings SET subject_id = zeroblob(16)",
        "UPDATE standings SET partner_id = (SELECT id FROM partners WHERE id <> partner_id)",
        "DELETE FROM standings",
        "DELETE FROM standings",
    ];
    let sums = [
        "UPDATE standings SET self_reported = '77'",
        "UPDATE standings SET documented = '77'",
        "UPDATE standings SET external = '77'",
    ];
    let tallies = [
        "UPDATE tallies SET counted = counted + 1",
        "UPDATE tallies SET not_counted = not_counted + 1",
        "UPDATE tallies SET not_applicable = not_applicable + 1",
        "UPDATE tallies SET no_answer = no_answer + 1",
        "UPDATE tallies SET not_submitted = not_submitted + 1",
        "UPDATE tallies SET self_reported = '77'",
        "UPDATE tallies SET documented = '77'",
        "UPDATE tallies SET external = '77'",
        "UPDATE tallies SET from_on = '1999-01-01'",
        "UPDATE tallies SET from_seq = from_seq + 1000",
        "UPDATE tallies SET to_seq = to_seq - 1",
        "UPDATE tallies SET series_id = (SELECT id FROM series WHERE id <> series_id)",
        "DELETE FROM tallies",
        "DELETE FROM tallies",
    ];
    let entries = [
        "UPDATE journal_entries SET action = action || '.changed'",
        "UPDATE journal_entries SET actor_id = x'00000000000000000000000000000001'",
        "UPDATE journal_entries SET subject = subject || '/changed'",
        "UPDATE journal_entries SET partner_id = zeroblob(16)",
        "UPDATE journal_entries SET entry_at = replace(entry_at, '.000', '.001')",
        "UPDATE journal_entries SET bytes = CAST(CAST(bytes AS TEXT) || ' ' AS BLOB)",
    ];
    let mut hands = Table::standings().hands(&world, "self_reported IS NULL", &standings);
    hands.extend(Table::standings().hands(&world, "self_reported IS NOT NULL", &sums));
    hands.extend(Table::tallies().hands(&world, "1", &tallies));
    hands.extend(Table::entries().hands(&world, "seq > 1", &entries));
    all_named(&world, &hands);

    // What a series is called is in the addresses of all its rows.
    for column in ["indicator", "scope", "dimension", "group_key"] {
        let row = Table::tallies().hands(&world, "dimension = 'sector'", &[column]).remove(0).1;
        let series = row.place.split(" AND ").next().unwrap_or_default().replace("series_id", "id");
        let found =
            tampered(&world.db, &format!("UPDATE series SET {column} = 'changed' WHERE {series}"));
        let is_named = found.differences.iter().any(|difference| difference.address == row.address);
        assert!(is_named, "{column}: {}\n{}", row.address, listed(&found));
    }
}
