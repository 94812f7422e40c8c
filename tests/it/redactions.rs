//! Redaction: the text is gone from everything that is kept, and all else is as it was.

use facit::check::check;
use serde_json::{Value, json};

use crate::evidence::verified;
use crate::support::files::{appears, place_of};
use crate::support::{Answered, Api, Backend, Database, Scene, Token, lines, on_both};

const GOAL: &str = "Karoline Mathilde, tlf. 12345678, skal ringes op";
const NOTE: &str = "Borgeren Johann F. Struensee bor paa Nytorv 1";
const DETAIL: &str = "Spoerg Enevold B. om det, han ved hvem";
const WHY: &str = "Forsinket, fordi Schack C. Rantzau er syg";

/// What everybody sees of the figures, whichever came after.
fn figures(scene: &Scene, query: &str) -> Vec<Value> {
    let listed = scene.get(&format!("/figures{query}")).token(&scene.auditor).send();
    assert_eq!(listed.status, 200, "{}", listed.text);
    let mut rows = listed.body["items"].as_array().expect("figures").clone();
    for row in &mut rows {
        for field in ["asOf", "journalSize", "links"] {
            row[field].take();
        }
    }
    rows
}

fn redact(scene: &Scene, seq: i64, pointer: &str, reason: &str) -> Answered {
    let body = json!({"pointer": pointer, "reason": reason});
    scene
        .post(&format!("/journal/{seq}/redactions"))
        .token(&scene.secretariat)
        .once()
        .json(&body)
        .send()
}

/// The last entry about a subject.
fn entry_of(scene: &Scene, subject: &str) -> i64 {
    let listed = scene.read(&format!("/journal?subject={subject}&limit=500"));
    let last = listed["items"].as_array().expect("entries").last().expect("an entry")["seq"].as_i64();
    last.expect("a number")
}

fn assert_clean(scene: &Scene) {
    let found = scene.api.db.read_now(|conn| check(conn, &scene.slug)).expect("a check");
    let listed: Vec<String> = found.differences.iter().map(ToString::to_string).collect();
    assert_eq!(listed, Vec::<String>::new());
}

