use chrono::NaiveDate;
use diesel::dsl;
use diesel::prelude::*;

use super::{CHUNK, Page, among, anywhere, document, strings};
use crate::db::schema::{commitments, memberships, partners};
use crate::db::types::Document;
use crate::db::{Conn, Result};
use crate::domain::id::{AllianceId, MembershipId, PartnerId};
use crate::domain::names::{self, SortKey};
use crate::domain::partner::{Membership, Partner};

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = partners, treat_none_as_null = true, treat_none_as_default_value = false)]
struct PartnerRow {
    id: PartnerId,
    alliance_id: AllianceId,
    name: String,
    name_key: String,
    name_sort: Vec<u8>,
    sector: String,
    region: Option<String>,
    municipality: Option<String>,
    area: Option<String>,
    cvr: Option<String>,
    website: Option<String>,
    part_of: Option<PartnerId>,
    objectives: Document,
    joined_on: Option<NaiveDate>,
    left_on: Option<NaiveDate>,
    version: i64,
}

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = memberships, treat_none_as_default_value = false)]
struct MembershipRow {
    id: MembershipId,
    alliance_id: AllianceId,
    partner_id: PartnerId,
    position: i64,
    joined_on: Option<NaiveDate>,
    left_on: Option<NaiveDate>,
}

impl PartnerRow {
    fn of(alliance: AllianceId, partner: &Partner) -> PartnerRow {
        PartnerRow {
            id: partner.id,
            alliance_id: alliance,
            name: partner.name.clone(),
            name_key: names::key(&partner.name),
            name_sort: names::sort_key(&partner.name),
            sector: partner.sector.clone(),
            region: partner.region.clone(),
            municipality: partner.municipality.clone(),
            area: partner.area.clone(),
            cvr: partner.cvr.clone(),
            website: partner.website.clone(),
            part_of: partner.part_of,
            objectives: document(&partner.objectives),
            joined_on: partner.joined_on,
            left_on: partner.left_on,
            version: partner.version,
        }
    }

    fn into_partner(self, memberships: Vec<Membership>) -> Partner {
        Partner {
            id: self.id,
            name: self.name,
            sector: self.sector,
            region: self.region,
            municipality: self.municipality,
            area: self.area,
            cvr: self.cvr,
            website: self.website,
            part_of: self.part_of,
            objectives: strings(self.objectives),
            joined_on: self.joined_on,
            left_on: self.left_on,
            memberships,
            version: self.version,
        }
    }
}

pub fn insert(conn: &mut Conn, alliance: AllianceId, partner: &Partner) -> Result<()> {
    diesel::insert_into(partners::table)
        .values(PartnerRow::of(alliance, partner))
        .execute(conn)?;
    insert_memberships(conn, alliance, partner)
}

pub fn update(conn: &mut Conn, alliance: AllianceId, partner: &Partner) -> Result<()> {
    let row = PartnerRow::of(alliance, partner);
    diesel::update(partners::table.find(partner.id)).set(row).execute(conn)?;
    diesel::delete(memberships::table.filter(memberships::partner_id.eq(partner.id))).execute(conn)?;
    insert_memberships(conn, alliance, partner)
}

fn insert_memberships(conn: &mut Conn, alliance: AllianceId, partner: &Partner) -> Result<()> {
    for (position, membership) in (1_i64..).zip(&partner.memberships) {
        let row = MembershipRow {
            id: MembershipId::new(),
            alliance_id: alliance,
            partner_id: partner.id,
            position,
            joined_on: membership.joined_on,
            left_on: membership.left_on,
        };
        diesel::insert_into(memberships::table).values(row).execute(conn)?;
    }
    Ok(())
}

pub fn find(conn: &mut Conn, alliance: AllianceId, id: PartnerId) -> Result<Option<Partner>> {
    let query = partners::table.find(id).filter(partners::alliance_id.eq(alliance));
    let Some(row) = query.select(PartnerRow::as_select()).get_result(conn).optional()? else {
        return Ok(None);
    };
    Ok(with_memberships(conn, vec![row])?.pop())
}

pub fn exists(conn: &mut Conn, alliance: AllianceId, id: PartnerId) -> Result<bool> {
    let query = partners::table.find(id).filter(partners::alliance_id.eq(alliance));
    Ok(query.count().get_result::<i64>(conn)? > 0)
}

/// The partner that has the name already, in whatever case or form.
pub fn find_by_name(conn: &mut Conn, alliance: AllianceId, name: &str) -> Result<Option<PartnerId>> {
    let query = partners::table.filter(partners::alliance_id.eq(alliance));
    let query = query.filter(partners::name_key.eq(names::key(name))).select(partners::id);
    Ok(query.get_result(conn).optional()?)
}

/// Every partner of an alliance, in order of names.
pub fn all(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<Partner>> {
    let query = partners::table.filter(partners::alliance_id.eq(alliance));
    let rows = query
        .order((partners::name_sort, partners::id))
        .select(PartnerRow::as_select())
        .load(conn)?;
    with_memberships(conn, rows)
}

pub fn all_ids(conn: &mut Conn, alliance: AllianceId) -> Result<Vec<PartnerId>> {
    let query = partners::table.filter(partners::alliance_id.eq(alliance)).order(partners::id);
    Ok(query.select(partners::id).load(conn)?)
}

pub fn by_ids(conn: &mut Conn, alliance: AllianceId, ids: &[PartnerId]) -> Result<Vec<Partner>> {
    let mut rows = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let query = partners::table.filter(among!(partners, partners::id, chunk));
        let query = query.filter(partners::alliance_id.eq(alliance)).select(PartnerRow::as_select());
        rows.extend(query.load(conn)?);
    }
    with_memberships(conn, rows)
}

