//! What claims are held against: the figures of now, or of an edition.

use serde_json::Value;

use super::super::figures::{self, Asked, Figure, Known};
use super::super::policy::{Access, Grant};
use super::super::programmes::InForce;
use super::super::publications::edition_of;
use super::super::{Ctx, Error, Result};
use super::{Against, CheckClaims, ClaimedFigure, not_a_share};
use crate::db::Conn;
use crate::domain::checks::{Faults, shown};
use crate::domain::publication::{Edition, PublishedFigure};
use crate::domain::text::Language;
use crate::store;

/// What the claims are held against.
pub struct Decisive {
    pub told: Against,
    pub figures: Vec<Share>,
}

/// The figure of a share, as now or an edition has it.
pub struct Share {
    pub key: String,
    pub figure: ClaimedFigure,
    pub no_percent_because: Option<String>,
}

/// The figures of the named indicators: of the edition that is asked for, else of now; of the last edition for whoever
/// may not see these.
pub fn against(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    body: &CheckClaims,
    language: Language,
) -> Result<Option<Decisive>> {
    let asked_for = match body.publication {
        Some(number) => Some(find(conn, alliance, number)?.ok_or_else(|| unknown_publication(number))?),
        None => None,
    };
    let named: Vec<(usize, &String)> = body
        .claims
        .iter()
        .enumerate()
        .filter_map(|(i, claim)| Some((i, claim.indicator.as_ref()?)))
        .collect();
    if named.is_empty() {
        return Ok(None);
    }
    if let Some(edition) = asked_for {
        return of_edition(&edition, &named, language).map(Some);
    }
    if !sees_now(ctx, alliance) {
        let last = store::publications::count(conn, alliance.id)?;
        let last = find(conn, alliance, last)?.ok_or_else(|| nothing_published(&named))?;
        return of_edition(&last, &named, language).map(Some);
    }
    let known = figures::live(conn, ctx, alliance)?;
    let asked = Asked { language, ..Asked::default() };
    let mut shares = Vec::new();
    for (_, key) in named {
        shares.push(Share::from(figures::one(conn, alliance, known, &asked, key)?.whole));
    }
    Ok(Some(Decisive { told: Against::now(known), figures: shares }))
}

fn find(conn: &mut Conn, alliance: &InForce, number: i64) -> Result<Option<Edition>> {
    let bytes = store::publications::document(conn, alliance.id, number)?;
    bytes.map(|bytes| edition_of(&bytes)).transpose()
}

/// The named figures as an edition has them, or those that it has not.
fn of_edition(edition: &Edition, named: &[(usize, &String)], language: Language) -> Result<Decisive> {
    let mut faults = Faults::new();
    let mut shares = Vec::new();
    for (i, key) in named {
        match edition.figures.iter().find(|figure| figure.indicator == **key) {
            Some(figure) if figure.kind != "share" => faults.push(not_a_share(*i, key)),
            Some(figure) => shares.push(Share::published(figure, language)),
            None => faults.add(
                format!("/claims/{i}/indicator"),
                "not-published",
                format!("Udgave {} har ikke indikatoren »{}«.", edition.edition, shown(key)),
                format!("Edition {} does not have the indicator \"{}\".", edition.edition, shown(key)),
            ),
        }
    }
    let told = Against {
        publication: Some(edition.edition),
        as_of: edition.as_of.clone(),
        journal_size: edition.journal_size,
    };
    Ok(faults.unless_any(Decisive { told, figures: shares })?)
}

/// Whether the caller may see the figures of now: whoever may list them in this alliance.
fn sees_now(ctx: &Ctx, alliance: &InForce) -> bool {
    let role = ctx.role_in(alliance.id);
    let access = Access::of("list_figures");
    role.is_some() && access.is_some_and(|access| access.grant(role) == Grant::All)
}

fn unknown_publication(edition: i64) -> Error {
    let mut faults = Faults::new();
    faults.add(
        "/publication",
        "unknown-publication",
        format!("Alliancen har ingen udgave {edition}."),
        format!("The alliance has no edition {edition}."),
    );
    Error::from(faults.into_vec())
}

fn nothing_published(named: &[(usize, &String)]) -> Error {
    let mut faults = Faults::new();
    for (i, _) in named {
        faults.add(
            format!("/claims/{i}/indicator"),
            "nothing-published",
            "Alliancen har ikke offentliggjort tal endnu, så der er intet at holde påstanden op imod. Uden indikator \
             besvares den for sig selv.",
            "The alliance has not published any figures yet, so there is nothing to hold the claim against. Without \
             an indicator it is answered by itself.",
        );
    }
    Error::from(faults.into_vec())
}

impl Against {
    fn now(known: Known) -> Against {
        Against {
            publication: None,
            as_of: crate::domain::dates::rfc3339(known.at),
            journal_size: known.seq,
        }
    }
}

impl From<Figure> for Share {
    fn from(figure: Figure) -> Share {
        Share {
            key: figure.indicator,
            no_percent_because: figure.no_percent_because,
            figure: ClaimedFigure {
                label: figure.label,
                counted: figure.counted,
                not_counted: figure.not_counted,
                not_applicable: figure.not_applicable,
                no_answer: figure.no_answer,
                not_submitted: figure.not_submitted,
                members: figure.members,
                base_rule: figure.base_rule.unwrap_or_default(),
                base: figure.base.unwrap_or_default(),
                percent: Value::Null,
                lowest_percent: Value::Null,
                highest_percent: Value::Null,
                valid_on: figure.valid_on.to_string(),
            },
        }
    }
}

impl Share {
    fn published(figure: &PublishedFigure, language: Language) -> Share {
        Share {
            key: figure.indicator.clone(),
            no_percent_because: figure.no_percent_because.clone(),
            figure: ClaimedFigure {
                label: figure.label.get(language).to_owned(),
                counted: figure.counted.unwrap_or_default(),
                not_counted: figure.not_counted.unwrap_or_default(),
                not_applicable: figure.not_applicable.unwrap_or_default(),
                no_answer: figure.no_answer.unwrap_or_default(),
                not_submitted: figure.not_submitted.unwrap_or_default(),
                members: figure.members.unwrap_or_default(),
                base_rule: figure.base_rule.clone().unwrap_or_default(),
                base: figure.base.unwrap_or_default(),
                percent: Value::Null,
                lowest_percent: Value::Null,
                highest_percent: Value::Null,
                valid_on: figure.valid_on.clone(),
            },
        }
    }
}
