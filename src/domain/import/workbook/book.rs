//! What a workbook's parts say of its sheets, formats and texts.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::archive::{Archive, truncated, unfolds_too_far};
use super::numbers::{Shown, built_in, of_code};
use super::xml::{Xml, add_text, attribute, is_set, name};
use crate::domain::text::Fault;

/// Where every writer of XLSX puts it.
pub const WORKBOOK: &str = "xl/workbook.xml";
const RELATIONS: &str = "xl/_rels/workbook.xml.rels";
const STYLES: &str = "xl/styles.xml";
const STRINGS: &str = "xl/sharedStrings.xml";

const MOST_SHEETS: usize = 1000;
const MOST_FORMATS: usize = 100_000;
/// Of all shared texts together, in bytes (40 MiB).
const LONGEST_TEXT: usize = 40 * 1024 * 1024;
const MOST_STRINGS: usize = 2_000_000;

#[derive(Debug)]
pub struct SheetPart {
    pub name: String,
    pub is_visible: bool,
    /// Its part's name; empty where that is no sheet of cells.
    pub part: String,
}

/// What is needed to read a sheet's cells.
#[derive(Debug)]
pub struct Book {
    /// Whether day 0 is 1 January 1904, as older Macs have it.
    pub is_1904: bool,
    pub sheets: Vec<SheetPart>,
    /// By a cell's `s`.
    formats: Vec<Shown>,
    texts: String,
    /// Where each shared text ends in `texts`.
    ends: Vec<usize>,
}

impl Book {
    pub fn read(archive: &mut Archive) -> Result<Book, Fault> {
        let parts = relations(archive)?;
        let (is_1904, mut sheets) = sheets(archive)?;
        for sheet in &mut sheets {
            sheet.part = parts.get(&sheet.part).cloned().unwrap_or_default();
        }
        let formats = formats(archive)?;
        let (texts, ends) = texts(archive)?;
        Ok(Book { is_1904, sheets, formats, texts, ends })
    }

    pub fn first_visible(&self) -> Option<&SheetPart> {
        self.sheets.iter().find(|sheet| sheet.is_visible && !sheet.part.is_empty())
    }

    pub fn text(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let begin = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.texts.get(begin.unwrap_or(0)..end)
    }

    pub fn shown(&self, format: Option<usize>) -> Shown {
        let format = format.unwrap_or(0);
        self.formats.get(format).copied().unwrap_or(Shown::Number)
    }
}

/// Sheets' parts, by their relations' ids.
fn relations(archive: &mut Archive) -> Result<HashMap<String, String>, Fault> {
    let mut parts = HashMap::new();
    let Some(part) = archive.part(RELATIONS)? else { return Err(truncated()) };
    let mut xml = Xml::of(part);
    while let Some(event) = xml.next()? {
        let (Event::Start(tag) | Event::Empty(tag)) = &event else { continue };
        let kind = attribute(tag, "Type").unwrap_or_default();
        let (Some(id), Some(target)) = (attribute(tag, "Id"), attribute(tag, "Target")) else {
            continue;
        };
        if name(tag) != "Relationship" || !kind.ends_with("/worksheet") || parts.len() >= MOST_SHEETS {
            continue;
        }
        let part = match target.strip_prefix('/') {
            Some(whole) => whole.to_owned(),
            None => format!("xl/{target}"),
        };
        parts.insert(id, part);
    }
    Ok(parts)
}

/// The 1904 flag, and the sheets with their relations' ids for parts.
fn sheets(archive: &mut Archive) -> Result<(bool, Vec<SheetPart>), Fault> {
    let (mut is_1904, mut sheets) = (false, Vec::new());
    let Some(part) = archive.part(WORKBOOK)? else { return Err(truncated()) };
    let mut xml = Xml::of(part);
    while let Some(event) = xml.next()? {
        let (Event::Start(tag) | Event::Empty(tag)) = &event else { continue };
        match name(tag) {
            "workbookPr" => is_1904 = is_set(tag, "date1904"),
            "sheet" if sheets.len() < MOST_SHEETS => sheets.push(SheetPart {
                name: attribute(tag, "name").unwrap_or_default(),
                is_visible: attribute(tag, "state").is_none_or(|state| state == "visible"),
                part: attribute(tag, "id").unwrap_or_default(),
            }),
            _ => {}
        }
    }
    Ok((is_1904, sheets))
}

fn formats(archive: &mut Archive) -> Result<Vec<Shown>, Fault> {
    let Some(part) = archive.part(STYLES)? else { return Ok(Vec::new()) };
    let (mut codes, mut formats, mut is_of_cells) = (HashMap::new(), Vec::new(), false);
    let mut xml = Xml::of(part);
    while let Some(event) = xml.next()? {
        match &event {
            Event::End(tag) if tag.local_name().into_inner() == "cellXfs" => is_of_cells = false,
            Event::Start(tag) if name(tag) == "cellXfs" => is_of_cells = true,
            Event::Start(tag) | Event::Empty(tag) => {
                let id = attribute(tag, "numFmtId").and_then(|id| id.parse::<u32>().ok());
                match (name(tag), id) {
                    ("numFmt", Some(id)) if codes.len() < MOST_FORMATS => {
                        let code = attribute(tag, "formatCode").unwrap_or_default();
                        codes.insert(id, of_code(&code));
                    }
                    ("xf", id) if is_of_cells && formats.len() < MOST_FORMATS => {
                        let id = id.unwrap_or(0);
                        formats.push(codes.get(&id).copied().unwrap_or_else(|| built_in(id)));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    Ok(formats)
}

/// The shared texts, one behind the other, and where each ends. Of a text in several fonts, its runs; how
/// Japanese is pronounced is left out.
fn texts(archive: &mut Archive) -> Result<(String, Vec<usize>), Fault> {
    let (mut texts, mut ends) = (String::new(), Vec::new());
    let Some(part) = archive.part(STRINGS)? else { return Ok((texts, ends)) };
    let (mut is_text, mut is_spoken) = (false, false);
    let mut xml = Xml::of(part);
    while let Some(event) = xml.next()? {
        match &event {
            Event::Start(tag) => match name(tag) {
                "t" => is_text = !is_spoken,
                "rPh" => is_spoken = true,
                _ => {}
            },
            Event::Empty(tag) if name(tag) == "si" => ends.push(texts.len()),
            Event::End(tag) => match tag.local_name().into_inner() {
                "t" => is_text = false,
                "rPh" => is_spoken = false,
                "si" => ends.push(texts.len()),
                _ => {}
            },
            text if is_text => add_text(&mut texts, text),
            _ => {}
        }
        if texts.len() > LONGEST_TEXT || ends.len() > MOST_STRINGS {
            return Err(unfolds_too_far());
        }
    }
    Ok((texts, ends))
}
