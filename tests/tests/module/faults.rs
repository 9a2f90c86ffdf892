//! Panics inside the module, through the real libpam.

use super::Case;
use super::site::{Site, alice, own_uid, target_dir, workspace, write_stack};
use apppw_proto::frame::Verdict;
use apppw_tests::fakes::Act;
use apppw_tests::pam::Code;
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
    cases
}
