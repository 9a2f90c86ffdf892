//! `apppw verify`.

use super::{Session, named, reasons, state};
use crate::cli::Verify;
use crate::exit::{Failure, Status};
use crate::output::terminal::Stream;
use crate::output::time::Clock;
use crate::output::{Fit, Text, json, prose, terminal};
use apppw_admin::nearest;
use apppw_admin::verbs::{AppPassword, FindArgs, FindWhat, Found, Verified, VerifyArgs};
use apppw_admin::{SecretText, Verb};

/// apppwd's word for a service that is in no group.
const NO_SUCH_SERVICE: &str = "service-in-no-group";

pub fn run(session: &mut Session, args: Verify) -> Result<Status, Failure> {
    let Verify { user, service, rhost, misplaced } = args;
    if !misplaced.is_empty() {
        return Err(Failure::usage(
            "the secret is no argument: others could see it. It is asked for, or read from standard input",
        ));
    }
    if terminal::stdin_is_terminal() {
        // Nobody types a secret for a question that won't be answered.
        let nothing = SecretText::new(String::new());
        let (user, service, rhost) = (user.clone(), service.clone(), rhost.clone());
        let _: Verified = session.ask(Verb::Verify, &VerifyArgs { user, secret: nothing, service, rhost })?;
        // The daemon wouldn't wait for a person.
        session.hang_up();
    }
    let secret = terminal::secret("Secret (not shown): ")?;
    let left_out = (service.is_none(), rhost.is_none());
    let args = VerifyArgs { user, secret, service, rhost };
    let verified: Verified = session.ask(Verb::Verify, &args)?;
    if session.json {
        json::print(&json::verified(&verified))?;
    } else {
        let mut text = text(&verified, left_out, &Clock::system(), Fit::of(Stream::Stdout).limit());
        if let Some(service) = args.service.filter(|_| verified.reason == NO_SUCH_SERVICE) {
            let near = near_service(session, &service).map(|near| format!("; did you mean {near}?"));
            text.line(format!("No group has the service {service}{}", near.unwrap_or_default()));
        }
        text.print()?;
    }
    Ok(if verified.accepted { Status::Done } else { Status::Refused })
}

/// The known service or group that was probably meant; none, if that can't be had.
fn near_service(session: &mut Session, service: &str) -> Option<String> {
    let first: String = service.chars().take(1).collect();
    // Most slips leave the first letter; of very many services not all are told.
    [first, String::new()].into_iter().find_map(|text| {
        let args = FindArgs { what: FindWhat::Service, text, all: false, most: Some(50) };
        let Found { names, .. } = session.ask(Verb::Find, &args).ok()?;
        nearest(service, names.iter().map(String::as_str)).map(str::to_owned)
    })
}

/// `left_out`: the service, and the address, were not given. `explained`: what the reason means, on so
/// many columns; none: it isn't.
fn text(verified: &Verified, left_out: (bool, bool), clock: &Clock, explained: Option<usize>) -> Text {
    let verdict = if verified.accepted { "accepted" } else { "not accepted" };
    let mut text = Text::new();
    if verified.reason == verdict {
        text.line(verdict);
    } else {
        text.line(format!("{verdict}: {}", verified.reason));
    }
    if let (Some(_), Some(meaning)) = (explained, reasons::meaning(&verified.reason)) {
        prose::lines(meaning, "", explained).iter().for_each(|line| text.line(line));
    }
    if let Some(record) = &verified.app_password {
        let state = match state(record, |time| clock.exact(time), |time| clock.exact(time)).as_str() {
            "live" => String::new(),
            other => format!(", {other}"),
        };
        text.line(format!(
            "It is {}, {}, for {}{state}",
            record.id,
            named(record),
            record.services.join(", ")
        ));
        not_judged(&mut text, record, left_out);
    }
    text
}

/// A right secret may be refused all the same, where it has rules that nobody asked about.
fn not_judged(text: &mut Text, record: &AppPassword, (no_service, no_rhost): (bool, bool)) {
    if no_service {
        text.line("Not judged: its services (--service S)");
    }
    if no_rhost && (!record.networks.is_empty() || record.pin_network.is_some()) {
        text.line("Not judged: its networks (--rhost ADDR); without an address it is refused");
    }
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
            text(&verified, (false, false), &samples::clock(), None).as_str(),
            "accepted\n\
             It is ap-0000002a, \"Thunderbird, laptop\" of alice@example.org, for mail\n"
        );
        verified =
            Verified { accepted: false, reason: "revoked".into(), app_password: Some(samples::revoked()) };
        assert_eq!(
            text(&verified, (false, false), &samples::clock(), None).as_str(),
            "not accepted: revoked\n\
             It is ap-0000002b, \"old phone\" of bob, for imap, smtp, revoked 2027-01-14 09:00:00 +01:00\n"
        );
        verified = Verified {
            accepted: false,
            reason: "suspended".into(),
            app_password: Some(samples::suspended()),
        };
        assert!(
            text(&verified, (false, false), &samples::clock(), None)
                .as_str()
                .ends_with(", suspended 2027-01-14 09:00:00 +01:00\n")
        );
        verified = Verified { accepted: false, reason: "unknown\x1b".into(), app_password: None };
        assert_eq!(
            text(&verified, (false, false), &samples::clock(), None).as_str(),
            "not accepted: unknown\\u{1b}\n"
        );
    }
}
