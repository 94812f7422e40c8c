//! What a new version of a programme changes, a line for each part.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::ProgrammeDocument;

/// A line for each part that differs: `+` what is new, `-` what is gone, `~` what is otherwise.
pub fn differences(old: &ProgrammeDocument, new: &ProgrammeDocument) -> Vec<String> {
    let value = |document| serde_json::to_value(document).unwrap_or_default();
    let (old, new) = (value(old), value(new));
    let mut lines = Vec::new();
    for (part, after) in new.as_object().into_iter().flatten() {
        let before = old.get(part).unwrap_or(&Value::Null);
        if before == after {
            continue;
        }
        match (before.as_array(), after.as_array()) {
            (Some(before), Some(after)) => lines.push(format!("{part}: {}", entries(before, after))),
            _ => lines.push(format!("{part}: {before} -> {after}")),
        }
    }
    lines
}

fn entries(before: &[Value], after: &[Value]) -> String {
    let (old, new) = (by_key(before), by_key(after));
    let added = new.keys().filter(|key| !old.contains_key(*key)).map(|key| format!("+{key}"));
    let gone = old.keys().filter(|key| !new.contains_key(*key)).map(|key| format!("-{key}"));
    let changed = new
        .iter()
        .filter(|(key, entry)| old.get(*key).is_some_and(|before| before != *entry));
    let words: Vec<String> =
        added.chain(gone).chain(changed.map(|(key, _)| format!("~{key}"))).collect();
    if words.is_empty() { "in another order".to_owned() } else { words.join(" ") }
}

fn by_key(entries: &[Value]) -> BTreeMap<&str, &Value> {
    entries
        .iter()
        .map(|entry| (entry["key"].as_str().unwrap_or_default(), entry))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_that_differs_has_a_line() {
        let text = include_str!("../../../programmes/demo.toml");
        let old: ProgrammeDocument = toml::from_str(text).expect("a programme");
        assert!(differences(&old, &old).is_empty());
        let mut new = old.clone();
        new.decimals = 1;
        new.sectors.pop();
        new.indicators[0].label.da = "andet".to_owned();
        new.questions.swap(0, 1);
        let lines = differences(&old, &new);
        assert_eq!(
            lines,
            [
                "decimals: 0 -> 1".to_owned(),
                format!("sectors: -{}", old.sectors.last().expect("a sector").key),
                "questions: in another order".to_owned(),
                format!("indicators: ~{}", old.indicators[0].key),
            ]
        );
    }
}
