//! apppwd.toml(5): every key.

use crate::mdoc::{Page, argument, escaped};
use apppwd::config::DEFAULT_PATH;
use apppwd::config::reference::{Key, SECTIONS, Section, Value};

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = Page::new("apppwd.toml", 5, "configuration of the app password daemon");
    page.section("DESCRIPTION");
    page.paragraphs([
        "apppwd(8) reads this file, in the format TOML, when it starts. Without the file the defaults hold, and each default \
         is the strict choice. A key that isn't known, and a value that isn't allowed, are errors, told with the line: the \
         daemon doesn't start, and says so with `apppwd --check`. It must be able to read the file.",
        "Each key is shown with its default, where it has one. Spans of time are a number and `s`, `m`, `h`, `d`, `w` or `y`, such as `\"90d\"`; a year has 365 days.",
    ]);
    for section in SECTIONS {
        of_section(&mut page, section);
    }
    page.section("FILES");
    page.list();
    page.line(&format!(".It Pa {DEFAULT_PATH}"));
    page.prose("Read unless `--config` names another file.");
    page.line(".It Pa /usr/share/doc/apppw/examples/apppwd.toml");
    page.prose("Every key with its default, to be copied. On Debian it is below /usr/share/doc/apppwd.");
    page.end_of_list();
    page.section("EXAMPLES");
    page.prose("Users may create app passwords for themselves, which live for a year at most; the primary password opens nothing \
                any more once they have one; and printers may send, but not read:");
    page.line(".Bd -literal -offset indent");
    EXAMPLE.lines().for_each(|line| page.line(&escaped(line)));
    page.line(".Ed");
    page.line(".Pp");
    page.prose("Is it right?");
    page.line(".Dl sudo \\-u apppwd apppwd \\-\\-check");
    page.section("SEE ALSO");
    page.line(".Xr apppw 1 ,");
    page.line(".Xr apppwd 8 ,");
    page.line(".Xr pam_apppw 8");
    page.finish()
}

/// A whole file.
pub const EXAMPLE: &str = r#"[policy]
primary = "refuse-enrolled"
self_service = "create"
default_life = "1y"
longest_life = "1y"

[presets.printer]
services = ["smtp", "submission", "submissions"]
networks = ["192.0.2.0/24"]
"#;

/// Longest default that stands beside its key.
const LONGEST_BESIDE: usize = 30;

fn of_section(page: &mut Page, section: &Section) {
    if section.name.is_empty() {
        page.part("Before the first section");
    } else {
        page.part(&format!("[{}]", section.name));
    }
    page.prose(section.about);
    if !section.overrides.is_empty() {
        page.prose(&format!("The keys: {}.", section.overrides.join(", ")));
    }
    if !section.keys.is_empty() {
        page.list();
        section.keys.iter().for_each(|key| of_key(page, key));
        page.end_of_list();
    }
    if !section.example.is_empty() {
        page.line(".Pp");
        page.line("An example:");
        page.line(".Bd -literal -offset indent");
        section.example.lines().for_each(|line| page.line(&escaped(line)));
        page.line(".Ed");
    }
}

fn of_key(page: &mut Page, key: &Key) {
    let default = key.default.filter(|default| default.len() <= LONGEST_BESIDE);
    let beside = default.map(|default| format!(" = {default}")).unwrap_or_default();
    page.line(&format!(".It Ic {}", argument(&format!("{}{beside}", key.name))));
    page.prose(key.about);
    if let Value::Word(words) = key.value {
        page.line(".Bl -tag -width Ds");
        for (word, meaning) in words {
            page.line(&format!(".It Li {}", argument(&format!("\"{word}\""))));
            page.prose(&format!("{meaning}."));
        }
        page.line(".El");
        page.line(".Pp");
    } else {
        page.prose(&format!("Takes {}.", key.value.allowed()));
    }
    if let Some(default) = key.default.filter(|_| default.is_none()) {
        page.prose(&format!("Default: `{default}`."));
    }
    page.prose(&format!("Example: `{} = {}`.", key.name, key.example));
}
