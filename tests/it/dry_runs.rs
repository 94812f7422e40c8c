//! Dry runs of a programme: they say what the real thing then does, and leave nothing behind.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::programme::{labelled, small, text};
use crate::support::{Backend, Database, Scene, column, on_both};

/// Three partners: one said yes, one no, one nothing.
fn with_answers(api: &crate::support::Api) -> Scene<'_> {
    let scene = Scene::new(api);
    for (name, answer) in [("A", Some("yes")), ("B", Some("no")), ("C", None)] {
        let partner = scene.admit(name, "2020-01-01");
        if let Some(answer) = answer {
            scene.submit("open", &partner, json!({"joined": {"value": answer}}));
        }
    }
    scene
}

fn changed() -> Value {
    let mut document = small();
    document["indicators"][0]["base"] = json!("members");
    document["indicators"][4] = json!({"key": "silent", "kind": "count", "of": "partners", "label": text("tavse"), "counts": "false"});
    document["sectors"].as_array_mut().expect("sectors").push(labelled("other"));
    document
}

on_both! {
    fn a_dry_run_says_what_the_real_thing_then_does(api) {
        let scene = with_answers(api);
        let before = (scene.journal_size(), scene.read("/figures"), scene.read(""));
        let dry = scene.put("?dryRun=true").token(&scene.secretariat).english().json(&changed()).send();
        assert_eq!(dry.status, 200, "{}", dry.text);
        assert_eq!((&dry.body["outcome"], &dry.body["version"]), (&json!("changed"), &json!(2)));
        let places = |effect: &Value| -> Vec<String> {
            let all = effect["differences"].as_array().expect("differences").iter();
            all.map(|one| format!("{} {} {}", one["change"].as_str().expect("how"), one["place"].as_str().expect("where"), one["pointer"]))
                .collect()
        };
        assert_eq!(places(&dry.body), [
            "added sectors.other \"/sectors/3\"", "changed indicators.joined.base \"/indicators/0/base\"",
            "added indicators.silent \"/indicators/4\"", "removed indicators.reports \"/indicators/4\"",
        ]);
        assert_eq!(dry.body["differences"][1]["from"], "respondents");
        assert_eq!(dry.body["differences"][1]["to"], "members");
        let figures = dry.body["figures"].as_array().expect("figures").clone();
        let named: Vec<_> = figures.iter().map(|figure| figure["indicator"].as_str().expect("a key")).collect();
        assert_eq!(named, ["joined", "silent", "reports"], "only those that move");
        let share = |figure: &Value| (figure["counted"].clone(), figure["base"].clone(), figure["percentText"].clone());
        assert_eq!(share(&figures[0]["from"]), (json!(1), json!(2), json!("50")));
        assert_eq!(share(&figures[0]["to"]), (json!(1), json!(3), json!("33")));
        assert_eq!((&figures[0]["label"], &figures[1]["from"], &figures[1]["to"]["value"]), (&json!("med (en)"), &Value::Null, &json!(0)));
        assert_eq!((&figures[2]["from"]["value"], &figures[2]["to"]), (&json!(2), &Value::Null));

        assert_eq!((scene.journal_size(), scene.read("/figures"), scene.read("")), before, "nothing is left behind");
        let etag = scene.get("").send().etag().to_owned();
        let real = scene.put("?dryRun=false").token(&scene.secretariat).if_match(&etag).json(&changed()).send();
        assert_eq!((real.status, &real.body["slug"]), (200, &json!(scene.slug)), "{}", real.text);
        assert_eq!(scene.journal_size(), before.0 + 1);
        let now = scene.read("/figures");
        for figure in figures.iter().filter(|figure| !figure["to"].is_null()) {
            let rows = now["items"].as_array().expect("rows");
            let row = rows.iter().find(|row| row["indicator"] == figure["indicator"]).expect("a row");
            for (key, value) in figure["to"].as_object().expect("a value") {
                assert_eq!(&row[key], value, "{key} of {}", figure["indicator"]);
            }
        }
        let again = scene.put("?dryRun=true").token(&scene.secretariat).json(&changed()).send();
        assert_eq!(again.body, json!({"outcome": "unchanged", "version": 2, "differences": [], "figures": []}));
        let found = api.db.read_now(|conn| facit::check::check(conn, &scene.slug)).expect("a check");
        assert!(found.differences.is_empty(), "{:#?}", found.differences);
    }

    fn a_dry_run_is_refused_for_what_the_real_thing_is(api) {
        let scene = with_answers(api);
        let reader = api.role(&scene.slug, "reader", None);
        let before = (scene.journal_size(), scene.read(""));
        let etag = scene.get("").send().etag().to_owned();
        let send = |query: &str, body: &Value| scene.put(query).token(&scene.secretariat).json(body);

        let mut faulty = small();
        faulty["indicators"][0]["counts"] = json!("answer ==");
        faulty["sectors"][1] = faulty["sectors"][0].clone();
        let mut in_use = small();
        in_use["sectors"].as_array_mut().expect("sectors").remove(0);
        for (body, status, code) in [(&faulty, 422, "invalid"), (&in_use, 409, "in-use"), (&json!({"slug": 1}), 400, "wrong-type")] {
            let dry = send("?dryRun=true", body).send();
            let real = send("", body).if_match(&etag).send();
            assert_eq!((dry.problem(status), dry.faults()), (code, real.faults()));
            assert_eq!(real.problem(status), code);
        }
        assert_eq!(send("?dryRun=true", &changed()).if_match("\"7-x\"").send().problem(412), "stale-version");
        assert_eq!(send("?dryRun=true", &changed()).if_match(&etag).send().status, 200);
        assert_eq!(send("?dryRun=true", &changed()).header("if-none-match", "*").send().status, 412);
        for word in ["maybe", "", "TRUE", "1"] {
            let refused = send(&format!("?dryRun={word}"), &changed()).if_match(&etag).send();
            assert_eq!((refused.problem(422), refused.faults()), ("invalid", vec!["?dryRun not-a-choice".to_owned()]));
        }
        assert_eq!(send("?dryrun=true", &changed()).if_match(&etag).send().problem(400), "unknown-parameter");
        assert_eq!(scene.put("?dryRun=true").token(&reader).json(&changed()).send().problem(403), "forbidden");
        assert_eq!(scene.put("?dryRun=true").json(&changed()).send().problem(401), "token-missing");
        assert_eq!((scene.journal_size(), scene.read("")), before);
    }

    fn an_operator_sees_no_figures_and_a_new_alliance_is_not_there_afterwards(api) {
        let scene = with_answers(api);
        let dry = scene.put("?dryRun=true").token(api.operator()).json(&changed()).send();
        assert_eq!((&dry.body["outcome"], &dry.body["figures"]), (&json!("changed"), &Value::Null), "{}", dry.text);

        let mut other = small();
        other["slug"] = json!("anden");
        let dry = api.put("/v1/alliances/anden?dryRun=true").token(api.operator()).json(&other).send();
        assert_eq!((dry.status, &dry.body["outcome"], &dry.body["version"]), (200, &json!("created"), &json!(1)), "{}", dry.text);
        assert_eq!(api.get("/v1/alliances/anden").send().problem(404), "not-found");
        assert_eq!(column(&api.get("/v1/alliances").send().body, "slug"), ["prove"]);
        let made = api.put("/v1/alliances/anden").token(api.operator()).json(&other).send();
        assert_eq!(made.status, 201, "{}", made.text);
    }
}

