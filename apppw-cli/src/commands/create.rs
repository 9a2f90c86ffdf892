//! `apppw create`.

use super::{Session, pin};
use crate::cli::values::Until;
use crate::cli::{Create, Pin};
use crate::exit::{Failure, Status};
use crate::output::time::Clock;
use crate::output::{self, Text, json, terminal};
use apppw_admin::Verb;
use apppw_admin::verbs::{AppPassword, CreateArgs, Created, Expiry, PinKind, PinState};
use serde::Serialize;
use zeroize::Zeroizing;

pub fn run(session: &mut Session, args: Create) -> Result<Status, Failure> {
    let clock = Clock::system();
    let (user, name) = args.user_and_name()?;
    let expires = args.expires.map(|until| expiry(until, &clock)).transpose()?;
    let pin = args.pin.into_iter().map(|pin| match pin {
        Pin::Service => PinKind::Service,
        Pin::Network => PinKind::Network,
    });
    let args = CreateArgs {
        user,
        name,
        services: args.services,
        networks: args.networks,
        expires,
        pin: pin.collect(),
        preset: args.preset,
    };
    let created: Created = session.change(Verb::Create, &args)?;
    hand_over(session, &created, &json::created(&created), &clock)?;
    if let Some(warning) = warning(&created).filter(|_| !session.json) {
        output::warn(&warning);
    }
    Ok(Status::Done)
}

fn expiry(until: Until, clock: &Clock) -> Result<Expiry, Failure> {
    Ok(match until {
        Until::Never => Expiry::Never,
        Until::After(span) => Expiry::After(span),
        Until::EndOf(day) => Expiry::At(clock.end_of(day).ok_or_else(|| {
            Failure::invalid(
                "expires",
                format!("{day} is beyond what the calendar holds: give an earlier day, or never"),
            )
        })?),
    })
}

/// Writes the secret: framed on a terminal, as `document` with `--json`, else alone.
pub fn hand_over(
    session: &Session,
    created: &Created,
    document: &impl Serialize,
    clock: &Clock,
) -> Result<(), Failure> {
    let result = if session.json {
        json::document(document)?
    } else if terminal::stdout_is_terminal() {
        Zeroizing::new(framed(created, clock).as_str().as_bytes().to_vec())
    } else {
        Zeroizing::new([created.secret.expose().as_bytes(), b"\n"].concat())
    };
    // Whoever doesn't read a list has no need of it. Whoever doesn't read the secret has lost
    // it: here a closed pipe is a failure too.
    output::write_stdout(&result).map_err(|e| {
        let id = created.app_password.id;
        Failure::io(format!(
            "{id} was created, but its secret can't be written ({e}) and isn't shown again; \
             take it away: apppw revoke {id}, then create another"
        ))
    })
}

/// What a person at a terminal sees.
fn framed(created: &Created, clock: &Clock) -> Text {
    let record = &created.app_password;
    let secret = created.secret.expose();
    let edge = format!("  +{}+", "-".repeat(secret.chars().count() + 4));
    let mut text = Text::new();
    text.line(format!(
        "{}: \"{}\" of {}, for {}",
        record.id,
        record.name,
        record.user,
        record.services.join(", ")
    ));
    limits(&mut text, record, clock);
    text.line("");
    text.line(&edge);
    text.line_of(&["  |  ", secret, "  |"]);
    text.line(&edge);
    text.line("");
    text.line(format!("Type it into the mail program (as user {}) in place of the password;", record.user));
    text.line("spaces, hyphens and upper case don't matter. It isn't shown again.");
    text.line(format!("To take it away: apppw revoke {}", record.id));
    text
}

/// Where and until when it is good, as far as that has limits.
fn limits(text: &mut Text, record: &AppPassword, clock: &Clock) {
    if !record.networks.is_empty() {
        text.line(format!("Good from {} only", record.networks.join(", ")));
    }
    if let Some(time) = record.expires {
        text.line(format!("Expires {}", clock.exact(time)));
    }
    for (what, state) in [("service", &record.pin_service), ("network", &record.pin_network)] {
        match state {
            Some(PinState::Pending) => text.line(format!("Its first use locks it to the {what} of that use")),
            Some(to) => text.line(format!("Locked to the {what} {}", pin(to))),
            None => {}
        }
    }
}

/// What a person must know whose primary password has just lost something.
fn warning(created: &Created) -> Option<String> {
    let ends = !created.primary_ends.is_empty();
    ends.then(|| {
        format!(
            "{user} is enrolled now: the primary password no longer opens {groups}. Every program that still uses \
             it there needs an app password of its own. Revoking this one doesn't bring it back; an \
             administrator does: apppw user {user} unenroll",
            user = created.app_password.user,
            groups = created.primary_ends.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;
    use apppw_admin::span::Span;
    use jiff::civil::{Date, date};

    #[test]
    fn the_secret_is_framed() {
        let expected = r#"ap-0000002a: "Thunderbird, laptop" of alice@example.org, for mail

  +-----------------------+
  |  abcd-efgh-jkmn-pqrs  |
  +-----------------------+

Type it into the mail program (as user alice@example.org) in place of the password;
spaces, hyphens and upper case don't matter. It isn't shown again.
To take it away: apppw revoke ap-0000002a
"#;
        assert_eq!(framed(&samples::created(), &samples::clock()).as_str(), expected);
    }

    #[test]
    fn limits_are_told_above_the_frame() {
        let created = Created { app_password: samples::scoped(), ..samples::created() };
        let expected = r#"ap-0000002c: "scanner" of alice@example.org, for smtp
Good from 192.0.2.0/24, 2001:db8::/32 only
Expires 2027-04-15 09:00:00 +01:00
Locked to the service smtp
Its first use locks it to the network of that use

  +--"#;
        let text = framed(&created, &samples::clock());
        assert!(text.as_str().starts_with(expected), "{}", text.as_str());
    }

    #[test]
    fn a_last_day_ends_at_the_next_midnight_where_the_person_is() {
        let expiry = |until| expiry(until, &samples::clock());
        let midnight = samples::NOW - 9 * 3600;
        assert_eq!(expiry(Until::EndOf(date(2027, 1, 14))), Ok(Expiry::At(midnight)));
        assert_eq!(expiry(Until::After(Span::days(90))), Ok(Expiry::After(Span::days(90))));
        assert_eq!(expiry(Until::Never), Ok(Expiry::Never));
        let failure = expiry(Until::EndOf(Date::MAX)).unwrap_err();
        assert_eq!((failure.status, failure.field.as_deref()), (Status::Usage, Some("expires")));
    }

    #[test]
    fn what_the_primary_password_loses_is_warned_of_with_the_way_back() {
        let warning = |ends: &[&str]| {
            let primary_ends = ends.iter().map(|group| (*group).to_owned()).collect();
            warning(&Created { primary_ends, ..samples::created() })
        };
        let said = warning(&["mail", "dav"]).unwrap();
        for part in [
            "alice@example.org is enrolled now: the primary password no longer opens mail, dav. Every program",
            "needs an app password of its own",
            "Revoking this one doesn't bring it back",
            "apppw user alice@example.org unenroll",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(warning(&[]), None, "whatever the account's general policy is");
    }
}
