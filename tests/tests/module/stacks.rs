//! The three shipped stacks, as they are, against every verdict, with the daemon up and down and
//! the module's file missing.

use super::Case;
use super::site::{PRIMARY, SECRET, line, workspace};
use apppw_proto::frame::Verdict;
use apppw_tests::fakes::{Act, Fake};
use apppw_tests::pam::{Code, Confdir, Login};

/// What is at the other end of the module's line.
#[derive(Debug, Clone, Copy)]
enum End {
    Says(Verdict),
    Down,
    ModuleMissing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stack {
    AppPasswordsOnly,
    PrimaryWherePermitted,
    SystemUsers,
}

impl Stack {
    const ALL: [Self; 3] = [Self::AppPasswordsOnly, Self::PrimaryWherePermitted, Self::SystemUsers];

    const fn file(self) -> &'static str {
        match self {
            Self::AppPasswordsOnly => "app-passwords-only",
            Self::PrimaryWherePermitted => "primary-where-permitted",
            Self::SystemUsers => "system-users",
        }
    }
}

/// The module's own answer in the auth phase: the table of the contract.
const TABLE: [(End, Code, Code); 7] = [
    // the other end                     with a secret           with something else
    (End::Says(Verdict::Accepted), Code::SUCCESS, Code::AUTHINFO_UNAVAIL),
    (End::Says(Verdict::Refused), Code::AUTH_ERR, Code::AUTH_ERR),
    (End::Says(Verdict::NotMine), Code::USER_UNKNOWN, Code::USER_UNKNOWN),
    (End::Says(Verdict::Unavailable), Code::AUTHINFO_UNAVAIL, Code::AUTHINFO_UNAVAIL),
    (End::Says(Verdict::OtherVersion), Code::AUTHINFO_UNAVAIL, Code::AUTHINFO_UNAVAIL),
    (End::Down, Code::AUTHINFO_UNAVAIL, Code::AUTHINFO_UNAVAIL),
    (End::ModuleMissing, Code::MODULE_UNKNOWN, Code::MODULE_UNKNOWN),
];

/// A stack from `packaging/pam`, with this module, this daemon, and a site whose own modules say
/// this about primary password and account.
fn install(stack: Stack, end: End, site_auth: &str, site_account: &str) -> (Confdir, Option<Fake>) {
    let confdir = Confdir::new();
    let fake = match end {
        End::Says(verdict) => Some(Fake::start([Act::Verdict(verdict)])),
        End::Down | End::ModuleMissing => None,
    };
    let socket =
        fake.as_ref().map_or_else(|| confdir.path().join("absent.sock"), |fake| fake.path().to_owned());
    let module = match end {
        End::ModuleMissing => confdir.path().join("absent.so").display().to_string(),
        End::Says(_) | End::Down => line(&socket, ""),
    };
    let path = workspace().join("packaging/pam").join(stack.file());
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.contains("pam_apppw.so"), "{}", path.display());
    // Debian's @include reads /etc/pam.d, whatever directory libpam was given.
    let text = text
        .replace("@include common-auth\n", &format!("auth required pam_debug.so auth={site_auth}\n"))
        .replace(
            "@include common-account\n",
            &format!("account required pam_debug.so acct={site_account}\n"),
        );
    assert!(!text.contains("@include"), "{}", path.display());
    confdir.write("imap", &text.replace("pam_apppw.so", &module));
    (confdir, fake)
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for stack in Stack::ALL {
        for (end, with_secret, with_other) in TABLE {
            cases.push(Case::new(format!("{}_{end:?}", stack.file()), move || {
                for (password, own) in [(SECRET, with_secret), (PRIMARY, with_other)] {
                    for (site_auth, site_code) in [("success", Code::SUCCESS), ("auth_err", Code::AUTH_ERR)] {
                        for (site_account, account) in
                            [("success", Code::SUCCESS), ("acct_expired", Code::ACCT_EXPIRED)]
                        {
                            let (confdir, _fake) = install(stack, end, site_auth, site_account);
                            let mut transaction =
                                Login::new("imap", "alice").password(password).start(&confdir);
                            let context = format!("{password} {site_auth} {site_account}");
                            let expected = expected_auth(stack, own, site_code);
                            assert_eq!(transaction.authenticate(), expected, "auth {context}");
                            let expected = expected_account(stack, end, own, account);
                            assert_eq!(transaction.acct_mgmt(), expected, "account {context}");
                            assert!(transaction.prompts() <= 1, "{context}");
                        }
                    }
                }
            }));
        }
    }
    cases.push(Case::new("sufficient_falls_through_whatever_we_say", || {
        let fake = Fake::start([Act::Verdict(Verdict::Refused)]);
        let confdir = Confdir::new();
        confdir.write(
            "imap",
            &format!("auth sufficient {}\nauth required pam_permit.so\n", line(fake.path(), "")),
        );
        assert_eq!(Login::new("imap", "alice").password(SECRET).try_once(&confdir), Code::SUCCESS);
    }));
    cases
}

/// Only "not mine", and only in the stack for that, gives the site's own modules a say.
fn expected_auth(stack: Stack, own: Code, site: Code) -> Code {
    if stack == Stack::PrimaryWherePermitted && own == Code::USER_UNKNOWN { site } else { own }
}

fn expected_account(stack: Stack, end: End, own: Code, site: Code) -> Code {
    match (stack, end) {
        (Stack::SystemUsers, _) => site,
        (_, End::ModuleMissing) => Code::MODULE_UNKNOWN,
        (_, End::Says(_) | End::Down) if own == Code::SUCCESS => Code::SUCCESS,
        (Stack::AppPasswordsOnly, End::Says(_) | End::Down) => Code::USER_UNKNOWN,
        (Stack::PrimaryWherePermitted, End::Says(_) | End::Down) => site,
    }
}
