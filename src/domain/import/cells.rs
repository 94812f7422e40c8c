//! What single cells say: numbers, dates, keys by their labels, lists.

use chrono::NaiveDate;

use super::columns::Reading;
use super::workbook::{day, is_recent};
use super::{Habits, Held};
use crate::domain::checks::shown;
use crate::domain::names;
use crate::domain::programme::Programme;
use crate::domain::text::{Fault, Text};

/// Below this a number in a column of dates is a year, or no date. It is 18 May 1927.
const FIRST_SERIAL: f64 = 10_000.0;

/// Which decimal mark the file's numbers have, and the row where it was seen first.
pub type DecimalMark = Option<(char, i64)>;

/// Several values in one cell, parted by `;` or `|`.
pub fn list(cell: &str) -> Vec<String> {
    let parts = cell.split([';', '|']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// `31-12-2023`, `31.12.2023` or `31/12/2023` as `2023-12-31`. Anything else stays as it is, for the check of
/// dates to judge. Refused are days before 1905, which spreadsheets make of noughts and of the other beginning of
/// time.
pub fn date(pointer: &str, cell: &str) -> Result<String, Fault> {
    let date = turned(cell);
    match NaiveDate::parse_from_str(&date, "%Y-%m-%d") {
        Ok(day) if date.len() == 10 && !is_recent(day) => Err(old_date(pointer, &date)),
        _ => Ok(date),
    }
}

fn turned(cell: &str) -> String {
    let [day, month, year] = cell.split(['-', '.', '/']).collect::<Vec<_>>()[..] else {
        return cell.to_owned();
    };
    let shaped = (day.len(), month.len(), year.len()) == (2, 2, 4);
    let one_mark = ['-', '.', '/'].iter().any(|mark| cell.matches(*mark).count() == 2);
    match shaped && one_mark {
        true => format!("{year}-{month}-{day}"),
        false => cell.to_owned(),
    }
}

/// What a workbook's cell of numbers means in such a column: a day by its serial, a code whose noughts in front
/// the spreadsheet took away, else its digits.
pub fn number(reading: Reading, digits: &str, habits: Habits) -> String {
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let serial = digits.parse::<f64>().ok().filter(|serial| *serial >= FIRST_SERIAL);
    match (reading, serial) {
        (Reading::Date | Reading::Fuzzy, Some(serial)) => {
            day(serial, habits.is_1904).map_or_else(|| digits.to_owned(), |(_, text)| text)
        }
        (Reading::Municipality, _) if is_whole => format!("{digits:0>4}"),
        (Reading::Area, _) if is_whole && digits.len() < 2 => format!("{digits:0>2}"),
        _ => digits.to_owned(),
    }
}

/// What a cell holds that can't be read as what it shows.
pub fn unusable(pointer: &str, cell: &str, held: Held) -> Option<Fault> {
    match held {
        Held::Text | Held::Number => None,
        Held::Formula => Some(Fault::new(
            pointer,
            "formula",
            "Cellen har en formel. Kopiér kolonnen, og indsæt den som værdier.",
            "The cell has a formula. Copy the column and paste it as values.",
        )),
        Held::Error => {
            let cell = shown(cell);
            Some(Fault::new(
                pointer,
                "cell-error",
                format!("Cellen viser fejlen {cell}."),
                format!("The cell shows the error {cell}."),
            ))
        }
        Held::OldDate => Some(old_date(pointer, cell)),
    }
}

/// A number with a decimal comma or point, as digits with a point. `separator` is what parts the file's cells:
/// it tells whether the file is Danish, and so what a mark before three digits may mean. A workbook has none, and
/// its texts may be either.
pub fn amount(
    pointer: &str,
    cell: &str,
    row: i64,
    separator: Option<char>,
    mark: &mut DecimalMark,
) -> Result<String, Fault> {
    if cell.contains('%') {
        return Err(percent_sign(pointer, cell));
    }
    let number: String = cell.chars().filter(|c| !c.is_whitespace()).collect();
    let own = match (number.contains(','), number.contains('.')) {
        (true, true) => return Err(mixed_marks(pointer, cell, row)),
        (true, false) => ',',
        (false, true) => '.',
        (false, false) => return Ok(number),
    };
    let is_foreign = match separator {
        None => true,
        Some(',') => own == ',',
        Some(_) => own == '.',
    };
    if is_foreign && may_be_thousands(&number, own) {
        return Err(ambiguous_number(pointer, cell));
    }
    let (first, first_row) = *mark.get_or_insert((own, row));
    if first != own {
        return Err(mixed_marks(pointer, cell, first_row));
    }
    Ok(number.replace(',', "."))
}

/// `1.000` in a Danish file is a thousand to whoever wrote it, and one to a program.
fn may_be_thousands(number: &str, mark: char) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let mut groups = digits.split(mark);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3)
}

