//! Files of rows: what a CSV file or a workbook says, and what came of taking it in.
//!
//! `encoding` makes text of bytes, `workbook` makes a `grid` of cells of them, `sheet` makes records of either,
//! `file` says which it is; `columns` says what each column is,
//! `rows` reads a record's cells (`cells`, `places`) into the fields of a body as the API takes it. Whether
//! the alliance accepts a row is decided by the same service functions as for a single request.

mod answers;
mod cells;
mod columns;
mod encoding;
mod fields;
mod file;
mod filled;
mod grid;
mod places;
mod rows;
mod sent;
mod sheet;
mod words;
mod workbook;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::{ImportId, KeyId, PartnerId};
use super::text::{Fault, Text, pointer_step};

pub use cells::keyed;
pub use columns::Columns;
pub use fields::{Known, REFUSED_BECAUSE, fields, refused_because};
pub use file::FileRead;
pub use filled::{Filled, prose};
pub use rows::{Named, Row, RowReader};
pub use sent::{Cell, Choices, Sent, SentRow, Table};
pub use sheet::{Habits, Held, Record, Records, Sheet};
pub use workbook::ABOUT;

/// The largest file, in bytes (10 MiB).
pub const MOST_BYTES: usize = 10 * 1024 * 1024;
/// The most rows of one file, without its heading and blank lines.
pub const MOST_ROWS: i64 = 50_000;
/// The most rows of a partner's own file. An import holds the one writer for as long as it takes, and no single
/// partner needs to hold it for long.
pub const MOST_OWN_ROWS: i64 = 1_000;
/// The most columns of one file.
pub const MOST_COLUMNS: usize = 200;

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportKind)]
pub enum Kind {
    Partners,
    Commitments,
    Initiatives,
    /// Lines of drafts: an answer, or what came of an initiative.
    Reports,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Partners, Kind::Commitments, Kind::Initiatives, Kind::Reports];
    pub const WORDS: [&str; 4] = ["partners", "commitments", "initiatives", "reports"];

    pub fn word(self) -> &'static str {
        match self {
            Kind::Partners => "partners",
            Kind::Commitments => "commitments",
            Kind::Initiatives => "initiatives",
            Kind::Reports => "reports",
        }
    }

    /// What rows of this kind are called in Danish.
    pub fn danish(self) -> &'static str {
        match self {
            Kind::Partners => "partnere",
            Kind::Commitments => "valgte indsatsområder",
            Kind::Initiatives => "initiativer",
            Kind::Reports => "rapporter",
        }
    }

    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What becomes of the other rows where one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportMode)]
pub enum Mode {
    /// None is taken.
    Atomic,
    /// They are taken.
    Partial,
}

impl Mode {
    pub const WORDS: [&str; 2] = ["atomic", "partial"];

    pub fn word(self) -> &'static str {
        match self {
            Mode::Atomic => "atomic",
            Mode::Partial => "partial",
        }
    }

    pub fn parse(word: &str) -> Option<Mode> {
        [Mode::Atomic, Mode::Partial].into_iter().find(|mode| mode.word() == word)
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ImportOutcome)]
pub enum Outcome {
    Created,
    Updated,
    Unchanged,
    Refused,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Refused => "refused",
        }
    }
}

/// How many rows came to what. The four add up to the rows read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub refused: i64,
}

impl Counts {
    pub fn add(&mut self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Created => &mut self.created,
            Outcome::Updated => &mut self.updated,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::Refused => &mut self.refused,
        };
        *count += 1;
    }

    pub fn rows(&self) -> i64 {
        self.created + self.updated + self.unchanged + self.refused
    }
}

/// Something to know about a file or one of its rows: why it was refused, or what was warned about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The column's heading, as the file has it; the field's name where the file lacks the column; none
    /// where it is about the whole row or file.
    pub column: Option<String>,
    /// Kebab-case, stable.
    pub code: Cow<'static, str>,
    pub detail: Text,
}

impl Remark {
    pub fn new(
        column: Option<String>,
        code: &'static str,
        da: impl Into<String>,
        en: impl Into<String>,
    ) -> Remark {
        Remark { column, code: Cow::Borrowed(code), detail: Text::new(da, en) }
    }
}

impl Remark {
    /// As a fault of the file's row: `/rows/12/sector`.
    pub fn fault(&self, row: i64) -> Fault {
        let column = self.column.as_ref().map(|column| format!("/{}", pointer_step(column)));
        // What comes from the database is told as it stands there; only a run's own remarks are faults.
        let code = match self.code {
            Cow::Borrowed(code) => code,
            Cow::Owned(_) => "row-refused",
        };
        let pointer = format!("/rows/{row}{}", column.unwrap_or_default());
        Fault { pointer, code, detail: self.detail.clone() }
    }
}

/// A row that was not simply taken, with all there is to say of it: at least one remark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remarked {
    /// The heading is row 1; a cell with line breaks is in one row, a blank line is one.
    pub row: i64,
    pub outcome: Outcome,
    pub remarks: Vec<Remark>,
}

/// A file that was taken in, or tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// None where nothing was written.
    pub id: Option<ImportId>,
    pub kind: Kind,
    pub mode: Mode,
    pub received_at: DateTime<Utc>,
    pub actor: KeyId,
    /// The partner whose own rows they are; none where it was the secretariat's.
    pub partner: Option<PartnerId>,
    /// Of the file, hexadecimal.
    pub sha256: String,
    pub bytes: i64,
    pub counts: Counts,
    /// Of its entry; none where nothing was written.
    pub journal_seq: Option<i64>,
    /// About the file.
    pub warnings: Vec<Remark>,
    pub rows: Vec<Remarked>,
}

/// A fault of the file as a whole, or of one row's form: the pointer names the row, and the column where
/// there is one.
fn fault_at(row: i64, code: &'static str, da: impl Into<String>, en: impl Into<String>) -> Fault {
    Fault::new(format!("/rows/{row}"), code, da, en)
}
