//! Workbooks are read as CSV is, and none can hurt.

use std::time::{Duration, Instant};

use facit::domain::import::FileRead;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula};
use serde_json::{Value, json};

use crate::support::sheets::{cell, of_rows, of_text, parts, sheet, zipped};
use crate::support::{Scene, column, on_both};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Number and cells of each row below the heading.
fn rows(file: &[u8]) -> Vec<(i64, Vec<String>)> {
    let read = FileRead::read(file, true).map_err(|fault| fault.code).expect("a file");
    read.sheet.rows().map(|row| (row.number, row.cells)).collect()
}

fn refusal(file: &[u8]) -> &'static str {
    FileRead::read(file, true).map(drop).expect_err("a refusal").code
}

fn owned(number: i64, cells: &[&str]) -> (i64, Vec<String>) {
    (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
}

#[test]
fn cells_are_read_as_they_are_shown() {
    let file = sheet(|sheet| {
        let date = Format::new().set_num_format("dd-mm-yyyy");
        let percent = Format::new().set_num_format("0 %");
        let day = ExcelDateTime::parse_from_str("2023-12-31").expect("a day");
        for (place, heading) in (0..).zip(["tekst", "tal", "brøk", "dato", "procent", "sand", "lang"]) {
            sheet.write_string(0, place, heading).expect("a heading");
        }
        sheet.write_string(3, 0, "Ærø & <Ø> \u{1F600}").expect("a text");
        sheet.write_number(3, 1, 12345678).expect("a number");
        sheet.write_number(3, 2, 0.1 + 0.2).expect("a number");
        sheet.write_with_format(3, 3, &day, &date).expect("a day");
        sheet.write_number_with_format(3, 4, 0.17, &percent).expect("percents");
        sheet.write_boolean(3, 5, true).expect("a truth");
        sheet.write_number(3, 6, 1e3).expect("a number");
        sheet.write_string(5, 0, " plads ").expect("a text");
    });
    let first =
        owned(4, &["Ærø & <Ø> \u{1F600}", "12345678", "0.3", "2023-12-31", "17%", "true", "1000"]);
    assert_eq!(rows(&file), [first, owned(6, &[" plads ", "", "", "", "", "", ""])], "blank rows count");
}

#[test]
fn the_first_sheet_that_can_be_seen_is_read() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let hidden = book.add_worksheet();
    hidden.write_string(0, 0, "skjult").expect("a cell");
    hidden.set_hidden(true);
    let seen = book.add_worksheet().set_active(true);
    seen.write_string(0, 0, "navn").expect("a cell");
    seen.write_string(1, 0, "A").expect("a cell");
    assert_eq!(rows(&book.save_to_buffer().expect("a workbook")), [owned(2, &["A"])]);
}

#[test]
fn days_of_1904_workbooks_are_counted_from_there() {
    let row = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>d</t></is></c></row><row r=\"2\"><c r=\"A2\" s=\"1\"><v>43829</v></c></row>";
    let mut parts = parts(&format!("<worksheet><sheetData>{row}</sheetData></worksheet>"));
    let styles = "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>";
    parts.push(("xl/styles.xml".to_owned(), styles.as_bytes().to_vec()));
    assert_eq!(rows(&zipped(&parts)), [owned(2, &["2019-12-30"])]);
    let book = String::from_utf8(parts[0].1.clone()).expect("XML");
    parts[0].1 = book.replace("<sheets>", "<workbookPr date1904=\"1\"/><sheets>").into_bytes();
    assert_eq!(rows(&zipped(&parts)), [owned(2, &["2023-12-31"])]);
}

#[test]
fn what_is_no_plain_workbook_has_a_code_of_its_own() {
    let good = of_text(&[&["navn"], &["A"]]);
    assert_eq!(rows(&good), [owned(2, &["A"])]);
    for length in [5, good.len() / 3, good.len() / 2, good.len() - 30, good.len() - 1] {
        assert_eq!(refusal(&good[..length]), "file-truncated", "{length} bytes");
    }
    let mut damaged = parts("<worksheet/>");
    damaged[2].1 = b"<worksheet><sheetData><row r=\"1\">".to_vec();
    assert_eq!(refusal(&zipped(&damaged)), "file-truncated");
    for (bytes, code) in [
        (&b"navn;sektor\nA;civil\n"[..], "wrong-magic"),
        (b"%PDF-1.7", "wrong-magic"),
        (b"\x89PNG\r\n", "wrong-magic"),
        (b"<html><table>", "wrong-magic"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 Workbook", "old-workbook"),
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0",
            "password-protected",
        ),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "not-xlsx"),
    ] {
        assert_eq!(refusal(bytes), code);
    }
    let with = |name: &str| {
        let mut parts = parts("<worksheet/>");
        parts.push((name.to_owned(), b"x".to_vec()));
        refusal(&zipped(&parts))
    };
    assert_eq!([with("xl/vbaProject.bin"), with("xl/macrosheets/sheet1.xml")], ["macros", "macros"]);
    assert_eq!(with("xl/externalLinks/externalLink1.xml"), "external-links");
    assert_eq!(refusal(&zipped(&[("mimetype".to_owned(), b"ods".to_vec())])), "not-xlsx");
    assert_eq!([refusal(&of_rows("")), refusal(&of_text(&[&["navn"]]))], ["file-empty", "no-rows"]);
}

