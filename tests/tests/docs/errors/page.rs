//! The page that is written: what was done, what was said, how it ended.

use super::login::{Try, syslog_of};
use super::plain::plain;
use crate::host::{How, Ran, Who, apppw, apppw_on_a_terminal};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::lines::Lines;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Lines of one message that are shown.
const LINES: usize = 14;

/// What has been gathered.
#[derive(Default)]
pub struct Page {
    markdown: String,
    /// Every text that was said, for who looks whether one is missing.
    pub texts: Vec<String>,
    /// The codes of `--json`.
    pub codes: BTreeSet<String>,
}

/// Where a command's words and paths come from.
pub struct Desk<'a> {
    place: PathBuf,
    socket: PathBuf,
    how: How<'a>,
}

impl Desk<'_> {
    /// At a running daemon.
    pub fn at(daemon: &Apppwd) -> Self {
        Self { place: daemon.path(""), socket: daemon.admin_socket(), how: How::default() }
    }

    /// At a socket in a folder that may have nobody behind it.
    pub fn without_daemon(place: &Path) -> Self {
        Self { place: place.to_owned(), socket: place.join("run/admin.sock"), how: How::default() }
    }
}

impl<'a> Desk<'a> {
    /// With a standard input, and so on.
    pub fn with(self, how: How<'a>) -> Self {
        Self { how, ..self }
    }
}

impl Page {
    /// A part of the page.
    pub fn title(&mut self, title: &str, about: &str) {
        let _ = write!(self.markdown, "\n## {title}\n\n{about}\n");
    }

    /// A command that fails. Told twice, plain and with `--json`: both say the same.
    pub fn fails(&mut self, desk: &Desk<'_>, who: Who, args: &[&str], what: &str) {
        self.fails_as_shown(desk, who, args, &shell(args), what);
    }

    /// The same, with another command line shown: one that is too long, or has a pipe before it.
    pub fn fails_as_shown(&mut self, desk: &Desk<'_>, who: Who, args: &[&str], shown: &str, what: &str) {
        let ran = apppw(&desk.socket, who, args, &desk.how);
        // Also of a wrong command line, whatever stands where in it.
        let again = apppw(&desk.socket, who, &[&["--json"], args].concat(), &desk.how);
        let error = self.error_in(&again);
        let told =
            ran.stderr.lines().filter(|line| !line.starts_with("apppw: warning: ")).collect::<Vec<_>>();
        let one_line = |text: &str| text.split_whitespace().collect::<String>();
        assert!(
            one_line(&told.join("\n")).contains(&one_line(error["message"].as_str().unwrap_or("?"))),
            "{args:?}: {ran:?} and with --json {error}"
        );
        assert_eq!(ran.status, again.status, "{args:?}");
        self.tell(&desk.place, who, shown, &ran, Some(&error), what);
    }

    /// A command that does something and warns, or says on standard error that a part of it failed.
    pub fn says(&mut self, desk: &Desk<'_>, who: Who, args: &[&str], what: &str) {
        let ran = apppw(&desk.socket, who, args, &desk.how);
        assert!(!ran.stderr.is_empty(), "{args:?} says nothing: {ran:?}");
        self.tell(&desk.place, who, &shell(args), &ran, None, what);
    }

    /// A command whose answer is why it does nothing.
    pub fn shows(&mut self, desk: &Desk<'_>, who: Who, args: &[&str], what: &str) {
        let ran = apppw(&desk.socket, who, args, &desk.how);
        assert!(!ran.stdout.is_empty() && ran.stderr.is_empty(), "{args:?}: {ran:?}");
        let as_told = Ran { stdout: String::new(), stderr: ran.stdout, status: ran.status };
        self.tell(&desk.place, who, &shell(args), &as_told, None, what);
    }

    /// A command on a terminal, where the person says no.
    pub fn declined(&mut self, desk: &Desk<'_>, args: &[&str], what: &str) {
        let ran = apppw_on_a_terminal(&desk.socket, &format!("\"$APPPW\" {}", shell(args)));
        assert!(!ran.stderr.is_empty(), "{args:?} says nothing: {ran:?}");
        self.codes.insert("declined".to_owned());
        let error = serde_json::json!({"code": "declined"});
        self.tell(&desk.place, Who::Root, &shell(args), &ran, Some(&error), what);
    }

