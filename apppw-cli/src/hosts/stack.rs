//! Files of /etc/pam.d, looked at line by line: whether one is known well enough to be replaced, and what it costs.
//! What a stack *does* is another matter.

/// A line that names a module or another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// `@include common-auth`, or `auth include common-auth`.
    Include(String),
    Module {
        /// `auth`, without `-`.
        facility: String,
        control: String,
        /// Without its directory.
        module: String,
        args: String,
    },
    /// None of these.
    Odd(String),
}

/// The lines of a stack, without comments.
pub fn entries(text: &str) -> Vec<Entry> {
    let joined = text.replace("\\\n", " ");
    joined.lines().filter_map(entry).collect()
}

fn entry(line: &str) -> Option<Entry> {
    let line = line.split('#').next().unwrap_or_default().trim();
    if line.is_empty() {
        return None;
    }
    let odd = || Some(Entry::Odd(line.to_owned()));
    if let Some(file) = line.strip_prefix("@include") {
        return Some(Entry::Include(file.trim().to_owned()));
    }
    let Some((facility, rest)) = line.split_once([' ', '\t']) else { return odd() };
    let rest = rest.trim();
    let (control, rest) = match rest.strip_prefix('[') {
        Some(bracketed) => match bracketed.split_once(']') {
            Some((inner, rest)) => {
                (format!("[{}]", inner.split_whitespace().collect::<Vec<_>>().join(" ")), rest)
            }
            None => return odd(),
        },
        None => match rest.split_once([' ', '\t']) {
            Some((control, rest)) => (control.to_owned(), rest),
            None => return odd(),
        },
    };
    let rest = rest.trim();
    let (module, args) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    if matches!(control.as_str(), "include" | "substack") {
        return Some(Entry::Include(module.to_owned()));
    }
    Some(Entry::Module {
        facility: facility.trim_start_matches('-').to_owned(),
        control,
        module: module.rsplit('/').next().unwrap_or(module).to_owned(),
        args: args.split_whitespace().collect::<Vec<_>>().join(" "),
    })
}

/// Whether two files say the same, whatever their comments and spaces.
pub fn same(one: &str, other: &str) -> bool {
    entries(one) == entries(other)
}

/// Whether the module is named.
pub fn names_apppw(text: &str) -> bool {
    let ours = |entry: Entry| matches!(entry, Entry::Module { module, .. } if module == "pam_apppw.so");
    entries(text).into_iter().any(ours)
}

/// What a distribution's own stacks consist of: nothing that a site has thought of for itself.
const USUAL: [&str; 9] = [
    "pam_unix.so",
    "pam_deny.so",
    "pam_permit.so",
    "pam_env.so",
    "pam_nologin.so",
    "pam_warn.so",
    "pam_shells.so",
    "pam_limits.so",
    "pam_apppw.so",
];

/// Lines that are more than a distribution's default.
pub fn of_the_site(text: &str) -> Vec<String> {
    let unusual = |entry: &Entry| match entry {
        Entry::Include(file) => {
            let file = file.rsplit('/').next().unwrap_or(file);
            !(file.starts_with("common-")
                || matches!(file, "system-auth" | "password-auth" | "other" | "postlogin"))
        }
        Entry::Module { module, args, .. } => {
            !USUAL.contains(&module.as_str()) || module == "pam_apppw.so" && !args.is_empty()
        }
        Entry::Odd(_) => true,
    };
    let shown = |entry: Entry| match entry {
        Entry::Include(file) => format!("include {file}"),
        Entry::Module { facility, control, module, args } => {
            format!("{facility} {control} {module} {args}").trim_end().to_owned()
        }
        Entry::Odd(line) => line,
    };
    entries(text).into_iter().filter(unusual).map(shown).collect()
}

/// Whether somebody other than us says who may come in after the password was right.
pub fn has_account_rules(text: &str) -> bool {
    entries(text).into_iter().any(|entry| match entry {
        Entry::Include(file) => {
            file.ends_with("account") || file.ends_with("-auth") && !file.ends_with("common-auth")
        }
        Entry::Module { facility, module, .. } => {
            facility == "account" && !["pam_permit.so", "pam_apppw.so"].contains(&module.as_str())
        }
        Entry::Odd(_) => false,
    })
}

/// Lines of ours that go on to the next one though the module has refused.
pub fn leaks(text: &str) -> bool {
    entries(text).into_iter().any(|entry| {
        matches!(entry, Entry::Module { facility, control, module, .. }
            if facility == "auth" && module == "pam_apppw.so" && matches!(control.as_str(), "sufficient" | "optional"))
    })
}

