//! `apppw wait`, and `create --wait`: until the first login, and what goes wrong meanwhile.

mod tell;

use super::Session;
use super::resolve::{self, For};
use crate::cli::Wait;
use crate::exit::{Failure, Status};
use crate::output;
use apppw_admin::span::Span;
use apppw_admin::verbs::{AppPassword, ShowArgs, Shown, State, Use, WatchArgs, Watched};
use apppw_admin::{Code, Verb};
use std::time::{Duration, Instant};
use tell::{Tell, Voice};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(500);

/// `apppw wait ID`.
pub fn run(session: &mut Session, args: &Wait) -> Result<Status, Failure> {
    let id = resolve::id(session, &args.id, For::Looking)?;
    let watch = WatchArgs { id, watch: None, after: None };
    // Before the uses are counted: no login may fall in between.
    let first: Watched = session.ask(Verb::Watch, &watch)?;
    let shown: Shown = session.ask(Verb::Show, &ShowArgs { id })?;
    let before = count(&shown.uses);
    let voice = Voice::of_results(session.json);
    Waiting { record: shown.app_password, before, watch, first: Some(first), voice }.run(session, args.span)
}

/// Waits for the login with one app password.
pub struct Waiting {
    record: AppPassword,
    /// Logins with it that are none of those waited for.
    before: u64,
    watch: WatchArgs,
    /// What was told at the beginning.
    first: Option<Watched>,
    voice: Voice,
}

impl Waiting {
    /// Begins to watch a new one, before anybody can have tried.
    pub fn begin(session: &mut Session, record: AppPassword) -> Result<Self, Failure> {
        let watch = WatchArgs { id: record.id, watch: None, after: None };
        let first = Some(session.ask(Verb::Watch, &watch)?);
        Ok(Self { record, before: 0, watch, first, voice: Voice::beside_a_secret(session.json) })
    }

    /// Goes on until a login, or until the time is over.
    pub fn run(mut self, session: &mut Session, span: Span) -> Result<Status, Failure> {
        let seconds = u64::try_from(span.seconds()).unwrap_or(0);
        let until = Instant::now() + Duration::from_secs(seconds);
        let mut tell = Tell::new(self.voice, self.record.clone());
        tell.begins(span)?;
        let mut lost = false;
        let mut first = self.first.take().map(Ok);
        loop {
            match first.take().unwrap_or_else(|| session.ask(Verb::Watch, &self.watch)) {
                Ok(watched) => {
                    if std::mem::take(&mut lost) {
                        tell.note("apppwd answers again");
                    }
                    if let Some(status) = self.take_in(session, &mut tell, watched)? {
                        return Ok(status);
                    }
                }
                Err(failure) if may_pass(&failure) => {
                    session.hang_up();
                    if !std::mem::replace(&mut lost, true) {
                        tell.warn(&format!("{}; still waiting", failure.message));
                    }
                }
                Err(failure) => return Err(failure),
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(tell.nobody_came(span));
            }
            std::thread::sleep(left.min(PAUSE));
        }
    }

    /// What an answer brings; a status: the waiting is over.
    fn take_in(
        &mut self,
        session: &mut Session,
        tell: &mut Tell,
        watched: Watched,
    ) -> Result<Option<Status>, Failure> {
        let known = self.watch.watch.replace(watched.watch);
        self.watch.after = Some(watched.cursor);
        for attempt in &watched.attempts {
            let is_it = attempt.id == Some(self.record.id) && attempt.reason == "accepted";
            let is_read = if is_it { tell.login(attempt)? } else { tell.attempt(attempt)? };
            if is_it {
                return Ok(Some(Status::Done));
            }
            if !is_read {
                return Err(Failure::io(
                    "nobody reads any more what is tried; the waiting ends without a login",
                ));
            }
        }
        if known.is_some_and(|known| known != watched.watch) {
            // The daemon was started anew, or this process was stopped for long.
            tell.note("what was tried in the meantime is not known here; the log of apppwd has it");
            if let Some(used) = self.used_meanwhile(session) {
                tell.used(&used)?;
                return Ok(Some(Status::Done));
            }
        }
        match watched.state {
            State::Revoked | State::Expired => Err(tell.ended(watched.state)),
            State::Live | State::Suspended => Ok(None),
        }
    }

    /// The latest use, if there was one that wasn't there before.
    fn used_meanwhile(&self, session: &mut Session) -> Option<Use> {
        let shown: Shown = session.ask(Verb::Show, &ShowArgs { id: self.record.id }).ok()?;
        (count(&shown.uses) > self.before).then(|| shown.uses.into_iter().next()).flatten()
    }
}

/// Of a daemon that is being restarted, or has much to do.
fn may_pass(failure: &Failure) -> bool {
    failure.status == Status::Unreachable || failure.code == Code::Busy.as_str()
}

fn count(uses: &[Use]) -> u64 {
    uses.iter().map(|used| used.count).sum()
}

/// Says why there will be no waiting, where a secret has been handed over all the same.
pub fn refused(failure: Failure) -> Failure {
    output::warn("the app password is there, but its first login can't be waited for");
    failure
}