    /// `events --follow`, whose daemon goes away.
    pub fn follows(&mut self, daemon: Apppwd, what: &str) {
        let mut child = daemon
            .cli(&["events", "--follow"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("apppw runs");
        // It is heard in the record that it has asked once.
        std::thread::sleep(std::time::Duration::from_secs(2));
        let site = daemon.kill();
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().expect("its standard error"));
        stderr.read_line(&mut line).expect("a line");
        let _ = child.kill();
        let _ = child.wait();
        self.push(what, "", &plain(&format!("root# apppw events --follow\n{line}"), &site.path("")));
        self.texts.push(plain(&line, &site.path("")));
    }

    fn error_in(&mut self, ran: &Ran) -> Value {
        let last = ran.stderr.lines().last().unwrap_or_default();
        let document: Value = serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
        let error = document["error"].clone();
        self.codes.insert(error["code"].as_str().expect("an error has a code").to_owned());
        error
    }

    fn tell(&mut self, place: &Path, who: Who, shown: &str, ran: &Ran, error: Option<&Value>, what: &str) {
        let mut how = vec![format!("status {}", ran.status)];
        for key in ["code", "field"] {
            if let Some(value) = error.and_then(|error| error[key].as_str()) {
                how.push(format!("{key} `{value}`"));
            }
        }
        let command = if shown.is_empty() { "apppw".to_owned() } else { format!("apppw {shown}") };
        let block = format!("{}{command}\n{}", prompt(who), cut(&ran.stderr));
        self.push(what, &how.join(", "), &plain(&block, place));
        self.texts.push(plain(&ran.stderr, place));
    }

    /// The daemon, where it does not start or does not like what it finds; `command` is shown.
    pub fn starts(&mut self, place: &Path, run: &mut Command, shown: &str, what: &str) {
        let child = run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("apppwd can be run");
        let deadline = Instant::now() + Duration::from_secs(60);
        while child.try_wait().expect("a child").is_none() {
            if Instant::now() > deadline {
                let _ = child.kill();
                panic!("{what}: it starts");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().expect("a child can be waited for");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        let said = plain(&said, place);
        // That it made a key is no fault.
        let said: String = said
            .lines()
            .filter(|line| !line.contains("made the server key"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(!said.is_empty(), "{what}: nothing was said");
        let status = output.status.code().expect("not killed by a signal");
        self.push(what, &format!("status {status}"), &format!("root# {shown}\n{}", cut(&said)));
        self.texts.push(said);
    }

    /// A configuration that the daemon refuses or warns of.
    pub fn config(&mut self, text: &str, what: &str) {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("apppwd.toml");
        std::fs::write(&file, text).expect("a file");
        let _ = write!(self.markdown, "\n{what}\n\n```toml\n{}\n```\n", text.trim_end());
        let mut run = Command::new(apppw_tests::bin::apppwd());
        run.arg("--check").arg("--config").arg(&file).env_clear();
        self.starts(place.path(), &mut run, "apppwd --check", "");
    }

    /// Lines of the daemon's log.
    pub fn logs(&mut self, daemon: &Apppwd, words: &[&str], what: &str) {
        let line = daemon.wait_for_line(words);
        self.line(&daemon.path(""), &line, what);
    }

    fn line(&mut self, place: &Path, line: &str, what: &str) {
        let line = plain(line, place);
        self.push(what, "", &line);
        self.texts.push(line);
    }

    /// What the module says to syslog.
    pub fn module(&mut self, place: &Path, attempt: &Try<'_>, what: &str) {
        let said = syslog_of(attempt);
        assert!(!said.is_empty(), "{what}: nothing was said");
        for line in said {
            self.line(place, &line, what);
        }
    }

    /// The same of a fake daemon's socket, which is shown at its usual place.
    pub fn module_at(&mut self, socket: &Path, attempt: &Try<'_>, what: &str) {
        for line in syslog_of(attempt) {
            let line = line.replace(&socket.display().to_string(), "/run/apppwd/auth.sock");
            self.line(socket.parent().unwrap_or(socket), &line, what);
        }
    }

    /// A line of a log that has ended.
    pub fn line_of(&mut self, place: &Path, log: &str, words: &str, what: &str) {
        let line = log.lines().find(|line| line.contains(words));
        self.line(place, line.unwrap_or_else(|| panic!("no {words:?} in:\n{log}")), what);
    }

    /// A line on `admin.sock` that is refused.
    pub fn asks(&mut self, daemon: &Apppwd, who: Who, request: &str, what: &str) {
        let answer = who.identity().act(|| {
            let mut lines = Lines::connect(&daemon.admin_socket());
            lines.send(request.as_bytes());
            lines.end();
            lines.receive().expect("an answer")
        });
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        self.codes.insert(answer["error"]["code"].as_str().expect("an error").to_owned());
        let said = answer["error"].to_string();
        let block = format!("{}\n{}", cut(request).trim_end(), said);
        self.push(what, &format!("as {}", who.name()), &plain(&block, &daemon.path("")));
        self.texts.push(answer["error"]["message"].as_str().expect("a message").to_owned());
    }

    fn push(&mut self, what: &str, how: &str, block: &str) {
        let how = if how.is_empty() { String::new() } else { format!(" *({how})*") };
        let head = format!("{what}{how}");
        let _ = write!(self.markdown, "\n{}\n\n```text\n{}\n```\n", head.trim(), block.trim_end());
    }

    /// Another part, gathered apart.
    pub fn append(&mut self, other: Page) {
        self.markdown.push_str(&other.markdown);
        self.texts.extend(other.texts);
        self.codes.extend(other.codes);
    }

    /// The page so far.
    pub fn markdown(&self) -> &str {
        &self.markdown
    }

    /// Text that was not said by a program.
    pub fn write(&mut self, text: &str) {
        self.markdown.push_str(text);
    }
}

const fn prompt(who: Who) -> &'static str {
    match who {
        Who::Root => "root# ",
        Who::Adele => "adele$ ",
        Who::Heidi => "heidi$ ",
        Who::Alice => "alice$ ",
        Who::Bob => "bob$ ",
        Who::Exim => "exim$ ",
    }
}

/// As it is typed.
fn shell(args: &[&str]) -> String {
    let quoted = |arg: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,".contains(c);
        if !arg.is_empty() && arg.chars().all(plain) {
            (*arg).to_owned()
        } else {
            format!("'{}'", arg.replace('\'', "'\\''"))
        }
    };
    args.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// As much as is looked at.
fn cut(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
    if lines.len() > LINES {
        lines.truncate(LINES);
        lines.push("[...]".to_owned());
    }
    for line in &mut lines {
        if line.chars().count() > 600 {
            *line = format!("{} [...]", line.chars().take(120).collect::<String>());
        }
    }
    lines.join("\n")
}
