//! A small programme with one of everything, for tests. Its round `open` takes reports today, `past` is
//! late, `closed` takes none any more and `future` none yet.

use serde_json::{Value, json};

pub fn text(text: &str) -> Value {
    json!({"da": text, "en": format!("{text} (en)")})
}

pub fn labelled(key: &str) -> Value {
    json!({"key": key, "label": text(key)})
}

fn round(key: &str, opens_on: &str, due_at: &str, closes_at: Option<&str>) -> Value {
    let mut round = json!({
        "key": key, "label": text(key), "startsOn": "2020-01-01", "endsOn": "2099-12-31",
        "opensOn": opens_on, "dueAt": due_at, "questions": ["joined", "reach", "note"]
    });
    if let Some(closes_at) = closes_at {
        round["closesAt"] = json!(closes_at);
    }
    round
}

pub fn small() -> Value {
    json!({
        "slug": "prove",
        "name": text("Prøvealliancen"),
        "startsOn": "2020-01-01",
        "endsOn": "2099-12-31",
        "sectors": [labelled("civil"), labelled("municipality"), labelled("region")],
        "objectives": [labelled("areas"), labelled("initiatives")],
        "focusAreas": [
            {"key": "nat-A", "scheme": "nat", "national": true, "label": text("A")},
            {"key": "nat-B", "scheme": "nat", "national": true, "label": text("B")},
            {"key": "own-1", "scheme": "own", "label": text("1")}
        ],
        "rounds": [
            round("closed", "2020-06-01", "2020-06-30T23:59:59+02:00", Some("2020-07-31T23:59:59+02:00")),
            round("past", "2020-12-01", "2020-12-31T23:59:59+01:00", None),
            round("open", "2021-01-01", "2099-06-30T23:59:59+02:00", None),
            round("future", "2099-07-01", "2099-12-31T23:59:59+01:00", None)
        ],
        "questions": [
            {"key": "joined", "kind": "fact", "type": "yesNo", "required": true, "wording": text("Med?")},
            {"key": "reach", "kind": "fact", "type": "number", "min": 0, "max": 1000, "decimals": 1,
                "wording": text("Hvor mange?")},
            {"key": "note", "kind": "selfAssessment", "type": "text", "wording": text("Hvad?")}
        ],
        "indicators": [
            {"key": "joined", "kind": "share", "label": text("med"), "question": "joined",
                "counts": "answer == 'yes'", "base": "respondents"},
            {"key": "chosen", "kind": "share", "label": text("valgt"),
                "counts": "commitments.exists(c, c.goal != '')"},
            {"key": "partners", "kind": "count", "of": "partners", "label": text("partnere")},
            {"key": "initiatives", "kind": "count", "of": "initiatives", "label": text("initiativer"),
                "counts": "initiative.status in ['running', 'completed', 'stopped']"},
            {"key": "reports", "kind": "count", "of": "reports", "label": text("rapporter")}
        ]
    })
}
