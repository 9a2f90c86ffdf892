//! Panics inside the module, through the real libpam.

use super::Case;
use super::site::{PRIMARY, SECRET, Site, alice, own_uid, target_dir, workspace, write_stack};
use apppw_proto::frame::Verdict;
use apppw_tests::fakes::Act;
use apppw_tests::pam::{Code, Login};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A debug build of the module that misbehaves when told to. It lies in a target directory of its
/// own, so that it can't be taken for the real one.
pub fn fault_module() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let target = target_dir().join("fault-injection");
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let status = Command::new(cargo)
                .args([
                    "build",
                    "--quiet",
                    "-p",
                    "pam_apppw",
                    "--features",
                    "fault-injection",
                    "--target-dir",
                ])
                .arg(&target)
                .current_dir(workspace())
                .status()
                .expect("cargo runs");
            assert!(status.success(), "building the module with fault-injection");
            target.join("debug/libpam_apppw.so")
        })
        .clone()
}

/// A site with the misbehaving module.
pub fn faulty_site(argument: &str) -> Site {
    let site = Site::new([Act::Verdict(Verdict::Accepted)]);
    let socket = site.fake.path().display();
    let line = format!("{} socket={socket} server_uid={} {argument}", fault_module().display(), own_uid());
    write_stack(&site.confdir, "imap", &line);
    site
}

pub fn cases() -> Vec<Case> {
    let mut cases = vec![Case::new("without_a_fault_it_works", || {
        assert_eq!(alice().try_once(&faulty_site("").confdir), Code::SUCCESS);
    })];
    for fault in ["fault=panic", "fault=payload"] {
        cases.push(Case::new(format!("every_phase_survives_{fault}"), move || {
            let site = faulty_site(fault);
            let mut transaction = alice().start(&site.confdir);
            for _ in 0..3 {
                assert_eq!(transaction.authenticate(), Code::AUTHINFO_UNAVAIL);
                assert_eq!(transaction.acct_mgmt(), Code::AUTHINFO_UNAVAIL);
                assert_eq!(transaction.setcred(), Code::AUTHINFO_UNAVAIL);
                assert_eq!(transaction.open_session(), Code::AUTHINFO_UNAVAIL);
                assert_eq!(transaction.close_session(), Code::AUTHINFO_UNAVAIL);
                assert_eq!(transaction.chauthtok(), Code::PERM_DENIED);
            }
            assert!(site.fake.seen().is_empty());
        }));
    }
    cases.extend(points());
    cases
}

/// A stack whose module panics at the n-th point of its way in one phase.
fn panicking_site(act: Act, phase: &str, at: usize) -> Site {
    let site = Site::new([act]);
    let socket = site.fake.path().display();
    let line =
        format!("{} socket={socket} server_uid={} debug nonsense", fault_module().display(), own_uid());
    let with = |this: &str| if this == phase { format!(" fault=panic-at={at}") } else { String::new() };
    let (auth, account) = (with("auth"), with("account"));
    site.confdir.write("imap", &format!("auth required {line}{auth}\naccount required {line}{account}\n"));
    site
}

/// A panic at every call that the module makes, and between them.
fn points() -> Vec<Case> {
    const ENOUGH: usize = 15;
    let table = [
        (Verdict::Accepted, SECRET, Code::SUCCESS, Code::SUCCESS),
        (Verdict::Refused, SECRET, Code::AUTH_ERR, Code::USER_UNKNOWN),
        (Verdict::NotMine, PRIMARY, Code::USER_UNKNOWN, Code::USER_UNKNOWN),
    ];
    let mut cases = Vec::new();
    for (verdict, password, whole, account) in table {
        cases.push(Case::new(format!("a_panic_at_each_point_of_authentication_{verdict:?}"), move || {
            let mut at = 1;
            loop {
                let site = panicking_site(Act::Verdict(verdict), "auth", at);
                let mut transaction = alice().password(password).start(&site.confdir);
                let code = transaction.authenticate();
                let then = transaction.acct_mgmt();
                // Its connections are closed, or this would wait in vain.
                let asked = site.fake.seen().len();
                if code == whole {
                    assert_eq!(then, account);
                    break;
                }
                assert_eq!(code, Code::AUTHINFO_UNAVAIL, "point {at}");
                assert_eq!(then, Code::USER_UNKNOWN, "point {at}: no mark may be left");
                assert!(asked <= 1, "point {at}: asked {asked} times");
                at += 1;
            }
            println!("{} points", at - 1);
            assert!(at > ENOUGH, "only {at} points");
        }));
    }
    cases.push(Case::new("panics_in_64_threads_at_once", || {
        let site = Site::new([Act::Verdict(Verdict::Accepted)]);
        let socket = site.fake.path().display();
        for at in 1..=ENOUGH {
            let line = format!("{} socket={socket} server_uid={}", fault_module().display(), own_uid());
            site.confdir
                .write(&format!("at{at}"), &format!("auth required {line} debug fault=panic-at={at}\n"));
        }
        std::thread::scope(|scope| {
            for thread in 0..64 {
                let site = &site;
                scope.spawn(move || {
                    for login in 0..20 {
                        let at = 1 + (thread + login) % ENOUGH;
                        let login = Login::new(format!("at{at}"), "alice").password(SECRET);
                        assert_eq!(login.try_once(&site.confdir), Code::AUTHINFO_UNAVAIL, "point {at}");
                    }
                });
            }
        });
    }));
    cases.push(Case::new("a_panic_at_each_point_of_the_account_phase", || {
        let mut at = 1;
        loop {
            let site = panicking_site(Act::Verdict(Verdict::NotMine), "account", at);
            let mut transaction = alice().password(PRIMARY).start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::USER_UNKNOWN);
            let code = transaction.acct_mgmt();
            let asked = site.fake.seen().len();
            assert!(asked <= 2, "point {at}: asked {asked} times");
            if code == Code::USER_UNKNOWN {
                break;
            }
            assert_eq!(code, Code::AUTHINFO_UNAVAIL, "point {at}");
            at += 1;
        }
        println!("{} points", at - 1);
        assert!(at > ENOUGH, "only {at} points");
    }));
    cases
}
