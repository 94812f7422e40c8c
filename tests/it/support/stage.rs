//! An alliance with tokens at hand, and short ways to let things happen in it.

use std::cell::RefCell;
use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Answered, Api, Request, Token};

pub struct Scene<'a> {
    pub api: &'a Api,
    pub slug: String,
    pub secretariat: Token,
    pub auditor: Token,
    partners: RefCell<HashMap<String, Token>>,
}

impl<'a> Scene<'a> {
    /// The small programme as it is.
    pub fn new(api: &'a Api) -> Scene<'a> {
        Scene::with(api, |_| {})
    }

    /// The small programme, changed.
    pub fn with(api: &'a Api, change: impl FnOnce(&mut Value)) -> Scene<'a> {
        let slug = api.alliance_with(change);
        let secretariat = api.secretariat(&slug);
        let auditor = api.role(&slug, "auditor", None);
        Scene {
            api,
            slug,
            secretariat,
            auditor,
            partners: RefCell::default(),
        }
    }

    /// An address within the alliance.
    pub fn at(&self, path: &str) -> String {
        format!("/v1/alliances/{}{path}", self.slug)
    }

    pub fn get(&self, path: &str) -> Request<'_> {
        self.api.get(&self.at(path))
    }

    pub fn post(&self, path: &str) -> Request<'_> {
        self.api.post(&self.at(path))
    }

