//! `apppw create`.

mod frame;

use super::wait::{self, Waiting};
use super::{Session, mistaken};
use crate::cli::values::Until;
use crate::cli::{Create, HandOver, Pin};
use crate::exit::{Failure, Status};
use crate::output::qr::{self, Style};
use crate::output::terminal::Stream;
use crate::output::time::Clock;
use crate::output::{self, Fit, json};
use apppw_admin::Verb;
use apppw_admin::span::Span;
use apppw_admin::verbs::{CreateArgs, Created, Expiry, PinKind};
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
    let way = Way::of(args.hand_over)?;
    let args = CreateArgs {
        user,
        name,
        services: args.services,
        networks: args.networks,
        expires,
        pin: pin.collect(),
        preset: args.preset,
    };
    let for_another = mistaken::for_another(session, args.user.as_deref());
    let created: Created = session.change(Verb::Create, &args)?;
    let waiting = way.begin_to_wait(session, &created);
    hand_over(session, &created, &json::created(&created), &clock, way)?;
    if let Some(warning) = warning(&created).filter(|_| !session.json) {
        output::warn(&warning);
    }
    if let Some(slip) = for_another {
        output::warn(&format!("{slip} To take this one away: apppw revoke {}", created.app_password.id));
    }
    // Not kept while a person types it.
    drop(created);
    way.wait(session, waiting)
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

/// How a secret is handed over, settled before there is one.
#[derive(Debug, Clone, Copy)]
pub struct Way {
    qr: Option<Style>,
    wait: Option<Span>,
}

impl Way {
    /// As it was asked for, if the terminal can.
    pub fn of(args: HandOver) -> Result<Self, Failure> {
        Ok(Self { qr: args.qr.then(Style::of_terminal).transpose()?, wait: args.wait })
    }

    /// Begins before the secret is shown: nobody can have logged in with it before.
    pub fn begin_to_wait(self, session: &mut Session, created: &Created) -> Option<Result<Waiting, Failure>> {
        self.wait.map(|_| Waiting::begin(session, created.app_password.clone()))
    }

    /// Waits, if that was asked for.
    pub fn wait(
        self,
        session: &mut Session,
        begun: Option<Result<Waiting, Failure>>,
    ) -> Result<Status, Failure> {
        match (self.wait, begun) {
            (Some(span), Some(begun)) => begun.map_err(wait::refused)?.run(session, span),
            _ => Ok(Status::Done),
        }
    }
}

/// Writes the secret: framed on a terminal, as `document` with `--json`, else alone.
pub fn hand_over(
    session: &Session,
    created: &Created,
    document: &impl Serialize,
    clock: &Clock,
    way: Way,
) -> Result<(), Failure> {
    // It may go to a terminal by way of a pipe.
    let secret = created.secret.expose();
    if secret.is_empty() || !secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Failure::nonsense("it has a secret that is none", &session.socket));
    }
    let result = if session.json {
        json::document(document)?
    } else if let Some(columns) = Fit::of(Stream::Stdout).limit() {
        shown(created, clock, columns, way.qr)
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
fn shown(created: &Created, clock: &Clock, columns: usize, qr: Option<Style>) -> Zeroizing<Vec<u8>> {
    let (above, below) = (frame::above(created, clock, columns), frame::below(created, columns));
    // The secret stands above it, whatever becomes of the code.
    let code = qr.map(|style| qr::code(created.secret.expose(), style));
    let code = code.and_then(|code| code.inspect_err(|failure| output::warn(&failure.message)).ok());
    let code = code.as_ref().map_or(&[][..], |code| code.as_slice());
    let parts: [&[u8]; 4] = [
        above.as_str().as_bytes(),
        code,
        if code.is_empty() { b"" } else { b"\n" },
        below.as_str().as_bytes(),
    ];
    Zeroizing::new(parts.concat())
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
