//! Places as people write them: `Fyn / Region Syddanmark`, `Region Hovedstaden`, `national`, `0461`, `Odense`.

use crate::domain::checks::shown;
use crate::domain::names;
use crate::domain::places::{self, NATIONAL, Place};
use crate::domain::text::Fault;

/// What a cell of the column `area` or `region` says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Placed {
    pub area: Option<&'static str>,
    pub region: Option<&'static str>,
}

/// Reads an area, a region, or both with a stroke between them. A part that is neither is a fault, and so
/// are two areas or two regions. Whether the one lies in the other is checked with the body.
pub fn area(cell: &str) -> Result<Placed, Fault> {
    let mut placed = Placed::default();
    for part in cell.split('/').map(str::trim) {
        let (slot, code) = match (area_code(part), region_code(part)) {
            (Some(code), _) => (&mut placed.area, code),
            (None, Some(code)) => (&mut placed.region, code),
            (None, None) => return Err(unknown("/area", "unknown-area", part)),
        };
        if slot.is_some_and(|before| before != code) {
            return Err(contradiction("/area", cell));
        }
        *slot = Some(code);
    }
    Ok(placed)
}

pub fn region(cell: &str) -> Result<&'static str, Fault> {
    region_code(cell).ok_or_else(|| unknown("/region", "unknown-region", cell))
}

/// By its code, or its name with or without the word `Kommune`.
pub fn municipality(cell: &str) -> Result<&'static str, Fault> {
    let key = names::key(cell);
    let name = key.strip_suffix(" kommune").unwrap_or(&key);
    code(places::municipalities(), cell, name)
        .ok_or_else(|| unknown("/municipality", "unknown-municipality", cell))
}

/// The columns `area` and `region` of one row name different regions.
pub fn contradiction(pointer: &str, cell: &str) -> Fault {
    let cell = shown(cell);
    Fault::new(
        pointer,
        "places-contradict",
        format!("»{cell}« nævner to forskellige steder, eller et andet end rækkens øvrige kolonner."),
        format!("\"{cell}\" names two different places, or another one than the row's other columns."),
    )
}

fn area_code(written: &str) -> Option<&'static str> {
    let key = names::key(written);
    if [NATIONAL, "hele landet", "the whole country", "landsdækkende"].contains(&key.as_str()) {
        return Some(NATIONAL);
    }
    code(places::landsdele(), written, &key)
}

fn region_code(written: &str) -> Option<&'static str> {
    let key = names::key(written);
    let in_english =
        |place: &&Place| places::region_name(place.code).is_some_and(|name| names::key(&name.en) == key);
    code(places::regions(), written, &key)
        .or_else(|| places::regions().iter().find(in_english).map(|place| place.code))
}

/// By its code, also without the noughts that a spreadsheet takes for no part of a number; or by its name.
fn code(places: &'static [Place], written: &str, name: &str) -> Option<&'static str> {
    let is_number = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
    let is_it = |place: &&Place| match is_number {
        true => format!("{written:0>width$}", width = place.code.len()) == place.code,
        false => names::key(place.name) == name,
    };
    places.iter().find(is_it).map(|place| place.code)
}

fn unknown(pointer: &str, code: &'static str, written: &str) -> Fault {
    let written = shown(written);
    Fault::new(
        pointer,
        code,
        format!("»{written}« er hverken kode eller navn for et dansk sted af den slags."),
        format!("\"{written}\" is neither code nor name of a Danish place of that kind."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(cell: &str) -> Result<(Option<&str>, Option<&str>), &'static str> {
        area(cell)
            .map(|placed| (placed.area, placed.region))
            .map_err(|fault| fault.code)
    }

    #[test]
    fn areas_are_placed_exactly_or_refused() {
        assert_eq!(placed("national"), Ok((Some("national"), None)));
        assert_eq!(placed("Hele landet"), Ok((Some("national"), None)));
        assert_eq!(placed("Fyn / Region Syddanmark"), Ok((Some("07"), Some("1083"))));
        assert_eq!(placed("Byen København / Region Hovedstaden"), Ok((Some("01"), Some("1084"))));
        assert_eq!(placed("Nordjylland / Region Nordjylland"), Ok((Some("11"), Some("1081"))));
        assert_eq!(placed("Region Hovedstaden"), Ok((None, Some("1084"))));
        assert_eq!(placed("Capital Region of Denmark"), Ok((None, Some("1084"))));
        assert_eq!(placed("07"), Ok((Some("07"), None)));
        assert_eq!(placed("7/1083"), Ok((Some("07"), Some("1083"))));
        for unknown in ["Hovedstaden", "Region", "Fyn / ", "København", "0", "99"] {
            assert_eq!(placed(unknown), Err("unknown-area"), "{unknown}");
        }
        assert_eq!(placed("Fyn / Bornholm"), Err("places-contradict"));
    }

    #[test]
    fn municipalities_are_found_by_code_or_name() {
        let found = |cell| municipality(cell).map_err(|fault| fault.code);
        assert_eq!(found("0461"), Ok("0461"));
        assert_eq!(found("461"), Ok("0461"));
        assert_eq!(found("Odense kommune"), Ok("0461"));
        assert_eq!(found("odense"), Ok("0461"));
        assert_eq!(found("Vestkommunen"), Err("unknown-municipality"));
        assert_eq!(region("1083").map_err(|fault| fault.code), Ok("1083"));
        assert_eq!(region("Fyn").map_err(|fault| fault.code), Err("unknown-region"));
    }
}
