//! Workbooks for tests: as Excel writes them, and as nobody should.

use std::collections::HashSet;
use std::io::{Cursor, Read, Write};

use facit::domain::import::{ABOUT, FileRead, Held, Record};
use rust_xlsxwriter::{Workbook, Worksheet};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// What `fill` puts on its one sheet.
pub fn sheet(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().expect("a workbook")
}

/// Cells of text.
pub fn of_text(rows: &[&[&str]]) -> Vec<u8> {
    sheet(|sheet| {
        for (row, cells) in (0..).zip(rows) {
            for (column, cell) in (0..).zip(*cells) {
                if !cell.is_empty() {
                    sheet.write_string(row, column, *cell).expect("a cell");
                }
            }
        }
    })
}

const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BOOK: &str =
    r#"<workbook xmlns:r="x"><sheets><sheet name="Ark1" sheetId="1" r:id="rId1"/></sheets></workbook>"#;

/// The parts of a workbook of one sheet, whose XML is `sheet`.
pub fn parts(sheet: &str) -> Vec<(String, Vec<u8>)> {
    let part = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
    vec![
        part("xl/workbook.xml", BOOK),
        part("xl/_rels/workbook.xml.rels", RELATIONS),
        part("xl/worksheets/sheet1.xml", sheet),
    ]
}

pub fn zipped(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("its bytes");
    }
    zip.finish().expect("a zip file").into_inner()
}

/// One sheet by its rows' XML.
pub fn of_rows(rows: &str) -> Vec<u8> {
    zipped(&parts(&format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")))
}

/// `<c r="A1" t="inlineStr">…`.
pub fn cell(place: &str, text: &str) -> String {
    format!("<c r=\"{place}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// A workbook that was got, as somebody fills it in.
pub struct Filling {
    pub headings: Vec<String>,
    /// Below the heading.
    pub rows: Vec<Vec<String>>,
    /// Cells that hold numbers: the row and the column.
    numbers: HashSet<(usize, usize)>,
    about: Vec<(String, String)>,
}

impl Filling {
    pub fn open(file: &[u8]) -> Filling {
        let read = FileRead::read(file, true).map_err(|fault| fault.code).expect("a workbook");
        let records: Vec<Record> = read.sheet.rows().collect();
        let of_numbers = |(row, record): (usize, &Record)| {
            let held = record.held.iter().filter(|(_, held)| *held == Held::Number);
            held.map(|(column, _)| (row, *column)).collect::<Vec<_>>()
        };
        Filling {
            headings: read.sheet.heading.cells.clone(),
            numbers: records.iter().enumerate().flat_map(of_numbers).collect(),
            rows: records.into_iter().map(|record| record.cells).collect(),
            about: read.about,
        }
    }

    fn column(&self, heading: &str) -> usize {
        let place = self.headings.iter().position(|known| known == heading);
        place.unwrap_or_else(|| panic!("no {heading} in {:?}", self.headings))
    }

    /// The cells under a heading.
    pub fn cells(&self, heading: &str) -> Vec<&str> {
        let column = self.column(heading);
        self.rows.iter().map(|row| row[column].as_str()).collect()
    }

    /// The first row that says this under this heading.
    pub fn row(&self, heading: &str, cell: &str) -> usize {
        let place = self.cells(heading).iter().position(|known| *known == cell);
        place.unwrap_or_else(|| panic!("no {cell} in {:?}", self.cells(heading)))
    }

    pub fn text(&mut self, row: usize, heading: &str, text: &str) {
        let column = self.column(heading);
        self.numbers.remove(&(row, column));
        self.rows[row][column] = text.to_owned();
    }

    pub fn number(&mut self, row: usize, heading: &str, digits: &str) {
        self.text(row, heading, digits);
        self.numbers.insert((row, self.column(heading)));
    }

    pub fn save(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (column, heading) in (0..).zip(&self.headings) {
            sheet.write_string(0, column, heading).expect("a heading");
        }
        for (row, cells) in self.rows.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let (below, across) = (row as u32 + 1, column as u16);
                match self.numbers.contains(&(row, column)) {
                    true => sheet.write_number(below, across, cell.parse::<f64>().expect("a number")),
                    false => sheet.write_string(below, across, cell),
                }
                .expect("a cell");
            }
        }
        let hidden = book.add_worksheet();
        hidden.set_name(ABOUT).expect("a name").set_very_hidden(true);
        for (row, (name, value)) in (0..).zip(&self.about) {
            hidden.write_string(row, 0, name).expect("a name");
            hidden.write_string(row, 1, value).expect("a value");
        }
        book.save_to_buffer().expect("a workbook")
    }
}

/// One part of a workbook, as text.
pub fn part(file: &[u8], name: &str) -> String {
    let mut zip = ZipArchive::new(Cursor::new(file)).expect("a zip file");
    let mut text = String::new();
    zip.by_name(name).expect("the part").read_to_string(&mut text).expect("text");
    text
}
