//! Lists as CSV: the same rows as JSON, for spreadsheets.

use serde_json::{Value, json};

use crate::support::cast::{Cast, needed};
use crate::support::{Answered, Scene, on_both};

const CSV: &str = "text/csv";

/// Heading and rows, read back.
fn read(text: &str, delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("as many cells as columns"));
    rows.map(|row| row.iter().map(str::to_owned).collect()).collect()
}

/// What a cell must say of a value, in the dialect of RFC 4180.
fn cell(value: &Value) -> String {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let text = match value {
        Value::Null => String::new(),
        Value::Array(items) if items.iter().all(|item| !item.is_object()) => {
            items.iter().map(plain).collect::<Vec<_>>().join("; ")
        }
        value => plain(value),
    };
    let is_formula = text.starts_with(['=', '+', '@', '-']) && text.parse::<f64>().is_err();
    if is_formula { format!("'{text}") } else { text }
}

/// Every place in a row that has a column of its own or is within one.
fn leaves(value: &Value, at: String, columns: &[String], found: &mut Vec<String>) {
    match value {
        Value::Object(fields) if !columns.contains(&at) => {
            for (key, value) in fields {
                let at = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                leaves(value, at, columns, found);
            }
        }
        Value::Null => {}
        _ => found.push(at),
    }
}

fn same_rows(sheet: &str, items: &[Value]) {
    let rows = read(sheet, b',');
    let columns = &rows[0];
    assert_eq!(rows.len() - 1, items.len(), "{sheet}");
    for (cells, item) in rows[1..].iter().zip(items) {
        for (column, shown) in columns.iter().zip(cells) {
            let pointer = format!("/{}", column.replace('.', "/"));
            assert_eq!(
                *shown,
                cell(item.pointer(&pointer).unwrap_or(&Value::Null)),
                "{column} of {item}"
            );
        }
        let mut found = Vec::new();
        leaves(item, String::new(), columns, &mut found);
        for leaf in found {
            assert!(columns.contains(&leaf), "{leaf} of {item} has no column in {columns:?}");
        }
    }
}

fn is_sheet(answered: &Answered) {
    assert_eq!(answered.status, 200, "{}", answered.text);
    assert_eq!(answered.header("content-type"), "text/csv; charset=utf-8; header=present");
    assert!(answered.header("vary").starts_with("Accept, "), "{}", answered.header("vary"));
}

/// What spreadsheets stumble over.
fn trouble(scene: &Cast, api: &crate::support::Api) {
    let at = |path: &str| format!("/v1/alliances/{}/{path}", scene.alliance);
    let posts = [
        (
            "partners".to_owned(),
            json!({"name": "=HYPERLINK(\"http://x\";\"Ærø, Ø & Å\")", "sector": "civil"}),
        ),
        (
            format!("partners/{}/commitments", scene.own.id),
            json!({"focusArea": "nat-B", "goal": "en; \"to\",\r\ntre\nfire æøå",
                "target": {"measure": "@samtaler", "baseline": "-2.5", "target": "20.50", "dueOn": "2023-12-31"}}),
        ),
        (
            "initiatives".to_owned(),
            json!({"title": "@SUM(1;2)", "leadPartner": scene.own.id, "partners": [scene.other.id], "focusAreas": ["nat-A", "own-1"]}),
        ),
    ];
    for (path, body) in posts {
        let made = api.post(&at(&path)).token(&scene.secretariat).json(&body).send();
        assert_eq!(made.status, 201, "{}", made.text);
    }
}

