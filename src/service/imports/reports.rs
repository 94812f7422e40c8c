//! Lines of reports: each report's are put into its draft together, and saved as one PUT would be.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};

use super::rows::{Done, Taking, missing, not_own, row_twice};
use super::{remark, together};
use crate::db::{self, Conn};
use crate::domain::checks::{is_amount, shown};
use crate::domain::id::PartnerId;
use crate::domain::import::{Outcome, Row, keyed};
use crate::domain::names;
use crate::domain::programme::{Measure, Programme, Round};
use crate::domain::report::{
    Answer, AnswerValue, InitiativeKnown, Outcome as Reported, ReportBody, ReportPart, check_body,
    check_part,
};
use crate::domain::text::{Fault, Text, pointer_step};
use crate::service::patch::Seen;
use crate::service::reports::{ReportAt, known_initiatives, save};
use crate::service::{Error, Kind, Refusal, Result};
use crate::store;

/// The fields of a reported value.
const OF_OUTCOMES: [&str; 8] =
    ["measure", "kind", "unit", "baseline", "target", "actual", "verification", "evidence"];

/// What a file says of reports, and what came of each row.
#[derive(Default)]
pub struct Drafts {
    /// By round and partner.
    lines: BTreeMap<(String, PartnerId), Vec<Row>>,
    done: HashMap<i64, Done>,
}

impl Drafts {
    /// What came of a row, once all are saved.
    pub fn done(&mut self, row: i64) -> Done {
        let nothing = || Done { outcome: Outcome::Unchanged, remarks: Vec::new() };
        self.done.remove(&row).unwrap_or_else(nothing)
    }

    /// Finds the report that the row is about.
    pub fn add(&mut self, conn: &mut Conn, taking: &mut Taking, mut row: Row) -> Result<()> {
        let found = match row.is_unreadable {
            true => Err(Error::invalid(Vec::new())),
            false => report(conn, taking, &mut row),
        };
        match found {
            Ok(at) => self.lines.entry(at).or_default().push(row),
            Err(Error::Failed(error)) => return Err(Error::Failed(error)),
            Err(Error::Refused(refusal)) => self.refuse(taking, row.number, row.faults, *refusal),
        }
        Ok(())
    }

    fn refuse(&mut self, taking: &Taking, row: i64, faults: Vec<Fault>, refusal: Refusal) {
        let faults = together(taking.columns, faults, refusal);
        self.done.insert(row, Done::refused(taking.columns, faults));
    }

    /// Saves each report whose lines change it. Where the report can't be saved, none of them is taken.
    pub fn save(&mut self, conn: &mut Conn, taking: &Taking) -> Result<()> {
        for ((round, partner), rows) in std::mem::take(&mut self.lines) {
            let at = ReportAt { round, partner };
            let programme = &taking.alliance.programme;
            let Some(round) = programme.round(&at.round) else { continue };
            let existing = store::reports::find(conn, taking.alliance.id, &at.round, partner)?;
            let seen = existing.as_ref().map(|_| Seen::Any);
            let before = existing.map(|report| report.draft).unwrap_or_default();
            let initiatives = known_initiatives(conn, partner)?;
            let mut draft = Draft {
                body: before.clone(),
                before: &before,
                round,
                programme,
                initiatives: &initiatives,
                told: HashMap::new(),
            };
            let mut changed = Vec::new();
            for row in rows {
                // Of a row with a fault nothing stays.
                let untouched = (!row.faults.is_empty()).then(|| draft.body.clone());
                let taken = draft.take(&row);
                if let Some(untouched) = untouched {
                    draft.body = untouched;
                }
                match taken {
                    Ok(_) if !row.faults.is_empty() => {
                        self.refuse(taking, row.number, row.faults, none());
                    }
                    Ok((outcome, warnings)) => {
                        let elsewhere = other_round(taking.template_round, &at.round);
                        let warnings = elsewhere.into_iter().chain(warnings);
                        let remarks = warnings.map(|fault| remark(taking.columns, fault)).collect();
                        let done = Done { outcome, remarks };
                        match outcome {
                            Outcome::Unchanged => drop(self.done.insert(row.number, done)),
                            _ => changed.push((row.number, done)),
                        }
                    }
                    Err(faults) => {
                        let refusal = Refusal { faults, ..none() };
                        self.refuse(taking, row.number, row.faults, refusal);
                    }
                }
            }
            if draft.body == before {
                continue;
            }
            let saved = db::savepoint(conn, |conn| {
                save(conn, taking.ctx, taking.alliance, &at, seen.as_ref(), draft.body)
            });
            match saved {
                Ok(_) => self.done.extend(changed),
                Err(Error::Failed(error)) => return Err(Error::Failed(error)),
                Err(Error::Refused(refusal)) => {
                    for (row, _) in changed {
                        let faults = refusal.faults.iter().cloned().map(of_no_column).collect();
                        self.refuse(taking, row, Vec::new(), Refusal { faults, ..(*refusal).clone() });
                    }
                }
            }
        }
        Ok(())
    }
}

