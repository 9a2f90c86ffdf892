//! Completion in the real shells, of what a real daemon knows.

use super::Case;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::shells::{Shell, Shells};

/// What would leave a file, were it ever evaluated.
const HOSTILE_USER: &str = "x$(touch${IFS}/tmp/ran)`touch${IFS}/tmp/ran`;touch${IFS}/tmp/ran'\"*:\\";

/// The same with spaces.
const HOSTILE_PRESET: &str = "p $(touch /tmp/ran) `touch /tmp/ran` ' \" ; touch /tmp/ran & ~ * ! \\ : é";

pub fn cases() -> Vec<Case> {
    let each = Shell::ALL.into_iter().flat_map(|shell| {
        [
            Case::unless(format!("{shell:?}_offers_commands_users_and_ids"), move || offers(shell))
                .with_root(),
            Case::unless(format!("{shell:?}_never_evaluates_a_name"), move || hostile(shell)).with_root(),
        ]
    });
    each.collect()
}

/// The shells, or why not.
fn unpacked(daemon: &Apppwd) -> Result<Shells, Option<String>> {
    let found = Shells::unpack(daemon).expect("the shells can be unpacked and entered");
    found.ok_or_else(|| Some("this machine's apt sources have no mirror for bash, zsh and fish".to_owned()))
}

fn offers(shell: Shell) -> Option<String> {
    let config = format!("{CHEAP_ARGON2}[presets.printer]\n[presets.phone]\n");
    let daemon = Site::new(&config).start();
    let id_of = |user: &str, name: &str| daemon.create(user, name, &[]).app_password.id.to_string();
    let (laptop, phone) =
        (id_of("alice@example.org", "Thunderbird, laptop"), id_of("alina@example.org", "phone"));
    let revoked = id_of("bob", "old phone");
    daemon.revoke(revoked.parse().expect("an id"));
    let shells = match unpacked(&daemon) {
        Ok(shells) => shells,
        Err(why) => return why,
    };
    let offered = |line: &str| shells.offered(shell, line).expect("it completes").join("\n");
    let has = |line: &str, wanted: &[&str], others: &[&str]| {
        let offered = offered(line);
        assert!(wanted.iter().all(|one| offered.contains(one)), "{line}: {wanted:?} in {offered:?}");
        assert!(!others.iter().any(|one| offered.contains(one)), "{line}: none of {others:?} in {offered:?}");
    };
    // As words, apart from what is typed.
    has("apppw re", &["rename", "resume", "revoke"], &["list", "complete\n"]);
    has("apppw events --kind user.l", &["user.lock", "user.lockdown"], &["denied"]);
    has("apppw user alice@example.org ", &["lock", "lockdown", "enroll"], &["alina"]);
    has("apppw list ali", &["alice@example.org", "alina@example.org"], &["bob"]);
    has("apppw create x y --preset ", &["phone", "printer"], &[]);
    has("apppw panic on --group ", &["mail", "dav"], &["imap"]);
    has("apppw show ap-", &[&laptop, &phone, &revoked], &[]);
    has("apppw suspend ap-", &[&laptop, &phone], &[&revoked]);
    if shell != Shell::Bash {
        // Beside the ids, what they are.
        has(
            "apppw show ap-",
            &["\"Thunderbird, laptop\" of alice@example.org", "\"old phone\" of bob, revoked"],
            &[],
        );
        has("apppw re", &["Take app passwords away for good"], &[]);
    }
    // One alone is put into the line; a part of it, too.
    let arguments = |line: &str| shells.arguments(shell, line).expect("it is put into the line");
    assert_eq!(arguments("apppw list b"), ["list", "bob"]);
    assert_eq!(arguments("apppw list alice@ex"), ["list", "alice@example.org"]);
    assert_eq!(arguments(&format!("apppw show {}", &laptop[..10])), ["show", &laptop]);
    assert_eq!(arguments(&format!("apppw revoke {}", &phone[3..10])), ["revoke", &phone]);
    assert_eq!(arguments("apppw create a b --preset=pri"), ["create", "a", "b", "--preset=printer"]);
    // Without a daemon there is nothing, and nobody is told so.
    let site = daemon.kill();
    has("apppw li", &["list"], &[]);
    let typed = shells.offered(shell, "apppw list b").expect("it says nothing on stderr").join("");
    assert!(!typed.contains("bob") && !typed.contains("apppwd") && !typed.contains("error"), "{typed}");
    drop(site);
    None
}

fn hostile(shell: Shell) -> Option<String> {
    let config = format!("{CHEAP_ARGON2}[presets.{HOSTILE_PRESET:?}]\n");
    let daemon = Site::new(&config).start();
    let id = daemon.create(HOSTILE_USER, HOSTILE_PRESET, &[]).app_password.id.to_string();
    let shells = match unpacked(&daemon) {
        Ok(shells) => shells,
        Err(why) => return why,
    };
    let arguments = |line: &str| shells.arguments(shell, line).expect("it is put into the line");
    assert_eq!(arguments("apppw list "), ["list", HOSTILE_USER]);
    assert_eq!(arguments("apppw create a b --preset "), ["create", "a", "b", "--preset", HOSTILE_PRESET]);
    assert_eq!(arguments("apppw show ap-"), ["show", &id]);
    assert_eq!(arguments(&format!("apppw show {}", &id[3..9])), ["show", &id]);
    assert!(!shells.has_file("/tmp/ran").expect("inside"), "something in a name was run");
    None
}
