use chrono::{DateTime, Utc};
use diesel::dsl;
use diesel::prelude::*;

use super::{CHUNK, Page, utc};
use crate::db::schema::{alliances, journal_entries, journal_texts, journals};
use crate::db::types::Instant;
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, KeyId, PartnerId};

/// A journal's size and the time of its last entry.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    pub size: i64,
    pub last_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal_entries, treat_none_as_default_value = false)]
pub struct EntryRow {
    pub journal_id: AllianceId,
    pub seq: i64,
    pub entry_at: Instant,
    pub actor_id: KeyId,
    pub action: String,
    pub subject: String,
    pub partner_id: Option<PartnerId>,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = journal_texts, treat_none_as_default_value = false)]
pub struct TextRow {
    pub journal_id: AllianceId,
    pub seq: i64,
    pub pointer: String,
    pub salt: Vec<u8>,
    pub text: String,
}

pub fn head(conn: &mut Conn, journal: AllianceId) -> Result<Option<Head>> {
    let query = journals::table.find(journal).select((journals::size, journals::last_at));
    let found = query.get_result::<(i64, Instant)>(conn).optional()?;
    Ok(found.map(|(size, last_at)| Head { size, last_at: utc(last_at) }))
}

/// The sizes of the alliances' journals, in order of their slugs.
pub fn sizes(conn: &mut Conn, limit: i64) -> Result<Vec<(String, i64)>> {
    let query = alliances::table.inner_join(journals::table.on(journals::id.eq(alliances::id)));
    let query = query.order(alliances::slug.asc()).limit(limit);
    Ok(query.select((alliances::slug, journals::size)).load(conn)?)
}

/// Begins an empty journal.
pub fn begin(conn: &mut Conn, journal: AllianceId, at: DateTime<Utc>) -> Result<()> {
    let row = (journals::id.eq(journal), journals::size.eq(0), journals::last_at.eq(Instant(at)));
    diesel::insert_into(journals::table).values(row).execute(conn)?;
    Ok(())
}

pub fn append(conn: &mut Conn, entry: &EntryRow, texts: &[TextRow]) -> Result<()> {
    diesel::insert_into(journal_entries::table)
        .values(entry.clone())
        .execute(conn)?;
    texts.iter().try_for_each(|text| insert_text(conn, text))
}

pub fn insert_text(conn: &mut Conn, text: &TextRow) -> Result<()> {
    diesel::insert_into(journal_texts::table).values(text.clone()).execute(conn)?;
    Ok(())
}

/// Says how far the journal has come; each append wants it, at the latest at the end of the transaction.
pub fn move_head(conn: &mut Conn, journal: AllianceId, head: Head) -> Result<()> {
    let head = (journals::size.eq(head.size), journals::last_at.eq(Instant(head.last_at)));
    diesel::update(journals::table.find(journal)).set(head).execute(conn)?;
    Ok(())
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub actor: Option<KeyId>,
    pub action: Option<String>,
    pub subject: Option<String>,
    pub partner: Option<PartnerId>,
    /// The first entry wanted.
    pub from: Option<i64>,
    /// The last entry wanted.
    pub to: Option<i64>,
}

type Narrowed<'a> = journal_entries::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn narrow<'a>(journal: AllianceId, filter: &Filter) -> Narrowed<'a> {
    let mut query = journal_entries::table
        .filter(journal_entries::journal_id.eq(journal))
        .into_boxed();
    if let Some(actor) = filter.actor {
        query = query.filter(journal_entries::actor_id.eq(actor));
    }
    if let Some(action) = &filter.action {
        query = query.filter(journal_entries::action.eq(action.clone()));
    }
    if let Some(subject) = &filter.subject {
        query = query.filter(journal_entries::subject.eq(subject.clone()));
    }
    if let Some(partner) = filter.partner {
        query = query.filter(journal_entries::partner_id.eq(partner));
    }
    if let Some(from) = filter.from {
        query = query.filter(journal_entries::seq.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(journal_entries::seq.le(to));
    }
    query
}

pub fn count(conn: &mut Conn, journal: AllianceId, filter: &Filter) -> Result<i64> {
    Ok(narrow(journal, filter).count().get_result(conn)?)
}

