//! Text of bytes: UTF-8 with or without its mark, else Windows-1252 as Excel writes it.

use super::fault_at;
use crate::domain::text::Fault;

/// A file's text.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    pub text: String,
    /// Not UTF-8, so it was read as Windows-1252.
    pub is_windows_1252: bool,
}

/// Reads the bytes as UTF-8, or where they are none as Windows-1252. Refused are UTF-16 and UTF-32, and
/// what is neither.
pub fn decode(bytes: &[u8]) -> Result<Decoded, Fault> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(wrong_encoding(1));
    }
    let bytes = bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        // UTF-16 without its mark: every other byte of the heading is nought.
        return match text.lines().next().is_some_and(|heading| heading.contains('\0')) {
            true => Err(wrong_encoding(1)),
            false => Ok(Decoded { text: text.to_owned(), is_windows_1252: false }),
        };
    }
    if let Some(row) = neither(bytes) {
        return Err(wrong_encoding(row));
    }
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
    Ok(Decoded { text: text.into_owned(), is_windows_1252: true })
}

/// The line of the first byte that shows that the bytes are not Windows-1252 either: one that stands for
/// nothing there; or, where letters stand in UTF-8 elsewhere, the one that is no UTF-8.
fn neither(bytes: &[u8]) -> Option<i64> {
    let has_utf8 = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    let undefined = |byte: &u8| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D);
    let place = match has_utf8 {
        true => std::str::from_utf8(bytes).err()?.valid_up_to(),
        false => bytes.iter().position(undefined)?,
    };
    let before = bytes.iter().take(place).filter(|byte| **byte == b'\n').count();
    Some(i64::try_from(before).unwrap_or(i64::MAX - 1) + 1)
}

fn wrong_encoding(row: i64) -> Fault {
    fault_at(
        row,
        "wrong-encoding",
        format!(
            "Omkring række {row} er tegnene hverken UTF-8 eller Windows-1252. Gem filen som »CSV UTF-8«."
        ),
        format!(
            "Around row {row} the characters are neither UTF-8 nor Windows-1252. Save the file as \"CSV UTF-8\"."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<(String, bool), (&'static str, String)> {
        let decoded = decode(bytes).map_err(|fault| (fault.code, fault.pointer))?;
        Ok((decoded.text, decoded.is_windows_1252))
    }

    #[test]
    fn utf_8_with_or_without_its_mark_and_windows_1252_are_read() {
        assert_eq!(text("navn\nÆrø".as_bytes()), Ok(("navn\nÆrø".into(), false)));
        assert_eq!(text("\u{feff}navn\nÆrø".as_bytes()), Ok(("navn\nÆrø".into(), false)));
        assert_eq!(text(b"navn\n\xC6r\xF8 \x96 \x80"), Ok(("navn\nÆrø – €".into(), true)));
        assert_eq!(text(b""), Ok((String::new(), false)));
    }

    #[test]
    fn what_is_neither_is_refused_with_its_row() {
        let wrong = |row: &str| Err(("wrong-encoding", row.to_owned()));
        assert_eq!(text(b"\xFF\xFEn\0a\0"), wrong("/rows/1"));
        assert_eq!(text(b"\xFE\xFF\0n\0a"), wrong("/rows/1"));
        assert_eq!(text(b"n\0a\0v\0n\0\n\0"), wrong("/rows/1"));
        assert_eq!(text(b"navn\nA\nB\x81"), wrong("/rows/3"));
        // UTF-8 that was cut in the middle of a letter is no Windows-1252.
        assert_eq!(text(b"navn\n\xC3\x86r\xC3\x98\n\xC3\x86r\xC3"), wrong("/rows/3"));
    }
}