on_both! {
    fn a_text_is_gone_while_its_entry_proofs_and_figures_stay(api) {
        let scene = Scene::new(api);
        let (own, other) = (scene.admit("Egen", "2020-01-01"), scene.admit("Anden", "2020-01-01"));
        let commitment = scene.commit(&own, "nat-A", GOAL);
        let elsewhere = scene.commit(&other, "nat-A", GOAL);
        let made = entry_of(&scene, &format!("commitments/{elsewhere}"));
        scene.change(&format!("/commitments/{commitment}"), json!({"chosenOn": "2021-01-01"}));
        let seq = entry_of(&scene, &format!("commitments/{commitment}"));
        let size = scene.journal_size();
        let before = scene.read(&format!("/journal/{seq}"));
        let proof = scene.read(&format!("/journal/proofs/inclusion?seq={seq}&size={size}"));
        let (then, live) = (figures(&scene, &format!("?asOf={size}")), figures(&scene, ""));
        let bytes = scene.get(&format!("/figures?asOf={size}")).token(&scene.auditor).send().text;

        // What would go is told first, and nothing happens.
        let path = format!("/journal/{seq}/redactions");
        let body = json!({"pointer": "/after/goal", "reason": "Nævnte en borger"});
        let tried = scene.post(&format!("{path}?dryRun=true")).token(&scene.secretariat).json(&body).send();
        assert_eq!(tried.status, 200, "{}", tried.text);
        let places = json!([{"seq": made - 1, "pointer": "/after/goal"}, {"seq": seq, "pointer": "/after/goal"}]);
        assert_eq!(tried.body["texts"], places);
        assert_eq!(tried.body["elsewhere"], json!([{"seq": made, "pointer": "/after/goal"}]));
        assert_eq!(tried.body["journalSeq"], Value::Null);
        assert_eq!(scene.journal_size(), size);
        assert_eq!(scene.read(&format!("/journal/{seq}")), before);

        let once = scene.post(&path).token(&scene.secretariat).header("idempotency-key", "r-1").json(&body).send();
        assert_eq!((once.status, once.body["journalSeq"].as_i64()), (201, Some(size + 1)), "{}", once.text);
        assert_eq!(once.header("location"), scene.at(&format!("/journal/{}", size + 1)));
        assert_eq!((&once.body["texts"], &once.body["reason"]), (&places, &json!("Nævnte en borger")));
        let again = scene.post(&path).token(&scene.secretariat).header("idempotency-key", "r-1").json(&body).send();
        assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
        assert_eq!(scene.journal_size(), size + 1);
        assert_eq!(redact(&scene, seq, "/after/goal", "Igen").problem(409), "already-redacted");

        // What is there now, and what was there then.
        let now = scene.get(&format!("/commitments/{commitment}")).send();
        assert_eq!(now.body["goal"], "[redacted]");
        let past = scene.get(&format!("/commitments/{commitment}?asOf={size}")).send();
        assert_eq!(past.body["goal"], "[redacted]");
        assert_eq!(scene.read(&format!("/commitments/{elsewhere}"))["goal"], GOAL, "another's");

        // The entry is the same, byte for byte, and so is all that was proven of it.
        let after = scene.read(&format!("/journal/{seq}"));
        assert_eq!((&after["canonical"], &after["sha256"]), (&before["canonical"], &before["sha256"]));
        assert_eq!(after["texts"], json!([]));
        assert_eq!(scene.read(&format!("/journal/proofs/inclusion?seq={seq}&size={size}")), proof);
        assert_eq!(figures(&scene, &format!("?asOf={size}")), then);
        assert_eq!(scene.get(&format!("/figures?asOf={size}")).token(&scene.auditor).send().text, bytes);
        assert_eq!(figures(&scene, ""), live, "a redacted goal counts as one");
        assert_eq!(live[1]["counted"], 2);

        // The partner sees who did what to its text, and why.
        let told = scene.get(&format!("/journal?subject=journal/{seq}")).token(&scene.of(&own)).send();
        let entry = &told.body["items"][0];
        assert_eq!((&entry["action"], &entry["reason"]), (&json!("journal.redacted"), &json!("Nævnte en borger")));
        assert_eq!(entry["after"], json!({"seq": seq, "pointer": "/after/goal", "texts": places}));
        assert_clean(&scene);

        // Life goes on: the commitment is changed, and the text is not asked for.
        scene.change(&format!("/commitments/{commitment}"), json!({"goal": "Et nyt mål"}));
        assert_clean(&scene);
        // A reason can be redacted as any other text.
        let gone = redact(&scene, size + 1, "/reason", "Også den");
        assert_eq!(gone.status, 201, "{}", gone.text);
        assert_eq!(scene.read(&format!("/journal/{}", size + 1))["reason"], Value::Null);
        assert_clean(&scene);
    }

    fn nothing_of_it_is_left_in_tables_or_files(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        scene.commit(&own, "nat-A", GOAL);
        let initiative = scene.initiative(&own, "Værestedet", json!({"summary": NOTE}));
        let until = json!({"until": "2099-07-31T23:59:59+02:00", "reason": WHY});
        let extension = format!("/rounds/open/extensions/{own}");
        assert_eq!(scene.put(&extension).token(&scene.secretariat).json(&until).send().status, 201);
        let part = json!({"initiative": initiative, "progress": GOAL, "learning": "Meget"});
        let body = |note: &str| json!({"initiatives": [part], "answers":
            {"joined": {"value": "yes", "comment": GOAL}, "note": {"value": note}}});
        // Each save leaves the one before it in free space.
        for note in ["Udkast", NOTE, &format!(" {NOTE}\n"), NOTE] {
            assert!(matches!(scene.save("open", &own, &body(note)).status, 200 | 201));
        }
        let token = scene.of(&own);
        assert_eq!(scene.step("open", &own, "submission", &token, &json!({})).status, 200);
        let points = json!({"points": [{"pointer": "/answers/joined", "code": "unclear", "detail": DETAIL},
            {"pointer": "/initiatives/0", "code": "unclear", "detail": GOAL}]});
        scene.does(&format!("/reports/open/{own}/return"), points);
        let stale = scene.get(&format!("/reports/open/{own}")).token(&token).send();
        // A file with the text where it does not belong, too.
        let file = format!("round,question,answer,comment\nopen,note,{NOTE:?},\nopen,reach,{NOTE:?},{NOTE:?}\n");
        let import = scene.import("kind=reports&mode=partial", &token, file.as_bytes());
        assert_eq!((import.status, &import.body["refused"]), (207, &json!(1)), "{}", import.text);

        let report = entry_of(&scene, &format!("reports/open/{own}"));
        let granted = entry_of(&scene, &format!("rounds/open/extensions/{own}"));
        for (text, seq, pointer) in [
            (GOAL, report, "/after/answers/joined/comment"),
            (NOTE, report, "/after/answers/note/value"),
            (DETAIL, report, "/after/points/0/detail"),
            (WHY, granted, "/after/reason"),
        ] {
            assert_ne!(place_of(api, text), None, "it can be found: {text}");
            let gone = redact(&scene, seq, pointer, "Personoplysninger");
            assert_eq!(gone.status, 201, "{}", gone.text);
            assert!(!gone.body["texts"].as_array().expect("places").is_empty());
            assert_eq!(place_of(api, text), None, "{text}");
        }
        assert_eq!(lines(&api.db, "SELECT 'due' AS line FROM erasures_due"), Vec::<String>::new());
        assert_clean(&scene);

        // Who still has it on the screen does not save it again unawares.
        let late = scene.put(&format!("/reports/open/{own}")).token(&token).if_match(stale.etag());
        assert_eq!(late.json(&body(NOTE)).send().problem(412), "stale-version");
        let draft = scene.get(&format!("/reports/open/{own}")).token(&token).send().body;
        assert_eq!(draft["answers"]["note"]["value"], "[redacted]");
        assert_eq!(draft["answers"]["joined"], json!({"value": "yes", "comment": "[redacted]"}));
        let version = scene.read(&format!("/reports/open/{own}/versions/1"));
        assert_eq!(version["initiatives"][0]["progress"], "[redacted]");
        assert_eq!(version["initiatives"][0]["learning"], "Meget", "what was not named stays");
        let told = scene.get(&format!("/imports/{}", import.body["id"].as_str().expect("an id"))).token(&token).send();
        assert_eq!(told.body["rows"][0]["detail"], "»[redacted]« er ikke et tal.", "it had quoted the text");
        let refused = scene.get(&format!("/imports/{}/refused.csv", import.body["id"].as_str().expect("an id")));
        assert!(refused.token(&token).send().text.contains("[redacted]"));

        // The report goes its way, and everything adds up.
        assert_eq!(scene.save("open", &own, &body("Uden navne")).status, 200);
        assert_eq!(scene.step("open", &own, "submission", &token, &json!({})).status, 200);
        scene.accept("open", &own);
        assert_clean(&scene);
    }

    fn what_is_no_free_text_stays(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        let initiative = scene.initiative(&own, "Samtaler med Anne", json!({"summary": GOAL}));
        let seq = entry_of(&scene, &format!("initiatives/{initiative}"));
        let size = scene.journal_size();
        let faults = |pointer: &str, reason: &str| redact(&scene, seq, pointer, reason).faults();
        for pointer in ["/after/title", "/after", "", "/action", "/nonce", "/after/focusAreas", "/after/summary/sha256"] {
            let expected = if pointer.ends_with("sha256") { "no-such-place" } else { "not-free-text" };
            assert_eq!(faults(pointer, "Fordi"), [format!("/pointer {expected}")], "{pointer:?}");
        }
        for pointer in ["after/summary", "/after/name", "/after/focusAreas/0", "/~", "summary"] {
            assert_eq!(faults(pointer, "Fordi"), ["/pointer no-such-place"], "{pointer:?}");
        }
        assert_eq!(faults("/after/summary", " \n"), ["/reason required"]);
        assert_eq!(faults("/after/summary", &format!("Der stod: {GOAL}")), ["/reason repeats-text"]);
        assert_eq!(faults("/after/summary", "Med \u{7} i"), ["/reason control-character"]);
        assert_eq!(faults("/after/summary", &"x".repeat(10_001)), ["/reason too-long"]);
        assert_eq!(redact(&scene, 99_999, "/after/summary", "Fordi").problem(404), "not-found");
        let path = format!("/journal/{seq}/redactions");
        let sent = |body: Value| scene.post(&path).token(&scene.secretariat).once().json(&body).send();
        assert_eq!(sent(json!({"pointer": "/after/summary"})).status, 400, "no reason");
        assert_eq!(sent(json!({"pointer": 3, "reason": "Fordi"})).status, 400);
        assert_eq!(sent(json!({"pointer": "/reason", "reason": "Fordi", "x": 1})).status, 400);
        let odd = scene.post(&format!("{path}?dryRun=ja")).token(&scene.secretariat).once();
        let odd = odd.json(&json!({"pointer": "/after/summary", "reason": "Fordi"})).send();
        assert_eq!(odd.faults(), ["?dryRun not-a-choice"]);
        for path in ["/journal/0/redactions", "/journal/x/redactions", "/journal/007/redactions"] {
            let body = json!({"pointer": "/after/summary", "reason": "Fordi"});
            let nowhere = scene.post(path).token(&scene.secretariat).once().json(&body).send();
            assert_eq!(nowhere.problem(404), "not-found", "{path}");
        }
        let english = scene.post(&path).token(&scene.secretariat).once().english();
        let english = english.json(&json!({"pointer": "/after/title", "reason": "Because"})).send();
        assert!(english.text.contains("Only free text can be erased"), "{}", english.text);
        assert_eq!(scene.journal_size(), size, "nothing happened");
        assert_eq!(scene.read(&format!("/initiatives/{initiative}"))["summary"], GOAL);
    }

    fn a_bundle_after_a_redaction_is_verified_by_both(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        scene.commit(&own, "nat-A", GOAL);
        scene.submit("open", &own, json!({"joined": {"value": "yes"}, "note": {"value": NOTE}}));
        scene.does("/publications", json!({"title": "Resultater", "note": DETAIL}));
        let edition = scene.get("/publications/1").send();
        for (subject, pointer) in [
            (format!("reports/open/{own}"), "/after/answers/note/value"),
            ("publications/1".to_owned(), "/after/note"),
        ] {
            let gone = redact(&scene, entry_of(&scene, &subject), pointer, "Personoplysninger");
            assert_eq!(gone.status, 201, "{}", gone.text);
        }
        assert_eq!(scene.get("/publications/1").send().bytes, edition.bytes, "the edition never had it");
        assert_eq!(scene.read("/publications")["items"][0]["note"], Value::Null);
        assert_eq!(place_of(api, DETAIL), None);
        let text = verified(&scene);
        assert!(!text.contains(NOTE) && text.contains(GOAL), "the texts of the bundle");
        assert_clean(&scene);
    }

    fn a_sweep_that_was_missed_is_done_later(api) {
        let scene = Scene::new(api);
        let own = scene.admit("Egen", "2020-01-01");
        scene.commit(&own, "nat-A", GOAL);
        // As if the program had been killed between the commit and the sweep.
        let seq = scene.journal_size();
        let gone = api.db.write_now(|conn| {
            use diesel::connection::SimpleConnection;
            conn.batch_execute("DELETE FROM journal_texts; UPDATE commitments SET goal = '[redacted]'; \
                DELETE FROM idempotent_answers")
                .expect("statements");
            let journal = facit::service::programmes::in_force(conn, &scene.slug)?.id;
            Ok::<_, facit::service::Error>(facit::store::erasures::insert_due(conn, journal, seq)?)
        });
        gone.map_err(|e| e.to_string()).expect("a hand");
        assert_ne!(place_of(api, GOAL), None, "in free space");
        let later = api.another_instance();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !lines(&api.db, "SELECT 'due' AS line FROM erasures_due").is_empty() {
            assert!(std::time::Instant::now() < deadline, "it is done at the start");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        drop(later);
        assert_eq!(place_of(api, GOAL), None);
    }
}

/// PostgreSQL keeps a row while any snapshot may see it, and each snapshot holds on to the oldest transaction that writes,
/// in whatever database of the cluster.
#[test]
fn a_writer_of_another_database_keeps_nothing_of_it() {
    use diesel::Connection;
    use diesel::connection::SimpleConnection;

    let api = Api::start(Backend::Postgres);
    let scene = Scene::new(&api);
    let own = scene.admit("Egen", "2020-01-01");
    let commitment = scene.commit(&own, "nat-A", GOAL);
    let seq = entry_of(&scene, &format!("commitments/{commitment}"));
    let elsewhere = Database::fresh(Backend::Postgres);
    let mut writer = diesel::PgConnection::establish(&elsewhere.url).expect("another database");
    writer.batch_execute("BEGIN; CREATE TABLE held (n INT)").expect("it writes");
    let db = api.db.clone();
    let writing = std::thread::spawn(move || {
        // It is gone for whoever reads before it is gone from the files.
        let is_due = || !lines(&db, "SELECT 'due' AS line FROM erasures_due").is_empty();
        let seen = (0..1000).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            is_due()
        });
        assert!(seen, "the sweep waits for this one");
        std::thread::sleep(std::time::Duration::from_millis(300));
        writer.batch_execute("COMMIT").expect("it ends");
    });
    let gone = redact(&scene, seq, "/after/goal", "Personoplysninger");
    assert_eq!(gone.status, 201, "{}", gone.text);
    writing.join().expect("no panic");
    assert_eq!(place_of(&api, GOAL), None);
}

