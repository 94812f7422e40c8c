//! A sheet's cells as text.

use chrono::NaiveDate;
use quick_xml::events::{BytesStart, Event};

use super::archive::{Archive, truncated, unfolds_too_far};
use super::book::Book;
use super::numbers::{self, Shown};
use super::xml::{Xml, add_text, attribute, name};
use crate::domain::import::MOST_COLUMNS;
use crate::domain::import::sheet::{Grid, Held, Merged, too_many_columns, too_many_rows};
use crate::domain::text::Fault;

/// The last row that Excel has.
const LAST_ROW: i64 = 1_048_576;
/// The most cells with something in them.
const MOST_CELLS: usize = 2_000_000;
/// Of all cells together, in bytes (20 MiB). A shared text may stand in a million cells.
const LONGEST_TEXT: usize = 20 * 1024 * 1024;
/// Merged cells that are looked at; only those of headings matter.
const MOST_MERGED: usize = 1000;

/// Reads the sheet in this part; none if there is no such part.
pub fn read(
    archive: &mut Archive,
    book: &Book,
    part: &str,
    most_rows: i64,
) -> Result<Option<Grid>, Fault> {
    let Some(part) = archive.part(part)? else { return Ok(None) };
    let mut table = Table {
        book,
        most_rows,
        row: 0,
        column: 0,
        filled: 0,
        grid: Grid::new(book.is_1904),
    };
    let mut cell: Option<Cell> = None;
    let mut xml = Xml::of(part);
    while let Some(event) = xml.next()? {
        match (&event, &mut cell) {
            (Event::Start(tag), None) if name(tag) == "row" => table.begin_row(tag)?,
            (Event::Empty(tag), None) if name(tag) == "row" => table.begin_row(tag)?,
            (Event::Start(tag), None) if name(tag) == "c" => cell = Some(table.begin_cell(tag)?),
            // A cell with nothing in it takes its place only.
            (Event::Empty(tag), None) if name(tag) == "c" => drop(table.begin_cell(tag)?),
            (Event::Start(tag) | Event::Empty(tag), None) if name(tag) == "mergeCell" => {
                let merged = attribute(tag, "ref").as_deref().and_then(merged);
                let room = table.grid.merged.len() < MOST_MERGED;
                table.grid.merged.extend(merged.filter(|_| room));
            }
            (Event::Start(tag), Some(cell)) => cell.begin(name(tag)),
            (Event::Empty(tag), Some(cell)) => cell.has_formula |= name(tag) == "f",
            (Event::End(tag), Some(open)) => match tag.local_name().into_inner() {
                "c" => {
                    table.end_cell(open)?;
                    cell = None;
                }
                ended => open.end(ended),
            },
            (text, Some(cell)) => cell.add(text),
            _ => {}
        }
    }
    Ok(Some(table.grid))
}

struct Table<'b> {
    book: &'b Book,
    most_rows: i64,
    /// The row and column of the last cell, from 1.
    row: i64,
    column: usize,
    /// How many rows have something in them.
    filled: i64,
    grid: Grid,
}

/// A cell that is being read.
#[derive(Default)]
struct Cell {
    kind: String,
    format: Option<usize>,
    /// `v`, or an inline text.
    text: String,
    has_formula: bool,
    is_text: bool,
    is_spoken: bool,
}

impl Cell {
    fn begin(&mut self, tag: &str) {
        match tag {
            "f" => self.has_formula = true,
            "rPh" => self.is_spoken = true,
            "v" | "t" => self.is_text = !self.is_spoken,
            _ => {}
        }
    }

    fn end(&mut self, tag: &str) {
        match tag {
            "rPh" => self.is_spoken = false,
            "v" | "t" => self.is_text = false,
            _ => {}
        }
    }

    fn add(&mut self, event: &Event<'_>) {
        if self.is_text {
            add_text(&mut self.text, event);
        }
    }
}

