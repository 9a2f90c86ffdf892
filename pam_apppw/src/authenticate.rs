//! `pam_sm_authenticate`: from a password to one of the codes.

use crate::args::Args;
use crate::failure::OnSocket;
use crate::host::{Host, Mark, Priority};
use crate::outcome::Outcome;
use crate::text::{Escaped, Unframable, User, framable, framable_and_there};
use apppw_proto::frame::{Kind, Reply, Request, Verdict};
use apppw_proto::secret::{Judged, MAX_LEN, classify_into};
use apppw_proto::services::is_never_opened;
use std::ffi::CStr;
use zeroize::Zeroizing;

/// What `pam_get_authtok` says where the module's line forbids a prompt (`use_first_pass`) and
/// no module before has asked.
const PAM_AUTH_ERR: i32 = 7;

/// Decides about one login.
pub fn authenticate<'a>(host: &mut impl Host, argv: impl IntoIterator<Item = &'a CStr>) -> Outcome {
    // What an earlier authentication on this handle left must not outlive the next one.
    if host.set_mark(None).is_err() {
        return Outcome::Unavailable;
    }
    // Before the arguments: a misplaced line with a slip in it must not lock an administrator out.
    if is_out_of_bounds(host) {
        return Outcome::UserUnknown;
    }
    let args = match Args::parse(argv) {
        Ok(args) => args,
        Err(unusable) => {
            host.log(Priority::Error, format_args!("{unusable}"));
            return Outcome::ServiceErr;
        }
    };
    let outcome = judge(host, &args);
    warn_of_unknown(host, &args);
    // The last thing that is done: no mark is left by an authentication that ends otherwise.
    keep(host, outcome);
    outcome
}

/// Leaves a mark for the account phase.
fn keep(host: &mut impl Host, outcome: Outcome) {
    point!();
    let mark = match outcome {
        Outcome::Success => Mark::Accepted,
        Outcome::UserUnknown => Mark::NotMine,
        Outcome::AuthErr | Outcome::Unavailable | Outcome::ServiceErr => return,
    };
    // Without the mark the account phase says no: that is the safe side.
    if host.set_mark(Some(mark)).is_err() {
        host.log(Priority::Error, format_args!("libpam can't keep the result for the account phase"));
    }
}

/// Whether this is one of the services that app passwords never open.
pub fn is_out_of_bounds(host: &impl Host) -> bool {
    host.service().and_then(|service| service.to_str().ok()).is_some_and(is_never_opened)
}

/// Says that an argument is not known, now that the verdict is in hand.
pub fn warn_of_unknown(host: &impl Host, args: &Args<'_>) {
    if let Some(argument) = args.unknown {
        host.log(Priority::Warning, format_args!("unknown argument {} ignored", Escaped(argument)));
    }
}

/// Who wants in, where, from where: as text that fits into a frame.
pub struct Login<'a> {
    /// `PAM_USER`.
    pub user: &'a str,
    /// `PAM_SERVICE`.
    pub service: &'a str,
    /// `PAM_RHOST`, or empty: Cyrus saslauthd gives none.
    pub rhost: &'a str,
}

impl<'a> Login<'a> {
    /// Reads the items.
    ///
    /// # Errors
    /// The first one that can't be framed.
    pub fn of(host: &'a impl Host) -> Result<Self, Unframable> {
        Ok(Self {
            user: framable_and_there("user", host.user())?,
            service: framable_and_there("service", host.service())?,
            rhost: framable("rhost", host.rhost().unwrap_or_default())?,
        })
    }
}

fn judge(host: &mut impl Host, args: &Args<'_>) -> Outcome {
    point!();
    // Before the prompt, so that a login that can't be asked about asks for no password.
    if let Err(unframable) = Login::of(host) {
        return refuse_unframable(host, unframable);
    }
    if let Err(code) = host.ask_for_password() {
        return no_password(host, code);
    }
    judge_password(host, args)
}

