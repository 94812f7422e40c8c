//! An alliance with one of everything: two partners, each with a commitment, an initiative and a report
//! that was submitted and has an extension, and a token of every role.

use serde_json::{Value, json};

use super::{Api, Token};

pub struct Cast {
    pub alliance: String,
    pub own: Member,
    pub other: Member,
    pub secretariat: Token,
    pub auditor: Token,
    pub reader: Token,
}

/// A partner and what is its own.
pub struct Member {
    pub id: String,
    pub token: Token,
    pub commitment: String,
    pub initiative: String,
    /// One that the partner sent.
    pub import: String,
    /// A journal entry that names the partner.
    pub entry: String,
    /// Its API key.
    pub key: String,
}

impl Cast {
    pub fn set(api: &Api) -> Cast {
        let alliance = api.alliance();
        let own = member(api, &alliance, "Eksempelforeningen");
        let other = member(api, &alliance, "Prøvekommunen");
        let secretariat = api.secretariat(&alliance);
        for partner in [&own.id, &other.id] {
            let path = format!("/v1/alliances/{alliance}/rounds/open/extensions/{partner}");
            let body = json!({"until": "2099-07-31T23:59:59+02:00", "reason": "Ny medarbejder"});
            let granted = api.put(&path).token(&secretariat).json(&body).send();
            assert_eq!(granted.status, 201, "{}", granted.text);
        }
        for indicators in [json!(["joined"]), json!(["joined", "partners"])] {
            let edition =
                api.post(&format!("/v1/alliances/{alliance}/publications")).token(&secretariat);
            let edition = edition.once().json(&json!({"title": "Tal", "indicators": indicators})).send();
            assert_eq!(edition.status, 201, "{}", edition.text);
        }
        Cast {
            own,
            other,
            secretariat,
            auditor: api.role(&alliance, "auditor", None),
            reader: api.role(&alliance, "reader", None),
            alliance,
        }
    }

    /// How many entries the alliance's journal has.
    pub fn journal_size(&self, api: &Api) -> i64 {
        let path = format!("/v1/alliances/{}/journal?count=true&limit=1", self.alliance);
        let listed = api.get(&path).token(&self.secretariat).send();
        listed.body["totalCount"].as_i64().expect("a count")
    }

    /// The address of an operation in this alliance, `at` saying what its steps are.
    pub fn path(&self, pattern: &str, at: &Member) -> String {
        let steps = [
            ("{alliance}", self.alliance.as_str()),
            ("{partner}", &at.id),
            ("{commitment}", &at.commitment),
            ("{initiative}", &at.initiative),
            ("{import}", &at.import),
            ("{round}", "open"),
            ("{indicator}", "joined"),
            ("{key}", &at.key),
            ("{seq}", &at.entry),
            ("{version}", "1"),
            ("{edition}", "1"),
            ("{file}", "partners.xlsx"),
        ];
        steps
            .iter()
            .fold(pattern.to_owned(), |path, (step, value)| path.replace(step, value))
    }
}

fn member(api: &Api, alliance: &str, name: &str) -> Member {
    let id = api.partner(alliance, name);
    let (key, secret) = api.make_key(Some(alliance), "partner", Some(&id));
    let token = api.token(&key, &secret);
    let base = format!("/v1/alliances/{alliance}");
    let created = |path: String, body: Value| {
        let answered = api.post(&path).token(&token).json(&body).send();
        assert_eq!(answered.status, 201, "{}", answered.text);
        answered.body["id"].as_str().expect("an id").to_owned()
    };
    let commitment = created(
        format!("{base}/partners/{id}/commitments"),
        json!({"focusArea": "nat-A", "goal": "Flere samtaler"}),
    );
    let initiative = created(
        format!("{base}/initiatives"),
        json!({"title": format!("Samtaler, {name}"), "status": "running"}),
    );

    let imported = api.post(&format!("{base}/imports?kind=initiatives")).token(&token).once();
    let imported = imported
        .raw("text/csv", format!("title\n\"Samtaler, {name}\"").as_bytes())
        .send();
    assert_eq!((imported.status, &imported.body["unchanged"]), (201, &json!(1)), "{}", imported.text);
    let import = imported.body["id"].as_str().expect("an id").to_owned();

    let report = format!("{base}/reports/open/{id}");
    let body =
        json!({"answers": {"joined": {"value": "yes"}}, "initiatives": [{"initiative": initiative}]});
    let saved = api.put(&report).token(&token).json(&body).send();
    assert_eq!(saved.status, 201, "{}", saved.text);
    let submitted = api.post(&format!("{report}/submission")).token(&token).once().send();
    assert_eq!(submitted.status, 200, "{}", submitted.text);
    let entry = submitted.body["receipt"]["journalSeq"].to_string();
    Member { id, token, commitment, initiative, import, entry, key }
}

