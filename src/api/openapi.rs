//! The OpenAPI 3.1 document: what the handlers say, and what all of them have in common.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value answers null for what it lacks, and makes what is set"
)]

use std::collections::BTreeSet;

use actix_web::App as ActixApp;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::{AppExt, scope};

use super::csv;
use super::points::AS_OF;
use super::problem::{PlaceAtFault, Problem};
use crate::service::policy::{Access, Grant};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Facit",
        version = "1",
        description = "Makes an alliance's published figures checkable: partners hand in reports; figures are \
            computed from them at once, each with its base, its non-response, its range and the rows behind it; \
            a journal proves what was changed, when and by whom.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "Facit")
    ),
    servers((url = "/", description = "This service")),
    components(schemas(Problem, PlaceAtFault)),
    tags(
        (name = "access", description = "Tokens and API keys."),
        (name = "alliances", description = "Alliances and their programmes."),
        (name = "partners", description = "Member organisations and their memberships."),
        (name = "commitments", description = "Focus areas that partners have chosen, with their goals."),
        (name = "initiatives", description = "Work that partners do."),
        (name = "reports", description = "What partners hand in, and what becomes of it."),
        (name = "figures", description = "Indicators' values, with everything needed to check them."),
        (name = "publications", description = "Editions of figures, and claims held against figures."),
        (name = "imports", description = "Files of partners, commitments, initiatives and reports."),
        (name = "journal", description = "Every change that counts, in order."),
        (name = "service", description = "The service itself.")
    )
)]
struct Skeleton;

/// What the handlers say by themselves.
fn raw() -> utoipa::openapi::OpenApi {
    ActixApp::new()
        .into_utoipa_app()
        .openapi(Skeleton::openapi())
        .service(scope::scope("/v1").configure(|cfg| super::v1(cfg)))
        .configure(|cfg| super::beside(cfg))
        .split_for_parts()
        .1
}

/// The whole document, as it is served and pinned.
pub fn document() -> Value {
    let mut document = serde_json::to_value(raw()).unwrap_or_default();
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A token from POST /v1/token."},
        "client": {"type": "http", "scheme": "basic",
            "description": "A key's client id and secret: at /v1/token, and a reader's with any GET."}
    });
    let paths = document["paths"].as_object_mut().map(std::mem::take).unwrap_or_default();
    let mut whole = Map::new();
    for (path, mut methods) in paths {
        for (method, operation) in methods.as_object_mut().into_iter().flatten() {
            complete(operation, &path, method);
        }
        whole.insert(path, methods);
    }
    document["paths"] = Value::Object(whole);
    name_list_items(&mut document);
    require_what_is_always_sent(&mut document);
    document
}

/// Operations whose body may be left out.
const OPTIONAL_BODY: [&str; 1] = ["accept_report"];

/// Reads of one thing whose parameters have values that can be wrong.
const PROOFS: [&str; 2] = ["prove_inclusion", "prove_consistency"];

/// Keys that an answer has only sometimes.
const SOMETIMES: [&str; 4] = ["totalCount", "clientSecret", "error", "errors"];

/// An answer has all its keys, null where unused; utoipa takes what may be null for what may be absent.
/// What a request may carry stays as it is.
fn require_what_is_always_sent(document: &mut Value) {
    let sent = sent_by_clients(document);
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| !sent.contains(*name)) {
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { continue };
        let always = properties.keys().filter(|key| !SOMETIMES.contains(&key.as_str())).cloned();
        schema["required"] = always.collect();
    }
}

/// Every schema that some request body is made of.
fn sent_by_clients(document: &Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, methods)| methods.as_object().into_iter().flatten());
    let mut waiting: Vec<&Value> = operations.filter_map(|(_, o)| o.get("requestBody")).collect();
    let mut sent = BTreeSet::new();
    while let Some(value) = waiting.pop() {
        match value {
            Value::Object(fields) => {
                let name = fields.get("$ref").and_then(Value::as_str);
                let name = name.and_then(|name| name.strip_prefix("#/components/schemas/"));
                if let Some(name) = name.filter(|name| sent.insert((*name).to_owned())) {
                    waiting.push(&document["components"]["schemas"][name]);
                }
                waiting.extend(fields.values());
            }
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    sent
}

/// utoipa writes a list's row out in the list. Here it is named, as everywhere else.
fn name_list_items(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let known: Vec<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        let row = name.strip_prefix("List_").filter(|row| known.iter().any(|name| name == row));
        if let (Some(row), Some(items)) = (row, schema.pointer_mut("/properties/items/items")) {
            *items = json!({"$ref": format!("#/components/schemas/{row}")});
        }
    }
}

