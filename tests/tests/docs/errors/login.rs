//! Logins through libpam and the module as it is shipped, in a process of their own whose syslog can
//! be read.

use apppw_tests::identity::Identity;
use apppw_tests::pam::{Answer, Confdir, Login, syslog};
use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

const ARGUMENT: &str = "login-of-the-docs-tests";

/// A login at `imap`.
pub struct Try<'a> {
    /// The arguments on the module's line.
    pub line: &'a str,
    pub user: &'a [u8],
    /// None: the application yields none.
    pub password: Option<&'a str>,
    /// Whether the account phase follows, behind another module that said yes.
    pub account: bool,
    /// Who the mail server runs as, if not as root.
    pub stranger: Option<Identity>,
}

impl Default for Try<'_> {
    fn default() -> Self {
        Self {
            line: "",
            user: b"alice",
            password: Some("0000-0000-0000-0000"),
            account: false,
            stranger: None,
        }
    }
}

/// What the module says to syslog.
pub fn syslog_of(attempt: &Try<'_>) -> Vec<String> {
    let confdir = Confdir::new();
    let place = tempfile::tempdir().expect("a folder");
    let module = apppw_tests::bin::module();
    let module_here = place.path().join("pam_apppw.so");
    apppw_tests::apppwd::copy(&module, &module_here);
    let line = format!("{} {}", module_here.display(), attempt.line);
    confdir.write("imap", &format!("auth required {line}\naccount required {line}\n"));
    let said = place.path().join("syslog");
    // Where everyone may go.
    let program = place.path().join("program");
    apppw_tests::apppwd::copy(&std::env::current_exe().expect("this program"), &program);
    for dir in [confdir.path(), place.path()] {
        std::fs::set_permissions(dir, Permissions::from_mode(0o777)).expect("its mode");
    }
    let mut command = Command::new(program);
    command
        .arg(ARGUMENT)
        .arg(confdir.path())
        .arg(OsString::from_vec(attempt.user.to_vec()))
        .arg(attempt.account.to_string())
        .args(attempt.password)
        .env("LD_PRELOAD", syslog::shim(place.path()))
        .env(syslog::FILE, &said);
    let whom = attempt.stranger.clone().unwrap_or(Identity::new(0));
    let status = whom.act(|| command.status());
    assert!(status.expect("a child").success());
    let said = std::fs::read_to_string(said).unwrap_or_default();
    said.lines().map(str::to_owned).collect()
}

/// Whether this process is one of those.
pub fn is_child() -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == ARGUMENT)
}

/// The login.
pub fn child() {
    let args: Vec<OsString> = std::env::args_os().skip(2).collect();
    let [confdir, user, account, password @ ..] = args.as_slice() else { std::process::exit(2) };
    let login = Login::new("imap", user.as_bytes());
    let login = match password {
        [password] => login.password(password.as_bytes()),
        _ => login.answer(Answer::Fail(19)),
    };
    let mut transaction = login.start_in(Path::new(confdir));
    let _ = transaction.authenticate();
    if account == "true" {
        let _ = transaction.acct_mgmt();
    }
}