/// Whether the file loads more than modules that do nothing. libpam reads /etc/pam.d/other at every login, whatever
/// the service, and loads what it names (`_pam_init_handlers`).
pub fn loads_much(other: &str) -> bool {
    entries(other).into_iter().any(|entry| match entry {
        Entry::Include(_) | Entry::Odd(_) => true,
        Entry::Module { module, .. } => {
            !["pam_deny.so", "pam_permit.so", "pam_warn.so"].contains(&module.as_str())
        }
    })
}

/// Whether it lets nobody in.
pub fn refuses_all(other: &str) -> bool {
    let entries = entries(other);
    let auth: Vec<_> = entries
        .iter()
        .filter(|entry| !matches!(entry, Entry::Module { facility, .. } if facility != "auth"))
        .collect();
    let is_deny = |entry: &&Entry| {
        matches!(entry, Entry::Module { control, module, .. }
            if module == "pam_deny.so" && matches!(control.as_str(), "required" | "requisite"))
    };
    let plain = |entry: &&Entry| {
        matches!(entry, Entry::Module { control, module, .. }
        if module == "pam_warn.so" || module == "pam_deny.so" && !control.starts_with('['))
    };
    auth.iter().any(is_deny) && auth.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str =
        "#%PAM-1.0\n\n@include common-auth\n@include common-account\n@include common-session\n\n";

    #[test]
    fn lines_are_read_as_libpam_reads_them() {
        let text = "auth [success=done\\\n default=die] /lib/security/pam_apppw.so socket=/x  debug # why\n-session  optional pam_x.so\n";
        let entries = entries(text);
        assert_eq!(
            entries[0],
            Entry::Module {
                facility: "auth".into(),
                control: "[success=done default=die]".into(),
                module: "pam_apppw.so".into(),
                args: "socket=/x debug".into()
            }
        );
        assert!(matches!(&entries[1], Entry::Module { facility, .. } if facility == "session"));
        assert_eq!(super::entries("auth\nx y\n").len(), 2);
    }

    #[test]
    fn what_a_distribution_ships_is_no_sites_own() {
        assert_eq!(of_the_site(DEBIAN), [""; 0]);
        assert_eq!(of_the_site("auth required pam_unix.so nullok\naccount required pam_unix.so\n"), [""; 0]);
        for own in [
            "auth required pam_ldap.so",
            "account required pam_access.so",
            "auth include mail-auth",
            "auth required pam_apppw.so socket=/x",
            "nonsense",
        ] {
            assert_eq!(
                of_the_site(&format!("{DEBIAN}{own}\n")),
                [own.replace("auth include", "include")],
                "{own}"
            );
        }
    }

    #[test]
    fn comments_and_spaces_say_nothing() {
        assert!(same("# a\nauth required  pam_unix.so\n", "auth\trequired pam_unix.so # b"));
        assert!(!same("auth required pam_unix.so", "auth requisite pam_unix.so"));
        assert!(
            names_apppw("auth sufficient pam_apppw.so") && !names_apppw("# auth sufficient pam_apppw.so")
        );
    }

    #[test]
    fn a_line_that_goes_on_is_found() {
        assert!(leaks("auth sufficient pam_apppw.so\n"));
        assert!(!leaks("auth [success=done default=die] pam_apppw.so\naccount sufficient pam_apppw.so\n"));
    }

    #[test]
    fn account_rules_are_those_of_others() {
        for (text, has) in [
            (DEBIAN, true),
            ("account required pam_unix.so", true),
            ("account include system-auth", true),
            ("@include common-auth\naccount required pam_permit.so\naccount required pam_apppw.so", false),
        ] {
            assert_eq!(has_account_rules(text), has, "{text}");
        }
    }

    #[test]
    fn what_other_costs_and_lets_in() {
        let lean = "auth required pam_deny.so\naccount required pam_deny.so\n";
        assert!(!loads_much(lean) && refuses_all(lean));
        assert!(!loads_much("") && !refuses_all(""));
        assert!(loads_much(DEBIAN) && !refuses_all(DEBIAN));
        assert!(!refuses_all("auth required pam_deny.so\n@include common-auth\n"));
        assert!(!refuses_all("auth [success=1] pam_deny.so\n"));
        assert!(!refuses_all("auth sufficient pam_permit.so\nauth required pam_deny.so\n"));
    }
}
