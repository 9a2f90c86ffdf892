//! The application's side of the conversation.

use std::cell::Cell;

/// How an application answers a hidden prompt.
#[derive(Debug, Clone)]
pub enum Answer {
    /// With this password.
    Password(Vec<u8>),
    /// Success, and no response at all (linux-pam issue 1).
    Nothing,
    /// With this code instead of an answer.
    Fail(i32),
}

/// Counts and answers.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) answer: Answer,
    /// Hidden prompts.
    pub(super) prompts: Cell<usize>,
    /// Everything else: visible prompts, errors, information.
    pub(super) others: Cell<usize>,
}

impl Conversation {
    pub(super) fn new(answer: Answer) -> Self {
        Self { answer, prompts: Cell::new(0), others: Cell::new(0) }
    }
}