/// A page in the order of the journal.
pub fn list(
    conn: &mut Conn,
    journal: AllianceId,
    filter: &Filter,
    page: &Page<i64>,
) -> Result<Vec<EntryRow>> {
    let mut query = narrow(journal, filter);
    if let Some(after) = page.after {
        query = query.filter(journal_entries::seq.gt(after));
    }
    let query = query.order(journal_entries::seq.asc()).limit(page.limit);
    Ok(query.select(EntryRow::as_select()).load(conn)?)
}

pub fn find(conn: &mut Conn, journal: AllianceId, seq: i64) -> Result<Option<EntryRow>> {
    let query = journal_entries::table.find((journal, seq)).select(EntryRow::as_select());
    Ok(query.get_result(conn).optional()?)
}

diesel::alias!(journal_entries as earlier: Earlier);

/// When these entries were made, and of what action they are.
pub fn told(
    conn: &mut Conn,
    journal: AllianceId,
    seqs: &[i64],
) -> Result<Vec<(i64, DateTime<Utc>, String)>> {
    let mut told = Vec::with_capacity(seqs.len());
    for chunk in seqs.chunks(CHUNK) {
        let query = journal_entries::table
            .filter(journal_entries::journal_id.eq(journal))
            .filter(journal_entries::seq.eq_any(chunk.to_vec()))
            .select((journal_entries::seq, journal_entries::entry_at, journal_entries::action));
        let rows: Vec<(i64, Instant, String)> = query.load(conn)?;
        told.extend(rows.into_iter().map(|(seq, at, action)| (seq, utc(at), action)));
    }
    Ok(told)
}

/// The last entry about a subject at or before a number. Found by key, however many there are.
pub fn last_about(
    conn: &mut Conn,
    journal: AllianceId,
    subject: &str,
    seq: i64,
) -> Result<Option<EntryRow>> {
    let last = earlier
        .filter(earlier.field(journal_entries::journal_id).eq(journal))
        .filter(earlier.field(journal_entries::subject).eq(subject.to_owned()))
        .filter(earlier.field(journal_entries::seq).le(seq))
        .select(dsl::max(earlier.field(journal_entries::seq)));
    let query = journal_entries::table
        .filter(journal_entries::journal_id.eq(journal))
        .filter(journal_entries::seq.nullable().eq(last.single_value()));
    Ok(query.select(EntryRow::as_select()).get_result(conn).optional()?)
}

/// When an entry was made.
pub fn time_of(conn: &mut Conn, journal: AllianceId, seq: i64) -> Result<Option<DateTime<Utc>>> {
    let query = journal_entries::table.find((journal, seq)).select(journal_entries::entry_at);
    Ok(query.get_result(conn).optional()?.map(utc))
}

/// The texts of these entries, in their order.
pub fn texts(conn: &mut Conn, journal: AllianceId, seqs: &[i64]) -> Result<Vec<TextRow>> {
    let query = journal_texts::table.filter(journal_texts::journal_id.eq(journal));
    let query = query.filter(journal_texts::seq.eq_any(seqs.to_vec()));
    let query = query.order((journal_texts::seq, journal_texts::pointer));
    Ok(query.select(TextRow::as_select()).load(conn)?)
}

/// Every text of a journal, in the order of its entries.
pub fn all_texts(conn: &mut Conn, journal: AllianceId) -> Result<Vec<TextRow>> {
    let query = journal_texts::table.filter(journal_texts::journal_id.eq(journal));
    let query = query.order((journal_texts::seq, journal_texts::pointer));
    Ok(query.select(TextRow::as_select()).load(conn)?)
}

/// The size that the journal had at a time: the last entry at or before it, 0 before the first.
pub fn size_at(conn: &mut Conn, journal: AllianceId, at: DateTime<Utc>) -> Result<i64> {
    let query = journal_entries::table.filter(journal_entries::journal_id.eq(journal));
    let query = query.filter(journal_entries::entry_at.le(Instant(at)));
    let last = query
        .order(journal_entries::seq.desc())
        .select(journal_entries::seq)
        .first(conn)
        .optional()?;
    Ok(last.unwrap_or(0))
}
