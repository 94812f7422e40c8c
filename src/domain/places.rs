//! Denmark's regions, municipalities and landsdele (statistical parts of the country), by their
//! public codes.
//!
//! A code is text and keeps its leading zero. `data/denmark/README.md` says where the tables come
//! from.

use std::sync::LazyLock;

use crate::domain::text::Text;

/// The area of whoever works in the whole country. It is none of the landsdele.
pub const NATIONAL: &str = "national";

/// A region, a municipality or a landsdel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub code: &'static str,
    /// In Danish.
    pub name: &'static str,
    /// The code of the region that it lies in; a region's is its own.
    pub region: &'static str,
}

pub fn regions() -> &'static [Place] {
    &REGIONS
}

pub fn municipalities() -> &'static [Place] {
    &MUNICIPALITIES
}

pub fn landsdele() -> &'static [Place] {
    &LANDSDELE
}

pub fn region(code: &str) -> Option<&'static Place> {
    with_code(regions(), code)
}

pub fn municipality(code: &str) -> Option<&'static Place> {
    with_code(municipalities(), code)
}

pub fn landsdel(code: &str) -> Option<&'static Place> {
    with_code(landsdele(), code)
}

/// What people call an area: a landsdel, or the whole country.
///
/// Landsdele keep their Danish names in English, as in Danmarks Statistik's own publications.
pub fn area_name(code: &str) -> Option<Text> {
    if code == NATIONAL {
        return Some(Text::new("Hele landet", "The whole country"));
    }
    landsdel(code).map(|place| Text::new(place.name, place.name))
}

/// What people call a region; in English by the name that the region itself uses there.
pub fn region_name(code: &str) -> Option<Text> {
    let place = region(code)?;
    let en = match place.code {
        "1081" => "North Denmark Region",
        "1082" => "Central Denmark Region",
        "1083" => "Region of Southern Denmark",
        "1084" => "Capital Region of Denmark",
        "1085" => "Region Zealand",
        _ => place.name,
    };
    Some(Text::new(place.name, en))
}

static REGIONS: LazyLock<Vec<Place>> =
    LazyLock::new(|| places(include_str!("../../data/denmark/regions.csv"), 0));

static MUNICIPALITIES: LazyLock<Vec<Place>> =
    LazyLock::new(|| places(include_str!("../../data/denmark/municipalities.csv"), 2));

static LANDSDELE: LazyLock<Vec<Place>> =
    LazyLock::new(|| places(include_str!("../../data/denmark/landsdele.csv"), 3));

/// Code and name are the first two columns of each table; the region's stands elsewhere in each.
fn places(csv: &'static str, region_column: usize) -> Vec<Place> {
    csv.lines().skip(1).filter_map(|line| place(line, region_column)).collect()
}

// No cell of these tables is quoted, so a comma always parts two cells.
fn place(line: &'static str, region_column: usize) -> Option<Place> {
    let mut cells = line.split(',');
    let region = cells.clone().nth(region_column)?;
    Some(Place { code: cells.next()?, name: cells.next()?, region })
}

fn with_code(places: &'static [Place], code: &str) -> Option<&'static Place> {
    places.iter().find(|place| place.code == code)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn denmark_has_5_regions_98_municipalities_and_11_landsdele() {
        assert_eq!(regions().len(), 5);
        assert_eq!(municipalities().len(), 98);
        assert_eq!(landsdele().len(), 11);
    }

    #[test]
    fn every_place_lies_in_a_region_that_exists() {
        for place in regions().iter().chain(municipalities()).chain(landsdele()) {
            assert!(region(place.region).is_some(), "{place:?}");
        }
    }

    #[test]
    fn a_region_lies_in_itself() {
        assert!(regions().iter().all(|region| region.region == region.code));
    }

    #[test]
    fn no_code_is_used_twice() {
        for places in [regions(), municipalities(), landsdele()] {
            let codes: BTreeSet<&str> = places.iter().map(|place| place.code).collect();
            assert_eq!(codes.len(), places.len());
        }
    }

    #[test]
    fn codes_are_digits_of_one_length() {
        for (places, length) in [(regions(), 4), (municipalities(), 4), (landsdele(), 2)] {
            for place in places {
                assert_eq!(place.code.len(), length, "{place:?}");
                assert!(place.code.bytes().all(|byte| byte.is_ascii_digit()), "{place:?}");
                assert!(!place.name.is_empty() && place.name.trim() == place.name, "{place:?}");
            }
        }
    }

    #[test]
    fn codes_keep_their_leading_zeros() {
        let copenhagen = Place { code: "0101", name: "København", region: "1084" };
        assert_eq!(municipality("0101"), Some(&copenhagen));
        assert_eq!(municipality("101"), None);

        let fyn = Place { code: "07", name: "Fyn", region: "1083" };
        assert_eq!(landsdel("07"), Some(&fyn));
        assert_eq!(landsdel("7"), None);
    }

    #[test]
    fn christiansoe_is_no_municipality() {
        assert_eq!(municipality("0411"), None);
    }

    #[test]
    fn an_area_is_a_landsdel_or_the_whole_country() {
        assert_eq!(area_name("01"), Some(Text::new("Byen København", "Byen København")));
        assert_eq!(area_name(NATIONAL), Some(Text::new("Hele landet", "The whole country")));
        assert_eq!(area_name("1084"), None);
        assert_eq!(landsdel(NATIONAL), None);
    }

    #[test]
    fn every_region_has_a_name_in_both_languages() {
        for region in regions() {
            let name = region_name(region.code).expect("a region");
            assert_eq!(name.da, region.name);
            assert_ne!(name.en, region.name, "{} lacks an English name", region.code);
        }
        assert_eq!(region_name("0101"), None);
    }
}
