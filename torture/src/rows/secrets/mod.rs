//! Secrets are nowhere but where they are typed and checked: logins by the thousand at the module's most
//! talkative, right and wrong, secrets in the wrong field, primary passwords; and then everything is searched that
//! is kept, said or left in memory.

mod forms;
mod host;
pub mod hosts;
mod image;

use crate::random::Random;
use crate::row::{Cases, Outcome, Row};
use apppw_admin::Verb;
use apppw_admin::verbs::{Created, RotateArgs};
use apppw_proto::secret::Secret;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::bin;
use apppw_tests::lines::Lines;
use forms::Canaries;
use host::{Host, Said};
use image::Part;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

/// The row.
pub const ROW: Row = Row {
    number: 11,
    name: "secrets",
    shows: "no secret or primary password is in a log, a file, a command line, an environment or, a second later, in the \
            memory of daemon, PAM host and CLI",
    unit: "logins",
    full: 10_000,
    short: 400,
    batch: 2_000,
    run,
};

/// Whose app passwords these are.
const USER: &str = "alice@example.org";

/// Whose primary password is allowed.
const FREE: &str = "free@example.org";

/// Logins with one app password, about.
const LOGINS_EACH: u64 = 50;

struct Scene {
    daemon: Apppwd,
    host: Host,
    folder: tempfile::TempDir,
    canaries: Canaries,
    /// What must be found, wherever it was put.
    planted: Planted,
    alive: Vec<String>,
    revoked: String,
    others: String,
}

/// Secrets that are put somewhere on purpose: a search that doesn't find them shows nothing.
struct Planted {
    text: String,
    canaries: Canaries,
}

fn run(cases: &Cases) -> Outcome {
    let mut outcome = Outcome::default();
    let mut scene = Scene::new(cases.range.start);
    for case in cases.range.clone() {
        scene.login(case, &mut outcome);
        outcome.done += 1;
    }
    scene.by_command_line(cases.range.start, &mut outcome);
    // A second later nothing of them is needed.
    std::thread::sleep(Duration::from_secs(1));
    scene.search(cases.range.start, &mut outcome);
    outcome
}

/// A secret that nobody has made.
fn drawn(random: &mut Random) -> String {
    let values: [u8; 15] = std::array::from_fn(|_| u8::try_from(random.below(32)).expect("below 32"));
    Secret::from_values(&values).expect("15 values").display()
}

