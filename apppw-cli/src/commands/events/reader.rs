//! Page after page, each event once.

use crate::commands::Session;
use crate::exit::Failure;
use apppw_admin::verbs::{Event, Events, EventsArgs};
use apppw_admin::{ClientError, Verb};

/// Knows where the next page begins, and what was told.
pub struct Reader {
    args: EventsArgs,
    unwritten: Vec<Event>,
}

impl Reader {
    /// Begins with what `args` ask for.
    pub const fn new(args: EventsArgs) -> Self {
        Self { args, unwritten: Vec::new() }
    }

    /// The next page, perhaps an empty one, without what was told before.
    pub fn next(&mut self, session: &mut Session) -> Result<Events, Failure> {
        let mut page: Events = session.ask(Verb::Events, &self.args)?;
        let goes_on = self.args.after.is_none_or(|after| page.cursor > after);
        if page.more && !goes_on {
            let error = ClientError::Protocol("the list doesn't go on".to_owned());
            return Err(Failure::from_call(error, &session.socket, false));
        }
        self.args.last = None;
        self.args.after = Some(page.cursor);
        page.events = self.not_told(page.events, page.more);
        Ok(page)
    }

    /// What isn't written yet has no number: it comes with each answer, and once more when it is
    /// written.
    fn not_told(&mut self, events: Vec<Event>, more: bool) -> Vec<Event> {
        let mut still_unwritten = Vec::new();
        let mut new = Vec::with_capacity(events.len());
        for event in events {
            let told = self.unwritten.iter().position(|told| *told == Event { seq: None, ..event.clone() });
            if let Some(told) = told {
                self.unwritten.swap_remove(told);
            }
            if event.seq.is_none() {
                still_unwritten.push(event.clone());
            }
            if told.is_none() {
                new.push(event);
            }
        }
        if !more {
            self.unwritten.clear();
        }
        self.unwritten.append(&mut still_unwritten);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::samples::about;
    use apppw_admin::verbs::EventKind::{self, Denied, Revoke};

    fn unwritten(kind: EventKind) -> Event {
        Event { seq: None, ..about(0, kind) }
    }

    /// What is told of these answers, one after the other.
    fn told(answers: &[(&[Event], bool)]) -> Vec<usize> {
        let mut reader = Reader::new(EventsArgs::default());
        answers.iter().map(|(events, more)| reader.not_told(events.to_vec(), *more).len()).collect()
    }

    #[test]
    fn what_waits_to_be_written_is_told_once() {
        let (waiting, written) = (unwritten(Revoke), about(7, Revoke));
        let again: &[Event] = std::slice::from_ref(&waiting);
        assert_eq!(
            told(&[(again, false), (again, false), (std::slice::from_ref(&written), false)]),
            [1, 0, 0]
        );
        assert_eq!(
            told(&[(again, false), (&[about(8, Denied)], false), (again, false)]),
            [1, 1, 1],
            "written in between"
        );
        assert_eq!(told(&[(again, true), (again, true), (again, false), (again, false)]), [1, 0, 0, 0]);
        assert_eq!(told(&[(again, false), (&[about(8, Denied)], true), (again, false)]), [1, 1, 0]);
        let two: &[Event] = &[waiting.clone(), waiting.clone()];
        assert_eq!(
            told(&[(again, false), (two, false), (&[written.clone(), written.clone()], false)]),
            [1, 1, 0]
        );
    }

    #[test]
    fn numbered_ones_are_all_told() {
        let events: &[Event] = &[about(1, Revoke), about(2, Revoke)];
        assert_eq!(told(&[(events, false), (events, false)]), [2, 2], "the cursor's business");
    }
}
