//! The zip file. One that comes from elsewhere is bounded while it is read, and has no path that leads out of it.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// Contents by their paths.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The most files.
const MOST_FILES: usize = 10_000;
/// The most that all may unfold to, in bytes (1 GiB).
const MOST_UNFOLDED: u64 = 1 << 30;
/// How many times its size a file may unfold to.
const MOST_TIMES: u64 = 1000;
/// Below this, in bytes, nobody counts how many times.
const SMALL: u64 = 1 << 20;
/// So much of a file that is not kept is read at a time.
const PIECE: usize = 1 << 16;
const END_HEADER: &[u8] = b"PK\x05\x06";

/// Why a zip file is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadZip {
    /// It is none, or is cut short or damaged.
    Broken(String),
    Encrypted(String),
    TooMany,
    UnfoldsTooFar(String),
    /// It leads out of the folder that it would be unpacked into, or is there twice.
    BadPath(String),
}

impl fmt::Display for BadZip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadZip::Broken(cause) => write!(f, "it is no whole zip file: {cause}"),
            BadZip::Encrypted(path) => write!(f, "{path:?} is encrypted"),
            BadZip::TooMany => write!(f, "it has more than {MOST_FILES} files"),
            BadZip::UnfoldsTooFar(path) => write!(f, "{path:?} unfolds too far"),
            BadZip::BadPath(path) => write!(f, "{path:?} is no path of a bundle, or is there twice"),
        }
    }
}

/// Folds files into a zip file; the same files give the same bytes.
pub fn zip(files: &Files) -> Result<Vec<u8>, String> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default());
    for (path, content) in files {
        zip.start_file(path.as_str(), options).map_err(|e| e.to_string())?;
        zip.write_all(content).map_err(|e| e.to_string())?;
    }
    Ok(zip.finish().map_err(|e| e.to_string())?.into_inner())
}

/// Unfolds a zip file into memory.
pub fn unzip(bytes: &[u8]) -> Result<Files, BadZip> {
    unzip_apart(bytes, "", &mut |_| {})
}

/// The same, but for one file that may be long: it is handed on in pieces, the last of which is empty, and not
/// kept. `lines` reads it again.
pub fn unzip_apart(bytes: &[u8], apart: &str, piece: &mut dyn FnMut(&[u8])) -> Result<Files, BadZip> {
    let broken = |e: zip::result::ZipError| BadZip::Broken(e.to_string());
    let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if zip.len() > MOST_FILES {
        return Err(BadZip::TooMany);
    }
    if claimed(bytes) != Some(zip.len()) {
        return Err(BadZip::BadPath("a file".to_owned()));
    }
    let mut files = Files::new();
    let mut left = MOST_UNFOLDED;
    for place in 0..zip.len() {
        let raw = zip.by_index_raw(place).map_err(broken)?;
        let path = raw.name().map_err(broken)?.into_owned();
        if raw.encrypted() {
            return Err(BadZip::Encrypted(path));
        }
        if !is_path(&path) {
            return Err(BadZip::BadPath(path));
        }
        drop(raw);
        let file = zip.by_index(place).map_err(broken)?;
        let most = left.min(SMALL.max(file.compressed_size().saturating_mul(MOST_TIMES)));
        let mut content = Vec::new();
        let mut file = file.take(most + 1);
        let read = match path == apart {
            true => hand_on(&mut file, piece),
            false => file.read_to_end(&mut content),
        };
        let read = read.map_err(|e| BadZip::Broken(format!("{path}: {e}")))? as u64;
        if read > most {
            return Err(BadZip::UnfoldsTooFar(path));
        }
        left -= read;
        if path != apart {
            files.insert(path, content);
        }
    }
    Ok(files)
}

fn hand_on(file: &mut impl Read, piece: &mut dyn FnMut(&[u8])) -> std::io::Result<usize> {
    let mut buffer = vec![0; PIECE];
    let mut all = 0;
    loop {
        let read = file.read(&mut buffer)?;
        let content = buffer.get(..read).unwrap_or_default();
        piece(content);
        if content.is_empty() {
            return Ok(all);
        }
        all += read;
    }
}

