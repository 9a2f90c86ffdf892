//! Binding a socket by hand, without systemd.

use super::SocketError;
use crate::fault::{AccessFault, Fault};
use crate::ownership::{self, Kept};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind as bind_socket, listen, socket,
};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Group, chown};
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Owner and group: the PAM hosts.
pub(super) const AUTH_MODE: u32 = 0o660;
/// Everyone: who asks is judged by the peer's credentials.
pub(super) const ADMIN_MODE: u32 = 0o666;

/// Binds `path` with `mode` and listens. A socket file that nobody listens on is replaced.
pub(super) fn bind(path: &Path, mode: u32) -> Result<UnixListener, Fault> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    match std::fs::create_dir(dir) {
        Ok(()) => std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o755))
            .map_err(|e| Fault::io("can't make the folder", dir, e))?,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
        Err(e) => return Err(Fault::io("can't make the folder", dir, e)),
    }
    // Whoever can write there could put a socket of his own in place and collect secrets.
    ownership::check(dir, Kept::Unwritable)?;
    remove_stale(path)?;
    let failed = |what: &'static str| {
        let path = path.to_owned();
        move |e: nix::Error| -> Fault { SocketError::Io { what, path, source: e.into() }.into() }
    };
    let flags = SockFlag::SOCK_CLOEXEC;
    let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None).map_err(failed("make"))?;
    let address = UnixAddr::new(path).map_err(failed("bind"))?;
    // Nobody connects before the mode is right: the file appears without any.
    let before = umask(Mode::all());
    let bound = bind_socket(fd.as_raw_fd(), &address);
    umask(before);
    bound.map_err(failed("bind"))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .map_err(|e| Fault::io("can't set the mode of", path, e))?;
    listen(&fd, Backlog::MAXCONN).map_err(failed("listen on"))?;
    Ok(UnixListener::from(fd))
}

/// Gives the socket to `group` if there is such a group and this process may: else the
/// daemon's own group has it.
pub(super) fn give_to_group(path: &Path, group: &str) -> Result<(), Fault> {
    let Ok(Some(group)) = Group::from_name(group) else { return Ok(()) };
    match chown(path, None, Some(group.gid)) {
        Ok(()) => Ok(()),
        Err(nix::Error::EPERM) => {
            tracing::warn!(
                "{}: this uid may not give it to the group apppw-auth; PAM hosts of other uids can't connect",
                path.display()
            );
            Ok(())
        }
        Err(e) => Err(Fault::io("can't set the group of", path, e.into())),
    }
}

fn remove_stale(path: &Path) -> Result<(), Fault> {
    let meta = match std::fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Fault::io("can't look at", path, e)),
    };
    if !meta.file_type().is_socket() {
        return Err(AccessFault {
            path: path.to_owned(),
            found: "is not a socket".into(),
            wanted: "a socket, or nothing".into(),
            remedy: "Move it away.".into(),
        }
        .into());
    }
    match UnixStream::connect(path) {
        Err(e) if e.kind() == ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(|e| Fault::io("can't remove the stale socket", path, e))
        }
        _ => Err(SocketError::InUse { path: path.to_owned() }.into()),
    }
}
