//! `packaging/apppwd.toml`: every key with its default.

use super::{Key, SECTIONS, Section, Value};
use std::fmt::Write as _;

/// Columns of the file.
const WIDTH: usize = 110;

const HEAD: &str = "\
# /etc/apppw/apppwd.toml: what can be set, each with its default. Without this file all of the defaults hold.
# Take the # away in front of what you change; lines that are set in are examples. All of it is in apppwd.toml(5).
# Check it with `sudo -u apppwd apppwd --check`; it holds after `systemctl restart apppwd`.
#
# Spans of time are a number and s, m, h, d, w or y, such as \"90d\". A key that isn't known is an error.
";

/// The text of the file.
#[must_use]
pub fn sample() -> String {
    let mut text = HEAD.to_owned();
    SECTIONS.iter().for_each(|section| of_section(&mut text, section));
    text
}

fn of_section(text: &mut String, section: &Section) {
    text.push('\n');
    comment(text, section.about);
    if !section.overrides.is_empty() {
        comment(text, &format!("Keys: {}.", section.overrides.join(", ")));
    }
    // Tables that have a name of one's own are there by example only.
    if !section.example.is_empty() {
        for key in section.keys {
            let allowed = key.value.allowed().replace('`', "");
            comment_set_in(text, &format!("{}: {} ({allowed})", key.name, key.about.trim_end_matches('.')));
        }
        section.example.lines().for_each(|line| {
            let _ = writeln!(text, "#     {line}");
        });
        return;
    }
    if !section.name.is_empty() {
        let _ = writeln!(text, "[{}]", section.name);
    }
    for (number, key) in section.keys.iter().enumerate() {
        if number > 0 && !key.about.is_empty() {
            text.push('\n');
        }
        of_key(text, key);
    }
}

fn of_key(text: &mut String, key: &Key) {
    let mut about = key.about.to_owned();
    if let Value::Number(..) | Value::OneOf(_) = key.value {
        about = format!("{} ({}).", about.trim_end_matches('.'), key.value.allowed());
    }
    if let Value::Word(_) = key.value {
        about = format!("{}:", about.trim_end_matches('.'));
    }
    comment(text, &about);
    if let Value::Word(words) = key.value {
        let width = words.iter().map(|(word, _)| word.len()).max().unwrap_or_default() + 2;
        for (word, meaning) in words {
            let _ = writeln!(text, "#   {:width$}  {meaning}", format!("\"{word}\""));
        }
    }
    match key.default {
        Some(default) => setting(text, &format!("{} = {default}", key.name)),
        None => {
            let _ = writeln!(text, "#     {} = {}", key.name, key.example);
        }
    }
    // `{}` says little about what could stand there.
    if matches!(key.value, Value::Domains) {
        let _ = writeln!(text, "#     {} = {}", key.name, key.example);
    }
}

/// A line that holds when the # is taken away; a list that is longer is broken, each line with a # of its own.
fn setting(text: &mut String, line: &str) {
    let mut rest = line;
    let mut begin = "#";
    while rest.len() > WIDTH {
        let Some((at, _)) = rest.match_indices(", ").take_while(|(at, _)| *at < WIDTH).last() else { break };
        let (now, later) = rest.split_at(at + 1);
        let _ = writeln!(text, "{begin}{now}");
        (rest, begin) = (later.trim_start(), "#\t");
    }
    let _ = writeln!(text, "{begin}{rest}");
}

fn comment(text: &mut String, prose: &str) {
    wrapped(text, prose, "# ", "# ");
}

fn comment_set_in(text: &mut String, prose: &str) {
    wrapped(text, prose, "#   ", "#     ");
}

fn wrapped(text: &mut String, prose: &str, first: &str, further: &str) {
    let mut line = String::new();
    let mut begin = first;
    for word in prose.split_whitespace() {
        if !line.is_empty() && begin.len() + line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(text, "{begin}{line}");
            line.clear();
            begin = further;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(text, "{begin}{line}");
    }
}
