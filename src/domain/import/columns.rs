//! What each column of a file is, by its heading in Danish or English.

use super::fields::Known;
use super::words::Words;
use super::{Kind, Record, Remark, fault_at};
use crate::domain::checks::shown;
use crate::domain::names;
use crate::domain::programme::Programme;
use crate::domain::text::{Fault, Language, pointer_step};

/// How a cell is read.
#[derive(Debug, Clone, Copy)]
pub enum Reading {
    Text,
    /// A number kept as its digits, with a decimal comma or point.
    Amount,
    Date,
    /// A year, a month or a day.
    Fuzzy,
    Flag(Words),
    Word(Words),
    Words(Words),
    Cvr,
    Sector,
    Objectives,
    FocusArea,
    FocusAreas,
    Area,
    Region,
    Municipality,
    /// A partner's id or name.
    Partner,
    Partners,
    /// Several texts.
    List,
    /// A measure of the programme, by its key or label; or a text of one's own.
    Measure,
    /// As its question wants it.
    Answer,
    /// Nothing of it is read.
    Note,
}

/// A column that is read.
#[derive(Debug, Clone)]
pub struct Column {
    pub index: usize,
    /// As the file has it.
    pub heading: String,
    pub field: &'static str,
    pub reading: Reading,
    /// The scheme that a focus area's letter or number belongs to, from a heading such as
    /// `focus_area_sst2020`.
    pub scheme: Option<String>,
}

/// The columns of a file.
#[derive(Debug)]
pub struct Columns {
    pub read: Vec<Column>,
    /// How many cells each row must have.
    pub width: usize,
    /// One for each column that is not read.
    pub warnings: Vec<Remark>,
}

impl Columns {
    /// Reads the heading. All its faults at once: a column that is needed and missing, two that are alike.
    pub fn of(
        kind: Kind,
        heading: &Record,
        programme: &Programme,
        is_partners_own: bool,
    ) -> Result<Columns, Vec<Fault>> {
        let mut columns = Columns {
            read: Vec::new(),
            width: heading.cells.len(),
            warnings: Vec::new(),
        };
        let mut faults = Vec::new();
        for (index, cell) in heading.cells.iter().enumerate() {
            let column = column(kind, index, cell, programme);
            let Some(column) = column else {
                columns.warnings.push(ignored(index, cell));
                continue;
            };
            let alike = |other: &&Column| other.field == column.field && other.scheme == column.scheme;
            match columns.read.iter().find(alike) {
                Some(first) => faults.push(twice(heading.number, &first.heading, &column.heading)),
                None => columns.read.push(column),
            }
        }
        for wanted in kind.needed(is_partners_own) {
            if columns.read.iter().all(|column| !wanted.contains(&column.field)) {
                faults.push(missing(kind, heading.number, wanted));
            }
        }
        match faults.is_empty() {
            true => Ok(columns),
            false => Err(faults),
        }
    }

    /// How many of the heading's cells are known.
    pub fn known(kind: Kind, heading: &Record, programme: &Programme) -> usize {
        let cells = heading.cells.iter().enumerate();
        cells
            .filter(|(index, cell)| column(kind, *index, cell, programme).is_some())
            .count()
    }

    /// Where the column of a field is.
    pub fn place(&self, field: &str) -> Option<usize> {
        self.read.iter().find(|column| column.field == field).map(|column| column.index)
    }

    /// The heading of the column that a pointer into a body is about. Where a field came by another's column
    /// (the lead from the partners, the region from the area), that one; where the file has no such column, the
    /// field's own name; none for the whole row.
    pub fn heading(&self, pointer: &str) -> Option<String> {
        let path = pointer.strip_prefix('/')?;
        let field = path.split('/').next().unwrap_or(path);
        let stand_in = match field {
            "leadPartner" => "partners",
            "region" => "area",
            "area" => "region",
            other => other,
        };
        let exactly = self.read.iter().find(|column| column.field == path);
        // Each part of the goal in numbers is a column of its own.
        if let Some(part) = path.strip_prefix("target/").filter(|_| exactly.is_none()) {
            return Some(part.to_owned());
        }
        let column = exactly
            .or_else(|| self.read.iter().find(|column| column.field == field))
            .or_else(|| self.read.iter().find(|column| column.field == stand_in));
        Some(column.map_or_else(|| field.to_owned(), |column| column.heading.clone()))
    }
}

fn column(kind: Kind, index: usize, cell: &str, programme: &Programme) -> Option<Column> {
    let written = plain(cell);
    let made = |known: &Known, scheme: Option<String>| Column {
        index,
        heading: shown(cell.trim()),
        field: known.field,
        reading: known.reading,
        scheme,
    };
    for known in kind.fields() {
        let mut words = known.words().map(plain);
        if words.clone().any(|word| word == written) {
            return Some(made(known, None));
        }
        if !matches!(known.reading, Reading::FocusArea | Reading::FocusAreas) {
            continue;
        }
        let schemes = programme.focus_areas.iter().map(|area| &area.scheme);
        let scheme = words.find_map(|word| {
            let rest = written.strip_prefix(&word)?;
            schemes.clone().find(|scheme| plain(scheme) == rest)
        });
        if let Some(scheme) = scheme {
            return Some(made(known, Some(scheme.clone())));
        }
    }
    None
}

