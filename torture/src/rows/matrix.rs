//! Row 3: the shipped stacks, whatever the module and the site's own modules answer. One rule says which cells open.

use crate::row::{Cases, Outcome, Row};
use apppw::hosts::pam::{self, CODES};
use apppw_proto::frame::Verdict;
use apppw_tests::fakes::{Act, Fake};
use apppw_tests::pam::{Code, Confdir, Login};
use std::path::{Path, PathBuf};

/// What a stack calls a code of libpam.
fn word(code: usize) -> &'static str {
    pam::Code(code).word()
}

const SUCCESS: usize = 0;
const AUTH_ERR: usize = 7;
const UNAVAILABLE: usize = 9;
const USER_UNKNOWN: usize = 10;
const MODULE_UNKNOWN: usize = 28;

const INCOMPLETE: Code = Code(31);

const SECRET: &str = "0000-0000-0000-0000";
const PRIMARY: &str = "correct horse battery staple";

/// What is shipped, and the combination that `system-users` describes for primary passwords.
const STACKS: [Stack; 4] = [
    Stack { auth: "app-passwords-only", account: "app-passwords-only" },
    Stack { auth: "primary-where-permitted", account: "primary-where-permitted" },
    Stack { auth: "system-users", account: "system-users" },
    Stack { auth: "primary-where-permitted", account: "system-users" },
];

/// The files in `packaging/pam` that the phases are taken from.
#[derive(Debug, Clone, Copy)]
struct Stack {
    auth: &'static str,
    account: &'static str,
}

/// How the site writes its own lines.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Required,
    /// Debian's `common-*`: a jump over `pam_deny`.
    Jump,
}
const SHAPES: [Shape; 2] = [Shape::Required, Shape::Jump];

/// What is in the module's place.
#[derive(Debug, Clone, Copy)]
enum Module {
    /// Something that answers with this code, in both phases.
    Answers(usize),
    /// The module itself, asked with a secret or something else; the daemon says this.
    Asks(Verdict, bool),
    /// The module itself, without a daemon.
    Down(bool),
    Missing,
}

const VERDICTS: [Verdict; 5] =
    [Verdict::Accepted, Verdict::Refused, Verdict::NotMine, Verdict::Unavailable, Verdict::OtherVersion];
const MODULES: usize = CODES + 2 * VERDICTS.len() + 2 + 1;
const CELLS: usize = STACKS.len() * SHAPES.len() * MODULES * CODES * CODES;

/// The row.
pub const MATRIX: Row = Row {
    number: 3,
    name: "pam-matrix",
    shows: "The shipped stacks open only where the daemon accepted, or said not-mine and the site's own modules accept",
    unit: "cells",
    full: CELLS as u64,
    short: 12_000,
    batch: 16_384,
    run,
};

#[derive(Debug, Clone, Copy)]
struct Cell {
    stack: Stack,
    shape: Shape,
    module: Module,
    site_auth: usize,
    site_account: usize,
}

impl Cell {
    /// The cells in an order in which any stretch is spread over all of them.
    fn of(case: u64) -> Self {
        let mut rest = usize::try_from(case).unwrap_or(0) * 100_003 % CELLS;
        let mut take = |count: usize| {
            let taken = rest % count;
            rest /= count;
            taken
        };
        let (site_auth, site_account) = (take(CODES), take(CODES));
        let (stack, shape) = (STACKS[take(STACKS.len())], SHAPES[take(SHAPES.len())]);
        let module = match take(MODULES) {
            code if code < CODES => Module::Answers(code),
            rest => match rest - CODES {
                n if n < 10 => Module::Asks(VERDICTS[n / 2], n % 2 == 0),
                10 => Module::Down(true),
                11 => Module::Down(false),
                _ => Module::Missing,
            },
        };
        Self { stack, shape, module, site_auth, site_account }
    }

    /// The module's own code: the table of the contract.
    fn module_auth(self) -> usize {
        match self.module {
            Module::Answers(code) => code,
            Module::Asks(Verdict::Accepted, true) => SUCCESS,
            Module::Asks(Verdict::Refused, _) => AUTH_ERR,
            Module::Asks(Verdict::NotMine, _) => USER_UNKNOWN,
            Module::Asks(..) | Module::Down(_) => UNAVAILABLE,
            Module::Missing => MODULE_UNKNOWN,
        }
    }