/// Bytes that would fill the memory or the day, and the code that stops them.
fn bombs() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let entities = "<!DOCTYPE w [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><worksheet>&b;</worksheet>";
    let noughts = vec![b' '; 64 * 1024 * 1024];
    let many = (0..200_000).map(|i| format!(" a{i}=\"\"")).collect::<String>();
    let wide = (0..5000)
        .map(|_| "<c t=\"inlineStr\"><is><t>x</t></is></c>")
        .collect::<String>();
    let mut shared = parts(&format!(
        "<worksheet><sheetData>{}</sheetData></worksheet>",
        (1..40_000)
            .map(|row| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>"))
            .collect::<String>()
    ));
    shared.push((
        "xl/sharedStrings.xml".to_owned(),
        format!("<sst><si><t>{}</t></si></sst>", "ab".repeat(16_000)).into_bytes(),
    ));
    let far = format!(
        "<row r=\"1\">{}</row><row r=\"1048576\">{}</row>",
        cell("A1", "a"),
        cell("XFD1048576", "b")
    );
    let many_parts: Vec<(String, Vec<u8>)> = (0..5000).map(|i| (format!("p{i}"), Vec::new())).collect();
    vec![
        (
            "a part of spaces",
            zipped(&[
                parts("")[0].clone(),
                parts("")[1].clone(),
                ("xl/worksheets/sheet1.xml".to_owned(), noughts),
            ]),
            "zip-bomb",
        ),
        ("entities", zipped(&parts(entities)), "xml-declares-entities"),
        ("a deep tree", zipped(&parts(&"<a>".repeat(100_000))), "file-truncated"),
        ("a tag of many attributes", zipped(&parts(&format!("<worksheet{many}/>"))), "zip-bomb"),
        ("many columns", of_rows(&format!("<row r=\"1\">{wide}</row>")), "too-many-columns"),
        ("one long text in many cells", zipped(&shared), "zip-bomb"),
        ("two cells far apart", of_rows(&far), "too-many-columns"),
        ("many parts", zipped(&many_parts), "zip-bomb"),
    ]
}

#[test]
fn what_unfolds_is_stopped_in_two_seconds() {
    for (name, file, code) in bombs() {
        assert!(file.len() < 10 * 1024 * 1024, "{name}");
        let begin = Instant::now();
        assert_eq!(refusal(&file), code, "{name}");
        assert!(begin.elapsed() < Duration::from_secs(2), "{name}: {:?}", begin.elapsed());
    }
}

#[test]
fn fifty_thousand_rows_are_read_and_one_more_is_not() {
    let row = |row: usize| format!("<row r=\"{row}\">{}</row>", cell(&format!("A{row}"), "x"));
    let file = |count: usize| of_rows(&(1..=count + 1).map(row).collect::<String>());
    assert_eq!(rows(&file(50_000)).len(), 50_000);
    let refused = FileRead::read(&file(50_001), true).map(drop).expect_err("a refusal");
    assert_eq!((refused.code, refused.pointer.as_str()), ("too-many-rows", "/rows/50002"));
}

