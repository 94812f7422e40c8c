//! One row: found by its key, and created or changed by the function that a single request calls.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::remark;
use super::reports::is_same_amount;
use crate::db::Conn;
use crate::domain::checks::shown;
use crate::domain::commitment::{Commitment, MakeCommitment};
use crate::domain::id::PartnerId;
use crate::domain::import::{Columns, Outcome, Remark, Row};
use crate::domain::initiative::CreateInitiative;
use crate::domain::names;
use crate::domain::partner::AdmitPartner;
use crate::domain::text::Fault;
use crate::service::patch::{self, Seen};
use crate::service::programmes::InForce;
use crate::service::{Ctx, Error, Kind, Result, commitments, initiatives, partners};
use crate::store;

/// What came of a row, and what there is to say of it.
pub struct Done {
    pub outcome: Outcome,
    pub remarks: Vec<Remark>,
}

/// A file on its way in.
pub struct Taking<'a> {
    pub ctx: &'a Ctx,
    pub alliance: &'a InForce,
    pub columns: &'a Columns,
    /// The round that the file's template was made for; empty where it is none.
    pub template_round: &'a str,
    /// The keys of earlier rows, and these rows' numbers.
    pub seen: HashMap<String, i64>,
}

/// The file is the truth, as a programme's is on the command line: whoever sends it has not looked at each
/// version before.
const WHATEVER_IS_THERE: Option<&Seen> = Some(&Seen::Any);

