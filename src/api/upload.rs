//! A file that is sent: as the body, or as the one file of a form.

use std::time::Duration;

use actix_multipart::Multipart;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;

use super::call::Call;
use super::headers;
use super::problem::Failure;
use crate::db;
use crate::domain::import::{FileRead, MOST_BYTES};
use crate::service::{Result as ServiceResult, imports};

pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// What a file is sent as; the last but one is what Windows says of CSV where Excel is installed.
const TAKEN: [&str; 5] =
    ["text/csv", "text/plain", "application/octet-stream", "application/vnd.ms-excel", XLSX];
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

/// How many files are read at the same time. One takes up to a few hundred megabytes of memory.
static READING: Semaphore = Semaphore::const_new(2);

/// A file as it came.
#[derive(Debug, Clone)]
pub struct Upload {
    pub bytes: Bytes,
    /// Its media type or its name says so.
    is_said_xlsx: bool,
}

/// Reads the file, in a thread of its own: before anything is looked up, and before the one writer is waited for.
pub async fn read(file: Upload) -> ServiceResult<FileRead> {
    // It is never closed.
    let _turn = READING.acquire().await;
    let read = move || FileRead::read(&file.bytes, file.is_said_xlsx);
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read.map_err(|fault| imports::unreadable(vec![fault])),
        Err(panicked) => Err(db::Error::Panicked(panicked.to_string()).into()),
    }
}

/// The file that was sent. Of a form: the one part that is a file, and no other part.
pub async fn file(call: &Call) -> Result<Upload, Failure> {
    let media = headers::media_type_in(&call.headers, &CHARSETS);
    if media.as_deref().is_none_or(|media| media != FORM) {
        return Ok(Upload {
            bytes: call.body.clone(),
            is_said_xlsx: media.is_some_and(|media| media == XLSX),
        });
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
        let name = part.content_disposition().and_then(|said| said.get_filename());
        let Some(name) = name.filter(|_| file.is_none()) else { return Err(one_file()) };
        let is_said_xlsx = name.to_ascii_lowercase().ends_with(".xlsx")
            || part.content_type().is_some_and(|media| media.essence_str() == XLSX);
        let bytes = part.bytes(call.body.len()).await;
        let bytes = bytes.map_err(|_| bad_form())?.map_err(|_| bad_form())?;
        file = Some(Upload { bytes, is_said_xlsx });
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