    fn module_account(self) -> usize {
        match self.module {
            Module::Answers(code) => code,
            Module::Missing => MODULE_UNKNOWN,
            _ if self.module_auth() == SUCCESS => SUCCESS,
            _ => USER_UNKNOWN,
        }
    }

    /// The rule: the module says success, or it says that it's for the site to say, the stack has lines of the site
    /// for that, and they say success. (The module's success is the daemon's "accepted": see `module_auth`.)
    fn opens(self) -> (bool, bool) {
        let rule = |module: usize, has_site: bool, site: usize| {
            module == SUCCESS || (has_site && module == USER_UNKNOWN && site == SUCCESS)
        };
        let auth = rule(self.module_auth(), self.stack.auth == "primary-where-permitted", self.site_auth);
        let account = match self.stack.account {
            // Only the site's own lines count.
            "system-users" => self.site_account == SUCCESS,
            file => rule(self.module_account(), file == "primary-where-permitted", self.site_account),
        };
        (auth, account)
    }

    fn install(self, fakes: &[Fake], confdir: &Confdir) {
        let uid = nix::unistd::geteuid();
        let socket = match self.module {
            Module::Asks(verdict, _) => {
                let place = VERDICTS.iter().position(|v| *v == verdict).unwrap_or(0);
                fakes[place].path().to_owned()
            }
            _ => PathBuf::from("/nonexistent/auth.sock"),
        };
        let line = match self.module {
            Module::Answers(code) => format!("pam_debug.so auth={0} acct={0}", word(code)),
            Module::Missing => "/nonexistent/pam_apppw.so".to_owned(),
            Module::Asks(..) | Module::Down(_) => {
                let module = apppw_tests::bin::module();
                format!("{} socket={} server_uid={uid} timeout=8s", module.display(), socket.display())
            }
        };
        let (auth, account) = (word(self.site_auth), word(self.site_account));
        let (auth, account) = match self.shape {
            Shape::Required => (
                format!("auth required pam_debug.so auth={auth}\n"),
                format!("account required pam_debug.so acct={account}\n"),
            ),
            Shape::Jump => (
                format!(
                    "auth [success=1 default=ignore] pam_debug.so auth={auth}\nauth requisite pam_deny.so\n\
                     auth required pam_permit.so\n"
                ),
                format!(
                    "account [success=1 new_authtok_reqd=done default=ignore] pam_debug.so acct={account}\n\
                     account requisite pam_deny.so\naccount required pam_permit.so\n"
                ),
            ),
        };
        let text = lines_of(self.stack.auth, "auth") + &lines_of(self.stack.account, "account");
        let text =
            text.replace("@include common-auth\n", &auth).replace("@include common-account\n", &account);
        confdir.write("imap", &text.replace("pam_apppw.so", &line));
    }
}

/// One phase of a shipped stack, comments left out.
fn lines_of(file: &str, phase: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/pam")).join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (include, phase) = (format!("@include common-{phase}"), format!("{phase} "));
    let lines = text.lines().filter(|line| line.starts_with(&phase) || *line == include);
    lines.map(|line| format!("{line}\n")).collect()
}

fn run(cases: &Cases) -> Outcome {
    let fakes: Vec<Fake> = VERDICTS.iter().map(|verdict| Fake::start([Act::Verdict(*verdict)])).collect();
    Outcome::of_each_on(2, cases, |case, outcome| {
        let cell = Cell::of(case);
        let confdir = Confdir::new();
        cell.install(&fakes, &confdir);
        let is_secret = !matches!(cell.module, Module::Asks(_, false) | Module::Down(false));
        let password = if is_secret { SECRET } else { PRIMARY };
        let mut login = Login::new("imap", "alice").password(password).start(&confdir);
        let codes = (login.authenticate(), login.acct_mgmt());
        let opened = (codes.0 == Code::SUCCESS, codes.1 == Code::SUCCESS);
        let mut expected = cell.opens();
        // libpam lets a host that left a phase unfinished begin no other.
        expected.1 &= codes.0 != INCOMPLETE;
        if opened != expected {
            outcome.find(case, format!("{codes:?}, but the rule says {expected:?}: {cell:?}"));
        }
        // Each phase has its own say: a service is open if both have.
        outcome.count("open", u64::from(opened == (true, true)));
    })
}
