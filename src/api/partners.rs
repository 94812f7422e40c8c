use actix_web::{HttpResponse, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::points::PointQuery;
use super::problem::Failure;
use crate::db::Conn;
use crate::domain::checks::Faults;
use crate::domain::id::PartnerId;
use crate::domain::partner::{AdmitPartner, Departure, Partner, Rejoining, UpdatePartner};
use crate::domain::places;
use crate::domain::programme::Programme;
use crate::domain::text::Fault;
use crate::service::partners;
use crate::service::past::{self, Then};
use crate::service::programmes::InForce;
use crate::store;
use crate::store::partners::{After, Filter, Sort};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PartnersQuery {
    /// A sector's key.
    sector: Option<String>,
    /// A region's code, such as `1083`.
    region: Option<String>,
    /// A landsdel's code, or `national`.
    area: Option<String>,
    /// Partners that have chosen this focus area.
    focus_area: Option<String>,
    /// Members on this date.
    #[param(format = "date")]
    valid_on: Option<String>,
    /// A part of the name, in whatever case.
    q: Option<String>,
    /// `name` (default), `-name`, `joinedOn` or `-joinedOn`.
    sort: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

impl PartnersQuery {
    fn read(self, programme: &Programme) -> Result<(Filter, Sort, Paging), Failure> {
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, self.limit.as_deref(), self.cursor, self.count.as_deref());
        if let Some(sector) = self.sector.as_deref().filter(|key| !programme.has_sector(key)) {
            faults.push(unknown("?sector", "unknown-sector", sector));
        }
        if let Some(region) = self.region.as_deref().filter(|code| places::region(code).is_none()) {
            faults.push(unknown("?region", "unknown-region", region));
        }
        let is_area = |code: &str| code == places::NATIONAL || places::landsdel(code).is_some();
        if let Some(area) = self.area.as_deref().filter(|code| !is_area(code)) {
            faults.push(unknown("?area", "unknown-area", area));
        }
        if let Some(area) = self.focus_area.as_deref().filter(|key| programme.focus_area(key).is_none())
        {
            faults.push(unknown("?focusArea", "unknown-focus-area", area));
        }
        let valid_on = faults.date_or_none("?validOn", self.valid_on.as_deref());
        if let Some(q) = &self.q {
            faults.line("?q", q);
        }
        let sort = self.sort.as_deref().unwrap_or("name");
        faults.one_of("?sort", sort, &["name", "-name", "joinedOn", "-joinedOn"]);
        let sort = match sort {
            "-name" => Sort::NameDown,
            "joinedOn" => Sort::JoinedOn,
            "-joinedOn" => Sort::JoinedOnDown,
            _ => Sort::Name,
        };
        unless_any(faults)?;
        let filter = Filter {
            sector: self.sector,
            region: self.region,
            area: self.area,
            focus_area: self.focus_area,
            valid_on: valid_on.map(|on| (on, programme.starts_on)),
            q: self.q,
        };
        Ok((filter, sort, paging))
    }
}

/// A filter that names nothing there is.
pub fn unknown(pointer: &str, code: &'static str, given: &str) -> Fault {
    let given = crate::domain::checks::shown(given);
    Fault::new(
        pointer,
        code,
        format!("»{given}« findes ikke her."),
        format!("There is no \"{given}\" here."),
    )
}

/// List partners.
///
/// In Danish order of names unless sorted otherwise.
#[utoipa::path(tag = "partners", params(PartnersQuery), responses(
    (status = 200, description = "A page of partners", body = List<Partner>)))]
#[get("/partners")]
pub async fn list_partners(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: PartnersQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let (filter, sort, paging) = query.read(&alliance.programme)?;
        let page = paging.page(call)?;
        let rows = store::partners::list(conn, alliance.id, &filter, sort, &page)?;
        let total = match paging.count {
            true => Some(store::partners::count(conn, alliance.id, &filter)?),
            false => None,
        };
        paging.cut(call, rows, total, After::of).answer(call)
    })
    .await
}

/// Admit a partner.
#[utoipa::path(tag = "partners", request_body = AdmitPartner, responses(
    (status = 201, description = "Admitted", body = Partner)))]
#[post("/partners")]
pub async fn admit_partner(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: AdmitPartner = call.body()?;
        let alliance = call.alliance(conn)?;
        let partner = partners::admit(conn, &call.ctx, &alliance, &body)?;
        let location = format!("{}/{}", call.path(), partner.id);
        Ok(Answer::created(location, &partner).versioned(partner.version))
    })
    .await
}

/// Find a partner.
#[utoipa::path(tag = "partners", params(PointQuery), responses(
    (status = 200, description = "The partner", body = Partner)))]
#[get("/partners/{partner}")]
pub async fn find_partner(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: PointQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let id = call.id("partner", PartnerId::parse)?;
        let now = |conn: &mut Conn, alliance: &InForce| {
            answer(&partners::find(conn, &call.ctx, alliance, id)?)
        };
        let then = |conn: &mut Conn, then: &Then| answer(&past::partner(conn, &call.ctx, then, id)?);
        call.now_or_then(conn, alliance, &query, now, then)
    })
    .await
}

/// Update a partner.
///
/// A JSON merge patch (RFC 7396). A partner may change its own `website`, `municipality`, `region` and
/// `area`; the secretariat everything.
#[utoipa::path(tag = "partners", request_body(content = UpdatePartner, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Updated", body = Partner)))]
#[patch("/partners/{partner}")]
pub async fn update_partner(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let changes = call.patch::<UpdatePartner>()?;
        let alliance = call.alliance(conn)?;
        let id = call.id("partner", PartnerId::parse)?;
        answer(&partners::update(conn, &call.ctx, &alliance, id, call.seen.as_ref(), &changes)?)
    })
    .await
}

/// End a partner's membership.
///
/// Everything it has done stays, and it keeps its standings in figures of `during` and `ever`.
#[utoipa::path(tag = "partners", request_body = Departure, responses(
    (status = 200, description = "Departed", body = Partner)))]
#[post("/partners/{partner}/departure")]
pub async fn depart_partner(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: Departure = call.body()?;
        let (alliance, id) = partner_at(conn, call)?;
        answer(&partners::depart(conn, &call.ctx, &alliance, id, call.seen.as_ref(), &body)?)
    })
    .await
}

/// Begin another membership of a partner that had left.
#[utoipa::path(tag = "partners", request_body = Rejoining, responses(
    (status = 201, description = "A member again", body = Partner)))]
#[post("/partners/{partner}/memberships")]
pub async fn rejoin_partner(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: Rejoining = call.body()?;
        let (alliance, id) = partner_at(conn, call)?;
        let partner = partners::rejoin(conn, &call.ctx, &alliance, id, call.seen.as_ref(), &body)?;
        let location = format!("/v1/alliances/{}/partners/{id}", alliance.programme.slug);
        Ok(Answer::created(location, &partner).versioned(partner.version))
    })
    .await
}

fn partner_at(conn: &mut Conn, call: &Call) -> Result<(InForce, PartnerId), Failure> {
    let alliance = call.alliance(conn)?;
    Ok((alliance, call.id("partner", PartnerId::parse)?))
}

fn answer(partner: &Partner) -> Result<Answer, Failure> {
    Ok(Answer::ok(partner).versioned(partner.version))
}
