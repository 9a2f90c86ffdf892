//! `create` and `rotate`.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, create, done, done_as, restart, start};
use std::fs;
use std::path::Path;

const CONFIG: &str = "[policy]\nself_service = \"create\"\nlongest_life = \"1y\"\nprimary = \"refuse-enrolled\"\n\
    [limits]\nper_account = 3\ncreations_per_day = 4\n[groups]\nempty = []\n\
    [presets.phone]\nservices = [\"mail\"]\n";

pub fn play(page: &mut Page) {
    page.title("Making an app password", "`create` and `rotate`.");
    let daemon = start(CONFIG);
    let desk = Desk::at(&daemon);
    let (laptop, _) = create(&daemon, "alice", "laptop", &[]);
    let long = "x".repeat(200);
    let many: Vec<String> = (0..65).map(|n| format!("--service=s{n}")).collect();
    let many: Vec<&str> =
        ["create", "alice", "phone"].into_iter().chain(many.iter().map(String::as_str)).collect();
    let networks: Vec<String> = (0..65).map(|n| format!("--network=10.0.{n}.0/24")).collect();
    let networks: Vec<&str> =
        ["create", "alice", "phone"].into_iter().chain(networks.iter().map(String::as_str)).collect();
    let table: &[(&[&str], &str)] = &[
        (&["create", "laptop"], "Root names nobody."),
        (&["create", "alice", "laptop"], "A name that is taken."),
        (&["create", "alice", "0000-0000-0000-0000"], "A secret in place of the name."),
        (&["create", "0000-0000-0000-0000", "phone"], "A secret in place of the user."),
        (&["create", "My phone", "alice"], "User and name the wrong way round."),
        (&["create", "alice", ""], "An empty name."),
        (&["create", "alice", " phone"], "A name that begins with a space."),
        (&["create", "alice", "pho\u{202e}ne"], "A name that would show as another."),
        (&["create", "", "phone"], "An empty user."),
        (&["create", "alice", "phone", "--service", "imao"], "A service with a slip in it."),
        (&["create", "alice", "phone", "--service", "gopher"], "A service in no group."),
        (&["create", "alice", "phone", "--service", "sshd"], "A service that app passwords never open."),
        (&["create", "alice", "phone", "--service", "empty"], "A group without services."),
        (&["create", "alice", "phone", "--service", ""], "An empty service."),
        (&["create", "alice", "phone", "--network", "192.0.2.300"], "A network that is none."),
        (
            &["create", "alice", "phone", "--network", "192.0.2.7/24"],
            "A network with bits behind its prefix.",
        ),
        (&["create", "alice", "phone", "--preset", "phnoe"], "A preset with a slip in it."),
        (&["create", "alice", "phone", "--preset", "printer"], "A preset that there isn't."),
        (&["create", "alice", "phone", "--expires", "2020-01-31"], "An end in the past."),
        (&["create", "alice", "phone", "--expires", "2y"], "A longer life than the policy allows."),
        (&["create", "alice", "phone", "--expires", "never"], "No end, where one must be."),
        (&["rotate", "ap-7k3m9qxe"], "An id that there isn't."),
        (&["rotate", &laptop, "--grace", "60d"], "A grace that is too long."),
    ];
    for (args, what) in table {
        page.fails(&desk, Who::Root, args, what);
    }
    page.fails_as_shown(
        &desk,
        Who::Root,
        &["create", "alice", &long],
        "create alice xxxxxxxxxx...",
        "A name that is too long.",
    );
    page.fails_as_shown(
        &desk,
        Who::Root,
        &["create", &"u".repeat(256), "phone"],
        "create uuuuuuuuuu... phone",
        "A user that is too long.",
    );
    page.fails_as_shown(
        &desk,
        Who::Root,
        &many,
        "create alice phone --service s0 --service s1 ...",
        "Too many services.",
    );
    page.fails_as_shown(
        &desk,
        Who::Root,
        &networks,
        "create alice phone --network 10.0.0.0/24 ...",
        "Too many networks.",
    );
    let full = How { stdout_to: Some(Path::new("/dev/full")), ..How::default() };
    page.says(
        &Desk::at(&daemon).with(full),
        Who::Root,
        &["create", "bob", "tablet"],
        "The secret can't be written (standard output is a full disk).",
    );
    page.says(
        &desk,
        Who::Root,
        &["create", "carol@example.org", "phone"],
        "It is made, and the primary password loses something.",
    );
    page.says(
        &desk,
        Who::Root,
        &["create", "erin@example.org", "phone", "--qr"],
        "A QR code that would go into a pipe.",
    );
    limits(page);
    rotating(page);
    preset(page);
    owners(page);
}