const DIALECT_SAYS: &str = "Of CSV: `excel-da` is what a Danish Excel opens by itself, with a byte order mark, \
    semicolons and decimal commas.";

const CSV_SAYS: &str = "RFC 4180, by `Accept: text/csv`: the rows of `items`, the first line naming the columns by \
    the keys of JSON, nested ones joined by a point (`definition.sha256`). Null is an empty cell. A list of plain \
    values is one cell, joined by `; `; other lists, and objects with keys of their own choice, are one cell of JSON. \
    A text that a spreadsheet would run as a formula (it begins with = + - @, tab or a line break, and is no \
    number) has an apostrophe in front. The next page is in `Link`; `count` adds nothing to it.";

/// Adds what follows from an operation's address, method and row of the access table.
fn complete(operation: &mut Value, path: &str, method: &str) {
    let name = operation["operationId"].as_str().unwrap_or_default().to_owned();
    let access = Access::of(&name);
    let is_public = access.is_none_or(|access| access.public == Grant::All);
    operation["security"] = match (name.as_str(), is_public) {
        ("issue_token", _) => json!([{}, {"client": []}]),
        (_, true) => json!([{}, {"bearer": []}]),
        (_, false) if method == "get" && access.is_some_and(|access| access.reader != Grant::No) => {
            json!([{"bearer": []}, {"client": []}])
        }
        (_, false) => json!([{"bearer": []}]),
    };
    if let Some(access) = access {
        operation["x-roles"] = roles(access);
    }
    let has_body = operation.get("requestBody").is_some();
    let is_list = has_parameter(operation, "limit");
    let mut parameters: Vec<Value> = steps(path).map(|step| step_parameter(step, path)).collect();
    parameters.extend(operation["parameters"].as_array().cloned().unwrap_or_default());
    parameters.push(header(
        "Accept-Language",
        "`da` (default) or `en`.",
        false,
        json!({"type": "string"}),
    ));
    let changes = ["put", "patch", "delete"].contains(&method);
    let moves = name.ends_with("_report") && method == "post"
        || name.ends_with("_partner") && path.contains("{partner}/");
    if changes || moves {
        let says = match changes {
            true => "The ETag seen last. Needed to change what exists.",
            false => "The ETag seen last; honoured when given.",
        };
        parameters.push(header("If-Match", says, false, json!({"type": "string"})));
    }
    if method == "get" {
        parameters.push(header(
            "If-None-Match",
            "The ETag seen last.",
            false,
            json!({"type": "string"}),
        ));
    }
    let takes_time = has_parameter(operation, AS_OF);
    if takes_time {
        let says = "The same as `asOf` with that time (RFC 7089).";
        parameters.push(header("Accept-Datetime", says, false, json!({"type": "string"})));
    }
    let is_needed = super::call::NEED_A_KEY.contains(&name.as_str());
    let takes_key = method == "post" && !super::call::TAKE_NO_KEY.contains(&name.as_str());
    if takes_key {
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 255});
        // A dry run happens as often as one likes.
        let (says, is_needed) = match has_parameter(operation, "dryRun") {
            true => {
                ("The same key makes the same request happen once. Needed, but for a dry run.", false)
            }
            false => ("The same key makes the same request happen once.", is_needed),
        };
        parameters.push(header("Idempotency-Key", says, is_needed, schema));
    }
    if is_list {
        parameters.push(json!({
            "name": csv::DIALECT, "in": "query", "required": false, "description": DIALECT_SAYS,
            "schema": {"type": "string", "enum": ["excel-da"]}
        }));
        operation["responses"]["200"]["content"][csv::TEXT_CSV] =
            json!({"schema": {"type": "string", "description": CSV_SAYS}});
    }
    operation["parameters"] = Value::Array(parameters);
    if let Some(body) = operation.get_mut("requestBody") {
        body["required"] = json!(!OPTIONAL_BODY.contains(&name.as_str()));
    }
    let mut statuses = vec![400, 401];
    if !is_public {
        statuses.push(403);
    }
    if path.contains('{') {
        statuses.push(404);
    }
    if has_body || takes_key {
        statuses.extend([413, 415]);
    }
    if changes || moves {
        statuses.push(412);
    }
    if changes {
        statuses.push(428);
    }
    if changes || takes_key {
        statuses.push(409);
    }
    let takes_values = is_list || takes_time || PROOFS.contains(&name.as_str());
    if has_body || takes_key || takes_values {
        statuses.push(422);
    }
    let is_limited = !["livez", "readyz"].contains(&name.as_str());
    if is_limited {
        statuses.push(429);
    }
    statuses.push(503);
    statuses.sort_unstable();
    add_answers(operation, method, &statuses, is_limited);
    if takes_time {
        operation["responses"]["200"]["headers"]["Memento-Datetime"] = json!({
            "description": "As of an earlier point: the time of the last entry then.", "schema": {"type": "string"}
        });
    }
}

