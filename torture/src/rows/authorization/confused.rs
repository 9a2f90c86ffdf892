//! Attempts to be taken for somebody else: by what a message says, by how it is written, by the process that asks.

use super::callers::{Caller, GROUP, PASSWD};
use crate::row::{Cases, Outcome, Row};
use apppw_admin::{MAX_LINE, Verb};
use apppw_tests::among::start_among;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::bin;
use apppw_tests::identity::{Identity, is_root};
use apppw_tests::lines::Lines;
use serde_json::{Value, json};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

/// The row.
pub const ROW: Row = Row {
    number: 13,
    name: "authorization-confused",
    shows: "nothing in a message, in its writing or in how the process came by its connection makes the daemon take its caller \
            for somebody else",
    unit: "attempts",
    full: ATTEMPTS.len() as u64,
    short: ATTEMPTS.len() as u64,
    batch: ATTEMPTS.len() as u64,
    run,
};

/// One of them.
type Attempt = fn(&Stage);

/// Each panics if it succeeds; what it says otherwise is counted.
const ATTEMPTS: &[(&str, Attempt)] = &[
    ("a message says who asks", says_who),
    ("an argument says who asks", argument_says_who),
    ("two requests in one line", two_in_a_line),
    ("keys that come twice", twice),
    ("verbs in other writings", other_writings),
    ("users in other writings", other_users),
    ("arguments by position", by_position),
    ("a line that is too long", too_long),
    ("nesting", nested),
    ("a request behind a web request", behind_a_web_request),
    ("a connection made by an unprivileged process is root's now", handed_to_root),
    ("a connection made by root has its maker's rights", handed_by_root),
    ("root of a user namespace", root_of_a_namespace),
    ("nobody of a user namespace", nobody_of_a_namespace),
    ("another's app password in a list of his own", among_his_own),
    ("app passwords open no management", by_app_password),
];

struct Stage {
    daemon: Apppwd,
    /// olive's and another's.
    own: String,
    another: String,
    secret: String,
    /// An attempt needs what this machine doesn't have.
    not_tried: AtomicBool,
}

fn run(cases: &Cases) -> Outcome {
    if !is_root() {
        return Outcome::unable("needs root to act as other users");
    }
    let config = format!("{CHEAP_ARGON2}[policy]\nself_service = \"create\"\n");
    let daemon = start_among(Site::new(&config), PASSWD, GROUP);
    let own = daemon.create("olive", "phone", &[]);
    let another = daemon.create("oscar", "phone", &[]);
    let secret = own.secret.expose().to_owned();
    let (own, another) = (own.app_password.id.to_string(), another.app_password.id.to_string());
    let stage = Stage { daemon, own, another, secret, not_tried: AtomicBool::default() };
    let before = stage.state();
    Outcome::of_each(cases, |case, outcome| {
        let (name, attempt) = ATTEMPTS[usize::try_from(case).expect("small")];
        attempt(&stage);
        if stage.state() != before {
            outcome.find(case, format!("{name}: something has changed: {before} to {}", stage.state()));
        }
        let what = if stage.not_tried.swap(false, Ordering::Relaxed) {
            "not tried: no user namespaces here"
        } else {
            "withstood"
        };
        outcome.count(what, 1);
    })
}

impl Stage {
    /// What an attempt would have changed.
    fn state(&self) -> Value {
        let status: Value = self.daemon.call(Verb::Status, &json!({})).expect("root may");
        let keys = ["accounts", "enrolled", "locked", "live", "suspended", "revoked", "panic"];
        keys.map(|key| status[key].clone()).to_vec().into()
    }

    fn olive(&self) -> Identity {
        Caller::Person.identity()
    }

    /// All answers to these lines, sent by olive behind a first request that is one.
    fn says(&self, lines: &[String]) -> Vec<Value> {
        self.olive().act(|| {
            let mut connection = Lines::connect(&self.daemon.admin_socket());
            connection.call("list", &json!({}));
            lines.iter().map(|line| connection.ask(line)).collect()
        })
    }

    /// None of these is done.
    #[track_caller]
    fn refuses(&self, lines: &[String]) {
        for (line, answer) in lines.iter().zip(self.says(lines)) {
            assert!(answer.get("ok").is_none(), "{line}: {answer}");
        }
    }
}

fn request(verb: &str, args: &Value) -> String {
    json!({"v": 1, "id": 1, "verb": verb, "args": args}).to_string()
}

fn says_who(stage: &Stage) {
    let with = |more: &str| format!("{{\"v\":1,\"id\":1,\"verb\":\"status\",\"args\":{{}},{more}}}");
    stage.refuses(&[
        with("\"uid\":0"),
        with("\"actor\":{\"uid\":0,\"role\":\"admin\"}"),
        with("\"on_behalf_of\":\"root\""),
        with("\"role\":\"admin\""),
        with("\"groups\":[777]"),
        with("\"user\":\"root\""),
        with("\"auth\":\"root\""),
    ]);
}

