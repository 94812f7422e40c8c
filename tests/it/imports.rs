//! Imports: files of rows that go through the same functions as single requests.

use serde_json::{Value, json};

use crate::support::{Answered, Scene, column, on_both};

/// created, updated, unchanged and refused, after checking that they add up.
fn counts(answered: &Answered) -> [i64; 4] {
    let number = |field: &str| {
        answered.body[field]
            .as_i64()
            .unwrap_or_else(|| panic!("{field}: {}", answered.text))
    };
    let counts = ["created", "updated", "unchanged", "refused"].map(number);
    assert_eq!(counts.iter().sum::<i64>(), number("rowsRead"), "{}", answered.text);
    counts
}

/// `row outcome column code` of each row that was not simply taken, the codes of what else there is behind it.
fn remarks(answered: &Answered) -> Vec<String> {
    let rows = answered.body["rows"].as_array().expect("rows").iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    rows.map(|row| {
        let more = row["more"]
            .as_array()
            .expect("more")
            .iter()
            .map(|more| format!(" {}", text(&more["code"])));
        let first = [&row["outcome"], &row["column"], &row["code"]].map(text).join(" ");
        format!("{} {first}{}", row["row"], more.collect::<String>())
    })
    .collect()
}

const PARTNERS: &str = "Navn;Sektor;Område;Indmeldt;Noter\r\nÆrø Kommune;municipality;Fyn / Region Syddanmark;01-02-2021;x\r\n\
    Værestedet;civil;Region Hovedstaden;;y\r\n";