fn roles(access: &Access) -> Value {
    use crate::service::Role;
    let word = |grant| match grant {
        Grant::No => "no",
        Grant::Own => "own",
        Grant::All => "all",
    };
    let mut roles = Map::new();
    roles.insert("public".to_owned(), json!(word(access.public)));
    for role in Role::ALL {
        roles.insert(role.word().to_owned(), json!(word(access.grant(Some(role)))));
    }
    Value::Object(roles)
}

fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|step| step.strip_prefix('{')?.strip_suffix('}'))
}

fn step_parameter(step: &str, path: &str) -> Value {
    let key = json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"});
    let (says, schema, example) = match step {
        "alliance" => ("The alliance's slug.", key, json!("demo")),
        "round" => ("The round's key.", key, json!("2023H2")),
        "indicator" => ("The indicator's key.", key, json!("new_collaborations")),
        "seq" => ("The entry's number.", json!({"type": "integer", "minimum": 1}), json!(1)),
        "file" => (
            "The kind and the form: `partners.xlsx`.",
            json!({"type": "string", "pattern": "^(partners|commitments|initiatives|reports)\\.(csv|xlsx)$"}),
            json!("partners.xlsx"),
        ),
        "edition" => ("The edition: 1, 2, 3.", json!({"type": "integer", "minimum": 1}), json!(1)),
        "version" => ("The submission: 1, 2, 3.", json!({"type": "integer", "minimum": 1}), json!(1)),
        _ if path.contains(step) => (
            "Its id.",
            json!({"type": "string", "format": "uuid"}),
            json!("019353f2-6c00-7000-8000-000000000001"),
        ),
        _ => ("", json!({"type": "string"}), Value::Null),
    };
    json!({"name": step, "in": "path", "required": true, "description": says, "schema": schema, "example": example})
}

fn header(name: &str, says: &str, required: bool, schema: Value) -> Value {
    json!({"name": name, "in": "header", "required": required, "description": says, "schema": schema})
}

fn has_parameter(operation: &Value, name: &str) -> bool {
    operation["parameters"]
        .as_array()
        .is_some_and(|all| all.iter().any(|p| p["name"] == name))
}

fn add_answers(operation: &mut Value, method: &str, statuses: &[u16], is_limited: bool) {
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    let text = |says: &str| json!({"description": says, "schema": {"type": "string"}});
    for (status, answer) in answers.iter_mut() {
        let mut headers = json!({
            "X-Request-Id": text("The request's id."),
            "API-Version": text("The contract's version."),
            "Content-Language": text("`da` or `en`."),
        });
        if status != "204" {
            headers["ETag"] = text("Strong; what `If-Match` and `If-None-Match` take.");
        }
        if is_limited {
            headers["RateLimit-Policy"] =
                text("The limit that counts here: `q` requests in `w` seconds.");
            headers["RateLimit"] = text("`r` requests left; in `t` seconds there are more.");
        }
        if status == "201" || status == "207" {
            headers["Location"] = text("Where it is.");
        }
        answer["headers"] = headers;
    }
    if method == "get" {
        answers
            .insert("304".to_owned(), json!({"description": "What the client has is as it is still."}));
    }
    for status in statuses {
        let mut answer = json!({
            "description": says(*status),
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        });
        if *status == 401 {
            answer["headers"] = json!({"WWW-Authenticate": text("How to authenticate.")});
        }
        if [429, 503].contains(status) {
            answer["headers"] = json!({"Retry-After": text("Seconds.")});
        }
        answers.insert(status.to_string(), answer);
    }
}

fn says(status: u16) -> &'static str {
    match status {
        400 => {
            "The request's shape is off: syntax, an unknown or repeated key or parameter, a JSON type."
        }
        401 => "Who are you: the token is missing, faulty or expired, or its key revoked.",
        403 => "Your role may not.",
        404 => "Absent, or another partner's.",
        409 => "State or name conflict.",
        412 => "Stale: somebody has changed it since.",
        413 => "Too large.",
        415 => "A media type that is not taken here.",
        422 => {
            "Values at fault, all of them listed; or an idempotency key used again for another request."
        }
        428 => "`If-Match` is missing.",
        429 => "Too many requests; try again after the seconds in `Retry-After`.",
        _ => "Busy, or read-only for now; try again after the seconds in `Retry-After`.",
    }
}
