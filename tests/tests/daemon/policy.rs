//! The whole decision over the socket: kinds × global policies × accounts × services.

use super::Case;
use apppw_admin::Verb;
use apppw_admin::verbs::{Account, UserArgs};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{Ask, canonical};

/// A valid secret that nobody has.
const STRANGE: &str = "0000000000000000";

const ACCOUNTS: [Who; 4] = [Who::Unknown, Who::Unenrolled, Who::Live, Who::AllRevoked];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Never heard of.
    Unknown,
    /// An administrator has cleared its mark.
    Unenrolled,
    /// Has an app password.
    Live,
    /// Had one.
    AllRevoked,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    /// Kind 1, the account's own secret, live or revoked.
    Own,
    /// Kind 1, a secret that nobody has.
    Strange,
    /// Kind 2.
    MayUsePrimary,
    /// Kind 2, flag for a wrong check character.
    Mistyped,
    /// Kind 3.
    PrimaryWasUsed,
}

impl Who {
    fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown@example.org",
            Self::Unenrolled => "unenrolled@example.org",
            Self::Live => "live@example.org",
            Self::AllRevoked => "revoked@example.org",
        }
    }

    fn is_enrolled(self) -> bool {
        matches!(self, Self::Live | Self::AllRevoked)
    }
}

pub fn cases() -> Vec<Case> {
    ["refuse", "refuse-enrolled", "allow"]
        .into_iter()
        .map(|policy| Case::new(format!("decisions_under_{policy}"), move || table(policy)))
        .collect()
}

/// The contract (DESIGN.md §3, §5, §6) in its own words.
fn expected(policy: &str, who: Who, what: What, service: &str) -> (Verdict, &'static str) {
    let allowed = policy == "allow" || (policy == "refuse-enrolled" && !who.is_enrolled());
    let live = who == Who::Live;
    match (what, service) {
        (What::PrimaryWasUsed, _) => (Verdict::NotMine, "primary-used"),
        (_, "sshd" | "gdm-password") => (Verdict::NotMine, "never-service"),
        (_, "gopher") => (Verdict::Refused, "service-in-no-group"),
        (What::Own, "xmpp") if live => (Verdict::Refused, "wrong-service"),
        (What::Own, _) if live => (Verdict::Accepted, "accepted"),
        (What::Own, _) if who == Who::AllRevoked => (Verdict::Refused, "revoked"),
        (What::Own | What::Strange, _) if allowed && !who.is_enrolled() => {
            (Verdict::NotMine, "never-enrolled")
        }
        (What::Own | What::Strange, _) => (Verdict::Refused, "unknown-secret"),
        (What::MayUsePrimary | What::Mistyped, _) if allowed => (Verdict::NotMine, "primary-allowed"),
        (What::Mistyped, _) => (Verdict::Refused, "mistyped"),
        (What::MayUsePrimary, _) if policy == "refuse-enrolled" => {
            (Verdict::Refused, "primary-refused-enrolled")
        }
        (What::MayUsePrimary, _) => (Verdict::Refused, "primary-refused"),
    }
}

fn table(policy: &str) {
    let daemon = Site::new(&format!("{CHEAP_ARGON2}[policy]\nprimary = \"{policy}\"\n")).start();
    let secrets = ACCOUNTS.map(|who| prepare(&daemon, who));
    let mut rows = 0;
    for (who, secret) in ACCOUNTS.into_iter().zip(&secrets) {
        for what in [What::Own, What::Strange, What::MayUsePrimary, What::Mistyped, What::PrimaryWasUsed] {
            for service in ["imap", "xmpp", "gopher", "sshd", "gdm-password"] {
                let (verdict, reason) = expected(policy, who, what, service);
                let (kind, flags, secret) = match what {
                    What::Own => (1, 0, secret.as_str()),
                    What::Strange => (1, 0, STRANGE),
                    What::MayUsePrimary => (2, 0, ""),
                    What::Mistyped => (2, 1, ""),
                    What::PrimaryWasUsed => (3, 0, ""),
                };
                let rhost = format!("198.51.100.{rows}");
                let ask = Ask {
                    kind,
                    flags,
                    user: who.name().as_bytes(),
                    service: service.as_bytes(),
                    rhost: rhost.as_bytes(),
                    secret: secret.as_bytes(),
                    ..Ask::default()
                };
                let reply = ask.send(&daemon.auth_socket());
                assert_eq!(reply.verdict, verdict, "{policy}, {who:?}, {what:?}, {service}");
                assert_eq!(reply.detail.0, 0, "a verdict tells no reason");
                daemon.wait_for_line(&[&format!("reason={reason} "), &format!("rhost={rhost}")]);
                rows += 1;
            }
        }
    }
    println!("{rows} rows under {policy}");
}

/// Brings the account about; its secret, or one that nobody has.
fn prepare(daemon: &Apppwd, who: Who) -> String {
    match who {
        Who::Unknown => STRANGE.to_owned(),
        Who::Unenrolled => {
            for verb in [Verb::UserEnroll, Verb::UserUnenroll] {
                let args = UserArgs { user: Some(who.name().into()) };
                let _: Account = daemon.call(verb, &args).expect("an administrator may");
            }
            STRANGE.to_owned()
        }
        Who::Live | Who::AllRevoked => {
            let created = daemon.create(who.name(), "phone", &[]);
            if who == Who::AllRevoked {
                daemon.revoke(created.app_password.id);
            }
            canonical(created.secret.expose())
        }
    }
}
