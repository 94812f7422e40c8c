//! Templates: files that are filled in with what there is, to be changed and sent back.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::unreadable;
use crate::db::Conn;
use crate::domain::checks::{Faults, shown};
use crate::domain::commitment::MakeCommitment;
use crate::domain::id::PartnerId;
use crate::domain::import::{Cell, Choices, Filled, Kind, Known, Remark, Table, fields, prose};
use crate::domain::initiative::CreateInitiative;
use crate::domain::names;
use crate::domain::partner::{AdmitPartner, Partner};
use crate::domain::programme::{AnswerType, Round};
use crate::domain::report::{InitiativeKnown, Outcome, ReportBody};
use crate::domain::text::{Fault, Language};
use crate::service::programmes::InForce;
use crate::service::reports::{begin, known_initiatives};
use crate::service::{Ctx, Error, Result};
use crate::store;

/// Moves on when files of an older one can't be read as they were meant.
const VERSION: &str = "1";

/// Which template.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub kind: Kind,
    /// Whose rows; everybody's where none is named.
    pub partner: Option<PartnerId>,
    pub round: Option<String>,
    pub language: Language,
}

/// The template with the rows that there are: a partner's own, or the secretariat's choice. Of reports, the
/// round's questions with what the report answers, and what it says of initiatives, beside those that the partner
/// leads and are running; where there is no report yet, the draft to begin with.
pub fn template(conn: &mut Conn, ctx: &Ctx, alliance: &InForce, wanted: &Wanted) -> Result<Table> {
    let own = ctx.as_partner(alliance.id);
    if own.is_some() && wanted.partner.is_some_and(|partner| own != Some(partner)) {
        return Err(Error::absent());
    }
    let partner = own.or(wanted.partner);
    let partners = store::partners::all(conn, alliance.id)?;
    let mut faults = Faults::new();
    if partner.is_some_and(|wanted| partners.iter().all(|partner| partner.id != wanted)) {
        faults.add(
            "?partner",
            "unknown-partner",
            "Alliancen har ingen sådan partner.",
            "The alliance has no such partner.",
        );
    }
    let round = wanted.round.as_deref().map(|round| alliance.programme.round(round));
    if matches!(round, Some(None)) || wanted.round.is_some() && wanted.kind != Kind::Reports {
        faults.add(
            "?round",
            "unknown-round",
            "Skabelonen har ingen sådan runde.",
            "The template has no such round.",
        );
    }
    let is_of_report = wanted.kind == Kind::Reports;
    if is_of_report && round.is_none() {
        faults.push(Fault::new("?round", "required", "Vælg en runde.", "Choose a round."));
    }
    if is_of_report && partner.is_none() {
        faults.push(Fault::new("?partner", "required", "Vælg en partner.", "Choose a partner."));
    }
    faults.unless_any(())?;
    let names: HashMap<String, String> = partners
        .iter()
        .map(|partner| (partner.id.to_string(), partner.name.clone()))
        .collect();
    let filled = Filled {
        programme: &alliance.programme,
        language: wanted.language,
        names: &names,
    };
    let whose: Vec<&Partner> = partners
        .iter()
        .filter(|known| partner.is_none_or(|wanted| wanted == known.id))
        .collect();
    let mut table = match (is_of_report, round.flatten(), partner) {
        (true, Some(round), Some(partner)) => of_report(conn, ctx, alliance, &filled, (round, partner))?,
        _ => of_rows(&filled, wanted.kind, &bodies(conn, wanted.kind, &whose)?),
    };
    table.headings = fields(wanted.kind).iter().map(|known| known.heading(wanted.language)).collect();
    table.about = about(alliance, wanted, partner);
    Ok(table)
}

/// The bodies of what the partners have, as the API takes them.
fn bodies(conn: &mut Conn, kind: Kind, whose: &[&Partner]) -> Result<Vec<Value>> {
    let ids: Vec<PartnerId> = whose.iter().map(|partner| partner.id).collect();
    let body = |body: serde_json::Result<Value>| body.unwrap_or_default();
    Ok(match kind {
        Kind::Partners | Kind::Reports => {
            let bodies = whose.iter().map(|partner| AdmitPartner::from_partner(partner));
            bodies.map(|partner| body(serde_json::to_value(partner))).collect()
        }
        Kind::Initiatives => {
            let known = store::initiatives::of_partners(conn, &ids)?;
            let ids: BTreeSet<PartnerId> = ids.into_iter().collect();
            let led = known.iter().filter(|initiative| ids.contains(&initiative.lead_partner));
            led.map(|it| body(serde_json::to_value(CreateInitiative::from_initiative(it))))
                .collect()
        }
        Kind::Commitments => {
            let commitments = store::commitments::of_partners(conn, &ids)?;
            let with_partner = commitments.iter().map(|commitment| {
                let mut value = body(serde_json::to_value(MakeCommitment::from_commitment(commitment)));
                if let Some(value) = value.as_object_mut() {
                    value.insert("partner".to_owned(), commitment.partner.to_string().into());
                }
                value
            });
            with_partner.collect()
        }
    })
}

