//! All `unsafe` code of the module: its entry points, what pam-bindings lacks of libpam, and the socket calls.

use crate::args::MAX_SOCKET_PATH;
use libc::{c_char, c_int, c_void};
use pam::constants::PamResultCode;
use pam::module::PamHandle;
use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

const PAM_SUCCESS: c_int = 0;
const PAM_USER: c_int = 2;
const PAM_AUTHTOK: c_int = 6;

/// Under which name libpam keeps our mark. What lies there is a C string, whose layout two
/// copies of the module in one process (an old one kept by a long-lived host, another path)
/// can't disagree on.
const MARK: &CStr = c"pam_apppw_mark_v1";

type Cleanup = extern "C" fn(*mut PamHandle, *mut c_void, c_int);

unsafe extern "C" {
    fn pam_get_authtok(
        pamh: *mut PamHandle,
        item: c_int,
        authtok: *mut *const c_char,
        prompt: *const c_char,
    ) -> c_int;
    fn pam_get_item(pamh: *const PamHandle, item: c_int, value: *mut *const c_void) -> c_int;
    fn pam_get_data(pamh: *const PamHandle, name: *const c_char, data: *mut *const c_void) -> c_int;
    fn pam_set_data(
        pamh: *mut PamHandle,
        name: *const c_char,
        data: *mut c_void,
        cleanup: Option<Cleanup>,
    ) -> c_int;
    fn pam_syslog(pamh: *const PamHandle, priority: c_int, format: *const c_char, ...);
}

/// The arguments on the module's line, where libpam keeps them: nothing is allocated for them.
#[derive(Clone, Copy, Default)]
pub struct Argv<'a>(&'a [*const c_char]);

impl<'a> Argv<'a> {
    /// Each argument.
    pub fn iter(self) -> impl Iterator<Item = &'a CStr> {
        // SAFETY: `enter`, the only place that makes one that is not empty, promises C strings that
        // live for `'a`; null is none.
        self.0.iter().filter(|arg| !arg.is_null()).map(|arg| unsafe { CStr::from_ptr(*arg) })
    }
}

