//! `[peers]`: what processes other than root may ask on `auth.sock`.

use super::Case;
use apppw_admin::Verb;
use apppw_admin::verbs::{ShowArgs, Shown};
use apppw_proto::frame::{Detail, Reply, Verdict};
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::{Ask, canonical};
use apppw_tests::identity::Identity;
use std::io::ErrorKind;
use std::os::unix::net::UnixStream;

const USER: &str = "alice@example.org";
const NOT_ALLOWED: Reply = Reply { version: 1, verdict: Verdict::Unavailable, detail: Detail::PEER };

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("without_the_group_of_the_socket_nobody_connects", no_group),
        Case::as_root("without_peers_only_root_may_ask", no_peers),
        Case::as_root("a_peer_names_its_own_services_only", own_services),
        Case::as_root("a_trusted_peers_address_counts", trusted),
        Case::as_root("a_peer_by_user_name_and_one_that_does_not_exist", by_name),
    ]
}

/// Somebody of the socket's group, which is root's where there is no group `apppw-auth`.
pub fn host(daemon: &Apppwd, uid: u32) -> Identity {
    use std::os::unix::fs::MetadataExt;
    let gid = daemon.auth_socket().metadata().expect("the socket").gid();
    Identity { groups: vec![gid], ..Identity::new(uid) }
}

fn start(peers: &str) -> (Apppwd, String) {
    let daemon = Site::new(&format!("{CHEAP_ARGON2}{peers}")).start();
    let secret = canonical(daemon.create(USER, "phone", &[]).secret.expose());
    (daemon, secret)
}

fn ask(daemon: &Apppwd, uid: u32, service: &str, secret: &str) -> Reply {
    let ask = Ask { service: service.as_bytes(), secret: secret.as_bytes(), ..Ask::default() };
    host(daemon, uid).act(|| ask.send(&daemon.auth_socket()))
}

fn no_group() {
    let (daemon, _) = start("");
    let socket = daemon.auth_socket();
    let error = Identity::new(4711).act(|| UnixStream::connect(&socket).expect_err("a stranger connected"));
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

fn no_peers() {
    let (daemon, secret) = start("");
    assert_eq!(ask(&daemon, 4711, "imap", &secret), NOT_ALLOWED);
    let line = daemon.wait_for_line(&["unavailable reason=peer-not-allowed", "peer_uid=4711"]);
    assert!(!line.contains(" rhost="), "an address of a stranger is a claim: {line}");
    for kind in [2, 3] {
        let question = Ask { kind, secret: b"", ..Ask::default() };
        assert_eq!(
            host(&daemon, 4711).act(|| question.send(&daemon.auth_socket())),
            NOT_ALLOWED,
            "kind {kind}"
        );
    }
    assert_eq!(daemon.argon2_runs(), 1, "something was computed for a stranger");
    assert_eq!(ask(&daemon, 0, "imap", &secret).verdict, Verdict::Accepted);
}

fn own_services() {
    let (daemon, secret) = start("[peers.4711]\nservices = [\"exim\", \"smtp\"]\n");
    assert_eq!(ask(&daemon, 4711, "exim", &secret).verdict, Verdict::Accepted);
    let line = daemon.wait_for_line(&["accepted reason=accepted", "service=exim", "peer_uid=4711"]);
    assert!(line.contains(" claimed_rhost=192.0.2.7") && !line.contains(" rhost="), "{line}");
    for service in ["imap", "EXIM", "exim2", "mail", "sshd"] {
        assert_eq!(ask(&daemon, 4711, service, &secret), NOT_ALLOWED, "{service}");
    }
    assert_eq!(ask(&daemon, 4712, "exim", &secret), NOT_ALLOWED);
    assert_eq!(ask(&daemon, 0, "imap", &secret).verdict, Verdict::Accepted);
    let id =
        daemon.call::<_, apppw_admin::verbs::Listed>(Verb::List, &serde_json::json!({})).expect("a list");
    let id = id.app_passwords[0].id;
    let shown: Shown = daemon.call(Verb::Show, &ShowArgs { id }).expect("it is there");
    let proven: Vec<_> = shown.uses.iter().map(|u| (u.service.as_str(), u.rhost_unproven)).collect();
    assert!(proven.contains(&("exim", true)) && proven.contains(&("imap", false)), "{proven:?}");
}

fn trusted() {
    let (daemon, secret) = start("[peers.4711]\nservices = [\"exim\"]\ntrust_rhost = true\n");
    assert_eq!(ask(&daemon, 4711, "exim", &secret).verdict, Verdict::Accepted);
    let line = daemon.wait_for_line(&["accepted reason=accepted", "peer_uid=4711"]);
    assert!(line.contains(" rhost=192.0.2.7"), "{line}");
}

fn by_name() {
    let (daemon, secret) =
        start("[peers.nobody]\nservices = [\"exim\"]\n[peers.no-such-user-here]\nservices = [\"smtp\"]\n");
    daemon.wait_for_line(&["warning: ", "[peers.no-such-user-here]"]);
    let nobody =
        nix::unistd::User::from_name("nobody").ok().flatten().map_or(65_534, |user| user.uid.as_raw());
    assert_eq!(ask(&daemon, nobody, "exim", &secret).verdict, Verdict::Accepted);
    assert_eq!(ask(&daemon, nobody, "smtp", &secret), NOT_ALLOWED);
}
