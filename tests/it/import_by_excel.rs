//! The whole way of somebody who has Excel and nothing else: from the template to the figure.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::import_files::{facit, run};
use crate::import_reports::{counts, refused};
use crate::support::programme::text;
use crate::support::sheets::{Filling, of_text, part};
use crate::support::{Answered, Backend, Program, Scene, Token, on_both, prepared};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Hours at one decimal, and sums of them.
fn measured(document: &mut Value) {
    document["measures"] = json!([
        {"key": "hours", "label": text("Timer"), "unit": {"da": "timer", "en": "hours"}, "decimals": 1},
        {"key": "money", "label": text("Kroner"), "unit": "kr.", "decimals": 2},
    ]);
    let sum = |key: &str| json!({"key": key, "kind": "sum", "label": text(key), "measure": "hours", "take": key});
    document["indicators"] = json!([sum("latest"), sum("each")]);
}

/// A partner that has reported 12.5 hours of its initiative for the round before, and has an initiative that runs
/// without hours.
fn reported(scene: &Scene) -> (String, String) {
    let partner = scene.admit("Eksempelforeningen", "2020-01-01");
    let talks = scene.initiative(&partner, "Samtaler", json!({}));
    scene.initiative(&partner, "Nyt", json!({}));
    let outcome = |measure: &str, actual: &str| {
        json!({"measure": measure, "kind": "outcome", "unit": "hours", "baseline": "10.50",
        "target": "20", "actual": actual, "verification": "external", "evidence": ["https://example.org/tal"]})
    };
    let body = json!({"answers": {"joined": {"value": "yes"}, "reach": {"value": 40}},
        "initiatives": [{"initiative": talks, "progress": "Godt", "outcomes": [outcome("hours", "12.5"), outcome("Frit", "3.125")]}]});
    assert_eq!(scene.save("past", &partner, &body).status, 201);
    let submitted = scene.step("past", &partner, "submission", &scene.of(&partner), &json!({}));
    assert_eq!(submitted.status, 200, "{}", submitted.text);
    (partner, talks)
}

fn template(scene: &Scene, partner: &str, form: &str, token: &Token, is_english: bool) -> Answered {
    let path = format!("/imports/templates/reports.{form}?round=open&partner={partner}");
    let request = scene.get(&path).token(token);
    let got = if is_english { request.english().send() } else { request.send() };
    assert_eq!(got.status, 200, "{}", got.text);
    got
}

fn send(scene: &Scene, token: &Token, query: &str, media: &str, file: &[u8]) -> Answered {
    let path = format!("/imports?kind=reports{query}");
    scene.post(&path).token(token).once().raw(media, file).send()
}

/// `row outcome column code` of each row that was not simply taken.
fn remarks(answered: &Answered) -> Vec<String> {
    let rows = answered.body["rows"].as_array().expect("rows").iter();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    rows.map(|row| {
        format!("{} {}", row["row"], [&row["outcome"], &row["column"], &row["code"]].map(word).join(" "))
    })
    .collect()
}

fn draft(scene: &Scene, partner: &str) -> Answered {
    scene.get(&format!("/reports/open/{partner}")).token(&scene.of(partner)).send()
}