/// The body of an entry point. No panic may leave it.
type Hook = fn(&mut PamHandle, Argv<'_>) -> PamResultCode;

/// Not `pam_hooks!` of pam-bindings: that collects the arguments in a `Vec`, and a `Vec` for which
/// there is no memory takes the host down (docs/adr/0018-no-memory.md).
macro_rules! entry_points {
    ($($name:ident = $hook:path;)*) => {$(
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(
            pamh: *mut PamHandle,
            _flags: c_int,
            argc: c_int,
            argv: *const *const c_char,
        ) -> PamResultCode {
            // SAFETY: what libpam promises to modules is what `enter` asks for.
            unsafe { enter(pamh, argc, argv, $hook) }
        }
    )*};
}

entry_points! {
    pam_sm_authenticate = crate::sm_authenticate;
    pam_sm_acct_mgmt = crate::sm_acct_mgmt;
    pam_sm_setcred = crate::sm_setcred;
    pam_sm_open_session = crate::sm_open_session;
    pam_sm_close_session = crate::sm_close_session;
    pam_sm_chauthtok = crate::sm_chauthtok;
}

/// # Safety
/// `pamh` is null or a handle that is nobody else's during the call; `argv` is null or `argc` pointers,
/// each null or a C string, which stay as they are during the call.
unsafe fn enter(pamh: *mut PamHandle, argc: c_int, argv: *const *const c_char, hook: Hook) -> PamResultCode {
    // SAFETY: null or live, says the caller.
    let Some(pamh) = (unsafe { pamh.as_mut() }) else { return PamResultCode::PAM_ABORT };
    let args = match usize::try_from(argc) {
        Ok(0) => &[],
        // SAFETY: that many pointers, says the caller.
        Ok(count) if !argv.is_null() => unsafe { std::slice::from_raw_parts(argv, count) },
        _ => return PamResultCode::PAM_SERVICE_ERR,
    };
    hook(pamh, Argv(args))
}

/// Has libpam ask for the password unless it has it already, and keep it for later modules.
///
/// # Errors
/// libpam's code.
pub fn get_authtok(pamh: &mut PamHandle) -> Result<(), c_int> {
    let mut token = std::ptr::null();
    // SAFETY: `pamh` is a live handle, `token` a place for a pointer; no prompt means libpam's
    // own. The pointer that comes back is not used: it is the item PAM_AUTHTOK.
    match unsafe { pam_get_authtok(pamh, PAM_AUTHTOK, &raw mut token, std::ptr::null()) } {
        PAM_SUCCESS => Ok(()),
        code => Err(code),
    }
}

/// The password that libpam keeps. (pam-bindings has this item too, but lends its bytes for less
/// long than the handle is lent.)
pub fn authtok(pamh: &PamHandle) -> Option<&CStr> {
    item(pamh, PAM_AUTHTOK)
}

/// One of the items that are C strings.
fn item(pamh: &PamHandle, item: c_int) -> Option<&CStr> {
    let mut value = std::ptr::null();
    // SAFETY: `pamh` is a live handle, `value` a place for a pointer.
    let code = unsafe { pam_get_item(pamh, item, &raw mut value) };
    if code != PAM_SUCCESS || value.is_null() {
        return None;
    }
    // SAFETY: both items asked for are C strings; libpam frees one only in calls that need the
    // handle mutably.
    Some(unsafe { CStr::from_ptr(value.cast()) })
}

/// The mark that [`leave_mark`] has left.
pub fn mark(pamh: &PamHandle) -> Option<&CStr> {
    let mut data = std::ptr::null();
    // SAFETY: `pamh` is a live handle, `MARK` a C string, `data` a place for a pointer.
    let code = unsafe { pam_get_data(pamh, MARK.as_ptr(), &raw mut data) };
    if code != PAM_SUCCESS || data.is_null() {
        return None;
    }
    // SAFETY: under that name there are only C strings (`leave_mark`); libpam frees one when it is
    // replaced or the handle ends, and both need the handle mutably.
    Some(unsafe { CStr::from_ptr(data.cast()) })
}

/// Takes the mark away. An entry that exists is emptied; that can't fail for want of memory.
///
/// # Errors
/// libpam refused.
pub fn clear_mark(pamh: &mut PamHandle) -> Result<(), ()> {
    // SAFETY: `pamh` is a live handle and `MARK` a C string, which libpam copies. No data, hence
    // nothing to clean up later; libpam cleans up what was there.
    match unsafe { pam_set_data(pamh, MARK.as_ptr(), std::ptr::null_mut(), None) } {
        PAM_SUCCESS => Ok(()),
        _ => Err(()),
    }
}

/// Leaves a mark: `letter`, then the current `PAM_USER`.
///
/// # Errors
/// No user, no memory, or libpam refused.
pub fn leave_mark(pamh: &mut PamHandle, letter: u8) -> Result<(), ()> {
    let user = item(pamh, PAM_USER).ok_or(())?.to_bytes_with_nul();
    // SAFETY: any size may be asked for; the result is checked.
    let data = unsafe { libc::malloc(1 + user.len()) }.cast::<u8>();
    if data.is_null() {
        return Err(());
    }
    // SAFETY: `data` has room for one byte and then all of `user`, which it doesn't overlap.
    unsafe {
        data.write(letter);
        std::ptr::copy_nonoverlapping(user.as_ptr(), data.add(1), user.len());
    }
    // SAFETY: as in `clear_mark`. `data` is ours to give away; libpam hands it to `free_mark` once.
    match unsafe { pam_set_data(pamh, MARK.as_ptr(), data.cast(), Some(free_mark)) } {
        PAM_SUCCESS => Ok(()),
        _ => {
            // SAFETY: libpam has not taken it, so it is still ours, from `malloc`.
            unsafe { libc::free(data.cast()) };
            Err(())
        }
    }
}

extern "C" fn free_mark(_: *mut PamHandle, data: *mut c_void, _: c_int) {
    // SAFETY: from `malloc` in `leave_mark`; libpam calls this once.
    unsafe { libc::free(data) }
}

/// A line in syslog, under the module's and the service's name.
pub fn syslog(pamh: &PamHandle, priority: c_int, line: &CStr) {
    // SAFETY: `pamh` is a live handle; the format takes one C string and gets one.
    unsafe { pam_syslog(pamh, priority, c"%s".as_ptr(), line.as_ptr()) }
}

/// Nanoseconds on `CLOCK_MONOTONIC`. Where it can't be read (a sandbox) every deadline has passed.
pub fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a place for a `timespec`.
    if unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) } != 0 {
        return u64::MAX;
    }
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    part(now.tv_sec).saturating_mul(1_000_000_000).saturating_add(part(now.tv_nsec))
}

/// An error number. Not `std::io::Error`: what that brings along doubles the module's own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub c_int);

