//! Tables on their way out: as CSV that Excel opens by itself, and as workbooks.

use chrono::{DateTime, Utc};
use csv::{Terminator, WriterBuilder};
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, FormatAlign,
    Formula, Workbook, Worksheet, XlsxError,
};

use super::answer::Answer;
use super::upload::XLSX;
use crate::domain::import::{ABOUT, Cell, Choices, MOST_ROWS, Table};
use crate::domain::text::Language;

/// What a drop-down's words may come to in the sheet itself, in characters.
const LONGEST_LIST: usize = 255;
/// The sheet that longer lists stand in.
const LISTS: &str = "_lister";
/// What a workbook's cell holds, in characters.
const LONGEST_CELL: usize = 32_767;
/// More digits a workbook does not keep.
const DIGITS: usize = 15;
/// Excel's own number for the form `@`: what is typed is text.
const TEXT: u8 = 49;
/// In characters; longer ones wrap.
const WIDEST: usize = 40;

/// How a table is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    Csv,
    Xlsx,
}

/// The table as a file of this name. `separator` parts the cells of CSV; where none is said, a semicolon in Danish
/// and a comma in English. Danish numbers have a decimal comma.
pub fn answer(
    table: &Table,
    form: FileForm,
    (name, separator): (&str, Option<char>),
    (language, now): (Language, DateTime<Utc>),
) -> Answer {
    let usual = if language == Language::Da { ';' } else { ',' };
    let (media, ending, bytes) = match form {
        FileForm::Csv => {
            ("text/csv; charset=utf-8; header=present", "csv", csv(table, separator.unwrap_or(usual)))
        }
        // Into memory, and within a sheet's bounds: there is nothing to fail.
        FileForm::Xlsx => (XLSX, "xlsx", workbook(table, now).unwrap_or_default()),
    };
    let disposition = format!("attachment; filename=\"{name}.{ending}\"");
    Answer::bytes(media, bytes).with_header("content-disposition", disposition)
}

fn csv(table: &Table, separator: char) -> Vec<u8> {
    let mut sheet = WriterBuilder::new()
        .delimiter(u8::try_from(separator).unwrap_or(b','))
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer("\u{feff}".as_bytes().to_vec());
    let _ = sheet.write_record(table.headings.iter().map(|heading| harmless(heading)));
    for row in &table.rows {
        let _ = sheet.write_record(row.iter().map(|cell| match cell {
            Cell::Number(digits) if separator == ',' => digits.clone(),
            Cell::Number(digits) => digits.replace('.', ","),
            Cell::Text(text) => harmless(text),
        }));
    }
    sheet.into_inner().unwrap_or_default()
}

/// What a spreadsheet would run gets an apostrophe in front, which the importer takes away again. A stroke alone
/// says that there is none, and runs nothing.
fn harmless(text: &str) -> String {
    let begin = text.trim_start();
    match begin.starts_with(['=', '+', '-', '@']) && begin != "-" {
        true => format!("'{begin}"),
        false => text.to_owned(),
    }
}

