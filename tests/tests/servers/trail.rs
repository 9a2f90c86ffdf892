//! Two people with Unix accounts, a helpdesk and real logins through Dovecot: what `list`, `show`,
//! `events` and the metrics tell is what really happened, one by one.

use super::lab::{Absent, Lab};
use apppw_tests::among::start_among;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::bin;
use apppw_tests::clients::imap::{Imap, Mechanism};
use apppw_tests::clients::{Attempt, MailLogin, Pop3, pop3};
use apppw_tests::servers::Failure;
use apppw_tests::servers::dovecot::{Dovecot, Version};
use apppw_tests::servers::host::{Endpoint, MailServer};
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::tree::Suite;
use libtest_mimic::{Completion, Failed, Trial};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::unix::process::CommandExt;
use std::sync::Arc;

const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nolive:x:4001:4001::/:/bin/sh\noscar:x:4002:4002::/:/bin/sh\n\
                      heidi:x:4004:778::/:/bin/sh\n";
const GROUP: &str = "root:x:0:\napppw-helpdesk:x:778:\n";

const ROOT: (u32, u32) = (0, 0);
const OLIVE: (u32, u32) = (4001, 4001);
const OSCAR: (u32, u32) = (4002, 4002);
/// Of the helpdesk by her first group.
const HEIDI: (u32, u32) = (4004, 778);

/// One for each Dovecot.
pub fn trials(lab: &Arc<Lab>) -> Vec<Trial> {
    let one = |name: &str, version, suite| {
        let lab = Arc::clone(lab);
        Trial::ignorable_test(format!("{name}/two-people/trail"), move || run(&lab, version, suite))
    };
    vec![one("dovecot-2.3", Version::V2_3, Suite::Own), one("dovecot-2.4", Version::V2_4, Suite::Trixie)]
}

fn run(lab: &Lab, version: Version, suite: Suite) -> Result<Completion, Failed> {
    let tree = match lab.root_tree(suite)? {
        Ok(tree) => tree,
        Err(Absent(why)) => return Ok(Completion::ignored_with(why)),
    };
    match tree.dovecot() {
        Ok(found) if found == version => {}
        found => return Ok(Completion::ignored_with(format!("this machine's release has {found:?}"))),
    }
    let config = format!("{CHEAP_ARGON2}[policy]\nself_service = \"create\"\n");
    let daemon = start_among(Site::new(&config), PASSWD, GROUP);
    let start = || {
        let stack = Inside::packaging("pam/app-passwords-only")?;
        let inside = Inside::new().stack(&stack).module(&tree, bin::module())?;
        Dovecot::new(version).start(&tree, &inside.socket_dir(daemon.socket_dir()))
    };
    let server = start().map_err(|Failure(why)| why)?;
    story(&Stage { daemon, server, told: RefCell::default() });
    Ok(Completion::Completed)
}

struct Stage {
    daemon: Apppwd,
    server: MailServer,
    told: RefCell<Told>,
}

/// What really happened, written down as it does.
#[derive(Default)]
struct Told {
    /// `kind user name by actor`.
    events: Vec<String>,
    /// Accepted logins: by name of the app password, service and address.
    uses: BTreeMap<(String, String, String), u64>,
    /// Verdicts: by service and reason.
    verdicts: BTreeMap<(String, String), u64>,
}