fn limits(page: &mut Page) {
    let daemon = start(CONFIG);
    let desk = Desk::at(&daemon);
    for name in ["a", "b", "c"] {
        create(&daemon, "alice", name, &[]);
    }
    page.fails(&desk, Who::Root, &["create", "alice", "phone"], "As many as an account may have; root asks.");
    page.fails(&desk, Who::Alice, &["create", "phone"], "The same, and the person asks.");
    for _ in 0..4 {
        let made = done_as(&daemon, Who::Bob, &["create", "phone"]);
        done_as(&daemon, Who::Bob, &["revoke", made["id"].as_str().expect("an id")]);
    }
    page.fails(&desk, Who::Bob, &["create", "phone"], "As many as may be made in a day; the person asks.");
    page.fails(&desk, Who::Adele, &["create", "bob", "phone"], "The same, and an administrator asks.");
}

fn rotating(page: &mut Page) {
    let daemon = start("[groups]\nnews = [\"inn\"]\n");
    let desk = Desk::at(&daemon);
    let (dead, _) = create(&daemon, "alice", "dead", &[]);
    done(&daemon, &["revoke", &dead]);
    page.fails(&desk, Who::Root, &["rotate", &dead], "One that is revoked.");
    let (first, _) = create(&daemon, "alice", "phone", &[]);
    let second = done(&daemon, &["rotate", &first])["id"].as_str().expect("an id").to_owned();
    let third = done(&daemon, &["rotate", &second])["id"].as_str().expect("an id").to_owned();
    page.fails(&desk, Who::Root, &["rotate", &third], "A third secret while two old ones live on.");
    let (news, _) = create(&daemon, "alice", "newsreader", &["--service", "inn"]);
    let (status, site) = daemon.stop();
    assert!(status.success());
    site.write_config(&site.config().replace("[groups]\nnews = [\"inn\"]\n", ""));
    let daemon = restart(site);
    page.fails(
        &Desk::at(&daemon),
        Who::Root,
        &["rotate", &news],
        "One whose services are configured no more.",
    );
}

fn preset(page: &mut Page) {
    let daemon = start("");
    page.fails(
        &Desk::at(&daemon),
        Who::Root,
        &["create", "alice", "phone", "--preset", "phone"],
        "No preset is configured.",
    );
}

/// Names that have come to mean somebody else.
fn owners(page: &mut Page) {
    let daemon = start("[policy]\nself_service = \"create\"\n");
    create(&daemon, "alice", "phone", &[]);
    done(&daemon, &["user", "alice", "lock"]);
    page.fails(
        &Desk::at(&daemon),
        Who::Root,
        &["create", "alice", "laptop"],
        "The account is locked; root asks.",
    );
    done(&daemon, &["user", "alice", "unlock"]);
    let (_, site) = daemon.stop();
    // Another person has the name now.
    let command = apppw_tests::among::among(
        &site,
        "root:x:0:0::/:/bin/sh\nalice:x:1007:1007::/:/bin/sh\n",
        "root:x:0:\n",
    );
    let daemon = site.start_by(command);
    page.fails(
        &Desk::at(&daemon),
        Who::Root,
        &["create", "alice", "laptop"],
        "The name was given to another person.",
    );
    let (_, site) = daemon.stop();
    site.write_config(&format!("{}[users]\nfold_case = true\n", site.config()));
    let people = "root:x:0:0::/:/bin/sh\nAlice:x:1001:1001::/:/bin/sh\nalice:x:1007:1007::/:/bin/sh\n";
    fs::remove_dir_all(site.path("state")).expect("a new beginning");
    fs::remove_dir_all(site.path("key")).expect("a new beginning");
    let command = apppw_tests::among::among(&site, people, "root:x:0:\n");
    let daemon = site.start_by(command);
    page.fails(
        &Desk::at(&daemon),
        Who::Alice,
        &["create", "laptop"],
        "The person's name (here `Alice`) means another's by `[users]`.",
    );
}