on_both! {
    fn a_file_of_partners_goes_in_once(api) {
        let scene = Scene::new(api);
        let answered = scene.import("kind=partners", &scene.secretariat, PARTNERS.as_bytes());
        assert_eq!((answered.status, counts(&answered)), (201, [2, 0, 0, 0]), "{}", answered.text);
        assert_eq!(remarks(&answered), ["3 created Indmeldt unknown-joined-on"]);
        assert_eq!(answered.body["warnings"][0]["code"], "column-ignored");
        assert_eq!(answered.body["warnings"].as_array().map(Vec::len), Some(1));

        let partners = scene.read("/partners");
        assert_eq!(column(&partners, "name"), ["Værestedet", "Ærø Kommune"]);
        let [shelter, island] = [0, 1].map(|i| &partners["items"][i]);
        assert_eq!([&island["area"], &island["region"], &island["joinedOn"]], ["07", "1083", "2021-02-01"]);
        assert_eq!([&shelter["area"], &shelter["region"], &shelter["joinedOn"]], [&json!(null), &json!("1084"), &json!(null)]);

        let again = scene.import("kind=partners", &scene.secretariat, PARTNERS.as_bytes());
        assert_eq!((again.status, counts(&again)), (201, [0, 0, 2, 0]));
        assert_eq!(remarks(&again), Vec::<String>::new());
        let changed = PARTNERS.replace("ÆRØ", "ærø").replace(";civil;", ";region;").replace(";;y", ";2020-05-01;y");
        let changed = scene.import("kind=partners", &scene.secretariat, changed.as_bytes());
        assert_eq!((changed.status, counts(&changed)), (201, [0, 1, 1, 0]));
        let shelter = scene.read(&format!("/partners/{}", shelter["id"].as_str().expect("an id")));
        assert_eq!((&shelter["sector"], &shelter["joinedOn"], &shelter["version"]), (&json!("region"), &json!("2020-05-01"), &json!(2)));
    }

    fn an_import_is_a_resource_with_an_entry_behind_its_rows(api) {
        let scene = Scene::new(api);
        let before = scene.journal_size();
        let first = scene.import("kind=partners", &scene.secretariat, PARTNERS.as_bytes());
        let second = scene.import("kind=partners&mode=partial", &scene.secretariat, b"name,sector\nA,civil\nB,x\n");
        assert_eq!((second.status, counts(&second)), (207, [1, 0, 0, 1]));
        for (answered, seq) in [(&first, before + 3), (&second, before + 5)] {
            let id = answered.body["id"].as_str().expect("an id");
            assert_eq!(answered.header("location"), scene.at(&format!("/imports/{id}")));
            let found = scene.get(&format!("/imports/{id}")).token(&scene.secretariat).send();
            assert_eq!((found.status, &found.body), (200, &answered.body));
            assert_eq!(found.etag(), answered.etag());
            assert_eq!(found.body["journalSeq"], seq);
            let entry = scene.read(&format!("/journal/{seq}"));
            assert_eq!([&entry["action"], &entry["subject"]], ["import.completed", &format!("imports/{id}")]);
            for field in ["id", "kind", "mode", "receivedAt", "actor", "sha256", "bytes", "rowsRead", "created", "refused"] {
                assert_eq!(entry["after"][field], found.body[field], "{field}");
            }
            let english = scene.get(&format!("/imports/{id}")).token(&scene.secretariat).english().send();
            assert_ne!(english.body["rows"][0]["detail"], found.body["rows"][0]["detail"]);
        }
        assert_eq!(scene.journal_size(), before + 5);
        let listed = scene.read("/imports?limit=1&count=true");
        assert_eq!((&listed["items"][0]["id"], &listed["totalCount"]), (&second.body["id"], &json!(2)));
        let next = scene.api.get(listed["next"].as_str().expect("a next page")).token(&scene.secretariat).send();
        assert_eq!((&next.body["items"][0]["id"], &next.body["next"]), (&first.body["id"], &json!(null)));
    }

    fn in_atomic_mode_a_refused_row_keeps_all_out_and_every_fault_is_told(api) {
        let scene = Scene::new(api);
        let before = scene.journal_size();
        let file = "name,sector,joined,part of\nA,civil,2020-02-31,\nB,civil,,A\nC,nowhere,2020-01-01,D\nA,civil,,\n";
        let refused = scene.import("kind=partners", &scene.secretariat, file.as_bytes());
        assert_eq!(refused.problem(422), "rows-refused");
        let expected = ["/rows/2/joined bad-date", "/rows/3/part of unknown-partner", "/rows/4/part of unknown-partner",
            "/rows/4/sector unknown-sector", "/rows/5/name row-twice"];
        assert_eq!(refused.faults(), expected);
        assert_eq!(scene.journal_size(), before);
        assert_eq!(scene.read("/partners")["items"], json!([]));
        assert_eq!(scene.read("/imports")["items"], json!([]));

        let partial = scene.import("kind=partners&mode=partial", &scene.secretariat, file.replace("2020-02-31", "").as_bytes());
        assert_eq!((partial.status, counts(&partial)), (207, [2, 0, 0, 2]), "{}", partial.text);
        let partners = scene.read("/partners");
        assert_eq!(partners["items"][1]["partOf"], partners["items"][0]["id"], "a row sees the partners of earlier rows");
        assert_eq!(scene.journal_size(), before + 3);
    }

    fn a_dry_run_says_what_would_be_and_writes_nothing(api) {
        let scene = Scene::new(api);
        let before = scene.journal_size();
        let file = b"name,sector\nA,civil\nB,x\n";
        for mode in ["atomic", "partial"] {
            let path = format!("/imports?kind=partners&mode={mode}&dryRun=true");
            let post = || scene.post(&path).token(&scene.secretariat).raw("text/csv", file);
            // Needs no key, and does not keep one.
            for request in [post(), post().header("idempotency-key", "k")] {
                let answered = request.send();
                assert_eq!((answered.status, counts(&answered)), (200, [1, 0, 0, 1]), "{}", answered.text);
                assert_eq!([&answered.body["id"], &answered.body["journalSeq"]], [&json!(null), &json!(null)]);
                assert_eq!((remarks(&answered), answered.header("location")), (vec!["2 created joinedOn unknown-joined-on".to_owned(), "3 refused sector unknown-sector".to_owned()], ""));
            }
        }
        assert_eq!(scene.journal_size(), before);
        assert_eq!(scene.read("/partners")["items"], json!([]));
    }

    fn an_import_happens_once_for_its_key(api) {
        let scene = Scene::new(api);
        let post = || scene.post("/imports?kind=partners&mode=partial").token(&scene.secretariat);
        let file = b"name,sector\nA,civil\nB,x\n";
        assert_eq!(post().raw("text/csv", file).send().problem(400), "idempotency-key-missing");
        let first = post().header("idempotency-key", "k").raw("text/csv", file).send();
        let again = post().header("idempotency-key", "k").raw("text/csv", file).send();
        assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (207, 207, "true"));
        assert_eq!(first.text, again.text);
        let other = post().header("idempotency-key", "k").raw("text/csv", b"name,sector\nC,civil\n").send();
        assert_eq!(other.problem(422), "idempotency-key-reused");
        assert_eq!(scene.read("/imports?count=true")["totalCount"], 1);
    }

    fn the_same_file_in_another_form_is_the_same_request(api) {
        let scene = Scene::new(api);
        let send = |boundary: &str| {
            let body = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; \
                filename=\"p.csv\"\r\n\r\nname,sector\nÆrø,civil\n\r\n--{boundary}--\r\n");
            let post = scene.post("/imports?kind=partners").token(&scene.secretariat).header("idempotency-key", "k");
            post.raw(&format!("multipart/form-data; boundary={boundary}"), body.as_bytes()).send()
        };
        let (first, again) = (send("AAA"), send("BBB"));
        assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, "true"), "{}", again.text);
    }

    fn a_list_of_ours_goes_in_again_and_changes_nothing(api) {
        let scene = Scene::new(api);
        for name in ["=1+1 ApS", "+45 Foreningen", "-minus", "@hjem", "'s-Gravenhage", "Ærø; Marstal", "»Citat \"her\"«"] {
            scene.admit(name, "2020-01-01");
        }
        for query in ["?limit=500", "?limit=500&dialect=excel-da"] {
            let list = scene.get(&format!("/partners{query}")).header("accept", "text/csv").send();
            assert!(list.text.contains("'=1+1 ApS"), "{}", list.text);
            let answered = scene.import("kind=partners", &scene.secretariat, list.text.as_bytes());
            assert_eq!((answered.status, counts(&answered)), (201, [0, 0, 7, 0]), "{}", answered.text);
        }
    }

    fn a_file_comes_as_the_body_or_as_the_one_file_of_a_form(api) {
        let scene = Scene::new(api);
        let post = || scene.post("/imports?kind=partners").token(&scene.secretariat).once();
        let file = "name,sector\nÆrø,civil\n".as_bytes();
        for media in ["text/csv", "text/csv; charset=utf-8", "text/csv; charset=\"ISO-8859-1\"", "text/plain",
            "application/octet-stream", "application/vnd.ms-excel"] {
            assert_eq!(post().raw(media, file).send().status, 201, "{media}");
        }
        for media in ["application/json", "text/csv; charset=utf-16", "image/png", "multipart/mixed; boundary=x"] {
            assert_eq!(post().raw(media, file).send().problem(415), "unsupported-media-type", "{media}");
        }
        assert_eq!(post().bytes(file).send().problem(415), "unsupported-media-type");

        let part = |name: &str| format!("--x\r\nContent-Disposition: form-data; {name}\r\n\r\nname,sector\nØrø,civil\n\r\n");
        let (named, field) = (part("name=\"file\"; filename=\"p.csv\""), part("name=\"kind\""));
        let form = |body: &str| post().raw("multipart/form-data; boundary=x", body.as_bytes()).send();
        let answered = form(&format!("{named}--x--\r\n"));
        assert_eq!((answered.status, counts(&answered)), (201, [1, 0, 0, 0]), "{}", answered.text);
        assert_eq!(answered.body["bytes"], "name,sector\nØrø,civil\n".len());
        for (body, code) in [(format!("{named}{named}--x--\r\n"), "one-file"), (format!("{named}{field}--x--\r\n"), "one-file"),
            ("--x--\r\n".to_owned(), "one-file"), (named.clone(), "bad-form"), ("name,sector".to_owned(), "bad-form"), (String::new(), "bad-form")] {
            assert_eq!(form(&body).problem(400), code, "{body}");
        }
        let unbound = post().raw("multipart/form-data", b"x").send();
        assert_eq!(unbound.problem(400), "bad-form");
        // 3 MB in a form, which the parser takes in pieces.
        let long = format!("{}{}\r\n--x--\r\n", named.trim_end(), "\r\nA,civil".repeat(300_000));
        assert_eq!(form(&long).problem(422), "too-many-rows");
    }

    fn what_the_query_gets_wrong_is_told_at_once(api) {
        let scene = Scene::new(api);
        let refused = scene.import("kind=figures&mode=x&dryRun=1", &scene.secretariat, b"");
        assert_eq!(refused.problem(422), "invalid");
        assert_eq!(refused.faults(), ["?kind not-a-choice", "?mode not-a-choice", "?dryRun not-a-choice"]);
        assert_eq!(scene.import("mode=atomic", &scene.secretariat, b"").faults(), ["?kind not-a-choice"]);
        assert_eq!(scene.import("kind=partners&x=1", &scene.secretariat, b"").problem(400), "unknown-parameter");
    }

    fn initiatives_are_found_by_title_and_lead(api) {
        let scene = Scene::new(api);
        for name in ["KL", "FOA", "DGI"] {
            scene.admit(name, "2020-01-01");
        }
        let file = "titel;partnere;focus_area_nat;status;start;slut;tilgang;målgruppe\n\
            Samtaler;KL | foa;A;i gang;2021-02;31-12-2023;strukturel;Alle\nSamtaler;DGI;-;;;;;\nLøb;FOA;A|B;afsluttet;2020;;;\n";
        let answered = scene.import("kind=initiatives", &scene.secretariat, file.as_bytes());
        assert_eq!((answered.status, counts(&answered)), (201, [3, 0, 0, 0]), "{}", answered.text);
        assert_eq!(remarks(&answered), ["2 created partnere lead-assumed", "3 created status unknown-status"]);
        let items = scene.read("/initiatives")["items"].as_array().expect("items").clone();
        let names = |ids: &Value| -> Vec<String> {
            ids.as_array().expect("ids").iter().map(|id| scene.read(&format!("/partners/{}", id.as_str().expect("an id")))["name"].as_str().expect("a name").to_owned()).collect()
        };
        let shared = items.iter().find(|item| item["startsOn"] == "2021-02").expect("the shared one");
        assert_eq!(names(&shared["partners"]), ["KL", "FOA"]);
        assert_eq!([&shared["status"], &shared["endsOn"], &shared["approach"]], ["running", "2023-12-31", "structural"]);
        assert_eq!((&shared["focusAreas"], &shared["targetGroup"]), (&json!(["nat-A"]), &json!("Alle")));

        let again = scene.import("kind=initiatives", &scene.secretariat, file.as_bytes());
        assert_eq!(counts(&again), [0, 0, 3, 0]);
        let changed = "title,lead,partners,status,ends\nSAMTALER,kl,KL;FOA;DGI,completed,-\nSamtaler,DGI,,,\n";
        let changed = scene.import("kind=initiatives", &scene.secretariat, changed.as_bytes());
        assert_eq!((changed.status, counts(&changed)), (201, [0, 1, 1, 0]), "{}", changed.text);
        let shared = scene.read(&format!("/initiatives/{}", shared["id"].as_str().expect("an id")));
        assert_eq!(names(&shared["partners"]), ["KL", "FOA", "DGI"]);
        assert_eq!([&shared["title"], &shared["status"], &shared["endsOn"]], [&json!("Samtaler"), &json!("completed"), &json!(null)]);

        scene.initiative(shared["leadPartner"].as_str().expect("an id"), "samtaler", json!({}));
        let refused = scene.import("kind=initiatives", &scene.secretariat, b"title,lead,status\nSamtaler,KL,running\n");
        assert_eq!((refused.problem(422), refused.faults()), ("rows-refused", vec!["/rows/2/title ambiguous-title".to_owned()]));
    }

    fn commitments_are_found_by_partner_and_focus_area(api) {
        let scene = Scene::new(api);
        let partner = scene.admit("KL", "2020-01-01");
        let file = "partner;fokusområde;mål;valgt;measure;enhed;baseline;måltal;frist\n\
            KL;nat-A;Flere samtaler;2021-03-01;samtaler;antal;1,5;20;31.12.2023\nKL;B;;;;;;;\n";
        let answered = scene.import("kind=commitments", &scene.secretariat, file.as_bytes());
        assert_eq!((answered.status, counts(&answered)), (201, [2, 0, 0, 0]), "{}", answered.text);
        assert_eq!(remarks(&answered), ["3 created valgt unknown-chosen-on"]);
        let made = scene.read(&format!("/partners/{partner}/commitments"));
        assert_eq!(column(&made, "focusArea"), ["nat-A", "nat-B"]);
        let target = json!({"measure": "samtaler", "unit": "antal", "baseline": "1.5", "target": "20", "dueOn": "2023-12-31"});
        assert_eq!((&made["items"][0]["target"], &made["items"][0]["goal"]), (&target, &json!("Flere samtaler")));
        assert_eq!(counts(&scene.import("kind=commitments", &scene.secretariat, file.as_bytes())), [0, 0, 2, 0]);

        let changed = "partner,focusArea,goal,target\nKL,A,-,30\nKL,B,,7\n";
        let answered = scene.import("kind=commitments&mode=partial", &scene.secretariat, changed.as_bytes());
        assert_eq!((answered.status, counts(&answered)), (207, [0, 1, 0, 1]), "{}", answered.text);
        assert_eq!(remarks(&answered), ["3 refused measure required"]);
        let made = scene.read(&format!("/partners/{partner}/commitments"));
        assert_eq!((&made["items"][0]["target"]["target"], &made["items"][0]["goal"]), (&json!("30"), &json!("")));
    }

    fn a_partner_imports_its_own_rows_only(api) {
        let scene = Scene::new(api);
        let (own, other) = (scene.admit("KL", "2020-01-01"), scene.admit("FOA", "2020-01-01"));
        let token = scene.of(&own);
        let commitments = scene.import("kind=commitments&mode=partial", &token, b"partner,focusArea,goal\nKL,A,x\nFOA,A,x\n");
        assert_eq!(remarks(&commitments), ["2 created chosenOn unknown-chosen-on", "3 refused partner forbidden"]);
        let nameless = scene.import("kind=commitments", &token, b"focusArea,goal,valgt\nB,x,2021-01-01\n");
        assert_eq!(counts(&nameless), [1, 0, 0, 0]);
        let initiatives = scene.import("kind=initiatives&mode=partial", &token, b"title,lead,partners,status\nA,,FOA,running\nB,FOA,KL,running\n");
        assert_eq!(remarks(&initiatives), ["3 refused lead forbidden"]);
        let found = scene.read("/initiatives");
        assert_eq!((&found["items"][0]["leadPartner"], found["items"].as_array().map(Vec::len)), (&json!(own), Some(1)));
        // What is as it was is no change; what is the secretariat's business is refused by its column.
        let partners = b"name,sector,website\nKL,civil,https://kl.example\n";
        assert_eq!(counts(&scene.import("kind=partners", &token, partners)), [0, 1, 0, 0]);
        let partners = b"name,sector,website\nKL,region,https://kl.example/om\nFOA,civil,\nNy,civil,\n";
        let refused = scene.import("kind=partners", &token, partners);
        assert_eq!(refused.problem(422), "rows-refused");
        assert_eq!(refused.faults(), ["/rows/2/sector forbidden", "/rows/3/name forbidden", "/rows/4/name forbidden"]);

        // An import holds the writer, so nobody's own file may be long.
        let long = format!("focusArea\n{}", "A\n".repeat(1001));
        assert_eq!(scene.import("kind=commitments", &token, long.as_bytes()).problem(422), "too-many-rows");

        let all = scene.import("kind=partners", &scene.secretariat, b"name\nKL\n");
        let at = |answered: &Answered| format!("/imports/{}", answered.body["id"].as_str().expect("an id"));
        assert_eq!(scene.get(&at(&commitments)).token(&token).send().status, 200);
        for (path, token) in [(at(&all), &token), (at(&commitments), &scene.of(&other))] {
            assert_eq!(scene.get(&path).token(token).send().problem(404), "not-found");
        }
        let listed = |token| scene.get("/imports?count=true").token(token).send().body["totalCount"].clone();
        assert_eq!([listed(&token), listed(&scene.of(&other)), listed(&scene.secretariat)], [4, 0, 5]);
        assert_eq!(scene.get("/imports").token(&scene.auditor).send().problem(403), "forbidden");
        let entries = scene.get("/journal?action=import.completed").token(&token).send();
        assert_eq!(entries.body["items"].as_array().map(Vec::len), Some(4));
    }
}
