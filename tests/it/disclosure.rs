//! An attacker who has nothing but what is public: the list of partners, their focus areas, and the editions. He knows, to make it
//! worse, who answered otherwise in between. He adds and subtracts with a solver of his own, and looks for what fewer than
//! three organisations answered.

use std::collections::{BTreeMap, BTreeSet};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};

use crate::support::{Scene, on_both};

/// A sum of unknowns.
type Sum = Vec<i128>;

/// By elimination among whole numbers (Bareiss).
fn rank(mut rows: Vec<Sum>) -> usize {
    let width = rows.first().map_or(0, Vec::len);
    let (mut rank, mut last) = (0, 1);
    for column in 0..width {
        let Some(found) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(rank, found);
        let pivot = rows[rank].clone();
        for row in rows.iter_mut().skip(rank + 1) {
            let factor = row[column];
            for (value, above) in row.iter_mut().zip(&pivot) {
                *value = (*value * pivot[column] - factor * above) / last;
            }
        }
        last = pivot[column];
        rank += 1;
    }
    rank
}

/// What is public of one partner: the groups that it is in, by dimension.
type Groups = BTreeMap<&'static str, Vec<Option<String>>>;

fn public_groups(scene: &Scene) -> BTreeMap<String, Groups> {
    let listed = scene.get("/partners?limit=500").send().body;
    let mut all = BTreeMap::new();
    for partner in listed["items"].as_array().expect("partners") {
        let id = partner["id"].as_str().expect("an id").to_owned();
        let word = |key: &str| vec![partner[key].as_str().map(str::to_owned)];
        let chosen = scene.get(&format!("/partners/{id}/commitments")).send().body;
        let mut areas: Vec<Option<String>> =
            crate::support::column(&chosen, "focusArea").into_iter().map(Some).collect();
        if areas.is_empty() {
            areas.push(None);
        }
        let groups = [
            ("sector", word("sector")),
            ("region", word("region")),
            ("area", word("area")),
            ("focusArea", areas),
        ];
        all.insert(id, groups.into_iter().collect());
    }
    all
}

/// One edition as the attacker sees it: what each of its numbers adds up.
struct Seen {
    /// The unknown of each partner: its answer then.
    unknowns: Vec<(String, String)>,
    groups: BTreeMap<String, Groups>,
    document: Value,
}

impl Seen {
    fn sums(&self, columns: &[(String, String)], indicator: &str) -> Vec<Sum> {
        let sum = |is_in: &dyn Fn(&Groups) -> bool| -> Sum {
            let own: Vec<&(String, String)> =
                self.unknowns.iter().filter(|(id, _)| is_in(&self.groups[id])).collect();
            columns.iter().map(|column| i128::from(own.contains(&column))).collect()
        };
        let mut sums = vec![sum(&|_| true)];
        for row in self.document["breakdowns"].as_array().expect("rows") {
            if row["indicator"] == indicator && row["suppressed"].is_null() {
                assert!(row["members"].as_i64() >= Some(3), "{row}");
                let group = row["group"].as_str().map(str::to_owned);
                sums.push(sum(&|groups| {
                    groups[row["by"].as_str().expect("a dimension")].contains(&group)
                }));
            }
        }
        sums
    }
}

/// Every set of one or two organisations of which something follows from `public` that does not follow from `wholes`.
fn leaks(columns: &[(String, String)], public: &[Sum], wholes: &[Sum]) -> Vec<BTreeSet<String>> {
    let ids: Vec<&String> =
        columns.iter().map(|(id, _)| id).collect::<BTreeSet<_>>().into_iter().collect();
    let mut found = Vec::new();
    for (i, one) in ids.iter().enumerate() {
        for other in &ids[i..] {
            let few = BTreeSet::from([(*one).clone(), (*other).clone()]);
            let learns = |sums: &[Sum]| {
                let without = |sum: &Sum| {
                    columns
                        .iter()
                        .zip(sum)
                        .filter(|((id, _), _)| !few.contains(id))
                        .map(|(_, v)| *v)
                        .collect()
                };
                rank(sums.to_vec()) - rank(sums.iter().map(without).collect())
            };
            if learns(public) > learns(wholes) {
                found.push(few);
            }
        }
    }
    found
}

