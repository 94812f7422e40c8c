//! The request's headers that decide something: language, versions seen, idempotency keys, media types.

use actix_web::http::header::{self, HeaderMap, HeaderName};

use mime::Mime;

use super::problem::Failure;
use crate::domain::checks::number;
use crate::domain::text::Language;
use crate::service::patch::Seen;

/// The best of Danish and English by `Accept-Language` (RFC 9110 §12.5.4); Danish unless English is
/// wanted more.
pub fn language(headers: &HeaderMap) -> Language {
    let Some(wanted) = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()) else {
        return Language::Da;
    };
    let (mut danish, mut english, mut others) = (None, None, None);
    for range in wanted.split(',').take(50) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.trim().parse::<f32>().ok());
        let quality = quality.unwrap_or(1.0);
        match tag.split('-').next().unwrap_or_default() {
            "da" => danish = better(danish, quality),
            "en" => english = better(english, quality),
            "*" => others = Some(quality),
            _ => {}
        }
    }
    let quality = |own: Option<f32>| own.or(others).unwrap_or(0.0);
    match quality(english) > quality(danish) {
        true => Language::En,
        false => Language::Da,
    }
}

/// Whether the client would rather have CSV than JSON (RFC 9110 §12.5.1). JSON unless CSV is wanted more, or
/// as much and by a narrower range: `text/csv, */*` is CSV. Whoever takes neither gets JSON.
pub fn prefers_csv(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).filter_map(|value| value.to_str().ok());
    // By how wanted, and how narrow the range that says so is.
    let (mut csv, mut json) = ((0.0, 0), (0.0, 0));
    for range in lines.flat_map(|line| line.split(',')).take(50) {
        let Ok(range) = range.trim().parse::<Mime>() else { continue };
        let quality = range.get_param("q").map_or(Some(1.0), |q| q.as_str().parse::<f32>().ok());
        let Some(quality) = quality.filter(|quality| (0.0..=1.0).contains(quality)) else { continue };
        let narrower = |(wanted, narrow): &mut (f32, u8), width: u8| {
            if width > *narrow {
                (*wanted, *narrow) = (quality, width);
            }
        };
        match (range.type_().as_str(), range.subtype().as_str()) {
            ("text", "csv") => narrower(&mut csv, 3),
            ("application", "json") => narrower(&mut json, 3),
            ("text", "*") => narrower(&mut csv, 2),
            ("application", "*") => narrower(&mut json, 2),
            ("*", "*") => {
                narrower(&mut csv, 1);
                narrower(&mut json, 1);
            }
            _ => {}
        }
    }
    csv.0 > 0.0 && csv > json
}

/// The better of two qualities; one that is not there is none.
fn better(a: Option<f32>, b: f32) -> Option<f32> {
    Some(a.map_or(b, |a| a.max(b)))
}

/// The one value of a header; twice the same header is a fault of shape.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Failure> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    text.map(Some).ok_or_else(|| {
        Failure::malformed(
            "bad-header",
            format!("Headeren {name} kan ikke læses."),
            format!("The header {name} can't be read."),
        )
    })
}

/// `If-Match`: `*`, or a list of entity tags. Only the version in front of a tag is compared; a weak tag,
/// or one that is not ours, matches nothing.
pub fn if_match(headers: &HeaderMap) -> Result<Option<Seen>, Failure> {
    let Some(text) = single(headers, &header::IF_MATCH)? else { return Ok(None) };
    if text.trim() == "*" {
        return Ok(Some(Seen::Any));
    }
    let bad = || {
        Failure::malformed(
            "bad-header",
            "If-Match skal være * eller en ETag i anførselstegn.",
            "If-Match must be * or an ETag in quotes.",
        )
    };
    let mut versions = Vec::new();
    for tag in tags(text).ok_or_else(bad)? {
        let version = tag.strip_prefix('"').and_then(|tag| tag.split('-').next());
        versions.extend(version.and_then(number));
    }
    Ok(Some(Seen::Versions(versions)))
}

/// Whether `If-None-Match` names the tag. Weakly compared, as RFC 9110 §13.1.2 says.
pub fn none_match(headers: &HeaderMap, etag: &str) -> bool {
    let Some(text) = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let weakened = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    text.trim() == "*" || tags(text).is_some_and(|tags| tags.iter().any(|tag| weakened(tag) == etag))
}

/// `If-None-Match: *` on a write: only if there is nothing yet.
pub fn only_if_absent(headers: &HeaderMap) -> bool {
    headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes().trim_ascii() == b"*")
}

