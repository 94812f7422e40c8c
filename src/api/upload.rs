//! A file that is sent: as the body, or as the one file of a form.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::{StreamExt, stream};

use super::call::Call;
use super::headers;
use super::problem::Failure;
use crate::domain::import::MOST_BYTES;

/// What a CSV file is sent as; the last is what Windows says where Excel is installed.
const TAKEN: [&str; 4] =
    ["text/csv", "text/plain", "application/octet-stream", "application/vnd.ms-excel"];
const FORM: &str = "multipart/form-data";
/// What a client may say about the encoding. The bytes decide.
const CHARSETS: [&str; 4] = ["utf-8", "us-ascii", "windows-1252", "iso-8859-1"];

/// The largest body with a file, in bytes, and how long it may take to arrive.
pub const LIMITS: (usize, Duration) = (MOST_BYTES, Duration::from_secs(120));

/// The bytes are in memory already; the parser takes them in pieces.
const PIECE: usize = 16 * 1024;

pub fn is_taken(headers: &HeaderMap) -> bool {
    let media = headers::media_type_in(headers, &CHARSETS);
    media.is_some_and(|media| media == FORM || TAKEN.contains(&media.as_str()))
}

/// The file's bytes. Of a form: the one part that is a file, and no other part.
pub async fn file(call: &Call) -> Result<Bytes, Failure> {
    let media = headers::media_type_in(&call.headers, &CHARSETS);
    if media.is_none_or(|media| media != FORM) {
        return Ok(call.body.clone());
    }
    let body = call.body.clone();
    let starts = (0..body.len()).step_by(PIECE);
    let pieces: Vec<_> = starts
        .map(|start| Ok(body.slice(start..body.len().min(start + PIECE))))
        .collect();
    let mut form = Multipart::new(&call.headers, stream::iter(pieces));
    let mut file = None;
    while let Some(part) = form.next().await {
        let mut part = part.map_err(|_| bad_form())?;
        let named = part.content_disposition().is_some_and(|said| said.get_filename().is_some());
        if !named || file.is_some() {
            return Err(one_file());
        }
        let bytes = part.bytes(call.body.len()).await;
        file = Some(bytes.map_err(|_| bad_form())?.map_err(|_| bad_form())?);
    }
    file.ok_or_else(one_file)
}

fn bad_form() -> Failure {
    Failure::malformed(
        "bad-form",
        "Formularen kan ikke læses som multipart/form-data.",
        "The form can't be read as multipart/form-data.",
    )
}

fn one_file() -> Failure {
    Failure::malformed(
        "one-file",
        "Formularen skal have netop én fil og intet andet felt. Art og måde står i adressen.",
        "The form must have exactly one file and no other field. Kind and mode stand in the address.",
    )
}
