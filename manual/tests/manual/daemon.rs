//! apppwd.8, which is written by hand, against the daemon.

use super::{page, read};
use clap::CommandFactory;
use std::collections::BTreeSet;

pub fn options() {
    let mut command = apppwd::cli::Args::command();
    command.build();
    let known: BTreeSet<String> =
        command.get_arguments().filter_map(|arg| arg.get_long().map(str::to_owned)).collect();
    assert!(known.contains("config"), "{known:?}");
    assert_eq!(items(&page("apppwd.8"), "Fl -"), known);
}

/// What follows `mark` in the terms of a page's lists, to the next space.
fn items(page: &str, mark: &str) -> BTreeSet<String> {
    let items = page.lines().filter_map(|line| line.strip_prefix(".It "));
    let found = items.flat_map(|item| item.split(mark).skip(1));
    found.filter_map(|found| found.split(' ').next()).map(str::to_owned).collect()
}

pub fn statuses_and_fields() {
    let page = page("apppwd.8");
    for exit in [apppwd::fault::Exit::Config, apppwd::fault::Exit::Failure] {
        assert!(page.contains(&format!("\n.It {}\n", exit.code())), "{exit:?}");
    }
    // As the log writes them for the journal: the names behind `APPPW_`, in small letters.
    let source = read("apppwd/src/log/verdict.rs");
    let fields = page
        .lines()
        .filter(|line| line.starts_with(".It Li APPPW_"))
        .flat_map(|line| line.split("APPPW_").skip(1));
    let fields: Vec<String> = fields.map(|field| field.trim_end_matches([' ', ',']).to_lowercase()).collect();
    assert_eq!(fields.len(), 8, "{fields:?}");
    for field in fields {
        assert!(source.contains(&format!("{field} = ")), "{field}");
    }
}
