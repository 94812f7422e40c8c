use std::collections::HashMap;

use diesel::dsl;
use diesel::prelude::*;

use super::{CHUNK, Page, among, anywhere, document, strings};
use crate::db::schema::{
    initiative_focus_areas, initiative_partners, initiatives, report_initiatives, report_parts,
};
use crate::db::types::Document;
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, InitiativeId, PartnerId};
use crate::domain::initiative::Initiative;
use crate::domain::names::{self, SortKey};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = initiatives, treat_none_as_null = true, treat_none_as_default_value = false)]
struct InitiativeRow {
    id: InitiativeId,
    alliance_id: AllianceId,
    lead_partner_id: PartnerId,
    title: String,
    title_key: String,
    title_sort: Vec<u8>,
    summary: String,
    focus_areas: Document,
    target_group: String,
    approach: Option<String>,
    stage: Option<Document>,
    status: Option<String>,
    starts_on: Option<String>,
    ends_on: Option<String>,
    began_before_joining: Option<bool>,
    version: i64,
}

impl InitiativeRow {
    fn of(alliance: AllianceId, initiative: &Initiative) -> InitiativeRow {
        InitiativeRow {
            id: initiative.id,
            alliance_id: alliance,
            lead_partner_id: initiative.lead_partner,
            title: initiative.title.clone(),
            title_key: names::key(&initiative.title),
            title_sort: names::sort_key(&initiative.title),
            summary: initiative.summary.clone(),
            focus_areas: document(&initiative.focus_areas),
            target_group: initiative.target_group.clone(),
            approach: initiative.approach.clone(),
            stage: initiative.stage.as_ref().map(document),
            status: initiative.status.clone(),
            starts_on: initiative.starts_on.clone(),
            ends_on: initiative.ends_on.clone(),
            began_before_joining: initiative.began_before_joining,
            version: initiative.version,
        }
    }

    fn into_initiative(self, partners: Vec<PartnerId>) -> Initiative {
        Initiative {
            id: self.id,
            lead_partner: self.lead_partner_id,
            partners,
            title: self.title,
            summary: self.summary,
            focus_areas: strings(self.focus_areas),
            target_group: self.target_group,
            approach: self.approach,
            stage: self.stage.map(strings),
            status: self.status,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            began_before_joining: self.began_before_joining,
            version: self.version,
        }
    }
}

pub fn insert(conn: &mut Conn, alliance: AllianceId, initiative: &Initiative) -> Result<()> {
    diesel::insert_into(initiatives::table)
        .values(InitiativeRow::of(alliance, initiative))
        .execute(conn)?;
    insert_lists(conn, initiative)
}

pub fn update(conn: &mut Conn, alliance: AllianceId, initiative: &Initiative) -> Result<()> {
    let row = InitiativeRow::of(alliance, initiative);
    diesel::update(initiatives::table.find(initiative.id)).set(row).execute(conn)?;
    delete_lists(conn, initiative.id)?;
    insert_lists(conn, initiative)
}

/// Takes the parts of drafts that are about it along.
pub fn delete(conn: &mut Conn, id: InitiativeId) -> Result<()> {
    delete_lists(conn, id)?;
    diesel::delete(report_parts::table.filter(report_parts::initiative_id.eq(id))).execute(conn)?;
    diesel::delete(initiatives::table.find(id)).execute(conn)?;
    Ok(())
}

fn insert_lists(conn: &mut Conn, initiative: &Initiative) -> Result<()> {
    for (position, partner) in (1_i64..).zip(&initiative.partners) {
        let row = (
            initiative_partners::initiative_id.eq(initiative.id),
            initiative_partners::partner_id.eq(*partner),
            initiative_partners::position.eq(position),
        );
        diesel::insert_into(initiative_partners::table).values(row).execute(conn)?;
    }
    for area in &initiative.focus_areas {
        let row = (
            initiative_focus_areas::initiative_id.eq(initiative.id),
            initiative_focus_areas::focus_area.eq(area.clone()),
        );
        diesel::insert_into(initiative_focus_areas::table).values(row).execute(conn)?;
    }
    Ok(())
}

fn delete_lists(conn: &mut Conn, id: InitiativeId) -> Result<()> {
    use initiative_focus_areas as areas;
    diesel::delete(initiative_partners::table.filter(initiative_partners::initiative_id.eq(id)))
        .execute(conn)?;
    diesel::delete(areas::table.filter(areas::initiative_id.eq(id))).execute(conn)?;
    Ok(())
}

pub fn find(conn: &mut Conn, alliance: AllianceId, id: InitiativeId) -> Result<Option<Initiative>> {
    let query = initiatives::table.find(id).filter(initiatives::alliance_id.eq(alliance));
    let Some(row) = query.select(InitiativeRow::as_select()).get_result(conn).optional()? else {
        return Ok(None);
    };
    Ok(with_partners(conn, vec![row])?.pop())
}

/// The initiatives of this title, in whatever case or form, that the partner leads.
pub fn find_titled(
    conn: &mut Conn,
    alliance: AllianceId,
    title: &str,
    lead: PartnerId,
) -> Result<Vec<InitiativeId>> {
    let query = initiatives::table
        .filter(initiatives::alliance_id.eq(alliance))
        .filter(initiatives::title_key.eq(names::key(title)))
        .filter(initiatives::lead_partner_id.eq(lead));
    Ok(query.order(initiatives::id).select(initiatives::id).load(conn)?)
}

