//! libpam's C interface: all `unsafe` code of the driver.

use super::code::Code;
use super::conversation::{Answer, Conversation};
use libc::{c_char, c_int, c_void};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const PAM_USER: c_int = 2;
const PAM_RHOST: c_int = 4;
const PAM_PROMPT_ECHO_OFF: c_int = 1;

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

type Callback = extern "C" fn(c_int, *const *const Message, *mut *mut Response, *mut c_void) -> c_int;

#[repr(C)]
struct Conv {
    callback: Callback,
    data: *mut c_void,
}

#[link(name = "pam")]
unsafe extern "C" {
    fn pam_start_confdir(
        service: *const c_char,
        user: *const c_char,
        conv: *const Conv,
        confdir: *const c_char,
        pamh: *mut *mut c_void,
    ) -> c_int;
    fn pam_start(
        service: *const c_char,
        user: *const c_char,
        conv: *const Conv,
        pamh: *mut *mut c_void,
    ) -> c_int;
    fn pam_end(pamh: *mut c_void, status: c_int) -> c_int;
    fn pam_set_item(pamh: *mut c_void, item: c_int, value: *const c_void) -> c_int;
    fn pam_authenticate(pamh: *mut c_void, flags: c_int) -> c_int;
    fn pam_acct_mgmt(pamh: *mut c_void, flags: c_int) -> c_int;
    fn pam_setcred(pamh: *mut c_void, flags: c_int) -> c_int;
    fn pam_open_session(pamh: *mut c_void, flags: c_int) -> c_int;
    fn pam_close_session(pamh: *mut c_void, flags: c_int) -> c_int;
    fn pam_chauthtok(pamh: *mut c_void, flags: c_int) -> c_int;
}

/// A PAM transaction, ended when dropped.
pub struct Transaction {
    pamh: *mut c_void,
    last: c_int,
    conversation: Box<Conversation>,
}

macro_rules! phases {
    ($($(#[$doc:meta])* $name:ident = $function:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&mut self) -> Code {
            // SAFETY: `pamh` is a live handle of libpam's, used by this thread only.
            self.last = unsafe { $function(self.pamh, 0) };
            Code(self.last)
        }
    )*};
}

impl Transaction {
    pub(super) fn start(confdir: &Path, service: &[u8], user: Option<&[u8]>, answer: &Answer) -> Self {
        let service = CString::new(service).expect("a service without NUL");
        let user = user.map(|user| CString::new(user).expect("a user without NUL"));
        let confdir = CString::new(confdir.as_os_str().as_bytes()).expect("a path without NUL");
        let conversation = Box::new(Conversation::new(answer.clone()));
        let conv = Conv { callback: converse, data: (&raw const *conversation).cast_mut().cast() };
        let mut pamh = std::ptr::null_mut();
        // SAFETY: all pointers are C strings or null where that is allowed; libpam copies them and
        // `conv`. The conversation lives in its box until after `pam_end`.
        let code = unsafe {
            pam_start_confdir(
                service.as_ptr(),
                user.as_ref().map_or(std::ptr::null(), |user| user.as_ptr()),
                &raw const conv,
                confdir.as_ptr(),
                &raw mut pamh,
            )
        };
        assert_eq!(Code(code), Code::SUCCESS, "pam_start_confdir");
        Self { pamh, last: code, conversation }
    }

    phases! {
        /// `pam_authenticate`
        authenticate = pam_authenticate;
        /// `pam_acct_mgmt`
        acct_mgmt = pam_acct_mgmt;
        /// `pam_setcred`
        setcred = pam_setcred;
        /// `pam_open_session`
        open_session = pam_open_session;
        /// `pam_close_session`
        close_session = pam_close_session;
        /// `pam_chauthtok`
        chauthtok = pam_chauthtok;
    }

    /// Changes `PAM_USER` in the middle of a transaction.
    pub fn set_user(&mut self, user: &str) {
        self.set_item(PAM_USER, user.as_bytes());
    }