fn workbook(table: &Table, now: DateTime<Utc>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made_at = ExcelDateTime::parse_from_str(&now.format("%Y-%m-%dT%H:%M:%S").to_string())?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made_at));
    let text = Format::new().set_num_format_index(TEXT).set_text_wrap();
    // Not Excel's default in every way: an empty cell of that form would not be written.
    let number = Format::new().set_align(FormatAlign::Right);
    let heading = Format::new().set_bold().set_num_format_index(TEXT);
    let mut lists: Vec<&[String]> = Vec::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Facit")?.set_freeze_panes(1, 0)?;
    for (column, title) in (0_u16..).zip(&table.headings) {
        let is_of_numbers = is_of_numbers(table, column);
        // Text stays what is typed: 03-04 is no day.
        sheet.set_column_format(column, if is_of_numbers { &number } else { &text })?;
        let widest = column_of(table, column).map(length).chain([title.chars().count()]).max();
        sheet.set_column_width(
            column,
            u16::try_from(widest.unwrap_or(8).clamp(8, WIDEST) + 2).unwrap_or(10),
        )?;
        sheet.write_string_with_format(0, column, cut(title), &heading)?;
    }
    for (row, cells) in (1_u32..).zip(&table.rows) {
        for (column, cell) in (0_u16..).zip(cells) {
            write(sheet, (row, column), cell, (&text, &number))?;
        }
    }
    for Choices { row, column, words, is_open } in &table.choices {
        let column = u16::try_from(*column).unwrap_or_default();
        let (first, last) = match row {
            Some(row) => (*row, *row),
            None => (0, usize::try_from(MOST_ROWS).unwrap_or_default() - 1),
        };
        let [first, last] = [first, last].map(|row| u32::try_from(row + 1).unwrap_or(1));
        let length: usize = words.iter().map(|word| word.chars().count() + 1).sum();
        let validation = match length > LONGEST_LIST || words.iter().any(|word| word.contains(',')) {
            false => DataValidation::new().allow_list_strings(words)?,
            true => {
                lists.push(words);
                DataValidation::new().allow_list_formula(place_of(lists.len(), words.len()))
            }
        };
        // The importer judges: it takes a stroke, and several choices, which no list has.
        let style = DataValidationErrorStyle::Warning;
        let validation = validation.set_error_style(style).show_error_message(!is_open);
        sheet.add_data_validation(first, column, last, column, &validation)?;
    }
    if !lists.is_empty() {
        let sheet = book.add_worksheet();
        sheet.set_name(LISTS)?.set_hidden(true);
        for (column, words) in (0_u16..).zip(lists) {
            for (row, word) in (0_u32..).zip(words) {
                sheet.write_string(row, column, word)?;
            }
        }
    }
    if !table.about.is_empty() {
        let sheet = book.add_worksheet();
        sheet.set_name(ABOUT)?.set_very_hidden(true);
        for (row, (name, value)) in (0_u32..).zip(&table.about) {
            sheet.write_string(row, 0, name)?;
            sheet.write_string(row, 1, value)?;
        }
    }
    book.save_to_buffer()
}

fn column_of(table: &Table, column: u16) -> impl Iterator<Item = &Cell> {
    table.rows.iter().filter_map(move |row| row.get(usize::from(column)))
}

/// Some number, and no text.
fn is_of_numbers(table: &Table, column: u16) -> bool {
    let is_number = |cell: &Cell| matches!(cell, Cell::Number(_));
    let is_text = |cell: &Cell| matches!(cell, Cell::Text(said) if !said.is_empty());
    column_of(table, column).any(is_number) && !column_of(table, column).any(is_text)
}

fn length(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) | Cell::Number(text) => text.chars().count(),
    }
}

fn has_room(digits: &str) -> bool {
    digits.bytes().filter(u8::is_ascii_digit).count() <= DIGITS
}

/// A number that a workbook would round is written as text. Empty cells have their form as well: an answer in
/// words and one in numbers stand in the same column.
fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Cell,
    (text, number): (&Format, &Format),
) -> Result<(), XlsxError> {
    match cell {
        Cell::Text(said) if said.is_empty() => sheet.write_blank(row, column, text).map(drop),
        Cell::Number(digits) if digits.is_empty() => sheet.write_blank(row, column, number).map(drop),
        Cell::Text(said) => sheet.write_string_with_format(row, column, cut(said), text).map(drop),
        Cell::Number(digits) => match digits.parse::<f64>() {
            Ok(value) if value.is_finite() && has_room(digits) => {
                sheet.write_number_with_format(row, column, value, number).map(drop)
            }
            _ => sheet.write_string_with_format(row, column, digits, text).map(drop),
        },
    }
}

/// As much as a cell holds.
fn cut(text: &str) -> String {
    text.chars().take(LONGEST_CELL).collect()
}

/// Where the list of this number stands, from 1: `'_lister'!$B$1:$B$98`.
fn place_of(list: usize, length: usize) -> Formula {
    let mut letters = String::new();
    let mut rest = list;
    while rest > 0 {
        let letter = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.insert(0, char::from(b'A' + letter));
        rest = (rest - 1) / 26;
    }
    Formula::new(format!("'{LISTS}'!${letters}$1:${letters}${length}"))
}
