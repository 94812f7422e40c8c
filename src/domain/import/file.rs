//! A file as it was sent: text or a workbook, told by its first bytes.

use sha2::{Digest, Sha256};

use super::encoding::decode;
use super::workbook::{self, Workbook};
use super::{MOST_BYTES, MOST_ROWS, Remark, Sheet};
use crate::domain::journal::hex;
use crate::domain::text::Fault;

/// How files begin that are neither text nor workbooks, whatever their names say.
const FOREIGN: [&[u8]; 8] =
    [b"%PDF", b"\x89PNG", b"GIF8", b"\xFF\xD8\xFF", b"{\\rtf", b"<html", b"<!DOCTYPE", b"<?xml"];

/// A file that was read to its end, before anything is looked up or written.
#[derive(Debug)]
pub struct FileRead {
    pub sheet: Sheet,
    pub warnings: Vec<Remark>,
    /// What one of our own templates says of itself: a name and its value.
    pub about: Vec<(String, String)>,
    /// Hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: i64,
}

impl FileRead {
    /// Reads the bytes. `is_said_xlsx`: the sender says that it is a workbook. Refused is what can't be read as a
    /// whole, by a code of its own and, where there is one, the row.
    pub fn read(bytes: &[u8], is_said_xlsx: bool) -> Result<FileRead, Fault> {
        if bytes.len() > MOST_BYTES {
            return Err(file_too_large());
        }
        let is_workbook = workbook::is_workbook(bytes);
        if is_foreign(bytes) || (is_said_xlsx && !is_workbook) {
            return Err(wrong_magic());
        }
        let (sheet, warnings, about) = match is_workbook {
            true => {
                let Workbook { grid, about } = workbook::read(bytes, MOST_ROWS)?;
                (Sheet::of_grid(grid, MOST_ROWS)?, Vec::new(), about)
            }
            false => {
                let decoded = decode(bytes)?;
                let warnings = decoded.is_windows_1252.then(read_as_windows_1252);
                (Sheet::read(decoded.text, MOST_ROWS)?, warnings.into_iter().collect(), Vec::new())
            }
        };
        Ok(FileRead {
            sheet,
            warnings,
            about,
            sha256: hex(&Sha256::digest(bytes)),
            bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        })
    }
}

fn is_foreign(bytes: &[u8]) -> bool {
    let begin = bytes.trim_ascii_start();
    FOREIGN
        .iter()
        .any(|magic| begin.len() >= magic.len() && begin.iter().zip(*magic).all(same_letter))
}

fn same_letter((one, other): (&u8, &u8)) -> bool {
    one.eq_ignore_ascii_case(other)
}

fn read_as_windows_1252() -> Remark {
    Remark::new(
        None,
        "read-as-windows-1252",
        "Filen er ikke UTF-8 og er læst som Windows-1252.",
        "The file is not UTF-8, and was read as Windows-1252.",
    )
}

fn wrong_magic() -> Fault {
    Fault::new(
        "",
        "wrong-magic",
        "Filen er hverken CSV eller et regneark i formatet xlsx, hvad den end hedder.",
        "The file is neither CSV nor a workbook of the format xlsx, whatever it is called.",
    )
}

fn file_too_large() -> Fault {
    let most = MOST_BYTES / (1024 * 1024);
    Fault::new(
        "",
        "file-too-large",
        format!("Filen fylder mere end {most} MiB. Del den."),
        format!("The file is larger than {most} MiB. Split it."),
    )
}
