//! apppw(1): all commands.

use crate::command::{about, behind, common, description, everywhere, examples, list_of};
use crate::mdoc::Page;
use apppw::groups;
use clap::Command;

/// The page.
#[must_use]
pub fn page(model: &Command) -> String {
    let mut page = Page::new("apppw", 1, &about(model));
    page.section("SYNOPSIS");
    for line in [
        ".Nm",
        ".Ar command",
        ".Op Ar argument ...",
        ".Nm",
        ".Cm help",
        ".Op Ar command",
        ".Nm",
        ".Fl -version",
    ] {
        page.line(line);
    }
    page.section("DESCRIPTION");
    page.paragraphs(description(model).iter().map(String::as_str));
    page.line(".Pp");
    page.prose("Each command has a page of its own, which says the same as `apppw help COMMAND`.");
    for (title, commands) in groups(model) {
        page.part(title);
        page.list();
        for command in commands {
            page.line(&format!(".It Xr apppw-{} 1", command.get_name()));
            page.prose(&format!("{}.", about(command)));
        }
        page.end_of_list();
    }
    page.part("Options of every command");
    list_of(&mut page, &everywhere(model).collect::<Vec<_>>());
    common(&mut page, model);
    examples(&mut page, &behind(model));
    page.section("SEE ALSO");
    page.line(".Xr apppwd.toml 5 ,");
    page.line(".Xr apppwd 8 ,");
    page.line(".Xr pam_apppw 8");
    page.finish()
}
