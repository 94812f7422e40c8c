//! A record's cells as the fields of a body, as the API takes it.

use serde_json::{Map, Value, json};

use super::answers;
use super::cells::{self, DecimalMark};
use super::columns::{Column, Columns, Reading};
use super::places::{self, Placed};
use super::words::{self, NONE};
use super::{Habits, Held, Record};
use crate::domain::checks::shown;
use crate::domain::programme::Programme;
use crate::domain::text::{Fault, Text};

/// What nothing can be without: here a stroke is a stroke.
const ALWAYS: [&str; 3] = ["name", "title", "sector"];

/// What a record says.
#[derive(Debug, Default)]
pub struct Row {
    pub number: i64,
    /// A merge patch: what the row says, null where it says that there is none, and no key where its cell is
    /// empty.
    pub fields: Map<String, Value>,
    /// Partners that are named, whose ids only the store knows.
    pub named: Vec<Named>,
    /// Their pointers are into the body.
    pub faults: Vec<Fault>,
    /// Its cells can't be told apart, so nothing was read.
    pub is_unreadable: bool,
}

/// A field that names partners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub field: &'static str,
    /// Ids or names.
    pub names: Vec<String>,
}

impl Row {
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    pub fn names(&self, field: &str) -> Option<&[String]> {
        self.named
            .iter()
            .find(|named| named.field == field)
            .map(|named| named.names.as_slice())
    }

    /// `target/unit` is the key `unit` of the object `target`.
    fn set(&mut self, field: &str, value: Value) {
        match field.split_once('/') {
            None => {
                self.fields.insert(field.to_owned(), value);
            }
            Some((outer, inner)) => {
                let object = self.fields.entry(outer).or_insert_with(|| json!({}));
                if let Some(object) = object.as_object_mut() {
                    object.insert(inner.to_owned(), value);
                }
            }
        }
    }
}

/// Reads records one after the other; a file has one decimal mark.
pub struct RowReader<'a> {
    columns: &'a Columns,
    programme: &'a Programme,
    habits: Habits,
    mark: DecimalMark,
}

