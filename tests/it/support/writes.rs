//! One of every request that takes a body: every write, and the claims, which write nothing.

use serde_json::Value;

use super::cast::{Cast, body_of};
use super::{Answered, Api, Token};

/// A write: its operation, address and whoever may.
pub struct Write<'a> {
    pub operation: &'static str,
    method: &'static str,
    path: String,
    token: &'a Token,
}

impl Write<'_> {
    pub fn body(&self, scene: &Cast) -> Value {
        body_of(self.operation, &scene.own.id, &scene.own.initiative).expect("a body")
    }

    pub fn send(&self, api: &Api, body: &[u8]) -> Answered {
        let request = api.request(self.method, &self.path).token(self.token);
        let is_new = self.method == "PUT" && api.get(&self.path).token(self.token).send().status == 404;
        let request = if self.method == "POST" || is_new { request } else { request.if_match("*") };
        let needs_key = self.operation == "publish_edition";
        let request = if needs_key { request.once() } else { request };
        request.raw("application/json", body).send()
    }
}

/// One of each write that takes a body, each where the body is what decides.
pub fn writes<'a>(api: &'a Api, scene: &'a Cast) -> Vec<Write<'a>> {
    let writes: [(&str, &str, &str, &Token); 17] = [
        ("create_key", "POST", "keys", &scene.secretariat),
        ("apply_programme", "PUT", "", api.operator()),
        ("admit_partner", "POST", "partners", &scene.secretariat),
        ("update_partner", "PATCH", "partners/{partner}", &scene.secretariat),
        ("depart_partner", "POST", "partners/{partner}/departure", &scene.secretariat),
        ("rejoin_partner", "POST", "partners/{partner}/memberships", &scene.secretariat),
        ("make_commitment", "POST", "partners/{partner}/commitments", &scene.own.token),
        ("update_commitment", "PATCH", "commitments/{commitment}", &scene.own.token),
        ("create_initiative", "POST", "initiatives", &scene.secretariat),
        ("update_initiative", "PATCH", "initiatives/{initiative}", &scene.own.token),
        ("save_report", "PUT", "reports/past/{partner}", &scene.own.token),
        (
            "save_report_part",
            "PUT",
            "reports/past/{partner}/initiatives/{initiative}",
            &scene.own.token,
        ),
        ("grant_extension", "PUT", "rounds/past/extensions/{partner}", &scene.secretariat),
        ("return_report", "POST", "reports/open/{partner}/return", &scene.secretariat),
        ("publish_edition", "POST", "publications", &scene.secretariat),
        ("check_claims", "POST", "claims", &scene.reader),
        ("reopen_report", "POST", "reports/open/{partner}/reopening", &scene.secretariat),
    ];
    let whole = |(operation, method, rest, token): (&'static str, &'static str, &str, &'a Token)| {
        let path = scene.path(&format!("/v1/alliances/{{alliance}}/{rest}"), &scene.own);
        Write {
            operation,
            method,
            path: path.trim_end_matches('/').to_owned(),
            token,
        }
    };
    writes.into_iter().map(whole).collect()
}

/// Every place in a value, as pointers.
pub fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| places(value, &format!("{at}/{key}"), found)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(i, item)| places(item, &format!("{at}/{i}"), found));
        }
        _ => {}
    }
}