/// What is wrong elsewhere in the draft is about no column of this row.
fn of_no_column(fault: Fault) -> Fault {
    Fault { pointer: String::new(), ..fault }
}

/// Refused for the faults that are told.
fn none() -> Refusal {
    Refusal {
        kind: Kind::Invalid,
        code: "invalid",
        detail: Text::default(),
        faults: Vec::new(),
    }
}

/// The round and partner that a row names. A line stands in a file once.
fn report(conn: &mut Conn, taking: &mut Taking, row: &mut Row) -> Result<(String, PartnerId)> {
    let programme = &taking.alliance.programme;
    let said = taking.one_named(conn, row, "partner")?;
    let is_said = row.names("partner").is_some();
    let Some(partner) = said.or_else(|| taking.own().filter(|_| !is_said)) else {
        return Err(missing("/partner"));
    };
    if taking.own().is_some_and(|own| own != partner) {
        return Err(not_own("/partner"));
    }
    let written = row.text("round").ok_or_else(|| missing("/round"))?;
    let wanted = names::key(written);
    let is_it = |round: &&Round| {
        let labels = [&round.key, &round.label.da, &round.label.en];
        labels.iter().any(|label| names::key(label) == wanted)
    };
    let round = programme.rounds.iter().find(|round| round.key == written);
    let round = round.or_else(|| programme.rounds.iter().find(is_it));
    let Some(round) = round else { return Err(unknown_round(written)) };
    let (round, text) = (round.key.clone(), |field| row.text(field).unwrap_or_default());
    let line = match (row.text("question"), row.text("initiative")) {
        (Some(_), Some(_)) => return Err(two_lines()),
        (None, None) => return Err(missing("/question")),
        (Some(question), None) => format!("answer {question}"),
        (None, Some(initiative)) => {
            let [initiative, measure] = [initiative, text("measure")].map(names::key);
            format!("part {initiative} {measure} {}", text("kind"))
        }
    };
    taking.only_once(&format!("{round} {partner} {line}"), row.number, line_of(row))?;
    Ok((round, partner))
}

fn line_of(row: &Row) -> &'static str {
    if row.text("question").is_some() { "/question" } else { "/initiative" }
}

/// A draft that lines are put into.
struct Draft<'a> {
    body: ReportBody,
    /// As it was before the file.
    before: &'a ReportBody,
    round: &'a Round,
    programme: &'a Programme,
    initiatives: &'a [InitiativeKnown],
    /// What rows have said of an initiative, and which.
    told: HashMap<(String, String), i64>,
}

impl<'a> Draft<'a> {
    /// Puts a line in, and answers what it is: new, changed, or as it was; and what there is to say of it. Fails with
    /// all that is wrong with it, and leaves the draft as it was.
    fn take(&mut self, row: &Row) -> Result<(Outcome, Vec<Fault>), Vec<Fault>> {
        match row.text("question") {
            Some(question) => Ok((self.answer(question, &row.fields)?, Vec::new())),
            None => self.part(row.text("initiative").unwrap_or_default(), row),
        }
    }

