mod hostile;
mod meaning;
mod refusals;

use serde_json::json;

use super::*;

fn object<const N: usize>(fields: [(&str, Shape); N]) -> Shape {
    Shape::Object(fields.into_iter().map(|(name, shape)| (name.to_string(), shape)).collect())
}

fn list(of: Shape) -> Shape {
    Shape::List(Box::new(of))
}

fn vocabulary() -> BTreeMap<String, Shape> {
    let areas = || list(object([("key", Shape::Text), ("national", Shape::Bool)]));
    let commitment = object([
        ("focusArea", Shape::Text),
        ("focusAreas", areas()),
        ("goal", Shape::Text),
        ("target", Shape::Number),
    ]);
    let Shape::Object(fields) = object([
        ("answer", Shape::Number),
        ("answers", object([("new_collaborations", Shape::Text), ("people", Shape::Number)])),
        ("partner", object([("sector", Shape::Text), ("objectives", list(Shape::Text))])),
        ("commitments", list(commitment)),
        ("initiatives", list(object([("status", Shape::Text), ("focusAreas", areas())]))),
    ]) else {
        unreachable!()
    };
    fields
}

fn record() -> Record {
    let mut record = Record::new();
    record.set("answer", &json!(3.0));
    record.set("answers", &json!({"new_collaborations": "yes", "people": null}));
    record.set("partner", &json!({"sector": "region", "objectives": ["a", "b"]}));
    let areas = json!([{"key": "k", "national": true}]);
    record.set(
        "commitments",
        &json!([
            {"focusArea": "k", "focusAreas": areas, "goal": "", "target": 5},
            {"focusArea": "k", "focusAreas": areas, "goal": "nå 100 borgere", "target": null},
        ]),
    );
    record.set("initiatives", &json!([]));
    record
}

fn compile(source: &str) -> Result<Rule, Vec<RuleFault>> {
    Rule::compile(source, &vocabulary())
}

fn holds(source: &str) -> Result<bool, RuleFailed> {
    compile(source)
        .unwrap_or_else(|faults| panic!("{source}: {faults:?}"))
        .holds(&record())
}

fn paths(source: &str) -> String {
    let rule = compile(source).unwrap_or_else(|faults| panic!("{source}: {faults:?}"));
    rule.paths().iter().cloned().collect::<Vec<_>>().join(" ")
}

/// `line:column code` of each fault.
fn faults(source: &str) -> Vec<String> {
    let faults = compile(source).err().unwrap_or_else(|| panic!("compiled: {source}"));
    faults.iter().map(|f| format!("{}:{} {}", f.line, f.column, f.code)).collect()
}

fn sentence(source: &str) -> Text {
    compile(source).unwrap_err().remove(0).detail
}
