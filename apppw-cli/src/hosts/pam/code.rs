//! What a PAM module may answer, and what a stack's line makes of it.

/// How many answers there are; libpam takes any other for a failure.
pub const CODES: usize = 32;

/// A module's answer, or a stack's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(pub usize);

/// The words for them in a control field, by number.
const WORDS: [&str; CODES] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
];

impl Code {
    pub const SUCCESS: Self = Self(0);
    pub const SERVICE_ERR: Self = Self(3);
    pub const PERM_DENIED: Self = Self(6);
    pub const AUTH_ERR: Self = Self(7);
    pub const AUTHINFO_UNAVAIL: Self = Self(9);
    pub const USER_UNKNOWN: Self = Self(10);
    pub const IGNORE: Self = Self(25);
    pub const ABORT: Self = Self(26);
    pub const MODULE_UNKNOWN: Self = Self(28);
    pub const INCOMPLETE: Self = Self(31);

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..CODES).map(Self)
    }

    /// The word that a control field and `pam_debug.so` have for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        WORDS.get(self.0).copied().unwrap_or("(no code of libpam)")
    }
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// It doesn't count.
    Ignore,
    /// It counts, unless something has failed.
    Ok,
    /// The same, and the stack is over, unless something has failed.
    Done,
    /// The stack fails with it, and goes on.
    Bad,
    /// The stack fails with it, and is over.
    Die,
    /// What came before in this stack is forgotten.
    Reset,
    /// So many lines are left out.
    Jump(usize),
}

/// What a line does with each answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control([Action; CODES]);

/// In the order in which libpam compares them.
const ACTIONS: [(&str, Action); 6] = [
    ("ignore", Action::Ignore),
    ("ok", Action::Ok),
    ("done", Action::Done),
    ("bad", Action::Bad),
    ("die", Action::Die),
    ("reset", Action::Reset),
];

impl Control {
    /// Everything fails.
    pub const BAD: Self = Self([Action::Bad; CODES]);

    /// What a control field says, without its brackets; `None` of one that libpam can't read, and takes for [`Self::BAD`].
    #[must_use]
    pub fn parse(field: &str) -> Option<Self> {
        match field.to_ascii_lowercase().as_str() {
            "required" => return Some(Self::simple(Action::Ok, Action::Ignore, Action::Bad)),
            "requisite" => return Some(Self::simple(Action::Ok, Action::Ignore, Action::Die)),
            "optional" => return Some(Self::simple(Action::Ok, Action::Ignore, Action::Ignore)),
            "sufficient" => return Some(Self::simple(Action::Done, Action::Ignore, Action::Ignore)),
            _ => {}
        }
        values(field)
    }

    fn simple(good: Action, ignore: Action, else_: Action) -> Self {
        let mut actions = [else_; CODES];
        for (code, action) in [(0, good), (12, good), (25, ignore)] {
            if let Some(place) = actions.get_mut(code) {
                *place = action;
            }
        }
        Self(actions)
    }

    /// What becomes of that answer; of one that is none of libpam's the stack fails.
    #[must_use]
    pub fn of(&self, code: Code) -> Action {
        self.0.get(code.0).copied().unwrap_or(Action::Bad)
    }
}

/// `success=ok default=die`; what isn't mentioned is bad.
fn values(field: &str) -> Option<Control> {
    let mut actions = [None; CODES];
    let mut rest = blank(field);
    while !rest.is_empty() {
        // Words are compared by their beginning only, and nothing has to separate two pairs.
        let named = WORDS.iter().chain([&"default"]).enumerate();
        let (code, word) = named.into_iter().find(|(_, word)| rest.starts_with(**word))?;
        rest = blank(rest.get(word.len()..)?);
        rest = blank(rest.strip_prefix('=')?);
        let action;
        (action, rest) = read_action(rest)?;
        match actions.get_mut(code) {
            Some(place) => *place = Some(action),
            // From here on nothing is left that another `default=` could fill.
            None => actions.iter_mut().for_each(|place| *place = place.or(Some(action))),
        }
        rest = blank(rest);
    }
    Some(Control(actions.map(|action| action.unwrap_or(Action::Bad))))
}

fn read_action(rest: &str) -> Option<(Action, &str)> {
    for (word, action) in ACTIONS {
        if let Some(rest) = rest.strip_prefix(word) {
            return Some((action, rest));
        }
    }
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = rest.split_at_checked(digits)?;
    // More lines than any stack has: all such jumps are alike.
    let lines = number.parse().unwrap_or(if number.is_empty() { 0 } else { usize::MAX });
    (lines > 0).then_some((Action::Jump(lines), rest))
}

/// Without what C takes for blanks at its beginning.
fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(field: &str, word: &str) -> Action {
        let code = WORDS.iter().position(|w| *w == word).unwrap();
        Control::parse(field).unwrap().of(Code(code))
    }

    #[test]
    fn the_four_words() {
        for (word, success, new_token, ignore, other) in [
            ("required", Action::Ok, Action::Ok, Action::Ignore, Action::Bad),
            ("Requisite", Action::Ok, Action::Ok, Action::Ignore, Action::Die),
            ("OPTIONAL", Action::Ok, Action::Ok, Action::Ignore, Action::Ignore),
            ("sufficient", Action::Done, Action::Done, Action::Ignore, Action::Ignore),
        ] {
            assert_eq!(of(word, "success"), success);
            assert_eq!(of(word, "new_authtok_reqd"), new_token);
            assert_eq!(of(word, "ignore"), ignore);
            for code in ["auth_err", "authinfo_unavail", "abort", "module_unknown", "incomplete"] {
                assert_eq!(of(word, code), other, "{word} {code}");
            }
        }
    }

    #[test]
    fn values_in_brackets() {
        let shipped = "success=done user_unknown=ignore default=die";
        assert_eq!(of(shipped, "success"), Action::Done);
        assert_eq!(of(shipped, "user_unknown"), Action::Ignore);
        assert_eq!(of(shipped, "authinfo_unavail"), Action::Die);
        assert_eq!(of("success=2", "success"), Action::Jump(2));
        assert_eq!(of("success=2", "auth_err"), Action::Bad, "without a default");
        assert_eq!(of("default=die success=ok", "success"), Action::Ok, "default may come first");
        assert_eq!(of("default=die default=ok", "success"), Action::Die, "and its first one counts");
        assert_eq!(of("success = ok\tdefault= bad", "success"), Action::Ok);
        assert_eq!(of("success=okdefault=die", "auth_err"), Action::Die, "nothing has to separate them");
        assert_eq!(of("success=99999999999999999999999", "success"), Action::Jump(usize::MAX));
        assert_eq!(of("", "success"), Action::Bad);
    }

    #[test]
    fn what_cannot_be_read_fails() {
        for field in ["success", "success=", "success=0", "success=maybe", "Success=ok", "mandatory", "=ok"] {
            assert_eq!(Control::parse(field), None, "{field}");
        }
        assert!(Control::parse("success=ok default=okay").is_none(), "`ok` is read, then `ay` is no answer");
    }
}