    fn answer(&mut self, question: &str, fields: &Map<String, Value>) -> Result<Outcome, Vec<Fault>> {
        let before = self.body.answers.get(question).cloned();
        let mut after = before.clone().unwrap_or_default();
        if let Some(said) = fields.get("answer") {
            let said: Answer = serde_json::from_value(said.clone()).unwrap_or_default();
            if !is_same(after.value.as_ref(), said.value.as_ref()) || after.none != said.none {
                (after.value, after.none) = (said.value, said.none);
            }
        }
        if let Some(comment) = fields.get("comment") {
            after.comment = comment.as_str().map(str::to_owned);
        }
        let alone = BTreeMap::from([(question.to_owned(), after.clone())]);
        let alone = ReportBody { answers: alone, initiatives: Vec::new() };
        let check = check_body(&alone, self.round, self.programme, &[]);
        let at = format!("/answers/{}", pointer_step(question));
        let faults = check.refused.into_iter().chain(check.faults);
        let faults: Vec<Fault> = faults.filter_map(|fault| of_answer(fault, &at)).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        if before.as_ref() == Some(&after) || (before.is_none() && after == Answer::default()) {
            return Ok(Outcome::Unchanged);
        }
        match after == Answer::default() {
            true => drop(self.body.answers.remove(question)),
            false => drop(self.body.answers.insert(question.to_owned(), after)),
        }
        Ok(if before.is_none() { Outcome::Created } else { Outcome::Updated })
    }

    fn part(&mut self, written: &str, row: &Row) -> Result<(Outcome, Vec<Fault>), Vec<Fault>> {
        let (initiative, fields) = (self.initiative(written)?, &row.fields);
        let place = self.body.initiatives.iter().position(|part| part.initiative == initiative.id);
        let before = place.and_then(|place| self.body.initiatives.get(place)).cloned();
        let mut after = before.clone().unwrap_or_else(|| empty_part(&initiative.id));
        let there = self.before.initiatives.iter().find(|part| part.initiative == initiative.id);
        let texts = [
            ("progress", &mut after.progress, there.map(|part| &part.progress)),
            ("learning", &mut after.learning, there.map(|part| &part.learning)),
            ("barriers", &mut after.barriers, there.map(|part| &part.barriers)),
        ];
        for (field, text, there) in texts {
            let Some(said) = fields.get(field).map(|said| said.as_str().unwrap_or_default()) else {
                continue;
            };
            // Who copies a row for another outcome copies its texts, which say nothing new.
            if there.map_or("", String::as_str) == said {
                continue;
            }
            let told = (initiative.id.clone(), field.to_owned());
            let first = *self.told.entry(told).or_insert(row.number);
            if first != row.number && text != said {
                return Err(vec![said_otherwise(field, first)]);
            }
            *text = said.to_owned();
        }
        let mut checked = ReportPart { outcomes: Vec::new(), ..after.clone() };
        let is_of_outcome = OF_OUTCOMES.iter().any(|field| fields.contains_key(*field));
        let mut is_new = before.is_none();
        if is_of_outcome {
            if !initiative.is_lead {
                return Err(vec![not_lead()]);
            }
            let (place, outcome) = outcome(&after.outcomes, fields, self.programme)?;
            let line = format!("{} {}", names::key(&outcome.measure), outcome.kind);
            let first = *self.told.entry((initiative.id.clone(), line)).or_insert(row.number);
            if first != row.number {
                return Err(vec![row_twice("/initiative", first)]);
            }
            checked.outcomes.push(outcome.clone());
            match place.and_then(|place| after.outcomes.get_mut(place)) {
                Some(known) => *known = outcome,
                None => {
                    after.outcomes.push(outcome);
                    is_new = true;
                }
            }
        }
        let check = check_part(&checked, "", self.programme, self.initiatives);
        let faults = check.refused.into_iter().chain(check.faults);
        let faults: Vec<Fault> = faults.map(of_part).collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let warnings = check.warnings.into_iter().map(of_part).collect();
        if before.as_ref() == Some(&after) || (before.is_none() && after == empty_part(&initiative.id)) {
            return Ok((Outcome::Unchanged, warnings));
        }
        match place.and_then(|place| self.body.initiatives.get_mut(place)) {
            Some(part) => *part = after,
            None => self.body.initiatives.push(after),
        }
        Ok((if is_new { Outcome::Created } else { Outcome::Updated }, warnings))
    }