/// The key of what was written, by its key or by its label in either language. More than one with the label is
/// a fault; none leaves it as it is, for the check of the body to name.
pub fn keyed<'a>(
    pointer: &str,
    written: &str,
    choices: impl Iterator<Item = (&'a str, &'a Text)> + Clone,
) -> Result<String, Fault> {
    if choices.clone().any(|(key, _)| key == written) {
        return Ok(written.to_owned());
    }
    let wanted = names::key(written);
    let called = |label: &Text| names::key(&label.da) == wanted || names::key(&label.en) == wanted;
    let mut found: Vec<&str> = choices
        .filter(|(key, label)| names::key(key) == wanted || called(label))
        .map(|(key, _)| key)
        .collect();
    found.dedup();
    match found[..] {
        [key] => Ok(key.to_owned()),
        [] => Ok(written.to_owned()),
        _ => Err(ambiguous(pointer, written, &found)),
    }
}

/// A focus area's key. Under a heading with a scheme its letter or number will do, and its label is sought in
/// that scheme only.
pub fn focus_area(
    pointer: &str,
    written: &str,
    scheme: Option<&str>,
    programme: &Programme,
) -> Result<String, Fault> {
    let Some(scheme) = scheme else {
        let areas = programme.focus_areas.iter().map(|area| (area.key.as_str(), &area.label));
        return keyed(pointer, written, areas);
    };
    let areas = programme.focus_areas.iter().filter(|area| area.scheme == scheme);
    let with_scheme = format!("{scheme}-{written}");
    if areas.clone().any(|area| area.key == with_scheme) {
        return Ok(with_scheme);
    }
    keyed(pointer, written, areas.map(|area| (area.key.as_str(), &area.label)))
}

fn old_date(pointer: &str, cell: &str) -> Fault {
    let cell = shown(cell);
    Fault::new(
        pointer,
        "date-1904",
        format!(
            "Datoen {cell} ligger før 1905. Regneark laver sådan en af en tom celle eller af en anden tidsregning."
        ),
        format!(
            "The date {cell} lies before 1905. Spreadsheets make one of an empty cell, or of another calendar."
        ),
    )
}

fn percent_sign(pointer: &str, cell: &str) -> Fault {
    let cell = shown(cell);
    Fault::new(
        pointer,
        "percent-sign",
        format!("»{cell}« har et procenttegn. Skriv tallet alene, og procent som enhed."),
        format!("\"{cell}\" has a percent sign. Write the number alone, and percent as its unit."),
    )
}

fn mixed_marks(pointer: &str, cell: &str, row: i64) -> Fault {
    let cell = shown(cell);
    Fault::new(
        pointer,
        "mixed-decimal-marks",
        format!("»{cell}« blander komma og punktum, eller bruger et andet decimaltegn end række {row}."),
        format!("\"{cell}\" mixes comma and point, or uses another decimal mark than row {row}."),
    )
}

fn ambiguous_number(pointer: &str, cell: &str) -> Fault {
    let cell = shown(cell);
    Fault::new(
        pointer,
        "ambiguous-number",
        format!("»{cell}« kan både være tusinder og decimaler. Skriv tallet uden tusindtegn."),
        format!("\"{cell}\" may be thousands or decimals. Write the number without a thousands mark."),
    )
}

