//! A real login through libpam, with an app password that is made for it and taken away again.
//!
//! What is made ends by itself after ten minutes, for whoever kills this command; the next run deletes the account.

use super::child::{self, LoggedIn, Task};
use super::line::Line;
use super::module::NAME;
use crate::commands::Session;
use crate::exit::Failure;
use apppw_admin::verbs::{
    Account, CreateArgs, Created, Expiry, FindArgs, FindWhat, Found, RevokeArgs, Revoked, UserArgs,
};
use apppw_admin::{SecretText, Verb};
use apppw_proto::secret::{ALPHABET, has_shape};
use apppw_proto::services::is_never_opened;
use std::path::{Path, PathBuf};

/// Names of accounts begin so; behind it process id and time. Nobody else's can: `.invalid` is no domain (RFC 2606). With
/// a letter that no secret has: hyphens and digits alone would look like one now and then, and be refused as a name.
const NAME_BEGINS: &str = "doctor-run-";
const NAME_ENDS: &str = "@apppw.invalid";

/// How long the app password lives, in seconds.
const LIFE: i64 = 600;

/// Where a login is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub service: String,
    /// With a stack of our own, in a directory in place of `/etc/pam.d`.
    pub own_stack: bool,
}

/// The three logins at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    pub place: Place,
    /// With the right secret.
    pub right: Result<LoggedIn, String>,
    /// With another one, of the right shape.
    pub wrong: Result<LoggedIn, String>,
    /// With the right one, once it was revoked.
    pub revoked: Result<LoggedIn, String>,
}

/// Makes an account, tries all places, and deletes it.
pub fn run(session: &mut Session, places: &[Place], socket_args: &str, now: i64) -> Vec<Line> {
    let mut lines = clean_up(session, now);
    match tried(session, places, socket_args, now) {
        Ok(tried) => lines.extend(judge(&tried)),
        Err(failure) => lines.push(Line::fault(
            "login",
            format!("the login could not be tried: {}", failure.message),
            "journalctl -u apppwd says more; apppw doctor --no-login leaves it out",
        )),
    }
    lines
}

fn tried(
    session: &mut Session,
    places: &[Place],
    socket_args: &str,
    now: i64,
) -> Result<Vec<Tried>, Failure> {
    let user = name_of(std::process::id(), now);
    let confdir = OwnStacks::make(places, socket_args, now)
        .map_err(|e| Failure::io(format!("no folder for a PAM stack can be made: {e}")))?;
    let services: Vec<String> = places.iter().map(|place| place.service.clone()).collect();
    let done = try_all(session, &user, places, services, confdir.path());
    // Whatever came of it.
    let deleted = session.change::<_, Account>(Verb::UserDelete, &UserArgs { user: Some(user) });
    let done = done?;
    deleted?;
    Ok(done)
}

fn name_of(pid: u32, now: i64) -> String {
    format!("{NAME_BEGINS}{pid}-{now}{NAME_ENDS}")
}

fn try_all(
    session: &mut Session,
    user: &str,
    places: &[Place],
    services: Vec<String>,
    confdir: &Path,
) -> Result<Vec<Tried>, Failure> {
    let create = CreateArgs {
        user: Some(user.to_owned()),
        name: "apppw doctor".to_owned(),
        services,
        expires: Some(Expiry::At(crate::output::time::Clock::system().now.saturating_add(LIFE))),
        ..CreateArgs::default()
    };
    let created: Created = session.change(Verb::Create, &create)?;
    let wrong = another(created.secret.expose());
    let log_in = |place: &Place, password: &SecretText| {
        child::ask::<LoggedIn>(&Task::Login {
            service: place.service.clone(),
            user: user.to_owned(),
            password: password.clone(),
            confdir: place.own_stack.then(|| confdir.to_owned()),
        })
    };
    let before: Vec<_> =
        places.iter().map(|place| (log_in(place, &wrong), log_in(place, &created.secret))).collect();
    let ids = vec![created.app_password.id];
    let _: Revoked = session.change(Verb::Revoke, &RevokeArgs { ids, ..RevokeArgs::default() })?;
    let tried = places.iter().zip(before).map(|(place, (wrong, right))| Tried {
        place: place.clone(),
        right,
        wrong,
        revoked: log_in(place, &created.secret),
    });
    Ok(tried.collect())
}

/// A secret of the same shape that is another one: with its first character changed and the last one drawn anew until it
/// fits.
fn another(secret: &str) -> SecretText {
    let plain: String = secret.chars().filter(|c| *c != '-').collect();
    let first = if plain.starts_with('0') { '1' } else { '0' };
    let body: String = plain.chars().skip(1).take(plain.chars().count().saturating_sub(2)).collect();
    let fits = ALPHABET.iter().map(|check| format!("{first}{body}{}", char::from(*check)));
    let fits = fits.into_iter().find(|guess| has_shape(guess.as_bytes()));
    SecretText::new(fits.unwrap_or(plain))
}