/// What a list of partners is narrowed to and how it is ordered.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub sector: Option<String>,
    pub region: Option<String>,
    pub area: Option<String>,
    pub focus_area: Option<String>,
    /// Members on this date; an unknown joining date counts from the second.
    pub valid_on: Option<(NaiveDate, NaiveDate)>,
    pub q: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Sort {
    Name,
    NameDown,
    JoinedOn,
    JoinedOnDown,
}

/// Where a page of partners begins.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct After {
    pub joined_on: Option<NaiveDate>,
    pub name: SortKey,
    pub id: PartnerId,
}

impl After {
    pub fn of(partner: &Partner) -> After {
        After {
            joined_on: partner.joined_on,
            name: SortKey(names::sort_key(&partner.name)),
            id: partner.id,
        }
    }
}

type Narrowed<'a> = partners::BoxedQuery<'a, crate::db::connection::MultiBackend>;

fn narrow<'a>(alliance: AllianceId, filter: &Filter) -> Narrowed<'a> {
    let mut query = partners::table.filter(partners::alliance_id.eq(alliance)).into_boxed();
    if let Some(sector) = &filter.sector {
        query = query.filter(partners::sector.eq(sector.clone()));
    }
    if let Some(region) = &filter.region {
        query = query.filter(partners::region.eq(region.clone()));
    }
    if let Some(area) = &filter.area {
        query = query.filter(partners::area.eq(area.clone()));
    }
    if let Some(focus_area) = &filter.focus_area {
        let chosen = commitments::table.filter(commitments::partner_id.eq(partners::id));
        query = query.filter(dsl::exists(chosen.filter(commitments::focus_area.eq(focus_area.clone()))));
    }
    if let Some((on, starts_on)) = filter.valid_on {
        let left = memberships::left_on.is_null().or(memberships::left_on.gt(on).assume_not_null());
        let member = memberships::table.filter(memberships::partner_id.eq(partners::id)).filter(left);
        query = match on >= starts_on {
            true => query.filter(dsl::exists(
                member.filter(
                    memberships::joined_on
                        .is_null()
                        .or(memberships::joined_on.le(on).assume_not_null()),
                ),
            )),
            false => query.filter(dsl::exists(member.filter(memberships::joined_on.le(on)))),
        };
    }
    if let Some(q) = &filter.q {
        query = query.filter(partners::name_key.like(anywhere(&names::key(q))).escape('\\'));
    }
    query
}

pub fn count(conn: &mut Conn, alliance: AllianceId, filter: &Filter) -> Result<i64> {
    Ok(narrow(alliance, filter).count().get_result(conn)?)
}

/// A page in the order asked for; partners without a joining date stand last either way.
pub fn list(
    conn: &mut Conn,
    alliance: AllianceId,
    filter: &Filter,
    sort: Sort,
    page: &Page<After>,
) -> Result<Vec<Partner>> {
    use partners::{id, joined_on, name_sort};
    let mut query = narrow(alliance, filter);
    if let Some(after) = page.after.clone() {
        let name = after.name.0;
        let later = name_sort.gt(name.clone()).or(name_sort.eq(name.clone()).and(id.gt(after.id)));
        query = match (sort, after.joined_on) {
            (Sort::Name, _) => query.filter(later),
            (Sort::NameDown, _) => {
                query.filter(name_sort.lt(name.clone()).or(name_sort.eq(name).and(id.lt(after.id))))
            }
            (_, None) => query.filter(joined_on.is_null().and(later)),
            (Sort::JoinedOn, Some(on)) => query.filter(
                joined_on
                    .is_null()
                    .or(joined_on.gt(on).assume_not_null())
                    .or(joined_on.eq(on).assume_not_null().and(later)),
            ),
            (Sort::JoinedOnDown, Some(on)) => query.filter(
                joined_on
                    .is_null()
                    .or(joined_on.lt(on).assume_not_null())
                    .or(joined_on.eq(on).assume_not_null().and(later)),
            ),
        };
    }
    query = match sort {
        Sort::Name => query.order((name_sort.asc(), id.asc())),
        Sort::NameDown => query.order((name_sort.desc(), id.desc())),
        Sort::JoinedOn => {
            query.order((joined_on.is_null().asc(), joined_on.asc(), name_sort.asc(), id.asc()))
        }
        Sort::JoinedOnDown => {
            query.order((joined_on.is_null().asc(), joined_on.desc(), name_sort.asc(), id.asc()))
        }
    };
    let rows = query.limit(page.limit).select(PartnerRow::as_select()).load(conn)?;
    with_memberships(conn, rows)
}

fn with_memberships(conn: &mut Conn, rows: Vec<PartnerRow>) -> Result<Vec<Partner>> {
    let mut found: std::collections::HashMap<PartnerId, Vec<Membership>> =
        std::collections::HashMap::new();
    let ids: Vec<PartnerId> = rows.iter().map(|row| row.id).collect();
    for chunk in ids.chunks(CHUNK) {
        let query = memberships::table.filter(among!(memberships, memberships::partner_id, chunk));
        let query = query.order((memberships::partner_id, memberships::position));
        for row in query.select(MembershipRow::as_select()).load(conn)? {
            let membership = Membership { joined_on: row.joined_on, left_on: row.left_on };
            found.entry(row.partner_id).or_default().push(membership);
        }
    }
    let whole = |row: PartnerRow| {
        let memberships = found.remove(&row.id).unwrap_or_default();
        row.into_partner(memberships)
    };
    Ok(rows.into_iter().map(whole).collect())
}
