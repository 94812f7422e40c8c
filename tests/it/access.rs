//! The access table (role × operation × whose), compared with the OpenAPI document and with what the
//! service answers.

use std::collections::BTreeSet;

use facit::service::Role;
use facit::service::policy::{ACCESS, Access, Grant};
use serde_json::{Value, json};

use crate::support::cast::{Cast, Member, body_of};
use crate::support::{Answered, Api, Token, on_both};

/// One operation of the document.
struct Operation {
    id: String,
    method: String,
    pattern: String,
    access: &'static Access,
}

fn operations() -> Vec<Operation> {
    let document = facit::api::openapi::document();
    let mut operations = Vec::new();
    for (pattern, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            let access =
                Access::of(&id).unwrap_or_else(|| panic!("{id} has no row in the access table"));
            operations.push(Operation {
                id,
                method: method.to_uppercase(),
                pattern: pattern.clone(),
                access,
            });
        }
    }
    operations
}

#[test]
fn every_operation_has_one_row_and_every_row_an_operation() {
    let operations: Vec<String> = operations().into_iter().map(|operation| operation.id).collect();
    let rows: Vec<String> = ACCESS.iter().map(|access| access.operation.to_owned()).collect();
    let (set, row_set) = (BTreeSet::from_iter(&operations), BTreeSet::from_iter(&rows));
    assert_eq!(set, row_set);
    assert_eq!((set.len(), row_set.len()), (operations.len(), rows.len()), "each only once");
}

#[test]
fn the_document_says_what_the_table_says() {
    let document = facit::api::openapi::document();
    let word = |grant: Grant| format!("{grant:?}").to_lowercase();
    for operation in operations() {
        let mut roles = json!({"public": word(operation.access.public)});
        for role in Role::ALL {
            roles[role.word()] = json!(word(operation.access.grant(Some(role))));
        }
        let said = &document["paths"][&operation.pattern][operation.method.to_lowercase()];
        assert_eq!(said["x-roles"], roles, "{}", operation.id);
    }
}

#[test]
fn whatever_the_public_may_everyone_may() {
    for access in ACCESS.iter().filter(|access| access.public != Grant::No) {
        assert_eq!(access.public, Grant::All, "{}", access.operation);
        for role in Role::ALL {
            assert_eq!(access.grant(Some(role)), Grant::All, "{} {}", access.operation, role.word());
        }
    }
}

/// Whose thing a request is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Whose {
    Own,
    Others,
    Nobodys,
}

/// Nothing of what it names exists.
fn nobody() -> Member {
    let id = || uuid::Uuid::now_v7().to_string();
    Member {
        id: id(),
        token: Token::default(),
        commitment: id(),
        initiative: id(),
        import: id(),
        entry: "999999".to_owned(),
        key: id(),
    }
}

/// Lists that take a partner as a filter: another's is refused, not answered as empty.
const FILTERED: [&str; 3] = ["list_reports", "list_journal", "list_standings"];

fn send(
    api: &Api,
    scene: &Cast,
    operation: &Operation,
    whose: &Member,
    token: Option<&Token>,
) -> Answered {
    let mut path = scene.path(&operation.pattern, whose);
    if FILTERED.contains(&operation.id.as_str()) {
        path = format!("{path}?partner={}", whose.id);
    }
    // A version that nobody has: whoever may is told so, and nothing changes.
    // The token endpoint's authorization is the client's own.
    let token = token.filter(|_| operation.id != "issue_token");
    let mut request = api.request(&operation.method, &path).maybe(token).if_match("\"999-0\"");
    if operation.method == "POST" && operation.id != "issue_token" {
        request = request.once();
    }
    match body_of(&operation.id, &whose.id, &whose.initiative) {
        Some(body) => request.json(&body).send(),
        None if operation.id == "issue_token" => request.form("grant_type=client_credentials").send(),
        None => request.send(),
    }
}

/// Whether the address names something besides the alliance that may be another's or missing.
fn names_an_object(operation: &Operation) -> bool {
    ["{partner}", "{commitment}", "{initiative}", "{import}", "{key}", "{seq}"]
        .iter()
        .any(|step| operation.pattern.contains(step))
}

/// What must come of it, or `None` for anything that is no question of access.
fn expected(operation: &Operation, role: Option<Role>, is_elsewhere: bool, whose: Whose) -> Option<u16> {
    let grant = operation.access.grant(role);
    let missing = (whose == Whose::Nobodys && names_an_object(operation)).then_some(404);
    match (grant, role) {
        (Grant::No, None) => Some(401),
        (Grant::No, Some(_)) => Some(403),
        _ if is_elsewhere
            && operation.access.public == Grant::No
            && operation.pattern.contains("{alliance}") =>
        {
            Some(403)
        }
        (Grant::All, _) => missing,
        (Grant::Own, _) if whose == Whose::Own => None,
        // A partner that names another as lead is told which field is at fault.
        (Grant::Own, _) if operation.id == "create_initiative" => Some(403),
        (Grant::Own, _) if names_an_object(operation) || FILTERED.contains(&operation.id.as_str()) => {
            Some(404)
        }
        (Grant::Own, _) => None,
    }
}

