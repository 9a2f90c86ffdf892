//! `apppw panic`.

use super::Session;
use crate::cli::{Panic, Switch};
use crate::exit::{Failure, Status};
use crate::output::number::count;
use crate::output::quote::word;
use crate::output::time::Clock;
use crate::output::{Paint, Text, json, terminal};
use apppw_admin::Verb;
use apppw_admin::verbs::{self, PanicArgs, PanicSwitch, PanicSwitches};
use serde_json::json;

pub fn run(session: &mut Session, args: Panic) -> Result<Status, Failure> {
    let on = args.switch == Switch::On;
    // A script is not asked: nothing is lost that `panic off` doesn't bring back, and a panic
    // mustn't fail for want of an option.
    if on && !args.yes.yes && terminal::stdin_is_terminal() {
        let mut about = Text::new();
        about.line(match &args.group {
            Some(group) => format!("Every app password will be refused for the services of group {group}."),
            None => "Every app password of this host will be refused.".to_owned(),
        });
        if let Ok(status) = session.ask::<_, verbs::Status>(Verb::Status, &json!({})) {
            about.line(extent(&status, args.group.is_some()));
        }
        // A person takes his time.
        session.hang_up();
        let option = args.group.as_ref().map(|group| format!(" --group {}", word(group))).unwrap_or_default();
        about.line(format!("Nothing is deleted: apppw panic off{option} lets them log in again."));
        if !terminal::confirm(&about, "Refuse them all?")? {
            return Err(Failure::declined("nothing was changed"));
        }
    }
    let PanicSwitches { panic } = session.change(Verb::Panic, &PanicArgs { on, group: args.group })?;
    if session.json {
        json::print(&json::panic_switches(&panic))?;
    } else {
        let mut text = Text::new();
        write(&mut text, &panic, &Clock::system());
        text.print()?;
    }
    Ok(Status::Done)
}

/// What a switch hits.
fn extent(status: &verbs::Status, is_group: bool) -> String {
    let live = count(status.live, "live app password");
    let accounts = count(status.accounts, "account");
    if is_group {
        format!("This host has {live} and {accounts}; how many of them name the group isn't counted.")
    } else {
        format!("It has {live} and {accounts}.")
    }
}

/// Says which switches are on, and how to turn them off.
pub fn write(text: &mut Text, on: &[PanicSwitch], clock: &Clock) {
    for PanicSwitch { group, group_is_gone, since } in on {
        let (whose, option) = match group {
            Some(group) if *group_is_gone => (
                format!("of this host (group {group} is not in [groups] any more)"),
                format!(" --group {group}"),
            ),
            Some(group) => (format!("for the services of group {group}"), format!(" --group {group}")),
            None => ("of this host".to_owned(), String::new()),
        };
        let since = format!(": every app password {whose} is refused, since {}", clock.exact(*since));
        text.painted([(Paint::Bad, "PANIC is on"), (Paint::Plain, &since)]);
        text.line(format!("  To let them log in again: apppw panic off{option}"));
    }
    if on.is_empty() {
        text.line("Panic is off: app passwords are judged one by one");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn each_switch_is_told_with_its_way_back() {
        let said = |on: &[PanicSwitch]| {
            let mut text = Text::new();
            write(&mut text, on, &samples::clock());
            text.as_str().to_owned()
        };
        let expected = "\
PANIC is on: every app password of this host is refused, since 2027-01-15 08:59:00 +01:00
  To let them log in again: apppw panic off
PANIC is on: every app password for the services of group mail is refused, since 2027-01-14 09:00:00 +01:00
  To let them log in again: apppw panic off --group mail
";
        assert_eq!(said(&samples::switches()), expected);
        assert_eq!(said(&[]), "Panic is off: app passwords are judged one by one\n");
    }

    #[test]
    fn what_will_be_hit_is_said_before() {
        let status = verbs::Status { live: 1_234, ..samples::status() };
        assert_eq!(extent(&status, false), "It has 1,234 live app passwords and 3 accounts.");
        assert!(extent(&status, true).contains("how many of them name the group isn't counted"));
    }
}
