use actix_web::{HttpResponse, get, post};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::lists::{List, Paging, unless_any};
use super::problem::Failure;
use crate::domain::checks::{Faults, number};
use crate::domain::publication::{Edition, Publish, PublishedFigure};
use crate::service::publications::changes::{self, PublicationChange};
use crate::service::publications::{self, Publication, Published};
use crate::store;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PublicationsQuery {
    /// Rows on a page.
    #[param(default = 50, minimum = 1, maximum = 500, value_type = Option<i64>)]
    limit: Option<String>,
    /// Where the page begins: the `nextCursor` of the page before.
    cursor: Option<String>,
    /// Adds `totalCount`.
    #[param(value_type = Option<bool>)]
    count: Option<String>,
}

impl PublicationsQuery {
    fn read(self) -> Result<Paging, Failure> {
        let mut faults = Faults::new();
        let paging =
            Paging::read(&mut faults, self.limit.as_deref(), self.cursor, self.count.as_deref());
        unless_any(faults)?;
        Ok(paging)
    }
}

/// List editions.
///
/// In order, each with its document's hash and signature. The document itself is at `links.self`.
#[utoipa::path(tag = "publications", params(PublicationsQuery), responses(
    (status = 200, description = "A page of editions", body = List<Publication>)))]
#[get("/publications")]
pub async fn list_publications(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let paging = call.query::<PublicationsQuery>()?.read()?;
        let alliance = call.alliance(conn)?;
        let page = paging.page(call)?;
        let rows = publications::list(conn, &alliance, &page)?;
        let total = match paging.count {
            true => Some(store::publications::count(conn, alliance.id)?),
            false => None,
        };
        paging.cut(call, rows, total, |row| row.edition).answer(call)
    })
    .await
}

/// Publish an edition.
///
/// The figures of now, all or those that are named, with their groups, definitions and the rounds' completeness. It stays as
/// it is for ever. A correction is the next edition, with a reason; only the last edition can be corrected. Where nothing
/// has changed since the last edition there is no other (409).
#[utoipa::path(tag = "publications", request_body = Publish, responses(
    (status = 201, description = "Published", body = Publication)))]
#[post("/publications")]
pub async fn publish_edition(call: Call) -> HttpResponse {
    call.write(|conn, call| {
        let body: Publish = call.body()?;
        let alliance = call.alliance(conn)?;
        let signer = &call.app.signer;
        let publication = publications::publish(conn, &call.ctx, &alliance, signer, &body)?;
        Ok(Answer::created(publication.links.own.clone(), &publication))
    })
    .await
}

/// Read an edition.
///
/// The bytes that were published: canonical JSON (RFC 8785), labels in both languages, the same for ever. `Repr-Digest` (RFC
/// 9530) is their SHA-256. An edition that was corrected links to the one that did (`Link: …; rel="successor-version"`,
/// RFC 5829), and a correction to what it corrects (`predecessor-version`).
#[utoipa::path(tag = "publications", responses(
    (status = 200, description = "The edition", body = Edition)))]
#[get("/publications/{edition}")]
pub async fn find_publication(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let alliance = call.alliance(conn)?;
        let edition = call.id("edition", number)?;
        let published = publications::find(conn, &alliance, edition)?;
        let slug = &alliance.programme.slug;
        let digest = BASE64_STANDARD.encode(Sha256::digest(&published.bytes));
        let etag = format!("\"{edition}-{}\"", published.row.sha256);
        let (links, caching) = (links(slug, &published), caching(&published));
        let answer = Answer::of_bytes(published.bytes)
            .with_header("etag", etag)
            .with_header("repr-digest", format!("sha-256=:{digest}:"))
            .with_header("cache-control", caching);
        Ok(match links.is_empty() {
            true => answer,
            false => answer.with_header("link", links.join(", ")),
        })
    })
    .await
}

/// What corrects an edition, and what it corrects.
fn links(slug: &str, published: &Published) -> Vec<String> {
    let link = |edition: Option<i64>, relation: &str| {
        let edition = edition?;
        Some(format!("</v1/alliances/{slug}/publications/{edition}>; rel=\"{relation}\""))
    };
    let both = [
        link(published.corrected_by, "successor-version"),
        link(published.row.corrects, "predecessor-version"),
    ];
    both.into_iter().flatten().collect()
}

/// The bytes never change. But whoever keeps the last edition must ask whether it was corrected since.
fn caching(published: &Published) -> &'static str {
    if published.is_last { "public, no-cache" } else { "public, max-age=31536000, immutable" }
}

/// List an edition's figures.
///
/// The rows of the document's `figures`, then those of its `breakdowns`, as a list: for spreadsheets and dashboards.
#[utoipa::path(tag = "publications", params(PublicationsQuery), responses(
    (status = 200, description = "A page of figures", body = List<PublishedFigure>)))]
#[get("/publications/{edition}/figures")]
pub async fn list_published_figures(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let paging = call.query::<PublicationsQuery>()?.read()?;
        let alliance = call.alliance(conn)?;
        let published = publications::find(conn, &alliance, call.id("edition", number)?)?;
        let edition = publications::edition_of(&published.bytes)?;
        let rows: Vec<PublishedFigure> = edition.figures.into_iter().chain(edition.breakdowns).collect();
        let total = paging.count.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let key = |row: &PublishedFigure| format!("{}/{:?}/{:?}", row.indicator, row.by, row.group);
        paging.of_all(call, rows, total, key)?.answer(call)
    })
    .await
}

/// Tell what the next edition changed.
///
/// One row for each figure that is not as it was, with old, new and what moved it, by cause; then one for each such group. Empty while there is no
/// next edition.
#[utoipa::path(tag = "publications", params(PublicationsQuery), responses(
    (status = 200, description = "A page of changed figures", body = List<PublicationChange>)))]
#[get("/publications/{edition}/changes")]
pub async fn list_publication_changes(call: Call) -> HttpResponse {
    call.read(|conn, call| {
        let paging = call.query::<PublicationsQuery>()?.read()?;
        let alliance = call.alliance(conn)?;
        let edition = call.id("edition", number)?;
        let rows = changes::since(conn, &call.ctx, &alliance, edition, call.language)?;
        let total = paging.count.then(|| i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let key = |row: &PublicationChange| format!("{}/{:?}/{:?}", row.indicator, row.by, row.group);
        paging.of_all(call, rows, total, key)?.answer(call)
    })
    .await
}