impl Stage {
    /// `apppw` as somebody, with `--json`; `None`: refused.
    fn apppw(&self, (uid, gid): (u32, u32), args: &[&str]) -> Option<Value> {
        let mut command = self.daemon.cli(args);
        let output = command.arg("--json").uid(uid).gid(gid).output().expect("apppw runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        output.status.success().then(|| serde_json::from_str(&text).expect("JSON"))
    }

    /// The same for what leaves an event.
    fn act(&self, who: (u32, u32), args: &[&str], events: &[&str]) -> Option<Value> {
        self.told.borrow_mut().events.extend(events.iter().map(|event| format!("{event} by {}", who.0)));
        self.apppw(who, args)
    }

    /// A login, what Dovecot is to say, and why.
    fn login(&self, client: &str, from: &str, user: &str, password: &str, reason: &str, name: &str) {
        let from: IpAddr = from.parse().expect("an address");
        let address = |endpoint| self.server.address(endpoint).expect("it listens");
        let client: Box<dyn MailLogin> = match client {
            "imap" => Box::new(Imap { address: address(Endpoint::Imap), mechanism: Mechanism::Login }),
            _ => Box::new(Pop3 { address: address(Endpoint::Pop3), mechanism: pop3::Mechanism::UserPass }),
        };
        let attempt = Attempt::new(user, password).from(from);
        let answer = client.login(&attempt).expect("an answer");
        assert_eq!(answer.accepted(), reason == "accepted", "{answer:?}");
        let service = client.pam_service().to_owned();
        let mut told = self.told.borrow_mut();
        *told.verdicts.entry((service.clone(), reason.to_owned())).or_default() += 1;
        if reason == "accepted" {
            *told.uses.entry((name.to_owned(), service, from.to_string())).or_default() += 1;
        }
    }

    /// The same with a dead app password, the first time in an hour.
    fn login_dead(&self, client: &str, from: &str, user: &str, password: &str, reason: &str, name: &str) {
        self.login(client, from, user, password, reason, name);
        self.told.borrow_mut().events.push(format!("refused-use {user} {name} {reason} by a login"));
    }
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn story(stage: &Stage) {
    let (near, far) = ("127.0.0.2", "127.0.0.3");
    let create = |who, args: &[&str], events: &[&str]| {
        let made = stage.act(who, args, events).expect("it is created");
        (text(&made, "id").to_owned(), text(&made, "secret").to_owned())
    };
    let (phone, phone_secret) =
        create(OLIVE, &["create", "phone"], &["create olive phone", "user.enroll olive -"]);
    let (laptop, laptop_secret) = create(
        ROOT,
        &["create", "oscar", "laptop", "--service", "imap"],
        &["create oscar laptop", "user.enroll oscar -"],
    );
    for _ in 0..3 {
        stage.login("imap", near, "olive", &phone_secret, "accepted", "phone");
    }
    stage.login("imap", far, "olive", &phone_secret, "accepted", "phone");
    stage.login("pop3", far, "olive", &phone_secret, "accepted", "phone");
    stage.login("imap", near, "oscar", &laptop_secret, "accepted", "laptop");
    stage.login("pop3", near, "oscar", &laptop_secret, "wrong-service", "laptop");
    stage.login("imap", near, "oscar", &phone_secret, "unknown-secret", "");
    stage.login("imap", near, "olive", "correct horse battery staple", "primary-refused", "");
    // Oscar would like to know what olive has.
    assert!(stage.act(OSCAR, &["list", "olive"], &["denied olive list"]).is_none());
    assert!(stage.act(OSCAR, &["revoke", &phone], &["denied olive revoke"]).is_none());
    stage.act(OLIVE, &["rename", &phone, "mobile"], &["rename olive mobile"]).expect("renamed");
    stage.login("imap", near, "olive", &phone_secret, "accepted", "phone");
    stage.act(HEIDI, &["suspend", &laptop], &["suspend oscar laptop"]).expect("suspended");
    stage.login_dead("imap", far, "oscar", &laptop_secret, "suspended", "laptop");
    stage.login("imap", far, "oscar", &laptop_secret, "suspended", "laptop");
    assert!(stage.act(HEIDI, &["resume", &laptop], &["denied oscar resume"]).is_none());
    stage.act(ROOT, &["resume", &laptop], &["resume oscar laptop"]).expect("resumed");
    stage.login("imap", near, "oscar", &laptop_secret, "accepted", "laptop");
    stage.act(OLIVE, &["revoke", &phone], &["revoke olive mobile"]).expect("revoked");
    stage.login_dead("pop3", far, "olive", &phone_secret, "revoked", "mobile");
    for _ in 0..2 {
        stage.login("imap", near, "olive", &phone_secret, "revoked", "mobile");
    }
    compare(stage, [&phone, &laptop]);
}

fn compare(stage: &Stage, [phone, laptop]: [&str; 2]) {
    let told = stage.told.borrow();
    let shown = stage.apppw(ROOT, &["events"]).expect("events");
    let events: Vec<String> = shown["events"].as_array().expect("events").iter().map(event).collect();
    assert_eq!(events, told.events);
    // Each person what is his.
    for (who, user) in [(OLIVE, "olive"), (OSCAR, "oscar")] {
        let own = stage.apppw(who, &["events"]).expect("events");
        let own: Vec<String> = own["events"].as_array().expect("events").iter().map(event).collect();
        let is_his = |event: &&String| event.split(' ').nth(1) == Some(user) && !event.starts_with("denied");
        assert_eq!(own, told.events.iter().filter(is_his).cloned().collect::<Vec<_>>());
    }
    for (who, id, name) in [(OLIVE, phone, "phone"), (OSCAR, laptop, "laptop"), (HEIDI, phone, "phone")] {
        let shown = stage.apppw(who, &["show", id]).expect("the record");
        let uses: BTreeMap<_, _> =
            shown["uses"].as_array().expect("uses").iter().map(|used| use_of(name, used)).collect();
        let of_this = told.uses.iter().filter(|((of, ..), _)| of == name);
        assert_eq!(uses, of_this.map(|(key, count)| (key.clone(), *count)).collect());
    }
    let listed = stage.apppw(ROOT, &["list", "--all"]).expect("a list");
    let rows: Vec<_> = listed["app_passwords"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            [
                text(one, "user"),
                text(one, "name"),
                text(one, "state"),
                text(&one["last_use"], "service"),
                text(&one["last_use"], "rhost"),
            ]
        })
        .collect();
    // Last uses within one second: any of those is the last.
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[0][..3], ["olive", "mobile", "revoked"]);
    assert_eq!(rows[1], ["oscar", "laptop", "live", "imap", "127.0.0.2"]);
    let last = ("phone".to_owned(), rows[0][3].to_owned(), rows[0][4].to_owned());
    assert!(told.uses.contains_key(&last), "{rows:?}");
    let users = stage.apppw(HEIDI, &["users"]).expect("users");
    let live: Vec<_> = users["users"]
        .as_array()
        .expect("users")
        .iter()
        .map(|u| (text(u, "user"), u["live"].clone()))
        .collect();
    assert_eq!(live, [("olive", json!(0)), ("oscar", json!(1))]);
    assert_eq!(counted(stage), told.verdicts);
}