fn argument_says_who(stage: &Stage) {
    let mut lines = Vec::new();
    for more in ["uid", "actor", "on_behalf_of", "role", "as", "by", "created_by", "owner", "power", "sudo"] {
        for value in [json!(0), json!("root"), json!({"uid": 0, "role": "admin"})] {
            lines.push(request("revoke", &json!({"ids": [stage.another], more: value})));
            lines.push(request("status", &json!({more: value})));
            lines.push(request("create", &json!({"user": "oscar", "name": "x", more: value})));
        }
    }
    stage.refuses(&lines);
}

fn two_in_a_line(stage: &Stage) {
    let (own, other) = (request("list", &json!({})), request("user.lock", &json!({"user": "oscar"})));
    for between in ["", " ", ",", "\r", "\0", "\\n", "\u{2028}"] {
        stage.refuses(&[format!("{own}{between}{other}")]);
    }
    stage.refuses(&[format!("[{own},{other}]")]);
}

fn twice(stage: &Stage) {
    stage.refuses(&[
        r#"{"v":1,"id":1,"verb":"list","verb":"status","args":{}}"#.to_owned(),
        r#"{"v":1,"id":1,"verb":"list","args":{},"args":{"user":"oscar"}}"#.to_owned(),
        r#"{"v":1,"id":1,"verb":"list","args":{"user":"olive","user":"oscar"}}"#.to_owned(),
        r#"{"v":1,"id":1,"verb":"list","args":{"user":"oscar","user":"olive"}}"#.to_owned(),
        r#"{"v":1,"id":1,"verb":"list","args":{"user":"olive","us\u0065r":"oscar"}}"#.to_owned(),
        format!(
            r#"{{"v":1,"id":1,"verb":"revoke","args":{{"ids":["{}"],"ids":["{}"]}}}}"#,
            stage.own, stage.another
        ),
        r#"{"v":1,"v":1,"id":1,"verb":"status"}"#.to_owned(),
    ]);
}

