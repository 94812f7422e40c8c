//! One part of a workbook as tags and texts. What declares entities is refused, so nothing can unfold by them.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::archive::{Part, truncated};
use crate::domain::text::Fault;

/// A workbook's own tags are at most a dozen deep.
const DEEPEST: usize = 64;

pub struct Xml<'a> {
    reader: Reader<Part<'a>>,
    buffer: Vec<u8>,
    depth: usize,
}

impl<'a> Xml<'a> {
    pub fn of(part: Part<'a>) -> Xml<'a> {
        Xml {
            reader: Reader::from_reader(part),
            buffer: Vec::new(),
            depth: 0,
        }
    }

    /// The next tag or text; none behind the last. Fails on what is no XML, goes too far, or is too deep.
    pub fn next(&mut self) -> Result<Option<Event<'_>>, Fault> {
        self.reader.get_mut().begin_piece();
        self.buffer.clear();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(_) => return Err(self.reader.get_ref().fault()),
        };
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => return Err(declares_entities()),
            Event::Eof if self.depth > 0 => return Err(truncated()),
            Event::Eof => return Ok(None),
            _ => {}
        }
        if self.depth > DEEPEST {
            return Err(truncated());
        }
        Ok(Some(event))
    }
}

/// The tag's name without its prefix.
pub fn name<'b>(tag: &'b BytesStart<'_>) -> &'b str {
    tag.local_name().into_inner()
}

/// An attribute's value, by its name without prefix.
pub fn attribute(tag: &BytesStart<'_>, wanted: &str) -> Option<String> {
    // The check for two alike compares each with each.
    let mut attributes = tag.attributes();
    let found = attributes
        .with_checks(false)
        .filter_map(Result::ok)
        .find(|attribute| attribute.key.local_name().into_inner() == wanted)?;
    let value = found.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
    Some(value.into_owned())
}

pub fn is_set(tag: &BytesStart<'_>, wanted: &str) -> bool {
    attribute(tag, wanted).is_some_and(|value| matches!(value.as_str(), "1" | "true" | "on"))
}

/// Adds what a text says, with references to characters and the five named ones resolved.
pub fn add_text(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(said) => text.push_str(&said.xml10_content()),
        Event::CData(said) => text.push_str(&said.xml10_content()),
        Event::GeneralRef(reference) => match reference.resolve_char_ref() {
            Ok(Some(character)) => text.push(character),
            _ => text.push_str(match &*reference.xml10_content() {
                "amp" => "&",
                "lt" => "<",
                "gt" => ">",
                "quot" => "\"",
                "apos" => "'",
                _ => "\u{fffd}",
            }),
        },
        _ => {}
    }
}

fn declares_entities() -> Fault {
    Fault::new(
        "",
        "xml-declares-entities",
        "Regnearket indeholder en DTD, som Excel aldrig skriver. Det læses ikke.",
        "The workbook has a DTD, which Excel never writes. It is not read.",
    )
}
