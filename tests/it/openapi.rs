//! The OpenAPI document: pinned, whole, and shown by a viewer that asks nobody else for anything.

use std::collections::BTreeSet;
use std::path::Path;

use facit::service::policy::{Access, Grant};
use serde_json::Value;

use crate::support::cast::Cast;
use crate::support::on_both;

fn document() -> Value {
    facit::api::openapi::document()
}

/// Every operation: its method and address, and itself.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods");
        methods
            .iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    methods.collect()
}

/// Everything in a value, and its place.
fn each<'a>(value: &'a Value, at: String, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(&at, value);
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| each(value, format!("{at}/{key}"), visit))
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(i, item)| each(item, format!("{at}/{i}"), visit));
        }
        _ => {}
    }
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|target| target.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).expect("a reference resolves"),
        None => schema,
    }
}

#[test]
fn the_document_is_pinned() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/facit.json");
    let now = serde_json::to_string_pretty(&document()).expect("JSON") + "\n";
    let pinned = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        pinned == now,
        "openapi/facit.json is not what the code says. If the change is meant: \
         cargo run -- openapi > openapi/facit.json"
    );
}

#[test]
fn every_reference_resolves() {
    let document = document();
    let mut references = 0;
    each(&document, String::new(), &mut |at, value| {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            references += 1;
            let found = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
            assert!(found.is_some(), "{at}: {target}");
        }
    });
    assert!(references > 100, "{references}");
}

#[test]
fn every_schema_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    each(&document, String::new(), &mut |_, value| {
        let target = value.get("$ref").and_then(Value::as_str);
        used.extend(
            target
                .and_then(|target| target.strip_prefix("#/components/schemas/"))
                .map(str::to_owned),
        );
    });
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    let known: BTreeSet<String> = schemas.keys().cloned().collect();
    assert_eq!(known, used);
}

#[test]
fn every_operation_says_what_it_is() {
    let document = document();
    let tags: Vec<&str> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id), "{name}: {id}");
        let own: Vec<&str> = operation["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        assert!(own.len() == 1 && tags.contains(&own[0]), "{name}: {own:?}");
        let summary = operation["summary"].as_str().unwrap_or_default();
        assert!(!summary.is_empty() && summary.ends_with('.'), "{name}: {summary:?}");
        assert!(operation["security"].is_array(), "{name}");
    }
}

