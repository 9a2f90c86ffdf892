//! Walking a stack as libpam does.

use super::code::{Action, Code};
use super::parse::{Handler, Kind};

/// What came of a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What the application is told.
    pub code: Code,
    /// The places, in the stack, of the lines whose modules were called.
    pub called: Vec<usize>,
}

/// What is known so far.
#[derive(Debug, Clone, Copy)]
struct State {
    impression: Impression,
    code: Code,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Impression {
    None,
    Good,
    Failed,
}

impl State {
    const BEGIN: Self = Self { impression: Impression::None, code: Code::PERM_DENIED };

    fn counts(&mut self, code: Code) {
        let undecided = match self.impression {
            Impression::None => true,
            Impression::Good => self.code == Code::SUCCESS,
            Impression::Failed => false,
        };
        if undecided {
            *self = Self { impression: Impression::Good, code };
        }
    }

    fn fails(&mut self, code: Code) {
        if self.impression != Impression::Failed {
            let code = if code == Code::IGNORE { Code::PERM_DENIED } else { code };
            *self = Self { impression: Impression::Failed, code };
        }
    }
}

/// What the application is told by a stack whose modules answer so. `answer` is asked for the lines that are reached, with
/// their place in the stack; a module that can't be loaded answers [`Code::MODULE_UNKNOWN`].
pub fn run(stack: &[Handler], mut answer: impl FnMut(usize, &Handler) -> Code) -> Outcome {
    let mut called = Vec::new();
    let mut state = State::BEGIN;
    // As things stood when a substack of that level was entered.
    let mut entered = vec![State::BEGIN];
    let (mut at, mut level_before) = (0, 0);
    while let Some(handler) = stack.get(at) {
        let level = handler.level;
        if level_before < level {
            entered.resize(entered.len().max(level + 1), State::BEGIN);
            if let Some(place) = entered.get_mut(level) {
                *place = state;
            }
        }
        level_before = level;
        let code = match handler.kind {
            Kind::Substack => {
                at += 1;
                continue;
            }
            Kind::Broken => Code::PERM_DENIED,
            Kind::Module => {
                called.push(at);
                answer(at, handler)
            }
        };
        if code == Code::INCOMPLETE && handler.kind == Kind::Module {
            return Outcome { code, called };
        }
        match handler.control.of(code) {
            Action::Ignore => {}
            Action::Reset => state = entered.get(level).copied().unwrap_or(State::BEGIN),
            Action::Ok => state.counts(code),
            Action::Done => {
                state.counts(code);
                if state.impression == Impression::Good {
                    at = end_of(stack, at, level);
                }
            }
            Action::Bad => state.fails(code),
            Action::Die => {
                state.fails(code);
                at = end_of(stack, at, level);
            }
            Action::Jump(lines) => {
                let landed = jump(stack, at, level, lines);
                at = landed.at;
                if landed.short {
                    state = State { impression: Impression::Failed, code: Code::PERM_DENIED };
                }
            }
        }
        at += 1;
    }
    let code = if state.code == Code::SUCCESS && state.impression != Impression::Good {
        Code::PERM_DENIED
    } else {
        state.code
    };
    Outcome { code, called }
}

/// The last line of the substack that `at` is in.
fn end_of(stack: &[Handler], mut at: usize, level: usize) -> usize {
    while stack.get(at + 1).is_some_and(|next| next.level >= level) {
        at += 1;
    }
    at
}

struct Landed {
    /// The last line that is left out.
    at: usize,
    /// There were not so many lines.
    short: bool,
}

/// Leaves out `lines` lines of this level; a substack counts as one.
fn jump(stack: &[Handler], mut at: usize, level: usize, mut lines: usize) -> Landed {
    while lines > 0 && stack.get(at + 1).is_some_and(|next| next.level >= level) {
        at += 1;
        while stack.get(at + 1).is_some_and(|next| next.level > level) {
            at += 1;
        }
        lines -= 1;
    }
    Landed { at, short: lines > 0 }
}
