//! Cells of CSV that spreadsheets open.

/// What a spreadsheet would run as a formula gets an apostrophe in front, and is text.
pub fn harmless(cell: String) -> String {
    let runs = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if runs && !is_number(&cell) { format!("'{cell}") } else { cell }
}

/// Whether it is a sign at most, digits, and digits behind a point at most.
pub fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(part)
}
