use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, put};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::problem::Failure;
use crate::db::Conn;
use crate::domain::checks::Faults;
use crate::domain::extension::{Extension, GrantExtension};
use crate::domain::id::PartnerId;
use crate::service::Error;
use crate::service::extensions;
use crate::service::programmes::InForce;
use crate::service::reports::ReportAt;
use crate::store;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExtensionsQuery {
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

/// List a round's extensions.
///
/// In the order in which the partners were admitted; a partner sees its own.
#[utoipa::path(tag = "reports", params(ExtensionsQuery), responses(
    (status = 200, description = "A page of extensions", body = List<Extension>)))]
#[get("/rounds/{round}/extensions")]
pub async fn list_extensions(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let query: ExtensionsQuery = call.query()?;
        let alliance = call.alliance(conn)?;
        let round = alliance.programme.round(call.step("round")).ok_or_else(Error::absent)?;
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, query.limit.as_deref(), query.cursor, query.count.as_deref());
        unless_any(faults)?;
        let own = call.ctx.as_partner(alliance.id);
        let page = paging.page(call)?;
        let rows = store::extensions::list(conn, alliance.id, &round.key, own, &page)?;
        let total = match paging.count {
            true => Some(store::extensions::count(conn, alliance.id, &round.key, own)?),
            false => None,
        };
        paging.cut(call, rows, total, |row| row.partner).answer(call)
    })
    .await
}

/// Find a partner's extension in a round.
#[utoipa::path(tag = "reports", responses((status = 200, description = "The extension", body = Extension)))]
#[get("/rounds/{round}/extensions/{partner}")]
pub async fn find_extension(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let (alliance, at) = extension_at(conn, call)?;
        answer(&extensions::find(conn, &call.ctx, &alliance, &at)?)
    })
    .await
}

/// Grant a partner an extension, or change it.
///
/// It decides from now on: no receipt and no verdict that was given changes. Where it ends after the round has
/// closed, the round stays open for this partner until then.
#[utoipa::path(tag = "reports", request_body = GrantExtension, responses(
    (status = 200, description = "Changed", body = Extension),
    (status = 201, description = "Granted", body = Extension)))]
#[put("/rounds/{round}/extensions/{partner}")]
pub async fn grant_extension(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: GrantExtension = call.body()?;
        let (alliance, at) = extension_at(conn, call)?;
        let seen = call.seen.as_ref();
        let (extension, is_new) = extensions::grant(conn, &call.ctx, &alliance, &at, seen, &body)?;
        let answer = answer(&extension)?;
        Ok(match is_new {
            true => {
                Answer { status: StatusCode::CREATED, ..answer }.with_header("location", call.path())
            }
            false => answer,
        })
    })
    .await
}

/// Withdraw an extension.
///
/// The round's own deadline holds again, from now on.
#[utoipa::path(tag = "reports", responses((status = 204, description = "Gone")))]
#[delete("/rounds/{round}/extensions/{partner}")]
pub async fn withdraw_extension(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let (alliance, at) = extension_at(conn, call)?;
        extensions::withdraw(conn, &call.ctx, &alliance, &at, call.seen.as_ref())?;
        Ok(Answer::gone())
    })
    .await
}

fn extension_at(conn: &mut Conn, call: &Call) -> Result<(InForce, ReportAt), Failure> {
    let alliance = call.alliance(conn)?;
    let partner = call.id("partner", PartnerId::parse)?;
    Ok((alliance, ReportAt { round: call.step("round").to_owned(), partner }))
}

fn answer(extension: &Extension) -> Result<Answer, Failure> {
    Ok(Answer::ok(extension).versioned(extension.version))
}
