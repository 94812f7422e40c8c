//! Lists as CSV (RFC 4180), for spreadsheets and dashboards.
//!
//! The heading is the same for every page, the empty one too: it is read from the list's schema in the
//! OpenAPI document, so each new list has one. A nested object has a column for each of its keys
//! (`definition.sha256`). A list of plain values is one cell, joined by `; `. Lists of objects, and objects
//! with keys of their own choice, are one cell of JSON.

use csv::{Terminator, WriterBuilder};
use serde::Serialize;
use serde_json::Value;

use super::problem::Failure;
use crate::domain::checks::Faults;
use crate::domain::spreadsheet::{harmless, is_number};
use crate::domain::text::Fault;
use crate::service::Error;

pub const TEXT_CSV: &str = "text/csv";

/// With its charset, and saying that the first row names the columns (RFC 4180 §3).
pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// The query parameter that every list has.
pub const DIALECT: &str = "dialect";

/// How deep objects are taken apart.
const DEEPEST: usize = 5;

/// How a list is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Json,
    Csv(Dialect),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Commas, and numbers as in JSON.
    Rfc4180,
    /// What a Danish Excel opens by itself: byte order mark, semicolons, decimal commas.
    ExcelDa,
}

impl Form {
    pub fn word(self) -> &'static str {
        match self {
            Form::Json => "json",
            Form::Csv(Dialect::Rfc4180) => "csv",
            Form::Csv(Dialect::ExcelDa) => "excel-da",
        }
    }
}

/// Reads `dialect` from a query that was read for its shape already. Fails with 422 on another than
/// `excel-da`.
pub fn dialect(query: &str) -> Result<Dialect, Failure> {
    let mut given = url::form_urlencoded::parse(query.as_bytes());
    let Some((_, word)) = given.find(|(name, _)| name == DIALECT) else { return Ok(Dialect::Rfc4180) };
    let mut faults = Faults::new();
    faults.one_of("?dialect", &word, &["excel-da"]);
    let refused = |faults: Vec<Fault>| Failure::from(Error::from(faults));
    faults.unless_any(Dialect::ExcelDa).map_err(refused)
}

/// One column: where in a row its cells are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    path: Vec<String>,
    /// Whether its texts are decimal numbers, kept exactly.
    is_decimal: bool,
}

/// The columns of an operation's answer, none where that is no list.
pub fn columns(document: &Value, operation: &Value) -> Vec<Column> {
    let answer = operation.pointer("/responses/200/content/application~1json/schema");
    let list = answer.map(|schema| resolved(document, schema));
    let row = list.and_then(|list| list.pointer("/properties/items/items"));
    let mut columns = Vec::new();
    if let Some(row) = row {
        gather(document, row, &[], &mut columns);
    }
    columns
}

fn gather(document: &Value, schema: &Value, path: &[String], columns: &mut Vec<Column>) {
    let schema = resolved(document, schema);
    let properties = schema.get("properties").and_then(Value::as_object);
    let Some(properties) = properties.filter(|_| path.len() < DEEPEST) else {
        let is_decimal = schema.get("format").is_some_and(|format| format == "decimal");
        columns.push(Column { path: path.to_vec(), is_decimal });
        return;
    };
    for (key, schema) in properties {
        let path: Vec<String> = path.iter().chain([key]).cloned().collect();
        gather(document, schema, &path, columns);
    }
}

/// What a reference leads to; of what may be null, what it is else.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        return found.map_or(schema, |found| resolved(document, found));
    }
    let choices = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
    let is_null = |choice: &&Value| choice.get("type").is_some_and(|kind| kind == "null");
    let others: Vec<&Value> = choices.into_iter().flatten().filter(|choice| !is_null(choice)).collect();
    match others.as_slice() {
        [only] => resolved(document, only),
        _ => schema,
    }
}