impl<'a> RowReader<'a> {
    pub fn new(columns: &'a Columns, programme: &'a Programme, habits: Habits) -> RowReader<'a> {
        RowReader { columns, programme, habits, mark: None }
    }

    pub fn read(&mut self, record: &Record) -> Row {
        let mut row = Row { number: record.number, ..Row::default() };
        if let Some(fault) = unreadable(record, self.columns.width) {
            row.faults.push(fault);
            row.is_unreadable = true;
            return row;
        }
        let mut placed = Placed::default();
        let mut answered = None;
        for column in self
            .columns
            .read
            .iter()
            .filter(|column| !matches!(column.reading, Reading::Note))
        {
            let cell = record.cells.get(column.index).map(|cell| cell.trim()).unwrap_or_default();
            let cell = unguarded(cell);
            let pointer = format!("/{}", column.field);
            if let Some(fault) = control_character(&pointer, cell) {
                row.faults.push(fault);
                continue;
            }
            let held = record.held(column.index);
            if let Some(fault) = cells::unusable(&pointer, cell, held) {
                row.faults.push(fault);
                continue;
            }
            if cell.is_empty() {
                continue;
            }
            let number =
                (held == Held::Number).then(|| cells::number(column.reading, cell, self.habits));
            let (cell, is_number) = (number.as_deref().unwrap_or(cell), number.is_some());
            if matches!(column.reading, Reading::Answer) {
                answered = Some((pointer, cell.to_owned(), is_number));
                continue;
            }
            if let Err(fault) = self.cell(&mut row, &mut placed, column, &pointer, (cell, is_number)) {
                row.faults.push(fault);
            }
        }
        self.question(&mut row, answered);
        // An object of which the row says only that there is none of each part is no object.
        for value in row.fields.values_mut() {
            if value.as_object().is_some_and(|parts| parts.values().all(Value::is_null)) {
                *value = Value::Null;
            }
        }
        for (field, code) in [("area", placed.area), ("region", placed.region)] {
            if let Some(code) = code {
                row.set(field, json!(code));
            }
        }
        row
    }

    fn cell(
        &mut self,
        row: &mut Row,
        placed: &mut Placed,
        column: &Column,
        pointer: &str,
        (cell, is_number): (&str, bool),
    ) -> Result<(), Fault> {
        if cell == NONE && !ALWAYS.contains(&column.field) {
            none(row, column);
            return Ok(());
        }
        let value = match column.reading {
            Reading::Text => json!(cell),
            Reading::Amount if is_number => json!(cell),
            Reading::Amount => json!(self.amount(pointer, cell, row.number)?),
            Reading::Date | Reading::Fuzzy => json!(cells::date(pointer, cell)?),
            Reading::Cvr => json!(cell.split_whitespace().collect::<String>()),
            Reading::Flag(words) => json!(flag(pointer, words, cell)?),
            Reading::Word(words) => json!(words::find(words, cell).unwrap_or(cell)),
            Reading::Words(words) => {
                let written = cells::list(cell);
                written.iter().map(|word| words::find(words, word).unwrap_or(word)).collect()
            }
            Reading::Sector => {
                let choices = self.programme.sectors.iter();
                json!(cells::keyed(pointer, cell, choices.map(|it| (it.key.as_str(), &it.label)))?)
            }
            Reading::Measure => {
                let measures = self.programme.measures.iter();
                json!(cells::keyed(pointer, cell, measures.map(|it| (it.key.as_str(), &it.label)))?)
            }
            Reading::Objectives => self.objectives(pointer, cell)?,
            Reading::FocusArea => json!(self.focus_area(column, pointer, cell)?),
            Reading::FocusAreas => {
                let areas = cells::list(cell);
                let areas: Result<Vec<String>, Fault> =
                    areas.iter().map(|area| self.focus_area(column, pointer, area)).collect();
                // Two columns of different schemes fill one list.
                let mut all = row.fields.get(column.field).and_then(Value::as_array).cloned();
                all.get_or_insert_default().extend(areas?.into_iter().map(Value::String));
                json!(all)
            }
            Reading::List => json!(cells::list(cell)),
            // They were read before, or are not.
            Reading::Answer | Reading::Note => return Ok(()),
            Reading::Municipality => json!(places::municipality(cell)?),
            Reading::Area => return place(placed, places::area(cell)?, pointer, cell),
            Reading::Region => {
                let region = Some(places::region(cell)?);
                return place(placed, Placed { area: None, region }, pointer, cell);
            }
            Reading::Partner => {
                row.named.push(Named { field: column.field, names: vec![cell.to_owned()] });
                return Ok(());
            }
            Reading::Partners => {
                row.named.push(Named { field: column.field, names: cells::list(cell) });
                return Ok(());
            }
        };
        row.set(column.field, value);
        Ok(())
    }

    /// The question's key, and the answer as the question wants it.
    fn question(&mut self, row: &mut Row, answered: Option<(String, String, bool)>) {
        let Some(written) = row.text("question").map(str::to_owned) else {
            // Whose answer it is shows only where the question is known.
            if let Some((_, cell, _)) = answered {
                row.set("answer", json!(cell));
            }
            return;
        };
        let question = match answers::question(&written, self.programme) {
            Ok(question) => question,
            Err(fault) => return row.faults.push(fault),
        };
        row.set("question", json!(question.key));
        let Some((pointer, cell, is_number)) = answered else { return };
        let number = row.number;
        let digits = |cell: &str| match is_number {
            true => Ok(cell.to_owned()),
            false => self.amount(&pointer, cell, number),
        };
        match answers::answer(&pointer, question, &cell, digits) {
            Ok(answer) => row.set("answer", answer),
            Err(fault) => row.faults.push(fault),
        }
    }

    fn amount(&mut self, pointer: &str, cell: &str, row: i64) -> Result<String, Fault> {
        cells::amount(pointer, cell, row, self.habits.separator, &mut self.mark)
    }

    fn objectives(&self, pointer: &str, cell: &str) -> Result<Value, Fault> {
        let choices = self.programme.objectives.iter().map(|it| (it.key.as_str(), &it.label));
        let keys: Result<Vec<String>, Fault> = cells::list(cell)
            .iter()
            .map(|word| cells::keyed(pointer, word, choices.clone()))
            .collect();
        Ok(json!(keys?))
    }

    fn focus_area(&self, column: &Column, pointer: &str, written: &str) -> Result<String, Fault> {
        cells::focus_area(pointer, written, column.scheme.as_deref(), self.programme)
    }
}

