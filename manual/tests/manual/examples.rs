//! Every command line that the help texts, the pages and README show is one that can be typed.

use super::{pages, read};
use apppw::{Block, EXAMPLES};
use apppw_manual::command::{all, behind};
use clap::Parser;

pub fn run() {
    let model = apppw::command();
    let mut lines: Vec<(String, String)> = Vec::new();
    for command in all(&model).chain([&model]) {
        let blocks = behind(command).into_iter();
        let rows = blocks.filter_map(|block| match block {
            Block::List { title, rows } if title == EXAMPLES => Some(rows),
            _ => None,
        });
        lines.extend(rows.flatten().map(|(line, _)| (command.get_name().to_owned(), line)));
    }
    let of_help = lines.len();
    assert!(of_help > 30, "{lines:?}");
    for (name, text) in pages() {
        let shown = text.lines().filter_map(|line| line.strip_prefix(".Dl "));
        lines.extend(shown.map(|line| (name.clone(), of_roff(line))));
        // In a sentence what matters may be left out.
        for named in text.lines().filter_map(|line| line.strip_prefix(".Ql apppw ")?.split(' ').next()) {
            assert!(
                named == "help" || model.find_subcommand(named).is_some(),
                "{name} speaks of apppw {named}"
            );
        }
    }
    assert!(lines.len() > 2 * of_help, "the pages show what help shows");
    let readme = read("README.md");
    let prompts = readme.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.extend(prompts.map(|line| ("README.md".to_owned(), line.to_owned())));
    for (place, line) in lines {
        check(&line).unwrap_or_else(|e| panic!("{place}: {line}\n{e}"));
    }
    for wrong in [
        "apppw list --frob",
        "apppw user alice drop",
        "sudo apppw list --unused 90",
        "apppwd --frob",
        "apppw create",
    ] {
        assert!(check(wrong).is_err(), "{wrong}");
    }
}

pub fn configuration() {
    let path = std::path::Path::new("x");
    apppwd::config::parse(apppw_manual::configuration::EXAMPLE, path).unwrap_or_else(|e| panic!("{e}"));
}

/// Whether the program that the line names would understand it; that of another program is none of ours.
fn check(line: &str) -> Result<(), String> {
    let mut words = words(line);
    if words.first().is_some_and(|word| word == "sudo") {
        words.remove(0);
        if words.first().is_some_and(|word| word == "-u") {
            words.drain(..2);
        }
    }
    match words.first().map(String::as_str) {
        // A word in capitals stands for something; `COMMAND` is no command.
        Some("apppw") if words.iter().any(|word| word == "COMMAND") => Ok(()),
        Some("apppw") => apppw::check(words.get(1..).unwrap_or_default()),
        Some("apppwd") => apppwd::cli::Args::try_parse_from(&words).map(|_| ()).map_err(|e| e.to_string()),
        _ => Ok(()),
    }
}

/// The words as a shell has them, up to a comment, a pipe or a redirection.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut in_quotes, mut begun) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '"' => (in_quotes, begun) = (!in_quotes, true),
            '#' | '|' | '>' if !in_quotes && !begun => break,
            ' ' if !in_quotes => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

fn of_roff(line: &str) -> String {
    line.replace("\\(dq", "\"").replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")
}
