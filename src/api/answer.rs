//! Answers that succeed, as bytes: so that they can be hashed, stored and replayed as they are.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::domain::journal::hex;

/// A success on its way to the client.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What is stored for a replay instead of the body, where that must not show a secret again.
    pub stored_body: Option<Bytes>,
}

impl Answer {
    fn new<T: Serialize>(status: StatusCode, body: &T) -> Answer {
        let body = serde_json::to_vec(body).unwrap_or_default().into();
        Answer { status, headers: Vec::new(), body, stored_body: None }
    }

    pub fn ok<T: Serialize>(body: &T) -> Answer {
        Answer::new(StatusCode::OK, body)
    }

    /// A success whose bytes are ready; JSON unless a `content-type` is added.
    pub fn of_bytes(body: impl Into<Bytes>) -> Answer {
        Answer {
            status: StatusCode::OK,
            headers: Vec::new(),
            body: body.into(),
            stored_body: None,
        }
    }

    /// A success that is no JSON.
    pub fn bytes(media_type: &str, body: Vec<u8>) -> Answer {
        Answer::of_bytes(body).with_header("content-type", media_type)
    }

    pub fn created<T: Serialize>(location: impl Into<String>, body: &T) -> Answer {
        Answer::new(StatusCode::CREATED, body).with_header("location", location)
    }

    pub fn gone() -> Answer {
        Answer {
            status: StatusCode::NO_CONTENT,
            headers: Vec::new(),
            body: Bytes::new(),
            stored_body: None,
        }
    }

    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a link (RFC 8288) to those that there are.
    pub fn with_link(mut self, link: &str) -> Answer {
        match self.headers.iter_mut().find(|(name, _)| name == "link") {
            Some((_, links)) => {
                links.push_str(", ");
                links.push_str(link);
                self
            }
            None => self.with_header("link", link),
        }
    }

    /// Adds the strong entity tag: the version, and a hash of what is sent.
    pub fn versioned(self, version: i64) -> Answer {
        let etag = format!("\"{version}-{}\"", short_hash(&[&self.body]));
        self.with_header("etag", etag)
    }

    /// Adds an entity tag that is a hash of what is sent.
    pub fn hashed(self) -> Answer {
        let etag = format!("\"{}\"", short_hash(&[&self.body]));
        self.with_header("etag", etag)
    }

    pub fn etag(&self) -> Option<&str> {
        self.headers
            .iter()
            .find(|(name, _)| name == "etag")
            .map(|(_, value)| value.as_str())
    }

    /// The answer to whoever has it already: the headers that it would have (RFC 9110 §15.4.5), and no body.
    pub fn not_modified(mut self) -> HttpResponse {
        const KEPT: [&str; 5] =
            ["etag", "cache-control", "content-location", "link", "memento-datetime"];
        self.status = StatusCode::NOT_MODIFIED;
        self.body = Bytes::new();
        self.headers.retain(|(name, _)| KEPT.contains(&name.as_str()));
        self.respond()
    }

    pub fn respond(self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if !self.body.is_empty() {
            response.insert_header((header::CONTENT_TYPE, "application/json"));
        }
        if self.headers.iter().all(|(name, _)| name != "cache-control") {
            // A copy may be kept, and is asked about each time: a right can be taken away.
            response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        }
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        match self.body.is_empty() {
            true => response.finish(),
            false => response.body(self.body),
        }
    }
}

/// 16 hexadecimal digits of a SHA-256: enough to tell versions of one resource apart.
pub fn short_hash(parts: &[&[u8]]) -> String {
    short(&whole_hash(parts))
}

/// The first 16 hexadecimal digits.
pub fn short(hash: &[u8; 32]) -> String {
    let mut text = hex(hash);
    text.truncate(16);
    text
}

/// SHA-256 over parts, each told apart from the next.
pub fn whole_hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
