//! `--follow`: what happens, as it happens.

use super::reader::Reader;
use super::{line, tell_forgotten};
use crate::cli::Events;
use crate::commands::Session;
use crate::exit::{Failure, Status};
use crate::output::time::Clock;
use crate::output::{self, Text, csv, json};
use apppw_admin::{Code, verbs};
use std::time::{Duration, Instant};

/// Between two questions.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a daemon is waited for that was there: an upgrade takes less.
const PATIENCE: Duration = Duration::from_secs(60);

/// Goes on until it is interrupted, nobody reads any more, or the daemon stays away.
pub fn run(
    session: &mut Session,
    reader: &mut Reader,
    args: &Events,
    clock: &Clock,
) -> Result<Status, Failure> {
    let mut page = reader.next(session)?;
    if !output::print_if_read(&written(session, args, &page, true, clock)?)? {
        return Ok(Status::Done);
    }
    if !session.json {
        tell_forgotten(args, &page);
    }
    loop {
        if !page.more && !output::wait_while_read(PAUSE) {
            return Ok(Status::Done);
        }
        let Some(next) = next(session, reader, PATIENCE)? else { return Ok(Status::Done) };
        page = next;
        if !output::print_if_read(&written(session, args, &page, false, clock)?)? {
            return Ok(Status::Done);
        }
    }
}

/// The next page, also of a daemon that is being restarted; none: nobody reads any more.
fn next(
    session: &mut Session,
    reader: &mut Reader,
    patience: Duration,
) -> Result<Option<verbs::Events>, Failure> {
    let lost = Instant::now();
    let (mut tries, mut said) = (0_u32, false);
    loop {
        let failure = match reader.next(session) {
            Ok(page) => {
                if said {
                    note("apppwd answers again");
                }
                return Ok(Some(page));
            }
            Err(failure) => failure,
        };
        let may_pass = failure.status == Status::Unreachable || failure.code == Code::Busy.as_str();
        if !may_pass || lost.elapsed() >= patience {
            return Err(failure);
        }
        session.hang_up();
        tries += 1;
        // Who was stopped for a while, or whose reader was slow, has been hung up on and finds
        // the daemon at once: nothing to worry about.
        if tries == 1 {
            continue;
        }
        if !said && !session.json {
            output::warn(&format!("{}; trying again for {} s", failure.message, patience.as_secs()));
            said = true;
        }
        if !output::wait_while_read(PAUSE) {
            return Ok(None);
        }
    }
}

fn note(message: &str) {
    let mut text = Text::new();
    text.line(format!("apppw: {message}"));
    text.print_to_stderr();
}

/// The page, in the format that was asked for.
fn written(
    session: &Session,
    args: &Events,
    page: &verbs::Events,
    is_first: bool,
    clock: &Clock,
) -> Result<Vec<u8>, Failure> {
    if args.csv.csv {
        return csv::events(&page.events, is_first)?.into_bytes();
    }
    if session.json {
        let mut lines = Vec::new();
        for event in &page.events {
            lines.extend_from_slice(&json::document(&json::event(event))?);
        }
        return Ok(lines);
    }
    Ok(line::text(&page.events, args.user.as_deref(), clock).as_str().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use apppw_admin::verbs::EventsArgs;

    #[test]
    fn a_daemon_that_stays_away_is_not_waited_for_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let mut session = Session::new(dir.path().join("admin.sock"), true);
        let mut reader = Reader::new(EventsArgs::default());
        for patience in [Duration::ZERO, Duration::from_millis(1_500)] {
            let begun = Instant::now();
            let failure = next(&mut session, &mut reader, patience).unwrap_err();
            assert_eq!((failure.status, failure.code), (Status::Unreachable, "unreachable"));
            assert!(begun.elapsed() >= patience);
        }
    }
}
