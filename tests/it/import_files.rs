//! Files as they come: faulty in every way, and the real ones.

use std::process::{Command, Output};

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use facit::domain::import::{FileRead, Kind, Mode};
use facit::service::imports::{self, Order};
use facit::service::{Ctx, Error, programmes};
use serde_json::{Value, json};

use crate::support::{Answered, Api, Backend, Database, Scene, on_both};

const GOOD: &str = "name,sector,joinedOn\nA,civil,2020-01-01\n";

fn latin1(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).expect("a letter of Latin 1"))
        .collect()
}

/// A file, the code of its fault, and where.
fn unreadable_files() -> Vec<(Vec<u8>, &'static str, &'static str)> {
    let rows = |count: usize| format!("name,sector\n{}", "A,civil\n".repeat(count)).into_bytes();
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(GOOD.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let cut = [GOOD.as_bytes(), "Æ,civil,\nB".as_bytes(), b"\xC3,civil,\n"].concat();
    vec![
        (Vec::new(), "file-empty", ""),
        (b"\xEF\xBB\xBF\r\n\r\n".to_vec(), "file-empty", ""),
        (b"name,sector\r\n".to_vec(), "no-rows", "/rows/1"),
        (b"name,sector\r\n\r\n,\r\n".to_vec(), "no-rows", "/rows/1"),
        (b"name,sector,Name\nA,civil,B\n".to_vec(), "column-twice", "/rows/1/Name"),
        ("name,sector,navn\nA,civil,B\n".into(), "column-twice", "/rows/1/navn"),
        (b"sector,area\ncivil,national\n".to_vec(), "column-missing", "/rows/1/name"),
        (b"name,sector\nA,civil\n\"B,civil\nC,civil\n".to_vec(), "quote-unclosed", "/rows/3"),
        (utf16[2..].to_vec(), "wrong-encoding", "/rows/1"),
        (utf16, "wrong-encoding", "/rows/1"),
        (cut, "wrong-encoding", "/rows/4"),
        ([GOOD.as_bytes(), b"\x81,civil,\n"].concat(), "wrong-encoding", "/rows/3"),
        (b"PK\x03\x04\x14\x00\x06\x00xl/workbook.xml".to_vec(), "file-truncated", ""),
        (rows(50_001), "too-many-rows", "/rows/50002"),
        (format!("name{}\nA\n", ",x".repeat(300)).into_bytes(), "too-many-columns", "/rows/1"),
    ]
}

on_both! {
    fn a_file_that_can_not_be_read_is_refused_with_its_own_code_and_row(api) {
        let scene = Scene::new(api);
        let before = scene.journal_size();
        for (file, code, pointer) in unreadable_files() {
            for mode in ["atomic", "partial"] {
                let query = format!("kind=partners&mode={mode}");
                let refused = scene.import(&query, &scene.secretariat, &file);
                assert_eq!(refused.problem(422), code, "{}", refused.text);
                assert_eq!(refused.faults(), [format!("{pointer} {code}")]);
                let request = scene.post(&format!("/imports?{query}")).token(&scene.secretariat).once().english();
                let english = request.raw("text/csv", &file).send();
                assert_ne!(english.body["detail"], refused.body["detail"]);
                assert_ne!(english.body["errors"][0]["detail"], refused.body["errors"][0]["detail"]);
            }
        }
        let missing = scene.import("kind=initiatives", &scene.secretariat, b"status,Status\nrunning,\n");
        assert_eq!(missing.problem(422), "column-twice");
        assert_eq!(missing.faults(), ["/rows/1/Status column-twice", "/rows/1/title column-missing", "/rows/1/partners column-missing"]);
        assert_eq!(scene.journal_size(), before);
    }

    fn eleven_megabytes_are_too_large_and_ten_are_not(api) {
        let scene = Scene::new(api);
        let file = |bytes: usize| {
            let mut file = GOOD.as_bytes().to_vec();
            file.extend(b"A".repeat(bytes - file.len()));
            file
        };
        assert_eq!(scene.import("kind=partners", &scene.secretariat, &file(11_000_000)).problem(413), "body-too-large");
        let taken = scene.import("kind=partners", &scene.secretariat, &file(10 * 1024 * 1024));
        assert_eq!((taken.problem(422), taken.faults()), ("rows-refused", vec!["/rows/3 row-too-short".to_owned()]));
        // Other operations take no more than they did.
        let body = json!({"name": "x".repeat(1024 * 1024), "sector": "civil"});
        let refused = scene.post("/partners").token(&scene.secretariat).json(&body).send();
        assert_eq!(refused.problem(413), "body-too-large");
    }

    fn a_faulty_row_is_named_by_row_column_and_code(api) {
        let scene = Scene::new(api);
        let before = scene.journal_size();
        for name in ["KL", "FOA"] {
            scene.admit(name, "2020-01-01");
        }
        let partners = "name;sector;joined;area;region;cvr;website;objectives\n\
            A;civil;2020-01-01;;;;;areas\n\
            kort;civil\n\
            lang;civil;;;;;;;;x\n\
            \"cit\"at;civil;;;;;;\n\
            N\u{0}L;civil;;;;;;\n\
            B;ukendt;31-31-2020;Vest;;12345678;javascript:x;x\n\
            a ;civil;;;;;;\n\
            C;civil;;Fyn;Region Sjælland;;;\n\
            D;civil;;Fyn / Region Sjælland;Region Syddanmark;;;\n\
            ;civil;2020-01-01;;;;;\n\
            KL;;;;;;;\n";
        let expected = ["/rows/3 row-too-short", "/rows/4 row-too-long", "/rows/5 quote-misplaced",
            "/rows/6/name control-character", "/rows/7/area unknown-area", "/rows/7/sector unknown-sector", "/rows/7/cvr bad-cvr",
            "/rows/7/website bad-website", "/rows/7/objectives unknown-objective", "/rows/7/joined bad-date",
            "/rows/8/name row-twice", "/rows/9/area not-in-region", "/rows/10/region places-contradict",
            "/rows/10/area not-in-region", "/rows/11/name required"];
        refuses_these(&scene, "partners", partners, &expected, 2);

        let commitments = "partner;focusArea;measure;baseline;target;goal\n\
            KL;A;x;1,5;20;\n\
            KL;B;x;17 %;1.234,5;\n\
            FOA;A;x;1.5;1.000;\n\
            FOA;B;;7;mange;\n\
            Ingen;Z;;;;\n\
            KL;nat-A;;;;to gange\n";
        let expected = ["/rows/3/baseline percent-sign", "/rows/3/target mixed-decimal-marks", "/rows/4/baseline mixed-decimal-marks",
            "/rows/4/target ambiguous-number", "/rows/5/measure required", "/rows/6/partner unknown-partner", "/rows/7/focusArea row-twice"];
        refuses_these(&scene, "commitments", commitments, &expected, 1);

        let initiatives = "title,partners,focus,focusAreas,status,stage,beganBeforeJoining,starts,ends\n\
            A,KL,,nat-A,running,prevention,ja,2020,2021\n\
            B,KL; Ingen; KL,,A;Z,måske,x,måske,2020-13,2019\n\
            C,,,,,,,,\n\
            D,KL,,,,,,2021,2020\n";
        let expected = ["/rows/3/beganBeforeJoining not-a-choice", "/rows/3/partners unknown-partner", "/rows/3/focusAreas unknown-focus-area",
            "/rows/3/status not-a-choice", "/rows/3/stage not-a-choice", "/rows/3/starts bad-date", "/rows/4/partners required",
            "/rows/5/ends end-before-start"];
        refuses_these(&scene, "initiatives", initiatives, &expected, 1);
        // Two partners, then 1 and 1 and an entry behind each of the three files; an unchanged row has none.
        assert_eq!(scene.journal_size(), before + 2 + (1 + 1) + (1 + 1) + (1 + 1));
    }

    fn windows_1252_and_any_line_end_are_read(api) {
        let scene = Scene::new(api);
        let file = "\u{feff}navn;sektor;indmeldt\nÆrø;civil;2020-01-01\n\"Ål\n& Ørred\";civil;01.02.2021\n";
        for (ends, bytes) in [("\n", None), ("\r\n", None), ("\r", None), ("\n", Some(()))] {
            let text = file.replace('\n', ends);
            let bytes = match bytes {
                Some(()) => latin1(text.trim_start_matches('\u{feff}')),
                None => text.into_bytes(),
            };
            let answered = scene.import("kind=partners&mode=partial&dryRun=true", &scene.secretariat, &bytes);
            // A name has no line breaks.
            assert_eq!((answered.status, &answered.body["created"], &answered.body["rows"][0]["row"]), (200, &json!(1), &json!(3)), "{}", answered.text);
            assert_eq!(answered.body["rows"][0]["code"], "control-character");
            let warned = answered.body["warnings"][0]["code"] == "read-as-windows-1252";
            assert_eq!(warned, bytes.contains(&0xC6));
        }
        let sent = latin1("navn\tsektor\tindmeldt\nÆrø\tcivil\t2020-01-01\n");
        assert_eq!(scene.import("kind=partners", &scene.secretariat, &sent).status, 201);
        assert_eq!(scene.read("/partners")["items"][0]["name"], "Ærø");
    }

    fn a_long_list_of_faults_is_cut_and_says_so(api) {
        let scene = Scene::new(api);
        let rows: String = (0..1500).map(|i| format!("P{i},x\n")).collect();
        let file = format!("name,sector\n{rows}");
        let refused = scene.import("kind=partners", &scene.secretariat, file.as_bytes());
        assert_eq!((refused.problem(422), refused.faults().len()), ("rows-refused", 1000));
        let detail = refused.body["detail"].as_str().expect("a detail");
        assert!(detail.starts_with("1500 af 1500 rækker") && detail.contains(" 500 fejl mere"), "{detail}");
        let dry = scene.post("/imports?kind=partners&dryRun=true").token(&scene.secretariat);
        assert_eq!(dry.raw("text/csv", file.as_bytes()).send().body["rows"].as_array().map(Vec::len), Some(1500));
    }
}

/// In atomic mode all faults at once and nothing written; in partial mode the other rows go in.
fn refuses_these(scene: &Scene, kind: &str, file: &str, expected: &[&str], taken: i64) {
    let size = scene.journal_size();
    let refused = scene.import(&format!("kind={kind}"), &scene.secretariat, file.as_bytes());
    assert_eq!(refused.problem(422), "rows-refused");
    assert_eq!(refused.faults(), expected, "{kind}");
    assert_eq!(scene.journal_size(), size);
    let partial =
        scene.import(&format!("kind={kind}&mode=partial"), &scene.secretariat, file.as_bytes());
    assert_eq!(partial.status, 207, "{}", partial.text);
    let mut told: Vec<String> = Vec::new();
    for row in partial.body["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["outcome"] == "refused")
    {
        let more = row["more"].as_array().expect("more").iter();
        told.extend(std::iter::once(row).chain(more).map(|one| {
            let column = one["column"].as_str().map(|column| format!("/{column}")).unwrap_or_default();
            format!("/rows/{}{column} {}", row["row"], one["code"].as_str().expect("a code"))
        }));
    }
    assert_eq!(told, expected, "{kind}");
    let rows: std::collections::BTreeSet<&str> =
        expected.iter().filter_map(|fault| fault.split(['/', ' ']).nth(2)).collect();
    assert_eq!(partial.body["refused"], rows.len(), "{}", partial.text);
    let kept =
        ["created", "updated", "unchanged"].map(|count| partial.body[count].as_i64().expect("a count"));
    assert_eq!(kept.iter().sum::<i64>(), taken, "{}", partial.text);
}

// ---- The command line, and the real files ----

pub fn facit(database: &Database, arguments: &[&str]) -> Output {
    let root = env!("CARGO_MANIFEST_DIR");
    let command = Command::new(env!("CARGO_BIN_EXE_facit"))
        .current_dir(root)
        .args(arguments)
        .env("DATABASE_URL", &database.url)
        .output();
    command.expect("the program runs")
}

/// Exit code, and standard output's lines.
pub fn run(database: &Database, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
    let output = facit(database, arguments);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    (output.status.code(), text.lines().map(str::to_owned).collect())
}

const SLUG: &str = "ulighed-i-sundhed";
const PARTNERS: &str = "data/alliance-2020-2023/partners.csv";
const INITIATIVES: &str = "data/alliance-2020-2023/initiatives.csv";

/// The rows of initiatives.csv that name somebody who is no partner.
const REFUSED: [i64; 21] =
    [3, 5, 6, 7, 10, 11, 22, 23, 24, 30, 32, 40, 53, 54, 55, 56, 57, 58, 59, 60, 61];

fn the_real_files_go_in(backend: Backend) {
    let database = Database::empty(backend);
    assert_eq!(run(&database, &["apply", "programmes/ulighed-i-sundhed.toml"]).0, Some(0));
    let import = |kind: &str, file: &str, more: &[&str]| {
        run(&database, &[&["import", "--alliance", SLUG, "--kind", kind, file], more].concat())
    };

    let (code, lines) = import("partners", PARTNERS, &[]);
    assert_eq!((code, lines.len()), (Some(0), 1 + 35 + 1), "{lines:#?}");
    assert!(lines[0].starts_with("row 1: warning: source_url: column-ignored: "), "{}", lines[0]);
    for (row, line) in (2..).zip(&lines[1..36]) {
        assert!(
            line.starts_with(&format!("row {row}: warning: joinedOn: unknown-joined-on: ")),
            "{line}"
        );
    }
    assert_eq!(lines[36], "35 created, 0 updated, 0 unchanged, 0 refused");

    let (code, lines) = import("initiatives", INITIATIVES, &[]);
    let nothing = "39 created, 0 updated, 0 unchanged, 21 refused (nothing was written: in atomic mode one refused row keeps all out)";
    assert_eq!((code, lines.last().map(String::as_str)), (Some(2), Some(nothing)));
    let (code, lines) = import("initiatives", INITIATIVES, &["--mode", "partial", "--dry-run"]);
    let dry = "39 created, 0 updated, 0 unchanged, 21 refused (dry run: nothing was written)";
    assert_eq!((code, lines.last().map(String::as_str)), (Some(2), Some(dry)));

    let (code, lines) = import("initiatives", INITIATIVES, &["--mode", "partial"]);
    assert_eq!((code, lines.len()), (Some(2), 3 + 60 + 1), "{lines:#?}");
    for (line, column) in lines.iter().zip(["focus_in_own_words", "evidence_grade", "source_url"]) {
        assert!(line.starts_with(&format!("row 1: warning: {column}: column-ignored: ")), "{line}");
    }
    for (row, line) in (2..).zip(&lines[3..63]) {
        let expected = match REFUSED.contains(&row) {
            true => format!(
                "row {row}: refused: partners: unknown-partner: The alliance has no partner called \""
            ),
            false => format!("row {row}: warning: status: unknown-status: "),
        };
        assert!(line.starts_with(&expected), "{line}");
    }
    for name in [
        "77 alliance partners",
        "(partner not visible in the stored excerpt)",
        "and others",
        "Køge Kommune",
        "12 alliance organisations incl. Danmarks Apotekerforening",
        "Danmarks Idrætsforbund",
    ] {
        assert!(
            lines.iter().any(|line| line.contains(&format!(
                ": refused: partners: unknown-partner: The alliance has no partner called \"{name}\"."
            ))),
            "{name}"
        );
    }
    assert_eq!(lines.iter().filter(|line| line.contains(": lead-assumed: ")).count(), 5);
    assert_eq!(lines[63], "39 created, 0 updated, 0 unchanged, 21 refused");

    let again = import("partners", PARTNERS, &[]);
    assert_eq!(
        (again.0, &again.1[1..]),
        (Some(0), &["0 created, 0 updated, 35 unchanged, 0 refused".to_owned()][..])
    );
    let (code, lines) = import("initiatives", INITIATIVES, &["--mode", "partial"]);
    assert_eq!((code, lines.len()), (Some(2), 3 + 21 + 1));
    assert_eq!(lines[24], "0 created, 0 updated, 39 unchanged, 21 refused");

    // The programme, 35 partners, 39 initiatives, four imports: nothing was written besides.
    let (code, lines) = run(&database, &["check", "--alliance", SLUG]);
    assert_eq!(code, Some(0), "{lines:?}");
    assert!(
        lines[0].starts_with(&format!("{SLUG}: 79 entries, ")) && lines[0].ends_with("; 0 differences"),
        "{lines:?}"
    );
}

#[test]
fn the_real_files_go_in_on_sqlite() {
    the_real_files_go_in(Backend::Sqlite);
}

#[test]
fn the_real_files_go_in_on_postgres() {
    the_real_files_go_in(Backend::Postgres);
}

#[test]
fn a_file_that_can_not_be_read_fails_on_the_command_line() {
    let database = Database::empty(Backend::Sqlite);
    assert_eq!(run(&database, &["apply", "programmes/demo.toml"]).0, Some(0));
    let import = |file: &str, alliance: &str| {
        facit(&database, &["import", "--alliance", alliance, "--kind", "partners", file])
    };
    for (file, alliance, says) in [
        ("README.md", "demo", "column-missing"),
        ("no-such-file.csv", "demo", "no-such-file.csv"),
        (PARTNERS, "no-such-alliance", "not-found"),
        ("programmes", "demo", "programmes"),
    ] {
        let output = import(file, alliance);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{file}: {error}");
        assert!(error.contains(says) && output.stdout.is_empty(), "{file}: {error}");
    }
}

#[test]
fn a_disk_that_fills_in_the_middle_of_an_import_loses_nothing_and_says_try_again() {
    let api = Api::start(Backend::Sqlite);
    let scene = Scene::new(&api);
    let before = scene.journal_size();
    let rows: String = (0..100).map(|i| format!("Partner {i},civil,2020-01-01\n")).collect();
    let file = format!("name,sector,joinedOn\n{rows}");
    let order = Order { kind: Kind::Partners, mode: Mode::Partial, dry_run: false };
    let file = FileRead::read(file.as_bytes(), false).expect("a file");
    let ctx = Ctx::installation(facit::api::now());
    let run = api.db.write_now(|conn| {
        // As many pages as there are, and twenty: SQLite says what it says of a full disk.
        conn.batch_execute("PRAGMA max_page_count = 1")
            .map_err(facit::db::Error::from)?;
        let pages = diesel::sql_query("SELECT page_count AS pages FROM pragma_page_count()")
            .get_result::<Pages>(conn);
        let most = pages.map_err(facit::db::Error::from)?.pages + 20;
        conn.batch_execute(&format!("PRAGMA max_page_count = {most}"))
            .map_err(facit::db::Error::from)?;
        let alliance = programmes::in_force(conn, &scene.slug)?;
        imports::run(conn, &ctx, &alliance, order, file, &mut |_, _| {})
    });
    assert!(matches!(run, Err(Error::Failed(facit::db::Error::Full(_)))), "{run:?}");
    assert_eq!(scene.journal_size(), before);
    assert_eq!(scene.read("/partners")["items"], json!([]));
}

#[derive(diesel::QueryableByName)]
struct Pages {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pages: i64,
}

/// What a place in a real cell became.
fn placed(scene: &Scene, name: &str) -> (Value, Value) {
    let found = scene.read("/partners?limit=500");
    let partner = found["items"]
        .as_array()
        .expect("items")
        .iter()
        .find(|partner| partner["name"] == name);
    let partner = partner.unwrap_or_else(|| panic!("no {name}"));
    (partner["area"].clone(), partner["region"].clone())
}

on_both! {
    fn the_real_partners_are_where_their_cells_say(api) {
        let text = std::fs::read_to_string(format!("{}/programmes/ulighed-i-sundhed.toml", env!("CARGO_MANIFEST_DIR")));
        let document: Value = toml::from_str(&text.expect("the programme")).expect("TOML");
        let scene = Scene::with(api, |small| *small = document);
        let file = std::fs::read(format!("{}/{PARTNERS}", env!("CARGO_MANIFEST_DIR"))).expect("the partners");
        let taken: Answered = scene.import("kind=partners", &scene.secretariat, &file);
        assert_eq!((taken.status, &taken.body["created"]), (201, &json!(35)), "{}", taken.text);
        for (name, area, region) in [
            ("3F", json!("national"), json!(null)),
            ("Indvandrermedicinsk Klinik, Odense Universitetshospital", json!("07"), json!("1083")),
            ("Steno Diabetes Center Copenhagen", json!(null), json!("1084")),
            ("Forskningsenheden for Almen Praksis, Aarhus", json!("09"), json!("1082")),
            ("Forskningsenheden for Almen Praksis, Aalborg", json!("11"), json!("1081")),
            ("Steno Diabetes Center Sjælland", json!(null), json!("1085")),
        ] {
            assert_eq!(placed(&scene, name), (area, region), "{name}");
        }
    }
}