impl Table<'_> {
    fn begin_row(&mut self, tag: &BytesStart<'_>) -> Result<(), Fault> {
        let said = attribute(tag, "r").and_then(|row| row.parse::<i64>().ok());
        let row = said.unwrap_or(self.row + 1);
        if row <= self.row || row > LAST_ROW {
            return Err(truncated());
        }
        (self.row, self.column) = (row, 0);
        Ok(())
    }

    fn begin_cell(&mut self, tag: &BytesStart<'_>) -> Result<Cell, Fault> {
        let said = attribute(tag, "r").and_then(|place| place_of(&place));
        let column = said.map_or(self.column + 1, |(column, _)| column);
        if column <= self.column || said.is_some_and(|(_, row)| row != self.row) {
            return Err(truncated());
        }
        self.column = column;
        Ok(Cell {
            kind: attribute(tag, "t").unwrap_or_default(),
            format: attribute(tag, "s").and_then(|format| format.parse().ok()),
            ..Cell::default()
        })
    }

    fn end_cell(&mut self, cell: &Cell) -> Result<(), Fault> {
        let (text, held) = self.meant(cell)?;
        if text.trim().is_empty() && !matches!(held, Held::Formula) {
            return Ok(());
        }
        if self.column > MOST_COLUMNS {
            return Err(too_many_columns(self.row));
        }
        if self.grid.last_row() != Some(self.row) {
            self.filled += 1;
            // Two rows may be headings.
            if self.filled > self.most_rows + 2 {
                return Err(too_many_rows(self.row, self.most_rows));
            }
        }
        self.grid.push(self.row, self.column - 1, &text, held);
        if self.grid.cell_count() > MOST_CELLS || self.grid.text_length() > LONGEST_TEXT {
            return Err(unfolds_too_far());
        }
        Ok(())
    }

    /// The text that the cell shows, and what it holds besides. A formula's last result is not taken for it: it may
    /// be years old.
    fn meant(&self, cell: &Cell) -> Result<(String, Held), Fault> {
        if cell.has_formula {
            return Ok((unescaped(&cell.text), Held::Formula));
        }
        let text = cell.text.as_str();
        Ok(match cell.kind.as_str() {
            "s" => {
                let place = text.trim().parse().map_err(|_| truncated())?;
                (unescaped(self.book.text(place).ok_or_else(truncated)?), Held::Text)
            }
            "b" => ((if text.trim() == "1" { "true" } else { "false" }).to_owned(), Held::Text),
            "e" => (text.to_owned(), Held::Error),
            "d" => (text.trim().trim_end_matches("T00:00:00").to_owned(), Held::Text),
            "inlineStr" | "str" => (unescaped(text), Held::Text),
            _ => self.number(text.trim(), cell.format),
        })
    }

    fn number(&self, raw: &str, format: Option<usize>) -> (String, Held) {
        let as_it_is = || (numbers::plain(raw).unwrap_or_else(|| raw.to_owned()), Held::Number);
        let Ok(number) = raw.parse::<f64>() else { return as_it_is() };
        match self.book.shown(format) {
            Shown::Number => as_it_is(),
            Shown::Percent => {
                numbers::percent(raw).map_or_else(as_it_is, |percent| (percent, Held::Text))
            }
            Shown::Time if (0.0..1.0).contains(&number) => (numbers::time(number), Held::Text),
            Shown::Date | Shown::Time => match numbers::day(number, self.book.is_1904) {
                Some((day, text)) if is_recent(day) => (text, Held::Text),
                Some((_, text)) => (text, Held::OldDate),
                None => as_it_is(),
            },
        }
    }
}

/// Nobody's partner joined before 1905: such a day is a nought, or counted from the other beginning of time.
pub fn is_recent(day: NaiveDate) -> bool {
    NaiveDate::from_ymd_opt(1905, 1, 1).is_some_and(|first| day >= first)
}

/// `BC12` is column 55 of row 12.
fn place_of(place: &str) -> Option<(usize, i64)> {
    let split = place.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = place.split_at_checked(split)?;
    if !(1..=3).contains(&letters.len()) {
        return None;
    }
    let column = letters.bytes().try_fold(0_usize, |column, letter| {
        let letter = letter.to_ascii_uppercase();
        letter
            .is_ascii_uppercase()
            .then(|| column * 26 + usize::from(letter - b'A') + 1)
    });
    Some((column?, row.parse().ok()?))
}

/// `A1:C1`, its columns counted from 0.
fn merged(range: &str) -> Option<Merged> {
    let (from, to) = range.split_once(':')?;
    let ((first, row), (last, last_row)) = (place_of(from)?, place_of(to)?);
    Some(Merged { row, last_row, columns: (first - 1, last - 1) })
}

/// `_x000D_` is how a workbook writes the character U+000D.
fn unescaped(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let (before, from) = rest.split_at(at);
        whole.push_str(before);
        let code = from.get(2..6).filter(|_| from.get(6..7) == Some("_"));
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32)
        {
            Some(character) => {
                whole.push(character);
                rest = from.get(7..).unwrap_or_default();
            }
            None => {
                whole.push_str("_x");
                rest = from.get(2..).unwrap_or_default();
            }
        }
    }
    whole.push_str(rest);
    whole
}
