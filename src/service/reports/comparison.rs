//! Two submissions of a report side by side.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::db::Conn;
use crate::domain::id::InitiativeId;
use crate::domain::report::{Difference, ReportBody, differences};
use crate::domain::text::{Fault, Language};
use crate::service::programmes::InForce;
use crate::service::{Error, Result};
use crate::store;
use crate::store::reports::Report;

/// What changed from one submission to another. It is no page of a list: it has every change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReportComparison, example = json!({"from": 1, "to": 2, "changes": [{"pointer": "/answers/reach/value",
    "label": "Hvor mange borgere har initiativerne nået?", "initiative": null, "from": 12, "to": 17}]}))]
pub struct Comparison {
    /// The submission that is compared with; null where there is none before the first.
    pub from: Option<i64>,
    pub to: i64,
    /// Answers in the order in which the round asks, then initiatives.
    pub changes: Vec<Changed>,
}

/// One leaf of the report that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ReportChange)]
pub struct Changed {
    /// JSON pointer into submission `to`; into `from` where its initiative or outcome is gone.
    #[schema(example = "/answers/reach/value")]
    pub pointer: String,
    /// What it is called: a question's wording, or the name of a field.
    pub label: String,
    /// The initiative that it is about.
    pub initiative: Option<InitiativeNamed>,
    /// As in JSON; null for nothing.
    pub from: Value,
    /// As in JSON; null for nothing.
    pub to: Value,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InitiativeNamed {
    pub id: InitiativeId,
    /// As it is called now.
    pub title: String,
}

/// Compares a submission with another one, or with the one before it.
pub fn compare(
    conn: &mut Conn,
    language: Language,
    alliance: &InForce,
    report: &Report,
    to: i64,
    from: Option<i64>,
) -> Result<Comparison> {
    let now = store::reports::version(conn, report.id, to)?.ok_or_else(Error::absent)?;
    let from = from.or(Some(to - 1).filter(|number| *number > 0));
    let then = match from {
        Some(number) => {
            let version = store::reports::version(conn, report.id, number)?;
            version.ok_or_else(|| unknown_version(number))?.body()?
        }
        None => ReportBody::default(),
    };
    let programme = &alliance.programme;
    let round = programme.round(&report.round).ok_or_else(Error::absent)?;
    let found = differences(&then, &now.body()?, round, programme);
    let titles = titles(conn, alliance, &found)?;
    let changes = found.into_iter().map(|it| Changed {
        pointer: it.pointer,
        label: it.label.get(language).to_owned(),
        initiative: it
            .initiative
            .map(|id| InitiativeNamed { id, title: titles.get(&id).cloned().unwrap_or_default() }),
        from: it.from,
        to: it.to,
    });
    Ok(Comparison { from, to, changes: changes.collect() })
}

fn titles(
    conn: &mut Conn,
    alliance: &InForce,
    found: &[Difference],
) -> Result<HashMap<InitiativeId, String>> {
    let mut ids: Vec<InitiativeId> = found.iter().filter_map(|it| it.initiative).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(store::initiatives::titles(conn, alliance.id, &ids)?.into_iter().collect())
}

fn unknown_version(number: i64) -> Error {
    Error::from(vec![Fault::new(
        "?from",
        "unknown-version",
        format!("Rapporten har ingen indsendelse nr. {number}."),
        format!("The report has no submission number {number}."),
    )])
}