/// The parameters without which an address answers nothing, each followed by `&`.
pub fn needed(pattern: &str) -> &'static str {
    match pattern.rsplit('/').next() {
        Some("completeness") => "round=open&",
        Some("inclusion") => "seq=1&",
        Some("consistency") => "from=1&",
        _ => "",
    }
}

/// A body that is well-formed for the operation, `None` where it takes none. `lead` is a partner's id.
pub fn body_of(operation: &str, lead: &str, initiative: &str) -> Option<Value> {
    Some(match operation {
        "create_key" => {
            json!({"role": "reader", "name": "Skærmen", "expiresAt": "2099-01-01T00:00:00Z"})
        }
        "apply_programme" => super::programme::small(),
        "admit_partner" => {
            json!({"name": "Endnu en", "sector": "civil", "region": "1083", "municipality": "0461",
            "area": "DK031", "cvr": "10150817", "website": "https://example.org", "partOf": null,
            "objectives": ["areas"], "joinedOn": "2020-01-01", "leftOn": null})
        }
        "update_partner" => {
            json!({"website": "https://example.org/om", "municipality": null, "region": "1083"})
        }
        "depart_partner" => json!({"leftOn": "2022-07-01", "reason": "Foreningen er nedlagt"}),
        "rejoin_partner" => json!({"joinedOn": "2023-01-01"}),
        "make_commitment" => {
            json!({"focusArea": "nat-B", "goal": "Et mål", "chosenOn": "2021-03-01", "target":
            {"measure": "samtaler", "unit": "antal", "baseline": "12", "target": "20.5", "dueOn": "2023-12-31"}})
        }
        "update_commitment" => {
            json!({"goal": "Et andet mål", "target": {"measure": "samtaler", "target": "30"}})
        }
        "create_initiative" => json!({"leadPartner": lead, "partners": [lead], "title": "Værestedet",
            "summary": "Om det", "focusAreas": ["nat-A", "own-1"], "targetGroup": "Hjemløse",
            "approach": "structural", "stage": ["prevention"], "status": "running", "startsOn": "2023-01",
            "endsOn": "2023", "beganBeforeJoining": false}),
        "update_initiative" => json!({"title": "Et nyt navn", "stage": ["treatment"], "endsOn": null}),
        "save_report" => {
            json!({"answers": {"joined": {"value": "yes", "comment": "Ja"}, "reach": {"value": 12.5},
            "note": {"none": "dontKnow"}}, "initiatives": [part(initiative)]})
        }
        "save_report_part" => part(initiative),
        "return_report" => {
            json!({"points": [{"pointer": "/answers/reach", "code": "unclear", "detail": "Hvor?"}]})
        }
        "accept_report" => json!({"waived": []}),
        "grant_extension" => json!({"until": "2099-08-15T12:00:00+02:00", "reason": "Sygdom"}),
        "publish_edition" => json!({"title": "Resultater", "note": "Vist på konferencen"}),
        "check_claims" => {
            json!({"claims": [{"percent": 98, "decimals": 0, "indicator": "joined"}], "base": 100, "maxBase": 107})
        }
        "reopen_report" => json!({"reason": "Et tal var forkert"}),
        "redact_text" => json!({"pointer": "/after/answers/joined/value", "reason": "Prøve"}),
        _ => return None,
    })
}

fn part(initiative: &str) -> Value {
    json!({"initiative": initiative, "progress": "Godt", "learning": "Meget", "barriers": "Få", "outcomes": [
        {"measure": "samtaler", "kind": "outcome", "unit": "antal", "baseline": "12", "target": "20",
            "actual": "17", "verification": "documented", "evidence": ["https://example.org/tal"]}]})
}
