//! One line per verdict.
//!
//! `refused reason=revoked user=alice@example.org service=imap rhost=192.0.2.7 id=ap-7k3m9qxe
//! name="old phone" revoked=2026-01-31T10:15:00Z`: the verdict first, then fields in a fixed order. A value with anything
//! but letters, digits and `@._+:%/-` is quoted, so that no value can pose as a field.

use crate::auth::{Answer, Owner};
use crate::clock::UnixSeconds;
use apppw_admin::text;
use apppw_proto::frame::Verdict;
use apppw_proto::secret::{has_shape, is_in, may_be_in};
use jiff::Timestamp;
use std::borrow::Cow;
use std::fmt::Write;

/// What a verdict was on.
#[derive(Debug, Clone)]
pub struct Line {
    /// The user name as typed.
    pub user: String,
    /// The PAM service.
    pub service: String,
    /// The address; empty: none.
    pub rhost: String,
    /// Whether the address is more than an unprivileged peer's claim.
    pub rhost_is_proven: bool,
    /// The peer.
    pub uid: u32,
    /// What was answered.
    pub answer: Answer,
}

impl Line {
    /// Writes it to the log.
    pub(super) fn write(&self) {
        let message = self.to_string();
        let reason = self.answer.reason.as_str();
        let verdict = verdict_word(self.answer.verdict);
        let shown = text::visible(user(&self.user));
        let (service, rhost) = (text::visible(&self.service), text::visible(&self.rhost));
        let proven = self.rhost_is_proven.then_some(rhost.as_ref());
        let claimed = (!self.rhost_is_proven).then_some(rhost.as_ref());
        let owner = self.answer.app_password.as_ref();
        let account = self.answer.account.as_deref().unwrap_or(&self.user);
        let account = text::visible(user(account));
        let id = owner.map(|owner| owner.id.to_string());
        let name = owner.map(|owner| owner.name.as_str());
        // tracing fixes the level where the event is written.
        macro_rules! write_at {
            ($level:ident) => {
                tracing::$level!(
                    verdict,
                    reason,
                    user = shown.as_ref(),
                    account = account.as_ref(),
                    service = service.as_ref(),
                    rhost = proven,
                    claimed_rhost = claimed,
                    id,
                    name,
                    "{message}"
                )
            };
        }
        if self.answer.verdict == Verdict::Unavailable { write_at!(warn) } else { write_at!(info) }
    }
}

/// What is shown of a name that has a secret in it.
const HIDDEN: &str = "(looks like an app password)";

/// A user name as the log may have it: people type a secret into the user field.
#[must_use]
pub fn user(name: &str) -> &str {
    // However the characters are grouped, and mail programs put a domain behind what was typed.
    let local = name.rsplit_once('@').map_or(name, |(local, _)| local);
    if has_shape(name.as_bytes()) || has_shape(local.as_bytes()) || is_in(name) { HIDDEN } else { name }
}

/// The same of a name that nobody has: it is shown only if it doesn't even look like a secret typed wrong.
#[must_use]
pub fn unknown_user(name: &str) -> &str {
    // Not of the domain, which is the host's own.
    let local = name.rsplit_once('@').map_or(name, |(local, _)| local);
    if may_be_in(local) { HIDDEN } else { user(name) }
}

/// A sentence as the record may have it: what was quoted in it may be a secret.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    let is_outside = |c: char| !(c.is_alphanumeric() || "-@._".contains(c));
    let mut shown = Cow::Borrowed(text);
    for word in text.split(is_outside) {
        let masked = unknown_user(word);
        if masked != word {
            shown = Cow::Owned(shown.replace(word, masked));
        }
    }
    // In fours, perhaps.
    if is_in(&shown) { Cow::Borrowed(HIDDEN) } else { shown }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} reason={}", verdict_word(self.answer.verdict), self.answer.reason.as_str())?;
        field(f, "user", user(&self.user))?;
        if let Some(account) = &self.answer.account {
            field(f, "account", user(account))?;
        }
        field(f, "service", &self.service)?;
        if !self.rhost.is_empty() {
            field(f, if self.rhost_is_proven { "rhost" } else { "claimed_rhost" }, &self.rhost)?;
        }
        if self.uid != 0 {
            write!(f, " peer_uid={}", self.uid)?;
        }
        if let Some(Owner { id, name, revoked, .. }) = &self.answer.app_password {
            write!(f, " id={id}")?;
            field(f, "name", name)?;
            if let Some(revoked) = revoked {
                write!(f, " revoked={}", date(*revoked))?;
            }
        }
        Ok(())
    }
}

fn date(at: UnixSeconds) -> String {
    Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// The word for a verdict, in the log and elsewhere.
#[must_use]
pub const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted => "accepted",
        Verdict::Refused => "refused",
        Verdict::NotMine => "not-mine",
        Verdict::Unavailable => "unavailable",
        Verdict::OtherVersion => "other-version",
    }
}

