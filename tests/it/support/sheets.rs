//! Workbooks for tests: as Excel writes them, and as nobody should.

use std::io::{Cursor, Write};

use rust_xlsxwriter::{Workbook, Worksheet};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

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
