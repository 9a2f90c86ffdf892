//! docs/json.schema.json, held against what the commands print and against the examples of
//! docs/json.md: nothing is printed that isn't in it, and nothing is in it that isn't printed.
//!
//! A new command or field needs a line in the schema and, if no command in `world.rs` prints it yet, one there.

mod examples;
mod world;

use crate::repository;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// What the world of this test doesn't have, and why: the end of a property's place, and whether it is its value or
/// its null that is missing.
const EXCUSED: &[(&str, bool, &str)] = &[
    ("/actor/properties/login_uid", false, "the kernel's audit knows no login of a test's root"),
    (
        "/rotate/properties/old/properties/expires",
        true,
        "only if the connection breaks between two questions",
    ),
];

/// Words that nothing here prints, and why.
const EXCUSED_WORDS: &[(&str, &str)] = &[
    ("not-mine", "a login that is waited for is of an enrolled account"),
    ("unavailable", "needs an overloaded or broken daemon in the middle of a wait"),
];

/// One document, and the command that it is of.
pub struct Document {
    pub of: &'static str,
    pub from: String,
    pub value: Value,
}

struct Schema {
    text: Value,
    validators: BTreeMap<String, Validator>,
}

impl Schema {
    fn read() -> Self {
        let text =
            std::fs::read_to_string(repository("docs/json.schema.json")).expect("docs/json.schema.json");
        let text: Value = serde_json::from_str(&text).expect("JSON");
        assert!(jsonschema::meta::is_valid(&text), "docs/json.schema.json is no schema");
        let documents = text["$defs"]["documents"].as_object().expect("a definition for each command");
        let validator = |name: &String| {
            let mut root = text.clone();
            let root_object = root.as_object_mut().expect("an object");
            root_object.remove("anyOf");
            root_object.insert("$ref".to_owned(), json!(format!("#/$defs/documents/{name}")));
            (name.clone(), jsonschema::validator_for(&root).expect("a schema that can be compiled"))
        };
        Self { validators: documents.keys().map(validator).collect(), text }
    }

    fn of(&self, name: &str) -> &Validator {
        self.validators.get(name).unwrap_or_else(|| panic!("docs/json.schema.json has no documents/{name}"))
    }

    /// What is wrong with a document.
    fn faults(&self, document: &Document) -> String {
        let errors = self.of(document.of).iter_errors(&document.value);
        errors.map(|error| format!("  {} at {:?}\n", error, error.instance_path().to_string())).collect()
    }
}

/// Each command's real output.
pub fn check_output() {
    let schema = Schema::read();
    let documents = world::documents();
    let mut faults = String::new();
    for document in &documents {
        let found = schema.faults(document);
        if !found.is_empty() {
            let _ = writeln!(faults, "apppw {}:\n{found}", document.from);
        }
    }
    assert!(faults.is_empty(), "docs/json.schema.json does not fit what is printed:\n{faults}");
    let unseen = unseen(&schema, &documents);
    assert!(unseen.is_empty(), "docs/json.schema.json has what nothing printed:\n{unseen}");
}

/// Properties, nulls and words of the schema that no document has.
fn unseen(schema: &Schema, documents: &[Document]) -> String {
    let mut seen: BTreeSet<(String, bool)> = BTreeSet::new();
    let mut words: BTreeSet<&str> = BTreeSet::new();
    for document in documents {
        let evaluation = schema.of(document.of).evaluate(&document.value);
        for entry in evaluation.iter_annotations() {
            let place = entry.absolute_keyword_location.map(ToString::to_string).unwrap_or_default();
            let Some((_, place)) = place.split_once('#').filter(|(_, place)| place.ends_with("/properties"))
            else {
                continue;
            };
            let Some(object) = document.value.pointer(&entry.instance_location.to_string()) else { continue };
            for name in entry.annotations.value().as_array().into_iter().flatten().filter_map(Value::as_str) {
                seen.insert((format!("{place}/{name}"), object[name].is_null()));
            }
        }
        strings(&document.value, &mut words);
    }
    let mut unseen = String::new();
    for (place, may_be_null) in properties(&schema.text, String::new()) {
        for is_null in if may_be_null { vec![false, true] } else { vec![false] } {
            let excused = EXCUSED.iter().any(|(end, null, _)| place.ends_with(end) && *null == is_null);
            let was_seen = seen.contains(&(place.clone(), is_null));
            if was_seen == excused {
                let what = if is_null { "null" } else { "a value" };
                let how = if excused { "is excused, but seen" } else { "was never seen" };
                let _ = writeln!(unseen, "  {what} in {place} {how}");
            }
        }
    }
    for word in enumerated(&schema.text).difference(&words) {
        if EXCUSED_WORDS.iter().any(|(excused, _)| excused == word) {
            continue;
        }
        let _ = writeln!(unseen, "  the word {word:?} was never seen");
    }
    unseen
}

