//! The daemon and the people that the table's rows are about.

use apppw_admin::Verb;
use apppw_admin::verbs::Created;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::bin;
use apppw_tests::frames::Ask;
use apppw_tests::pam::{Code, Confdir, Login};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;

/// Whose login it is unless a row says otherwise.
pub const USER: &str = "alice@example.org";

const CONFIG: &str = "[policy.user.\"free@example.org\"]\nprimary = \"allow\"\n";

/// A daemon with a few app passwords.
pub struct Scene {
    /// It.
    pub daemon: Apppwd,
    confdir: Confdir,
    made: BTreeMap<&'static str, Made>,
    fences: Cell<u64>,
}

struct Made {
    id: String,
    shown: String,
    revoked: Option<String>,
}

impl Scene {
    /// Starts it.
    ///
    /// # Panics
    /// If something can't be made.
    pub fn new() -> Self {
        let daemon = Site::new(&format!("{CHEAP_ARGON2}{CONFIG}")).start();
        let confdir = Confdir::new();
        let uid = std::fs::metadata("/proc/self").expect("this process").uid();
        let (module, socket) = (bin::module(), daemon.auth_socket());
        let line = format!("required {} socket={} server_uid={uid}\n", module.display(), socket.display());
        // Whatever the service is called.
        confdir.write("other", &format!("auth {line}account {line}"));
        let mut scene = Self { daemon, confdir, made: BTreeMap::new(), fences: Cell::new(0) };
        for (name, user, more) in [
            ("phone", USER, json!({})),
            ("xmpp", USER, json!({"services": ["xmpp"]})),
            ("office", USER, json!({"networks": ["192.0.2.0/24"]})),
            ("six", USER, json!({"networks": ["2001:db8::/32"]})),
            ("revoked", USER, json!({})),
            ("suspended", USER, json!({})),
            ("expired", USER, json!({"expires": {"after": "1s"}})),
            ("pinned", USER, json!({"pin": ["service"]})),
            ("tablet", "bob@example.org", json!({})),
            ("desk", "locked@example.org", json!({})),
        ] {
            scene.make(name, user, more);
        }
        scene.call(Verb::Revoke, &json!({"ids": [scene.made["revoked"].id]}));
        scene.call(Verb::Suspend, &json!({"ids": [scene.made["suspended"].id]}));
        scene.call(Verb::UserLock, &json!({"user": "locked@example.org"}));
        let record = scene.call(Verb::Show, &json!({"id": scene.made["revoked"].id}));
        let revoked = record["app_password"]["revoked"].as_i64().expect("when it was");
        let revoked = rfc_3339(revoked);
        scene.made.get_mut("revoked").expect("one").revoked = Some(revoked);
        let pinned = scene.made["pinned"].shown.replace('-', "");
        let ask = Ask { service: b"smtp", secret: pinned.as_bytes(), ..Ask::default() };
        let _ = ask.send(&scene.daemon.auth_socket());
        // Until what lives for a second has expired.
        std::thread::sleep(std::time::Duration::from_millis(1_200));
        scene
    }

    fn make(&mut self, name: &'static str, user: &str, mut args: Value) {
        args["user"] = user.into();
        args["name"] = name.into();
        let made: Created = self.daemon.call(Verb::Create, &args).expect("an app password");
        let shown = made.secret.expose().to_owned();
        let made = Made { id: made.app_password.id.to_string(), shown, revoked: None };
        self.made.insert(name, made);
    }

    fn call(&self, verb: Verb, args: &Value) -> Value {
        self.daemon.call(verb, args).expect("root may")
    }

    /// What a word in braces stands for.
    pub fn filled(&self, word: &str) -> Option<Vec<u8>> {
        if let Some(name) = word.strip_prefix("id:") {
            return Some(self.made.get(name)?.id.clone().into_bytes());
        }
        if let Some(name) = word.strip_prefix("at:") {
            return Some(self.made.get(name)?.revoked.clone()?.into_bytes());
        }
        let (name, form) = word.split_once('.').unwrap_or((word, "shown"));
        Some(written(&self.made.get(name)?.shown, form)?.into_bytes())
    }

    /// Tries a login through libpam.
    pub fn login(&self, login: &Login) -> Code {
        login.try_once(&self.confdir)
    }

    /// The daemon's lines since the last fence, without their beginnings.
    ///
    /// # Panics
    /// If the daemon has ended, or a line is not its own.
    pub fn said(&self) -> Vec<String> {
        let fence = self.fences.get() + 1;
        self.fences.set(fence);
        // Lines come in order: behind this one's there is none of what was asked before it.
        let user = |n: u64| format!("fence-{n}");
        Ask { user: user(fence).as_bytes(), ..Ask::default() }.send(&self.daemon.auth_socket());
        let line = |n| format!(" reason=unknown-secret user={} service=imap rhost=192.0.2.7", user(n));
        self.daemon.wait_for_line(&[&line(fence)]);
        let log = self.daemon.log();
        let begin = if fence == 1 { 0 } else { log.find(&line(fence - 1)).expect("it was there") };
        let lines = log[begin..].lines().skip(usize::from(fence > 1));
        let prefix = format!("apppwd[{}]: ", self.daemon.id());
        lines
            .take_while(|said| !said.ends_with(&line(fence)))
            .map(|said| said.strip_prefix(&prefix).unwrap_or_else(|| panic!("not the daemon's: {said:?}")))
            .map(str::to_owned)
            .collect()
    }
}

/// Ways to write a secret.
fn written(shown: &str, form: &str) -> Option<String> {
    let plain = shown.replace('-', "");
    let (but_last, last) = plain.split_at(plain.len() - 1);
    Some(match form {
        "shown" => shown.to_owned(),
        "plain" => plain,
        "upper" => plain.to_uppercase(),
        "spaces" => shown.replace('-', " "),
        "nbsp" => shown.replace('-', "\u{a0}"),
        "hyphens" => shown.replace('-', "\u{2011}"),
        "letters" => shown.replace('0', "O").replace('1', "l"),
        "short" => but_last.to_owned(),
        "mistyped" => format!("{but_last}{}", if last == "0" { "1" } else { "0" }),
        "swapped" => swapped(&plain),
        _ => return None,
    })
}

/// Two neighbours in each other's place, where that is noticed.
fn swapped(plain: &str) -> String {
    let mut bytes = plain.as_bytes().to_vec();
    let differ = |pair: &[u8]| pair[0] != pair[1] && !(pair.contains(&b'0') && pair.contains(&b'z'));
    let at = bytes.windows(2).position(differ).expect("two that differ");
    bytes.swap(at, at + 1);
    String::from_utf8(bytes).expect("ASCII")
}

/// Seconds since 1970 as the log has them: RFC 3339, UTC (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn rfc_3339(at: i64) -> String {
    let (days, second) = (at.div_euclid(86_400), at.rem_euclid(86_400));
    let z = days + 719_468;
    let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