    pub fn put(&self, path: &str) -> Request<'_> {
        self.api.put(&self.at(path))
    }

    pub fn patch(&self, path: &str) -> Request<'_> {
        self.api.patch(&self.at(path))
    }

    pub fn delete(&self, path: &str) -> Request<'_> {
        self.api.delete(&self.at(path))
    }

    /// A token of the partner's, the same each time.
    pub fn of(&self, partner: &str) -> Token {
        if let Some(token) = self.partners.borrow().get(partner) {
            return token.clone();
        }
        let token = self.api.role(&self.slug, "partner", Some(partner));
        self.partners.borrow_mut().insert(partner.to_owned(), token.clone());
        token
    }

    /// The secretariat's own read, 200.
    pub fn read(&self, path: &str) -> Value {
        let answered = self.get(path).token(&self.secretariat).send();
        assert_eq!(answered.status, 200, "{path}: {}", answered.text);
        answered.body
    }

    /// The secretariat changes what is there now by a merge patch.
    pub fn change(&self, path: &str, patch: Value) -> Value {
        let answered = self.try_change(path, &patch, &self.secretariat);
        assert_eq!(answered.status, 200, "{path}: {}", answered.text);
        answered.body
    }

    pub fn try_change(&self, path: &str, patch: &Value, token: &Token) -> Answered {
        let before = self.get(path).token(token).send();
        self.patch(path).token(token).if_match(before.etag()).json(patch).send()
    }

    /// The secretariat posts, 200 or 201.
    pub fn does(&self, path: &str, body: Value) -> Value {
        let answered = self.post(path).token(&self.secretariat).once().json(&body).send();
        assert!(matches!(answered.status, 200 | 201), "{path}: {}", answered.text);
        answered.body
    }

    /// Admits a partner of sector `civil`, and answers its id.
    pub fn admit(&self, name: &str, joined_on: &str) -> String {
        self.admit_with(json!({"name": name, "sector": "civil", "joinedOn": joined_on}))
    }

    pub fn admit_with(&self, body: Value) -> String {
        self.does("/partners", body)["id"].as_str().expect("an id").to_owned()
    }

    pub fn depart(&self, partner: &str, left_on: &str) {
        self.does(
            &format!("/partners/{partner}/departure"),
            json!({"leftOn": left_on, "reason": "Lukket"}),
        );
    }

    pub fn rejoin(&self, partner: &str, joined_on: &str) {
        self.does(&format!("/partners/{partner}/memberships"), json!({"joinedOn": joined_on}));
    }

    /// Makes a commitment, and answers its id.
    pub fn commit(&self, partner: &str, area: &str, goal: &str) -> String {
        let made = self
            .does(&format!("/partners/{partner}/commitments"), json!({"focusArea": area, "goal": goal}));
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Creates an initiative, and answers its id.
    pub fn initiative(&self, lead: &str, title: &str, more: Value) -> String {
        let mut body = json!({"leadPartner": lead, "title": title, "status": "running"});
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        self.does("/initiatives", body)["id"].as_str().expect("an id").to_owned()
    }

    /// Imports a file; `query` without its question mark.
    pub fn import(&self, query: &str, token: &Token, file: &[u8]) -> Answered {
        let request = self.post(&format!("/imports?{query}")).token(token).once();
        request.raw("text/csv", file).send()
    }

    /// Saves the whole draft over whatever version is there.
    pub fn save(&self, round: &str, partner: &str, body: &Value) -> Answered {
        let path = format!("/reports/{round}/{partner}");
        let token = self.of(partner);
        let before = self.get(&path).token(&token).send();
        let request = self.put(&path).token(&token).json(body);
        if before.status == 200 { request.if_match(before.etag()).send() } else { request.send() }
    }

    /// Saves and submits these answers; the report as submitted.
    pub fn submit(&self, round: &str, partner: &str, answers: Value) -> Value {
        let saved = self.save(round, partner, &json!({"answers": answers}));
        assert!(matches!(saved.status, 200 | 201), "{}", saved.text);
        let submitted = self.step(round, partner, "submission", &self.of(partner), &json!({}));
        assert_eq!(submitted.status, 200, "{}", submitted.text);
        submitted.body
    }

    /// Moves a report on: `submission`, `withdrawal`, `return`, `acceptance` or `reopening`.
    pub fn step(&self, round: &str, partner: &str, step: &str, token: &Token, body: &Value) -> Answered {
        self.post(&format!("/reports/{round}/{partner}/{step}"))
            .token(token)
            .once()
            .json(body)
            .send()
    }

    pub fn withdraw(&self, round: &str, partner: &str) -> Value {
        let moved = self.step(round, partner, "withdrawal", &self.of(partner), &json!({}));
        assert_eq!(moved.status, 200, "{}", moved.text);
        moved.body
    }

    pub fn send_back(&self, round: &str, partner: &str) -> Value {
        let points = json!({"points": [{"pointer": "/answers/reach", "code": "unclear", "detail": "Hvor mange?"}]});
        self.does(&format!("/reports/{round}/{partner}/return"), points)
    }

    pub fn accept(&self, round: &str, partner: &str) -> Value {
        self.does(&format!("/reports/{round}/{partner}/acceptance"), json!({}))
    }

    pub fn reopen(&self, round: &str, partner: &str) -> Value {
        self.does(&format!("/reports/{round}/{partner}/reopening"), json!({"reason": "Ny viden"}))
    }

    /// A figure as an auditor sees it; `query` with its question mark, or empty.
    pub fn figure(&self, indicator: &str, query: &str) -> Value {
        let answered = self.get(&format!("/figures/{indicator}{query}")).token(&self.auditor).send();
        assert_eq!(answered.status, 200, "{indicator}{query}: {}", answered.text);
        answered.body
    }

    /// counted, notCounted, notApplicable, noAnswer and notSubmitted.
    pub fn tally(&self, indicator: &str, query: &str) -> [i64; 5] {
        tally(&self.figure(indicator, query))
    }

    /// The rows behind a figure.
    pub fn rows(&self, indicator: &str, query: &str) -> Vec<Value> {
        let answered = self
            .get(&format!("/figures/{indicator}/partners{query}"))
            .token(&self.auditor)
            .send();
        assert_eq!(answered.status, 200, "{indicator}{query}: {}", answered.text);
        answered.body["items"].as_array().expect("rows").clone()
    }

    /// The one row of a partner: its standing and its reason's code.
    pub fn standing(&self, indicator: &str, partner: &str) -> (String, String) {
        let rows = self.rows(indicator, &format!("?partner={partner}"));
        assert_eq!(rows.len(), 1, "{rows:?}");
        let word = |value: &Value| value.as_str().expect("a word").to_owned();
        (word(&rows[0]["standing"]), word(&rows[0]["reason"]["code"]))
    }

    pub fn journal_size(&self) -> i64 {
        let answered = self.get("/journal?count=true&limit=1").token(&self.auditor).send();
        answered.body["totalCount"].as_i64().expect("a number")
    }
}

/// counted, notCounted, notApplicable, noAnswer and notSubmitted of a figure's row.
pub fn tally(figure: &Value) -> [i64; 5] {
    ["counted", "notCounted", "notApplicable", "noAnswer", "notSubmitted"]
        .map(|key| figure[key].as_i64().expect("a number"))
}

/// One field of each item of a list, as text.
pub fn column(list: &Value, field: &str) -> Vec<String> {
    let items = list["items"].as_array().expect("a list").iter();
    items.map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
}
