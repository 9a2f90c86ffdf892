//! libpam, loaded when it is needed: all of this crate's `unsafe` code.
//!
//! Only a child process of `apppw doctor` comes here: whatever a module of the site does to it, nobody is harmed. libpam is
//! opened and not linked, for `apppw` also runs where there is none.

use nix::libc::{self, c_char, c_int, c_void};
use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use zeroize::Zeroizing;

const PAM_USER_PROMPTS: [c_int; 2] = [1, 2]; // echo off, echo on
const PAM_BUF_ERR: c_int = 5;
const PAM_CONV_ERR: c_int = 19;
const PAM_SILENT: c_int = 0x8000;

/// What the application asks libpam for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Authenticate,
    Account,
}

/// A shared object that is open. It stays so: what it has registered must not be unmapped.
pub struct Object(*mut c_void);

impl Object {
    /// Opens it as libpam opens a module.
    ///
    /// # Errors
    /// What the dynamic linker says.
    pub fn open(path: &Path) -> Result<Self, String> {
        let path = CString::new(path.as_os_str().as_bytes()).map_err(|e| e.to_string())?;
        // SAFETY: a C string. Code of the object's constructors runs, as it would in any PAM host.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
        if handle.is_null() { Err(linker_error()) } else { Ok(Self(handle)) }
    }

    /// Whether it has that symbol.
    #[must_use]
    pub fn has(&self, symbol: &CStr) -> bool {
        !self.find(symbol).is_null()
    }

    fn find(&self, symbol: &CStr) -> *mut c_void {
        // SAFETY: a handle of dlopen, which is never closed, and a C string.
        unsafe { libc::dlsym(self.0, symbol.as_ptr()) }
    }
}

fn linker_error() -> String {
    // SAFETY: returns null or a C string that holds until the next call, in this thread.
    let said = unsafe { libc::dlerror() };
    if said.is_null() {
        return "the dynamic linker doesn't say why".to_owned();
    }
    // SAFETY: as above.
    unsafe { CStr::from_ptr(said) }.to_string_lossy().into_owned()
}

#[repr(C)]
struct Message {
    style: c_int,
    text: *const c_char,
}

#[repr(C)]
struct Response {
    text: *mut c_char,
    unused: c_int,
}

#[repr(C)]
struct Conv {
    callback: extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int,
    data: *mut c_void,
}

type Start = unsafe extern "C" fn(*const c_char, *const c_char, *const Conv, *mut *mut c_void) -> c_int;
type StartIn =
    unsafe extern "C" fn(*const c_char, *const c_char, *const Conv, *const c_char, *mut *mut c_void) -> c_int;
type Phase = unsafe extern "C" fn(*mut c_void, c_int) -> c_int;

/// libpam itself.
pub struct Libpam(Object);

/// A login to be tried.
pub struct Attempt<'a> {
    pub service: &'a str,
    pub user: &'a str,
    pub password: &'a str,
    /// In place of `/etc/pam.d`.
    pub confdir: Option<&'a Path>,
}

impl Libpam {
    /// Opens the one that PAM hosts are linked with.
    ///
    /// # Errors
    /// What the dynamic linker says.
    pub fn open() -> Result<Self, String> {
        Object::open(Path::new("libpam.so.0")).map(Self)
    }

    /// Whether it can be given a directory in place of `/etc/pam.d` (since 1.4.0).
    #[must_use]
    pub fn has_confdir(&self) -> bool {
        self.0.has(c"pam_start_confdir")
    }

    /// What the application is told by each call, in this order; the first code that isn't success ends it. `Err` is that
    /// of `pam_start`.
    pub fn login(&self, attempt: &Attempt<'_>, calls: &[Call]) -> Result<Vec<i32>, i32> {
        let c = |text: &[u8]| CString::new(text).map_err(|_| PAM_CONV_ERR);
        let (service, user) = (c(attempt.service.as_bytes())?, c(attempt.user.as_bytes())?);
        let password = Zeroizing::new(c(attempt.password.as_bytes())?.into_bytes_with_nul());
        let confdir = attempt.confdir.map(|dir| c(dir.as_os_str().as_bytes())).transpose()?;
        let conv = Conv { callback: converse, data: (&raw const *password).cast_mut().cast() };
        let mut pamh = std::ptr::null_mut();
        let started = match &confdir {
            Some(confdir) => {
                let found = self.0.find(c"pam_start_confdir");
                if found.is_null() {
                    return Err(PAM_BUF_ERR);
                }
                // SAFETY: the function of that name has this type (pam_start(3)).
                let start: StartIn = unsafe { std::mem::transmute(found) };
                // SAFETY: C strings and `conv`, which libpam copies; the password outlives the handle.
                unsafe {
                    start(service.as_ptr(), user.as_ptr(), &raw const conv, confdir.as_ptr(), &raw mut pamh)
                }
            }
            None => {
                let found = self.0.find(c"pam_start");
                if found.is_null() {
                    return Err(PAM_BUF_ERR);
                }
                // SAFETY: the function of that name has this type (pam_start(3)).
                let start: Start = unsafe { std::mem::transmute(found) };
                // SAFETY: as above.
                unsafe { start(service.as_ptr(), user.as_ptr(), &raw const conv, &raw mut pamh) }
            }
        };
        if started != 0 {
            return Err(started);
        }
        let mut codes = Vec::new();
        for call in calls {
            let code = match call {
                Call::Authenticate => self.phase(c"pam_authenticate", pamh, PAM_SILENT),
                Call::Account => self.phase(c"pam_acct_mgmt", pamh, PAM_SILENT),
            };
            codes.push(code);
            if code != 0 {
                break;
            }
        }
        self.phase(c"pam_end", pamh, codes.last().copied().unwrap_or_default());
        Ok(codes)
    }

    fn phase(&self, function: &CStr, pamh: *mut c_void, argument: c_int) -> c_int {
        let found = self.0.find(function);
        if found.is_null() {
            return PAM_BUF_ERR;
        }
        // SAFETY: these functions have this type (pam_authenticate(3), pam_acct_mgmt(3), pam_end(3)).
        let phase: Phase = unsafe { std::mem::transmute(found) };
        // SAFETY: a live handle of libpam's, used by this thread only; after `pam_end` never again.
        unsafe { phase(pamh, argument) }
    }
}

/// Answers each question with the password that `data` points to, a vector that ends in a NUL.
extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: zeroed memory for that many responses; libpam frees it.
    let array = unsafe { libc::calloc(count.max(1), size_of::<Response>()) }.cast::<Response>();
    if array.is_null() {
        return PAM_BUF_ERR;
    }
    // SAFETY: `login` gave this pointer, and the vector outlives the handle.
    let password = unsafe { &*data.cast::<Vec<u8>>() };
    for i in 0..count {
        // SAFETY: Linux-PAM passes an array of `count` pointers to messages.
        let style = unsafe { (**messages.add(i)).style };
        if PAM_USER_PROMPTS.contains(&style) {
            // SAFETY: `array` has room for `count`, and `i` is below; the copy is libpam's, which wipes and frees it.
            unsafe { (*array.add(i)).text = libc::strdup(password.as_ptr().cast()) };
        }
    }
    // SAFETY: the place that libpam gave for the array.
    unsafe { *responses = array };
    0
}