    /// Sets `PAM_RHOST`.
    pub fn set_rhost(&mut self, rhost: &[u8]) {
        self.set_item(PAM_RHOST, rhost);
    }

    fn set_item(&mut self, item: c_int, value: &[u8]) {
        let value = CString::new(value).expect("an item without NUL");
        // SAFETY: a live handle; these items are C strings, which libpam copies.
        let code = unsafe { pam_set_item(self.pamh, item, value.as_ptr().cast()) };
        assert_eq!(Code(code), Code::SUCCESS, "pam_set_item");
    }

    /// Hidden prompts so far.
    #[must_use]
    pub fn prompts(&self) -> usize {
        self.conversation.prompts.get()
    }

    /// Messages so far that were no hidden prompts.
    #[must_use]
    pub fn other_messages(&self) -> usize {
        self.conversation.others.get()
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        // SAFETY: a live handle, not used again; the conversation is still there.
        unsafe { pam_end(self.pamh, self.last) };
    }
}

/// A transaction that reads `/etc/pam.d`, as all programs do, and may not even begin.
pub struct Plain(Transaction);

impl Plain {
    /// `pam_start`.
    ///
    /// # Errors
    /// Its code.
    ///
    /// # Panics
    /// If a name has a NUL in it.
    pub fn start(service: &str, user: &str) -> Result<Self, c_int> {
        let c = |text: &str| CString::new(text).expect("no NUL");
        let (service, user) = (c(service), c(user));
        let conversation = Box::new(Conversation::new(Answer::Password(Vec::new())));
        let conv = Conv { callback: converse, data: (&raw const *conversation).cast_mut().cast() };
        let mut pamh = std::ptr::null_mut();
        // SAFETY: C strings and `conv`, which libpam copies. The conversation lives in its box until after `pam_end`.
        let code = unsafe { pam_start(service.as_ptr(), user.as_ptr(), &raw const conv, &raw mut pamh) };
        if code == 0 { Ok(Self(Transaction { pamh, last: code, conversation })) } else { Err(code) }
    }

    /// `pam_authenticate`
    pub fn authenticate(&mut self) -> Code {
        self.0.authenticate()
    }

    /// `pam_acct_mgmt`
    pub fn acct_mgmt(&mut self) -> Code {
        self.0.acct_mgmt()
    }
}

extern "C" fn converse(
    count: c_int,
    messages: *const *const Message,
    responses: *mut *mut Response,
    data: *mut c_void,
) -> c_int {
    // SAFETY: `start` gave this pointer, and the box outlives the handle.
    let conversation = unsafe { &*data.cast::<Conversation>() };
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: zeroed memory for that many responses; libpam frees it.
    let array = unsafe { libc::calloc(count.max(1), size_of::<Response>()) }.cast::<Response>();
    if array.is_null() {
        return Code::BUF_ERR.0;
    }
    for i in 0..count {
        // SAFETY: libpam passes `count` pointers to messages.
        let style = unsafe { (**messages.add(i)).style };
        if style != PAM_PROMPT_ECHO_OFF {
            conversation.others.set(conversation.others.get() + 1);
            continue;
        }
        conversation.prompts.set(conversation.prompts.get() + 1);
        match &conversation.answer {
            // SAFETY: `array` has room for `count`, and `i` is below; libpam frees the string.
            Answer::Password(password) => unsafe { (*array.add(i)).text = c_copy(password) },
            Answer::Nothing => {}
            Answer::Fail(code) => {
                // SAFETY: ours until success is returned.
                unsafe { libc::free(array.cast()) };
                return *code;
            }
        }
    }
    // SAFETY: the place that libpam gave for the array.
    unsafe { *responses = array };
    0
}

/// A copy from `malloc`, with a NUL behind it.
fn c_copy(bytes: &[u8]) -> *mut c_char {
    // SAFETY: room for all bytes and a NUL, if any.
    unsafe {
        let copy = libc::malloc(bytes.len() + 1).cast::<u8>();
        if !copy.is_null() {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), copy, bytes.len());
            copy.add(bytes.len()).write(0);
        }
        copy.cast()
    }
}