/// Deletes what a run has left behind that was killed.
fn clean_up(session: &mut Session, now: i64) -> Vec<Line> {
    let find = FindArgs { what: FindWhat::User, text: NAME_BEGINS.to_owned(), all: false, most: Some(50) };
    let Ok(found) = session.ask::<_, Found>(Verb::Find, &find) else { return Vec::new() };
    for user in found.names.into_iter().filter(|name| is_left(name, now)) {
        // Another run may have done it by now.
        let _ = session.change::<_, Account>(Verb::UserDelete, &UserArgs { user: Some(user) });
    }
    Vec::new()
}

/// Whether an account is one of ours, and so old that no run can be using it.
fn is_left(name: &str, now: i64) -> bool {
    let made = name.strip_prefix(NAME_BEGINS).and_then(|rest| rest.strip_suffix(NAME_ENDS));
    let made = made.and_then(|rest| rest.split_once('-')).filter(|(pid, _)| pid.parse::<u32>().is_ok());
    made.and_then(|(_, time)| time.parse::<i64>().ok())
        .is_some_and(|time| (now.saturating_sub(time)).abs() > LIFE)
}

/// Whether a service may be the name of a file in [`OwnStacks`]: whoever has taken the daemon over must not have root write
/// anywhere else.
pub fn is_plain(service: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !service.is_empty() && service != "other" && service.bytes().all(plain) && !is_never_opened(service)
}

/// A directory in place of `/etc/pam.d`, gone when dropped.
struct OwnStacks(PathBuf);

impl OwnStacks {
    fn make(places: &[Place], socket_args: &str, now: i64) -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let name = format!("apppw-doctor-{}-{now}", std::process::id());
        // Not where TMPDIR says: who runs this under sudo must not choose which modules root loads.
        let parent = ["/run", "/tmp"].into_iter().map(Path::new).find(|dir| dir.is_dir());
        let path = parent.unwrap_or(Path::new("/")).join(name);
        // Root's alone, and new: nobody else can have prepared it.
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        let made = Self(path);
        let deny = "auth required pam_deny.so\naccount required pam_deny.so\n";
        std::fs::write(made.0.join("other"), deny)?;
        for place in places.iter().filter(|place| place.own_stack && is_plain(&place.service)) {
            let stack = format!(
                "auth [success=done default=die] {NAME}{socket_args}\naccount required {NAME}{socket_args}\n"
            );
            std::fs::write(made.0.join(&place.service), stack)?;
        }
        Ok(made)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for OwnStacks {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What is to be said of the logins.
pub fn judge(tried: &[Tried]) -> Vec<Line> {
    // What befalls several places for one reason is said once.
    let mut faults: Vec<(Fault, Vec<String>)> = Vec::new();
    for tried in tried {
        let Some(fault) = fault(tried) else { continue };
        let at = tried.place.to_string();
        match faults.iter_mut().find(|(known, _)| *known == fault) {
            Some((_, places)) => places.push(at),
            None => faults.push((fault, vec![at])),
        }
    }
    if faults.is_empty() {
        let places: Vec<String> = tried.iter().map(|tried| tried.place.to_string()).collect();
        let what = format!(
            "through libpam at {}: a new app password accepted, a wrong one refused, the revoked one refused",
            places.join(", ")
        );
        return vec![Line::ok("login", what)];
    }
    let told = faults.into_iter().map(|(fault, places)| {
        let Fault { id, before, behind, remedy } = fault;
        Line::fault(id, format!("{before} {}{behind}", places.join(", ")), remedy)
    });
    told.collect()
}

/// What is said before and behind the places that it befalls.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    id: &'static str,
    before: &'static str,
    behind: String,
    remedy: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.service)?;
        if self.own_stack { f.write_str(" (with a stack of this command's own)") } else { Ok(()) }
    }
}

fn fault(tried: &Tried) -> Option<Fault> {
    let Tried { right, wrong, revoked, .. } = tried;
    let is_in = |login: &Result<LoggedIn, String>| *login == Ok(LoggedIn::Codes(vec![0, 0]));
    for (login, before) in [(wrong, "a WRONG app password opens"), (revoked, "a REVOKED app password opens")]
    {
        if is_in(login) {
            let remedy = format!("take {NAME} out of that stack until it is clear why (see the lines above)");
            return Some(Fault { id: "login-open", before, behind: String::new(), remedy });
        }
    }
    if is_in(right) {
        return None;
    }
    let (why, remedy) = explain(right);
    let before = "an app password made just now doesn't open";
    Some(Fault { id: "login-shut", before, behind: format!(": {why}"), remedy: remedy.to_owned() })
}

