//! Points of the journal in requests: `asOf`, and `Accept-Datetime`, which is the same (RFC 7089).
//!
//! Of that RFC's patterns this is 1.2 (§4.1.2): an address is its own TimeGate, answers `Accept-Datetime` with 200,
//! and each memento has an address of its own, which is the same with `asOf`. In one thing it is stricter than the
//! RFC advises: a time before the first entry, or in the future, is refused and not answered with the nearest.

use actix_web::http::header::{HeaderMap, HeaderName};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::Answer;
use super::call::Call;
use super::headers::single;
use super::lists::unless_any;
use super::problem::Failure;
use crate::db::Conn;
use crate::domain::checks::{Faults, shown};
use crate::domain::dates::rfc3339;
use crate::domain::point::Point;
use crate::service::past::{self, Then};
use crate::service::programmes::InForce;

/// The parameter that names the point.
pub const AS_OF: &str = "asOf";

/// How times are written in HTTP (RFC 9110 §5.6.7).
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// The one parameter of a single resource.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PointQuery {
    /// As of an earlier point: a size of the journal, a time (RFC 3339), which stands for the last size at or before
    /// it, or `publications/{n}`. `Accept-Datetime` says the same of a time.
    as_of: Option<String>,
}

/// Reads a point; what is none joins the other faults.
pub fn read(faults: &mut Faults, pointer: &str, text: Option<&str>) -> Option<Point> {
    let text = text?;
    let point = Point::parse(text);
    if point.is_none() {
        faults.add(
            pointer,
            "bad-point",
            format!("»{}« er hverken et nummer i journalen eller et tidspunkt (RFC 3339).", shown(text)),
            format!("\"{}\" is neither a number of the journal nor a time (RFC 3339).", shown(text)),
        );
    }
    point
}

/// The query with `asOf` in it, where the client negotiates by `Accept-Datetime`.
///
/// HTTP's times have no fractions: one stands for its whole second, so that the `Memento-Datetime` of an
/// answer, sent back, finds the same answer again.
pub fn negotiated(
    headers: &HeaderMap,
    query: &str,
    now: DateTime<Utc>,
) -> Result<Option<String>, Failure> {
    let Some(text) = single(headers, &HeaderName::from_static("accept-datetime"))? else {
        return Ok(None);
    };
    let read = NaiveDateTime::parse_from_str(text.trim(), HTTP_DATE).map(|at| at.and_utc());
    let Ok(second) = read else {
        return Err(Failure::malformed(
            "bad-datetime",
            "Accept-Datetime skrives som »Wed, 10 Jan 2024 08:00:00 GMT«.",
            "Accept-Datetime is written like \"Wed, 10 Jan 2024 08:00:00 GMT\".",
        ));
    };
    if is_memento(query) {
        return Err(Failure::malformed(
            "two-points",
            "Angiv enten asOf eller Accept-Datetime, ikke begge.",
            "Name either asOf or Accept-Datetime, not both.",
        ));
    }
    let end = second + Duration::microseconds(999_999);
    let at = if second <= now { end.min(now) } else { end };
    let query = if query.is_empty() { String::new() } else { format!("{query}&") };
    Ok(Some(format!("{query}{AS_OF}={}", rfc3339(at))))
}

/// Whether an address is that of an earlier state, which no header changes.
pub fn is_memento(query: &str) -> bool {
    pairs(query).any(|(name, _)| name == AS_OF)
}

fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned()
}

impl Call {
    /// The alliance and what is known of its figures: at the point asked for, else now.
    pub fn then(
        &self,
        conn: &mut Conn,
        alliance: InForce,
        as_of: Option<Point>,
    ) -> Result<Then, Failure> {
        match as_of {
            Some(point) => Ok(past::at(conn, &self.ctx, &alliance, point)?),
            None => Ok(Then { known: self.known(conn, &alliance)?, alliance }),
        }
    }

    /// A single resource: as it was at the point asked for, else as it is.
    pub fn now_or_then(
        &self,
        conn: &mut Conn,
        alliance: InForce,
        query: &PointQuery,
        now: impl FnOnce(&mut Conn, &InForce) -> Result<Answer, Failure>,
        then: impl FnOnce(&mut Conn, &Then) -> Result<Answer, Failure>,
    ) -> Result<Answer, Failure> {
        let mut faults = Faults::new();
        let as_of = read(&mut faults, "?asOf", query.as_of.as_deref());
        unless_any(faults)?;
        let Some(point) = as_of else {
            return Ok(self.placed_in_time(now(conn, &alliance)?, None));
        };
        let known = past::at(conn, &self.ctx, &alliance, point)?;
        Ok(self.placed_in_time(then(conn, &known)?, Some(known.known.at)))
    }

    /// The answer with what a client of RFC 7089 wants to know: of an earlier state, when that was, and where it
    /// stays; in any case where to ask for others. `then` is the time of that state, none of the present one.
    pub fn placed_in_time(&self, answer: Answer, then: Option<DateTime<Utc>>) -> Answer {
        let others = pairs(self.query_string()).filter(|(name, _)| name != AS_OF);
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .finish();
        let original = address(self.path(), &query);
        let answer = answer.with_link(&format!("<{original}>; rel=\"original timegate\""));
        let Some(then) = then else { return answer };
        let (memento, then) =
            (address(self.path(), self.query_string()), then.format(HTTP_DATE).to_string());
        let answer = answer
            .with_link(&format!("<{memento}>; rel=\"memento\"; datetime=\"{then}\""))
            .with_header("memento-datetime", then);
        if self.negotiates_time { answer.with_header("content-location", memento) } else { answer }
    }
}

fn address(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;
    use crate::domain::dates::instant;

    fn negotiated(value: &'static str, query: &str) -> Result<Option<String>, &'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("accept-datetime"), HeaderValue::from_static(value));
        let now = instant("2024-01-10T08:00:00.5Z").expect("an instant");
        super::negotiated(&headers, query, now).map_err(|failure| failure.code)
    }

    #[test]
    fn a_time_of_http_stands_for_its_whole_second() {
        let found = negotiated("Tue, 09 Jan 2024 08:00:00 GMT", "by=sector");
        assert_eq!(found, Ok(Some("by=sector&asOf=2024-01-09T08:00:00.999999Z".to_owned())));
        let found = negotiated("Wed, 10 Jan 2024 08:00:00 GMT", "");
        assert_eq!(found, Ok(Some("asOf=2024-01-10T08:00:00.500000Z".to_owned())), "this very second");
        let found = negotiated("Wed, 10 Jan 2024 08:00:01 GMT", "");
        assert_eq!(found, Ok(Some("asOf=2024-01-10T08:00:01.999999Z".to_owned())), "the future");
    }

    #[test]
    fn what_is_no_time_of_http_is_refused() {
        for wrong in [
            "2024-01-10T08:00:00Z",
            "Tue, 10 Jan 2024 08:00:00 GMT",
            "Wed, 10 Jan 2024 08:00:00 +0100",
            "Wed, 10 Jan 2024",
            "",
            "Wednesday, 10-Jan-24 08:00:00 GMT",
        ] {
            assert_eq!(negotiated(wrong, ""), Err("bad-datetime"), "{wrong}");
        }
        assert_eq!(negotiated("Tue, 09 Jan 2024 08:00:00 GMT", "asOf=3"), Err("two-points"));
    }
}
