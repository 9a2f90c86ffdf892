//! `apppw rename`.

use super::Session;
use super::resolve::{self, For};
use crate::cli::Rename;
use crate::exit::{Failure, Status};
use crate::output::quote::{quoted, word};
use crate::output::{Text, json};
use apppw_admin::Verb;
use apppw_admin::verbs::{AppPassword, RenameArgs};

pub fn run(session: &mut Session, args: Rename) -> Result<Status, Failure> {
    let Rename { id, name, yes } = args;
    let id = resolve::id(session, &id, For::changing(yes.yes))?;
    let record: AppPassword = session.change(Verb::Rename, &RenameArgs { id, name })?;
    if session.json {
        json::print(&json::renamed(&record))?;
    } else {
        let mut text = Text::new();
        text.line(format!("{} of {} is now called {}", record.id, word(&record.user), quoted(&record.name)));
        text.print()?;
    }
    Ok(Status::Done)
}
