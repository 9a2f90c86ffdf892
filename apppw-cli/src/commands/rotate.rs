//! `apppw rotate`.

use super::Session;
use super::create::{self, Way};
use super::resolve::{self, For};
use crate::cli::Rotate;
use crate::exit::{Failure, Status};
use crate::output::time::Clock;
use crate::output::{Text, json};
use apppw_admin::verbs::{Created, RotateArgs, ShowArgs, Shown};
use apppw_admin::{AppPasswordId, Verb};

pub fn run(session: &mut Session, args: &Rotate) -> Result<Status, Failure> {
    let way = Way::of(args.hand_over)?;
    let id = resolve::id(session, &args.id, For::changing(args.yes.yes))?;
    let grace = args.grace;
    let created: Created = session.change(Verb::Rotate, &RotateArgs { id, grace })?;
    let waiting = way.begin_to_wait(session, &created);
    // That it can't be asked for mustn't cost the secret.
    let old: Result<Shown, Failure> = session.ask(Verb::Show, &ShowArgs { id });
    let expires = old.ok().and_then(|shown| shown.app_password.expires);
    let clock = Clock::system();
    create::hand_over(session, &created, &json::rotated(&created, id, expires), &clock, way)?;
    if !session.json {
        // Beside the secret, which may go into a pipe alone.
        text(id, expires, &clock).print_to_stderr();
    }
    // Not kept while a person types it.
    drop(created);
    way.wait(session, waiting)
}

fn text(old: AppPasswordId, expires: Option<i64>, clock: &Clock) -> Text {
    let until =
        expires.map_or_else(|| "for its grace".to_owned(), |time| format!("until {}", clock.exact(time)));
    let mut text = Text::new();
    text.line(format!("The old one, {old}, still works {until}; revoking either ends both"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn the_old_one_has_its_day() {
        let rotated = samples::rotated();
        let said = |expires| text(rotated.id, expires, &samples::clock()).as_str().to_owned();
        assert_eq!(
            said(rotated.expires),
            "The old one, ap-0000002d, still works until 2027-01-16 09:00:00 +01:00; revoking either ends both\n"
        );
        assert!(said(None).contains("still works for its grace;"));
    }
}