fn of_rows(filled: &Filled, kind: Kind, bodies: &[Value]) -> Table {
    let known = fields(kind);
    let row = |body: &Value| known.iter().map(|known| filled.cell(known, body)).collect();
    Table {
        rows: bodies.iter().map(row).collect(),
        choices: choices(filled, kind),
        ..Table::default()
    }
}

/// The words of each column that has a list of its own.
fn choices(filled: &Filled, kind: Kind) -> Vec<Choices> {
    let choices = (0..).zip(fields(kind)).map(|(column, known)| Choices {
        row: None,
        column,
        words: filled.choices(known.reading),
        is_open: known.is_open(),
    });
    choices.filter(|choices| !choices.words.is_empty()).collect()
}

fn of_report(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    filled: &Filled,
    (round, partner): (&Round, PartnerId),
) -> Result<Table> {
    let body = begun(conn, ctx, alliance, round, partner)?;
    let initiatives = known_initiatives(conn, partner)?;
    let whose = filled.names.get(&partner.to_string()).cloned().unwrap_or_default();
    let mut table = Table::default();
    let mut add = |cells: &[(&str, Cell)], words: Vec<String>| {
        let cell = |field: &str| match (field, cells.iter().find(|(named, _)| *named == field)) {
            ("round", _) => Cell::Text(round.key.clone()),
            ("partner", _) => Cell::Text(whose.clone()),
            (_, Some((_, cell))) => cell.clone(),
            _ => Cell::Text(String::new()),
        };
        if let Some(column) = fields(Kind::Reports).iter().position(|known| known.field == "answer")
            && !words.is_empty()
        {
            let row = Some(table.rows.len());
            table.choices.push(Choices { row, column, words, is_open: false });
        }
        table
            .rows
            .push(fields(Kind::Reports).iter().map(|known| cell(known.field)).collect());
    };
    let text = |text: &str| Cell::Text(text.to_owned());
    for question in round.questions.iter().filter_map(|key| alliance.programme.question(key)) {
        let answer = body.answers.get(&question.key).cloned().unwrap_or_default();
        let words = filled.answers(question);
        let cells = [
            ("question", text(&question.key)),
            ("wording", text(question.wording.get(filled.language))),
            ("choices", text(&words.join("; "))),
            ("answer", filled.answer(question, &answer)),
            ("comment", prose(&answer.comment.unwrap_or_default())),
        ];
        // Several choices in one cell are none of a list.
        let is_one = !matches!(question.answers, AnswerType::MultiChoice(_));
        add(&cells, if is_one { words } else { Vec::new() });
    }
    for part in &body.initiatives {
        let title = title(&initiatives, &part.initiative);
        let cells = [
            ("initiative", text(&title)),
            ("progress", prose(&part.progress)),
            ("learning", prose(&part.learning)),
            ("barriers", prose(&part.barriers)),
        ];
        add(&cells, Vec::new());
        let mut told = BTreeSet::new();
        for outcome in &part.outcomes {
            let mut cells = of_outcome(filled, outcome);
            // One that a file can't name, or not apart from another, stays as it is.
            if prose(&outcome.measure) != text(&outcome.measure)
                || !told.insert((names::key(&outcome.measure), &outcome.kind))
            {
                continue;
            }
            cells.push(("initiative", text(&title)));
            add(&cells, Vec::new());
        }
    }
    let is_begun =
        |known: &InitiativeKnown| body.initiatives.iter().any(|part| part.initiative == known.id);
    for known in initiatives.iter().filter(|it| it.is_lead && it.is_running && !is_begun(it)) {
        add(&[("initiative", text(&title(&initiatives, &known.id)))], Vec::new());
    }
    let partner_at = fields(Kind::Reports).iter().position(|known| known.field == "partner");
    let lists = choices(filled, Kind::Reports);
    table
        .choices
        .extend(lists.into_iter().filter(|list| Some(list.column) != partner_at));
    Ok(table)
}