    /// One that the partner takes part in, by its id or title.
    fn initiative(&self, written: &str) -> Result<&'a InitiativeKnown, Vec<Fault>> {
        if let Some(found) = self.initiatives.iter().find(|known| known.id == written) {
            return Ok(found);
        }
        let wanted = names::key(written);
        let titled = self.initiatives.iter().filter(|known| names::key(&known.title) == wanted);
        match titled.collect::<Vec<_>>()[..] {
            [found] => Ok(found),
            [] => Err(vec![unknown_initiative(written)]),
            _ => Err(vec![ambiguous_initiative(written)]),
        }
    }
}

fn empty_part(initiative: &str) -> ReportPart {
    ReportPart {
        initiative: initiative.to_owned(),
        progress: String::new(),
        learning: String::new(),
        barriers: String::new(),
        outcomes: Vec::new(),
    }
}

/// The outcome that the row is about, with what the row says of it, and its place if the draft has it.
fn outcome(
    known: &[Reported],
    fields: &Map<String, Value>,
    programme: &Programme,
) -> Result<(Option<usize>, Reported), Vec<Fault>> {
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let measure = text("measure").ok_or_else(|| vec![required("/measure")])?;
    let of_kind = |outcome: &Reported| text("kind").is_none_or(|kind| kind == outcome.kind);
    let exactly = |outcome: &Reported| outcome.measure == measure && of_kind(outcome);
    let called_so =
        |outcome: &Reported| is_called(&outcome.measure, measure, programme) && of_kind(outcome);
    let place = known.iter().position(exactly).or_else(|| known.iter().position(called_so));
    let of_programme = programme.measure(measure);
    let before = place.and_then(|place| known.get(place));
    let mut whole = match before {
        Some(before) => serde_json::to_value(before).unwrap_or_default(),
        None => json!({"measure": measure, "kind": ""}),
    };
    // What was free text becomes the measure that is called so; other free text stays as it was spelt.
    let is_kept = |field: &str| field == "measure" && before.is_some() && of_programme.is_none();
    for field in OF_OUTCOMES.iter().filter(|field| !is_kept(field)) {
        let Some(said) = fields.get(*field) else { continue };
        let is_same = |before: &Value| match *field {
            "unit" => is_same_unit(of_programme, before, said),
            _ => is_same_amount(before, said),
        };
        let same = whole.get(*field).is_some_and(is_same);
        if let Some(object) = whole.as_object_mut().filter(|_| !same) {
            match said.is_null() && ["kind", "verification"].contains(field) {
                true => drop(object.remove(*field)),
                false => drop(object.insert((*field).to_owned(), said.clone())),
            }
        }
    }
    let outcome = serde_json::from_value(whole).map_err(|_| vec![required("/kind")])?;
    Ok((place, outcome))
}

/// Whether what a draft says is what the row says: the same text, or the label of the row's measure.
fn is_called(kept: &str, measure: &str, programme: &Programme) -> bool {
    let measures = programme.measures.iter().map(|it| (it.key.as_str(), &it.label));
    names::key(kept) == names::key(measure) || keyed("", kept, measures).is_ok_and(|key| key == measure)
}

/// A measure's unit in the other language, or in place of none, says nothing new.
fn is_same_unit(measure: Option<&Measure>, before: &Value, said: &Value) -> bool {
    let is_its = |measure: &Measure| measure.is_unit(before.as_str()) && measure.is_unit(said.as_str());
    said.is_string() && measure.is_some_and(is_its)
}

