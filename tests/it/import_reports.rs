//! Reports come in line by line, into drafts, and are never submitted.

use serde_json::{Value, json};

use crate::support::{Answered, Scene, on_both};

/// `row column code` of each refused row.
pub fn refused(answered: &Answered) -> Vec<String> {
    let rows = answered.body["rows"].as_array().expect("rows").iter();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    rows.filter(|row| row["outcome"] == "refused")
        .map(|row| format!("{} {} {}", row["row"], text(&row["column"]), text(&row["code"])))
        .collect()
}

pub fn counts(answered: &Answered) -> [i64; 4] {
    let counts = ["created", "updated", "unchanged", "refused"]
        .map(|field| answered.body[field].as_i64().expect("a number"));
    assert_eq!(counts.iter().sum::<i64>(), answered.body["rowsRead"], "{}", answered.text);
    counts
}

fn draft(scene: &Scene, partner: &str) -> Value {
    let found = scene.get(&format!("/reports/open/{partner}")).token(&scene.of(partner)).send();
    assert_eq!(found.status, 200, "{}", found.text);
    found.body
}

const FILE: &str = "Runde;Partner;Spørgsmål;Svar;Kommentar;Initiativ;Fremdrift;Målepunkt;Art;Enhed;Måltal;Resultat;Dokumentation\n\
    open;KL;joined;Ja;Hele tiden;;;;;;;;\nOpen (en);KL;Hvor mange?;12,5;;;;;;;;;\nopen;KL;note;ved ikke;;;;;;;;;\n\
    open;KL;;;;Samtaler;Godt;;;;;;\nopen;KL;;;;samtaler;;Borgere;effekt;antal;1000;17,50;https://example.org/a|https://example.org/b\n";

