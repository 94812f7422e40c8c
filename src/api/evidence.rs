use actix_web::{HttpResponse, get};

use super::answer::Answer;
use super::app::Routes;
use super::call::Call;
use super::csv::{self, Column, Dialect};
use super::proofs::{last, not_signed_yet, sign};
use crate::domain::checks::number;
use crate::domain::publication::PublishedFigure;
use crate::service::evidence::{self, Given};
use crate::service::{Error, publications};

/// The list whose columns the figures have.
const LISTED: &str = "list_published_figures";

/// Download an edition's evidence.
///
/// A zip file with all that it takes to check the edition without us: the document, its signature, the journal's entry
/// with its proof, a signed checkpoint, the programmes. For the secretariat and auditors also every entry of the journal,
/// from which each figure can be computed again. `facit verify` checks it, and so does the verifier in Python.
#[utoipa::path(tag = "publications", responses(
    (status = 200, description = "The bundle", body = String, content_type = "application/zip")))]
#[get("/publications/{edition}/evidence.zip")]
pub async fn download_evidence(call: Call) -> HttpResponse {
    let signing = sign(&call).await;
    call.read(|conn, call| {
        let alliance = call.alliance(conn)?;
        let published = publications::find(conn, &alliance, call.id("edition", number)?)?;
        let signed = last(conn, call, &alliance, signing)?;
        if published.row.seq > signed.size {
            return Err(not_signed_yet());
        }
        let figures = figures(call.app.routes.columns(LISTED), &published.bytes)?;
        let given = Given { signer: &call.app.signer, signed: &signed, figures };
        let whole = evidence::sees_whole(&call.ctx, &alliance);
        let bundle = evidence::bundle(conn, &alliance, &published, given, whole)?;
        let name = format!(
            "attachment; filename=\"{}-{}-evidence.zip\"",
            call.step("alliance"),
            published.row.edition
        );
        let caching = if whole { "private, no-cache" } else { "public, no-cache" };
        Ok(Answer::bytes("application/zip", bundle)
            .with_header("content-disposition", name)
            .with_header("cache-control", caching)
            .hashed())
    })
    .await
}

/// An edition's figures and groups as CSV, for the columns of their list.
pub(super) fn figures(columns: &[Column], document: &[u8]) -> Result<Vec<u8>, Error> {
    let edition = publications::edition_of(document)?;
    let rows: Vec<PublishedFigure> = edition.figures.into_iter().chain(edition.breakdowns).collect();
    Ok(csv::written(columns, &rows, Dialect::Rfc4180))
}

/// The same without a running service.
pub fn published_figures(document: &[u8]) -> Result<Vec<u8>, Error> {
    let routes = Routes::of(&super::openapi::document());
    figures(routes.columns(LISTED), document)
}
