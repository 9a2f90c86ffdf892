//! `apppw suspend` and `apppw resume`.

use super::kick::{self, Sessions};
use super::resolve::{self, For};
use super::{Session, several};
use crate::cli::{Ids, Suspend};
use crate::exit::{Failure, Status};
use crate::output::{Text, json, terminal};
use apppw_admin::Verb;
use apppw_admin::verbs::{Changed, IdsArgs};

/// Which of the two.
#[derive(Clone, Copy)]
enum Change {
    Suspend,
    Resume,
}

impl Change {
    const fn verb(self) -> Verb {
        match self {
            Self::Suspend => Verb::Suspend,
            Self::Resume => Verb::Resume,
        }
    }

    /// What is said of those that were changed, and of those that were so already.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Suspend => ("suspended", "had been suspended before"),
            Self::Resume => ("resumed", "was not suspended"),
        }
    }
}

pub fn suspend(session: &mut Session, args: Suspend) -> Result<Status, Failure> {
    run(session, args.ids, Change::Suspend, args.kick.kick)
}

pub fn resume(session: &mut Session, args: Ids) -> Result<Status, Failure> {
    run(session, args, Change::Resume, false)
}

fn run(session: &mut Session, args: Ids, change: Change, kick: bool) -> Result<Status, Failure> {
    kick::check(kick)?;
    let ids = several::distinct(resolve::ids(session, &args.ids, For::changing(args.yes.yes))?);
    if ids.len() > several::BATCH {
        return Err(Failure::invalid(
            "ids",
            format!(
                "{} ids are too many for one call: at most {}; nothing was changed",
                ids.len(),
                several::BATCH
            ),
        ));
    }
    let mut changed: Changed =
        session.change(change.verb(), &IdsArgs { ids }).map_err(|e| kick::not_reached(e, kick))?;
    several::fetch_missing(session, &changed.ids, &mut changed.app_passwords);
    let Changed { ids, app_passwords, already } = &changed;
    let sessions = kick.then(|| Sessions::of(session, several::number(ids), app_passwords, already));
    let text = || {
        let mut text = text(&changed, change);
        if terminal::stdout_is_terminal() {
            write_way_back(&mut text, &changed, change);
        }
        text
    };
    kick::finish(session, sessions, text, |kicked| json::changed(&changed, kicked))
}

/// How to take it back, to a person.
fn write_way_back(text: &mut Text, changed: &Changed, change: Change) {
    const NAMED: usize = 10;
    let back = match change {
        Change::Suspend => "resume",
        Change::Resume => "suspend",
    };
    let ids: Vec<String> = changed.ids.iter().map(ToString::to_string).collect();
    if (1..=NAMED).contains(&ids.len()) {
        text.line(format!("To take it back: apppw {back} {}", ids.join(" ")));
    }
}

fn text(changed: &Changed, change: Change) -> Text {
    let (done, already) = change.words();
    let mut text = Text::new();
    several::write_done(&mut text, &changed.ids, &changed.app_passwords, done);
    for id in &changed.already {
        text.line(format!("{id} {already}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn what_was_done_is_said() {
        let (live, revoked) = (samples::live(), samples::revoked());
        let changed = Changed { ids: vec![live.id], already: vec![revoked.id], app_passwords: vec![live] };
        assert_eq!(
            text(&changed, Change::Suspend).as_str(),
            "ap-0000002a suspended: \"Thunderbird, laptop\" of alice@example.org\n\
             ap-0000002b had been suspended before\n"
        );
        let way_back = |change| {
            let mut text = Text::new();
            write_way_back(&mut text, &changed, change);
            text.as_str().to_owned()
        };
        assert_eq!(way_back(Change::Suspend), "To take it back: apppw resume ap-0000002a\n");
        assert_eq!(way_back(Change::Resume), "To take it back: apppw suspend ap-0000002a\n");
        assert!(text(&changed, Change::Resume).as_str().ends_with("ap-0000002b was not suspended\n"));
    }
}
