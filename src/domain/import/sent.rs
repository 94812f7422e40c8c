//! Rows that were refused, as they were sent, and tables on their way out.

use serde::{Deserialize, Serialize};

use super::{Held, Record};

/// What a file had in its heading, and the rows of it that were refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub heading: Vec<String>,
    /// What parted its cells; none of a workbook.
    pub separator: Option<char>,
    pub rows: Vec<SentRow>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRow {
    pub row: i64,
    pub cells: Vec<String>,
    /// The columns of a workbook's cells that held numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub numbers: Vec<usize>,
}

impl SentRow {
    /// The record without the column that says why it was refused the last time.
    pub fn of(record: Record, because: Option<usize>) -> SentRow {
        let is_left_out = |column: usize| Some(column) == because;
        let place =
            |column: usize| column - usize::from(because.is_some_and(|because| because < column));
        let numbers = record.held.iter().filter(|(_, held)| *held == Held::Number);
        let numbers = numbers.map(|(column, _)| *column).filter(|column| !is_left_out(*column));
        let cells = record.cells.into_iter().enumerate();
        SentRow {
            row: record.number,
            numbers: numbers.map(place).collect(),
            cells: cells
                .filter(|(column, _)| !is_left_out(*column))
                .map(|(_, cell)| cell)
                .collect(),
        }
    }
}

/// A table on its way out, as CSV or as a workbook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub headings: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    pub choices: Vec<Choices>,
    /// What it says of itself: a name and its value.
    pub about: Vec<(String, String)>,
}

/// The words that cells are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Below the heading, from 0; none where it is all rows.
    pub row: Option<usize>,
    pub column: usize,
    pub words: Vec<String>,
    /// Whether other words are as good.
    pub is_open: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    Text(String),
    /// Digits with a point.
    Number(String),
}

impl Sent {
    /// The refused rows, with why in a last column. A row that was too short is filled up.
    pub fn table(self, because: String, why: impl Fn(i64) -> String) -> Table {
        let mut headings = self.heading;
        let width = headings.len();
        headings.push(because);
        let cells = |row: SentRow| {
            let because = Cell::Text(why(row.row));
            let numbers = row.numbers;
            let cell = |(place, cell)| match numbers.contains(&place) {
                true => Cell::Number(cell),
                false => Cell::Text(cell),
            };
            let mut cells: Vec<Cell> = row.cells.into_iter().enumerate().map(cell).collect();
            if cells.len() < width {
                cells.resize(width, Cell::Text(String::new()));
            }
            cells.push(because);
            cells
        };
        Table {
            headings,
            rows: self.rows.into_iter().map(cells).collect(),
            ..Table::default()
        }
    }
}
