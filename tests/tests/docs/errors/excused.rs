//! Texts that can't be provoked in a test, and why. They end the page as they stand in the sources.

use super::page::Page;
use super::sources;

/// A part of a text, and the reason.
pub struct Excused {
    pub text: &'static str,
    pub why: &'static str,
}

/// Each must be in the sources, and must not be seen.
pub const EXCUSED: &[Excused] = &[];

/// Puts them on the page.
pub fn write(page: &mut Page) {
    page.title(
        "What no test can provoke",
        "As they stand in the sources, where `{...}` stands for what is known only then.",
    );
    page.write("\n| text | why it isn't above |\n|---|---|\n");
    let texts = sources::texts();
    for Excused { text, why } in EXCUSED {
        if let Some(found) = texts.iter().find(|found| found.text.contains(text)) {
            let text = found.text.replace('\n', " ").replace('|', "\\|");
            page.write(&format!("| {text} | {why} |\n"));
        }
    }
}