#[test]
fn a_size_that_is_a_lie_does_not_help() {
    // 64 MiB of spaces that claim to be ten bytes.
    let mut file = zipped(&[
        parts("")[0].clone(),
        parts("")[1].clone(),
        ("xl/worksheets/sheet1.xml".to_owned(), vec![b' '; 64 * 1024 * 1024]),
    ]);
    let size = (64_u32 * 1024 * 1024).to_le_bytes();
    let places: Vec<usize> = (0..file.len() - 4).filter(|at| file[*at..at + 4] == size).collect();
    assert!(!places.is_empty());
    for at in places {
        file[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    assert!(["zip-bomb", "file-truncated"].contains(&refusal(&file)));
}

on_both! {
    fn a_workbook_goes_in_as_the_same_table_in_csv_does(api) {
        let scene = Scene::new(api);
        let date = Format::new().set_num_format("dd-mm-yyyy");
        let file = sheet(|sheet| {
            for (place, heading) in (0..).zip(["NAVN ", "Sektor", "Område", "Kommune", "CVR-nr.", "Indmeldt", "Noter"]) {
                sheet.write_string(0, place, heading).expect("a heading");
            }
            sheet.write_string(2, 0, "Ærø Kommune").expect("a name");
            sheet.write_string(2, 1, "municipality").expect("a sector");
            sheet.write_string(2, 2, "Fyn").expect("an area");
            sheet.write_number(2, 3, 461).expect("a code without its nought");
            sheet.write_number(2, 4, 10150817).expect("a number");
            sheet.write_number_with_format(2, 5, 44228, &date).expect("a day");
        });
        let post = || scene.post("/imports?kind=partners").token(&scene.secretariat).once();
        for media in [XLSX, "application/octet-stream", "application/vnd.ms-excel"] {
            let answered = post().raw(media, &file).send();
            assert_eq!(answered.status, 201, "{}", answered.text);
            assert_eq!(answered.body["warnings"][0]["code"], "column-ignored");
        }
        let partners = scene.read("/partners");
        assert_eq!(column(&partners, "name"), ["Ærø Kommune"]);
        let island = &partners["items"][0];
        assert_eq!([&island["area"], &island["municipality"], &island["cvr"], &island["joinedOn"]], ["07", "0461", "10150817", "2021-02-01"]);
        assert_eq!(island["version"], 1);
        let form = |name: &str| {
            let head = format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
            let body = [head.as_bytes(), &file, b"\r\n--x--\r\n"].concat();
            post().raw("multipart/form-data; boundary=x", &body).send()
        };
        assert_eq!(form("partnere.xlsx").body["unchanged"], 1);
        assert_eq!(post().raw(XLSX, b"name,sector\nA,civil\n").send().problem(422), "wrong-magic");
    }

    fn merged_headings_are_read(api) {
        let scene = Scene::new(api);
        let kl = scene.admit("KL", "2020-01-01");
        let bold = Format::new().set_bold();
        let titled = sheet(|sheet| {
            sheet.merge_range(0, 0, 0, 2, "Mål for 2023", &bold).expect("a title");
            for (place, heading) in (0..).zip(["Partner", "Indsatsområde", "Mål"]) {
                sheet.write_string(1, place, heading).expect("a heading");
            }
            for (place, text) in (0..).zip(["KL", "nat-A", "Flere"]) {
                sheet.write_string(2, place, text).expect("a cell");
            }
        });
        let answered = scene.import("kind=commitments", &scene.secretariat, &titled);
        assert_eq!((answered.status, &answered.body["created"]), (201, &json!(1)), "{}", answered.text);
        let grouped = sheet(|sheet| {
            sheet.merge_range(0, 0, 1, 0, "Partner", &bold).expect("a heading");
            sheet.merge_range(0, 1, 1, 1, "Indsatsområde", &bold).expect("a heading");
            sheet.merge_range(0, 2, 0, 3, "I tal", &bold).expect("a heading");
            sheet.write_string(1, 2, "Målepunkt").expect("a heading");
            sheet.write_string(1, 3, "Måltal").expect("a heading");
            for (place, text) in (0..).zip(["KL", "nat-A", "samtaler"]) {
                sheet.write_string(2, place, text).expect("a cell");
            }
            sheet.write_number(2, 3, 1.125).expect("a number");
        });
        let answered = scene.import("kind=commitments", &scene.secretariat, &grouped);
        assert_eq!((answered.status, &answered.body["updated"]), (201, &json!(1)), "{}", answered.text);
        let target = &scene.read(&format!("/partners/{kl}/commitments"))["items"][0]["target"];
        assert_eq!([&target["measure"], &target["target"]], ["samtaler", "1.125"], "a number cell's point is a decimal mark");
    }

    fn what_a_cell_holds_besides_its_text_is_told(api) {
        let scene = Scene::new(api);
        let file = sheet(|sheet| {
            let date = Format::new().set_num_format("yyyy-mm-dd");
            for (place, heading) in (0..).zip(["name", "sector", "joined"]) {
                sheet.write_string(0, place, heading).expect("a heading");
            }
            for row in 1..=3 {
                sheet.write_string(row, 1, "civil").expect("a sector");
            }
            sheet.write_formula(1, 0, Formula::new("=\"A\"&\"B\"").set_result("AB")).expect("a formula");
            sheet.write_string(2, 0, "B").expect("a name");
            sheet.write_number_with_format(2, 2, 1463, &date).expect("a day");
            sheet.write_string(3, 0, "C\u{1}").expect("a name");
        });
        let refused = scene.import("kind=partners", &scene.secretariat, &file);
        assert_eq!(refused.problem(422), "rows-refused");
        assert_eq!(refused.faults(), ["/rows/2/name formula", "/rows/3/joined date-1904", "/rows/4/name control-character"]);
        assert_eq!(scene.read("/partners")["items"], json!([]));
    }

    fn a_bomb_is_a_problem_document_and_nothing_waits_for_it(api) {
        let scene = Scene::new(api);
        for (name, file, code) in bombs() {
            let begin = Instant::now();
            let refused = scene.post("/imports?kind=partners").token(&scene.secretariat).once().raw(XLSX, &file).send();
            assert_eq!(refused.problem(422), code, "{name}");
            assert!(begin.elapsed() < Duration::from_secs(2), "{name}: {:?}", begin.elapsed());
        }
        assert_eq!(scene.read("/imports")["items"], Value::Array(Vec::new()));
    }
}
