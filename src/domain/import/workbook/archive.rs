//! The zip file that a workbook is, opened with bounds: what a few bytes claim or unfold to is looked at before,
//! and counted while, it is unfolded.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use zip::ZipArchive;

use crate::domain::text::Fault;

/// The most parts of a workbook.
const MOST_PARTS: usize = 4096;
/// The most that all parts may unfold to, in bytes (100 MiB).
const MOST_UNFOLDED: u64 = 100 * 1024 * 1024;
/// How many times its size a part may unfold to. Tables of numbers and words come to 30; above 1,000 zip can't.
const MOST_TIMES: u64 = 250;
/// Below this, in bytes, nobody counts how many times.
const SMALL: u64 = 1024 * 1024;
/// The longest single tag or text, in bytes. Excel's longest cell has 32,767 characters.
const LONGEST_PIECE: u64 = 1024 * 1024;

const CENTRAL_HEADER: &[u8] = b"PK\x01\x02";

/// A workbook's parts, by their names.
pub struct Archive<'a> {
    zip: ZipArchive<Cursor<&'a [u8]>>,
    /// In lower case: names of parts have no case.
    places: HashMap<String, usize>,
    /// How much may be unfolded still, in bytes.
    left: u64,
}

impl<'a> Archive<'a> {
    /// Reads the list of parts. Refuses what is cut short, has a password, or claims too much.
    pub fn open(bytes: &'a [u8]) -> Result<Archive<'a>, Fault> {
        if bytes.windows(CENTRAL_HEADER.len()).filter(|at| *at == CENTRAL_HEADER).count() > MOST_PARTS {
            return Err(unfolds_too_far());
        }
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|_| truncated())?;
        let (mut places, mut claimed) = (HashMap::new(), 0_u64);
        for place in 0..zip.len() {
            let part = zip.by_index_raw(place).map_err(|_| truncated())?;
            if part.encrypted() {
                return Err(password_protected());
            }
            claimed = claimed.saturating_add(part.size());
            let name = part.name().map_err(|_| truncated())?.to_ascii_lowercase();
            places.insert(name.trim_start_matches('/').to_owned(), place);
        }
        if claimed > MOST_UNFOLDED {
            return Err(unfolds_too_far());
        }
        Ok(Archive { zip, places, left: MOST_UNFOLDED })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    pub fn part(&mut self, name: &str) -> Result<Option<Part<'_>>, Fault> {
        let Some(place) = self.places.get(&name.to_ascii_lowercase()) else { return Ok(None) };
        let file = self.zip.by_index(*place).map_err(|_| truncated())?;
        Ok(Some(Part {
            folded: file.compressed_size(),
            inner: BufReader::with_capacity(64 * 1024, Box::new(file)),
            left: &mut self.left,
            unfolded: 0,
            since_piece: 0,
            is_stopped: false,
        }))
    }
}

/// One part while it is unfolded. It ends with an error where it goes too far.
pub struct Part<'a> {
    inner: BufReader<Box<dyn Read + 'a>>,
    left: &'a mut u64,
    /// Its size in the file, in bytes.
    folded: u64,
    unfolded: u64,
    since_piece: u64,
    is_stopped: bool,
}

impl Part<'_> {
    /// A new tag or text begins here.
    pub fn begin_piece(&mut self) {
        self.since_piece = 0;
    }

    /// Why it could not be read on.
    pub fn fault(&self) -> Fault {
        if self.is_stopped { unfolds_too_far() } else { truncated() }
    }

    fn goes_too_far(&self) -> bool {
        let times = self.unfolded / self.folded.max(1);
        *self.left == 0
            || self.since_piece > LONGEST_PIECE
            || (self.unfolded > SMALL && times > MOST_TIMES)
    }
}

impl BufRead for Part<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.goes_too_far() {
            self.is_stopped = true;
            return Err(io::Error::other("the part unfolds too far"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        let read = amount as u64;
        self.unfolded = self.unfolded.saturating_add(read);
        self.since_piece = self.since_piece.saturating_add(read);
        *self.left = self.left.saturating_sub(read);
        self.inner.consume(amount);
    }
}

impl Read for Part<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

pub fn truncated() -> Fault {
    Fault::new(
        "",
        "file-truncated",
        "Filen er beskadiget eller kom ikke helt med. Gem den igen i Excel, og send den igen.",
        "The file is damaged or was cut short. Save it again in Excel and send it again.",
    )
}

pub fn password_protected() -> Fault {
    Fault::new(
        "",
        "password-protected",
        "Filen er beskyttet med en adgangskode. Gem den uden, og send den igen.",
        "The file is protected by a password. Save it without one and send it again.",
    )
}

pub fn unfolds_too_far() -> Fault {
    Fault::new(
        "",
        "zip-bomb",
        "Filen fylder for meget, når den pakkes ud. Gem kun tabellen i en ny fil, og send den.",
        "The file is too large when it is unpacked. Save only the table in a new file and send that.",
    )
}
