use actix_web::{HttpResponse, delete, get, patch, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::partners::unknown;
use super::points::PointQuery;
use super::problem::Failure;
use crate::db::Conn;
use crate::domain::checks::Faults;
use crate::domain::id::{InitiativeId, PartnerId};
use crate::domain::initiative::{APPROACHES, CreateInitiative, Initiative, STATUSES, UpdateInitiative};
use crate::domain::names::{self, SortKey};
use crate::domain::programme::Programme;
use crate::service::initiatives;
use crate::service::past::{self, Then};
use crate::service::programmes::InForce;
use crate::store;
use crate::store::initiatives::Filter;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InitiativesQuery {
    /// Initiatives that this partner takes part in.
    #[param(format = "uuid")]
    partner: Option<String>,
    /// A focus area's key.
    focus_area: Option<String>,
    /// `planned`, `running`, `completed` or `stopped`.
    status: Option<String>,
    /// `structural`, `individual` or `both`.
    approach: Option<String>,
    /// A part of the title, in whatever case.
    q: Option<String>,
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

impl InitiativesQuery {
    fn read(self, programme: &Programme) -> Result<(Filter, Paging), Failure> {
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, self.limit.as_deref(), self.cursor, self.count.as_deref());
        let partner = self.partner.as_deref().map(|text| {
            let id = PartnerId::parse(text);
            if id.is_none() {
                faults.push(unknown("?partner", "unknown-partner", text));
            }
            id
        });
        if let Some(area) = self.focus_area.as_deref().filter(|key| programme.focus_area(key).is_none())
        {
            faults.push(unknown("?focusArea", "unknown-focus-area", area));
        }
        if let Some(status) = &self.status {
            faults.one_of("?status", status, &STATUSES);
        }
        if let Some(approach) = &self.approach {
            faults.one_of("?approach", approach, &APPROACHES);
        }
        if let Some(q) = &self.q {
            faults.line("?q", q);
        }
        unless_any(faults)?;
        let filter = Filter {
            partner: partner.flatten(),
            focus_area: self.focus_area,
            status: self.status,
            approach: self.approach,
            q: self.q,
        };
        Ok((filter, paging))
    }
}

/// List initiatives.
///
/// In Danish order of titles.
#[utoipa::path(tag = "initiatives", params(InitiativesQuery), responses(
    (status = 200, description = "A page of initiatives", body = List<Initiative>)))]
#[get("/initiatives")]
pub async fn list_initiatives(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: InitiativesQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let (filter, paging) = query.read(&alliance.programme)?;
        let page = paging.page(call)?;
        let rows = store::initiatives::list(conn, alliance.id, &filter, &page)?;
        let total = match paging.count {
            true => Some(store::initiatives::count(conn, alliance.id, &filter)?),
            false => None,
        };
        paging
            .cut(call, rows, total, |row| (SortKey(names::sort_key(&row.title)), row.id))
            .answer(call)
    })
    .await
}

/// Create an initiative.
///
/// A partner creates it as its lead; several partners may take part.
#[utoipa::path(tag = "initiatives", request_body = CreateInitiative, responses(
    (status = 201, description = "Created", body = Initiative)))]
#[post("/initiatives")]
pub async fn create_initiative(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: CreateInitiative = call.body()?;
        let alliance = call.alliance(conn)?;
        let initiative = initiatives::create(conn, &call.ctx, &alliance, &body)?;
        let location = format!("{}/{}", call.path(), initiative.id);
        Ok(Answer::created(location, &initiative).versioned(initiative.version))
    })
    .await
}

/// Find an initiative.
#[utoipa::path(tag = "initiatives", params(PointQuery), responses(
    (status = 200, description = "The initiative", body = Initiative)))]
#[get("/initiatives/{initiative}")]
pub async fn find_initiative(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: PointQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let id = call.id("initiative", InitiativeId::parse)?;
        let now = |conn: &mut Conn, alliance: &InForce| {
            answer(&initiatives::find(conn, &call.ctx, alliance, id)?)
        };
        let then = |conn: &mut Conn, then: &Then| answer(&past::initiative(conn, &call.ctx, then, id)?);
        call.now_or_then(conn, alliance, &query, now, then)
    })
    .await
}

/// Update an initiative.
///
/// A JSON merge patch (RFC 7396), by its lead or the secretariat.
#[utoipa::path(tag = "initiatives",
    request_body(content = UpdateInitiative, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Updated", body = Initiative)))]
#[patch("/initiatives/{initiative}")]
pub async fn update_initiative(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let changes = call.patch::<UpdateInitiative>()?;
        let alliance = call.alliance(conn)?;
        let id = call.id("initiative", InitiativeId::parse)?;
        answer(&initiatives::update(conn, &call.ctx, &alliance, id, call.seen.as_ref(), &changes)?)
    })
    .await
}

/// Delete an initiative.
///
/// Not one that a submitted report names.
#[utoipa::path(tag = "initiatives", responses((status = 204, description = "Gone")))]
#[delete("/initiatives/{initiative}")]
pub async fn delete_initiative(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let alliance = call.alliance(conn)?;
        let id = call.id("initiative", InitiativeId::parse)?;
        initiatives::delete(conn, &call.ctx, &alliance, id, call.seen.as_ref())?;
        Ok(Answer::gone())
    })
    .await
}

fn answer(initiative: &Initiative) -> Result<Answer, Failure> {
    Ok(Answer::ok(initiative).versioned(initiative.version))
}
