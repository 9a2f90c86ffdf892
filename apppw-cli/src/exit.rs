//! How `apppw` ends: exit statuses, and what is said when it wasn't done.

use apppw_admin::{ClientError, Code};
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// The exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Done = 0,
    /// The daemon said no, or there is no such thing, or the person at the terminal said no; also
    /// a part that failed after a change was made.
    Refused = 1,
    /// A wrong option or a wrong value.
    Usage = 2,
    /// The daemon can't be reached, or the connection to it was lost.
    Unreachable = 3,
}

impl Status {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Done, Self::Refused, Self::Usage, Self::Unreachable];

    /// In a few words, for lists.
    #[must_use]
    pub const fn brief(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused or not found",
            Self::Usage => "wrong use",
            Self::Unreachable => "apppwd unreachable",
        }
    }

    /// In sentences, for the manual.
    #[must_use]
    pub const fn explained(self) -> &'static str {
        match self {
            Self::Done => "Done.",
            Self::Refused => {
                "Refused, or not found. Also a secret that `verify` says isn't accepted, a warning or fault that `doctor` \
                 found, a declined question, a result that couldn't be written, and a `--kick` that failed behind a \
                 change that is made."
            }
            Self::Usage => "A wrong option or a wrong value. Nothing was changed.",
            Self::Unreachable => {
                "apppwd can't be reached, or the connection was lost: then a change may have been made all the same."
            }
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Why it wasn't done. The message is for the person who reads it: what failed, on what,
/// what to do next.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// How `apppw` ends.
    pub status: Status,
    /// The class of the error: the daemon's own codes, and those of `docs/json.md`.
    pub code: &'static str,
    /// The argument at fault, if one is.
    pub field: Option<String>,
    /// What is said.
    pub message: String,
    /// Line breaks in the message are ours. Without it they are shown as `\u{a}`: one that
    /// comes from outside could pretend to be another message.
    pub several_lines: bool,
}

impl Failure {
    fn new(status: Status, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, field: None, message: message.into(), several_lines: false }
    }

    /// A wrong option.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Status::Usage, "usage", message)
    }

    /// Whether what was typed is at fault, and not only a value in it.
    pub fn is_wrong_use(&self) -> bool {
        self.code == "usage"
    }

    /// A wrong value for `field`, found before the daemon was asked.
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(Status::Usage, "invalid", message) }
    }

    /// There is nothing of the name in `field`.
    pub fn not_found(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(Status::Refused, "not_found", message) }
    }

    /// What `field` says may mean several things.
    pub fn ambiguous(field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(Status::Refused, "ambiguous", message) }
    }

    /// The person at the terminal said no.
    pub fn declined(message: impl Into<String>) -> Self {
        Self::new(Status::Refused, "declined", message)
    }

    /// The result couldn't be written, or the secret not be read.
    pub fn io(message: impl Into<String>) -> Self {
        Self::new(Status::Refused, "io", message)
    }

    /// What was asked for is done, but sessions that should have ended may be open.
    pub fn kick(message: impl Into<String>) -> Self {
        Self::new(Status::Refused, "kick", message)
    }

    /// Something that is root's.
    pub fn needs_root(message: impl Into<String>) -> Self {
        Self::new(Status::Refused, "denied", message)
    }

    /// Something else needs what would go.
    pub fn needed(message: impl Into<String>) -> Self {
        Self::new(Status::Refused, "needed", message)
    }

    /// What was waited for didn't come.
    pub fn timeout(message: impl Into<String>) -> Self {
        Self::new(Status::Refused, "timeout", message)
    }

    /// A call to the daemon at `socket` brought no result. `changing`: it would have changed
    /// something.
    pub fn from_call(error: ClientError, socket: &Path, changing: bool) -> Self {
        match error {
            ClientError::Refused(refused) => {
                let status = if refused.code == Code::Invalid { Status::Usage } else { Status::Refused };
                Self { field: refused.field, ..Self::new(status, refused.code.as_str(), refused.message) }
            }
            ClientError::Unreachable { ref source, .. } => Self::new(
                Status::Unreachable,
                "unreachable",
                format!("{error}; {}", next_step(source, socket)),
            ),
            ClientError::Io(source) => {
                let what = if matches!(source.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
                    "apppwd did not answer in time; its log may say why (journalctl -u apppwd)".to_owned()
                } else {
                    format!("lost the connection to apppwd: {source}")
                };
                Self::new(Status::Unreachable, "connection", format!("{what}{}", aftermath(changing)))
            }
            ClientError::Protocol(_) => {
                let hint =
                    "; does another program listen there, or are apppw and apppwd of different versions?";
                Self::new(Status::Unreachable, "connection", format!("{error}{hint}{}", aftermath(changing)))
            }
        }
    }

    /// The answer to a change, from the daemon at `socket`, is not what it must be.
    pub fn nonsense(what: &str, socket: &Path) -> Self {
        Self::from_call(ClientError::Protocol(what.to_owned()), socket, true)
    }
}

/// What has to be said besides, if the connection broke: the daemon may have done its part.
const fn aftermath(changing: bool) -> &'static str {
    if changing { "; the change may have been made all the same: look with `apppw list --all`" } else { "" }
}

/// What to do when nobody can be reached at `socket`.
fn next_step(source: &io::Error, socket: &Path) -> String {
    let socket = socket.display();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            "is it running? systemctl status apppwd.socket apppwd.service".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            format!("you may not open the socket or a directory above it: namei -l {socket}")
        }
        _ => "is --socket (or APPPW_SOCKET) right?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use apppw_admin::AdminError;

    #[test]
    fn a_wrong_value_is_usage_and_the_rest_is_a_refusal() {
        let status = |code| {
            let refused = ClientError::Refused(AdminError::in_field(code, "name", "no"));
            Failure::from_call(refused, Path::new("/s"), true).status
        };
        assert_eq!(status(Code::Invalid), Status::Usage);
        for code in [Code::Denied, Code::NotFound, Code::Exists, Code::Limit, Code::Busy, Code::ReadOnly] {
            assert_eq!(status(code), Status::Refused);
        }
    }

    #[test]
    fn only_a_lost_change_is_said_to_be_uncertain() {
        let lost = |changing| {
            let error = ClientError::Io(io::ErrorKind::ConnectionReset.into());
            Failure::from_call(error, Path::new("/s"), changing).message
        };
        assert!(lost(true).contains("may have been made"));
        assert!(!lost(false).contains("may have been made"));
    }

    #[test]
    fn a_closed_door_is_explained() {
        let unreachable = |kind: io::ErrorKind| {
            let error = ClientError::Unreachable { path: "/s".into(), source: kind.into() };
            Failure::from_call(error, Path::new("/s"), false)
        };
        assert!(unreachable(io::ErrorKind::PermissionDenied).message.contains("namei -l /s"));
        assert!(unreachable(io::ErrorKind::NotFound).message.contains("systemctl status apppwd.socket"));
        assert_eq!(unreachable(io::ErrorKind::NotFound).status, Status::Unreachable);
    }
}
