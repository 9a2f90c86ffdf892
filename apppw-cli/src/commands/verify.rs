//! `apppw verify`.

use super::Session;
use crate::cli::Verify;
use crate::exit::{Failure, Status};
use crate::output::time::Clock;
use crate::output::{Text, json, terminal};
use apppw_admin::Verb;
use apppw_admin::verbs::{Verified, VerifyArgs};

pub fn run(session: &mut Session, args: Verify) -> Result<Status, Failure> {
    let Verify { user, service, rhost, misplaced } = args;
    if !misplaced.is_empty() {
        return Err(Failure::usage(
            "the secret is no argument: others could see it. It is asked for, or read from standard input",
        ));
    }
    // Before the daemon is called, which wouldn't wait for a person.
    let secret = terminal::secret("Secret (not shown): ")?;
    let verified: Verified = session.ask(Verb::Verify, &VerifyArgs { user, secret, service, rhost })?;
    if session.json {
        json::print(&json::verified(&verified))?;
    } else {
        text(&verified, &Clock::system()).print()?;
    }
    Ok(if verified.accepted { Status::Done } else { Status::Refused })
}

fn text(verified: &Verified, clock: &Clock) -> Text {
    let verdict = if verified.accepted { "accepted" } else { "not accepted" };
    let mut text = Text::new();
    if verified.reason == verdict {
        text.line(verdict);
    } else {
        text.line(format!("{verdict}: {}", verified.reason));
    }
    if let Some(record) = &verified.app_password {
        let state = match record.revoked {
            Some(time) => format!(", revoked {}", clock.exact(time)),
            None => String::new(),
        };
        text.line(format!(
            "It is {}, \"{}\" of {}, for {}{state}",
            record.id,
            record.name,
            record.user,
            record.services.join(", ")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn the_verdict_and_whose_secret_it_is() {
        let mut verified =
            Verified { accepted: true, reason: "accepted".into(), app_password: Some(samples::live()) };
        assert_eq!(
            text(&verified, &samples::clock()).as_str(),
            "accepted\n\
             It is ap-0000002a, \"Thunderbird, laptop\" of alice@example.org, for mail\n"
        );
        verified =
            Verified { accepted: false, reason: "revoked".into(), app_password: Some(samples::revoked()) };
        assert_eq!(
            text(&verified, &samples::clock()).as_str(),
            "not accepted: revoked\n\
             It is ap-0000002b, \"old phone\" of bob, for imap, smtp, revoked 2027-01-14 09:00:00 +01:00\n"
        );
        verified = Verified { accepted: false, reason: "unknown\x1b".into(), app_password: None };
        assert_eq!(text(&verified, &samples::clock()).as_str(), "not accepted: unknown\\u{1b}\n");
    }
}
