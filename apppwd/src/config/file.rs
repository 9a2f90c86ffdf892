//! Reading the configuration file: syntax, then each value.

use super::Config;
use super::policy::check_services;
use apppw_admin::text::visible;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Where the configuration is unless `--config` says otherwise.
pub const DEFAULT_PATH: &str = "/etc/apppw/apppwd.toml";

/// Why the configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read the configuration {}: {source}; {}", path.display(), what_to_do(source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, excerpt, and what is wrong.
        message: String,
    },
    /// A value that is not allowed.
    #[error("{}: {key} {message}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// The key, with its table.
        key: String,
        /// What is wrong with it and what is allowed.
        message: String,
    },
}

/// Reads the configuration from `path`, or from [`DEFAULT_PATH`] if there is such a file,
/// or takes the defaults. Returns the file that was read, too.
///
/// # Errors
/// [`ConfigError`].
pub fn load(path: Option<&Path>) -> Result<(Config, Option<PathBuf>), ConfigError> {
    let (path, may_be_missing) = path.map_or((Path::new(DEFAULT_PATH), true), |path| (path, false));
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((parse(&text, path)?, Some(path.to_owned()))),
        Err(e) if e.kind() == ErrorKind::NotFound && may_be_missing => Ok((Config::default(), None)),
        Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
    }
}

/// Parses and checks the text of the file `path`.
///
/// # Errors
/// [`ConfigError::Syntax`] or [`ConfigError::Value`].
pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let shown = error.to_string();
        let shown = shown.trim_end();
        let place = shown.strip_suffix(error.message()).unwrap_or_default();
        let message = with_suggestion(format!("{place}{}", in_plain_words(error.message())), error.message());
        ConfigError::Syntax { path: path.to_owned(), message }
    })?;
    check(&config).map_err(|(key, message)| ConfigError::Value { path: path.to_owned(), key, message })?;
    Ok(config)
}

/// What helps against a file that can't be read.
fn what_to_do(error: &std::io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "name the right file: --config FILE",
        ErrorKind::IsADirectory => "it must be a file",
        ErrorKind::InvalidData => "it must be UTF-8 text",
        _ => "the daemon's user must be able to",
    }
}

/// serde's words for what it did not expect, in those of this file's readers.
fn in_plain_words(message: &str) -> String {
    let words = [
        ("unknown field ", "unknown key "),
        ("unknown variant ", "unknown word "),
        ("missing field ", "missing key "),
    ];
    let swapped = words
        .iter()
        .find_map(|(theirs, ours)| message.strip_prefix(theirs).map(|rest| format!("{ours}{rest}")))
        .unwrap_or_else(|| message.to_owned());
    match swapped.rsplit_once(", expected ") {
        Some((wrong, "u16" | "u32" | "u64" | "usize")) => {
            format!("{wrong}, expected a whole number, 0 or more")
        }
        _ => swapped,
    }
}

/// Adds "did you mean" to serde's message on an unknown key or word, which names the wrong
/// one first and then the known ones, each between backticks.
fn with_suggestion(mut shown: String, message: &str) -> String {
    if !message.starts_with("unknown ") {
        return shown;
    }
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(wrong) = quoted.next() else { return shown };
    if let Some(near) = apppw_admin::nearest(wrong, quoted) {
        shown.push_str("\ndid you mean `");
        shown.push_str(near);
        shown.push_str("`?");
    }
    shown
}

