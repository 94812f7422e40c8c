//! A file of each class of fault, with the exact answer: row, column, code, and a sentence in both languages.

use serde_json::{Value, json};

use crate::support::sheets::of_text;
use crate::support::{Scene, on_both};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

struct Faulty {
    kind: &'static str,
    file: Vec<u8>,
    /// Where, which, and the two sentences.
    expected: [&'static str; 4],
}

fn faulty(kind: &'static str, file: Vec<u8>, expected: [&'static str; 4]) -> Faulty {
    Faulty { kind, file, expected }
}

fn of_partners(rows: &[&[&str]]) -> Vec<u8> {
    of_text(&[&[&["name", "sector", "joined"][..]], rows].concat())
}

/// One of each class.
fn files() -> Vec<Faulty> {
    let good = of_partners(&[&["A", "civil"]]);
    let old = [
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice(),
        b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0",
    ]
    .concat();
    let reports = |row: &[&str]| {
        of_text(&[
            &[
                "round",
                "partner",
                "question",
                "answer",
                "initiative",
                "progress",
                "measure",
                "kind",
                "actual",
            ],
            row,
        ])
    };
    let goals = |rows: &[&[&str]]| {
        of_text(&[&[&["partner", "focus area", "measure", "baseline", "target"][..]], rows].concat())
    };
    vec![
        faulty(
            "partners",
            b"%PDF-1.7 ...".to_vec(),
            [
                "",
                "wrong-magic",
                "Filen er hverken CSV eller et regneark i formatet xlsx, hvad den end hedder.",
                "The file is neither CSV nor a workbook of the format xlsx, whatever it is called.",
            ],
        ),
        faulty(
            "partners",
            old,
            [
                "",
                "password-protected",
                "Filen er beskyttet med en adgangskode. Gem den uden, og send den igen.",
                "The file is protected by a password. Save it without one and send it again.",
            ],
        ),
        faulty(
            "partners",
            good[..good.len() / 2].to_vec(),
            [
                "",
                "file-truncated",
                "Filen er beskadiget eller kom ikke helt med. Gem den igen i Excel, og send den igen.",
                "The file is damaged or was cut short. Save it again in Excel and send it again.",
            ],
        ),
        faulty(
            "partners",
            of_text(&[&["Navn", "Sektor", "NAME"], &["A", "civil", "B"]]),
            [
                "/rows/1/NAME",
                "column-twice",
                "Kolonnerne »Navn« og »NAME« betyder det samme.",
                "The columns \"Navn\" and \"NAME\" mean the same.",
            ],
        ),
        faulty(
            "partners",
            of_text(&[&["sektor"], &["civil"]]),
            [
                "/rows/1/name",
                "column-missing",
                "Filen mangler kolonnen »Navn«.",
                "The file lacks the column \"Name\".",
            ],
        ),
        faulty(
            "commitments",
            goals(&[&["KL", "nat-A", "x", "mange"]]),
            [
                "/rows/2/baseline",
                "bad-amount",
                "»mange« er ikke et tal med punktum som decimaltegn.",
                "\"mange\" is not a number with a point as its decimal mark.",
            ],
        ),
        faulty(
            "commitments",
            goals(&[&["KL", "nat-A", "x", "12,5"], &["KL", "nat-B", "x", "", "12.5"]]),
            [
                "/rows/3/target",
                "mixed-decimal-marks",
                "»12.5« blander komma og punktum, eller bruger et andet decimaltegn end række 2.",
                "\"12.5\" mixes comma and point, or uses another decimal mark than row 2.",
            ],
        ),
        faulty(
            "partners",
            of_partners(&[&["A", "civil", "01-01-1904"]]),
            [
                "/rows/2/joined",
                "date-1904",
                "Datoen 1904-01-01 ligger før 1905. Regneark laver sådan en af en tom celle eller af en anden tidsregning.",
                "The date 1904-01-01 lies before 1905. Spreadsheets make one of an empty cell, or of another calendar.",
            ],
        ),
        faulty(
            "partners",
            of_partners(&[&["A", "civil"], &["a ", "civil"]]),
            ["/rows/3/name", "row-twice", "Række 2 handler om det samme.", "Row 2 is about the same."],
        ),
        faulty(
            "reports",
            reports(&["open", "KL", "", "", "Ukendt", "Godt"]),
            [
                "/rows/2/initiative",
                "unknown-initiative",
                "Partneren deltager ikke i et initiativ, der hedder »Ukendt«.",
                "The partner takes part in no initiative called \"Ukendt\".",
            ],
        ),
        faulty(
            "reports",
            reports(&["open", "KL", "spare", "x"]),
            [
                "/rows/2/question",
                "question-not-asked",
                "Runden »open« stiller ikke spørgsmålet »spare«.",
                "The round \"open\" does not ask the question \"spare\".",
            ],
        ),
        faulty(
            "reports",
            reports(&["open", "KL", "joined", "måske"]),
            [
                "/rows/2/answer",
                "not-a-choice",
                "»måske« er ikke en af mulighederne: yes, no.",
                "\"måske\" is not one of the choices: yes, no.",
            ],
        ),
        faulty(
            "reports",
            reports(&["open", "KL", "share", "101"]),
            [
                "/rows/2/answer",
                "out-of-range",
                "Tallet 101 er større end 100.",
                "The number 101 is above 100.",
            ],
        ),
        faulty(
            "partners",
            of_partners(&[&["A\u{7}", "civil"]]),
            [
                "/rows/2/name",
                "control-character",
                "Teksten indeholder et styretegn (U+0007).",
                "The text contains a control character (U+0007).",
            ],
        ),
    ]
}

