//! What the system calls need `unsafe` for: all of the daemon's is here.
#![expect(unsafe_code, reason = "socket options, inherited descriptors and pages that no safe crate wraps")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;
use std::ptr::NonNull;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use zeroize::Zeroize;

/// `SO_PEERGROUPS` (Linux 4.13): the supplementary groups of a Unix socket's peer, as they
/// were when it connected.
///
/// # Errors
/// As getsockopt(2).
pub fn peer_groups(socket: &impl AsRawFd) -> io::Result<Vec<libc::gid_t>> {
    // The kernel says with ERANGE how many there are, if they are more than this.
    let mut groups: Vec<libc::gid_t> = vec![0; 64];
    loop {
        let mut len = libc::socklen_t::try_from(size_of_val(groups.as_slice())).map_err(io::Error::other)?;
        // SAFETY: `groups` is valid for writes of `len` bytes, and the kernel writes at most
        // that many; `len` is valid for reads and writes.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERGROUPS,
                groups.as_mut_ptr().cast(),
                &raw mut len,
            )
        };
        let count = usize::try_from(len).map_err(io::Error::other)? / size_of::<libc::gid_t>();
        if result == 0 {
            groups.truncate(count);
            return Ok(groups);
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::ERANGE) || count <= groups.len() {
            return Err(error);
        }
        groups.resize(count, 0);
    }
}

/// Gives back to the system what the allocator keeps free: what a start needs is needed once.
pub fn give_memory_back() {
    // SAFETY: takes a number; malloc_trim(3) may be called at any time, from any thread.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Has the runtime watch a listener, and leaves what it accepts to the caller.
///
/// # Errors
/// As epoll_ctl(2).
pub fn listen_async(listener: UnixListener) -> io::Result<AsyncFd<UnixListener>> {
    // SAFETY: the listener owns its descriptor, which stays open and the same until the AsyncFd
    // gives the listener back or is dropped with it.
    let registered = unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) };
    registered.map_err(io::Error::from)
}

/// Takes over a descriptor that the service manager passed on (sd_listen_fds(3)).
///
/// # Errors
/// If there is no such descriptor, or it can't be made to close on exec.
pub fn take_inherited(fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: fcntl on any number is harmless; it fails if no descriptor is open there.
    if unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) } == -1 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor is open, as fcntl just showed, and by the protocol of
    // sd_listen_fds(3) it is this process's to own; the caller takes each number once.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `SO_PASSRIGHTS` (Linux 6.16; `asm-generic/socket.h`): whether who is connected may pass descriptors on.
#[cfg(not(any(target_arch = "sparc", target_arch = "sparc64")))]
const SO_PASSRIGHTS: libc::c_int = 83;
#[cfg(any(target_arch = "sparc", target_arch = "sparc64"))]
const SO_PASSRIGHTS: libc::c_int = 0x5c;

/// Has the kernel refuse descriptors (unix(7), `SCM_RIGHTS`) on a socket, or on all that will be accepted from it.
///
/// # Errors
/// As setsockopt(2): `ENOPROTOOPT` before Linux 6.16.
pub fn refuse_descriptors(socket: &impl AsRawFd) -> io::Result<()> {
    let no: libc::c_int = 0;
    let len = libc::socklen_t::try_from(size_of_val(&no)).map_err(io::Error::other)?;
    // SAFETY: `no` is valid for reads of `len` bytes.
    let set = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, SO_PASSRIGHTS, (&raw const no).cast(), len)
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A value in pages of its own, which never reach a disk: locked in memory (mlock(2)), left out of
/// core images (madvise(2), `MADV_DONTDUMP`), zeroed when it is dropped. What the value points to is
/// not in them.
pub struct Locked<T> {
    value: NonNull<T>,
    len: usize,
    lock: Result<(), i32>,
}

impl<T> Locked<T> {
    /// Moves a value there. Where it was before, the caller wipes.
    ///
    /// # Errors
    /// As mmap(2). That it can't be locked is no error: [`Locked::lock_error`].
    pub fn new(value: T) -> io::Result<Self> {
        let len = size_of::<T>().max(1);
        // SAFETY: a new mapping, wherever the kernel likes.
        let pages = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if pages == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let place = NonNull::new(pages.cast::<T>()).filter(|place| place.is_aligned());
        let Some(place) = place else { return Err(io::ErrorKind::OutOfMemory.into()) };
        // SAFETY: these are the pages mapped above, of at least `len` bytes.
        let lock = unsafe {
            // Where the kernel lacks it (before 3.4) nothing is lost but this.
            libc::madvise(pages, len, libc::MADV_DONTDUMP);
            match libc::mlock(pages, len) {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error().raw_os_error().unwrap_or(0)),
            }
        };
        // SAFETY: mapped for writing just now, large enough, aligned (checked above), and nobody
        // else's.
        unsafe { place.write(value) };
        Ok(Self { value: place, len, lock })
    }

    /// Why it could not be locked: the kernel may swap it out.
    #[must_use]
    pub fn lock_error(&self) -> Option<io::Error> {
        self.lock.err().map(io::Error::from_raw_os_error)
    }
}

impl<T> std::ops::Deref for Locked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: it holds a value from `new` until `drop`, and nothing hands out a `&mut` to it.
        unsafe { self.value.as_ref() }
    }
}

impl<T> Drop for Locked<T> {
    fn drop(&mut self) {
        // SAFETY: the value is dropped once, here, and not touched as such afterwards; the pages are
        // `len` bytes, mapped for writing, and unmapped once.
        unsafe {
            self.value.drop_in_place();
            std::slice::from_raw_parts_mut(self.value.as_ptr().cast::<u8>(), self.len).zeroize();
            libc::munmap(self.value.as_ptr().cast(), self.len);
        }
    }
}

// SAFETY: it owns its value as a Box does; only `&T` is handed out.
unsafe impl<T: Send> Send for Locked<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Locked<T> {}

impl<T: std::fmt::Debug> std::fmt::Debug for Locked<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    /// The lines of /proc/self/smaps of the mapping that `address` is in.
    fn mapping(address: usize) -> Option<String> {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut inside = false;
        let mut lines = String::new();
        for line in smaps.lines() {
            let range = line.split(' ').next().and_then(|word| word.split_once('-'));
            let bounds = range.and_then(|(from, to)| {
                Some((usize::from_str_radix(from, 16).ok()?, usize::from_str_radix(to, 16).ok()?))
            });
            if let Some((from, to)) = bounds {
                inside = (from..to).contains(&address);
            }
            if inside {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        Some(lines).filter(|lines| !lines.is_empty())
    }

    #[test]
    fn what_is_locked_is_in_locked_pages_that_no_core_image_has() {
        let locked = Locked::new([7_u8; 100]).unwrap();
        assert_eq!(*locked, [7; 100]);
        let lines = mapping(locked.as_ptr().addr()).unwrap();
        let flags = lines.lines().find(|line| line.starts_with("VmFlags:")).unwrap();
        assert!(flags.contains(" dd"), "{flags}");
        assert_eq!(locked.lock_error().is_none(), flags.contains(" lo"), "{flags}");
    }

    #[test]
    fn what_is_locked_is_dropped_once() {
        let counted = Rc::new(());
        let locked = Locked::new(Rc::clone(&counted)).unwrap();
        assert_eq!(Rc::strong_count(&counted), 2);
        drop(locked);
        assert_eq!(Rc::strong_count(&counted), 1);
    }
}