on_both! {
    fn a_template_is_filled_in_and_moves_the_sum_by_exactly_its_amount(api) {
        let scene = Scene::with(api, measured);
        let (partner, talks) = reported(&scene);
        let other = scene.admit("Anden", "2020-01-01");
        let others = scene.initiative(&other, "Andens", json!({}));
        let body = json!({"answers": {"joined": {"value": "no"}},
            "initiatives": [{"initiative": others, "outcomes": [{"measure": "hours", "kind": "outcome", "actual": "100"}]}]});
        assert_eq!(scene.save("open", &other, &body).status, 201);
        assert_eq!(scene.step("open", &other, "submission", &scene.of(&other), &json!({})).status, 200);
        let sums = || ["latest", "each"].map(|key| scene.figure(key, "")["amount"].as_str().expect("an amount").to_owned());
        assert_eq!(sums(), ["112.5", "112.5"]);

        let own = scene.of(&partner);
        let got = template(&scene, &partner, "xlsx", &own, false);
        let sheet = part(&got.bytes, "xl/worksheets/sheet1.xml");
        let (before, _) = sheet.split_once("<formula1>\"Timer,Kroner\"</formula1>").expect("a list of measures");
        let list = before.rsplit("<dataValidation ").next().expect("its head");
        assert!(list.contains("sqref=\"L2:") && !list.contains("showErrorMessage"), "free text is as good: {list}");
        assert!(sheet.contains("errorStyle=\"warning\""), "a stroke is no word of a list, and may be written");
        let mut filling = Filling::open(&got.bytes);
        assert_eq!(filling.cells("Spørgsmål"), ["joined", "reach", "note", "", "", "", ""]);
        assert_eq!(filling.cells("Svar"), ["ja", "", "", "", "", "", ""], "what stays as it is, and no number of another time");
        assert_eq!(filling.cells("Initiativ"), ["", "", "", "Samtaler", "Samtaler", "Samtaler", "Nyt"]);
        let hours = filling.row("Målepunkt", "Timer");
        let said = ["Art", "Enhed", "Udgangspunkt", "Måltal", "Resultat", "Dokumentation"].map(|heading| filling.cells(heading)[hours].to_owned());
        assert_eq!(said, ["effekt", "timer", "10.5", "20", "", ""]);

        let question = filling.row("Spørgsmål", "joined");
        filling.text(question, "Svar", "Nej");
        filling.text(question, "Kommentar", "Vi holder op");
        filling.number(filling.row("Spørgsmål", "reach"), "Svar", "42.5");
        filling.text(filling.row("Initiativ", "Nyt"), "Fremdrift", "Vi er begyndt");
        filling.number(hours, "Resultat", "17.3");
        let file = filling.save();
        let before = scene.journal_size();
        let dry = scene.post("/imports?kind=reports&dryRun=true").token(&own).raw(XLSX, &file).send();
        assert_eq!((dry.status, counts(&dry)), (200, [5, 0, 2, 0]), "{}", dry.text);
        assert_eq!(remarks(&dry), ["7 created Målepunkt unknown-measure"]);
        assert_eq!((draft(&scene, &partner).status, scene.journal_size()), (404, before));

        let taken = send(&scene, &own, "", XLSX, &file);
        assert_eq!((taken.status, counts(&taken)), (201, [5, 0, 2, 0]), "{}", taken.text);
        assert_eq!(taken.body["warnings"], json!([]));
        assert_eq!(sums(), ["112.5", "112.5"], "a draft never counts");
        let saved = draft(&scene, &partner).body;
        assert_eq!(saved["answers"], json!({"joined": {"value": "no", "comment": "Vi holder op"}, "reach": {"value": 42.5}}));
        assert_eq!([&saved["initiatives"][0]["initiative"], &saved["initiatives"][0]["outcomes"][0]["measure"]], [&json!(talks), &json!("hours")]);
        let submitted = scene.step("open", &partner, "submission", &own, &json!({}));
        assert_eq!(submitted.status, 200, "{}", submitted.text);
        assert_eq!(sums(), ["117.3", "129.8"], "100 + 17.3, and 12.5 of the round before");
        let checked = api.db.read_now(|conn| facit::check::check(conn, &scene.slug)).expect("a check");
        assert!(checked.differences.is_empty() && checked.figures > 0, "{:#?}", checked.differences);

        assert_eq!(counts(&send(&scene, &own, "", XLSX, &file)), [0, 0, 7, 0], "nothing to save, nothing to refuse");
        filling.number(hours, "Resultat", "18");
        let late = send(&scene, &own, "", XLSX, &filling.save());
        assert_eq!((late.problem(422), late.faults()), ("rows-refused", vec!["/rows/6 wrong-state".to_owned()]));
        let says = "Rapporten er indsendt og kan ikke ændres, før den er trukket tilbage eller sendt retur.";
        assert_eq!(late.body["errors"][0]["detail"], says);
        let english = scene.post("/imports?kind=reports").token(&own).once().english().raw(XLSX, &filling.save()).send();
        let says = "The report is submitted, and can't be changed before it is withdrawn or returned.";
        assert_eq!(english.body["errors"][0]["detail"], says);
        scene.accept("open", &partner);
        let accepted = send(&scene, &own, "", XLSX, &filling.save());
        assert_eq!(accepted.body["errors"][0]["detail"], "Rapporten er godkendt og kan ikke ændres, før sekretariatet har genåbnet den.");
        assert_eq!(sums(), ["117.3", "129.8"]);
    }

    fn a_template_without_a_draft_says_what_the_prefill_says(api) {
        let scene = Scene::with(api, measured);
        let (partner, _) = reported(&scene);
        let own = scene.of(&partner);
        let prefill = scene.get(&format!("/reports/open/{partner}/prefill")).token(&own).send().body;
        let forms = [("xlsx", XLSX, false), ("xlsx", XLSX, true), ("csv", "text/csv", false), ("csv", "text/csv", true)];
        for (form, media, is_english) in forms {
            for token in [&own, &scene.secretariat] {
                let got = template(&scene, &partner, form, token, is_english);
                let dry = scene.post("/imports?kind=reports&dryRun=true").token(token).raw(media, &got.bytes).send();
                assert_eq!((dry.status, counts(&dry)), (200, [3, 0, 4, 0]), "{form} {is_english}: {}", dry.text);
            }
        }
        let got = template(&scene, &partner, "xlsx", &own, true);
        assert_eq!(Filling::open(&got.bytes).cells("Unit")[4..6], ["hours", "hours"]);
        assert_eq!(Filling::open(&template(&scene, &partner, "xlsx", &own, false).bytes).cells("Enhed")[4..6], ["timer", "hours"]);
        assert_eq!(send(&scene, &own, "", XLSX, &got.bytes).status, 201);
        let saved = draft(&scene, &partner).body;
        assert_eq!(saved["answers"], prefill["answers"]);
        let of_text = |value: &Value| value.to_string().replace("10.50", "10.5");
        assert_eq!(of_text(&saved["initiatives"][0]), of_text(&prefill["initiatives"][0]));

        // From here on the draft says what there is, in either language, and only to its partner.
        for (form, media, is_english) in forms {
            let got = template(&scene, &partner, form, &own, is_english);
            let dry = scene.post("/imports?kind=reports&dryRun=true").token(&own).raw(media, &got.bytes).send();
            assert_eq!((dry.status, counts(&dry)), (200, [0, 0, 7, 0]), "{form} {is_english}: {}", dry.text);
            let blind = template(&scene, &partner, form, &scene.secretariat, is_english);
            let dry = scene.post("/imports?kind=reports&dryRun=true").token(&scene.secretariat).raw(media, &blind.bytes).send();
            assert_eq!((dry.status, counts(&dry)), (200, [0, 0, 5, 0]), "{form} {is_english}: {}", dry.text);
        }
    }

    fn a_measure_is_known_by_its_label_and_judged_by_its_unit_and_decimals(api) {
        let scene = Scene::with(api, measured);
        let partner = scene.admit("KL", "2020-01-01");
        let talks = scene.initiative(&partner, "Samtaler", json!({}));
        let own = scene.of(&partner);
        let free = json!({"measure": "timer", "kind": "output", "unit": "timer", "actual": "2"});
        let body = json!({"initiatives": [{"initiative": talks, "outcomes": [free]}]});
        assert_eq!(scene.save("open", &partner, &body).status, 201);
        let file = "Runde;Initiativ;Målepunkt;Art;Enhed;Udgangspunkt;Resultat\n\
            open;Samtaler;TIMER (en);effekt;hours;;17,5\nopen;Samtaler;Timer;ydelse;;;3\nopen;Samtaler;kroner;effekt;euro;1,125;2\n\
            open;Samtaler;Frit;effekt;euro;;1,125\nopen;Samtaler;hours;effekt;;;18\n";
        let taken = scene.import("kind=reports&mode=partial", &own, file.as_bytes());
        assert_eq!((taken.status, counts(&taken)), (207, [2, 1, 0, 2]), "{}", taken.text);
        assert_eq!(refused(&taken), ["4 Enhed wrong-unit", "6 Initiativ row-twice"]);
        assert_eq!(remarks(&taken)[1], "5 created Målepunkt unknown-measure");
        let wrong = &taken.body["rows"][0];
        assert_eq!([&wrong["more"][0]["column"], &wrong["more"][0]["code"]], ["Udgangspunkt", "too-many-decimals"]);
        let outcomes = draft(&scene, &partner).body["initiatives"][0]["outcomes"].clone();
        let said: Vec<String> = outcomes.as_array().expect("outcomes").iter()
            .map(|it| ["measure", "kind", "unit", "actual"].map(|field| it[field].as_str().unwrap_or("-").to_owned()).join(" ")).collect();
        assert_eq!(said, ["hours output timer 3", "hours outcome hours 17.5", "Frit outcome euro 1.125"]);
        let other_words = "round,initiative,measure,kind,unit\nopen,Samtaler,Timer (en),outcome,timer\nopen,Samtaler,FRIT,outcome,\n";
        let same = scene.import("kind=reports", &own, other_words.as_bytes());
        assert_eq!((same.status, counts(&same)), (201, [0, 0, 2, 0]), "{}", same.text);
        assert_eq!(remarks(&same), ["3 unchanged measure unknown-measure"]);
    }

    fn a_refused_row_leaves_none_of_its_cells_in_the_draft(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("KL", "2020-01-01");
        let file = "round,question,answer,comment\nopen,joined,yes,\nopen,reach,5,a\u{1}b\n";
        let taken = scene.import("kind=reports&mode=partial", &scene.of(&partner), file.as_bytes());
        assert_eq!((taken.status, counts(&taken)), (207, [1, 0, 0, 1]), "{}", taken.text);
        assert_eq!(draft(&scene, &partner).body["answers"], json!({"joined": {"value": "yes"}}));
    }

    fn a_row_for_another_round_than_the_templates_is_told(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("KL", "2020-01-01");
        let own = scene.of(&partner);
        let mut filling = Filling::open(&template(&scene, &partner, "xlsx", &own, false).bytes);
        filling.text(0, "Runde", "past");
        filling.text(0, "Svar", "Ja");
        filling.text(1, "Runde", "closed");
        filling.number(1, "Svar", "5");
        filling.text(2, "Svar", "Fint");
        let taken = send(&scene, &own, "&mode=partial", XLSX, &filling.save());
        assert_eq!((taken.status, counts(&taken)), (207, [2, 0, 0, 1]), "{}", taken.text);
        assert_eq!(remarks(&taken), ["2 created Runde template-other-round", "3 refused - round-closed"]);
        assert_eq!(taken.body["rows"][0]["detail"], "Rækken er til runden »past«, men skabelonen er hentet til »open«.");
        assert_eq!(taken.body["rows"][1]["detail"], "Runden »closed« lukkede 2020-07-31 23:59 og tager ikke imod ændringer.");
        let path = format!("/imports/{}", taken.body["id"].as_str().expect("an id"));
        let english = scene.get(&path).token(&own).english().send().body;
        assert_eq!(english["rows"][0]["detail"], "The row is for the round \"past\", but the template was made for \"open\".");
        assert_eq!(english["rows"][1]["detail"], "The round \"closed (en)\" closed on 2020-07-31 23:59 and takes no changes.");
        assert_eq!(draft(&scene, &partner).body["answers"], json!({"note": {"value": "Fint"}}));
    }
}