impl Errno {
    fn last() -> Self {
        // SAFETY: the C library's own place for this thread's error number.
        Self(unsafe { *libc::__errno_location() })
    }
}

/// How a connect went.
pub enum Connected {
    /// It stands.
    Yes,
    /// The listener has no room at the moment.
    BacklogFull,
}

/// What to wait for.
#[derive(Clone, Copy)]
pub enum Ready {
    /// Bytes can be sent.
    ToSend,
    /// Bytes, or the end, can be read.
    ToReceive,
}

/// A stream socket of the Unix domain that never blocks, never survives an `exec`, and is
/// closed when dropped.
pub struct Socket(OwnedFd);

impl Socket {
    /// # Errors
    /// Those of `socket(2)`.
    pub fn new() -> Result<Self, Errno> {
        let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
        // SAFETY: takes numbers only.
        let fd = unsafe { libc::socket(libc::AF_UNIX, kind, 0) };
        if fd < 0 {
            return Err(Errno::last());
        }
        // SAFETY: the call above has just opened it, and nobody else knows it.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// # Errors
    /// Those of `connect(2)`, but for a full backlog; a path that is too long.
    pub fn connect(&self, path: &[u8]) -> Result<Connected, Errno> {
        if path.len() > MAX_SOCKET_PATH {
            return Err(Errno(libc::ENAMETOOLONG));
        }
        // SAFETY: all zeroes is a value of this struct of integers.
        let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
        address.sun_family = libc::AF_UNIX as libc::sa_family_t;
        for (to, from) in address.sun_path.iter_mut().zip(path) {
            *to = from.cast_signed() as c_char;
        }
        let length = size_of::<libc::sockaddr_un>() as libc::socklen_t;
        // SAFETY: `address` is a whole `sockaddr_un` of that length; its path ends with a NUL.
        let code = unsafe { libc::connect(self.0.as_raw_fd(), (&raw const address).cast(), length) };
        if code == 0 {
            return Ok(Connected::Yes);
        }
        match Errno::last() {
            Errno(libc::EAGAIN) => Ok(Connected::BacklogFull),
            error => Err(error),
        }
    }

    /// Who called `listen` at the other end.
    ///
    /// # Errors
    /// Those of `getsockopt(2)`.
    pub fn peer_uid(&self) -> Result<u32, Errno> {
        let mut peer = libc::ucred { pid: 0, uid: u32::MAX, gid: u32::MAX };
        let mut length = size_of::<libc::ucred>() as libc::socklen_t;
        // SAFETY: `peer` has room for the `length` bytes that this option yields.
        let code = unsafe {
            libc::getsockopt(
                self.0.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERCRED,
                (&raw mut peer).cast(),
                &raw mut length,
            )
        };
        if code == 0 { Ok(peer.uid) } else { Err(Errno::last()) }
    }

    /// # Errors
    /// Those of `send(2)`; a closed peer is an error, never a signal.
    pub fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: `bytes` is readable for its length.
        let sent =
            unsafe { libc::send(self.0.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) };
        usize::try_from(sent).map_err(|_| Errno::last())
    }

    /// # Errors
    /// Those of `recv(2)`. Zero bytes are the end of the stream.
    pub fn receive(&self, buffer: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: `buffer` is writable for its length.
        let received = unsafe { libc::recv(self.0.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), 0) };
        usize::try_from(received).map_err(|_| Errno::last())
    }

    /// Waits at most `left_ms`; `false` if nothing happened.
    ///
    /// # Errors
    /// Those of `poll(2)`.
    pub fn wait(&self, ready: Ready, left_ms: u32) -> Result<bool, Errno> {
        let events = match ready {
            Ready::ToSend => libc::POLLOUT,
            Ready::ToReceive => libc::POLLIN,
        };
        let mut poll = libc::pollfd { fd: self.0.as_raw_fd(), events, revents: 0 };
        // SAFETY: one `pollfd`, as the count says.
        match unsafe { libc::poll(&raw mut poll, 1, c_int::try_from(left_ms).unwrap_or(c_int::MAX)) } {
            0 => Ok(false),
            n if n > 0 => Ok(true),
            _ => Err(Errno::last()),
        }
    }
}

/// Does nothing for at most `ms` milliseconds; a signal ends it early.
pub fn pause_ms(ms: u32) {
    // SAFETY: no descriptors, as the count says.
    unsafe { libc::poll(std::ptr::null_mut(), 0, c_int::try_from(ms).unwrap_or(c_int::MAX)) };
}