/// Every property that the schema names, by its place, and whether it may be null.
fn properties(schema: &Value, place: String) -> Vec<(String, bool)> {
    let mut found = Vec::new();
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                let here = format!("{place}/{key}");
                if key == "properties" {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        found.push((format!("{here}/{name}"), may_be_null(property)));
                    }
                }
                found.extend(properties(value, here));
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                found.extend(properties(item, format!("{place}/{number}")));
            }
        }
        _ => {}
    }
    found
}

fn may_be_null(property: &Value) -> bool {
    let has_null = |types: &Value| types.as_array().is_some_and(|types| types.contains(&json!("null")));
    has_null(&property["type"])
        || property["$ref"] == "#/$defs/kicked"
        || property["anyOf"].as_array().is_some_and(|any| any.contains(&json!({"type": "null"})))
}

/// The words of all closed lists.
fn enumerated(schema: &Value) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    match schema {
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_array().filter(|_| key == "enum") {
                    Some(list) => words.extend(list.iter().filter_map(Value::as_str)),
                    None => words.extend(enumerated(value)),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| words.extend(enumerated(item))),
        _ => {}
    }
    words
}

fn strings<'v>(value: &'v Value, words: &mut BTreeSet<&'v str>) {
    match value {
        Value::String(text) => drop(words.insert(text)),
        Value::Array(items) => items.iter().for_each(|item| strings(item, words)),
        Value::Object(object) => object.values().for_each(|value| strings(value, words)),
        _ => {}
    }
}

/// The examples in docs/json.md, what `...` leaves out put in from the first example of its kind.
pub fn check_examples() {
    let schema = Schema::read();
    let examples = examples::documents();
    let of: BTreeSet<&str> = examples.iter().map(|document| document.of).collect();
    let without: Vec<&String> =
        schema.validators.keys().filter(|name| !of.contains(name.as_str()) && *name != "rename").collect();
    assert!(without.is_empty(), "docs/json.md has no example of {without:?}");
    for document in &examples {
        let faults = schema.faults(document);
        assert!(faults.is_empty(), "{}:\n{faults}{:#}", document.from, document.value);
    }
}

/// What isn't in the schema is found: a field more, a field less, at each depth.
pub fn check_strictness() {
    let schema = Schema::read();
    for document in examples::documents() {
        let faults = |value: &Value| {
            let changed = Document { of: document.of, from: String::new(), value: value.clone() };
            schema.faults(&changed)
        };
        let whole = document.value.clone();
        for place in objects(&whole, String::new()) {
            // Groups of services, by any name.
            if place.ends_with("/primary_in") {
                continue;
            }
            let mut more = whole.clone();
            more.pointer_mut(&place).expect("an object")["surprise"] = json!(1);
            assert!(!faults(&more).is_empty(), "{} takes a field more at {place:?}", document.from);
            let names = whole.pointer(&place).and_then(Value::as_object).expect("an object").keys();
            for name in names {
                let mut less = whole.clone();
                less.pointer_mut(&place).and_then(Value::as_object_mut).expect("an object").remove(name);
                assert!(!faults(&less).is_empty(), "{} does without {place}/{name}", document.from);
            }
        }
    }
}

/// The places of all objects in it.
fn objects(value: &Value, place: String) -> Vec<String> {
    match value {
        Value::Object(object) => std::iter::once(place.clone())
            .chain(object.iter().flat_map(|(key, value)| objects(value, format!("{place}/{key}"))))
            .collect(),
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(n, item)| objects(item, format!("{place}/{n}"))).collect()
        }
        _ => Vec::new(),
    }
}