fn judge_password(host: &impl Host, args: &Args<'_>) -> Outcome {
    point!();
    let password = match host.password() {
        None | Some([]) => return Outcome::AuthErr,
        Some(password) => password,
    };
    // Once more: the prompt ran code of the application.
    let login = match Login::of(host) {
        Ok(login) => login,
        Err(unframable) => return refuse_unframable(host, unframable),
    };
    let mut room = Zeroizing::new([0; MAX_LEN]);
    match classify_into(password, &mut room) {
        Judged::Secret(len) => {
            ask(host, args, &login, Kind::Login, false, room.get(..len).unwrap_or_default())
        }
        // What is no app password may be the primary one, so it stays in this process.
        Judged::WrongCheck => ask(host, args, &login, Kind::MayUsePrimary, true, &[]),
        Judged::Other => ask(host, args, &login, Kind::MayUsePrimary, false, &[]),
    }
}

fn ask(
    host: &impl Host,
    args: &Args<'_>,
    login: &Login<'_>,
    kind: Kind,
    wrong_check: bool,
    secret: &[u8],
) -> Outcome {
    let Login { user, service, rhost } = *login;
    let request = Request { kind, wrong_check, deadline_ms: 0, user, service, rhost, secret };
    let reply = match host.exchange(args, &request) {
        Ok(reply) => reply,
        Err(failure) => {
            let line = OnSocket { socket: args.socket, failure: &failure };
            host.log(Priority::Error, format_args!("login of {} not judged: {line}", User(user)));
            return Outcome::Unavailable;
        }
    };
    let outcome = meaning(kind, reply.verdict);
    point!();
    if outcome == Outcome::Unavailable {
        let excuse = excuse(reply);
        host.log(
            Priority::Error,
            format_args!("login of {} not judged by apppwd: {excuse} (see its log)", User(user)),
        );
    }
    if args.debug {
        let asked = match (kind, wrong_check) {
            (Kind::Login, _) => "app password",
            (_, true) => "no app password (wrong check character)",
            (_, false) => "no app password",
        };
        let (user, rhost) = (User(user), Escaped(rhost.as_bytes()));
        host.log(
            Priority::Debug,
            format_args!("user={user} rhost={rhost} input={asked} outcome={outcome:?}"),
        );
    }
    outcome
}

/// What a verdict on a question means. No arm catches the rest: a new verdict must be thought
/// about here.
const fn meaning(kind: Kind, verdict: Verdict) -> Outcome {
    match (kind, verdict) {
        (Kind::Login, Verdict::Accepted) => Outcome::Success,
        (Kind::Login | Kind::MayUsePrimary, Verdict::Refused) => Outcome::AuthErr,
        (Kind::Login | Kind::MayUsePrimary, Verdict::NotMine) => Outcome::UserUnknown,
        // Nothing was shown that could be accepted, so "accepted" is nonsense.
        (Kind::MayUsePrimary, Verdict::Accepted)
        | (Kind::Login | Kind::MayUsePrimary, Verdict::Unavailable | Verdict::OtherVersion)
        | (
            Kind::PrimaryWasUsed,
            Verdict::Accepted
            | Verdict::Refused
            | Verdict::NotMine
            | Verdict::Unavailable
            | Verdict::OtherVersion,
        ) => Outcome::Unavailable,
    }
}

fn excuse(reply: Reply) -> &'static str {
    match reply.verdict {
        Verdict::Unavailable => reply.detail.as_str(),
        _ => "accepted a login without a secret: ignored",
    }
}

fn refuse_unframable(host: &impl Host, unframable: Unframable) -> Outcome {
    host.log(Priority::Notice, format_args!("{unframable}"));
    Outcome::AuthErr
}

/// No password could be had. `use_first_pass` without a first password is a refusal; all else
/// is a fault of the conversation, about which the login's owner can do nothing.
fn no_password(host: &impl Host, code: i32) -> Outcome {
    if code == PAM_AUTH_ERR {
        return Outcome::AuthErr;
    }
    host.log(Priority::Error, format_args!("the application yields no password (PAM code {code})"));
    Outcome::Unavailable
}

#[cfg(test)]
mod tests;
