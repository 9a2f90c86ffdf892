//! The examples of docs/json.md.

use super::Document;
use crate::repository;
use serde_json::Value;

/// The heading that an example stands below, and what it is of.
const HEADINGS: &[(&str, &str)] = &[
    ("Errors", "error"),
    ("`apppw create`", "create"),
    ("`apppw rotate`", "rotate"),
    ("`apppw list`", "list"),
    ("`apppw show`", "show"),
    ("`apppw suspend`, `apppw resume`", "suspend"),
    ("`apppw revoke`", "revoke"),
    ("`apppw verify`", "verify"),
    ("`apppw user`", "user"),
    ("`apppw panic`", "panic"),
    ("`apppw report`", "report"),
    ("`apppw users`", "users"),
    ("`apppw events`", "events"),
    ("`apppw status`", "status"),
    ("`apppw doctor`", "doctor"),
    ("`apppw setup`", "setup"),
];

/// All of them, whole: where an example says `...`, the fields of its kind's first example are put in.
pub fn documents() -> Vec<Document> {
    let text = std::fs::read_to_string(repository("docs/json.md")).expect("docs/json.md");
    let mut heading = String::new();
    let mut rest = text.as_str();
    let (mut app_password, mut event, mut created) = (Value::Null, Value::Null, Value::Null);
    let mut documents = Vec::new();
    while let Some(line) = rest.lines().next() {
        rest = rest.get(line.len() + 1..).unwrap_or_default();
        if let Some(title) = line.strip_prefix("## ") {
            heading = title.to_owned();
        }
        if line != "```json" {
            continue;
        }
        let (block, behind) = rest.split_once("\n```").expect("the end of an example");
        rest = behind;
        let whole = block.replace(", ...", ", \"...\": 0");
        let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&whole).into_iter().collect();
        let mut values = values.unwrap_or_else(|e| panic!("{heading}: {e}\n{block}"));
        // Lines as they come.
        if values.len() > 1 {
            documents.extend(values.into_iter().map(|value| {
                let of = if value.get("attempt").is_some() { "attempt" } else { "login" };
                Document { of, from: format!("docs/json.md, {heading}"), value }
            }));
            continue;
        }
        let mut value = values.pop().expect("an example");
        if heading == "An app password" {
            app_password = value;
            continue;
        }
        let of = HEADINGS.iter().find(|(title, _)| *title == heading).map(|(_, of)| *of);
        let of = of.unwrap_or_else(|| panic!("an example below {heading:?}: which document is it?"));
        let of = if value.get("event").is_some() { "event_line" } else { of };
        let fill = if of == "rotate" { &created } else { &app_password };
        fill_in(&mut value, fill, &event);
        if of == "create" {
            created = value.clone();
        }
        if of == "events" {
            event = value["events"][0].clone();
        }
        documents.push(Document { of, from: format!("docs/json.md, {heading}"), value });
    }
    documents
}

/// Puts in what `...` stands for.
fn fill_in(value: &mut Value, app_password: &Value, event: &Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| fill_in(item, app_password, event)),
        Value::Object(object) => {
            object.values_mut().for_each(|value| fill_in(value, app_password, event));
            if object.remove("...").is_none() {
                return;
            }
            let whole = if object.contains_key("seq") { event } else { app_password };
            for (key, value) in whole.as_object().expect("an example before") {
                object.entry(key).or_insert_with(|| value.clone());
            }
        }
        _ => {}
    }
}