fn without_traces(answered: &Answered) -> Value {
    let mut body = answered.body.clone();
    body["instance"].take();
    body["requestId"].take();
    body
}

on_both! {
    fn every_role_gets_what_the_table_says_of_every_operation(api) {
        let scene = Cast::set(api);
        let missing = nobody();
        let neighbours = api.alliance_with(|document| document["slug"] = json!("nabo"));
        let neighbour = api.secretariat(&neighbours);
        let callers = [
            ("public", None, None),
            ("operator", Some(Role::Operator), Some(api.operator())),
            ("secretariat", Some(Role::Secretariat), Some(&scene.secretariat)),
            ("partner", Some(Role::Partner), Some(&scene.own.token)),
            ("auditor", Some(Role::Auditor), Some(&scene.auditor)),
            ("reader", Some(Role::Reader), Some(&scene.reader)),
            ("neighbour", Some(Role::Secretariat), Some(&neighbour)),
        ];
        let before = scene.journal_size(api);
        let mut wrong = Vec::new();
        for operation in operations().iter().filter(|operation| operation.id != "revoke_key") {
            for (name, role, token) in callers {
                let whose = [(Whose::Own, &scene.own), (Whose::Others, &scene.other), (Whose::Nobodys, &missing)];
                let answers = whose.map(|(whose, at)| (whose, send(api, &scene, operation, at, token)));
                for (whose, answered) in &answers {
                    let status = answered.status;
                    let expected = expected(operation, role, name == "neighbour", *whose);
                    let is_right = match expected {
                        Some(expected) => status == expected,
                        // The token endpoint is asked without a client here.
                        None if operation.id == "issue_token" => status == 400,
                        None => status < 500 && ![401, 403, 404].contains(&status),
                    };
                    if !is_right {
                        wrong.push(format!("{name} {} {whose:?}: {status} {expected:?} {}", operation.id, answered.text));
                    }
                }
                let [_, (_, others), (_, nobodys)] = &answers;
                if others.status == 404 && without_traces(others) != without_traces(nobodys) {
                    wrong.push(format!("{name} {}: {} is not {}", operation.id, others.text, nobodys.text));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(scene.journal_size(api) > before, "whoever may does");
    }

    fn only_the_operator_and_the_own_secretariat_revoke_a_key(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/keys/{}", scene.alliance, scene.other.key);
        let neighbours = api.alliance_with(|document| document["slug"] = json!("nabo"));
        let neighbour = api.secretariat(&neighbours);
        assert_eq!(api.delete(&path).if_match("*").send().problem(401), "token-missing");
        for token in [&scene.own.token, &scene.other.token, &scene.auditor, &scene.reader, &neighbour] {
            assert_eq!(api.delete(&path).token(token).if_match("*").send().problem(403), "forbidden");
        }
        let elsewhere = path.replace(&scene.alliance, &neighbours);
        assert_eq!(api.delete(&elsewhere).token(&neighbour).if_match("*").send().problem(404), "not-found");
        assert_eq!(api.delete(&path).token(&scene.secretariat).if_match("*").send().status, 204);
        assert_eq!(api.delete(&path).token(api.operator()).if_match("*").send().status, 204);
    }

    fn a_draft_that_was_never_submitted_exists_for_its_partner_only(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/reports/past/{}", scene.alliance, scene.own.id);
        let saved = api.put(&path).token(&scene.own.token).json(&json!({"answers": {}})).send();
        assert_eq!(saved.status, 201, "{}", saved.text);
        assert_eq!(api.get(&path).token(&scene.own.token).send().status, 200);
        for token in [&scene.secretariat, &scene.auditor, &scene.other.token] {
            assert_eq!(api.get(&path).token(token).send().problem(404), "not-found");
            assert_eq!(api.get(&format!("{path}/versions")).token(token).send().problem(404), "not-found");
        }
        let listed = api.get(&format!("/v1/alliances/{}/reports?round=past", scene.alliance));
        assert_eq!(listed.token(&scene.secretariat).send().body["items"], json!([]));
    }

    fn a_partner_changes_only_what_is_its_own_business(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/partners/{}", scene.alliance, scene.own.id);
        let patch = |body: Value| api.patch(&path).token(&scene.own.token).if_match("*").json(&body).send();
        let refused = patch(json!({"name": "Noget andet", "sector": "region", "website": "https://example.org"}));
        assert_eq!(refused.problem(403), "forbidden");
        assert_eq!(refused.faults(), ["/name forbidden", "/sector forbidden"]);
        assert_eq!(patch(json!({"website": "https://example.org", "area": "national"})).status, 200);
    }

    fn a_secretariat_makes_no_operators(api) {
        let scene = Cast::set(api);
        let path = format!("/v1/alliances/{}/keys", scene.alliance);
        let body = json!({"role": "operator", "name": "drift"});
        let refused = api.post(&path).token(&scene.secretariat).json(&body).send();
        assert_eq!(refused.problem(403), "forbidden");
        assert_eq!(refused.faults(), ["/role forbidden"]);
        assert_eq!(api.post(&path).token(api.operator()).json(&body).send().status, 201);
    }
}