on_both! {
    fn lines_become_a_draft_and_the_rest_of_it_stays(api) {
        let scene = Scene::new(api);
        let kl = scene.admit("KL", "2020-01-01");
        let talks = scene.initiative(&kl, "Samtaler", json!({}));
        let size = scene.journal_size();
        let answered = scene.import("kind=reports", &scene.secretariat, FILE.as_bytes());
        assert_eq!((answered.status, counts(&answered)), (201, [5, 0, 0, 0]), "{}", answered.text);
        assert_eq!(scene.journal_size(), size + 1, "a draft is not journalled, its import is");
        let report = draft(&scene, &kl);
        assert_eq!((&report["state"], &report["version"]), (&json!("draft"), &json!(1)), "saved once, and never submitted");
        assert_eq!(report["answers"], json!({"joined": {"value": "yes", "comment": "Hele tiden"}, "note": {"none": "dontKnow"}, "reach": {"value": 12.5}}));
        let outcome = json!({"measure": "Borgere", "kind": "outcome", "unit": "antal", "baseline": null, "target": "1000", "actual": "17.50",
            "verification": "selfReported", "evidence": ["https://example.org/a", "https://example.org/b"]});
        let part = &report["initiatives"][0];
        assert_eq!([&part["initiative"], &part["progress"]], [&json!(talks), &json!("Godt")]);
        for (key, value) in outcome.as_object().expect("fields") {
            assert_eq!(&part["outcomes"][0][key], value, "{key}");
        }

        let again = scene.import("kind=reports", &scene.of(&kl), FILE.as_bytes());
        assert_eq!((again.status, counts(&again)), (201, [0, 0, 5, 0]));
        assert_eq!(draft(&scene, &kl)["version"], 1);
        let changed = "round,question,answer,comment\nopen,joined,no,-\nopen,reach,-,\n";
        let changed = scene.import("kind=reports", &scene.of(&kl), changed.as_bytes());
        assert_eq!((changed.status, counts(&changed)), (201, [0, 2, 0, 0]), "{}", changed.text);
        let report = draft(&scene, &kl);
        assert_eq!(report["answers"], json!({"joined": {"value": "no"}, "note": {"none": "dontKnow"}}));
        assert_eq!((&report["initiatives"][0], &report["version"]), (part, &json!(2)));
    }

    fn rows_of_one_initiative_may_repeat_its_texts_but_not_say_otherwise(api) {
        let scene = Scene::new(api);
        let kl = scene.admit("KL", "2020-01-01");
        let run = scene.initiative(&kl, "Løb", json!({}));
        let body = json!({"initiatives": [{"initiative": run, "progress": "Gammelt", "outcomes": []}]});
        assert_eq!(scene.save("open", &kl, &body).status, 201);
        let own = scene.of(&kl);
        let send = |rows: &str| {
            let file = format!("round;initiative;progress;measure;kind;actual\n{rows}");
            scene.import("kind=reports&mode=partial", &own, file.as_bytes())
        };
        // The second row was copied with the old text, for a result.
        let copied = send("open;Løb;Nyt;;;\nopen;Løb;Gammelt;ture;output;5\n");
        assert_eq!(counts(&copied), [1, 1, 0, 0], "{}", copied.text);
        let part = draft(&scene, &kl)["initiatives"][0].clone();
        assert_eq!((&part["progress"], &part["outcomes"][0]["actual"]), (&json!("Nyt"), &json!("5")));
        let twice = send(&format!("open;Løb;;ture;output;6\nopen;{run};;ture;output;7\n"));
        assert_eq!(refused(&twice), ["3 initiative row-twice"]);
        let otherwise = send(&format!("open;Løb;Et;km;output;1\nopen;{run};To;mil;output;1\n"));
        assert_eq!(refused(&otherwise), ["3 progress said-otherwise"]);
    }

    fn what_a_line_gets_wrong_is_told_with_its_row_and_column(api) {
        let scene = Scene::with(api, |document| {
            let choice = |key: &str| json!({"key": key, "label": {"da": format!("Valg {key}"), "en": format!("Choice {key}")}});
            document["questions"].as_array_mut().expect("questions").extend([
                json!({"key": "which", "kind": "fact", "type": "multiChoice", "wording": {"da": "Hvilke?", "en": "Which?"}, "choices": [choice("a"), choice("b")]}),
                json!({"key": "share", "kind": "fact", "type": "number", "min": 0, "max": 100, "unit": "%", "wording": {"da": "Hvor stor?", "en": "How big?"}}),
                json!({"key": "other", "kind": "fact", "type": "text", "wording": {"da": "Andet?", "en": "Else?"}}),
            ]);
            document["rounds"][2]["questions"] = json!(["joined", "reach", "which", "share"]);
        });
        let (kl, foa) = (scene.admit("KL", "2020-01-01"), scene.admit("FOA", "2020-01-01"));
        scene.initiative(&foa, "Løb", json!({"partners": [foa, kl]}));
        let file = "round,partner,question,answer,initiative,measure,kind,actual,progress\n\
            open,KL,which,Valg a; choice B,,,,,\nopen,KL,joined,måske,,,,,\nopen,KL,share,101,,,,,\nopen,KL,other,x,,,,,\nopen,KL,nope,x,,,,,\n\
            open,Ingen,joined,yes,,,,,\nnever,KL,joined,yes,,,,,\nclosed,KL,joined,yes,,,,,\nopen,KL,WHICH?,a,,,,,\nopen,KL,,,Løb,borgere,outcome,1,\n\
            open,KL,,,Ukendt,,,,x\nopen,KL,reach,mange,,,,,\nopen,KL,,,,,,,\nopen,KL,joined,,Løb,,,,\nopen,KL,,,Løb,,,,Godt\nopen,FOA,,,Løb,borgere,x,1.5.2,\n";
        let answered = scene.import("kind=reports&mode=partial", &scene.secretariat, file.as_bytes());
        assert_eq!((answered.status, counts(&answered)), (207, [2, 0, 0, 14]), "{}", answered.text);
        assert_eq!(refused(&answered), ["3 answer not-a-choice", "4 answer out-of-range", "5 question question-not-asked", "6 question unknown-question",
            "7 partner unknown-partner", "8 round unknown-round", "9 - round-closed", "10 question row-twice", "11 measure not-lead",
            "12 initiative unknown-initiative", "13 answer bad-amount", "14 question required", "15 initiative two-lines", "17 kind not-a-choice"]);
        assert_eq!(draft(&scene, &kl)["answers"], json!({"which": {"value": ["a", "b"]}}));

        let others = scene.import("kind=reports", &scene.of(&kl), b"round,partner,question,answer\nopen,FOA,joined,yes\n");
        assert_eq!((others.problem(422), others.faults()), ("rows-refused", vec!["/rows/2/partner forbidden".to_owned()]));
        scene.api.submit(&scene.slug, "past", &foa, json!({"joined": {"value": "yes"}}));
        let late = scene.import("kind=reports", &scene.of(&foa), b"round,question,answer\npast,joined,no\npast,reach,5\n");
        assert_eq!(late.faults(), ["/rows/2 wrong-state", "/rows/3 wrong-state"]);
        let same = scene.import("kind=reports", &scene.of(&foa), b"round,question,answer\npast,joined,yes\n");
        assert_eq!((same.status, counts(&same)), (201, [0, 0, 1, 0]), "nothing to save, nothing to refuse");
    }
}