/// What these are called.
pub fn titles(
    conn: &mut Conn,
    alliance: AllianceId,
    ids: &[InitiativeId],
) -> Result<Vec<(InitiativeId, String)>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let query = initiatives::table.filter(among!(initiatives, initiatives::id, chunk));
        let query = query.filter(initiatives::alliance_id.eq(alliance));
        found.extend(query.select((initiatives::id, initiatives::title)).load(conn)?);
    }
    Ok(found)
}

/// Whether some submission of a report names it.
pub fn is_reported(conn: &mut Conn, id: InitiativeId) -> Result<bool> {
    let query = report_initiatives::table.filter(report_initiatives::initiative_id.eq(id));
    Ok(query.count().get_result::<i64>(conn)? > 0)
}

/// Every initiative that these partners take part in, each once, in order of ids.
pub fn of_partners(conn: &mut Conn, partners: &[PartnerId]) -> Result<Vec<Initiative>> {
    let mut ids: Vec<InitiativeId> = Vec::new();
    for chunk in partners.chunks(CHUNK) {
        let query = initiative_partners::table.filter(among!(
            initiative_partners,
            initiative_partners::partner_id,
            chunk
        ));
        ids.extend(query.select(initiative_partners::initiative_id).load::<InitiativeId>(conn)?);
    }
    ids.sort_unstable();
    ids.dedup();
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let query = initiatives::table
            .filter(among!(initiatives, initiatives::id, chunk))
            .order(initiatives::id);
        rows.extend(query.select(InitiativeRow::as_select()).load(conn)?);
    }
    with_partners(conn, rows)
}

pub fn all(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<Initiative>> {
    let query = initiatives::table
        .filter(initiatives::alliance_id.eq(alliance))
        .order(initiatives::id);
    let rows = query.select(InitiativeRow::as_select()).load(conn)?;
    with_partners(conn, rows)
}

#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Takes part, as lead or otherwise.
    pub partner: Option<PartnerId>,
    pub focus_area: Option<String>,
    pub status: Option<String>,
    pub approach: Option<String>,
    pub q: Option<String>,
}

/// Where a page begins: after this title and id.
pub type After = (SortKey, InitiativeId);

type Narrowed<'a> = initiatives::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn narrow<'a>(alliance: AllianceId, filter: &Filter) -> Narrowed<'a> {
    use initiative_focus_areas as areas;
    let mut query = initiatives::table.filter(initiatives::alliance_id.eq(alliance)).into_boxed();
    if let Some(partner) = filter.partner {
        let taking_part =
            initiative_partners::table.filter(initiative_partners::initiative_id.eq(initiatives::id));
        query =
            query.filter(dsl::exists(taking_part.filter(initiative_partners::partner_id.eq(partner))));
    }
    if let Some(focus_area) = &filter.focus_area {
        let about = areas::table.filter(areas::initiative_id.eq(initiatives::id));
        query = query.filter(dsl::exists(about.filter(areas::focus_area.eq(focus_area.clone()))));
    }
    if let Some(status) = &filter.status {
        query = query.filter(initiatives::status.eq(status.clone()));
    }
    if let Some(approach) = &filter.approach {
        query = query.filter(initiatives::approach.eq(approach.clone()));
    }
    if let Some(q) = &filter.q {
        query = query.filter(initiatives::title_key.like(anywhere(&names::key(q))).escape('\\'));
    }
    query
}

pub fn count(conn: &mut Conn, alliance: AllianceId, filter: &Filter) -> Result<i64> {
    Ok(narrow(alliance, filter).count().get_result(conn)?)
}

/// A page in Danish order of titles.
pub fn list(
    conn: &mut Conn,
    alliance: AllianceId,
    filter: &Filter,
    page: &Page<After>,
) -> Result<Vec<Initiative>> {
    use initiatives::{id, title_sort};
    let mut query = narrow(alliance, filter);
    if let Some((SortKey(title), after)) = page.after.clone() {
        query = query.filter(title_sort.gt(title.clone()).or(title_sort.eq(title).and(id.gt(after))));
    }
    let query = query.order((title_sort.asc(), id.asc())).limit(page.limit);
    let rows = query.select(InitiativeRow::as_select()).load(conn)?;
    with_partners(conn, rows)
}

fn with_partners(conn: &mut Conn, rows: Vec<InitiativeRow>) -> Result<Vec<Initiative>> {
    let mut found: HashMap<InitiativeId, Vec<PartnerId>> = HashMap::new();
    let ids: Vec<InitiativeId> = rows.iter().map(|row| row.id).collect();
    for chunk in ids.chunks(CHUNK) {
        let query = initiative_partners::table.filter(among!(
            initiative_partners,
            initiative_partners::initiative_id,
            chunk
        ));
        let query = query.order((initiative_partners::initiative_id, initiative_partners::position));
        let pairs = query.select((initiative_partners::initiative_id, initiative_partners::partner_id));
        for (initiative, partner) in pairs.load::<(InitiativeId, PartnerId)>(conn)? {
            found.entry(initiative).or_default().push(partner);
        }
    }
    let whole = |row: InitiativeRow| {
        let partners = found.remove(&row.id).unwrap_or_default();
        row.into_initiative(partners)
    };
    Ok(rows.into_iter().map(whole).collect())
}
