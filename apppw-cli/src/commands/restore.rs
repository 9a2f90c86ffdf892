//! `apppw restore`: the face of `apppwd --restore`, which alone touches the database.

use super::Session;
use crate::cli;
use crate::exit::{Failure, Status};
use crate::output::number::count;
use crate::output::time::Clock;
use crate::output::{self, Text, json, terminal};
use apppw_admin::verbs::Restored;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// What stands before a line of the daemon's that says why.
const ERROR: &str = ": error: ";

/// The same of what should be known besides.
const WARNING: &str = ": warning: ";

pub fn run(session: &Session, args: &cli::Restore) -> Result<Status, Failure> {
    let source = open(args)?;
    if !args.yes.yes {
        if !terminal::stdin_is_terminal() || args.file.as_os_str() == "-" {
            return Err(Failure::usage(
                "restore replaces the database, so it needs --yes where it can't ask: there is no terminal",
            ));
        }
        let mut about = Text::new();
        about.line(format!("{} will be the database of this host.", args.file.display()));
        about.line("The present one is kept beside it; key and journal stay as they are.");
        if !terminal::confirm(&about, "Put it back?")? {
            return Err(Failure::declined("nothing was changed"));
        }
    }
    let daemon = daemon();
    let mut command = Command::new(&daemon);
    if let Some(config) = &args.config {
        command.arg("--config").arg(config);
    }
    let done = command.arg("--restore").stdin(source).stderr(Stdio::piped()).stdout(Stdio::piped()).output();
    let done = done.map_err(|e| Failure::io(format!("can't run {}: {e}", daemon.display())))?;
    let restored = understand(&done)?;
    if session.json {
        json::print(&json::restored(&restored))?;
    } else {
        text(&restored, &Clock::system()).print()?;
    }
    Ok(Status::Done)
}

fn open(args: &cli::Restore) -> Result<Stdio, Failure> {
    if args.file.as_os_str() == "-" {
        if terminal::stdin_is_terminal() {
            return Err(Failure::usage("a backup can't be typed: name a file, or send it to standard input"));
        }
        return Ok(Stdio::inherit());
    }
    let file = File::open(&args.file);
    let file = file.map_err(|e| Failure::io(format!("can't open {}: {e}", args.file.display())))?;
    Ok(file.into())
}

/// Beside this program, as it was built or installed; else where packages put it.
fn daemon() -> PathBuf {
    let this = std::env::current_exe().unwrap_or_default();
    let beside = this.parent().map(|dir| [dir.join("apppwd"), dir.join("../sbin/apppwd")]);
    let found = beside.into_iter().flatten().find(|path| path.is_file());
    found.unwrap_or_else(|| "/usr/sbin/apppwd".into())
}

/// What the daemon's program says of it.
fn understand(done: &Output) -> Result<Restored, Failure> {
    let said = String::from_utf8_lossy(&done.stderr);
    let lines_with =
        |mark: &'static str| said.lines().filter_map(move |line| line.split_once(mark).map(|(_, rest)| rest));
    for warning in lines_with(WARNING) {
        output::warn(warning);
    }
    let restored = serde_json::from_slice(done.stdout.trim_ascii());
    match (done.status.success(), restored) {
        (true, Ok(restored)) => Ok(restored),
        _ => Err(refused(lines_with(ERROR).next_back().unwrap_or_else(|| said.trim()))),
    }
}

fn refused(why: &str) -> Failure {
    let hint = if why.starts_with("another apppwd") {
        "; with systemd: systemctl stop apppwd.socket apppwd-admin.socket apppwd.service (a login that comes would start it \
         again, so the sockets, too)"
    } else {
        ""
    };
    Failure { status: Status::Refused, code: "restore", ..Failure::io(format!("{why}{hint}")) }
}

fn text(restored: &Restored, clock: &Clock) -> Text {
    let mut text = Text::new();
    let of = match restored.at {
        Some(at) => format!(", as of {} ({})", clock.exact(at), clock.ago(at)),
        None => String::new(),
    };
    text.line(format!(
        "Put back: {} with {}{of}",
        count(restored.accounts, "account"),
        count(restored.app_passwords, "app password")
    ));
    match &restored.kept {
        Some(kept) => text.line(format!("The database that was there is kept: {kept}")),
        None => text.line("There was no database before"),
    }
    if !restored.key_checked {
        text.line(format!(
            "Whether the server key fits it could not be seen: there is none in {}",
            restored.key_dir
        ));
    }
    text.line("");
    text.line("Start apppwd now: systemctl start apppwd.socket apppwd-admin.socket apppwd.service");
    text.line("It takes away again what the journal says was revoked, locked or suspended since the backup,");
    text.line("and tells each difference: journalctl -u apppwd");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;
    use std::os::unix::process::ExitStatusExt;

    fn output(status: i32, stdout: &str, stderr: &str) -> Output {
        let status = std::process::ExitStatus::from_raw(status << 8);
        Output { status, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn what_the_daemon_says_is_what_is_said() {
        let said = "apppwd[7]: warning: configuration: odd\napppwd[7]: error: the backup is damaged: x\n";
        let failure = understand(&output(78, "", said)).unwrap_err();
        assert_eq!((failure.status, failure.message.as_str()), (Status::Refused, "the backup is damaged: x"));
        let failure = understand(&output(1, "", "sh: not found\n")).unwrap_err();
        assert_eq!(failure.message, "sh: not found");
        let running = "apppwd[7]: error: another apppwd (pid 1) is running on /s: stop it first\n";
        assert!(
            understand(&output(1, "", running)).unwrap_err().message.contains("systemctl stop apppwd.socket")
        );
        let line = serde_json::to_string(&samples::restored()).unwrap() + "\n";
        assert_eq!(understand(&output(0, &line, "")).unwrap(), samples::restored());
        assert!(understand(&output(78, &line, "")).is_err(), "it says that it failed");
    }

    #[test]
    fn it_says_what_is_kept_and_what_comes_next() {
        let expected = "\
Put back: 12 accounts with 1,234 app passwords, as of 2027-01-15 09:00:00 +01:00 (just now)
The database that was there is kept: /var/lib/apppwd/apppw.db.before-restore-20270115T080000Z

Start apppwd now: systemctl start apppwd.socket apppwd-admin.socket apppwd.service
It takes away again what the journal says was revoked, locked or suspended since the backup,
and tells each difference: journalctl -u apppwd
";
        assert_eq!(text(&samples::restored(), &samples::clock()).as_str(), expected);
        let bare = Restored { at: None, kept: None, key_checked: false, ..samples::restored() };
        let said = text(&bare, &samples::clock());
        for part in
            ["Put back: 12 accounts with 1,234 app passwords\n", "no database before", "none in /var/lib"]
        {
            assert!(said.as_str().contains(part), "{part}: {}", said.as_str());
        }
    }
}