on_both! {
    fn each_class_of_fault_has_its_exact_answer(api) {
        let scene = Scene::with(api, |document| {
            document["questions"].as_array_mut().expect("questions").extend([
                json!({"key": "share", "kind": "fact", "type": "number", "min": 0, "max": 100, "unit": "%", "wording": {"da": "Hvor stor?", "en": "How big?"}}),
                json!({"key": "spare", "kind": "fact", "type": "text", "wording": {"da": "Andet?", "en": "Else?"}}),
            ]);
            document["rounds"][2]["questions"] = json!(["joined", "reach", "note", "share"]);
        });
        scene.admit("KL", "2020-01-01");
        let before = scene.journal_size();
        for Faulty { kind, file, expected: [pointer, code, da, en] } in files() {
            let post = || scene.post(&format!("/imports?kind={kind}")).token(&scene.secretariat).once();
            let says = |answered: &Value| -> Value { json!([answered["pointer"], answered["code"], answered["detail"]]) };
            let danish = post().raw(XLSX, &file).send();
            assert_eq!(danish.status, 422, "{code}: {}", danish.text);
            assert_eq!(danish.body["errors"].as_array().map(Vec::len), Some(1), "{}", danish.text);
            assert_eq!(says(&danish.body["errors"][0]), json!([pointer, code, da]));
            let english = post().raw(XLSX, &file).english().send();
            assert_eq!(says(&english.body["errors"][0]), json!([pointer, code, en]));
        }
        assert_eq!(scene.journal_size(), before, "nothing was written");
    }

    fn an_unknown_column_is_left_out_and_said(api) {
        let scene = Scene::new(api);
        let file = of_text(&[&["name", "sector", "Kaffe"], &["A", "civil", "sort"]]);
        let post = || scene.post("/imports?kind=partners&dryRun=true").token(&scene.secretariat).raw(XLSX, &file);
        let warning = |code: &str, detail: &str| json!([{"column": "Kaffe", "code": code, "detail": detail}]);
        let danish = "Kolonnen »Kaffe« kendes ikke og læses ikke.";
        assert_eq!(post().send().body["warnings"], warning("column-ignored", danish));
        let english = "The column \"Kaffe\" is not known, and is not read.";
        assert_eq!(post().english().send().body["warnings"], warning("column-ignored", english));
    }

    fn anothers_rows_are_refused(api) {
        let scene = Scene::new(api);
        let (kl, _) = (scene.admit("KL", "2020-01-01"), scene.admit("FOA", "2020-01-01"));
        let file = of_text(&[&["partner", "focus area"], &["KL", "nat-A"], &["FOA", "nat-A"]]);
        let refused = scene.post("/imports?kind=commitments").token(&scene.of(&kl)).once().raw(XLSX, &file);
        let answered = refused.send();
        assert_eq!(answered.problem(422), "rows-refused");
        assert_eq!(answered.body["errors"], json!([{"pointer": "/rows/3/partner", "code": "forbidden",
            "detail": "En partner kan kun tage sine egne rækker ind."}]));
        let english = scene.post("/imports?kind=commitments").token(&scene.of(&kl)).once().raw(XLSX, &file).english().send();
        assert_eq!(english.body["errors"][0]["detail"], "A partner can import only its own rows.");
    }
}