fn field(f: &mut impl Write, key: &str, value: &str) -> std::fmt::Result {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._+:%/-".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return write!(f, " {key}={value}");
    }
    write!(f, " {key}=\"")?;
    for c in value.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if text::is_deceptive(c) => write!(f, "{}", c.escape_unicode())?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Reason;
    use apppw_admin::AppPasswordId;

    fn line(user: &str, rhost: &str, rhost_is_proven: bool, name: Option<&str>, reason: Reason) -> String {
        let revoked = (reason == Reason::Revoked).then_some(1_763_768_400);
        let id = AppPasswordId::from_bits(5);
        let app_password = name.map(|name| Owner { id, name: name.to_owned(), revoked, dead: None });
        let answer = Answer { app_password, ..Answer::new(reason) };
        let (user, rhost) = (user.to_owned(), rhost.to_owned());
        Line { user, service: "imap".into(), rhost, rhost_is_proven, uid: 0, answer }.to_string()
    }

    #[test]
    fn a_line_says_who_where_which_and_why() {
        assert_eq!(
            line("alice@example.org", "192.0.2.7", true, Some("old phone"), Reason::Revoked),
            "refused reason=revoked user=alice@example.org service=imap rhost=192.0.2.7 id=ap-00000005 \
             name=\"old phone\" revoked=2025-11-21T23:40:00Z"
        );
        assert_eq!(
            line("bob", "", true, None, Reason::UnknownSecret),
            "refused reason=unknown-secret user=bob service=imap"
        );
    }

    #[test]
    fn the_account_is_named_where_another_name_was_typed() {
        let answer =
            Answer { account: Some("alice@example.org".into()), ..Answer::new(Reason::UnknownSecret) };
        let (user, service) = ("ALICE".to_owned(), "imap".to_owned());
        let line = Line { user, service, rhost: String::new(), rhost_is_proven: true, uid: 0, answer };
        let expected = "refused reason=unknown-secret user=ALICE account=alice@example.org service=imap";
        assert_eq!(line.to_string(), expected);
    }

    #[test]
    fn no_value_poses_as_a_field_or_breaks_the_line() {
        let hostile = line("x\" rhost=203.0.113.9\n\u{1b}[2J\u{202e}", "", true, None, Reason::UnknownSecret);
        assert_eq!(
            hostile,
            "refused reason=unknown-secret user=\"x\\\" rhost=203.0.113.9\\u{a}\\u{1b}[2J\\u{202e}\" service=imap"
        );
    }

    #[test]
    fn a_claimed_address_is_not_called_rhost() {
        let line = line("bob", "203.0.113.9", false, None, Reason::UnknownSecret);
        assert!(line.contains(" claimed_rhost=203.0.113.9"), "{line}");
        assert!(!line.contains(" rhost="), "{line}");
    }

    #[test]
    fn a_secret_in_a_sentence_is_masked() {
        let secret = apppw_proto::secret::Secret::from_values(&[7; 15]).unwrap().display();
        for quoted in [
            secret.clone(),
            format!("{secret:?}"),
            format!("{secret}@example.org"),
            format!("({secret})"),
            secret.replace('-', " "),
        ] {
            let shown = masked(&format!("the account {quoted}, of {quoted}: is locked")).into_owned();
            assert!(!shown.contains("7777") && shown.contains("looks like an app password"), "{shown}");
        }
        assert_eq!(masked("the account bob-7777 is locked"), "the account bob-7777 is locked");
        let mistyped = "no account 7a7a-7a7a-7a7a-7a7ax: nothing is locked";
        assert_eq!(masked(mistyped), "no account (looks like an app password): nothing is locked");
    }

    #[test]
    fn a_name_that_nobody_has_is_hidden_where_it_looks_like_a_secret_and_never_for_its_domain() {
        for name in ["alice@example.org", "info@computer4business.de", "x@0a1b2c3d4e5f6a7b.example"] {
            assert_eq!(unknown_user(name), name);
        }
        for name in ["7a7a-7a7a-7a7a-7a7ax", "alice7a7a-7a7a-7a7a-7a7b@example.org", "7a7a7a7a7a7a7a7"] {
            assert_eq!((unknown_user(name), user(name)), (HIDDEN, name));
        }
    }

    #[test]
    fn a_secret_typed_as_user_name_is_masked() {
        let secret = apppw_proto::secret::Secret::from_values(&[7; 15]).unwrap();
        let shown = line(&secret.display(), "", true, None, Reason::UnknownSecret);
        assert!(!shown.contains("7777"), "{shown}");
        assert!(shown.contains("looks like an app password"), "{shown}");
        for around in ["{}@example.org", "{}@a@example.org", "alice {}", "alice@example.org/{}", "DOMAIN\\{}"]
        {
            let typed = around.replace("{}", &secret.display());
            let shown = line(&typed, "", true, None, Reason::UnknownSecret);
            assert!(!shown.contains("7777"), "{shown}");
        }
    }
}
