//! The list envelope, and paging.

use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::answer::Answer;
use super::call::Call;
use super::csv::{self, Form};
use super::cursor;
use super::problem::Failure;
use crate::domain::checks::{Faults, number};
use crate::service::Error;
use crate::store::Page;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    pub items: Vec<T>,
    /// Where the next page begins; null on the last page.
    pub next_cursor: Option<String>,
    /// The next page's address, relative.
    pub next: Option<String>,
    /// Rows on all pages; with `count=true` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_count: Option<i64>,
}

/// How much of a list is wanted, and beginning where.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    pub limit: i64,
    pub count: bool,
    cursor: Option<String>,
}

const MOST: i64 = 500;
const USUAL: i64 = 50;

impl Paging {
    /// Reads the three parameters that every list has; their faults join the others.
    pub fn read(
        faults: &mut Faults,
        limit: Option<&str>,
        cursor: Option<String>,
        count: Option<&str>,
    ) -> Paging {
        let rows = limit.map(|text| number(text).filter(|n| (1..=MOST).contains(n)));
        if rows == Some(None) {
            faults.add(
                "?limit",
                "out-of-range",
                format!("limit er et tal fra 1 til {MOST}."),
                format!("limit is a number from 1 to {MOST}."),
            );
        }
        if let Some(word) = count {
            faults.one_of("?count", word, &["true", "false"]);
        }
        Paging {
            limit: rows.flatten().unwrap_or(USUAL),
            count: count == Some("true"),
            cursor,
        }
    }

    /// Whether it is another page than the first.
    pub fn goes_on(&self) -> bool {
        self.cursor.is_some()
    }

    /// The page to read: one row more than wanted, which tells whether there is a next page.
    pub fn page<K: DeserializeOwned>(&self, call: &Call) -> Result<Page<K>, Failure> {
        let secret = &call.app.installation.cursor_secret;
        let after = match &self.cursor {
            Some(text) => Some(cursor::open(secret, &list_name(call), text)?),
            None => None,
        };
        Ok(Page { after, limit: self.limit + 1 })
    }

    /// A page of what is in memory as a whole. It begins after the row that the cursor names, wherever
    /// that stands now; where it is gone, at its old place.
    pub fn of_all<T>(
        &self,
        call: &Call,
        rows: Vec<T>,
        total_count: Option<i64>,
        key: impl Fn(&T) -> String,
    ) -> Result<List<T>, Failure> {
        let page = self.page::<(usize, String)>(call)?;
        let before = match &page.after {
            Some((place, last)) => {
                rows.iter().position(|row| key(row) == *last).map_or(*place, |place| place + 1)
            }
            None => 0,
        };
        let most = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let rows: Vec<(usize, T)> = rows.into_iter().enumerate().skip(before).take(most).collect();
        let list = self.cut(call, rows, total_count, |(place, row)| (*place, key(row)));
        Ok(list.map(|(_, row)| row))
    }

    /// Cuts the rows read to the page wanted, with the way to the next one.
    pub fn cut<T, K: Serialize>(
        &self,
        call: &Call,
        mut rows: Vec<T>,
        total_count: Option<i64>,
        key: impl Fn(&T) -> K,
    ) -> List<T> {
        let wanted = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > wanted;
        rows.truncate(wanted);
        let last = rows.last().filter(|_| has_more);
        let next_cursor = last
            .map(|row| cursor::seal(&call.app.installation.cursor_secret, &list_name(call), &key(row)));
        let next = next_cursor.as_ref().map(|cursor| next_address(call, cursor));
        List { items: rows, next_cursor, next, total_count }
    }
}

impl<T> List<T> {
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> List<U> {
        List {
            items: self.items.into_iter().map(change).collect(),
            next_cursor: self.next_cursor,
            next: self.next,
            total_count: self.total_count,
        }
    }
}

impl<T: Serialize> List<T> {
    /// The list as the client wants it, with its `Link` to the next page and an entity tag of what is sent.
    pub fn answer(&self, call: &Call) -> Result<Answer, Failure> {
        Ok(self.untagged(call)?.hashed())
    }

    /// The same without an entity tag.
    pub fn untagged(&self, call: &Call) -> Result<Answer, Failure> {
        let answer = match call.form()? {
            Form::Json => Answer::ok(self),
            Form::Csv(dialect) => {
                Answer::bytes(csv::CONTENT_TYPE, csv::written(call.columns(), &self.items, dialect))
            }
        };
        Ok(linked(answer, self.next.as_deref()))
    }
}

/// Mirrors `next` in a `Link` header (RFC 8288).
pub fn linked(answer: Answer, next: Option<&str>) -> Answer {
    match next {
        Some(next) => answer.with_link(&format!("<{next}>; rel=\"next\"")),
        None => answer,
    }
}

/// The list with its filters, in whatever order they were given: what a cursor is bound to.
fn list_name(call: &Call) -> String {
    let mut filters = filters(call);
    filters.sort();
    let partner = match call.ctx.caller {
        crate::service::Caller::Key { partner: Some(partner), .. } => partner.to_string(),
        _ => String::new(),
    };
    format!("{} {filters:?} {partner}", call.path())
}

fn filters(call: &Call) -> Vec<(String, String)> {
    let given = url::form_urlencoded::parse(call.query_string().as_bytes()).into_owned();
    given
        .filter(|(name, _)| !["cursor", "limit", "count", csv::DIALECT].contains(&name.as_str()))
        .collect()
}

fn next_address(call: &Call, cursor: &str) -> String {
    let given = url::form_urlencoded::parse(call.query_string().as_bytes()).into_owned();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(given.filter(|(name, _)| name != "cursor"));
    query.append_pair("cursor", cursor);
    format!("{}?{}", call.path(), query.finish())
}

/// Whether a parameter that is `true` or `false` says yes; what is neither joins the other faults.
pub fn flag(faults: &mut Faults, pointer: &str, word: Option<&str>) -> bool {
    let word = word.unwrap_or("false");
    faults.one_of(pointer, word, &["true", "false"]);
    word == "true"
}

/// Whether a query asks what would be done, and not that it be done.
pub fn is_dry(word: Option<&str>) -> Result<bool, Failure> {
    let mut faults = Faults::new();
    let is_dry = flag(&mut faults, "?dryRun", word);
    unless_any(faults)?;
    Ok(is_dry)
}

/// All faults of a query's values at once.
pub fn unless_any(faults: Faults) -> Result<(), Failure> {
    faults.unless_any(()).map_err(|faults| Failure::from(Error::from(faults)))
}