fn explain(login: &Result<LoggedIn, String>) -> (String, &'static str) {
    let words = |code: i32| {
        usize::try_from(code).map_or("(no code of libpam)", |code| crate::hosts::pam::Code(code).word())
    };
    match login {
        Err(why) => {
            (why.clone(), "run it again; if it happens again, it is a fault of a module in that stack")
        }
        Ok(LoggedIn::NoLibpam(why)) => (why.clone(), "install libpam (the package libpam0g, or pam)"),
        Ok(LoggedIn::NotStarted(code)) => (
            format!("pam_start answers {}", words(*code)),
            "libpam can't use its files: see the lines on stacks above",
        ),
        Ok(LoggedIn::Codes(codes)) => match codes.as_slice() {
            [0, code] => {
                (format!("its account phase answers {}", words(*code)), "see the lines on stacks above")
            }
            [9] => (
                "the module can't reach apppwd (authinfo_unavail)".to_owned(),
                "see the lines on sockets above; the module says why in the log (journalctl -t apppw, SYSLOG_FACILITY=10)",
            ),
            [28] => (
                "the module can't be loaded (module_unknown)".to_owned(),
                "see the lines on the module's file above",
            ),
            [code] => (
                format!("authentication answers {}", words(*code)),
                "journalctl -u apppwd has the verdict and its reason; see the lines on stacks above",
            ),
            _ => ("libpam gave no answer".to_owned(), "run it again"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::line::State;

    fn tried(right: &[i32], wrong: &[i32], revoked: &[i32]) -> Tried {
        let codes = |codes: &[i32]| Ok(LoggedIn::Codes(codes.to_vec()));
        let place = Place { service: "imap".into(), own_stack: false };
        Tried { place, right: codes(right), wrong: codes(wrong), revoked: codes(revoked) }
    }

    #[test]
    fn what_each_outcome_is() {
        let said = |tried: &Tried| {
            judge(std::slice::from_ref(tried)).iter().map(|l| (l.id, l.state)).collect::<Vec<_>>()
        };
        assert_eq!(said(&tried(&[0, 0], &[7], &[7])), [("login", State::Ok)]);
        for (outcome, id) in [
            (tried(&[0, 0], &[0, 0], &[7]), "login-open"),
            (tried(&[0, 0], &[7], &[0, 0]), "login-open"),
            (tried(&[7], &[7], &[7]), "login-shut"),
            (tried(&[9], &[9], &[9]), "login-shut"),
            (tried(&[28], &[28], &[28]), "login-shut"),
            (tried(&[0, 10], &[7], &[7]), "login-shut"),
            (Tried { right: Err("it was killed".into()), ..tried(&[], &[7], &[7]) }, "login-shut"),
            (Tried { right: Ok(LoggedIn::NotStarted(26)), ..tried(&[], &[7], &[7]) }, "login-shut"),
            (Tried { right: Ok(LoggedIn::NoLibpam("no".into())), ..tried(&[], &[7], &[7]) }, "login-shut"),
        ] {
            assert_eq!(said(&outcome), [(id, State::Fault)], "{outcome:?}");
        }
    }

    #[test]
    fn another_secret_has_the_shape_and_is_another() {
        for secret in ["0000-0000-0000-0000", "k7dq-2mzx-9r4t-hw3c"] {
            let wrong = another(secret);
            assert_ne!(wrong.expose(), secret.replace('-', ""));
            assert!(has_shape(wrong.expose().as_bytes()), "{}", wrong.expose());
        }
    }

    /// One in 32 of those of the right length would, by its check character.
    #[test]
    fn no_name_looks_like_a_secret() {
        for pid in [7, 4242, 32_768, 4_194_304] {
            for now in 1_800_000_000..1_800_000_200 {
                let name = name_of(pid, now);
                let (local, _) = name.split_once('@').unwrap();
                assert!(!has_shape(local.as_bytes()) && !apppw_proto::secret::is_in(&name), "{name}");
                assert!(is_left(&name, now + LIFE + 1) && !is_left(&name, now + LIFE));
            }
        }
    }

    #[test]
    fn only_accounts_of_its_own_are_left_ones() {
        for (name, left) in [
            ("doctor-run-42-1000@apppw.invalid", true),
            ("doctor-run-42-9900@apppw.invalid", false),
            ("doctor-run-42-99999@apppw.invalid", true),
            ("doctor-run-42-1000@example.org", false),
            ("doctor-run-x-1000@apppw.invalid", false),
            ("doctor-run-42@apppw.invalid", false),
            ("doctor-who@apppw.invalid", false),
        ] {
            assert_eq!(is_left(name, 10_000), left, "{name}");
        }
    }
}
