//! Records of text (RFC 4180) or of a workbook's cells, each with its row as a spreadsheet shows it.
//!
//! The crate `csv` does not say that a quote is never closed, and skips blank lines without counting them;
//! so records are read here, and that crate is what the tests compare with.

use std::iter::Peekable;
use std::str::Chars;

pub use super::grid::{Grid, Held, Merged};
use super::{MOST_COLUMNS, fault_at};
use crate::domain::text::Fault;

/// A file's records, known to be readable to its end.
#[derive(Debug)]
pub struct Sheet {
    source: Source,
    habits: Habits,
    pub heading: Record,
    /// How many records are headings.
    heading_rows: usize,
    /// The heading together with the row below it, if those may be one.
    second_heading: Option<Record>,
    /// Without the heading and blank ones.
    pub row_count: i64,
}

#[derive(Debug)]
enum Source {
    Text(String),
    Grid(Grid),
}

/// What a file's numbers may mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habits {
    /// What parts the cells of text: a comma, a semicolon or a tab; none in a workbook.
    pub separator: Option<char>,
    /// Whether day 0 of a workbook is 1 January 1904.
    pub is_1904: bool,
}

/// One record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The heading is row 1. Blank lines count, line breaks inside quotes don't.
    pub number: i64,
    /// At most one more than there may be columns.
    pub cells: Vec<String>,
    /// Text stands behind a closing quote, so where its cells end is a guess.
    pub quote_misplaced: bool,
    /// The columns of a workbook's cells that hold something else than text.
    pub held: Vec<(usize, Held)>,
}

impl Record {
    pub fn held(&self, column: usize) -> Held {
        let held = self.held.iter().find(|(place, _)| *place == column);
        held.map_or(Held::Text, |(_, held)| *held)
    }

    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

impl Sheet {
    /// Reads the whole text once; refuses what is empty, too long, or ends inside quotes.
    pub fn read(text: String, most_rows: i64) -> Result<Sheet, Fault> {
        let separator = separator(&text);
        let mut records = Records::new(&text, separator);
        let Some(heading) = records.next_filled()? else { return Err(file_empty()) };
        if heading.cells.len() > MOST_COLUMNS {
            return Err(too_many_columns(heading.number));
        }
        let mut row_count = 0;
        while let Some(record) = records.next_filled()? {
            row_count += 1;
            if row_count > most_rows {
                return Err(too_many_rows(record.number, most_rows));
            }
        }
        if row_count == 0 {
            return Err(no_rows(heading.number));
        }
        Ok(Sheet {
            habits: Habits { separator: Some(separator), is_1904: false },
            heading,
            heading_rows: 1,
            second_heading: None,
            row_count,
            source: Source::Text(text),
        })
    }

    /// The records of a workbook's cells; refuses the same.
    pub fn of_grid(grid: Grid, most_rows: i64) -> Result<Sheet, Fault> {
        let Some(heading) = grid.records().next() else { return Err(file_empty()) };
        let sheet = Sheet {
            habits: Habits { separator: None, is_1904: grid.is_1904 },
            heading_rows: 1,
            second_heading: grid.second_heading(&heading),
            row_count: i64::try_from(grid.records().skip(1).count()).unwrap_or(i64::MAX),
            heading,
            source: Source::Grid(grid),
        };
        sheet.refuse_more_than(most_rows)?;
        if sheet.row_count == 0 {
            return Err(no_rows(sheet.heading.number));
        }
        Ok(sheet)
    }

    pub fn refuse_more_than(&self, most_rows: i64) -> Result<(), Fault> {
        let place = usize::try_from(most_rows).unwrap_or(usize::MAX);
        match self.rows().nth(place) {
            Some(first) => Err(too_many_rows(first.number, most_rows)),
            None => Ok(()),
        }
    }

    /// Takes the heading's merged cells together with the row below where `known` finds more columns so.
    pub fn settle_heading(&mut self, known: impl Fn(&Record) -> usize) {
        let second = self.second_heading.take();
        if let Some(second) = second.filter(|second| known(second) > known(&self.heading)) {
            self.heading = second;
            self.heading_rows = 2;
            self.row_count -= 1;
        }
    }

    pub fn habits(&self) -> Habits {
        self.habits
    }

    /// The rows below the heading; blank ones are left out.
    pub fn rows(&self) -> Box<dyn Iterator<Item = Record> + '_> {
        match &self.source {
            Source::Grid(grid) => Box::new(grid.records().skip(self.heading_rows)),
            Source::Text(text) => {
                let mut records = Records::new(text, self.habits.separator.unwrap_or(','));
                // The text was read to its end once, so no fault is left in it.
                let next = move || records.next_filled().ok().flatten();
                Box::new(std::iter::from_fn(next).skip(self.heading_rows))
            }
        }
    }
}

