//! Whether this process may do more than he who has it run: then his environment is not to say what is run.

use nix::unistd::{Gid, Uid};

/// What those set by whom one gets another's rights.
const OF_SUDO: [&str; 4] = ["SUDO_UID", "SUDO_USER", "DOAS_USER", "PKEXEC_UID"];

/// Whose rights a process has.
pub struct Rights {
    real: u32,
    effective: u32,
    real_group: u32,
    effective_group: u32,
    /// Another gave them, by the environment.
    by_sudo: bool,
    /// Who logged in, as the kernel's audit keeps it (pam_loginuid(8)); none: it doesn't tell.
    login: Option<u32>,
}

impl Rights {
    pub fn of_this_process() -> Self {
        const UNSET: u32 = u32::MAX;
        let login = std::fs::read_to_string("/proc/self/loginuid").ok();
        Self {
            real: Uid::current().as_raw(),
            effective: Uid::effective().as_raw(),
            real_group: Gid::current().as_raw(),
            effective_group: Gid::effective().as_raw(),
            by_sudo: OF_SUDO.iter().any(|name| std::env::var_os(name).is_some()),
            login: login.and_then(|login| login.trim().parse().ok()).filter(|login| *login != UNSET),
        }
    }

    /// Whether they may be more than those of him who sits at the terminal. Each sign adds caution, and none
    /// takes any away: who has no login uid yet can give himself one. Root's are always taken for somebody
    /// else's, for there is most to be had from him.
    pub fn are_elevated(&self) -> bool {
        self.effective == 0
            || self.real != self.effective
            || self.real_group != self.effective_group
            || self.by_sudo
            || self.login.is_some_and(|login| login != self.effective)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_elevated_unless_they_are_those_of_the_login() {
        let own = || Rights {
            real: 1000,
            effective: 1000,
            real_group: 100,
            effective_group: 100,
            by_sudo: false,
            login: Some(1000),
        };
        assert!(!own().are_elevated());
        assert!(!Rights { login: None, ..own() }.are_elevated());
        for (what, rights) in [
            (
                "sudo, and a login uid of his own making",
                Rights { real: 0, effective: 0, login: Some(0), ..own() },
            ),
            ("root, and nobody knows whence", Rights { real: 0, effective: 0, login: None, ..own() }),
            ("sudo -u bob", Rights { real: 1001, effective: 1001, ..own() }),
            ("the same, where the login isn't known", Rights { by_sudo: true, login: None, ..own() }),
            ("setuid", Rights { effective: 1001, login: None, ..own() }),
            ("setgid", Rights { effective_group: 101, ..own() }),
        ] {
            assert!(rights.are_elevated(), "{what}");
        }
    }
}
