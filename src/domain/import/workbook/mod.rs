//! Workbooks (XLSX): their first sheet that can be seen, as the records that a CSV file has.
//!
//! `archive` opens the zip file with bounds, `xml` reads its parts, `book` what they say of sheets, formats and
//! texts, `table` a sheet's cells, `numbers` what a number is. Nothing is computed, followed or run: a formula is a
//! fault of its cell, macros and links to other workbooks are faults of the file.

mod archive;
mod book;
mod numbers;
mod table;
mod xml;

pub use numbers::day;
pub use table::is_recent;

use self::archive::{Archive, password_protected, truncated};
use self::book::Book;
use super::sheet::Grid;
use crate::domain::text::Fault;

const ZIP: &[u8] = b"PK\x03\x04";
/// A zip file without parts.
const EMPTY_ZIP: &[u8] = b"PK\x05\x06";
/// A compound file: an older workbook, or one with a password.
const COMPOUND: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];
/// What a file with a password keeps its content under, in UTF-16.
const ENCRYPTED: &[u8] = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
/// The sheet that our own templates say of themselves in.
pub const ABOUT: &str = "_facit";

/// What a workbook says.
#[derive(Debug)]
pub struct Workbook {
    pub grid: Grid,
    /// The rows of the sheet `_facit`: a name and its value.
    pub about: Vec<(String, String)>,
}

/// Whether the bytes begin as a zip file or a compound file does.
pub fn is_workbook(bytes: &[u8]) -> bool {
    [ZIP, EMPTY_ZIP, COMPOUND].iter().any(|magic| bytes.starts_with(magic))
}

/// Reads a workbook. Takes time and memory that are bounded whatever the bytes say: see `archive` and `table`.
///
/// Refused are, each by a code of its own: a file with a password, an older or foreign format, one that is cut
/// short, unfolds too far, declares entities, or has macros, links to other workbooks, no sheet that can be seen,
/// too many rows, columns or cells.
pub fn read(bytes: &[u8], most_rows: i64) -> Result<Workbook, Fault> {
    if bytes.starts_with(COMPOUND) {
        let has_password = bytes.windows(ENCRYPTED.len()).any(|at| at == ENCRYPTED);
        return Err(if has_password { password_protected() } else { old_workbook() });
    }
    let mut archive = Archive::open(bytes)?;
    refuse_foreign_parts(&archive)?;
    let book = Book::read(&mut archive)?;
    let sheet = book.first_visible().ok_or_else(no_sheet)?;
    let grid = table::read(&mut archive, &book, &sheet.part, most_rows)?.ok_or_else(truncated)?;
    let about = match book.sheets.iter().find(|sheet| sheet.name == ABOUT) {
        Some(sheet) => table::read(&mut archive, &book, &sheet.part, MOST_ABOUT)?,
        None => None,
    };
    Ok(Workbook {
        grid,
        about: about.map(|about| pairs(&about)).unwrap_or_default(),
    })
}

/// The most rows that a template says of itself in.
const MOST_ABOUT: i64 = 100;

fn pairs(about: &Grid) -> Vec<(String, String)> {
    let cells = about.records().map(|record| record.cells);
    cells
        .filter_map(|cells| Some((cells.first()?.clone(), cells.get(1)?.clone())))
        .collect()
}

fn refuse_foreign_parts(archive: &Archive) -> Result<(), Fault> {
    let has = |wanted: &dyn Fn(&str) -> bool| archive.names().any(wanted);
    if has(&|name| name.ends_with("vbaproject.bin") || name.contains("/macrosheets/")) {
        return Err(macros());
    }
    if has(&|name| name.contains("/externallinks/")) {
        return Err(external_links());
    }
    if !has(&|name| name == book::WORKBOOK) {
        return Err(not_xlsx());
    }
    Ok(())
}

fn old_workbook() -> Fault {
    Fault::new(
        "",
        "old-workbook",
        "Filen er i Excels gamle format (xls). Gem den som xlsx eller CSV, og send den igen.",
        "The file is in Excel's old format (xls). Save it as xlsx or CSV and send it again.",
    )
}

fn not_xlsx() -> Fault {
    Fault::new(
        "",
        "not-xlsx",
        "Filen er en zip-fil, men ikke et regneark i formatet xlsx.",
        "The file is a zip file, but no workbook of the format xlsx.",
    )
}

fn no_sheet() -> Fault {
    Fault::new(
        "",
        "no-sheet",
        "Regnearket har intet ark, der kan ses.",
        "The workbook has no sheet that can be seen.",
    )
}

fn macros() -> Fault {
    Fault::new(
        "",
        "macros",
        "Regnearket har makroer. Gem det som xlsx uden makroer, og send det igen.",
        "The workbook has macros. Save it as xlsx without macros and send it again.",
    )
}

fn external_links() -> Fault {
    Fault::new(
        "",
        "external-links",
        "Regnearket henter værdier fra andre filer. Indsæt dem som værdier, og send filen igen.",
        "The workbook takes values from other files. Paste them as values and send the file again.",
    )
}
