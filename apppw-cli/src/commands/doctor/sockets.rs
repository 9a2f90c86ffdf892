//! The two sockets: who may put one there, who may connect, who listens.

use super::line::Line;
use crate::hosts::listener::{self, Answer, Listener};
use nix::unistd::Group;
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// What the group is called that hosts without root's rights are in.
const GROUP: &str = "apppw-auth";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Auth,
    Admin,
}

/// What is there under the path of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Missing,
    /// Not to be looked at by this caller.
    Unseen(String),
    NoSocket,
    Socket(Mode),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
}

/// A socket, as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub role: Role,
    pub path: PathBuf,
    pub found: Found,
    /// The folder that it lies in.
    pub folder: Option<Mode>,
    pub answer: Answer,
    /// Of the group `apppw-auth`, if there is one.
    pub auth_gid: Option<u32>,
    /// Uids besides root that a line of a PAM stack wants to listen (`server_uid=`).
    pub wanted_uids: Vec<u32>,
    /// The daemon's, if it answered.
    pub daemon: Option<(u32, u32)>,
}

/// Looks at the socket.
pub fn gather(role: Role, path: &Path, wanted_uids: &[u32], daemon: Option<(u32, u32)>) -> Facts {
    let mode =
        |found: &std::fs::Metadata| Mode { uid: found.uid(), gid: found.gid(), mode: found.mode() & 0o7777 };
    let found = match std::fs::metadata(path) {
        Ok(found) if found.file_type().is_socket() => Found::Socket(mode(&found)),
        Ok(_) => Found::NoSocket,
        Err(e) if e.kind() == ErrorKind::NotFound => Found::Missing,
        Err(e) => Found::Unseen(e.to_string()),
    };
    let folder = path.parent().and_then(|folder| std::fs::metadata(folder).ok()).map(|found| mode(&found));
    let auth_gid = Group::from_name(GROUP).ok().flatten().map(|group| group.gid.as_raw());
    Facts {
        role,
        path: path.to_owned(),
        found,
        folder,
        answer: listener::ask(path),
        auth_gid,
        wanted_uids: wanted_uids.to_vec(),
        daemon,
    }
}

/// What is to be said of it.
pub fn judge(facts: &Facts) -> Vec<Line> {
    let path = facts.path.display();
    let unit = match facts.role {
        Role::Auth => "apppwd.socket",
        Role::Admin => "apppwd-admin.socket",
    };
    let found = match &facts.found {
        Found::Missing => {
            let what = format!("there is no socket {path}");
            return vec![Line::fault("socket-missing", what, format!("systemctl restart {unit} apppwd"))];
        }
        Found::NoSocket => {
            let what = format!("{path} is no socket");
            return vec![Line::fault(
                "socket-missing",
                what,
                format!("remove it, then systemctl restart {unit} apppwd"),
            )];
        }
        Found::Unseen(why) => {
            return vec![Line::unseen("socket", format!("{path} can't be looked at: {why}"))];
        }
        Found::Socket(found) => *found,
    };
    let mut lines: Vec<Line> =
        [folder(facts), mode(facts, found), group(facts, found), listener(facts, unit)]
            .into_iter()
            .flatten()
            .collect();
    if lines.is_empty() {
        let whose = match (&facts.answer, facts.daemon) {
            (Answer::Listens(Listener { pid: 1, .. }), _) => "systemd listens",
            (Answer::Listens(_), Some(_)) => "a service manager listens",
            _ => "somebody listens",
        };
        let Answer::Listens(Listener { uid, .. }) = facts.answer else { return lines };
        lines.push(Line::ok("socket", format!("{path}: mode {:04o}, {whose} with uid {uid}", found.mode)));
    }
    lines
}

/// Whoever may write there can put a socket of his own in its place.
fn folder(facts: &Facts) -> Option<Line> {
    let (folder, path) = (facts.folder?, facts.path.parent()?.display());
    let by_hand = facts.daemon.is_some_and(|(uid, _)| folder.uid == uid);
    let sticky = folder.mode & 0o1000 != 0;
    let written = folder.mode & 0o022 != 0 && !sticky;
    let stranger = folder.uid != 0 && !(by_hand && facts.wanted_uids.contains(&folder.uid));
    (written || stranger).then(|| {
        let what = format!(
            "{path} belongs to uid {} and has the mode {:04o}: whoever may write there can take the socket's place",
            folder.uid, folder.mode
        );
        Line::fault("socket-folder", what, format!("chown root:root {path} && chmod 0755 {path}"))
    })
}

fn mode(facts: &Facts, found: Mode) -> Option<Line> {
    let (path, mode) = (facts.path.display(), found.mode & 0o777);
    match facts.role {
        Role::Auth if mode & 0o006 != 0 => Some(Line::warning(
            "socket-mode",
            format!("{path} has the mode {mode:04o}: every process may connect, and take places of logins"),
            format!("chmod 0660 {path} (SocketMode= of apppwd.socket)"),
        )),
        Role::Auth if mode & 0o600 != 0o600 => Some(Line::warning(
            "socket-mode",
            format!("{path} has the mode {mode:04o}"),
            format!("chmod 0660 {path} (SocketMode= of apppwd.socket)"),
        )),
        Role::Admin if mode & 0o006 != 0o006 => Some(Line::warning(
            "socket-mode",
            format!(
                "{path} has the mode {mode:04o}: users can't look at their own app passwords, nor revoke them"
            ),
            format!("chmod 0666 {path} (SocketMode= of apppwd-admin.socket)"),
        )),
        _ => None,
    }
}