/// The commonest of the three in the first line that is not blank, outside quotes; of two as common, a
/// semicolon, which nobody writes in a heading's words.
fn separator(text: &str) -> char {
    let (mut commas, mut semicolons, mut tabs, mut quoted) = (0, 0, 0, false);
    for c in text.trim_start_matches(['\r', '\n']).chars() {
        match c {
            '"' => quoted = !quoted,
            '\r' | '\n' if !quoted => break,
            ',' if !quoted => commas += 1,
            ';' if !quoted => semicolons += 1,
            '\t' if !quoted => tabs += 1,
            _ => {}
        }
    }
    if semicolons > 0 && semicolons >= commas && semicolons >= tabs {
        return ';';
    }
    if tabs > commas { '\t' } else { ',' }
}

/// Records one after the other.
pub struct Records<'a> {
    rest: Peekable<Chars<'a>>,
    separator: char,
    number: i64,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    /// Nothing of the cell was read yet.
    Start,
    Bare,
    Quoted,
    /// Behind the closing quote.
    Closed,
}

impl<'a> Records<'a> {
    pub fn new(text: &'a str, separator: char) -> Records<'a> {
        Records { rest: text.chars().peekable(), separator, number: 0 }
    }

    /// The next record that has a cell with something in it.
    fn next_filled(&mut self) -> Result<Option<Record>, Fault> {
        while self.rest.peek().is_some() {
            let record = self.next_record()?;
            if !record.is_blank() {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    fn next_record(&mut self) -> Result<Record, Fault> {
        self.number += 1;
        let mut record = Record { number: self.number, ..Record::default() };
        let (mut cell, mut at) = (String::new(), At::Start);
        loop {
            let next = self.rest.next();
            match (at, next) {
                (At::Quoted, None) => return Err(quote_unclosed(record.number)),
                (At::Quoted, Some('"')) if self.rest.next_if_eq(&'"').is_some() => cell.push('"'),
                (At::Quoted, Some('"')) => at = At::Closed,
                (At::Quoted, Some(c)) => cell.push(c),
                (_, None | Some('\r' | '\n')) => {
                    if next == Some('\r') {
                        self.rest.next_if_eq(&'\n');
                    }
                    keep(&mut record, cell);
                    return Ok(record);
                }
                (_, Some(c)) if c == self.separator => {
                    keep(&mut record, std::mem::take(&mut cell));
                    at = At::Start;
                }
                (At::Start, Some('"')) => at = At::Quoted,
                (At::Closed, Some(c)) => {
                    record.quote_misplaced |= !c.is_whitespace();
                    cell.push(c);
                }
                (_, Some(c)) => {
                    cell.push(c);
                    at = At::Bare;
                }
            }
        }
    }
}

/// A line of nothing but separators must not fill the memory.
fn keep(record: &mut Record, cell: String) {
    if record.cells.len() <= MOST_COLUMNS {
        record.cells.push(cell);
    }
}

fn file_empty() -> Fault {
    Fault::new("", "file-empty", "Filen er tom.", "The file is empty.")
}

fn no_rows(row: i64) -> Fault {
    fault_at(
        row,
        "no-rows",
        "Filen har en overskrift og ingen rækker under den.",
        "The file has a heading and no rows below it.",
    )
}

pub fn too_many_rows(row: i64, most: i64) -> Fault {
    fault_at(
        row,
        "too-many-rows",
        format!("Filen har flere end {most} rækker; række {row} er den første for meget. Del den."),
        format!("The file has more than {most} rows; row {row} is the first too many. Split it."),
    )
}

pub fn too_many_columns(row: i64) -> Fault {
    fault_at(
        row,
        "too-many-columns",
        format!("Filen har flere end {MOST_COLUMNS} kolonner."),
        format!("The file has more than {MOST_COLUMNS} columns."),
    )
}

fn quote_unclosed(row: i64) -> Fault {
    fault_at(
        row,
        "quote-unclosed",
        format!("I række {row} begynder et anførselstegn, der aldrig bliver lukket."),
        format!("In row {row} a quotation mark begins that is never closed."),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::import::MOST_ROWS;

    type Cells = (i64, Vec<String>);

    fn read(text: &str) -> Result<Vec<Cells>, (&'static str, String)> {
        let sheet =
            Sheet::read(text.to_owned(), MOST_ROWS).map_err(|fault| (fault.code, fault.pointer))?;
        let heading = std::iter::once(sheet.heading.clone());
        let rows: Vec<Record> = heading.chain(sheet.rows()).collect();
        assert_eq!(rows.len() as i64, sheet.row_count + 1);
        Ok(rows.into_iter().map(|record| (record.number, record.cells)).collect())
    }

    fn cells(number: i64, cells: &[&str]) -> Cells {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_shows_them() {
        let text = "a,b\r\n1,\"x\ny\"\r\n\r\n,\r\n2,\"say \"\"hi\"\"\"\r\n";
        let expected = [cells(1, &["a", "b"]), cells(2, &["1", "x\ny"]), cells(5, &["2", "say \"hi\""])];
        assert_eq!(read(text), Ok(expected.to_vec()));
        for ends in ["\n", "\r"] {
            let text = text.replace("\r\n", ends);
            assert_eq!(read(&text).map(|rows| rows.len()), Ok(3), "{ends:?}");
        }
    }

    #[test]
    fn the_heading_tells_what_parts_cells() {
        assert_eq!(read("a;b,c\n1;2\n"), Ok(vec![cells(1, &["a", "b,c"]), cells(2, &["1", "2"])]));
        assert_eq!(read("\"a;b;c\",d\n1,2"), Ok(vec![cells(1, &["a;b;c", "d"]), cells(2, &["1", "2"])]));
        assert_eq!(read("a\tb\n1\t2"), Ok(vec![cells(1, &["a", "b"]), cells(2, &["1", "2"])]));
        assert_eq!(read("a\n1;2"), Ok(vec![cells(1, &["a"]), cells(2, &["1;2"])]));
    }

    #[test]
    fn a_file_without_rows_or_end_is_refused() {
        let fault = |code, pointer: &str| Err((code, pointer.to_owned()));
        assert_eq!(read(""), fault("file-empty", ""));
        assert_eq!(read("\r\n , \r\n"), fault("file-empty", ""));
        assert_eq!(read("a,b\r\n\r\n"), fault("no-rows", "/rows/1"));
        assert_eq!(read("a,b\n1,2\n3,\"4\n5,6\n"), fault("quote-unclosed", "/rows/3"));
        assert_eq!(read(&format!("a\n{}", "1\n".repeat(50_001))), fault("too-many-rows", "/rows/50002"));
        assert!(read(&format!("a\n{}", "1\n".repeat(50_000))).is_ok());
        assert_eq!(read(&format!("a{}\n1", ",a".repeat(200))), fault("too-many-columns", "/rows/1"));
    }

    #[test]
    fn text_behind_a_closing_quote_is_told() {
        let sheet =
            Sheet::read("a,b\n\"x\" ,1\n\"he said \"no\"\",1\n".to_owned(), MOST_ROWS).expect("a sheet");
        let misplaced: Vec<bool> = sheet.rows().map(|record| record.quote_misplaced).collect();
        assert_eq!(misplaced, [false, true]);
    }

    proptest! {
        #[test]
        fn what_another_writer_wrote_comes_back(rows in prop::collection::vec(prop::collection::vec("[a-zæ,;\"\t\r\n ]{0,6}", 3), 1..8)) {
            for separator in [b',', b';'] {
                let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
                writer.write_record(["one", "two", "three"]).expect("a heading");
                for row in &rows {
                    writer.write_record(row).expect("a row");
                }
                let text = String::from_utf8(writer.into_inner().expect("bytes")).expect("UTF-8");
                let filled = rows.iter().zip(2_i64..).filter(|(row, _)| row.iter().any(|cell| !cell.trim().is_empty()));
                let expected: Vec<(i64, Vec<String>)> = filled.map(|(row, number)| (number, row.clone())).collect();
                match Sheet::read(text, MOST_ROWS) {
                    Ok(sheet) => {
                        let read: Vec<(i64, Vec<String>)> = sheet.rows().map(|record| (record.number, record.cells)).collect();
                        prop_assert_eq!(read, expected);
                    }
                    Err(fault) => prop_assert!(expected.is_empty(), "{}", fault.code),
                }
            }
        }

        #[test]
        fn no_text_is_too_much(text in "[a,;\"\r\n\t]{0,40}") {
            if let Ok(sheet) = Sheet::read(text, MOST_ROWS) {
                prop_assert_eq!(sheet.rows().count() as i64, sheet.row_count);
            }
        }
    }
}
