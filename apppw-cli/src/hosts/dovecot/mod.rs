//! Dovecot 2.3 and 2.4: what holds (`doveconf -n`), where it is written (`source`), what to think of it (`judge`).

pub mod judge;
pub mod source;

#[cfg(test)]
mod tests;

/// The two configuration languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    V2_3,
    V2_4,
}

impl Language {
    /// The language of a version as `doveconf --version` gives it: `2.3.19.1 (9b53102964)`.
    pub fn of(version: &str) -> Option<Self> {
        match version.trim() {
            v if v.starts_with("2.3.") => Some(Self::V2_3),
            v if v.starts_with("2.4.") => Some(Self::V2_4),
            _ => None,
        }
    }
}

/// A block: `kind name { ... }`. All of a configuration is one without kind and name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    pub kind: String,
    pub name: String,
    pub settings: Vec<(String, String)>,
    pub blocks: Vec<Self>,
}

impl Block {
    /// The last value of a setting.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The value of the first of these settings that is there: 2.4 has shorter names within a block.
    pub fn any(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// Whether a setting is `yes`.
    pub fn is_on(&self, key: &str) -> bool {
        self.get(key).is_some_and(is_yes)
    }

    /// The blocks of this kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Self> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// The block of this kind and name.
    pub fn block(&self, kind: &str, name: &str) -> Option<&Self> {
        self.blocks.iter().find(|block| block.kind == kind && block.name == name)
    }
}

/// As Dovecot reads it.
pub fn is_yes(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "yes" | "y" | "1" | "true" | "on")
}

/// What a line of configuration is.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// Empty, or a comment.
    Nothing,
    Setting(&'a str, &'a str),
    /// Kind and name.
    Open(&'a str, &'a str),
    Close,
    Include {
        pattern: &'a str,
        must_be_there: bool,
    },
    /// None of these.
    Odd,
}

/// Reads a line. A comment behind a value belongs to the value's line, not to the value.
pub fn line(text: &str) -> Line<'_> {
    let text = text.trim();
    if text.is_empty() || text.starts_with('#') {
        return Line::Nothing;
    }
    for (word, must_be_there) in [("!include_try", false), ("!include", true)] {
        if let Some(pattern) = text.strip_prefix(word).filter(|rest| rest.starts_with([' ', '\t'])) {
            return Line::Include { pattern: without_comment(pattern).trim(), must_be_there };
        }
    }
    let bare = without_comment(text).trim();
    if bare == "}" {
        return Line::Close;
    }
    if let Some(head) = bare.strip_suffix('{').map(str::trim).filter(|head| !head.contains('=')) {
        let (kind, name) = head.split_once([' ', '\t']).unwrap_or((head, ""));
        let name = unquoted(name.trim());
        // Two words are a kind of their own in 2.3 (`local_name`), and nothing of ours.
        return if kind.is_empty() || name.contains('{') { Line::Odd } else { Line::Open(kind, name) };
    }
    match bare.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() && !key.trim().contains([' ', '\t', '{', '}']) => {
            Line::Setting(key.trim(), unquoted(value.trim()))
        }
        _ => Line::Odd,
    }
}

/// Dovecot ends a value at ` #`, outside of quotes.
fn without_comment(text: &str) -> &str {
    let (mut quoted, mut before) = (None, ' ');
    for (at, c) in text.char_indices() {
        match quoted {
            Some(quote) if c == quote && before != '\\' => quoted = None,
            Some(_) => {}
            None if c == '#' && before.is_whitespace() => return text.get(..at).unwrap_or(text),
            // An apostrophe within a word opens nothing.
            None if matches!(c, '"' | '\'') && matches!(before, ' ' | '\t' | '=') => quoted = Some(c),
            None => {}
        }
        before = c;
    }
    text
}

fn unquoted(text: &str) -> &str {
    ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(text)
}

/// What `doveconf -n` printed; nothing if it can't be understood.
pub fn effective(output: &str) -> Option<Block> {
    let mut open = vec![Block::default()];
    for text in output.lines() {
        match line(text) {
            Line::Nothing => {}
            Line::Setting(key, value) => {
                open.last_mut()?.settings.push((key.to_owned(), value.to_owned()));
            }
            Line::Open(kind, name) => {
                open.push(Block { kind: kind.to_owned(), name: name.to_owned(), ..Block::default() });
            }
            Line::Close => {
                let closed = open.pop()?;
                open.last_mut()?.blocks.push(closed);
            }
            Line::Include { .. } | Line::Odd => return None,
        }
    }
    let whole = open.pop()?;
    open.is_empty().then_some(whole)
}

/// Which file `doveconf -n` read, from its first line: `# 2.3.19.1 (9b53102964): /etc/dovecot/dovecot.conf`.
pub fn main_file(output: &str) -> Option<&str> {
    let (_, path) = output.lines().next()?.strip_prefix("# ")?.split_once(": ")?;
    path.trim().starts_with('/').then(|| path.trim())
}

/// A password database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passdb {
    pub driver: String,
    /// Names users that may not log in.
    pub deny: bool,
    /// For those who log in as somebody else.
    pub master: bool,
    /// What Dovecot does when it refuses, or fails: `continue` asks the next one.
    pub failure: String,
    pub internal_failure: String,
    /// Only for these mechanisms, only behind others, with credentials of another kind ...
    pub conditions: Vec<(String, String)>,
    /// What it adds to each login that it lets in: `allow_nets`, `nologin` ...
    pub fields: Vec<String>,
    /// With `driver = pam`.
    pub pam: Option<Pam>,
}

/// How PAM is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pam {
    pub service: String,
    pub session: bool,
    pub setcred: bool,
    pub cache_key: Option<String>,
    /// Words in `args` that are none of these.
    pub others: Vec<String>,
}