/// A key's holder is nowhere in the journal, and nowhere else once it was erased.
fn forgets(backend: Backend) {
    const HOLDER: &str = "Caroline Amalie Augusta Reventlow";
    let (database, id, secret) = crate::support::prepared(backend);
    let log = crate::support::temporary("holder.log");
    let program = crate::support::Program::logging(&database, &log);
    let office = program.token(&id, &secret).expect("a token");
    let keys = "/v1/alliances/prove/keys";
    let made = |role: &str, once: &str| {
        let request = program.request("POST", keys).token(&office).header("idempotency-key", once);
        let made = request.json(&json!({"role": role, "name": HOLDER})).send();
        assert_eq!(made.status, 201, "{}", made.text);
        made.body
    };
    let key = made("secretariat", "k-1");
    let path = format!("{keys}/{}", key["id"].as_str().expect("an id"));
    let own = program.token(
        key["clientId"].as_str().expect("an id"),
        key["clientSecret"].as_str().expect("a secret"),
    );
    let own: Token = own.expect("a token");
    let body = json!({"name": "Prøve", "sector": "civil"});
    let admitted = program.request("POST", "/v1/alliances/prove/partners").token(&own).once();
    assert_eq!(admitted.json(&body).send().status, 201);
    let found = program.request("GET", &path).token(&office).send();
    assert_eq!((found.status, &found.body["name"]), (200, &json!(HOLDER)));
    assert!(appears(&database, HOLDER).is_some(), "it can be found");

    let erased = program.request("POST", &format!("{path}/erasure")).token(&office).once().send();
    assert_eq!((erased.status, &erased.body["name"]), (200, &json!("[redacted]")), "{}", erased.text);
    assert_ne!(erased.body["revokedAt"], Value::Null, "its holder is gone, so it is ended");
    assert_eq!(program.request("GET", &path).token(&own).send().status, 401);
    assert_eq!(appears(&database, HOLDER), None);
    let again = program.request("POST", &format!("{path}/erasure")).token(&office).once().send();
    assert_eq!((again.status, &again.body), (200, &erased.body));
    let replay = program.request("POST", keys).token(&office).header("idempotency-key", "k-1");
    let replay = replay.json(&json!({"role": "secretariat", "name": HOLDER})).send();
    assert_eq!((replay.status, &replay.body["name"]), (201, &json!("[redacted]")), "{}", replay.text);

    // By the command line, while the service runs, and what was revoked before as well.
    let second = made("reader", "k-2");
    let second = second["id"].as_str().expect("an id");
    let revoked = program.request("DELETE", &format!("{keys}/{second}")).token(&office);
    assert_eq!(revoked.if_match("\"1-0\"").send().status, 204);
    assert!(appears(&database, HOLDER).is_some(), "a revoked key keeps its name");
    let said = crate::support::command(&database.url, &["keys", "erase", second]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let said: Value = serde_json::from_slice(&said.stdout).expect("JSON and nothing else");
    assert_eq!(said["name"], "[redacted]");
    assert_eq!(appears(&database, HOLDER), None);
    let checked = crate::support::command(&database.url, &["check", "--alliance", "prove"]);
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));

    program.terminate();
    assert!(program.ended_within(30).success());
    assert_eq!(appears(&database, HOLDER), None);
    let logged = std::fs::read_to_string(&log).expect("a log");
    assert!(
        logged.contains("erase_key_holder") || logged.contains("/erasure"),
        "requests are logged: {logged}"
    );
    assert!(!logged.contains("Reventlow"), "{logged}");
    let _ = std::fs::remove_file(&log);
}

#[test]
fn a_keys_holder_is_forgotten_on_sqlite() {
    forgets(Backend::Sqlite);
}

#[test]
fn a_keys_holder_is_forgotten_on_postgres() {
    forgets(Backend::Postgres);
}

/// An auditor may look, and only the secretariat may redact.
#[test]
fn texts_stay_where_nobody_may_take_them() {
    let api = Api::start(Backend::Sqlite);
    let scene = Scene::new(&api);
    let own = scene.admit("Egen", "2020-01-01");
    let commitment = scene.commit(&own, "nat-A", GOAL);
    let seq = entry_of(&scene, &format!("commitments/{commitment}"));
    let body = json!({"pointer": "/after/goal", "reason": "Fordi"});
    for token in [&scene.auditor, &scene.of(&own), api.operator()] {
        let refused = scene
            .post(&format!("/journal/{seq}/redactions"))
            .token(token)
            .once()
            .json(&body)
            .send();
        assert_eq!(refused.problem(403), "forbidden");
    }
    let nobody = scene.post(&format!("/journal/{seq}/redactions")).once().json(&body).send();
    assert_eq!(nobody.status, 401);
}