fn ambiguous(pointer: &str, written: &str, keys: &[&str]) -> Fault {
    let (written, keys) = (shown(written), keys.join(", "));
    Fault::new(
        pointer,
        "ambiguous-name",
        format!("»{written}« kan betyde flere: {keys}. Skriv nøglen."),
        format!("\"{written}\" may mean several: {keys}. Write the key."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::programme::ProgrammeDocument;

    fn programme() -> Programme {
        let text = include_str!("../../../programmes/ulighed-i-sundhed.toml");
        let document: ProgrammeDocument = toml::from_str(text).expect("a programme");
        document.check().expect("a sound programme")
    }

    #[test]
    fn danish_dates_become_iso_dates_and_others_stay() {
        let date = |cell| date("/x", cell).map_err(|fault| fault.code);
        assert_eq!(date("31-12-2023"), Ok("2023-12-31".to_owned()));
        assert_eq!(date("01.02.2023"), Ok("2023-02-01".to_owned()));
        assert_eq!(date("01/02/2023"), Ok("2023-02-01".to_owned()));
        assert_eq!(
            [date("01-01-1904"), date("1900-01-00")],
            [Err("date-1904"), Ok("1900-01-00".to_owned())]
        );
        for as_it_is in
            ["2023-12-31", "2023-12", "2023", "1/2/2023", "01-02.2023", "31-12-23", "i går", ""]
        {
            assert_eq!(date(as_it_is), Ok(as_it_is.to_owned()));
        }
    }

    #[test]
    fn numbers_have_one_mark_in_a_file() {
        let read = |cells: &[&str], separator: char| {
            let mut mark = None;
            let rows = cells.iter().zip(2_i64..);
            rows.map(|(cell, row)| {
                amount("/x", cell, row, Some(separator), &mut mark).map_err(|fault| fault.code)
            })
            .collect::<Vec<_>>()
        };
        let ok = |number: &str| Ok(number.to_owned());
        assert_eq!(
            read(&["12", "12,5", "-0,25", "1 000,5"], ';'),
            [ok("12"), ok("12.5"), ok("-0.25"), ok("1000.5")]
        );
        assert_eq!(read(&["12,5", "12.5"], ';'), [ok("12.5"), Err("mixed-decimal-marks")]);
        assert_eq!(
            read(&["1.234,5", "17 %", "17%"], ';'),
            [Err("mixed-decimal-marks"), Err("percent-sign"), Err("percent-sign")]
        );
        assert_eq!(
            read(&["1.000", "0.125", "12.5"], ';'),
            [Err("ambiguous-number"), ok("0.125"), ok("12.5")]
        );
        assert_eq!(read(&["1.000", "12.5"], ','), [ok("1.000"), ok("12.5")]);
        assert_eq!(read(&["1,000", "1,5"], ','), [Err("ambiguous-number"), ok("1.5")]);
        assert_eq!(read(&["mange"], ','), [ok("mange")]);
    }

    #[test]
    fn keys_are_found_by_label_and_never_guessed() {
        let programme = programme();
        let find =
            |written, scheme| focus_area("/x", written, scheme, &programme).map_err(|fault| fault.code);
        let ok = |key: &str| Ok(key.to_owned());
        assert_eq!(find("K", Some("sst2020")), ok("sst2020-K"));
        assert_eq!(find("sst2020-K", Some("sst2020")), ok("sst2020-K"));
        assert_eq!(find("the health services", None), ok("sst2020-K"));
        assert_eq!(find("Børns tidlige udvikling", None), Err("ambiguous-name"));
        assert_eq!(find("Børns tidlige udvikling", Some("sst2012")), ok("sst2012-1"));
        assert_eq!(find("K", None), ok("K"));
        assert_eq!(list(" K; F |;L "), ["K", "F", "L"]);
    }
}
