use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::app::App;
use super::call::Call;
use super::lists::is_dry;
use crate::domain::checks::number;
use crate::domain::redaction::{Redact, Redaction};
use crate::service::{erasures, redactions};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RedactQuery {
    /// Says where the text stands, and changes nothing.
    #[param(value_type = Option<bool>)]
    dry_run: Option<String>,
}

/// Redact a free text.
///
/// Takes it out of the journal and of everything that has it, for good: each copy in the entries about the same thing
/// or of the same partner, what is there now, drafts, kept answers and refused rows, and then the free space of the
/// database's files. `[redacted]` stands there from now on, in answers as of earlier points too. The entries, all
/// proofs over them and all figures stay as they were; an entry of its own says who did it, when and why. With
/// `dryRun=true` it says where the text stands, and does nothing.
#[utoipa::path(tag = "journal", params(RedactQuery), request_body = Redact, responses(
    (status = 200, description = "With `dryRun`: what would be redacted", body = Redaction),
    (status = 201, description = "It is gone", body = Redaction)))]
#[post("/journal/{seq}/redactions")]
pub async fn redact_text(call: Call) -> HttpResponse {
    let app = call.app.clone();
    let answer = call.write(|conn, call| {
        let query: RedactQuery = call.query()?;
        let body: Redact = call.body()?;
        let is_dry = is_dry(query.dry_run.as_deref())?;
        let alliance = call.alliance(conn)?;
        let seq = call.id("seq", number)?;
        if is_dry {
            return Ok(Answer::ok(&redactions::rehearsed(conn, &call.ctx, &alliance, seq, &body)?));
        }
        let redaction = redactions::redact(conn, &call.ctx, &alliance, seq, &body)?;
        let own = redaction.journal_seq.unwrap_or_default();
        let location = format!("/v1/alliances/{}/journal/{own}", alliance.programme.slug);
        Ok(Answer::created(location, &redaction))
    });
    swept(app, answer.await).await
}

/// The answer to a write that erased something, once the database's files have followed. Where they can't at the
/// moment, it is tried again later.
pub async fn swept(app: Data<App>, answer: HttpResponse) -> HttpResponse {
    if answer.status().is_success() && !app.read_only {
        sweep(&app).await;
    }
    answer
}

/// Sweeps what is due out of the database's files, and says so where it can't be done.
pub async fn sweep(app: &Data<App>) {
    let db = app.db.clone();
    let swept = actix_web::rt::task::spawn_blocking(move || erasures::sweep_due(&db)).await;
    match swept {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "what was erased is still in the database's files")
        }
        Err(error) => tracing::error!(error = %error, "sweeping the database's files failed"),
    }
}