/// A heading's letters and digits only, in lower case: `Joined on`, `joined_on` and `joinedOn` are one.
fn plain(heading: &str) -> String {
    names::key(heading).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A column without a heading is named by its place: `#3`.
fn ignored(index: usize, cell: &str) -> Remark {
    let name = match cell.trim().is_empty() {
        true => format!("#{}", index + 1),
        false => shown(cell.trim()),
    };
    let da = format!("Kolonnen »{name}« kendes ikke og læses ikke.");
    let en = format!("The column \"{name}\" is not known, and is not read.");
    Remark::new(Some(name), "column-ignored", da, en)
}

fn twice(row: i64, first: &str, second: &str) -> Fault {
    let fault = fault_at(
        row,
        "column-twice",
        format!("Kolonnerne »{first}« og »{second}« betyder det samme."),
        format!("The columns \"{first}\" and \"{second}\" mean the same."),
    );
    Fault {
        pointer: format!("/rows/{row}/{}", pointer_step(second)),
        ..fault
    }
}

/// Columns are called as in our own files.
fn missing(kind: Kind, row: i64, wanted: &[&str]) -> Fault {
    let named = |language| {
        let known = wanted
            .iter()
            .filter_map(|field| kind.fields().find(|known| known.field == *field));
        known.map(|known| known.heading(language)).collect::<Vec<_>>()
    };
    let fault = fault_at(
        row,
        "column-missing",
        format!("Filen mangler kolonnen »{}«.", named(Language::Da).join("« eller »")),
        format!("The file lacks the column \"{}\".", named(Language::En).join("\" or \"")),
    );
    let first = wanted.first().copied().unwrap_or_default();
    Fault { pointer: format!("/rows/{row}/{first}"), ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::programme::ProgrammeDocument;

    pub fn programme() -> Programme {
        let text = include_str!("../../../programmes/ulighed-i-sundhed.toml");
        let document: ProgrammeDocument = toml::from_str(text).expect("a programme");
        document.check().expect("a sound programme")
    }

    fn read(kind: Kind, heading: &[&str], own: bool) -> Result<Columns, Vec<(&'static str, String)>> {
        let cells = heading.iter().map(|cell| (*cell).to_owned()).collect();
        let heading = Record { number: 1, cells, ..Record::default() };
        Columns::of(kind, &heading, &programme(), own)
            .map_err(|faults| faults.into_iter().map(|fault| (fault.code, fault.pointer)).collect())
    }

    #[test]
    fn headings_are_known_in_both_languages_and_any_spelling() {
        let heading = ["NAVN", " joined_on ", "Område", "Sektor", "CVR-nr.", "source_url", ""];
        let columns = read(Kind::Partners, &heading, false).expect("columns");
        let fields: Vec<&str> = columns.read.iter().map(|column| column.field).collect();
        assert_eq!(fields, ["name", "joinedOn", "area", "sector", "cvr"]);
        let ignored: Vec<_> = columns
            .warnings
            .iter()
            .map(|remark| remark.column.as_deref().unwrap_or_default())
            .collect();
        assert_eq!(ignored, ["source_url", "#7"]);
    }

    #[test]
    fn a_focus_area_may_name_its_scheme() {
        let heading =
            ["titel", "partnere", "focus_area_sst2020", "Fokusområde (sst2012)", "focus_area_x"];
        let columns = read(Kind::Initiatives, &heading, false).expect("columns");
        let schemes: Vec<_> = columns.read.iter().map(|column| column.scheme.as_deref()).collect();
        assert_eq!(schemes, [None, None, Some("sst2020"), Some("sst2012")]);
    }

    #[test]
    fn what_is_missing_or_twice_is_told_at_once() {
        let faults = read(Kind::Commitments, &["mål", "Goal", "valgt"], false).expect_err("faults");
        let expected = [
            ("column-twice", "/rows/1/Goal"),
            ("column-missing", "/rows/1/partner"),
            ("column-missing", "/rows/1/focusArea"),
        ];
        assert_eq!(faults, expected.map(|(code, pointer)| (code, pointer.to_owned())));
        assert!(read(Kind::Commitments, &["fokusområde"], true).is_ok());
    }

    #[test]
    fn the_headings_of_our_own_files_are_known() {
        for kind in Kind::ALL {
            for language in [Language::Da, Language::En] {
                for known in kind.fields() {
                    let found = column(kind, 0, &known.heading(language), &programme());
                    assert_eq!(found.expect("a column").field, known.field, "{kind:?} {language:?}");
                }
            }
        }
    }

    #[test]
    fn no_heading_means_two_things() {
        for kind in Kind::ALL {
            // Of one field, the Danish word may be the English one.
            let words = kind
                .fields()
                .flat_map(|known| known.words().map(plain).collect::<std::collections::BTreeSet<_>>());
            let mut words: Vec<String> = words.collect();
            words.sort();
            let count = words.len();
            words.dedup();
            assert_eq!(words.len(), count, "{kind:?}");
        }
    }
}
