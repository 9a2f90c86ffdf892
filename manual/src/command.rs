//! The page of a command.

use crate::mdoc::{Page, argument, escaped};
use apppw::{Block, EXAMPLES, Status, blocks, groups};
use clap::{Arg, Command};

/// The commands that have a page.
pub fn all(model: &Command) -> impl Iterator<Item = &Command> {
    model.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// The page.
#[must_use]
pub fn page(model: &Command, command: &Command) -> String {
    let name = command.get_name();
    let mut page = Page::new(&format!("apppw-{name}"), 1, &about(command));
    page.section("SYNOPSIS");
    synopsis(&mut page, command);
    page.section("DESCRIPTION");
    let description = description(command);
    if description.is_empty() {
        page.prose(&format!("{}.", about(command)));
    }
    page.paragraphs(description.iter().map(String::as_str));
    let behind = behind(command);
    let arguments: Vec<&Arg> = command.get_positionals().filter(|arg| !arg.is_hide_set()).collect();
    if !arguments.is_empty() {
        page.line(".Pp");
        page.line("The arguments:");
        list_of(&mut page, &arguments);
    }
    page.line(".Pp");
    page.line("The options:");
    let options = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
    list_of(&mut page, &options.chain(everywhere(model)).collect::<Vec<_>>());
    for block in &behind {
        match block {
            Block::Paragraph(text) => {
                page.line(".Pp");
                page.prose(text);
            }
            Block::List { title, .. } if title == EXAMPLES => {}
            Block::List { title, rows } => {
                // A sentence is no heading.
                if title.contains(' ') {
                    page.line(".Pp");
                    page.prose(&format!("{title}:"));
                } else {
                    page.part(title);
                }
                terms(&mut page, rows);
            }
        }
    }
    common(&mut page, model);
    examples(&mut page, &behind);
    let siblings = groups(model).into_iter().map(|(_, commands)| commands);
    let siblings =
        siblings.filter(|commands| commands.iter().any(|sibling| sibling.get_name() == name)).flatten();
    let siblings = siblings.map(|sibling| sibling.get_name()).filter(|sibling| *sibling != name);
    see_also(
        &mut page,
        siblings.map(|sibling| format!("apppw-{sibling}")).chain(["apppw".into()]).collect(),
        &["apppwd"],
    );
    page.finish()
}

/// What the command is for, in a line.
pub fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The paragraphs that say more than the line.
pub fn description(command: &Command) -> Vec<String> {
    let text = command.get_long_about().map(ToString::to_string).unwrap_or_default();
    let paragraphs = text.split("\n\n").skip(1);
    paragraphs.map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// What is said behind the options.
pub fn behind(command: &Command) -> Vec<Block> {
    let text = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    blocks(&text.unwrap_or_default())
}

/// Options that every command takes.
pub fn everywhere(model: &Command) -> impl Iterator<Item = &Arg> {
    model.get_arguments().filter(|arg| arg.is_global_set() && !arg.is_hide_set())
}

/// How it is called: each way, with the options spelled out where there is but one.
fn synopsis(page: &mut Page, command: &Command) {
    let mut built = command.clone();
    let usage = built.render_usage().to_string();
    // A line that doesn't begin with the program goes on with the one before.
    let usage = usage.trim_start_matches("Usage:").split_whitespace().collect::<Vec<_>>().join(" ");
    let ways: Vec<&str> = usage.split("apppw ").filter(|way| !way.is_empty()).collect();
    for way in &ways {
        page.line(&format!(".Nm apppw {}", command.get_name()));
        let words = way.split_whitespace().skip(1);
        for word in words {
            if word == "[OPTIONS]" && ways.len() == 1 {
                let options =
                    command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
                options.for_each(|arg| page.line(&format!(".Op {}", option(arg, " | "))));
            } else {
                page.line(&in_synopsis(word));
            }
        }
    }
}

/// `[--user`, `USER]...`, `ID...`, `show`: a word of clap's usage.
fn in_synopsis(word: &str) -> String {
    let (word, more) = word.strip_suffix("...").map_or((word, ""), |word| (word, " ..."));
    let (opens, word) = word.strip_prefix('[').map_or((false, word), |word| (true, word));
    let (closes, word) = word.strip_suffix(']').map_or((false, word), |word| (true, word));
    let marked = match word.strip_prefix('-') {
        Some(flag) => format!("Fl {flag}"),
        None if word == "OPTIONS" => "Ar option ...".to_owned(),
        None if word.bytes().any(|c| c.is_ascii_lowercase()) => format!("Cm {}", argument(word)),
        None => format!("Ar {}", argument(word)),
    };
    match (opens, closes) {
        (true, true) => format!(".Op {marked}{more}"),
        (true, false) => format!(".Oo {marked}"),
        (false, true) => format!(".{marked} Oc{more}"),
        (false, false) => format!(".{marked}{more}"),
    }
}

/// `Fl y , Fl -yes`, `Fl -service Ar S`.
pub fn option(arg: &Arg, between: &str) -> String {
    let short = arg.get_short().map(|short| format!("Fl {short}"));
    let long = arg.get_long().map(|long| format!("Fl -{long}"));
    let names: Vec<_> = short.into_iter().chain(long).collect();
    let value =
        arg.get_action().takes_values().then(|| arg.get_value_names()?.first().map(|name| argument(name)));
    let value = value.flatten().map(|name| match arg.is_require_equals_set() {
        true => format!(" Ns Op = Ns Ar {name}"),
        false => format!(" Ar {name}"),
    });
    let value = value.unwrap_or_default();
    format!("{}{value}", names.join(between))
}

/// Arguments or options with what they mean.
pub fn list_of(page: &mut Page, args: &[&Arg]) {
    page.list();
    for arg in args {
        if arg.is_positional() {
            let name = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
            let name = name.unwrap_or_else(|| arg.get_id().as_str().to_uppercase());
            page.line(&format!(".It Ar {}", argument(&name)));
        } else {
            page.line(&format!(".It {}", option(arg, " , ")));
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        page.prose(&sentence(&help));
    }
    page.end_of_list();
}

/// Help texts have no full stop at their end.
fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.ends_with('.') { text } else { format!("{text}.") }
}

fn terms(page: &mut Page, rows: &[(String, String)]) {
    page.list();
    for (term, meaning) in rows {
        let words = term.split_whitespace().map(|word| {
            let is_free = word.bytes().all(|c| c.is_ascii_uppercase());
            format!("{} {}", if is_free { "Ar" } else { "Cm" }, argument(word))
        });
        page.line(&format!(".It {}", words.collect::<Vec<_>>().join(" ")));
        page.prose(&sentence(meaning));
    }
    page.end_of_list();
}

/// What all pages of the command line have: environment, files, exit status.
pub fn common(page: &mut Page, model: &Command) {
    page.section("ENVIRONMENT");
    page.list();
    for (arg, name) in everywhere(model).filter_map(|arg| Some((arg, arg.get_env()?.to_str()?))) {
        page.line(&format!(".It Ev {name}"));
        page.line("What to take where there is no");
        page.line(&format!(".Fl -{} .", arg.get_long().unwrap_or_default()));
    }
    for (name, meaning) in apppw::ENVIRONMENT {
        page.line(&format!(".It Ev {name}"));
        page.prose(meaning);
    }
    page.end_of_list();
    page.section("FILES");
    page.list();
    let socket = everywhere(model).find_map(|arg| arg.get_default_values().first()?.to_str());
    page.line(&format!(".It Pa {}", socket.unwrap_or_default()));
    page.prose(
        "Where apppwd(8) listens for management. Who asks is known by the uid and the groups of the process.",
    );
    page.end_of_list();
    page.section("EXIT STATUS");
    page.list();
    for status in Status::ALL {
        page.line(&format!(".It {}", status as u8));
        page.prose(status.explained());
    }
    page.end_of_list();
}

/// Command lines with what they do.
pub fn examples(page: &mut Page, behind: &[Block]) {
    let rows = behind.iter().filter_map(|block| match block {
        Block::List { title, rows } if title == EXAMPLES => Some(rows),
        _ => None,
    });
    page.section("EXAMPLES");
    for (number, (line, meaning)) in rows.flatten().enumerate() {
        if number > 0 {
            page.line(".Pp");
        }
        if !meaning.is_empty() {
            page.prose(&format!("{}:", meaning.trim_end_matches(['.', ':'])));
        }
        page.line(&format!(".Dl {}", escaped(line).replace('"', "\\(dq").replace('-', "\\-")));
    }
}

/// The pages to read on in: those of section 1, then those of section 8.
pub fn see_also(page: &mut Page, mut of_section_1: Vec<String>, of_section_8: &[&str]) {
    page.section("SEE ALSO");
    of_section_1.sort();
    let all = of_section_1.iter().map(|name| (name.as_str(), 1));
    let all: Vec<_> = all.chain(of_section_8.iter().map(|name| (*name, 8))).collect();
    for (number, (name, section)) in all.iter().enumerate() {
        let end = if number + 1 < all.len() { " ," } else { "" };
        page.line(&format!(".Xr {name} {section}{end}"));
    }
}
