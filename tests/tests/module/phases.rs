//! The phases behind authentication, and what it leaves for them.

use super::Case;
use super::site::{Site, alice, alice_primary};
use apppw_proto::frame::{Kind, Request, Verdict};
use apppw_tests::fakes::Act;
use apppw_tests::pam::Code;

fn kinds(site: &Site) -> Vec<Kind> {
    site.fake.seen().iter().map(|bytes| Request::decode(bytes).expect("a valid request").kind).collect()
}

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("all_of_them_after_accepted", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            let mut transaction = alice().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::SUCCESS);
            assert_eq!(transaction.acct_mgmt(), Code::SUCCESS);
            assert_eq!(transaction.acct_mgmt(), Code::SUCCESS);
            assert_eq!(transaction.setcred(), Code::SUCCESS);
            assert_eq!(transaction.open_session(), Code::SUCCESS);
            assert_eq!(transaction.close_session(), Code::SUCCESS);
            assert_eq!(transaction.chauthtok(), Code::PERM_DENIED);
            assert_eq!((transaction.prompts(), transaction.other_messages()), (1, 0));
            assert_eq!(kinds(&site), [Kind::Login]);
        }),
        Case::new("alone_without_authentication", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            let mut transaction = alice().start(&site.confdir);
            assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
            assert_eq!(transaction.setcred(), Code::SUCCESS);
            assert!(site.fake.seen().is_empty());
        }),
        Case::new("user_changed_in_between", || {
            let site = Site::new([Act::Verdict(Verdict::Accepted)]);
            let mut transaction = alice().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::SUCCESS);
            transaction.set_user("root");
            assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
            for near in ["alic", "alice2", "Alice", ""] {
                transaction.set_user(near);
                assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN, "{near}");
            }
            transaction.set_user("alice");
            assert_eq!(transaction.acct_mgmt(), Code::SUCCESS);
        }),
        Case::new("a_later_failure_takes_it_back", || {
            for (second, code) in [
                (Act::Verdict(Verdict::Refused), Code::AUTH_ERR),
                (Act::CloseAfterRequest, Code::AUTHINFO_UNAVAIL),
            ] {
                let site = Site::new([Act::Verdict(Verdict::Accepted), second]);
                let mut transaction = alice().start(&site.confdir);
                assert_eq!(transaction.authenticate(), Code::SUCCESS);
                assert_eq!(transaction.authenticate(), code);
                assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
            }
        }),
        Case::new("refused_or_unavailable_leaves_nothing", || {
            for verdict in [Verdict::Refused, Verdict::Unavailable] {
                let site = Site::new([Act::Verdict(verdict)]);
                let mut transaction = alice_primary().start(&site.confdir);
                let _ = transaction.authenticate();
                assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
                assert_eq!(kinds(&site), [Kind::MayUsePrimary]);
            }
        }),
        Case::new("primary_reported_exactly_once", || {
            let site = Site::new([Act::Verdict(Verdict::NotMine)]);
            let mut transaction = alice_primary().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::USER_UNKNOWN);
            assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
            assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
            assert_eq!(kinds(&site), [Kind::MayUsePrimary, Kind::PrimaryWasUsed]);
        }),
        Case::new("primary_of_another_user_is_not_reported", || {
            let site = Site::new([Act::Verdict(Verdict::NotMine)]);
            let mut transaction = alice_primary().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::USER_UNKNOWN);
            transaction.set_user("bob");
            assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
            assert_eq!(kinds(&site), [Kind::MayUsePrimary]);
        }),
        Case::new("whatever_becomes_of_the_report", || {
            for act in
                [Act::Verdict(Verdict::Accepted), Act::Verdict(Verdict::Refused), Act::CloseAfterRequest]
            {
                let site = Site::new([Act::Verdict(Verdict::NotMine), act]);
                let mut transaction = alice().start(&site.confdir);
                assert_eq!(transaction.authenticate(), Code::USER_UNKNOWN);
                assert_eq!(transaction.acct_mgmt(), Code::USER_UNKNOWN);
                assert_eq!(kinds(&site), [Kind::Login, Kind::PrimaryWasUsed]);
            }
        }),
        Case::new("a_report_waits_a_second_at_most", || {
            let site = Site::with([Act::Verdict(Verdict::NotMine), Act::Silent], "timeout=8s");
            let mut transaction = alice_primary().start(&site.confdir);
            assert_eq!(transaction.authenticate(), Code::USER_UNKNOWN);
            let (code, time) = super::site::timed(|| transaction.acct_mgmt());
            assert_eq!(code, Code::USER_UNKNOWN);
            assert!((1000..1200).contains(&time.as_millis()), "{time:?}");
        }),
    ]
}