/// The entity tags of a list, each with its quotes; `None` if it is no such list.
fn tags(text: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = text.trim();
    loop {
        let (weak, body) = match rest.strip_prefix("W/") {
            Some(body) => ("W/", body),
            None => ("", rest),
        };
        let (inside, after) = body.strip_prefix('"')?.split_once('"')?;
        tags.push(format!("{weak}\"{inside}\""));
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return rest.is_empty().then_some(tags),
        }
    }
}

/// `Idempotency-Key`: 1 to 255 visible characters, quoted or bare.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let name = HeaderName::from_static("idempotency-key");
    let Some(text) = single(headers, &name)? else { return Ok(None) };
    let text = text.trim();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    let visible = key.chars().all(|c| c.is_ascii_graphic() || c == ' ') && !key.contains('"');
    if (1..=255).contains(&key.len()) && visible {
        return Ok(Some(key.to_owned()));
    }
    Err(Failure::malformed(
        "bad-header",
        "Idempotency-Key skal have 1 til 255 synlige tegn.",
        "Idempotency-Key must have 1 to 255 visible characters.",
    ))
}

/// The media type without its parameters, in lower case. A charset other than UTF-8 is none we read.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    media_type_in(headers, &["utf-8"])
}

/// The media type where its charset, if it has one, is one of these.
pub fn media_type_in(headers: &HeaderMap, charsets: &[&str]) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = text.split(';');
    let media = parts.next()?.trim().to_ascii_lowercase();
    let foreign = parts.any(|part| {
        let part = part.trim().to_ascii_lowercase();
        part.strip_prefix("charset=")
            .is_some_and(|charset| !charsets.contains(&charset.trim_matches('"')))
    });
    (!foreign).then_some(media)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn danish_unless_english_is_wanted_more() {
        let language = |value| language(&with(header::ACCEPT_LANGUAGE, value));
        for english in ["en", "en-GB", "de, en;q=0.5", "da;q=0.1, en;q=0.2", "EN-us,da;q=0.9"] {
            assert_eq!(language(english), Language::En, "{english}");
        }
        for danish in ["da", "de", "*", "da, en", "en;q=0, *", "da-DK;q=0.9, en;q=0.8", "q=;,,"] {
            assert_eq!(language(danish), Language::Da, "{danish}");
        }
    }

    #[test]
    fn json_unless_csv_is_wanted_more() {
        let csv = |value| prefers_csv(&with(header::ACCEPT, value));
        for wanted in [
            "text/csv",
            "text/csv, */*",
            "text/csv; header=present, */*;q=0.8",
            "TEXT/CSV",
            "text/*",
            "*/*;q=0.1, text/*",
            "application/json;q=0.5, text/csv;q=0.6",
            "text/csv;q=0.2",
            "text/csv, nonsense, ;;",
        ] {
            assert!(csv(wanted), "{wanted}");
        }
        for wanted in [
            "*/*",
            "application/json",
            "text/html, */*;q=0.8",
            "text/csv, application/json",
            "text/csv;q=0",
            "text/*;q=0.5, */*",
            "text/csv;q=0, text/*",
            "text/csv;q=0.5, application/*",
            "text/csv;q=7",
            "text/csv;q=NaN",
            "text/csvx",
            "",
            "text/html",
        ] {
            assert!(!csv(wanted), "{wanted}");
        }
        assert!(!prefers_csv(&HeaderMap::new()));
    }

    #[test]
    fn only_versions_of_strong_tags_of_ours_are_seen() {
        let seen = |value| if_match(&with(header::IF_MATCH, value)).map_err(|failure| failure.code);
        assert_eq!(seen("\"3-abc\""), Ok(Some(Seen::Versions(vec![3]))));
        assert_eq!(seen("\"3-abc\", \"4-x\""), Ok(Some(Seen::Versions(vec![3, 4]))));
        assert_eq!(seen("W/\"3-abc\""), Ok(Some(Seen::Versions(vec![]))));
        assert_eq!(seen("\"foreign\""), Ok(Some(Seen::Versions(vec![]))));
        assert_eq!(seen("*"), Ok(Some(Seen::Any)));
        assert_eq!(seen("3"), Err("bad-header"));
    }

    #[test]
    fn an_idempotency_key_may_be_quoted_or_bare() {
        let key = |value| {
            idempotency_key(&with(HeaderName::from_static("idempotency-key"), value))
                .ok()
                .flatten()
        };
        assert_eq!(key("abc"), Some("abc".to_owned()));
        assert_eq!(key("\"abc\""), Some("abc".to_owned()));
        assert_eq!(key("\"\""), None);
    }
}
