//! What is said while a login is waited for.

use crate::commands::{address, reasons};
use crate::exit::Failure;
use crate::output::quote::{quoted, word};
use crate::output::terminal::Stream;
use crate::output::time::Clock;
use crate::output::{self, Fit, Text, json, prose, terminal};
use apppw_admin::span::Span;
use apppw_admin::text::{cut, visible};
use apppw_admin::verbs::{AppPassword, Attempt, State, Use};

/// Who is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A person, on standard output.
    Stdout,
    /// A person, on standard error: standard output is for the secret alone.
    Stderr,
    /// A program.
    Json,
}

impl Voice {
    /// Where the login is the result.
    pub const fn of_results(json: bool) -> Self {
        if json { Self::Json } else { Self::Stdout }
    }

    /// Where a secret was the result.
    pub fn beside_a_secret(json: bool) -> Self {
        match Self::of_results(json) {
            Self::Stdout if !terminal::stdout_is_terminal() => Self::Stderr,
            voice => voice,
        }
    }
}

/// Says it.
pub struct Tell {
    voice: Voice,
    record: AppPassword,
    columns: Option<usize>,
    /// The attempt told last.
    last: Option<Attempt>,
}

impl Tell {
    /// On the app password that is waited for.
    pub fn new(voice: Voice, record: AppPassword) -> Self {
        Self { voice, record, columns: Fit::of(Stream::Stdout).limit(), last: None }
    }

    /// The waiting begins.
    pub fn begins(&self, span: Span) -> Result<(), Failure> {
        if self.voice == Voice::Json {
            return Ok(());
        }
        let what = format!(
            "Waiting up to {span} for a login of {} with {} (Ctrl-C ends this, not the app password)",
            self.record.user, self.record.id
        );
        self.say(&what).map(drop)
    }

    /// The login.
    pub fn login(&self, attempt: &Attempt) -> Result<bool, Failure> {
        if self.voice == Voice::Json {
            return output::print_if_read(&json::document(&json::login(attempt))?);
        }
        self.say(&format!("Logged in {}, {}", place(attempt), Clock::system().ago(attempt.at)))
    }

    /// The same, where only its trace was found.
    pub fn used(&self, used: &Use) -> Result<bool, Failure> {
        let Use { service, rhost, rhost_unproven, last, .. } = used;
        self.login(&Attempt {
            at: *last,
            service: service.clone(),
            rhost: rhost.clone(),
            rhost_unproven: *rhost_unproven,
            verdict: "accepted".into(),
            reason: "accepted".into(),
            id: Some(self.record.id),
            name: Some(self.record.name.clone()),
            count: 1,
        })
    }

    /// Another attempt. `false`: nobody reads any more.
    pub fn attempt(&mut self, attempt: &Attempt) -> Result<bool, Failure> {
        if self.voice == Voice::Json {
            self.last = Some(attempt.clone());
            return output::print_if_read(&json::document(&json::attempt(attempt))?);
        }
        let again = self.last.as_ref().is_some_and(|last| is_alike(last, attempt));
        let text = told(attempt, &self.record, again, self.columns);
        self.last = Some(attempt.clone());
        self.print(&text)
    }

    /// Something about the daemon.
    pub fn note(&self, what: &str) {
        if self.voice != Voice::Json {
            let mut text = Text::new();
            text.line(format!("apppw: {what}"));
            text.print_to_stderr();
        }
    }

    /// The same, which is no good news.
    pub fn warn(&self, what: &str) {
        if self.voice != Voice::Json {
            output::warn(what);
        }
    }

    /// The time is over.
    pub fn nobody_came(&self, span: Span) -> Failure {
        let AppPassword { id, user, .. } = &self.record;
        let why = match &self.last {
            None => format!(
                "nothing was tried as {user}: look whether the program has that user name and the right server"
            ),
            Some(last) => format!("the last attempt was {}: {}", place(last), last.reason),
        };
        let message = format!(
            "no login with {id} within {span}; {why}. The app password stays as it is; to wait again: apppw wait {id}"
        );
        Failure::timeout(message)
    }

    /// There will be no login any more.
    pub fn ended(&self, state: State) -> Failure {
        let AppPassword { id, .. } = &self.record;
        Failure::timeout(format!("{id} is {} and opens nothing any more; create another", state.as_str()))
    }

    fn say(&self, sentence: &str) -> Result<bool, Failure> {
        let mut text = Text::new();
        prose::lines(sentence, "", self.columns).iter().for_each(|line| text.line(line));
        self.print(&text)
    }

    fn print(&self, text: &Text) -> Result<bool, Failure> {
        if self.voice == Voice::Stderr {
            text.print_to_stderr();
            return Ok(true);
        }
        output::print_if_read(text.as_str().as_bytes())
    }
}

/// `via imap from 192.0.2.7`
fn place(attempt: &Attempt) -> String {
    let rhost = attempt.rhost.as_deref().map(theirs);
    let from = address(rhost.as_deref(), attempt.rhost_unproven);
    let from = from.map(|address| format!(" from {address}")).unwrap_or_default();
    format!("via {}{from}", theirs(&attempt.service))
}

/// A word that a mail host, or who pretends to be one, has said: short, quoted if it could be taken for more, and
/// without a place where a line may be broken. A line that begins with it would be as good as ours.
fn theirs(text: &str) -> String {
    const LONGEST: usize = 60;
    unbroken(&word(&visible(&cut(text, LONGEST))))
}

fn unbroken(text: &str) -> String {
    text.replace(char::is_whitespace, prose::UNBROKEN)
}

fn is_alike(one: &Attempt, other: &Attempt) -> bool {
    Attempt { at: other.at, count: other.count, ..one.clone() } == *other
}

/// What went wrong, and what to do; `again`: as the one before.
fn told(attempt: &Attempt, awaited: &AppPassword, again: bool, columns: Option<usize>) -> Text {
    let Attempt { verdict, reason, id, name, .. } = attempt;
    let is_other = id.is_some_and(|id| id != awaited.id);
    let which = match (id, name) {
        (Some(id), Some(name)) if is_other => {
            format!(" with another app password, {id} {}", unbroken(&quoted(name)))
        }
        _ => String::new(),
    };
    let mut text = Text::new();
    let mut paragraph = |sentences: &str, indent: &str| {
        prose::lines(sentences, indent, columns).iter().for_each(|line| text.line(line));
    };
    if verdict == "accepted" {
        paragraph(&format!("Logged in {}{which}", place(attempt)), "");
        if !again {
            paragraph("That program has the other one stored. Type the new one into it, in its place.", "  ");
        }
        return text;
    }
    let word = match verdict.as_str() {
        "refused" => "Refused",
        "not-mine" => "Left to the next module",
        _ => "Not answered",
    };
    let once_more = if again { " (again)" } else { "" };
    paragraph(&format!("{word} {}{which}: {reason}{once_more}", place(attempt)), "");
    if let Some(meaning) = reasons::meaning(reason).filter(|_| !again) {
        paragraph(meaning, "  ");
        if is_other {
            paragraph(&format!("The program has an old one stored: {} is the new one.", awaited.id), "  ");
        }
    }
    text
}

#[cfg(test)]
mod tests;
