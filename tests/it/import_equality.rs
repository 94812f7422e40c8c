//! A file and single requests with the same content leave the same journal, standings and tallies.

use serde_json::{Value, json};

use crate::support::{Api, Scene, lines, on_both};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }

    fn one_of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.roll(words.len())]
    }
}

/// What an alliance's members say, first and then once more: rows of cells, an empty cell saying nothing.
struct Content {
    partners: Vec<[String; 5]>,
    commitments: Vec<[String; 4]>,
    initiatives: Vec<[String; 5]>,
}

const PARTNERS: [&str; 5] = ["name", "sector", "area", "joinedOn", "partOf"];
const COMMITMENTS: [&str; 4] = ["partner", "focusArea", "goal", "chosenOn"];
const INITIATIVES: [&str; 5] = ["title", "partners", "focusAreas", "status", "startsOn"];

const MEMBERS: usize = 9;

fn content(dice: &mut Dice, before: Option<&Content>) -> Content {
    let own = |text: &str| text.to_owned();
    let partners = (0..MEMBERS).map(|i| {
        let part_of =
            if i > 2 && dice.roll(4) == 0 { format!("Partner {}", dice.roll(2)) } else { String::new() };
        let joined_on = before
            .map_or_else(|| own(dice.one_of(&["2020-01-01", "2021-06-01", ""])), |_| String::new());
        [
            format!("Partner {i}"),
            own(dice.one_of(&["civil", "region"])),
            own(dice.one_of(&["07", "national", "01"])),
            joined_on,
            part_of,
        ]
    });
    let partners = partners.collect();
    let mut commitments = Vec::new();
    for (member, area) in (0..MEMBERS).flat_map(|member| ["nat-A", "own-1"].map(|area| (member, area))) {
        let there = before.is_none_or(|before| {
            before
                .commitments
                .iter()
                .any(|row| row[0] == format!("Partner {member}") && row[1] == area)
        });
        if there && dice.roll(3) > 0 {
            commitments.push([
                format!("Partner {member}"),
                own(area),
                own(dice.one_of(&["", "Et mål", "Et andet"])),
                own("2021-03-01"),
            ]);
        }
    }
    let initiatives = (0..8).map(|i| {
        let lead = before.map_or_else(
            || dice.roll(MEMBERS),
            |before| {
                let names = &before.initiatives[i][1];
                names
                    .split(';')
                    .next()
                    .and_then(|name| name.strip_prefix("Partner "))
                    .and_then(|n| n.parse().ok())
                    .expect("a lead")
            },
        );
        let other = (lead + 1 + dice.roll(MEMBERS - 1)) % MEMBERS;
        let partners = if dice.roll(2) == 0 {
            format!("Partner {lead}")
        } else {
            format!("Partner {lead};Partner {other}")
        };
        [
            format!("Initiativ {i}"),
            partners,
            own(dice.one_of(&["nat-A", "nat-A;own-1", ""])),
            own(dice.one_of(&["running", "planned", "completed"])),
            own("2021-02"),
        ]
    });
    Content { partners, commitments, initiatives: initiatives.collect() }
}

fn csv<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let lines = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| format!("\"{cell}\"")).join(","));
    std::iter::once(heading.join(","))
        .chain(lines)
        .map(|line| line + "\r\n")
        .collect()
}

fn in_bulk(scene: &Scene, content: &Content) {
    for (kind, file) in [
        ("partners", csv(PARTNERS, &content.partners)),
        ("commitments", csv(COMMITMENTS, &content.commitments)),
        ("initiatives", csv(INITIATIVES, &content.initiatives)),
    ] {
        let answered = scene.import(&format!("kind={kind}"), &scene.secretariat, file.as_bytes());
        assert_eq!(answered.status, 201, "{}", answered.text);
    }
}

/// The same by one request for each row, lists as lists and names as ids.
fn one_by_one(scene: &Scene, content: &Content) {
    for row in &content.partners {
        let mut body = body(PARTNERS, row);
        if let Some(name) = body["partOf"].as_str().map(str::to_owned) {
            body["partOf"] = json!(partner(scene, &name));
        }
        match find(scene, "/partners?limit=500", |it| it["name"] == row[0]) {
            Some(id) => change(scene, &format!("/partners/{id}"), body, "name"),
            None => drop(scene.does("/partners", body)),
        }
    }
    for row in &content.commitments {
        let (owner, mut body) = (partner(scene, &row[0]), body(COMMITMENTS, row));
        body.as_object_mut().expect("an object").remove("partner");
        let path = format!("/partners/{owner}/commitments");
        match find(scene, &path, |it| it["focusArea"] == row[1]) {
            Some(id) => change(scene, &format!("/commitments/{id}"), body, "focusArea"),
            None => drop(scene.does(&path, body)),
        }
    }
    for row in &content.initiatives {
        let mut body = body(INITIATIVES, row);
        let partners: Vec<String> = row[1].split(';').map(|name| partner(scene, name)).collect();
        body["partners"] = json!(partners);
        if !row[2].is_empty() {
            body["focusAreas"] = json!(row[2].split(';').collect::<Vec<_>>());
        }
        match find(scene, "/initiatives?limit=500", |it| it["title"] == row[0]) {
            Some(id) => change(scene, &format!("/initiatives/{id}"), body, "title"),
            None => {
                body["leadPartner"] = json!(partners[0]);
                scene.does("/initiatives", body);
            }
        }
    }
}