fn primary(random: &mut Random) -> String {
    let letters = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";
    let random: String = (0..20).map(|_| char::from(*random.one_of(letters))).collect();
    format!("{}!{}", &random[..10], &random[10..])
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut random = Random::of(seed, 0xA11CE);
        let text = drawn(&mut random);
        let mut planted = Planted { text, canaries: Canaries::default() };
        planted.canaries.add_secret("planted", &planted.text);
        let config = format!(
            "{CHEAP_ARGON2}[policy]\nprimary = \"refuse\"\n[policy.user.\"{FREE}\"]\nprimary = \"allow\"\n"
        );
        let site = Site::new(&config);
        let mut command = site.command();
        command.env("PLANTED", &planted.text);
        let daemon = site.start_by(command);
        let folder = tempfile::tempdir().expect("a folder");
        let stacks = folder.path().join("pam.d");
        std::fs::create_dir(&stacks).expect("a folder");
        let line = format!(
            "{} debug socket={} server_uid={}",
            bin::module().display(),
            daemon.auth_socket().display(),
            nix_uid()
        );
        let (brackets, then) = ("[success=done user_unknown=ignore default=die]", "required pam_permit.so");
        let imap = format!("auth [success=done default=die] {line}\naccount required {line}\n");
        let smtp =
            format!("auth {brackets} {line}\nauth {then}\naccount {brackets} {line}\naccount {then}\n");
        for (service, stack) in [("imap", imap), ("smtp", smtp), ("other", String::new())] {
            std::fs::write(stacks.join(service), stack).expect("a stack");
        }
        let host = Host::start(folder.path(), &stacks, ("PLANTED", &planted.text));
        let mut scene = Self {
            daemon,
            host,
            folder,
            canaries: Canaries::default(),
            planted,
            alive: Vec::new(),
            revoked: String::new(),
            others: String::new(),
        };
        let others = scene.daemon.create("bob@example.org", "phone", &[]);
        scene.others = scene.known("another's", &others);
        let revoked = scene.daemon.create(USER, "revoked", &[]);
        scene.revoked = scene.known("revoked", &revoked);
        scene.daemon.revoke(revoked.app_password.id);
        // For the log and the database: names are what they keep.
        scene.daemon.create(USER, &format!("x{}", scene.planted.text), &[]);
        scene
    }

    fn known(&mut self, name: &str, created: &Created) -> String {
        self.canaries.add_secret(name, created.secret.expose());
        created.secret.expose().to_owned()
    }

    fn login(&mut self, case: u64, outcome: &mut Outcome) {
        let mut random = Random::of(case, 11);
        if self.alive.is_empty() || case.is_multiple_of(LOGINS_EACH) {
            let created = self.daemon.create(USER, &format!("device {case}"), &[]);
            let (id, secret) = (created.app_password.id, self.known("created", &created));
            self.alive.push(secret);
            let args = rotate_args(id);
            let rotated: Created = self.daemon.call(Verb::Rotate, &args).expect("it can be rotated");
            let secret = self.known("rotated", &rotated);
            self.alive.push(secret);
        }
        let right = random.one_of(&self.alive).clone();
        let wrong = drawn(&mut random);
        let password = primary(&mut random);
        let (kind, service, user, typed, wanted) = match case % 10 {
            0 => ("right", "imap", USER.to_owned(), right, 0),
            1 => ("right, in upper case", "smtp", USER.to_owned(), right.to_uppercase(), 0),
            2 => ("right, with spaces", "imap", USER.to_owned(), right.replace('-', " "), 0),
            3 => ("wrong", "imap", USER.to_owned(), wrong.clone(), 7),
            4 => ("another's", "smtp", USER.to_owned(), self.others.clone(), 7),
            5 => ("revoked", "imap", USER.to_owned(), self.revoked.clone(), 7),
            6 => {
                let user = match random.below(5) {
                    0 => right,
                    1 => right.to_uppercase(),
                    2 => format!("{right}@example.org"),
                    3 => format!("{}@a@example.org", right.replace('-', "")),
                    _ => format!("alice {right}"),
                };
                ("typed as user name", "imap", user, wrong.clone(), 7)
            }
            7 => ("primary, refused", "smtp", USER.to_owned(), password.clone(), 7),
            8 => ("primary, allowed", "smtp", FREE.to_owned(), password.clone(), 0),
            _ => {
                let mistyped = mistyped(&right);
                self.canaries.add_password("mistyped", &mistyped);
                ("mistyped", "imap", USER.to_owned(), mistyped, 7)
            }
        };
        match case % 10 {
            3 | 6 => self.canaries.add_secret(kind, &wrong),
            7 | 8 => self.canaries.add_password(kind, &password),
            _ => {}
        }
        let said = self.host.login(service, &user, &typed);
        let expected = Said { authenticate: wanted, account: if wanted == 0 { 0 } else { -1 } };
        if said != expected {
            outcome.find(case, format!("{kind}: PAM says {said:?}, wanted {expected:?}"));
        }
        outcome.count(kind, 1);
    }

    /// The same by the command line: made, shown as JSON, rotated, verified.
    fn by_command_line(&mut self, case: u64, outcome: &mut Outcome) {
        let mut parts = Vec::new();
        let (plain, _) = self.apppw(&["create", USER, "by hand"], "", &mut parts);
        let (json, _) = self.apppw(&["--json", "create", USER, "as JSON"], "", &mut parts);
        let (rotated, _) = self.apppw(&["rotate", &self.id_in(&json)], "", &mut parts);
        for (name, text) in [("shown", &plain), ("in JSON", &json), ("rotated by hand", &rotated)] {
            let Some(secret) = secret_in(text) else {
                outcome.find(case, format!("{name}: no secret in {} bytes", text.len()));
                continue;
            };
            self.canaries.add_secret(name, &secret);
            for (user, verdict) in [(USER, true), ("bob@example.org", false)] {
                let (_, done) = self.apppw(&["verify", user], &secret, &mut parts);
                if done != verdict {
                    outcome.find(case, format!("{name}: verify of {user} says {done}"));
                }
            }
        }
        // Broken requests with a secret in them.
        let secret = drawn(&mut Random::of(case, 12));
        self.canaries.add_secret("in a broken request", &secret);
        let mut lines = Lines::connect(&self.daemon.admin_socket());
        for line in [
            format!(r#"{{"v":1,"id":1,"verb":"verify","args":{{"user":"{USER}","secret":["{secret}"]}}}}"#),
            format!(r#"{{"v":1,"id":1,"verb":"verify","args":{{"user":"{USER}","secret":"{secret}"#),
            format!(
                r#"{{"v":1,"id":1,"verb":"verify","args":{{"user":"{USER}","secret":"\u0061{secret}"}}}}"#
            ),
            format!(r#"{{"v":1,"id":1,"verb":"{secret}"}}"#),
            format!(r#"{{"v":1,"id":1,"verb":"create","args":{{"user":"{secret}","name":"x"}}}}"#),
            format!(r#"{{"v":1,"id":1,"verb":"create","args":{{"user":"{USER}","name":"my {secret}"}}}}"#),
            format!(r#"{{"v":1,"id":1,"verb":"user.lock","args":{{"user":"{secret}@example.org"}}}}"#),
        ] {
            lines.ask(&line);
        }
        drop(lines);
        self.report(case, &parts, outcome);
    }

    fn id_in(&self, json: &str) -> String {
        let answer: serde_json::Value = serde_json::from_str(json).expect("JSON");
        answer["id"].as_str().expect("an id").to_owned()
    }

    /// Runs apppw with that on standard input, and looks at what others can see of it meanwhile.
    fn apppw(&self, args: &[&str], input: &str, parts: &mut Vec<Part>) -> (String, bool) {
        let mut child = self.spawn(args);
        parts.extend(image::said_of("apppw", child.id()));
        let mut stdin = child.stdin.take().expect("a pipe");
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("apppw ends");
        parts.push(Part { name: "stderr of apppw".to_owned(), bytes: output.stderr });
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success())
    }

    fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.daemon.cli(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("apppw runs")
    }

    fn search(mut self, case: u64, outcome: &mut Outcome) {
        let mut parts = image::memory("the PAM host", self.host.id());
        parts.extend(image::memory("apppwd", self.daemon.id()));
        for (whose, pid) in [("the PAM host", self.host.id()), ("apppwd", self.daemon.id())] {
            match image::core(whose, pid, self.folder.path()) {
                Some(core) => parts.push(core),
                None => outcome.count("core images that gcore could not make", 1),
            }
        }
        let syslog = self.host.syslog();
        if !String::from_utf8_lossy(&syslog).contains("debug: ") {
            outcome.find(case, "control: the module has written nothing to syslog");
        }
        parts.push(Part { name: "the module's syslog".to_owned(), bytes: syslog });
        parts.extend(files(&self.daemon));
        outcome.count("bytes searched", parts.iter().map(|part| part.bytes.len() as u64).sum());
        outcome.count("canaries", self.canaries.len() as u64);
        self.report(case, &parts, outcome);
        self.waiting(case, outcome);
        self.control(case, outcome);
        let Self { daemon, canaries, .. } = self;
        let (_, site) = daemon.stop();
        let parts = image::files(&site.path(""), FILES);
        report(&canaries, case, &parts, outcome);
    }

    /// The one command that goes on to run when the secret has been handed over.
    fn waiting(&mut self, case: u64, outcome: &mut Outcome) {
        let mut child = self.spawn(&["create", USER, "waited for", "--wait=20s"]);
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut shown = [0; 64];
        let read = stdout.read(&mut shown).expect("a secret");
        let secret = secret_in(&String::from_utf8_lossy(&shown[..read]));
        std::thread::sleep(Duration::from_secs(1));
        if let Ok(Some(status)) = child.try_wait() {
            let mut why = String::new();
            let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut why));
            return outcome.find(case, format!("create --wait ended, {status}: {why}"));
        }
        match secret {
            Some(secret) => self.canaries.add_secret("waited for", &secret),
            None => outcome.find(case, "create --wait showed no secret"),
        }
        let mut parts = image::memory("apppw create --wait", child.id());
        parts.extend(image::said_of("apppw create --wait", child.id()));
        self.report(case, &parts, outcome);
        let _ = child.kill();
        let _ = child.wait();
    }

    /// What is put on purpose into each of the places is found there, in each writing.
    fn control(&mut self, case: u64, outcome: &mut Outcome) {
        let planted = &self.planted;
        for (form, bytes) in planted.canaries.sample() {
            let among = [&b"some bytes"[..], &bytes, b"more"].concat();
            if planted.canaries.find(&among).is_empty() {
                outcome.find(case, format!("control: what is written {form} is not found"));
            }
        }
        self.host.begin(&planted.text);
        let mut admin = Lines::connect(&self.daemon.admin_socket());
        admin.send(
            format!("{{\"v\":1,\"id\":1,\"verb\":\"verify\",\"args\":{{\"secret\":\"{}", planted.text)
                .as_bytes(),
        );
        let child = self.spawn(&["verify", &planted.text]);
        std::thread::sleep(Duration::from_millis(200));
        let mut places = vec![
            ("memory of the PAM host", image::memory("", self.host.id())),
            ("memory of apppwd", image::memory("", self.daemon.id())),
            ("environ of apppwd", image::said_of("", self.daemon.id())),
            ("environ of the PAM host", image::said_of("", self.host.id())),
            ("cmdline of apppw", image::said_of("", child.id())),
            ("the log", image::files(&self.daemon.path(""), &["log"])),
            (
                "the database or its WAL",
                image::files(&self.daemon.path("state"), &["apppw.db", "apppw.db-wal"]),
            ),
        ];
        for (whose, pid) in [("the PAM host", self.host.id()), ("apppwd", self.daemon.id())] {
            if let Some(core) = image::core(whose, pid, self.folder.path()) {
                places.push(("core image", vec![core]));
            }
        }
        for (place, parts) in places {
            if parts.iter().all(|part| planted.canaries.find(&part.bytes).is_empty()) {
                outcome.find(case, format!("control: what was put into {place} is not found"));
            }
        }
        for part in files(&self.daemon).iter().filter(|part| !part.name.ends_with("environ of apppwd")) {
            if part.bytes.len() < 32 {
                outcome.find(case, format!("control: {} has {} bytes only", part.name, part.bytes.len()));
            }
        }
        end(child);
    }

    fn report(&self, case: u64, parts: &[Part], outcome: &mut Outcome) {
        report(&self.canaries, case, parts, outcome);
    }
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn rotate_args(id: apppw_admin::AppPasswordId) -> RotateArgs {
    serde_json::from_value(serde_json::json!({"id": id})).expect("its arguments")
}

fn nix_uid() -> u32 {
    // The daemon is this process's own.
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").expect("this process"))
}

/// One character wrong, as people type.
fn mistyped(shown: &str) -> String {
    let last = if shown.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &shown[..shown.len() - 1])
}

/// The first word of a text that has the form of a secret as it is shown.
fn secret_in(text: &str) -> Option<String> {
    let is_shown = |word: &&str| word.len() == 19 && word.split('-').all(|four| four.len() == 4);
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).find(is_shown).map(str::to_owned)
}

/// What the daemon keeps.
const FILES: &[&str] = &[
    "log",
    "state/apppw.db",
    "state/apppw.db-wal",
    "state/apppw.db-shm",
    "key/journal.log",
    "key/server.key",
];

fn files(daemon: &Apppwd) -> Vec<Part> {
    let mut parts = image::files(&daemon.path(""), FILES);
    parts.extend(image::said_of("apppwd", daemon.id()));
    parts
}

/// Tells of each part which kinds of canaries are in it, and how often.
fn report(canaries: &Canaries, case: u64, parts: &[Part], outcome: &mut Outcome) {
    for part in parts {
        let mut kinds = std::collections::BTreeMap::<_, (u64, usize)>::new();
        for hit in canaries.find(&part.bytes) {
            let kind = kinds.entry((hit.name, hit.form)).or_insert((0, hit.at));
            kind.0 += 1;
        }
        for ((name, form), (count, at)) in kinds {
            outcome.find(
                case,
                format!(
                    "{}: {name} ({form}), {count} times, first at {at:#x}, behind {}",
                    part.name,
                    before(&part.bytes, at)
                ),
            );
        }
    }
}

/// What stands before a find: it tells whose buffer that is.
fn before(bytes: &[u8], at: usize) -> String {
    bytes[at.saturating_sub(48)..at].escape_ascii().to_string()
}
