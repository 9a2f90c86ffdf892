//! Listening as somebody else: all `unsafe` code of the fakes.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

/// Binds and listens with the effective uid `uid`, which is what a peer then sees. The mode lets
/// everybody connect.
///
/// # Errors
/// If this process may not act for others, or the socket can't be bound.
pub fn bind_as(uid: u32, path: &Path) -> io::Result<UnixListener> {
    let path = path.to_owned();
    // The bare system call changes this one thread only, which then ends.
    let thread = std::thread::spawn(move || {
        let keep = u32::MAX;
        // SAFETY: takes numbers only. Not libc's `setresuid`: that one changes all threads.
        if unsafe { libc::syscall(libc::SYS_setresuid, keep, uid, keep) } != 0 {
            return Err(io::Error::last_os_error());
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777))?;
        Ok(listener)
    });
    thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that listens panicked")))
}
