//! `apppw backup`.

mod target;

use super::Session;
use crate::cli;
use crate::exit::{Failure, Status};
use crate::output::number::{count, thousands};
use crate::output::table::{Cell, record};
use crate::output::time::Clock;
use crate::output::{Text, json};
use apppw_admin::verbs::{Backup, BackupKept, BackupKeptArgs};
use apppw_admin::{Client, ClientError, Verb};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;
use target::Target;

/// How long the copy may take to be made, and then each piece of it to come.
const MADE_WITHIN: Duration = Duration::from_secs(600);

/// How each database of SQLite begins (https://www.sqlite.org/fileformat2.html).
const DATABASE: &[u8; 16] = b"SQLite format 3\0";

pub fn run(session: &mut Session, args: &cli::Backup) -> Result<Status, Failure> {
    let mut target = Target::open(&args.file)?;
    let to_stdout = target.is_stdout();
    let (backup, sha256) = fetch(session, &mut target)?;
    target.finish()?;
    // It lies there: only now is it the last backup.
    let kept: Result<BackupKept, Failure> =
        session.change(Verb::BackupKept, &BackupKeptArgs { sha256: sha256.clone() });
    let file = (!to_stdout).then(|| args.file.display().to_string());
    if session.json {
        let document = json::document(&json::backup(&backup, &sha256, file.as_deref()))?;
        if to_stdout { crate::output::print_to_stderr(&document) } else { crate::output::print(&document)? }
    } else {
        let text = text(&backup, &sha256, file.as_deref(), &Clock::system());
        if to_stdout { text.print_to_stderr() } else { text.print()? }
    }
    kept.map(|_| Status::Done).map_err(|failure| Failure {
        message: format!("the backup is made, but apppwd has not noted it: {}", failure.message),
        ..failure
    })
}

/// The copy goes from the daemon into `target`; what it is, and its SHA-256.
fn fetch(session: &mut Session, target: &mut Target) -> Result<(Backup, String), Failure> {
    let fail = |error, socket: &Path| Failure::from_call(error, socket, false);
    let _waiting = crate::output::progress::Progress::waiting();
    let connected = Client::connect_with_timeout(&session.socket, MADE_WITHIN);
    let mut client = connected.map_err(|e| fail(e, &session.socket))?;
    let asked = client.call_followed(Verb::Backup, &json!({}), |backup: &Backup| backup.bytes);
    let (backup, mut copy) = asked.map_err(|e| fail(e, &session.socket))?;
    target.check_room(backup.bytes)?;
    // Whoever listens at --socket, root writes no file for him that is anything else. What can't be read `pour` tells of.
    let mut begin = Vec::new();
    let _ = copy.by_ref().take(DATABASE.len() as u64).read_to_end(&mut begin);
    if begin.len() == DATABASE.len() && begin != DATABASE {
        return Err(fail(ClientError::Protocol("what it sends is not a database".into()), &session.socket));
    }
    let sha256 = pour(&mut begin.chain(&mut copy), target)?;
    session.client = Some(client);
    Ok((backup, sha256))
}

/// Its SHA-256.
fn pour(from: &mut impl Read, target: &mut Target) -> Result<String, Failure> {
    let (mut block, mut hash) = (vec![0; 1 << 16], Sha256::new());
    loop {
        let read = match from.read(&mut block) {
            Ok(read) => block.get(..read).unwrap_or_default(),
            Err(e) if e.kind() == ErrorKind::Interrupted => continue,
            Err(e) => {
                return Err(Failure::io(format!(
                    "the backup did not come whole, and nothing was kept: {e}; the log of apppwd says why: \
                     journalctl -u apppwd"
                )));
            }
        };
        if read.is_empty() {
            let mut sha256 = String::with_capacity(64);
            for byte in hash.finalize() {
                let _ = write!(sha256, "{byte:02x}");
            }
            return Ok(sha256);
        }
        hash.update(read);
        target.write(read)?;
    }
}

fn text(backup: &Backup, sha256: &str, file: Option<&str>, clock: &Clock) -> Text {
    let mut text = Text::new();
    let what = format!("{}, {}", count(backup.accounts, "account"), count(backup.live, "live app password"));
    let to = file.map_or_else(|| "standard output".to_owned(), str::to_owned);
    let event = backup.last_event.map(|event| format!(", events to {event}")).unwrap_or_default();
    let fields: Vec<(&str, Cell)> = vec![
        ("Backup", to.into()),
        ("Of", format!("{}, as of {}", backup.database, clock.exact(backup.at)).into()),
        ("In it", format!("{what}, {} revoked", thousands(backup.revoked)).into()),
        ("Size", format!("{} bytes", thousands(backup.bytes)).into()),
        ("SHA-256", sha256.into()),
        ("Journal", format!("to byte {}{event}", backup.journal_bytes).into()),
    ];
    record(&mut text, fields);
    text.line("");
    text.line(format!(
        "The server key is NOT in it. It lies in {}, with the journal of what was revoked:",
        backup.key_dir
    ));
    text.line("back that up, too, but never to the same place. Who has both can test guesses.");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples;

    #[test]
    fn it_says_what_is_in_it_and_what_is_not() {
        let expected = "\
Backup:   /b/apppw.db
Of:       /var/lib/apppwd/apppw.db, as of 2027-01-15 09:00:00 +01:00
In it:    12 accounts, 1,234 live app passwords, 5 revoked
Size:     98,304 bytes
SHA-256:  00ff
Journal:  to byte 4096, events to 7

The server key is NOT in it. It lies in /var/lib/apppwd-key, with the journal of what was revoked:
back that up, too, but never to the same place. Who has both can test guesses.
";
        let said = text(&samples::backup(), "00ff", Some("/b/apppw.db"), &samples::clock());
        assert_eq!(said.as_str(), expected);
    }
}