impl Taking<'_> {
    /// A partner, found by its name.
    pub fn partner(&mut self, conn: &mut Conn, row: &mut Row) -> Result<Done> {
        let name = required(row, "name")?;
        self.only_once(&names::key(&name), row.number, "/name")?;
        let found = store::partners::find_by_name(conn, self.alliance.id, &name)?;
        if self.own().is_some_and(|own| found != Some(own)) {
            return Err(not_own("/name"));
        }
        if let Some(part_of) = self.one_named(conn, row, "partOf")? {
            row.fields.insert("partOf".to_owned(), json!(part_of));
        }
        let Some(id) = found else {
            let body: AdmitPartner = patch::made(&Value::Object(row.fields.clone()))?;
            let admitted = partners::admit(conn, self.ctx, self.alliance, &body)?;
            let unknown = admitted.joined_on.is_none().then(unknown_joined_on);
            return Ok(self.created(unknown.into_iter().collect()));
        };
        let before = partners::find(conn, self.ctx, self.alliance, id)?;
        let changes = changes(&AdmitPartner::from_partner(&before), &row.fields, &["name"]);
        let after = partners::update(conn, self.ctx, self.alliance, id, WHATEVER_IS_THERE, &changes)?;
        Ok(kept(before.version, after.version))
    }

    /// An initiative, found by its title and lead. Without a column for the lead, a partner leads what it
    /// sends, and in the secretariat's file the partner named first.
    pub fn initiative(&mut self, conn: &mut Conn, row: &mut Row) -> Result<Done> {
        let title = required(row, "title")?;
        let own = self.own();
        let said = self.one_named(conn, row, "leadPartner")?;
        let named = self.all_named(conn, row, "partners")?;
        let lead = said
            .or(own)
            .or(named.as_ref().and_then(|named| named.first().copied().flatten()));
        let Some(lead) = lead else { return Err(missing("/leadPartner")) };
        if own.is_some_and(|own| own != lead) {
            return Err(not_own("/leadPartner"));
        }
        self.only_once(&format!("{} {lead}", names::key(&title)), row.number, "/title")?;
        if let Some(named) = named {
            let known: Vec<PartnerId> = named.into_iter().flatten().collect();
            row.fields.insert("partners".to_owned(), json!(known));
        }
        let found = store::initiatives::find_titled(conn, self.alliance.id, &title, lead)?;
        let id = match found[..] {
            [] => {
                row.fields.insert("leadPartner".to_owned(), json!(lead));
                let body: CreateInitiative = patch::made(&Value::Object(row.fields.clone()))?;
                let created = initiatives::create(conn, self.ctx, self.alliance, &body)?;
                let is_assumed = said.or(own).is_none() && created.partners.len() > 1;
                let unknown = created.status.is_none().then(unknown_status);
                return Ok(
                    self.created(unknown.into_iter().chain(is_assumed.then(lead_assumed)).collect())
                );
            }
            [id] => id,
            _ => return Err(several_titled(&title)),
        };
        let before = initiatives::find(conn, self.ctx, self.alliance, id)?;
        let changes = changes(&CreateInitiative::from_initiative(&before), &row.fields, &["title"]);
        let after = initiatives::update(conn, self.ctx, self.alliance, id, WHATEVER_IS_THERE, &changes)?;
        Ok(kept(before.version, after.version))
    }

    /// A commitment, found by its partner and focus area.
    pub fn commitment(&mut self, conn: &mut Conn, row: &mut Row) -> Result<Done> {
        let said = self.one_named(conn, row, "partner")?;
        let focus_area = required(row, "focusArea");
        let Some(partner) = said.or_else(|| self.own()) else { return Err(missing("/partner")) };
        if self.own().is_some_and(|own| own != partner) {
            return Err(not_own("/partner"));
        }
        let focus_area = focus_area?;
        self.only_once(&format!("{partner} {focus_area}"), row.number, "/focusArea")?;
        let Some(id) = store::commitments::find_chosen(conn, partner, &focus_area)? else {
            let body: MakeCommitment = patch::made(&Value::Object(row.fields.clone()))?;
            commitments::make(conn, self.ctx, self.alliance, partner, &body)?;
            let unknown = body.chosen_on.is_none().then(unknown_chosen_on);
            return Ok(self.created(unknown.into_iter().collect()));
        };
        let before = commitments::find(conn, self.ctx, self.alliance, id)?;
        keep_digits(&before, &mut row.fields);
        let changes = changes(&MakeCommitment::from_commitment(&before), &row.fields, &["focusArea"]);
        let after = commitments::update(conn, self.ctx, self.alliance, id, WHATEVER_IS_THERE, &changes)?;
        Ok(kept(before.version, after.version))
    }

    pub fn own(&self) -> Option<PartnerId> {
        self.ctx.as_partner(self.alliance.id)
    }

    fn created(&self, warnings: Vec<Fault>) -> Done {
        let remarks = warnings.into_iter().map(|fault| remark(self.columns, fault)).collect();
        Done { outcome: Outcome::Created, remarks }
    }

    /// A key stands in a file once: what the second row says, the first may contradict.
    pub fn only_once(&mut self, key: &str, row: i64, pointer: &str) -> Result<()> {
        match self.seen.get(key) {
            Some(first) => Err(Error::from(vec![row_twice(pointer, *first)])),
            None => {
                self.seen.insert(key.to_owned(), row);
                Ok(())
            }
        }
    }

    /// The partner that a field names, if the row says one. A name that is nobody's is a fault of the row.
    pub fn one_named(&self, conn: &mut Conn, row: &mut Row, field: &str) -> Result<Option<PartnerId>> {
        let named = self.all_named(conn, row, field)?;
        Ok(named.and_then(|named| named.first().copied().flatten()))
    }

    /// The partners that a field names, in the file's order, none for each name that is nobody's; none at all
    /// where the row does not say any.
    fn all_named(
        &self,
        conn: &mut Conn,
        row: &mut Row,
        field: &str,
    ) -> Result<Option<Vec<Option<PartnerId>>>> {
        let Some(names) = row.names(field).map(<[String]>::to_vec) else { return Ok(None) };
        let mut found = Vec::with_capacity(names.len());
        for name in &names {
            let partner = self.named(conn, name)?;
            if partner.is_none() {
                row.faults.push(nobody(&format!("/{field}"), name));
            }
            found.push(partner);
        }
        Ok(Some(found))
    }

    fn named(&self, conn: &mut Conn, name: &str) -> Result<Option<PartnerId>> {
        let alliance = self.alliance.id;
        match PartnerId::parse(name) {
            Some(id) if store::partners::exists(conn, alliance, id)? => Ok(Some(id)),
            _ => Ok(store::partners::find_by_name(conn, alliance, name)?),
        }
    }
}

