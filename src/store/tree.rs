//! The hashes of a journal's tree: one row for each complete subtree.

use diesel::expression::BoxableExpression;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::db::connection::{MultiBackend, insert_all};
use crate::db::schema::{journal_entries, journal_hashes, unhashed_journals};
use crate::db::{Conn, Error, Result};
use crate::domain::id::AllianceId;
use crate::domain::tree::{Hash, Node};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal_hashes, treat_none_as_default_value = false)]
struct HashRow {
    journal_id: AllianceId,
    level: i64,
    position: i64,
    hash: Vec<u8>,
}

pub fn insert(conn: &mut Conn, journal: AllianceId, hashes: &[(Node, Hash)]) -> Result<()> {
    let rows: Vec<HashRow> = hashes
        .iter()
        .map(|(node, hash)| HashRow {
            journal_id: journal,
            level: i64::from(node.level),
            position: position(*node),
            hash: hash.to_vec(),
        })
        .collect();
    insert_all!(conn, journal_hashes::table, rows)?;
    Ok(())
}

type Named = Box<dyn BoxableExpression<journal_hashes::table, MultiBackend, SqlType = Bool>>;

/// The hashes of these subtrees, of those that are there. About as many as a tree is high.
pub fn find(conn: &mut Conn, journal: AllianceId, nodes: &[Node]) -> Result<Vec<(Node, Hash)>> {
    use journal_hashes as hashes;
    // Each is named whole, so that both databases look each up in the key.
    let named = |node: &Node| -> Named {
        let level = hashes::level.eq(i64::from(node.level));
        Box::new(
            hashes::journal_id
                .eq(journal)
                .and(level)
                .and(hashes::position.eq(position(*node))),
        )
    };
    let any = nodes.iter().map(named).reduce(|any, one| Box::new(any.or(one)));
    let Some(any) = any else { return Ok(Vec::new()) };
    let rows = hashes::table.filter(any).select(HashRow::as_select()).load(conn)?;
    rows.into_iter().map(read).collect()
}

/// How many leaves the tree has, as its last one says.
pub fn size(conn: &mut Conn, journal: AllianceId) -> Result<i64> {
    let query = journal_hashes::table
        .filter(journal_hashes::journal_id.eq(journal))
        .filter(journal_hashes::level.eq(0))
        .select(diesel::dsl::max(journal_hashes::position));
    Ok(query.get_result::<Option<i64>>(conn)?.map_or(0, |last| last + 1))
}

/// The next entries' numbers and bytes after a number, in order.
pub fn entries(
    conn: &mut Conn,
    journal: AllianceId,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Vec<u8>)>> {
    let query = journal_entries::table
        .filter(journal_entries::journal_id.eq(journal))
        .filter(journal_entries::seq.gt(after))
        .order(journal_entries::seq)
        .limit(limit);
    Ok(query.select((journal_entries::seq, journal_entries::bytes)).load(conn)?)
}

/// Journals from before there were trees, which are yet to be hashed.
pub fn unhashed(conn: &mut Conn) -> Result<Vec<AllianceId>> {
    let query = unhashed_journals::table.select(unhashed_journals::journal_id);
    Ok(query.order(unhashed_journals::journal_id).load(conn)?)
}

/// Takes one off that list, and answers whether it was on it still.
pub fn hashed(conn: &mut Conn, journal: AllianceId) -> Result<bool> {
    Ok(diesel::delete(unhashed_journals::table.find(journal)).execute(conn)? > 0)
}

fn read(row: HashRow) -> Result<(Node, Hash)> {
    let unreadable = || {
        let place = format!("level {} position {}", row.level, row.position);
        Error::Broken(format!("the hash at {place} of journal {} can't be read", row.journal_id))
    };
    let level = u32::try_from(row.level).map_err(|_| unreadable())?;
    let position = u64::try_from(row.position).map_err(|_| unreadable())?;
    let hash = Hash::try_from(row.hash.as_slice()).map_err(|_| unreadable())?;
    Ok((Node { level, position }, hash))
}

fn position(node: Node) -> i64 {
    i64::try_from(node.position).unwrap_or(i64::MAX)
}
