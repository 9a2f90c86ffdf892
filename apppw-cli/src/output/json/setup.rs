//! `apppw setup`.

use serde::Serialize;

/// What came of it.
#[derive(Debug, Default)]
pub struct SetUp {
    /// Paths, each with what happens to it.
    pub files: Vec<(String, &'static str)>,
    pub stops: Vec<SetUpFinding>,
    pub findings: Vec<SetUpFinding>,
    /// Where lines belong, and which.
    pub paste: Vec<(String, String)>,
    /// Commands that have to follow.
    pub then: Vec<String>,
}

/// Something to know.
#[derive(Debug, Serialize)]
pub struct SetUpFinding {
    pub level: &'static str,
    pub id: &'static str,
    pub message: String,
    pub then: String,
}

/// Of `target`; `state` says how far it came.
pub fn set_up<'a>(target: &'a str, state: &'a str, document: &'a SetUp) -> impl Serialize + use<'a> {
    #[derive(Serialize)]
    struct File<'a> {
        path: &'a str,
        change: &'a str,
    }
    #[derive(Serialize)]
    struct Paste<'a> {
        place: &'a str,
        lines: &'a str,
    }
    #[derive(Serialize)]
    struct Document<'a> {
        target: &'a str,
        state: &'a str,
        files: Vec<File<'a>>,
        stops: &'a [SetUpFinding],
        findings: &'a [SetUpFinding],
        paste: Vec<Paste<'a>>,
        then: &'a [String],
    }
    Document {
        target,
        state,
        files: document.files.iter().map(|(path, change)| File { path, change }).collect(),
        stops: &document.stops,
        findings: &document.findings,
        paste: document.paste.iter().map(|(place, lines)| Paste { place, lines }).collect(),
        then: &document.then,
    }
}