/// A document in a file, which goes when this does.
struct File(std::path::PathBuf);

impl File {
    fn of(document: &Value) -> File {
        let path =
            std::env::temp_dir().join(format!("facit-apply-{}.toml", uuid::Uuid::new_v4().simple()));
        std::fs::write(&path, toml::to_string(document).expect("TOML")).expect("a file");
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn the_command_line_shows_what_changes_and_what_moves() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = Database::fresh(backend);
        let apply = |document: &Value, dry: bool| {
            let file = File::of(document);
            let mut program = Command::new(env!("CARGO_BIN_EXE_facit"));
            program
                .args(["apply", "--log", "error", "--database", &database.url])
                .arg(&file.0);
            if dry {
                program.arg("--dry-run");
            }
            let ended = program.output().expect("the program ends");
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
            String::from_utf8(ended.stdout).expect("text")
        };
        let first = "prove: created, version 1\n  joined: new -> no % (0 of 0)\n  chosen: new -> no % (0 of 0)\n  \
            partners: new -> 0\n  initiatives: new -> 0\n  reports: new -> 0\n";
        assert_eq!(apply(&small(), true), first.replace("created", "would be created"));
        assert_eq!(apply(&small(), false), first);
        let body = json!({"name": "A", "sector": "civil", "joinedOn": "2020-01-01"});
        let db = database.open();
        let admitted = db.write_now(|conn| {
            let ctx = facit::service::Ctx::installation(facit::api::now());
            let alliance = facit::service::programmes::in_force(conn, "prove")?;
            let body = serde_json::from_value(body).expect("a body");
            facit::service::partners::admit(conn, &ctx, &alliance, &body)
        });
        admitted.expect("admitted");

        let mut document = small();
        document["indicators"][2]["counts"] = json!("partner.sector == 'region'");
        document["indicators"][0]["base"] = json!("members");
        let lines = "  ~ indicators.joined.base: \"respondents\" -> \"members\"\n  \
            ~ indicators.partners.counts: \"true\" -> \"partner.sector == 'region'\"\n  \
            joined: no % (0 of 0) -> 0 % (0 of 1)\n  partners: 1 -> 0\n";
        assert_eq!(apply(&document, true), format!("prove: would be changed, version 2\n{lines}"));
        assert_eq!(apply(&document, false), format!("prove: changed, version 2\n{lines}"));
        assert_eq!(apply(&document, true), "prove: unchanged, version 2\n");
        document["name"]["da"] = json!("Et andet navn");
        let renamed = "prove: would be changed, version 3\n  ~ name.da: \"Prøvealliancen\" -> \"Et andet navn\"\n  \
            no figure moves\n";
        assert_eq!(apply(&document, true), renamed);
    }
}