/// As it is written down in [`Told`].
fn event(event: &Value) -> String {
    let word = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let kind = text(event, "kind");
    let what = match kind {
        "denied" => word(text(event, "verb")),
        "refused-use" => format!("{} {}", text(event, "name"), text(event, "reason")),
        _ => word(text(event, "name")),
    };
    let who = event["actor"]["uid"].as_u64().map_or("a login".to_owned(), |uid| uid.to_string());
    format!("{kind} {} {what} by {who}", word(text(event, "user")))
}

fn use_of(name: &str, used: &Value) -> ((String, String, String), u64) {
    let key = (name.to_owned(), text(used, "service").to_owned(), text(used, "rhost").to_owned());
    (key, used["count"].as_u64().unwrap_or(0))
}

/// Logins by service and reason, as monitoring reads them.
fn counted(stage: &Stage) -> BTreeMap<(String, String), u64> {
    let output = stage.daemon.cli(&["status", "--metrics"]).output().expect("apppw runs");
    let metrics = String::from_utf8(output.stdout).expect("UTF-8");
    let value = |line: &str, key: &str| {
        let (_, after) = line.split_once(&format!("{key}=\"")).expect("the label");
        after.split('"').next().unwrap_or_default().to_owned()
    };
    let logins = metrics.lines().filter(|line| line.starts_with("apppw_logins_total{"));
    logins
        .map(|line| {
            let count = line.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a number");
            ((value(line, "service"), value(line, "reason")), count)
        })
        .collect()
}
