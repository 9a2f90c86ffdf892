//! PAM services that app passwords never open.

/// The built-in services that app passwords never open, whatever the configuration says.
/// An entry that ends in `*` stands for every service that begins so.
pub const NEVER: &[&str] = &[
    "sshd",
    "sudo",
    "sudo-i",
    "su",
    "su-l",
    "runuser",
    "login",
    "cron",
    "polkit-1",
    "passwd",
    "systemd-user",
    "gdm*",
    "lightdm",
    "sddm",
    "cockpit",
];

/// Whether `service` is one of [`NEVER`]. Case does not count: libpam lower-cases the
/// service name itself, but not every caller of the frame is libpam.
#[must_use]
pub fn is_never_opened(service: &str) -> bool {
    let service = service.as_bytes();
    NEVER.iter().any(|entry| match entry.strip_suffix('*') {
        Some(prefix) => {
            service.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix.as_bytes()))
        }
        None => service.eq_ignore_ascii_case(entry.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::is_never_opened;

    #[test]
    fn interactive_services_are_never_opened() {
        for service in ["sshd", "sudo", "sudo-i", "su-l", "SSHD", "gdm-password", "gdm3", "cockpit"] {
            assert!(is_never_opened(service), "{service}");
        }
    }

    #[test]
    fn mail_services_are_not_on_the_list() {
        for service in ["imap", "smtp", "dovecot", "sshd2", "sudoku", "sum", "", "xgdm"] {
            assert!(!is_never_opened(service), "{service}");
        }
    }
}