/// What the row says otherwise than it is now. What found the thing does not change it.
fn changes(current: &impl Serialize, fields: &Map<String, Value>, keys: &[&str]) -> Value {
    let current = serde_json::to_value(current).unwrap_or_default();
    let differs = |field: &str, value: &Value| current.get(field).unwrap_or(&Value::Null) != value;
    let said = fields.iter().filter(|(field, _)| !keys.contains(&field.as_str()));
    let news = said.filter(|(field, value)| differs(field, value));
    Value::Object(news.map(|(field, value)| (field.clone(), value.clone())).collect())
}

/// An amount that is the same in other digits is no change.
fn keep_digits(before: &Commitment, fields: &mut Map<String, Value>) {
    let before = serde_json::to_value(before).unwrap_or_default();
    let Some(target) = fields.get_mut("target").and_then(Value::as_object_mut) else { return };
    for (field, said) in target {
        let known = before.pointer(&format!("/target/{field}"));
        if let Some(known) = known.filter(|known| is_same_amount(known, said)) {
            *said = known.clone();
        }
    }
}

fn kept(before: i64, after: i64) -> Done {
    let outcome = if before == after { Outcome::Unchanged } else { Outcome::Updated };
    Done { outcome, remarks: Vec::new() }
}

fn required(row: &Row, field: &str) -> Result<String> {
    let text = row.text(field).filter(|text| !text.trim().is_empty());
    text.map(str::to_owned).ok_or_else(|| missing(&format!("/{field}")))
}

pub fn missing(pointer: &str) -> Error {
    Error::from(vec![Fault::new(pointer, "required", "Feltet mangler.", "The field is missing.")])
}

pub fn not_own(pointer: &str) -> Error {
    let (da, en) =
        ("En partner kan kun tage sine egne rækker ind.", "A partner can import only its own rows.");
    let fault = Fault::new(pointer, "forbidden", da, en);
    Error::refuse(Kind::Forbidden, "forbidden", da, en).with_faults(vec![fault])
}

pub(super) fn row_twice(pointer: &str, first: i64) -> Fault {
    Fault::new(
        pointer,
        "row-twice",
        format!("Række {first} handler om det samme."),
        format!("Row {first} is about the same."),
    )
}

fn nobody(pointer: &str, name: &str) -> Fault {
    let name = shown(name);
    Fault::new(
        pointer,
        "unknown-partner",
        format!("Alliancen har ingen partner, der hedder »{name}«."),
        format!("The alliance has no partner called \"{name}\"."),
    )
}

fn several_titled(title: &str) -> Error {
    let title = shown(title);
    Error::from(vec![Fault::new(
        "/title",
        "ambiguous-title",
        format!("Partneren er ansvarlig for flere initiativer, der hedder »{title}«."),
        format!("The partner leads several initiatives called \"{title}\"."),
    )])
}

fn unknown_joined_on() -> Fault {
    Fault::new(
        "/joinedOn",
        "unknown-joined-on",
        "Indmeldelsesdatoen er ukendt. Partneren regnes med fra alliancens start.",
        "The joining date is unknown. The partner counts from the alliance's start.",
    )
}

fn unknown_status() -> Fault {
    Fault::new(
        "/status",
        "unknown-status",
        "Initiativets status er ukendt.",
        "The initiative's status is unknown.",
    )
}

fn unknown_chosen_on() -> Fault {
    Fault::new(
        "/chosenOn",
        "unknown-chosen-on",
        "Datoen for valget er ukendt. Dagen i dag er sat.",
        "The date of the choice is unknown. Today's date was set.",
    )
}

fn lead_assumed() -> Fault {
    Fault::new(
        "/leadPartner",
        "lead-assumed",
        "Filen siger ikke, hvem der er ansvarlig. Den første partner er sat.",
        "The file does not say who leads. The first partner was set.",
    )
}