fn workbooks_go_in_by_the_command_line(backend: Backend) {
    let (database, id, secret) = prepared(backend);
    let folder: PathBuf =
        std::env::temp_dir().join(format!("facit-excel-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    };
    let import = |kind: &str, file: &str, more: &[&str]| {
        run(&database, &[&["import", "--alliance", "prove", "--kind", kind, file], more].concat())
    };
    let last =
        |(code, lines): (Option<i32>, Vec<String>)| (code, lines.last().cloned().unwrap_or_default());
    let says = |code: i32, line: &str| (Some(code), line.to_owned());

    let partners =
        write("p.xlsx", &of_text(&[&["Navn", "Sektor", "Indmeldt"], &["KL", "civil", "01-01-2020"]]));
    assert_eq!(
        last(import("partners", &partners, &["--dry-run"])),
        says(0, "1 created, 0 updated, 0 unchanged, 0 refused (dry run: nothing was written)")
    );
    assert_eq!(
        import("partners", &partners, &[]),
        (Some(0), vec!["1 created, 0 updated, 0 unchanged, 0 refused".to_owned()])
    );
    let initiatives = write(
        "i.xlsx",
        &of_text(&[&["Titel", "Ansvarlig", "Partnere", "Status"], &["Løb", "KL", "KL", "i gang"]]),
    );
    assert_eq!(import("initiatives", &initiatives, &[]).0, Some(0));

    let heading: &[&str] = &["Runde", "Partner", "Spørgsmål", "Svar", "Initiativ", "Fremdrift"];
    let good: &[&[&str]] =
        &[heading, &["open", "KL", "joined", "Ja", "", ""], &["open", "KL", "", "", "Løb", "Godt"]];
    let faulty = [good, &[&["open", "KL", "reach", "1001", "", ""][..]]].concat();
    let faulty = write("f.xlsx", &of_text(&faulty));
    let (code, lines) = import("reports", &faulty, &[]);
    assert_eq!((code, lines.len()), (Some(2), 2), "{lines:#?}");
    assert!(lines[0].starts_with("row 4: refused: Svar: out-of-range: "), "{}", lines[0]);
    assert!(
        lines[1].starts_with("2 created, 0 updated, 0 unchanged, 1 refused (nothing was written:"),
        "{}",
        lines[1]
    );
    assert_eq!(
        last(import("reports", &faulty, &["--mode", "partial"])),
        says(2, "2 created, 0 updated, 0 unchanged, 1 refused")
    );
    let good = of_text(good);
    let whole = write("g.xlsx", &good);
    assert_eq!(
        last(import("reports", &whole, &[])),
        says(0, "0 created, 0 updated, 2 unchanged, 0 refused")
    );

    for (name, bytes, kind, code) in [
        ("half.xlsx", &good[..good.len() / 2], "reports", "file-truncated"),
        ("text.xlsx", &b"Navn;Sektor\nA;civil\n"[..], "partners", "wrong-magic"),
        ("other.xlsx", &good[..], "commitments", "column-missing"),
    ] {
        let file = write(name, bytes);
        let failed = facit(&database, &["import", "--alliance", "prove", "--kind", kind, &file]);
        let error = String::from_utf8_lossy(&failed.stderr).into_owned();
        assert_eq!(failed.status.code(), Some(1), "{name}: {error}");
        assert!(error.contains(code) && failed.stdout.is_empty(), "{name}: {error}");
    }

    let program = Program::start(&database);
    let office = program.token(&id, &secret).expect("a token");
    let partner = program.read("/v1/alliances/prove/partners", &office)["items"][0]["id"].clone();
    let key = json!({"role": "partner", "partner": partner, "name": "egen"});
    let key = program
        .request("POST", "/v1/alliances/prove/keys")
        .token(&office)
        .json(&key)
        .send();
    assert_eq!(key.status, 201, "{}", key.text);
    let [id, secret] = ["clientId", "clientSecret"].map(|field| key.body[field].as_str().expect(field));
    let own = program.token(id, secret).expect("a token");
    let path = format!("/v1/alliances/prove/reports/open/{}", partner.as_str().expect("an id"));
    let report = program.read(&path, &own);
    assert_eq!(report["answers"], json!({"joined": {"value": "yes"}}));
    assert_eq!(report["initiatives"][0]["progress"], "Godt");
    assert_eq!((&report["state"], &report["version"]), (&json!("draft"), &json!(1)));
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn workbooks_go_in_by_the_command_line_on_sqlite() {
    workbooks_go_in_by_the_command_line(Backend::Sqlite);
}

#[test]
fn workbooks_go_in_by_the_command_line_on_postgres() {
    workbooks_go_in_by_the_command_line(Backend::Postgres);
}