impl Passdb {
    /// Of a block `passdb`, of `doveconf -n` or of a file.
    pub fn of(block: &Block) -> Self {
        let driver = block.any(&["driver", "passdb_driver"]).unwrap_or(&block.name).to_owned();
        let on = |keys: &[&str]| block.any(keys).is_some_and(is_yes);
        let rule = |keys: &[&str], default: &str| block.any(keys).unwrap_or(default).to_owned();
        let conditions =
            ["mechanisms", "mechanisms_filter", "skip", "username_filter", "result_success", "pass"];
        let is_condition = |key: &str| {
            let key = key.strip_prefix("passdb_").unwrap_or(key);
            conditions.contains(&key)
        };
        let is_default = |value: &str| matches!(value, "" | "never" | "return-ok" | "no");
        let conditions = block.settings.iter().filter(|(key, value)| is_condition(key) && !is_default(value));
        Self {
            deny: on(&["deny", "passdb_deny"]),
            master: on(&["master", "passdb_master"]),
            failure: rule(&["result_failure", "passdb_result_failure"], "continue"),
            internal_failure: rule(&["result_internalfail", "passdb_result_internalfail"], "continue"),
            conditions: conditions.cloned().collect(),
            fields: fields(block),
            pam: (driver == "pam").then(|| Pam::of(block)),
            driver,
        }
    }

    /// Whether it is asked for everybody's own password.
    pub const fn is_for_logins(&self) -> bool {
        !self.deny && !self.master
    }

    /// Whether nothing behind it is asked when it says no, or nothing at all.
    pub fn is_guarded(&self) -> bool {
        let ends = |rule: &str| rule == "return-fail" || rule == "return";
        ends(&self.failure) && ends(&self.internal_failure)
    }
}

/// 2.3 has two settings, 2.4 blocks.
fn fields(block: &Block) -> Vec<String> {
    let is_of_fields = |key: &str| {
        let key = key.strip_prefix("passdb_").unwrap_or(key);
        ["fields", "default_fields", "override_fields"].contains(&key)
    };
    let settings = block.settings.iter().filter(|(key, value)| is_of_fields(key) && !value.is_empty());
    let blocks = block.blocks.iter().filter(|inner| is_of_fields(&inner.kind));
    let written = |(key, value): &(String, String)| format!("{key} = {value}");
    settings.map(written).chain(blocks.flat_map(|inner| inner.settings.iter().map(written))).collect()
}

impl Pam {
    fn of(block: &Block) -> Self {
        let on = |key: &[&str]| block.any(key).is_some_and(is_yes);
        let mut pam = Self {
            service: block
                .any(&["pam_service_name", "service_name", "passdb_pam_service_name"])
                .unwrap_or("dovecot")
                .to_owned(),
            session: on(&["pam_session", "session", "passdb_pam_session"]),
            setcred: on(&["pam_setcred", "setcred", "passdb_pam_setcred"]),
            ..Self::default()
        };
        // 2.3: all of them in one value.
        for word in block.get("args").unwrap_or_default().split_whitespace() {
            match word.split_once('=') {
                Some(("session", value)) => pam.session = is_yes(value),
                Some(("setcred", value)) => pam.setcred = is_yes(value),
                Some(("cache_key", value)) => pam.cache_key = Some(value.to_owned()),
                Some(("max_requests" | "failure_show_msg", _)) => {}
                Some(_) => pam.others.push(word.to_owned()),
                None if word == "*" => pam.service = "%s".to_owned(),
                // The older form: -session.
                None if word == "-session" => pam.session = true,
                None => pam.service = word.to_owned(),
            }
        }
        pam
    }

    /// Whether each protocol has a PAM service of its own.
    pub fn is_per_protocol(&self) -> bool {
        ["%s", "%{service}", "%{protocol}", "%Ls", "%{protocol | lower}"].contains(&self.service.as_str())
    }
}

/// The protocols that people log in to, as their PAM services are called, from what `doveconf protocols` printed: a
/// value in 2.3, in 2.4 a value or a block.
pub fn services(protocols: &Block) -> Vec<String> {
    let listed = protocols.of_kind("protocols").flat_map(|block| &block.settings);
    let listed = listed.filter(|(_, value)| is_yes(value)).map(|(name, _)| name.as_str());
    let named = protocols.get("protocols").unwrap_or_default().split_whitespace();
    let mut services: Vec<String> = Vec::new();
    for name in listed.chain(named) {
        let name = match name {
            "imaps" => "imap",
            "pop3s" => "pop3",
            "managesieve" => "sieve",
            "submissions" => "submission",
            name => name,
        };
        // LMTP asks for no password; what else there may be we don't know.
        let is_known = ["imap", "pop3", "sieve", "submission"].contains(&name);
        if is_known && !services.iter().any(|known| known == name) {
            services.push(name.to_owned());
        }
    }
    services
}

/// The sockets on which others ask Dovecot for logins: `/var/spool/postfix/private/auth`.
pub fn auth_sockets(effective: &Block) -> Vec<&Block> {
    let of_auth = effective.of_kind("service").filter(|block| block.name == "auth");
    let listeners = of_auth.flat_map(|service| &service.blocks);
    let ours =
        ["auth-userdb", "auth-master", "auth-client", "auth-login", "login", "token-login", "login/login"];
    listeners
        .filter(|block| block.kind.ends_with("_listener"))
        .filter(|block| {
            let path = block.get("path").unwrap_or(&block.name);
            !ours.contains(&path) && !path.starts_with("login/") && !path.starts_with("token-login/")
        })
        .collect()
}
