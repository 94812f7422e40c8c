//! Templates come back unchanged, and refused rows come back mended.

use facit::domain::import::FileRead;
use serde_json::{Value, json};

use crate::import_reports::refused;
use crate::support::{Answered, Scene, Token, column, on_both};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn number(answered: &Answered, field: &str) -> i64 {
    answered.body[field]
        .as_i64()
        .unwrap_or_else(|| panic!("{field}: {}", answered.text))
}

fn download(scene: &Scene, path: &str, token: &Token, is_english: bool) -> Answered {
    let request = scene.get(path).token(token);
    let answered = if is_english { request.english().send() } else { request.send() };
    assert_eq!(answered.status, 200, "{path}: {}", answered.text);
    answered
}

/// An alliance with values that are hard to write down.
fn lived(api: &crate::support::Api) -> (Scene<'_>, String) {
    let scene = Scene::new(api);
    let kl = scene.admit_with(json!({"name": "=KL; 03-04", "sector": "municipality", "region": "1083", "municipality": "0461", "area": "07",
        "cvr": "10150817", "website": "https://example.org", "objectives": ["areas", "initiatives"], "joinedOn": "2020-03-04"}));
    let foa = scene.admit("FOA", "2020-01-01");
    scene.admit_with(json!({"name": "Uden", "sector": "civil", "partOf": foa}));
    scene.initiative(&kl, "-5 % røg", json!({"partners": [kl, foa], "focusAreas": ["nat-A", "own-1"], "approach": "structural",
        "stage": ["prevention", "earlyDetection"], "startsOn": "2023-01", "endsOn": "2023", "summary": "En linje\nog en til", "beganBeforeJoining": true}));
    scene.initiative(&foa, "Løb", json!({"status": "planned"}));
    scene.does(&format!("/partners/{kl}/commitments"), json!({"focusArea": "nat-A", "goal": "+10", "chosenOn": "2021-03-04",
        "target": {"measure": "samtaler", "unit": "antal", "baseline": "1.125", "target": "20.50", "dueOn": "2023-12-31"}}));
    scene.does(&format!("/partners/{foa}/commitments"), json!({"focusArea": "own-1", "goal": ""}));
    let running = scene.initiative(&kl, "Samtaler", json!({}));
    scene.initiative(&kl, "Nyt", json!({}));
    let body = json!({"answers": {"joined": {"value": "yes", "comment": "=ja"}, "reach": {"value": 12.5}, "note": {"none": "notApplicable"}},
        "initiatives": [{"initiative": running, "progress": "Godt", "outcomes": [{"measure": "samtaler", "kind": "outcome", "unit": "antal",
            "baseline": "1.000", "target": "123456789012345678.5", "actual": "17", "verification": "documented", "evidence": ["https://example.org/a"]}]}]});
    let saved = scene
        .put(&format!("/reports/open/{kl}"))
        .token(&scene.of(&kl))
        .json(&body)
        .send();
    assert_eq!(saved.status, 201, "{}", saved.text);
    (scene, kl)
}