/// The cells of an outcome; what a measure is in, in the reader's language.
fn of_outcome(filled: &Filled, outcome: &Outcome) -> Vec<(&'static str, Cell)> {
    let measure = filled.programme.measure(&outcome.measure);
    let measure = measure.filter(|measure| measure.is_unit(outcome.unit.as_deref()));
    let body = serde_json::to_value(outcome).unwrap_or_default();
    let cell = |known: &'static Known| match (known.field, measure) {
        ("unit", Some(measure)) => Cell::Text(measure.unit.get(filled.language).to_owned()),
        _ => filled.cell(known, &body),
    };
    let known = fields(Kind::Reports).iter().skip_while(|known| known.field != "measure");
    known.map(|known| (known.field, cell(known))).collect()
}

/// What the report says now, as the caller may see it: its partner the draft, others the last submission. Where
/// there is no report, the draft to begin with. Of a draft that the caller may not see, nothing: an empty cell leaves
/// it as it is.
fn begun(
    conn: &mut Conn,
    ctx: &Ctx,
    alliance: &InForce,
    round: &Round,
    partner: PartnerId,
) -> Result<ReportBody> {
    let Some(report) = store::reports::find(conn, alliance.id, &round.key, partner)? else {
        return begin(conn, alliance, round, partner);
    };
    if ctx.as_partner(alliance.id) == Some(partner) {
        return Ok(report.draft);
    }
    let Some(number) = report.submitted_version else { return Ok(ReportBody::default()) };
    match store::reports::version(conn, report.id, number)? {
        Some(version) => Ok(version.body()?),
        None => Ok(ReportBody::default()),
    }
}

/// The initiative's title, or where another has the same its id.
fn title(initiatives: &[InitiativeKnown], id: &str) -> String {
    let Some(known) = initiatives.iter().find(|known| known.id == id) else { return id.to_owned() };
    let wanted = names::key(&known.title);
    let alike = initiatives.iter().filter(|other| names::key(&other.title) == wanted).count();
    if alike == 1 { known.title.clone() } else { id.to_owned() }
}

fn about(alliance: &InForce, wanted: &Wanted, partner: Option<PartnerId>) -> Vec<(String, String)> {
    let said = [
        ("version", VERSION.to_owned()),
        ("kind", wanted.kind.word().to_owned()),
        ("alliance", alliance.programme.slug.clone()),
        ("programme", alliance.version.to_string()),
        ("round", wanted.round.clone().unwrap_or_default()),
        ("partner", partner.map(|id| id.to_string()).unwrap_or_default()),
    ];
    said.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

/// What a template says of itself; empty where the file says nothing.
pub fn said<'a>(about: &'a [(String, String)], wanted: &str) -> &'a str {
    let found = about.iter().find(|(name, _)| name == wanted);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Refuses a template of another version, kind, alliance, or of a round that is no more; warns where the programme
/// has changed since it was made.
pub fn check_about(
    about: &[(String, String)],
    kind: Kind,
    alliance: &InForce,
) -> Result<Option<Remark>> {
    if about.is_empty() {
        return Ok(None);
    }
    let said = |wanted| said(about, wanted);
    let refuse = |code, da: String, en: String| Err(unreadable(vec![Fault::new("", code, da, en)]));
    if said("version") != VERSION {
        return refuse(
            "template-version",
            "Skabelonen er af en anden version. Hent den igen.".to_owned(),
            "The template is of another version. Get it again.".to_owned(),
        );
    }
    if said("kind") != kind.word() {
        let of = Kind::parse(said("kind"));
        let (da, en) = of.map_or(("noget andet", "something else"), |of| (of.danish(), of.word()));
        return refuse(
            "template-kind",
            format!("Skabelonen er til {da} og ikke til {}.", kind.danish()),
            format!("The template is for {en}, not for {}.", kind.word()),
        );
    }
    if said("alliance") != alliance.programme.slug {
        let of = shown(said("alliance"));
        return refuse(
            "template-alliance",
            format!("Skabelonen hører til alliancen »{of}«."),
            format!("The template belongs to the alliance \"{of}\"."),
        );
    }
    let round = said("round");
    if !round.is_empty() && alliance.programme.round(round).is_none() {
        let of = shown(round);
        return refuse(
            "template-round",
            format!("Skabelonen er til runden »{of}«, som ikke findes mere."),
            format!("The template is for the round \"{of}\", which is no more."),
        );
    }
    let is_outdated = said("programme") != alliance.version.to_string();
    Ok(is_outdated.then(|| {
        Remark::new(
            None,
            "template-outdated",
            "Alliancens program er ændret, siden skabelonen blev hentet.",
            "The alliance's programme has changed since the template was made.",
        )
    }))
}