fn body<const N: usize>(fields: [&str; N], row: &[String; N]) -> Value {
    let said = fields.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
    Value::Object(said.map(|(field, cell)| ((*field).to_owned(), json!(cell))).collect())
}

fn change(scene: &Scene, path: &str, mut patch: Value, key: &str) {
    patch.as_object_mut().expect("an object").remove(key);
    scene.change(path, patch);
}

fn find(scene: &Scene, path: &str, is_it: impl Fn(&Value) -> bool) -> Option<String> {
    let items = scene.read(path)["items"].as_array().expect("items").clone();
    items
        .into_iter()
        .find(is_it)
        .map(|item| item["id"].as_str().expect("an id").to_owned())
}

fn partner(scene: &Scene, name: &str) -> String {
    find(scene, "/partners?limit=500", |it| it["name"] == name).expect("a partner")
}

/// Everything that must be equal, with names in the place of ids.
struct Left {
    journal: Vec<String>,
    standings: Vec<String>,
    tallies: Vec<String>,
}

fn left(api: &Api, scene: &Scene) -> Left {
    let mut names: Vec<(String, String)> = vec![(scene.slug.clone(), "alliance".to_owned())];
    let entries = scene.read("/journal?limit=500")["items"].as_array().expect("entries").clone();
    for entry in &entries {
        let after = &entry["after"];
        let parts =
            ["name", "title", "focusArea", "partner"].map(|key| after[key].as_str().unwrap_or_default());
        names.push((after["id"].as_str().unwrap_or("-none-").to_owned(), parts.join("/")));
    }
    // A commitment's name has its partner's id in it, so twice.
    let named =
        |text: String| names.iter().chain(&names).fold(text, |text, (id, name)| text.replace(id, name));
    let counts = |entry: &&Value| {
        let action = entry["action"].as_str().unwrap_or_default();
        ["partner.", "commitment.", "initiative."]
            .iter()
            .any(|kind| action.starts_with(kind))
    };
    let entry = |entry: &Value| {
        named(json!([entry["action"], entry["subject"], entry["partner"], entry["after"]]).to_string())
    };
    let ours = format!("(SELECT id FROM alliances WHERE slug = '{}')", scene.slug);
    let standings = format!(
        "SELECT series.indicator || ' ' || series.scope || ' ' || p.name || ' ' || s.standing || ' ' || CAST(s.reason AS TEXT) || ' ' || \
         s.sector || ' ' || coalesce(s.region, '') || ' ' || coalesce(s.area, '') || ' ' || CAST(s.from_on AS TEXT) || ' ' || \
         CASE WHEN s.to_seq > 100000 THEN 'open' ELSE 'closed' END AS line \
         FROM standings s JOIN series ON series.id = s.series_id \
         JOIN partners p ON p.id = s.partner_id WHERE series.alliance_id = {ours}"
    );
    let tallies = format!(
        "SELECT indicator || ' ' || scope || ' ' || dimension || ' ' || group_key || ' ' || CAST(from_on AS TEXT) || ' ' || \
         CAST(counted AS TEXT) || ' ' || CAST(not_counted AS TEXT) || ' ' || CAST(not_applicable AS TEXT) || ' ' || \
         CAST(no_answer AS TEXT) || ' ' || CAST(not_submitted AS TEXT) || ' ' || \
         CASE WHEN to_seq > 100000 THEN 'open' ELSE 'closed' END AS line FROM tallies \
         JOIN series ON series.id = series_id WHERE alliance_id = {ours}"
    );
    let mut standings: Vec<String> = lines(&api.db, &standings).into_iter().map(named).collect();
    standings.sort();
    let mut tallies = lines(&api.db, &tallies);
    tallies.sort();
    Left {
        journal: entries.iter().filter(counts).map(entry).collect(),
        standings,
        tallies,
    }
}

on_both! {
    fn a_file_leaves_what_single_requests_leave(api) {
        for seed in 1..=3 {
            let [single, bulk] = ["single", "bulk"]
                .map(|slug| Scene::with(api, |document| document["slug"] = json!(format!("{slug}-{seed}"))));
            let mut dice = Dice(seed);
            let first = content(&mut dice, None);
            let second = content(&mut dice, Some(&first));
            for content in [&first, &second, &second] {
                one_by_one(&single, content);
                in_bulk(&bulk, content);
            }
            let [single, bulk] = [&single, &bulk].map(|scene| left(api, scene));
            assert!(single.journal.len() > 40 && single.standings.len() > 100 && single.tallies.len() > 100);
            assert!(single.journal.iter().any(|entry| entry.contains("initiative.updated")));
            assert_eq!(single.journal, bulk.journal, "seed {seed}");
            assert_eq!(single.standings, bulk.standings, "seed {seed}");
            assert_eq!(single.tallies, bulk.tallies, "seed {seed}");
        }
    }
}