on_both! {
    fn every_list_is_the_same_rows_as_csv(api) {
        let scene = Cast::set(api);
        trouble(&scene, api);
        let document = facit::api::openapi::document();
        let (mut lists, mut formulas) = (0, 0);
        for (pattern, methods) in document["paths"].as_object().expect("paths") {
            let parameters = methods["get"]["parameters"].as_array().cloned().unwrap_or_default();
            if parameters.iter().all(|parameter| parameter["name"] != "limit") || pattern.ends_with("{indicator}") {
                continue;
            }
            lists += 1;
            let path = format!("{}?{}", scene.path(pattern, &scene.own), needed(pattern));
            let get = |query: &str| api.get(&format!("{path}{query}")).token(&scene.secretariat);
            let plain = get("limit=500").send();
            let items = plain.body["items"].as_array().expect("rows");
            assert!(!items.is_empty(), "{path}");
            let sheet = get("limit=500").header("accept", CSV).send();
            is_sheet(&sheet);
            same_rows(&sheet.text, items);
            formulas += sheet.text.matches("\"'=HYPER").count() + sheet.text.matches("'@S").count();
            assert_ne!(sheet.etag(), plain.etag(), "{path}");

            let seen = get("limit=500").header("accept", CSV).header("if-none-match", sheet.etag()).send();
            assert_eq!((seen.status, seen.etag()), (304, sheet.etag()), "{path}");
            let other = get("limit=500").header("accept", CSV).header("if-none-match", plain.etag()).send();
            assert_eq!(other.status, 200, "JSON was seen, not CSV");

            let danish = get("limit=500&dialect=excel-da").header("accept", CSV).send();
            is_sheet(&danish);
            assert_ne!(danish.etag(), sheet.etag(), "{path}");
            let danish = danish.text.strip_prefix('\u{feff}').expect("a byte order mark").to_owned();
            let shape = |rows: Vec<Vec<String>>| (rows[0].clone(), rows.len());
            assert_eq!(shape(read(&danish, b';')), shape(read(&sheet.text, b',')), "{path}");

            let refused = get("dialect=excel-us").header("accept", CSV).send();
            assert_eq!((refused.problem(422), refused.faults()), ("invalid", vec!["?dialect not-a-choice".to_owned()]));
            assert_eq!(get("dialect=").send().problem(422), "invalid");
            let twice = get("dialect=excel-da&dialect=excel-da").send();
            assert_eq!(twice.problem(400), "repeated-parameter");
            assert_eq!(get("dialect=excel-da&limit=500").send().body["items"], plain.body["items"], "JSON has no dialects");
        }
        assert!(lists >= 12 && formulas >= 2, "{lists} lists, {formulas} formulas");
        let elsewhere = api.get(&format!("/v1/alliances/{}?dialect=excel-da", scene.alliance)).send();
        assert_eq!(elsewhere.problem(400), "unknown-parameter");
    }

    fn the_bytes_of_excel_da_are_these(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("Ærø; \"Ø\" & Å", "2020-01-01");
        let target = json!({"measure": "-1+1", "unit": "%", "baseline": "-2.5", "target": "20.50", "dueOn": "2023-12-31"});
        let body = json!({"focusArea": "nat-A", "goal": "Linje 1\nLinje 2; slut", "target": target, "chosenOn": "2021-03-01"});
        let commitment = scene.does(&format!("/partners/{partner}/commitments"), body);
        let get = |path: &str| scene.get(path).header("accept", CSV).send().text;
        assert_eq!(
            get(&format!("/partners/{partner}/commitments?dialect=excel-da")),
            format!(
                "\u{feff}id;partner;focusArea;goal;target.measure;target.unit;target.baseline;target.target;target.dueOn;\
                 chosenOn;version\r\n{};{partner};nat-A;\"Linje 1\nLinje 2; slut\";'-1+1;%;-2,5;20,50;2023-12-31;2021-03-01;1\r\n",
                commitment["id"].as_str().expect("an id")
            )
        );
        assert_eq!(
            get("/questions?dialect=excel-da").lines().nth(2),
            Some("reach;fact;number;Hvor mange?;Hvor mange? (en);;;false;;;0;1000;1")
        );
        let named = get("/partners?dialect=excel-da");
        assert!(named.contains(";\"Ærø; \"\"Ø\"\" & Å\";civil;;;;;;;;2020-01-01;;"), "{named}");
    }

    fn figures_are_rows_with_the_whole_first(api) {
        let scene = Scene::with(api, |document| document["decimals"] = json!(1));
        for (name, sector, answer) in [("A", "civil", "yes"), ("B", "civil", "no"), ("C", "region", "yes")] {
            let partner = scene.admit_with(json!({"name": name, "sector": sector, "joinedOn": "2020-01-01"}));
            scene.submit("open", &partner, json!({"joined": {"value": answer}}));
        }
        let get = |path: &str| scene.get(path).token(&scene.auditor);
        let rows = |path: &str, delimiter: u8| {
            let found = get(path).header("accept", CSV).send();
            is_sheet(&found);
            read(found.text.trim_start_matches('\u{feff}'), delimiter)
        };
        let of = |rows: &[Vec<String>], column: &str| -> Vec<String> {
            let place = rows[0].iter().position(|name| name == column).expect("a column");
            rows[1..].iter().map(|row| row[place].clone()).collect()
        };
        let by_sector = rows("/figures/joined?by=sector", b',');
        assert_eq!(of(&by_sector, "group"), ["", "civil", "region"]);
        assert_eq!(of(&by_sector, "by"), ["", "sector", "sector"]);
        assert_eq!(of(&by_sector, "percent"), ["66.7", "50.0", "100.0"]);
        let danish = rows("/figures/joined?by=sector&dialect=excel-da", b';');
        assert_eq!(of(&danish, "percent"), ["66,7", "50,0", "100,0"]);
        assert_eq!(of(&danish, "ratio"), ["0,666667", "0,500000", "1,000000"]);
        assert_eq!(of(&danish, "definition.version"), ["1", "1", "1"]);

        let one = rows("/figures/joined", b',');
        assert_eq!((one.len(), &of(&one, "counted")), (2, &vec!["2".to_owned()]));
        assert_eq!(one[0], rows("/figures", b',')[0], "one figure has the columns of the list");

        // Page by page the whole comes once.
        let mut next = Some(scene.at("/figures/joined?by=sector&limit=1"));
        let mut walked = Vec::new();
        while let Some(path) = next {
            let page = api.get(&path).token(&scene.auditor).header("accept", CSV).send();
            walked.extend(of(&read(&page.text, b','), "group"));
            next = page.link("next");
        }
        assert_eq!(walked, ["", "civil", "region"]);

        let plain = get("/figures/joined").send();
        let sheet = get("/figures/joined").header("accept", CSV).send();
        assert_ne!(plain.etag(), sheet.etag());
        let seen = get("/figures/joined").header("accept", CSV).header("if-none-match", sheet.etag()).send();
        assert_eq!(seen.status, 304);
    }

    fn an_empty_list_has_its_heading_and_refusals_stay_json(api) {
        let scene = Scene::new(api);
        let empty = scene.get("/partners").header("accept", CSV).send();
        is_sheet(&empty);
        assert!(empty.text.starts_with("id,name,sector,") && empty.text.ends_with(",version\r\n"), "{}", empty.text);
        assert_eq!(empty.text.lines().count(), 1);
        let refused = scene.get("/figures").header("accept", CSV).send();
        assert_eq!(refused.problem(401), "token-missing");
        let single = scene.get("").header("accept", CSV).send();
        assert_eq!((single.status, single.header("content-type")), (200, "application/json"), "no list, no CSV");
        let either = scene.get("/partners").header("accept", "text/html, */*;q=0.8").send();
        assert_eq!(either.header("content-type"), "application/json");
    }

    fn pages_go_on_from_json_to_csv(api) {
        let scene = Scene::new(api);
        for name in ["A", "B", "C"] {
            scene.admit(name, "2020-01-01");
        }
        let first = scene.get("/partners?limit=2").header("accept", CSV).send();
        assert_eq!(read(&first.text, b',').len(), 3);
        let next = first.link("next").expect("a next page");
        let plain = api.get(&next).send();
        assert_eq!(plain.body["items"][0]["name"], "C");
        let danish = api.get(&format!("{next}&dialect=excel-da")).header("accept", CSV).send();
        assert_eq!(read(&danish.text, b';')[1][1], "C");
        assert_eq!(danish.header("link"), "");
    }
}
