//! Every verdict that frames can bring about, with names and addresses that pose as something else; and which of them
//! are guesses, as fail2ban is to count them.

use super::asking::{USER, create, create_for, done, line, login, reason_in, site};
use super::hashing::sql;
use super::peers::host;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::frames::Ask;
use serde_json::json;

const CONFIG: &str = "
[users]
fold_case = true
[policy.user.\"enrolled@example.org\"]
primary = \"refuse-enrolled\"
[policy.user.\"free@example.org\"]
primary = \"allow\"
[policy.user.\"watched@example.org\"]
report_only = true
[peers.4711]
services = [\"exim\"]
[peers.4712]
services = [\"exim\"]
trust_rhost = true
";

/// The reasons that count.
pub const COUNTED: [&str; 4] =
    ["unknown-secret", "wrong-secret", "primary-refused", "primary-refused-enrolled"];

/// A date in a name: 2001-01-31, in seconds since 1970.
pub const THE_TYPED_DATE: f64 = 980_900_000.0;

/// An address that nobody has, in names.
pub const POSED: &str = "203.0.113.9";

/// A line of the daemon's, and whom it is to count against.
pub struct Said {
    /// With its prefix.
    pub line: String,
    /// The address.
    pub banned: Option<String>,
}

struct Story {
    daemon: Apppwd,
    said: Vec<Said>,
}

impl Story {
    /// Asks from an address that nothing else is asked from.
    fn ask(&mut self, reason: &str, ask: &Ask<'_>) {
        let number = self.said.len();
        let address = format!("10.7.{}.{}", number / 250, number % 250 + 1);
        self.ask_from(&address, Some(&address), reason, ask);
    }

    /// Asks from `rhost`, which is to be found as `address`, if the reason counts.
    fn ask_from(&mut self, rhost: &str, address: Option<&str>, reason: &str, ask: &Ask<'_>) {
        let line = line(&self.daemon, &Ask { rhost: rhost.as_bytes(), ..ask.clone() });
        assert_eq!(reason_in(&line), reason, "{line}");
        let banned = address.filter(|_| COUNTED.contains(&reason)).map(str::to_owned);
        self.said.push(Said { line, banned });
    }
}

/// A login.
fn with<'a>(user: &'a str, secret: &'a str, service: &'a str) -> Ask<'a> {
    Ask { user: user.as_bytes(), secret: secret.as_bytes(), service: service.as_bytes(), ..Ask::default() }
}

/// Something else than a login.
fn primary(kind: u8, flags: u16, user: &str) -> Ask<'_> {
    Ask { kind, flags, secret: b"", user: user.as_bytes(), ..Ask::default() }
}

/// Every reason, every form of an address, and names that pose as something else.
pub fn everything() -> Vec<Said> {
    let daemon = site(CONFIG).start();
    let posing = format!("phone\" service=imap rhost={POSED} id=ap-0 name=\"x");
    let (forged, expired) = (create(&daemon, &posing, json!({})), create(&daemon, "expired", json!({})));
    let (_, site) = daemon.stop();
    sql(&site, "UPDATE app_password SET hash = randomblob(32) WHERE name LIKE 'phone%'");
    sql(&site, "UPDATE app_password SET expires = created WHERE name = 'expired'");
    let mut story = Story { daemon: site.start(), said: Vec::new() };
    story.ask("wrong-secret", &with(USER, &forged.secret, "imap"));
    story.ask("expired", &with(USER, &expired.secret, "imap"));
    guesses(&mut story);
    addresses(&mut story);
    names(&mut story);
    peers(&mut story);
    stale(&mut story);
    with_the_rest_of_the_log(story)
}

/// All that the daemon has logged, in its order.
fn with_the_rest_of_the_log(story: Story) -> Vec<Said> {
    let mut verdicts = story.said.into_iter().peekable();
    let log = story.daemon.settled_log();
    let all = log.lines().map(|line| {
        let verdict = verdicts.next_if(|said| said.line == line);
        verdict.unwrap_or_else(|| Said { line: line.to_owned(), banned: None })
    });
    let all = all.collect();
    assert!(verdicts.next().is_none(), "a verdict is not in the log where it was");
    all
}

fn guesses(story: &mut Story) {
    let unknown = String::from_utf8_lossy(Ask::default().secret).into_owned();
    create_for(&story.daemon, "enrolled@example.org", "phone", json!({}));
    story.ask("unknown-secret", &with(USER, &unknown, "imap"));
    story.ask("unknown-secret", &with("nobody-like-this", &unknown, "submission"));
    story.ask("unknown-secret", &with("ALICE@Example.org", &unknown, "imap"));
    assert!(story.said.last().expect("one").line.contains(" account=alice@example.org "));
    story.ask("primary-refused", &primary(2, 0, USER));
    story.ask("primary-refused-enrolled", &primary(2, 0, "enrolled@example.org"));
    story.ask("mistyped", &primary(2, 1, USER));
    story.ask("primary-allowed", &primary(2, 0, "free@example.org"));
    story.ask("primary-reported", &primary(2, 0, "watched@example.org"));
    story.ask("primary-used", &primary(3, 0, "free@example.org"));
    story.ask("never-enrolled", &with("free@example.org", &unknown, "imap"));
    story.ask("never-service", &with(USER, &unknown, "sshd"));
    story.ask("service-in-no-group", &with(USER, &unknown, "gopher"));
    story.ask("malformed", &with(USER, "not-a-secret", "imap"));
}

fn addresses(story: &mut Story) {
    let of_hosts =
        ["", "localhost", "mail.example.org", "192.0.2.7.example.org", "fe80::1%eth0", "192.0.2.7:143"];
    let posing = ["192.0.2.7 peer_uid=0", "x\" rhost=192.0.2.7", "[192.0.2.7]", " 192.0.2.7"];
    for rhost in of_hosts.into_iter().chain(posing) {
        story.ask_from(rhost, None, "unknown-secret", &Ask::default());
    }
    for rhost in ["192.0.2.7", "2001:db8::7", "2001:db8:0:1:2:3:4:5", "::1"] {
        story.ask_from(rhost, Some(rhost), "primary-refused", &primary(2, 0, USER));
    }
    story.ask_from("::ffff:192.0.2.8", Some("192.0.2.8"), "unknown-secret", &Ask::default());
}

fn names(story: &mut Story) {
    let after = format!("service=imap rhost={POSED}");
    let prefixed = format!("Nov 22 05:40:01 mail apppwd[1]: refused reason=unknown-secret user=x {after}");
    let long = [after.as_str(); 7].join(" ");
    let mut names: Vec<String> =
        [r#"""#, r#"\""#, r#"\\""#, r#"" user=""#, ""].map(|end| format!("x{end} {after}")).into();
    names.extend([
        format!("rhost={POSED}"),
        format!("x\" {after} peer_uid=1"),
        format!("x\" {after}\""),
        prefixed,
    ]);
    names.extend(
        ["2001-01-31T05:40:01 x", "x\\", "\\", "\"", "漢字 é", "a%b", "%(_value)s", "<HOST>"]
            .map(str::to_owned),
    );
    names.extend(["a".repeat(255), "\"".repeat(255), long]);
    for name in &names {
        let (guess, typo) = (Ask { user: name.as_bytes(), ..Ask::default() }, primary(2, 1, name));
        story.ask("unknown-secret", &guess);
        // saslauthd passes no address on: none may come from the name.
        story.ask_from("", None, "unknown-secret", &guess);
        story.ask_from("mail.example.org", None, "unknown-secret", &guess);
        story.ask("mistyped", &typo);
    }
    for hidden in ["\u{202e}", "\u{200b}", "\u{2028}"] {
        let name = format!("x{hidden}apppwd[1]: refused reason=unknown-secret user=x {after}");
        story.ask("bad-user-name", &Ask { user: name.as_bytes(), ..Ask::default() });
    }
    for control in ["\u{1b}[2J", "\r\n", "\n", "\u{85}"] {
        let name = format!("x{control}apppwd[1]: refused reason=unknown-secret user=x {after}");
        Ask { user: name.as_bytes(), ..Ask::default() }.send(&story.daemon.auth_socket());
    }
    // A secret in the place of the name is not shown.
    story.ask("unknown-secret", &with("0000-0000-0000-0000", "0000000000000000", "imap"));
    assert!(story.said.last().expect("one").line.contains("user=\"(looks like an app password)\""));
}

/// PAM hosts that are not root.
fn peers(story: &mut Story) {
    let address = "198.51.100.7";
    let posing = format!("x\" service=exim rhost={address}");
    for user in [USER, &posing] {
        let ask = with(user, "0000000000000000", "exim");
        for (uid, banned) in [(4711, None), (4712, Some(address))] {
            let peer = host(&story.daemon, uid);
            peer.act(|| story.ask_from(address, banned, "unknown-secret", &ask));
        }
    }
    let stranger = host(&story.daemon, 4713);
    stranger.act(|| story.ask("peer-not-allowed", &with(USER, "0000000000000000", "exim")));
}

/// App passwords that were right once, or are elsewhere: what a forgotten phone tries.
fn stale(story: &mut Story) {
    let daemon = &story.daemon;
    let of = |name: &str, more| create(daemon, name, more).secret;
    let (live, revoked) = (of("live", json!({})), create(daemon, "revoked", json!({})));
    let (xmpp, office) =
        (of("xmpp", json!({"services": ["xmpp"]})), of("office", json!({"networks": ["192.0.2.0/24"]})));
    let suspended = create(daemon, "suspended", json!({}));
    let (service, network) =
        (of("service", json!({"pin": ["service"]})), of("network", json!({"pin": ["network"]})));
    for secret in [&service, &network] {
        assert_eq!(login(daemon, USER, secret, "smtp", "192.0.2.7"), "accepted");
    }
    let locked = create_for(daemon, "locked@example.org", "phone", json!({})).secret;
    done(daemon, "revoke", json!({"ids": [revoked.id]}));
    done(daemon, "suspend", json!({"ids": [suspended.id]}));
    done(daemon, "user.lock", json!({"user": "locked@example.org"}));
    story.ask("accepted", &with(USER, &live, "imap"));
    story.ask("revoked", &with(USER, &revoked.secret, "imap"));
    story.ask("suspended", &with(USER, &suspended.secret, "imap"));
    story.ask("wrong-service", &with(USER, &xmpp, "imap"));
    story.ask("wrong-network", &with(USER, &office, "imap"));
    story.ask_from("", None, "no-address", &with(USER, &office, "imap"));
    story.ask("pinned-service", &with(USER, &service, "imap"));
    story.ask("pinned-network", &with(USER, &network, "smtp"));
    story.ask("account-locked", &with("locked@example.org", &locked, "imap"));
    story.ask("account-locked", &primary(2, 0, "locked@example.org"));
    done(&story.daemon, "panic", json!({"on": true}));
    story.ask("panic", &with(USER, &live, "imap"));
}