/// `12.50` is `12.5`: who kept more digits keeps them.
pub fn is_same_amount(before: &Value, said: &Value) -> bool {
    let digits = |value: &Value| -> Option<String> {
        let text = value.as_str().filter(|text| is_amount(text))?;
        Some(match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text.to_owned(),
        })
    };
    digits(before).is_some_and(|before| Some(before) == digits(said))
}

fn is_same(before: Option<&AnswerValue>, said: Option<&AnswerValue>) -> bool {
    match (before, said) {
        (Some(AnswerValue::Number(before)), Some(AnswerValue::Number(said))) => {
            before.as_f64() == said.as_f64()
        }
        _ => before == said,
    }
}

/// A fault of the answer at its column; none for what is wrong with other answers.
fn of_answer(fault: Fault, at: &str) -> Option<Fault> {
    let rest = fault.pointer.strip_prefix(at)?;
    let column = match (rest, fault.code) {
        (_, "answer-missing") => return None,
        (_, "question-not-asked" | "unknown-question") => "/question",
        ("/comment", _) => "/comment",
        _ => "/answer",
    };
    Some(Fault { pointer: column.to_owned(), ..fault })
}

/// `/outcomes/0/evidence/1` is the column `evidence`.
fn of_part(fault: Fault) -> Fault {
    let path = fault.pointer.strip_prefix("/outcomes/0").unwrap_or(&fault.pointer);
    let field = path.split('/').nth(1).unwrap_or_default();
    Fault { pointer: format!("/{field}"), ..fault }
}

fn said_otherwise(field: &str, first: i64) -> Fault {
    Fault::new(
        format!("/{field}"),
        "said-otherwise",
        format!("Række {first} siger noget andet om det samme initiativ."),
        format!("Row {first} says something else of the same initiative."),
    )
}

fn required(pointer: &str) -> Fault {
    Fault::new(pointer, "required", "Feltet mangler.", "The field is missing.")
}

fn not_lead() -> Fault {
    Fault::new(
        "/measure",
        "not-lead",
        "Kun den ansvarlige partner indberetter et initiativs resultater.",
        "Only the lead partner reports an initiative's outcomes.",
    )
}

fn unknown_initiative(written: &str) -> Fault {
    let written = shown(written);
    Fault::new(
        "/initiative",
        "unknown-initiative",
        format!("Partneren deltager ikke i et initiativ, der hedder »{written}«."),
        format!("The partner takes part in no initiative called \"{written}\"."),
    )
}

fn ambiguous_initiative(written: &str) -> Fault {
    let written = shown(written);
    Fault::new(
        "/initiative",
        "ambiguous-title",
        format!("Partneren deltager i flere initiativer, der hedder »{written}«. Skriv dets id."),
        format!("The partner takes part in several initiatives called \"{written}\". Write its id."),
    )
}

fn unknown_round(written: &str) -> Error {
    let written = shown(written);
    Error::from(vec![Fault::new(
        "/round",
        "unknown-round",
        format!("Programmet har ingen runde, der hedder »{written}«."),
        format!("The programme has no round called \"{written}\"."),
    )])
}

/// A row of another round than the one that its template was made for.
fn other_round(template: &str, round: &str) -> Option<Fault> {
    let differs = !template.is_empty() && template != round;
    differs.then(|| {
        let template = shown(template);
        Fault::new(
            "/round",
            "template-other-round",
            format!("Rækken er til runden »{round}«, men skabelonen er hentet til »{template}«."),
            format!(
                "The row is for the round \"{round}\", but the template was made for \"{template}\"."
            ),
        )
    })
}

fn two_lines() -> Error {
    Error::from(vec![Fault::new(
        "/initiative",
        "two-lines",
        "Rækken nævner både et spørgsmål og et initiativ. Del den i to.",
        "The row names both a question and an initiative. Split it in two.",
    )])
}
