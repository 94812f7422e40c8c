//! Names: when two are the same, and in which order they stand.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use icu_casemap::CaseMapper;
use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_locale_core::locale;
use icu_normalizer::ComposingNormalizer;
use serde::{Deserialize, Serialize};

/// How a name is kept: in Unicode's composed form (NFC), without surrounding space, with each run of
/// space inside as one.
pub fn tidy(name: &str) -> String {
    let composed = ComposingNormalizer::new_nfc().normalize(name).into_owned();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What must be unique: the tidy name, case-folded (Unicode's full folding).
pub fn key(name: &str) -> String {
    CaseMapper::new().fold_string(&tidy(name)).into_owned()
}

/// A sort key on its way through a cursor, where it stands as one short text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct SortKey(pub Vec<u8>);

impl From<SortKey> for String {
    fn from(key: SortKey) -> String {
        URL_SAFE_NO_PAD.encode(key.0)
    }
}

impl TryFrom<String> for SortKey {
    type Error = base64::DecodeError;

    fn try_from(text: String) -> Result<SortKey, base64::DecodeError> {
        URL_SAFE_NO_PAD.decode(text).map(SortKey)
    }
}

/// Bytes that compare as Danish names do: æ, ø and å after z, aa as å (CLDR's collation for `da`).
pub fn sort_key(name: &str) -> Vec<u8> {
    static DANISH: LazyLock<Option<CollatorBorrowed<'static>>> =
        LazyLock::new(|| Collator::try_new(locale!("da").into(), CollatorOptions::default()).ok());
    let tidied = tidy(name);
    let mut bytes = Vec::with_capacity(tidied.len() * 2);
    match &*DANISH {
        Some(collator) => {
            let Ok(()) = collator.write_sort_key_to(&tidied, &mut bytes);
        }
        None => bytes.extend_from_slice(key(&tidied).as_bytes()),
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_whatever_their_case_space_or_form() {
        assert_eq!(key("  KRÆFTENS  Bekæmpelse"), key("Kræftens bekæmpelse"));
        assert_eq!(key("A\u{30a}rhus"), key("Århus"));
        assert_ne!(key("Aarhus"), key("Århus"));
    }

    #[test]
    fn names_stand_in_danish_order() {
        let mut names = ["Ørsted", "Zoo", "Århus", "Ældre Sagen", "3F", "Aabenraa", "Astma", "abe"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, ["3F", "abe", "Astma", "Zoo", "Ældre Sagen", "Ørsted", "Aabenraa", "Århus"]);
    }
}
