//! An old module and a new daemon, and the reverse.

use super::Case;
use super::faults::fault_module;
use super::site::{Site, alice, own_uid, write_stack};
use apppw_proto::frame::Verdict;
use apppw_tests::fakes::Act;
use apppw_tests::pam::Code;

const VERSION_AT: usize = 4;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("begins_with_the_oldest", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            assert_eq!(alice().try_once(&site.confdir), Code::SUCCESS);
            assert_eq!(site.fake.seen()[0][VERSION_AT], 1);
        }),
        Case::new("old_module_new_daemon_that_forgot_version_1", || {
            let site = Site::new([Act::SpeaksOnly(2)]);
            assert_eq!(alice().try_once(&site.confdir), Code::AUTHINFO_UNAVAIL);
            assert_eq!(site.fake.seen().len(), 1, "a version that isn't spoken is not tried");
        }),
        Case::new("new_module_old_daemon", || {
            let site = Site::new([Act::SpeaksOnly(1), Act::Verdict(Verdict::Accepted)]);
            let line = format!(
                "{} socket={} server_uid={} fault=version",
                fault_module().display(),
                site.fake.path().display(),
                own_uid()
            );
            write_stack(&site.confdir, "imap", &line);
            let mut transaction = alice().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::SUCCESS);
            assert_eq!(transaction.prompts(), 1);
            let versions: Vec<u8> = site.fake.seen().iter().map(|request| request[VERSION_AT]).collect();
            assert_eq!(versions, [200, 1]);
        }),
        Case::new("one_more_try_and_no_third", || {
            let site = Site::new([Act::SpeaksOnly(1)]);
            assert_eq!(alice().try_once(&site.confdir), Code::AUTHINFO_UNAVAIL);
            assert_eq!(site.fake.seen().len(), 2);
        }),
        Case::new("the_second_try_counts", || {
            for (verdict, code) in [(Verdict::Accepted, Code::SUCCESS), (Verdict::Refused, Code::AUTH_ERR)] {
                let site = Site::new([Act::SpeaksOnly(1), Act::Verdict(verdict)]);
                assert_eq!(alice().try_once(&site.confdir), code);
            }
        }),
        Case::new("both_tries_share_one_deadline", || {
            let site = Site::with([Act::SpeaksOnly(1), Act::Silent], "timeout=300ms");
            let (code, time) = super::site::timed(|| alice().try_once(&site.confdir));
            assert_eq!(code, Code::AUTHINFO_UNAVAIL);
            assert!((300..500).contains(&time.as_millis()), "{time:?}");
        }),
    ]
}