on_both! {
    fn nothing_about_one_or_two_follows_from_all_that_is_public(api) {
        let mut dice = ChaCha8Rng::seed_from_u64(107);
        let mut below = |sides: u32| dice.next_u32() % sides;
        let scene = Scene::new(api);
        let mut ids = Vec::new();
        for i in 0..14 {
            let sector = ["civil", "civil", "municipality", "region"][below(4) as usize];
            let places = [(json!("1084"), json!("01")), (json!("1084"), json!("02")), (Value::Null, json!("national")), (json!("1083"), Value::Null)];
            let (region, area) = places[below(4) as usize].clone();
            let id = scene.admit_with(json!({"name": format!("Prøve {i}"), "sector": sector, "region": region, "area": area, "joinedOn": "2020-01-01"}));
            for area in ["nat-A", "nat-B", "own-1"] {
                if below(2) == 0 {
                    scene.commit(&id, area, "Et mål");
                }
            }
            ids.push(id);
        }
        let mut answers: BTreeMap<String, String> = BTreeMap::new();
        let mut seen: Vec<Seen> = Vec::new();
        // A first edition, one with two who answer otherwise, one with five more, and one with a partner that has moved.
        for (turn, changed) in [14, 2, 5, 0].into_iter().enumerate() {
            for _ in 0..changed {
                let id = if turn == 0 { ids[answers.len()].clone() } else { ids[below(14) as usize].clone() };
                if turn > 0 {
                    scene.withdraw("open", &id);
                }
                let was_yes = answers.get(&id).is_some_and(|answer| answer == "yes");
                let answer = if turn == 0 { ["yes", "no"][below(2) as usize] } else if was_yes { "no" } else { "yes" };
                scene.submit("open", &id, json!({"joined": {"value": answer}}));
                answers.insert(id, answer.to_owned());
            }
            if turn == 3 {
                let before = scene.read(&format!("/partners/{}", ids[0]))["sector"].clone();
                let other = if before == "civil" { "municipality" } else { "civil" };
                scene.change(&format!("/partners/{}", ids[0]), json!({"sector": other}));
            }
            scene.does("/publications", json!({"title": "Tal"}));
            let document = scene.get(&format!("/publications/{}", turn + 1)).send().body;
            let unknowns = answers.iter().map(|(id, answer)| (id.clone(), answer.clone())).collect();
            seen.push(Seen { unknowns, groups: public_groups(&scene), document });
        }
        let columns: Vec<(String, String)> = seen.iter().flat_map(|it| it.unknowns.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        let (mut public, mut wholes, mut groups) = (Vec::new(), Vec::new(), 0);
        for edition in &seen {
            let sums = edition.sums(&columns, "joined");
            groups += sums.len() - 1;
            wholes.push(sums[0].clone());
            public.extend(sums);
            assert_eq!(leaks(&columns, &public, &wholes), Vec::<BTreeSet<String>>::new(), "edition {}", edition.document["edition"]);
        }
        assert!(groups >= 6, "{groups} groups are shown at all");
        let all = |by: &str| seen[0].groups.values().flat_map(|groups| groups[by].clone()).collect::<BTreeSet<_>>();
        let mut told = public.clone();
        for (by, groups) in ["sector", "region", "area", "focusArea"].map(|by| (by, all(by))) {
            for group in groups {
                let is_in = |id: &String| seen[0].groups[id][by].contains(&group);
                told.push(columns.iter().map(|column| i128::from(seen[0].unknowns.contains(column) && is_in(&column.0))).collect());
            }
        }
        assert!(!leaks(&columns, &told, &wholes).is_empty(), "without the suppression he would find somebody");
    }
}