/// A heading and the rows, each ended by CRLF.
pub fn written<T: Serialize>(columns: &[Column], rows: &[T], dialect: Dialect) -> Vec<u8> {
    let (mark, delimiter): (&[u8], u8) = match dialect {
        Dialect::Rfc4180 => (b"", b','),
        Dialect::ExcelDa => ("\u{feff}".as_bytes(), b';'),
    };
    let mut sheet = WriterBuilder::new()
        .delimiter(delimiter)
        .terminator(Terminator::CRLF)
        .from_writer(mark.to_vec());
    // Into memory, and all rows have as many cells as there are columns: there is nothing to fail.
    let _ = sheet.write_record(columns.iter().map(|column| column.path.join(".")));
    for row in rows {
        let row = serde_json::to_value(row).unwrap_or_default();
        let _ = sheet.write_record(columns.iter().map(|column| column.cell(&row, dialect)));
    }
    sheet.into_inner().unwrap_or_default()
}

impl Column {
    fn cell(&self, row: &Value, dialect: Dialect) -> String {
        let found = self.path.iter().try_fold(row, |value, key| value.get(key));
        match found.unwrap_or(&Value::Null) {
            Value::String(text) if self.is_decimal && is_number(text) => decimal(text, dialect),
            Value::Array(items) if items.iter().all(is_plain) => {
                let texts: Vec<String> = items.iter().map(|item| plain(item, dialect)).collect();
                harmless(texts.join("; "))
            }
            Value::Number(number) => decimal(&number.to_string(), dialect),
            value => harmless(plain(value, dialect)),
        }
    }
}

fn is_plain(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn plain(value: &Value, dialect: Dialect) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => decimal(&number.to_string(), dialect),
        other => other.to_string(),
    }
}

fn decimal(number: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Rfc4180 => number.to_owned(),
        Dialect::ExcelDa => number.replace('.', ","),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn column(path: &str, is_decimal: bool) -> Column {
        Column {
            path: path.split('.').map(str::to_owned).collect(),
            is_decimal,
        }
    }

    fn sheet(rows: &[Value], dialect: Dialect) -> String {
        let columns =
            [column("name", false), column("a.b", true), column("list", false), column("c", false)];
        String::from_utf8(written(&columns, rows, dialect)).expect("UTF-8")
    }

    #[test]
    fn each_value_has_its_cell() {
        let rows = [
            json!({"name": "Ærø, »Ø«", "a": {"b": "1.50"}, "list": ["x", "y"], "c": true}),
            json!({"name": "a;b", "a": null, "list": [], "c": 0.5}),
            json!({"name": "en \"linje\"\r\nog en til", "list": [{"k": 1.5}], "c": {"x": null}}),
        ];
        assert_eq!(
            sheet(&rows, Dialect::Rfc4180),
            "name,a.b,list,c\r\n\"Ærø, »Ø«\",1.50,x; y,true\r\na;b,,,0.5\r\n\
             \"en \"\"linje\"\"\r\nog en til\",,\"[{\"\"k\"\":1.5}]\",\"{\"\"x\"\":null}\"\r\n"
        );
        assert_eq!(
            sheet(&rows, Dialect::ExcelDa),
            "\u{feff}name;a.b;list;c\r\nÆrø, »Ø«;1,50;\"x; y\";true\r\n\"a;b\";;;0,5\r\n\
             \"en \"\"linje\"\"\r\nog en til\";;\"[{\"\"k\"\":1.5}]\";\"{\"\"x\"\":null}\"\r\n"
        );
        assert_eq!(sheet(&[], Dialect::Rfc4180), "name,a.b,list,c\r\n", "no rows, the same heading");
    }

    #[test]
    fn nothing_runs() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+4512345678", "+4512345678"),
            ("+45 12 34 56 78", "'+45 12 34 56 78"),
            ("-2.5", "-2.5"),
            ("-2+3", "'-2+3"),
            ("--1", "'--1"),
            ("-inf", "'-inf"),
            ("-", "'-"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("2023-01-01", "2023-01-01"),
            ("a=b", "a=b"),
        ] {
            assert_eq!(harmless(text.to_owned()), cell);
        }
        let listed = column("list", false).cell(&json!({"list": ["=1", "a"]}), Dialect::Rfc4180);
        assert_eq!(listed, "'=1; a");
        let text = column("c", false).cell(&json!({"c": "1.5"}), Dialect::ExcelDa);
        assert_eq!(text, "1.5", "a text that looks like a number is one still");
        let amount = column("a.b", true).cell(&json!({"a": {"b": "=1"}}), Dialect::ExcelDa);
        assert_eq!(amount, "'=1");
    }
}