/// The lines of a file, one at a time, each with its end if it has one. Of a zip file that was unfolded before, so that it
/// is whole and bounded.
pub fn lines(bytes: &[u8], path: &str, line: &mut dyn FnMut(&[u8])) {
    let Ok(mut zip) = ZipArchive::new(Cursor::new(bytes)) else { return };
    let Ok(file) = zip.by_name(path) else { return };
    let mut file = BufReader::with_capacity(PIECE, file);
    let mut content = Vec::new();
    while file.read_until(b'\n', &mut content).is_ok_and(|read| read > 0) {
        line(&content);
        content.clear();
    }
}

/// How many files the end of the file says that there are: the reader keeps one of two of the same path.
fn claimed(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(END_HEADER.len()).rposition(|at| at == END_HEADER)?;
    let count = bytes.get(end + 10..end + 12)?;
    Some(usize::from(u16::from_le_bytes(count.try_into().ok()?)))
}

/// Steps of plain characters, none of which leads up.
fn is_path(path: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    path.split('/')
        .all(|step| !step.is_empty() && step != "." && step != ".." && step.chars().all(is_plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (path, content) in files {
            zip.start_file(*path, SimpleFileOptions::default()).expect("a file");
            zip.write_all(content).expect("its content");
        }
        zip.finish().expect("a zip").into_inner()
    }

    #[test]
    fn what_is_folded_unfolds_as_it_was() {
        let files = Files::from([("a.json".to_owned(), b"{}".to_vec()), ("b/1.txt".to_owned(), vec![])]);
        let bytes = zip(&files).expect("a zip");
        assert_eq!(unzip(&bytes), Ok(files.clone()));
        assert_eq!(zip(&files), Ok(bytes), "the same bytes each time");
    }

    #[test]
    fn a_file_apart_comes_in_pieces_and_again_line_by_line() {
        let long: String = (0..20_000).map(|n| format!("{n}\n")).chain(["the end".to_owned()]).collect();
        let files =
            Files::from([("a.json".to_owned(), b"{}".to_vec()), ("b".to_owned(), long.clone().into())]);
        let bytes = zip(&files).expect("a zip");
        let (mut pieces, mut read) = (Vec::new(), Vec::new());
        let others = unzip_apart(&bytes, "b", &mut |piece| pieces.push(piece.to_vec())).expect("files");
        assert_eq!(others.keys().collect::<Vec<_>>(), ["a.json"]);
        assert!(pieces.len() > 1 && pieces.concat() == long.as_bytes());
        lines(&bytes, "b", &mut |line| read.push(line.to_vec()));
        assert_eq!((read.len(), read.concat()), (20_001, long.into_bytes()));
        lines(&bytes, "c", &mut |_| panic!("there is none"));
    }

    #[test]
    fn what_would_lead_out_of_it_is_refused() {
        for path in ["../a", "a/../../b", "/a", "a\\b", "a//b", "./a", "é"] {
            let refused = unzip(&folded(&[(path, b"x")]));
            assert!(matches!(refused, Err(BadZip::BadPath(_))), "{path}: {refused:?}");
        }
    }

    #[test]
    fn one_path_twice_is_refused() {
        let bytes = folded(&[("aaaa", b"one"), ("bbbb", b"two")]);
        let text: Vec<u8> = bytes
            .windows(4)
            .scan(0, |skip, at| {
                if *skip > 0 {
                    *skip -= 1;
                    return Some(vec![]);
                }
                *skip = if at == b"bbbb" { 3 } else { 0 };
                Some(if at == b"bbbb" {
                    b"aaaa".to_vec()
                } else {
                    at.first().copied().into_iter().collect()
                })
            })
            .flatten()
            .chain(bytes[bytes.len() - 3..].iter().copied())
            .collect();
        assert_eq!(text.len(), bytes.len());
        assert!(matches!(unzip(&text), Err(BadZip::BadPath(_))), "{:?}", unzip(&text));
    }

    #[test]
    fn a_bomb_is_stopped_and_rubbish_is_none() {
        let bomb = folded(&[("a", &vec![0; 3 << 20])]);
        assert_eq!(unzip(&bomb), Err(BadZip::UnfoldsTooFar("a".to_owned())));
        for rubbish in [b"".as_slice(), b"PK", &bomb[..bomb.len() / 2]] {
            assert!(matches!(unzip(rubbish), Err(BadZip::Broken(_))));
        }
    }
}