on_both! {
    fn a_template_sent_back_as_it_is_changes_nothing(api) {
        let (scene, kl) = lived(api);
        let own = scene.of(&kl);
        let size = |scene: &Scene| scene.journal_size();
        for (kind, rows) in [("partners", [3, 1]), ("commitments", [2, 1]), ("initiatives", [4, 3]), ("reports", [7, 7])] {
            for (form, media) in [("xlsx", XLSX), ("csv", "text/csv")] {
                for is_english in [false, true] {
                    for (token, rows) in [(&scene.secretariat, rows[0]), (&own, rows[1])] {
                        if kind == "reports" && token.0 != own.0 {
                            continue;
                        }
                        let query = if kind == "reports" { format!("?round=open&partner={kl}") } else { String::new() };
                        let file = download(&scene, &format!("/imports/templates/{kind}.{form}{query}"), token, is_english);
                        assert!(file.header("content-type").starts_with(media), "{}", file.header("content-type"));
                        assert_eq!(file.header("content-disposition"), format!("attachment; filename=\"{kind}.{form}\""));
                        let before = size(&scene);
                        let back = scene.post(&format!("/imports?kind={kind}")).token(token).once().raw(media, &file.bytes).send();
                        let what = format!("{kind} {form} {is_english}: {}\n{}", back.text, if form == "csv" { &file.text } else { "" });
                        assert_eq!(back.status, 201, "{what}");
                        assert_eq!((number(&back, "unchanged"), number(&back, "rowsRead")), (rows, rows), "{what}");
                        assert_eq!(back.body["warnings"], json!([]), "{what}");
                        assert_eq!(size(&scene), before + 1, "{what}");
                    }
                }
            }
        }
    }

    fn an_empty_answer_in_words_is_a_cell_of_text_whatever_stands_beside_it(api) {
        let scene = Scene::new(api);
        let kl = scene.admit("KL", "2020-01-01");
        let own = scene.of(&kl);
        let path = format!("/imports/templates/reports.xlsx?round=open&partner={kl}");
        let formats = |answers: Value| {
            let saved = scene.save("open", &kl, &json!({"answers": answers}));
            assert!(matches!(saved.status, 200 | 201), "{}", saved.text);
            answer_formats(&download(&scene, &path, &own, false).bytes)
        };
        let (text, number) = ("@", "General");
        // Yes or no, a number, a text: what is typed into the first and the last must not become a date.
        assert_eq!(formats(json!({})), [text, number, text]);
        assert_eq!(formats(json!({"reach": {"value": 12.5}})), [text, number, text]);
        assert_eq!(formats(json!({"joined": {"value": "yes"}})), [text, number, text]);
    }

    fn what_a_file_can_not_bring_back_as_it_is_stays_as_it_is(api) {
        let scene = Scene::new(api);
        let kl = scene.admit("KL", "2020-01-01");
        let own = scene.of(&kl);
        let initiative = scene.initiative(&kl, "Løb", json!({"targetGroup": "-"}));
        let twice = json!({"measure": "ture", "kind": "output", "actual": "3"});
        let body = json!({"answers": {"joined": {"value": "yes", "comment": "-"}, "note": {"value": "Ved ikke", "comment": " luft "}},
            "initiatives": [{"initiative": initiative, "progress": "'=1+1", "outcomes": [twice, twice,
                {"measure": "-", "kind": "output"}, {"measure": "km", "kind": "output", "evidence": ["https://example.org/a;b"]}]}]});
        let saved = scene.save("open", &kl, &body);
        assert_eq!(saved.status, 201, "{}", saved.text);
        for kind in ["initiatives", "reports"] {
            for (form, media) in [("xlsx", XLSX), ("csv", "text/csv")] {
                let query = if kind == "reports" { format!("?round=open&partner={kl}") } else { String::new() };
                let file = download(&scene, &format!("/imports/templates/{kind}.{form}{query}"), &own, false);
                let back = scene.post(&format!("/imports?kind={kind}")).token(&own).once().raw(media, &file.bytes).send();
                assert_eq!(back.status, 201, "{kind} {form}: {}", back.text);
                assert_eq!(number(&back, "unchanged"), number(&back, "rowsRead"), "{kind} {form}: {}", back.text);
            }
        }
        let kept = scene.get(&format!("/reports/open/{kl}")).token(&own).send();
        assert_eq!((&kept.body["answers"]["note"], &kept.body["version"]), (&body["answers"]["note"], &json!(1)));
    }

    fn a_template_is_its_own_partners_and_its_own_alliances(api) {
        let (scene, kl) = lived(api);
        let foa = scene.read("/partners?q=FOA")["items"][0]["id"].as_str().expect("an id").to_owned();
        let at = |path: &str, token: &Token| scene.get(&format!("/imports/templates/{path}")).token(token).send();
        assert_eq!(at(&format!("initiatives.xlsx?partner={foa}"), &scene.of(&kl)).problem(404), "not-found");
        assert_eq!(at("figures.xlsx", &scene.secretariat).problem(404), "not-found");
        assert_eq!(at("reports.xlsx", &scene.secretariat).faults(), ["?round required", "?partner required"]);
        assert_eq!(at("reports.xlsx?round=x", &scene.of(&kl)).faults(), ["?round unknown-round"]);
        let file = at("partners.xlsx", &scene.secretariat);
        let again = scene.get("/imports/templates/partners.xlsx").token(&scene.secretariat).header("if-none-match", file.etag()).send();
        assert_eq!(again.status, 304);
        let send = |scene: &Scene, kind: &str| scene.post(&format!("/imports?kind={kind}")).token(&scene.secretariat).once().raw(XLSX, &file.bytes).send();
        let wrong = send(&scene, "initiatives");
        assert_eq!(wrong.problem(422), "template-kind");
        assert_eq!(wrong.body["detail"], "Skabelonen er til partnere og ikke til initiativer.");
        let reports = at(&format!("reports.xlsx?round=open&partner={kl}"), &scene.secretariat);
        let wrong = scene.post("/imports?kind=commitments").token(&scene.of(&kl)).once().english().raw(XLSX, &reports.bytes).send();
        assert_eq!(wrong.problem(422), "template-kind");
        assert_eq!(wrong.body["detail"], "The template is for reports, not for commitments.");
        let other = Scene::with(api, |document| document["slug"] = json!("nabo"));
        assert_eq!(send(&other, "partners").problem(422), "template-alliance");
        scene.api.put(&scene.at("")).token(&scene.secretariat).if_match("*").json(&{
            let mut document = scene.read("");
            document.as_object_mut().expect("a document").remove("version");
            document["smallGroup"] = json!(4);
            document
        }).send();
        let outdated = send(&scene, "partners");
        if outdated.body["warnings"] != json!([]) {
            assert_eq!(outdated.body["warnings"][0]["code"], "template-outdated");
        }
    }

    fn refused_rows_come_back_as_they_were_sent_and_go_in_mended(api) {
        let scene = Scene::new(api);
        let file = "Navn;Sektor;Indmeldt;Noter\n=A;civil;2020-01-01;x\n\"B; \"\"b\"\"\";nowhere;01-02-2021;-1\nC;civil;2020-02-31;\nD;civil\n";
        let first = scene.import("kind=partners&mode=partial", &scene.secretariat, file.as_bytes());
        assert_eq!((first.status, number(&first, "created"), number(&first, "refused")), (207, 1, 3), "{}", first.text);
        let id = first.body["id"].as_str().expect("an id").to_owned();
        let before = scene.read("/partners")["items"].clone();

        let csv = download(&scene, &format!("/imports/{id}/refused.csv"), &scene.secretariat, false);
        let lines: Vec<&str> = csv.text.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines[0], "Navn;Sektor;Indmeldt;Noter;Afvist fordi");
        assert!(lines[1].starts_with("\"B; \"\"b\"\"\";nowhere;01-02-2021;'-1;Sektor: Sektoren »nowhere«"), "{}", lines[1]);
        assert!(lines[3].starts_with("D;civil;;;"), "{}", lines[3]);
        let english = download(&scene, &format!("/imports/{id}/refused.csv"), &scene.secretariat, true);
        assert!(english.text.contains("Refused because") && english.text.contains("is not a date"), "{}", english.text);
        let sheet = download(&scene, &format!("/imports/{id}/refused.xlsx"), &scene.secretariat, false);
        assert_eq!(FileRead::read(&sheet.bytes, true).expect("a workbook").sheet.row_count, 3);
        let kl = scene.admit("KL", "2020-01-01");
        assert_eq!(scene.get(&format!("/imports/{id}/refused.csv")).token(&scene.of(&kl)).send().problem(404), "not-found");

        for (media, bytes) in [("text/csv", csv.bytes.clone()), (XLSX, sheet.bytes.clone())] {
            let again = scene.post("/imports?kind=partners&mode=partial&dryRun=true").token(&scene.secretariat).raw(media, &bytes).send();
            assert_eq!(refused(&again), ["2 Sektor unknown-sector", "3 Indmeldt bad-date"], "{}", again.text);
        }
        let mended = csv.text.replace("nowhere", "region").replace("2020-02-31", "2020-02-29");
        let mended = scene.import("kind=partners&mode=partial", &scene.secretariat, mended.as_bytes());
        assert_eq!((mended.status, number(&mended, "created"), number(&mended, "refused")), (201, 3, 0), "{}", mended.text);
        let codes: Vec<&Value> = mended.body["warnings"].as_array().expect("warnings").iter().map(|warning| &warning["column"]).collect();
        assert_eq!(codes, ["Noter"], "the column that says why is not warned about");
        let after = scene.read("/partners");
        assert!(column(&after, "name").contains(&"B; \"b\"".to_owned()));
        assert!(after["items"].as_array().expect("partners").contains(&before[0]), "what was taken is untouched");
    }
}

/// How the cells of the column of answers are formatted: `@` as text, whatever is typed.
fn answer_formats(file: &[u8]) -> Vec<&'static str> {
    let part = |name: &str| {
        let mut book = zip::ZipArchive::new(std::io::Cursor::new(file)).expect("a workbook");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut book.by_name(name).expect("a part"), &mut text).expect("XML");
        text
    };
    let (sheet, styles) = (part("xl/worksheets/sheet1.xml"), part("xl/styles.xml"));
    let cells = styles.split("<cellXfs").nth(1).expect("formats");
    // Format 49 is text.
    let is_text: Vec<bool> = cells
        .split("<xf ")
        .skip(1)
        .map(|xf| xf.starts_with("numFmtId=\"49\""))
        .collect();
    let style = |row: usize| {
        let cell = sheet.split(&format!("<c r=\"F{row}\"")).nth(1)?.split('>').next()?.to_owned();
        let style = cell.split("s=\"").nth(1)?.split('"').next()?.parse::<usize>().ok()?;
        is_text.get(style).copied()
    };
    (2..5)
        .map(|row| if style(row) == Some(true) { "@" } else { "General" })
        .collect()
}
