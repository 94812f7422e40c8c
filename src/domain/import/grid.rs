//! A workbook's cells, kept close together.

use super::{MOST_COLUMNS, Record};

/// What a workbook's cell holds besides its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Text,
    /// A number of its own kind: its point is a decimal mark for certain.
    Number,
    Formula,
    /// What a formula failed with, such as `#N/A`.
    Error,
    /// A day before 1905.
    OldDate,
}

/// Cells that are one. Rows are counted as shown, columns from 0, the last ones included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merged {
    pub row: i64,
    pub last_row: i64,
    pub columns: (usize, usize),
}

/// The cells with something in them, row by row.
#[derive(Debug, Default)]
pub struct Grid {
    texts: String,
    cells: Vec<Cell>,
    /// How many columns the widest row has.
    width: usize,
    /// Whether day 0 is 1 January 1904.
    pub is_1904: bool,
    pub merged: Vec<Merged>,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    row: u32,
    column: u32,
    /// Where its text ends.
    end: u32,
    held: Held,
}

impl Grid {
    pub fn new(is_1904: bool) -> Grid {
        Grid { is_1904, ..Grid::default() }
    }

    /// Adds a cell behind those before it. The caller keeps texts below 4 GB and rows below four billion.
    pub fn push(&mut self, row: i64, column: usize, text: &str, held: Held) {
        self.texts.push_str(text);
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        let end = small(self.texts.len());
        self.cells.push(Cell { row, column: small(column), end, held });
        self.width = self.width.max((column + 1).min(MOST_COLUMNS));
    }

    pub fn last_row(&self) -> Option<i64> {
        self.cells.last().map(|cell| i64::from(cell.row))
    }

    pub fn cell_count(&self) -> usize {
        self.cells.len()
    }

    pub fn text_length(&self) -> usize {
        self.texts.len()
    }

    /// The rows that have something in them, each as wide as the widest.
    pub fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let mut cells = self.cells.iter().peekable();
        let mut begin = 0;
        std::iter::from_fn(move || {
            let row = cells.peek()?.row;
            let mut record = Record {
                number: i64::from(row),
                cells: vec![String::new(); self.width],
                ..Record::default()
            };
            while let Some(cell) = cells.next_if(|cell| cell.row == row) {
                let end = cell.end as usize;
                let column = cell.column as usize;
                let text = self.texts.get(begin..end).unwrap_or_default();
                begin = end;
                if let Some(place) = record.cells.get_mut(column) {
                    text.clone_into(place);
                }
                if cell.held != Held::Text {
                    record.held.push((column, cell.held));
                }
            }
            Some(record)
        })
    }

    /// What the heading says together with the row below it, where some of its cells are merged over several
    /// columns: the lower cell, or where that is empty the upper one.
    pub fn second_heading(&self, heading: &Record) -> Option<Record> {
        let is_over =
            |merged: &Merged| merged.row == heading.number && merged.columns.0 < merged.columns.1;
        if !self.merged.iter().any(is_over) {
            return None;
        }
        let below = self.records().find(|record| record.number == heading.number + 1)?;
        let lower_or_upper = |(upper, lower): (&String, String)| match lower.trim().is_empty() {
            true => upper.clone(),
            false => lower,
        };
        let cells = heading.cells.iter().zip(below.cells).map(lower_or_upper).collect();
        Some(Record {
            number: below.number,
            cells,
            held: below.held,
            ..Record::default()
        })
    }
}