/// A cell without the apostrophe that keeps a spreadsheet from running it, as our own lists in CSV have it.
fn unguarded(cell: &str) -> &str {
    let guarded = cell.strip_prefix('\'').filter(|rest| rest.len() > 1);
    guarded.filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

/// A stroke in place of a value takes away what is there; in place of a list it leaves an empty one.
fn none(row: &mut Row, column: &Column) {
    match column.reading {
        // What a row is about can't be nothing; it is missing then.
        Reading::FocusArea => {}
        Reading::Partner if column.field == "partOf" => row.set(column.field, Value::Null),
        Reading::Partner | Reading::Partners => {}
        Reading::FocusAreas => {
            row.fields.entry(column.field).or_insert_with(|| json!([]));
        }
        Reading::Objectives | Reading::List => row.set(column.field, json!([])),
        _ => row.set(column.field, Value::Null),
    }
}

fn flag(pointer: &str, words: words::Words, cell: &str) -> Result<bool, Fault> {
    words::find(words, cell).map(|word| word == "true").ok_or_else(|| {
        let cell = shown(cell);
        Fault::new(
            pointer,
            "not-a-choice",
            format!("»{cell}« er hverken ja eller nej."),
            format!("\"{cell}\" is neither yes nor no."),
        )
    })
}

/// The columns `area` and `region` may both say where; they must not say different things.
fn place(placed: &mut Placed, said: Placed, pointer: &str, cell: &str) -> Result<(), Fault> {
    let differs =
        |before: Option<&str>, now: Option<&str>| before.is_some() && now.is_some() && before != now;
    if differs(placed.area, said.area) || differs(placed.region, said.region) {
        return Err(places::contradiction(pointer, cell));
    }
    placed.area = said.area.or(placed.area);
    placed.region = said.region.or(placed.region);
    Ok(())
}

fn unreadable(record: &Record, width: usize) -> Option<Fault> {
    let cells = record.cells.len();
    let (code, says) = match cells.cmp(&width) {
        _ if record.quote_misplaced => (
            "quote-misplaced",
            Text::new(
                "Der står tekst efter et afsluttende anførselstegn. Skriv anførselstegn i en celle dobbelt.",
                "There is text behind a closing quotation mark. Double quotation marks inside a cell.",
            ),
        ),
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Less => (
            "row-too-short",
            Text::new(
                format!("Rækken har {cells} celler og overskriften {width}."),
                format!("The row has {cells} cells and the heading {width}."),
            ),
        ),
        std::cmp::Ordering::Greater => (
            "row-too-long",
            Text::new(
                format!("Rækken har flere celler end overskriftens {width}."),
                format!("The row has more cells than the heading's {width}."),
            ),
        ),
    };
    Some(Fault::new("", code, says.da, says.en))
}

/// Line breaks and tabs may stand in free text; where they may not, the check of the body says so.
fn control_character(pointer: &str, cell: &str) -> Option<Fault> {
    let found = cell.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))?;
    let code = format!("U+{:04X}", found as u32);
    Some(Fault::new(
        pointer,
        "control-character",
        format!("Teksten indeholder et styretegn ({code})."),
        format!("The text contains a control character ({code})."),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{Kind, Sheet};
    use super::*;
    use crate::domain::programme::ProgrammeDocument;

    type Read = (Value, Vec<Named>, Vec<(&'static str, String)>);

    fn rows(kind: Kind, text: &str) -> Vec<Read> {
        let document: ProgrammeDocument =
            toml::from_str(include_str!("../../../programmes/ulighed-i-sundhed.toml")).expect("TOML");
        let programme = document.check().expect("a sound programme");
        let sheet = Sheet::read(text.to_owned(), crate::domain::import::MOST_ROWS).expect("a sheet");
        let columns = Columns::of(kind, &sheet.heading, &programme, false).expect("columns");
        let mut reader = RowReader::new(&columns, &programme, sheet.habits());
        let read = sheet.rows().map(|record| reader.read(&record));
        read.map(|row| {
            let faults = row.faults.into_iter().map(|fault| (fault.code, fault.pointer)).collect();
            (Value::Object(row.fields), row.named, faults)
        })
        .collect()
    }

    #[test]
    fn a_row_becomes_what_a_request_would_have_sent() {
        let text = "navn;sektor;område;kommune;mål;indmeldt;cvr;del af;hjemmeside\n\
            Prøven;Civilsamfund;Fyn / Region Syddanmark;Odense;focusAreas|Launch concrete initiatives that turn \
            knowledge into practice;01-03-2021;12 34 56 78;Moderen;-\n";
        let [(fields, named, faults)] = &rows(Kind::Partners, text)[..] else { panic!("one row") };
        let expected = json!({"name": "Prøven", "sector": "civil_society", "municipality": "0461",
            "objectives": ["focusAreas", "initiatives"], "joinedOn": "2021-03-01", "cvr": "12345678",
            "website": null, "area": "07", "region": "1083"});
        assert_eq!(fields, &expected);
        assert_eq!(named, &[Named { field: "partOf", names: vec!["Moderen".to_owned()] }]);
        assert_eq!(faults, &[]);
    }

    #[test]
    fn an_empty_cell_says_nothing_and_a_stroke_says_none() {
        let text = "title,partners,focus_area_sst2020,focus_area_sst2012,status,stage,starts\n\
            A,KL; FOA,K,3,i gang,behandling|forebyggelse,2020-02\nB,KL,-,-,-,-,\nC,KL,,,,,-\n";
        let read = rows(Kind::Initiatives, text);
        let fields: Vec<&Value> = read.iter().map(|(fields, ..)| fields).collect();
        let first = json!({"title": "A", "focusAreas": ["sst2020-K", "sst2012-3"], "status": "running",
            "stage": ["treatment", "prevention"], "startsOn": "2020-02"});
        let second = json!({"title": "B", "focusAreas": [], "status": null, "stage": null});
        assert_eq!(fields, [&first, &second, &json!({"title": "C", "startsOn": null})]);
    }

    #[test]
    fn faults_name_their_fields() {
        let text = "partner,focusArea,goal,baseline,target,area\nKL,K\nKL,K,a,b,c,d,e\nKL,\"K\"x,,,,\n\
            KL,Børns tidlige udvikling,a\u{0}b,\"1.234,5\",20%,\n";
        let read = rows(Kind::Commitments, text);
        let faults: Vec<Vec<String>> = read
            .iter()
            .map(|(_, _, faults)| faults.iter().map(|(code, at)| format!("{at} {code}")).collect())
            .collect();
        assert_eq!(faults[0], [" row-too-short"]);
        assert_eq!(faults[1], [" row-too-long"]);
        assert_eq!(faults[2], [" quote-misplaced"]);
        let last = [
            "/focusArea ambiguous-name",
            "/goal control-character",
            "/target/baseline mixed-decimal-marks",
            "/target/target percent-sign",
        ];
        assert_eq!(faults[3], last);
    }
}