/// What no type expresses: the key at fault and the sentence about it.
fn check(config: &Config) -> Result<(), (String, String)> {
    config.argon2.check().map_err(|(key, message)| (format!("[argon2] {key}"), message))?;
    config.groups.check().map_err(|(group, message)| (format!("[groups] {}", visible(&group)), message))?;
    if !apppw_proto::secret::LENGTHS.contains(&config.secret.length) {
        return Err((
            "[secret] length".into(),
            format!("is {}, allowed are 16, 20 and 24", config.secret.length),
        ));
    }
    for (key, path) in [
        ("state_dir", &config.state_dir),
        ("key_dir", &config.key_dir),
        ("auth_socket", &config.auth_socket),
        ("admin_socket", &config.admin_socket),
    ] {
        if !path.is_absolute() {
            return Err((key.into(), format!("is {path:?}; it must be an absolute path")));
        }
    }
    if config.key_dir.starts_with(&config.state_dir) || config.state_dir.starts_with(&config.key_dir) {
        let message = "must lie apart from state_dir, so that a backup of the one doesn't hold the other";
        return Err(("key_dir".into(), message.into()));
    }
    config.events.check()?;
    config.client.check(&config.groups)?;
    config.users.check()?;
    config.policy.check(&config.groups, &config.users)?;
    for (name, preset) in &config.presets {
        if let Err(e) = apppw_admin::text::check_field(name) {
            return Err((format!("[presets.{name:?}]"), format!("has a name that {e}")));
        }
        if !preset.services.is_empty() {
            check_services(&format!("[presets.{name}] services"), &preset.services, &config.groups)?;
        }
    }
    for (peer, rule) in &config.peers {
        if peer == "root" || peer == "0" {
            return Err((format!("[peers.{peer}]"), "is not needed: root may name any service".into()));
        }
        if let Some(service) = rule.services.iter().find(|s| !config.groups.has_service(s)) {
            let message = format!("service {service:?} is in no group, so it would be refused; see [groups]");
            return Err((format!("[peers.{}]", visible(peer)), message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use apppw_admin::verbs::PrimaryPolicy;

    fn error(text: &str) -> String {
        parse(text, Path::new("/etc/apppw/apppwd.toml")).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_the_strictest_configuration() {
        let config = parse("", Path::new("x")).unwrap();
        assert_eq!(config.policy.primary, PrimaryPolicy::Refuse);
        assert_eq!(config.policy.self_service, super::super::SelfService::Revoke);
        assert!(config.peers.is_empty());
        assert_eq!(config.argon2.memory_kib, 19_456);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_a_suggestion() {
        let text = error("state_dir = \"/a\"\n\n[polciy]\nprimary = \"refuse\"\n");
        assert!(text.contains("/etc/apppw/apppwd.toml"), "{text}");
        assert!(text.contains("line 3"), "{text}");
        assert!(text.contains("did you mean `policy`?"), "{text}");
    }

    #[test]
    fn a_wrong_word_is_answered_with_the_allowed_ones() {
        let text = error("[policy]\nprimary = \"refused\"\n");
        assert!(text.contains("`refuse-enrolled`"), "{text}");
        assert!(text.contains("did you mean `refuse`?"), "{text}");
    }

    #[test]
    fn values_out_of_range_are_refused_with_what_is_allowed() {
        for (text, wanted) in [
            ("[argon2]\nmemory_kib = 7\n", "[argon2] memory_kib is 7, allowed are 8 to 262144"),
            ("[argon2]\niterations = 0\n", "[argon2] iterations is 0"),
            ("[argon2]\nparallelism = 17\n", "[argon2] parallelism is 17"),
            ("[secret]\nlength = 18\n", "[secret] length is 18, allowed are 16, 20 and 24"),
            ("state_dir = \"var\"\n", "state_dir is \"var\"; it must be an absolute path"),
            ("key_dir = \"/var/lib/apppwd/key\"\n", "key_dir must lie apart from state_dir"),
            ("[policy]\ndefault_services = [\"mial\"]\n", "did you mean \"mail\"?"),
            ("[policy]\ndefault_services = []\n", "default_services is empty"),
            (
                "[policy]\ndefault_life = \"2y\"\nlongest_life = \"1y\"\n",
                "longer than longest_life, which is 1y",
            ),
            ("[policy]\ndefault_life = \"soon\"\n", "such as 90d or 1y"),
            ("[policy]\nprimary_networks = [\"192.0.2.0/33\"]\n", "line 2"),
            ("[policy]\nprimary_networks = [\"192.0.2.1/24\"]\n", "did you mean 192.0.2.0/24?"),
            ("[policy.user.\"a\\u202eb\"]\nprimary = \"allow\"\n", "not shown as it is"),
            (
                "[policy.user.Bob]\nprimary = \"allow\"\n[users]\nfold_case = true\n",
                "is for \"bob\" by [users]",
            ),
            ("[policy.group.mail]\ndefault_services = [\"mail\"]\n", "for [policy] and for users"),
            (
                "[policy.group.mail]\ndefault_life = \"2y\"\nlongest_life = \"1y\"\n",
                "[policy.group.mail] default_life",
            ),
            ("[limits]\ntombstones = \"soon\"\n", "such as 90d or 1y"),
            ("[users]\nfold_case = true\ndefault_domain = \"Example.org\"\n", "in lower case"),
            ("[policy.group.mial]\nprimary = \"allow\"\n", "did you mean \"mail\"?"),
            ("[limits]\nper_acount = 3\n", "did you mean `per_account`?"),
            ("[presets.phone]\nservices = [\"mial\"]\n", "[presets.phone] services names \"mial\""),
            ("[events]\nmost = 999\n", "[events] most is 999, allowed are 1000 and more"),
            ("[events]\nkeep = \"soon\"\n", "such as 90d or 1y"),
            ("[users]\ndefault_domain = \"a@b\"\n", "a domain has no @"),
            ("[groups]\nimap = [\"imap\"]\n", "[groups] imap is also the name of a service"),
            ("[groups]\nshell = [\"sshd\"]\n", "names \"sshd\", which app passwords never open"),
            ("[peers.exim]\nservices = [\"gopher\"]\n", "is in no group"),
            ("[peers.root]\nservices = [\"imap\"]\n", "root may name any service"),
        ] {
            let shown = error(text);
            assert!(shown.contains(wanted), "{shown}");
        }
    }

    #[test]
    fn the_least_that_is_allowed_is_accepted() {
        let config = parse("[events]\nmost = 1000\n", Path::new("x")).unwrap();
        assert_eq!(config.events.most, 1000);
    }

    #[test]
    fn groups_in_the_file_add_to_the_default_ones() {
        let config = parse("[groups]\nnews = [\"inn\"]\nmail = [\"imap\"]\n", Path::new("x")).unwrap();
        assert!(config.groups.has_service("inn"));
        assert!(config.groups.has_service("xmpp"));
        assert!(!config.groups.has_service("pop3"));
    }
}