#[test]
fn every_operation_says_what_it_answers() {
    let document = document();
    for (name, operation) in operations(&document) {
        let answers = operation["responses"].as_object().expect("responses");
        let successes: Vec<&String> = answers.keys().filter(|status| status.starts_with('2')).collect();
        assert!(!successes.is_empty(), "{name}");
        for (status, answer) in answers {
            assert!(
                answer["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{name} {status}"
            );
            let content = &answer["content"];
            match status.as_str() {
                "204" | "304" => assert!(content.is_null(), "{name} {status}"),
                success if success.starts_with('2') => {
                    let is_file =
                        operation["operationId"].as_str().is_some_and(|id| id.starts_with("download_"));
                    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
                    let media: &[&str] = if is_file {
                        &["text/csv", "text/plain", "application/zip", sheet]
                    } else {
                        &["application/json"]
                    };
                    let schema = media.iter().find_map(|media| content.get(media));
                    assert!(
                        schema.is_some_and(|content| content["schema"].is_object()),
                        "{name} {status}"
                    );
                }
                _ => {
                    let schema = &content["application/problem+json"]["schema"]["$ref"];
                    assert_eq!(schema, "#/components/schemas/Problem", "{name} {status}");
                }
            }
        }
        let is_public = operation["security"]
            .as_array()
            .is_some_and(|ways| ways.iter().any(|way| way == &serde_json::json!({})));
        let has_body = operation.get("requestBody").is_some();
        let needs = [
            ("400", true),
            ("401", true),
            ("403", !is_public),
            ("404", name.contains('{')),
            ("413", has_body),
            ("415", has_body),
            ("503", true),
        ];
        for (status, needed) in needs {
            assert!(!needed || answers.contains_key(status), "{name} lacks {status}");
        }
    }
}

#[test]
fn every_parameter_is_described() {
    let document = document();
    for (name, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let mut seen = BTreeSet::new();
        for parameter in &parameters {
            let own = format!("{} {}", parameter["in"], parameter["name"]);
            assert!(seen.insert(own.clone()), "{name}: {own} twice");
            assert!(parameter["schema"].is_object(), "{name}: {own}");
            let described = parameter["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(described, "{name}: {own} lacks a description");
        }
        let steps = name.split('/').filter_map(|step| step.strip_prefix('{')?.strip_suffix('}'));
        for step in steps {
            let parameter = parameters.iter().find(|p| p["in"] == "path" && p["name"] == step);
            assert!(parameter.is_some_and(|p| p["required"] == true), "{name}: {step}");
        }
        let in_path = parameters.iter().filter(|p| p["in"] == "path").count();
        assert_eq!(in_path, name.matches('{').count(), "{name}");
    }
}

#[test]
fn every_body_has_an_example_and_a_schema() {
    let document = document();
    for (name, operation) in operations(&document) {
        let Some(body) = operation.get("requestBody") else { continue };
        assert_eq!(body["required"], !name.ends_with("/acceptance"), "{name}");
        for (media_type, content) in body["content"].as_object().expect("content") {
            let schema = resolve(&document, &content["schema"]);
            let is_file = name.ends_with("/imports") && media_type != "multipart/form-data";
            let expected = if is_file { "string" } else { "object" };
            assert_eq!(schema["type"], expected, "{name} {media_type}");
            let shown =
                [&content["example"], &content["examples"], &schema["example"], &schema["examples"]];
            assert!(
                shown.iter().any(|example| !example.is_null()),
                "{name} {media_type} lacks an example"
            );
        }
    }
}

on_both! {
    fn every_example_has_the_shape_that_it_shows(api) {
        let scene = Cast::set(api);
        let document = document();
        for (name, operation) in operations(&document) {
            let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
            let (media_type, content) = content.iter().next().expect("a media type");
            let schema = resolve(&document, &content["schema"]);
            let example = schema.get("example").unwrap_or(&content["example"]);
            let (method, pattern) = name.split_once(' ').expect("a method");
            if pattern == "/v1/token" {
                continue;
            }
            let token = match Access::of(operation["operationId"].as_str().expect("an id")) {
                Some(access) if access.secretariat == Grant::No => &scene.own.token,
                _ => &scene.secretariat,
            };
            let request = api.request(&method.to_uppercase(), &scene.path(pattern, &scene.own)).token(token);
            let request = request.if_match("*").once();
            let answered = match example.as_str() {
                Some(file) => request.raw(media_type, file.as_bytes()).send(),
                None => request.json(example).send(),
            };
            assert!([200, 201, 409, 422].contains(&answered.status), "{name}: {}", answered.text);
        }
    }

    fn the_document_is_served_as_it_is_pinned(api) {
        let pinned = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/facit.json"));
        let served = api.get("/v1/openapi.json").send();
        assert_eq!((served.status, served.header("content-type")), (200, "application/json"));
        assert_eq!(served.body, document());
        assert!(served.text == pinned.expect("the pinned document"), "not the pinned document");
    }

    fn the_viewer_loads_nothing_from_elsewhere(api) {
        let bare = api.get("/docs").send();
        assert_eq!((bare.status, bare.header("location")), (307, "/docs/"));
        let page = api.get("/docs/").send();
        assert_eq!(page.status, 200);
        assert!(page.header("content-type").starts_with("text/html"));
        let mut files = vec![page.text.clone()];
        let pieces = page.text.split(['"', '\'']);
        for file in pieces.filter(|piece| piece.ends_with(".js") || piece.ends_with(".css") || piece.ends_with(".png")) {
            assert!(!file.contains("//"), "{file}");
            let path = format!("/docs/{}", file.trim_start_matches("./"));
            let status = api.get(&path).try_send().map_or(200, |answered| answered.status);
            assert_eq!(status, 200, "{path}");
            if file.ends_with("initializer.js") {
                files.push(api.get(&path).send().text);
            }
        }
        assert!(files.len() > 1, "the viewer's settings are looked at");
        for file in files {
            for outside in ["http://", "https://", "src=\"//", "href=\"//"] {
                assert!(!file.contains(outside), "{outside} in {file}");
            }
            assert!(!file.contains("petstore"));
        }
    }
}