fn group(facts: &Facts, found: Mode) -> Option<Line> {
    let gid = facts.auth_gid?;
    (facts.role == Role::Auth && found.gid != gid).then(|| {
        let path = facts.path.display();
        Line::warning(
            "socket-group",
            format!(
                "{path} belongs to the group {}: hosts that don't run as root (Exim) can't ask",
                found.gid
            ),
            format!("chgrp {GROUP} {path} (SocketGroup= of apppwd.socket)"),
        )
    })
}

fn listener(facts: &Facts, unit: &str) -> Option<Line> {
    let path = facts.path.display();
    match &facts.answer {
        Answer::Nobody => Some(Line::fault(
            "socket-dead",
            match facts.role {
                Role::Auth => format!("nobody listens at {path}: every login fails"),
                Role::Admin => format!("nobody listens at {path}: apppw can do nothing"),
            },
            format!("systemctl restart {unit} apppwd"),
        )),
        Answer::Denied => Some(Line::unseen("socket", format!("{path} doesn't let this user connect"))),
        Answer::Other(why) => Some(Line::fault(
            "socket-dead",
            format!("{path} can't be connected to: {why}"),
            format!("systemctl restart {unit} apppwd"),
        )),
        Answer::Listens(listener) => {
            if listener.uid != 0 && !facts.wanted_uids.contains(&listener.uid) {
                let what = format!(
                    "uid {} listens at {path}, not root: the PAM module tells it nothing, and every login fails",
                    listener.uid
                );
                return Some(Line::fault(
                    "socket-listener",
                    what,
                    format!(
                        "find out who that is (ss -lxp); then systemctl restart {unit} apppwd. For an apppwd that is \
                         started by hand: server_uid={} in the module's lines",
                        listener.uid
                    ),
                ));
            }
            let daemon = facts.daemon.map(|(_, pid)| i64::from(pid));
            (daemon == Some(listener.pid.into())).then(|| {
                Line::warning(
                    "socket-activation",
                    format!("apppwd listens at {path} itself: logins fail while it restarts"),
                    format!(
                        "let systemd listen: systemctl enable --now {unit}, then systemctl restart apppwd"
                    ),
                )
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::line::State;

    fn sound(role: Role) -> Facts {
        let mode = if role == Role::Auth { 0o660 } else { 0o666 };
        Facts {
            role,
            path: "/run/apppwd/a.sock".into(),
            found: Found::Socket(Mode { uid: 0, gid: 7, mode }),
            folder: Some(Mode { uid: 0, gid: 0, mode: 0o755 }),
            answer: Answer::Listens(Listener { uid: 0, pid: 1 }),
            auth_gid: Some(7),
            wanted_uids: Vec::new(),
            daemon: Some((990, 42)),
        }
    }

    fn said(facts: &Facts) -> Vec<(&'static str, State)> {
        judge(facts).iter().map(|line| (line.id, line.state)).collect()
    }

    #[test]
    fn as_systemd_makes_them() {
        for role in [Role::Auth, Role::Admin] {
            assert_eq!(said(&sound(role)), [("socket", State::Ok)]);
        }
        // A daemon started by hand, in a stack that says so.
        let by_hand = Facts {
            folder: Some(Mode { uid: 990, gid: 0, mode: 0o755 }),
            answer: Answer::Listens(Listener { uid: 990, pid: 41 }),
            wanted_uids: vec![990],
            ..sound(Role::Auth)
        };
        assert_eq!(said(&by_hand), [("socket", State::Ok)]);
    }

    #[test]
    fn each_fault_has_its_line() {
        let auth = || sound(Role::Auth);
        let socket = |mode| Found::Socket(Mode { uid: 0, gid: 7, mode });
        let folder = |uid, mode| Some(Mode { uid, gid: 0, mode });
        let by = |uid, pid| Answer::Listens(Listener { uid, pid });
        for (facts, id, state) in [
            (Facts { found: Found::Missing, ..auth() }, "socket-missing", State::Fault),
            (Facts { found: Found::NoSocket, ..auth() }, "socket-missing", State::Fault),
            (Facts { found: Found::Unseen("no".into()), ..auth() }, "socket", State::Warning),
            (Facts { found: socket(0o666), ..auth() }, "socket-mode", State::Warning),
            (Facts { found: socket(0o400), ..auth() }, "socket-mode", State::Warning),
            (Facts { found: socket(0o660), ..sound(Role::Admin) }, "socket-mode", State::Warning),
            (Facts { auth_gid: Some(8), ..auth() }, "socket-group", State::Warning),
            (Facts { folder: folder(0, 0o777), ..auth() }, "socket-folder", State::Fault),
            (Facts { folder: folder(0, 0o775), ..auth() }, "socket-folder", State::Fault),
            (Facts { folder: folder(990, 0o755), ..auth() }, "socket-folder", State::Fault),
            (Facts { answer: Answer::Nobody, ..auth() }, "socket-dead", State::Fault),
            (Facts { answer: Answer::Other("no".into()), ..auth() }, "socket-dead", State::Fault),
            (Facts { answer: Answer::Denied, ..auth() }, "socket", State::Warning),
            (Facts { answer: by(990, 1), ..auth() }, "socket-listener", State::Fault),
            (Facts { answer: by(0, 42), ..auth() }, "socket-activation", State::Warning),
        ] {
            assert_eq!(said(&facts), [(id, state)], "{facts:?}");
        }
        assert_eq!(said(&Facts { folder: folder(0, 0o1777), ..auth() }), [("socket", State::Ok)], "sticky");
        assert_eq!(said(&Facts { auth_gid: None, ..auth() }), [("socket", State::Ok)], "no such group here");
    }
}