fn other_writings(stage: &Stage) {
    let verbs = [
        "STATUS",
        "Status",
        " status",
        "status ",
        "status\0",
        "status\n",
        "st\u{0430}tus",
        "user.lock ",
        "user.Lock",
        "user..lock",
        "user/lock",
        "list;status",
        "list,status",
        "../status",
        "*",
        "",
    ];
    let lines: Vec<String> = verbs.iter().map(|verb| request(verb, &json!({"user": "oscar"}))).collect();
    stage.refuses(&lines);
    // Written with escapes it is the same verb, and as denied.
    stage.refuses(&[r#"{"v":1,"id":1,"verb":"st\u0061tus","args":{}}"#.to_owned()]);
    // And the same that may be had.
    let answers = stage.says(&[r#"{"v":1,"id":1,"verb":"l\u0069st","args":{}}"#.to_owned()]);
    assert!(answers[0].get("ok").is_some(), "{answers:?}");
}

fn other_users(stage: &Stage) {
    let users = [
        "oscar",
        "OSCAR",
        " oscar",
        "oscar ",
        "oscar\0",
        "olive\0oscar",
        "4002",
        "olive,oscar",
        "oscar@",
        "@oscar",
        "../oscar",
        "root",
        "0",
        "olive@example.org",
        "OLIVE",
        "ol\u{200b}ive",
        "\u{043e}live",
        "%",
        "*",
        "olive\noscar",
    ];
    let verbs = ["list", "create", "verify", "events", "revoke", "user.show"];
    let lines: Vec<String> = users
        .iter()
        .flat_map(|user| {
            verbs.map(|verb| {
                let args = match verb {
                    "create" => json!({"user": user, "name": "x"}),
                    "verify" => json!({"user": user, "secret": "0000-0000-0000-0000"}),
                    "revoke" => json!({"users": [user], "all": true}),
                    _ => json!({"user": user}),
                };
                request(verb, &args)
            })
        })
        .collect();
    stage.refuses(&lines);
}

fn by_position(stage: &Stage) {
    stage.refuses(&[
        r#"[1,1,"status",{}]"#.to_owned(),
        r#"{"v":1,"id":1,"verb":"list","args":["oscar"]}"#.to_owned(),
        r#"{"v":1,"id":1,"verb":"status","args":[]}"#.to_owned(),
        r#"{"v":1,"id":1,"verb":["status"],"args":{}}"#.to_owned(),
        r#"{"v":1,"id":1,"verb":null}"#.to_owned(),
    ]);
}

/// What follows a line that is too long is no request.
fn too_long(stage: &Stage) {
    let lock = request("user.lock", &json!({"user": "olive"}));
    for (who, before) in
        [(stage.olive(), MAX_LINE), (Identity::new(0), MAX_LINE), (Identity::new(0), 10 * MAX_LINE)]
    {
        let answers = who.act(|| {
            let mut connection = Lines::connect(&stage.daemon.admin_socket());
            connection.send(
                &[vec![b' '; before], b"\n".to_vec(), lock.clone().into_bytes(), b"\n".to_vec()].concat(),
            );
            std::iter::from_fn(|| connection.receive()).collect::<Vec<_>>()
        });
        assert!(answers.iter().all(|answer| !answer.contains("\"ok\"")), "{answers:?}");
    }
}

fn nested(stage: &Stage) {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let count = 30_000 / open.len();
        for args in [open.repeat(count), open.repeat(count) + "1" + &close.repeat(count)] {
            stage.refuses(&[format!("{{\"v\":1,\"id\":1,\"verb\":\"list\",\"args\":{args}}}")]);
        }
    }
}

/// root's browser, say.
fn behind_a_web_request(stage: &Stage) {
    let lock = request("user.lock", &json!({"user": "olive"}));
    let mut connection = Lines::connect(&stage.daemon.admin_socket());
    connection.send(format!("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{lock}\n").as_bytes());
    let answers: Vec<String> = std::iter::from_fn(|| connection.receive()).collect();
    assert!(answers.iter().all(|answer| !answer.contains("\"ok\"")), "{answers:?}");
}

/// The credentials are those of the moment of connect(2) (unix(7)): olive's connection stays olive's.
fn handed_to_root(stage: &Stage) {
    let mut connection = stage.olive().act(|| Lines::connect(&stage.daemon.admin_socket()));
    for _ in 0..2 {
        let answer = connection.call("status", &json!({}));
        assert_eq!(answer["error"]["code"], "denied", "{answer}");
    }
    let listed = connection.call("list", &json!({}));
    assert!(listed["ok"]["app_passwords"].as_array().is_some_and(|all| all.len() == 1), "{listed}");
}

/// As it is documented: who is given a connection may do what its maker may, until it ends.
fn handed_by_root(stage: &Stage) {
    let mut connection = Lines::connect(&stage.daemon.admin_socket());
    let answer = stage.olive().act(move || connection.call("status", &json!({})));
    assert!(answer.get("ok").is_some(), "{answer}");
}

/// `apppw status` as oscar within a user namespace.
fn within_a_namespace(stage: &Stage, how: &[&str]) -> Option<String> {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=4002", "--regid=4002", "--clear-groups", "unshare", "--user"]).args(how);
    let works = command.arg("true").status().is_ok_and(|status| status.success());
    if !works {
        stage.not_tried.store(true, Ordering::Relaxed);
        return None;
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=4002", "--regid=4002", "--clear-groups", "unshare", "--user"]).args(how);
    command.arg(bin::apppw()).arg("--socket").arg(stage.daemon.admin_socket()).arg("status");
    let output = command.output().expect("setpriv runs");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// There it is root; here it is oscar.
fn root_of_a_namespace(stage: &Stage) {
    if let Some(said) = within_a_namespace(stage, &["--map-root-user"]) {
        assert!(said.contains("oscar (uid 4002) may not use `status`"), "{said}");
    }
}

/// There it is 65534.
fn nobody_of_a_namespace(stage: &Stage) {
    if let Some(said) = within_a_namespace(stage, &[]) {
        assert!(said.contains("oscar (uid 4002) may not use `status`"), "{said}");
    }
}

/// One of his own beside another's: nothing happens to either.
fn among_his_own(stage: &Stage) {
    let (own, another) = (&stage.own, &stage.another);
    stage.refuses(&[
        request("revoke", &json!({"ids": [own, another]})),
        request("revoke", &json!({"ids": [another, own]})),
        request("revoke", &json!({"users": ["olive", "oscar"], "all": true})),
        request("suspend", &json!({"ids": [own]})),
        request("rename", &json!({"id": another, "name": "x"})),
        request("rotate", &json!({"id": another})),
        request("show", &json!({"id": another})),
        request("watch", &json!({"id": another})),
    ]);
    let mut names: Vec<String> = vec![json!({"cursor": "0 ap-00000000 a"}), json!({"all": true}), json!({})]
        .into_iter()
        .map(|args| stage.says(&[request("list", &args)])[0].to_string())
        .collect();
    names.push(stage.says(&[request("events", &json!({}))])[0].to_string());
    assert!(names.iter().all(|text| !text.contains("oscar") && !text.contains(another)), "{names:?}");
}

/// The secret is in the message, where a client might put it; the caller is a program.
fn by_app_password(stage: &Stage) {
    for who in [Caller::AuthGroup, Caller::SystemUser, Caller::Unmapped] {
        let answer = who.identity().act(|| {
            let mut connection = Lines::connect(&stage.daemon.admin_socket());
            connection.call("verify", &json!({"user": "olive", "secret": stage.secret}))
        });
        assert_eq!(answer["error"]["code"], "denied", "{answer}");
        assert!(!answer.to_string().contains(&stage.secret), "{answer}");
    }
}
