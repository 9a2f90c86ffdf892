//! Who may not do that.

use super::super::page::{Desk, Page};
use crate::host::{Who, create, done, done_as, start};

pub fn play(page: &mut Page) {
    page.title(
        "Being allowed to",
        "Who asks is known by the socket alone (docs/roles.md says who may do what). To who may not see an app password \
         it doesn't exist.",
    );
    let daemon = start("");
    let desk = Desk::at(&daemon);
    let (bobs, _) = create(&daemon, "bob", "phone", &[]);
    let (alices, _) = create(&daemon, "alice", "phone", &[]);
    page.fails(&desk, Who::Exim, &["list"], "A program's user.");
    for (args, what) in [
        (
            &["create", "laptop"][..],
            "A person makes app passwords where administrators do (`[policy] self_service`).",
        ),
        (&["rotate", &alices], "The same, of a new secret."),
        (&["list", "bob"], "A person asks for another's."),
        (&["show", &bobs], "The same, by the id."),
        (&["suspend", &alices], "A person, what the helpdesk may."),
        (&["users"], "The same, of a list of all."),
        (&["resume", &alices], "A person, what administrators may."),
        (&["panic", "on"], "The same."),
    ] {
        page.fails(&desk, Who::Alice, args, what);
    }
    for (args, what) in [
        (&["resume", &bobs][..], "The helpdesk, what administrators may."),
        (&["rename", &bobs, "old"], "The helpdesk changes what is another's."),
        (&["create", "bob", "laptop"], "The helpdesk makes an app password."),
    ] {
        page.fails(&desk, Who::Heidi, args, what);
    }
    done(&daemon, &["user", "alice", "lock"]);
    page.fails(&desk, Who::Alice, &["list"], "The own account is locked.");
    done(&daemon, &["user", "alice", "unlock"]);
    // Alice's name is another's account now.
    done(&daemon, &["user", "alice", "delete", "--yes"]);
    done(&daemon, &["user", "bob", "rename", "bob@old.example"]);
    create(&daemon, "alice@example.org", "phone", &[]);
    done(&daemon, &["user", "alice@example.org", "rename", "alice"]);
    page.fails(&desk, Who::Alice, &["list"], "The account of that name was made for a virtual user.");
    others(page);
}

fn others(page: &mut Page) {
    let daemon = start("[policy]\nself_service = \"create\"\n[users]\ndefault_domain = \"example.org\"\n");
    let desk = Desk::at(&daemon);
    page.fails(&desk, Who::Alice, &["create", "laptop"], "A bare name is a virtual user's here.");
    let stdin = crate::host::How { stdin: b"0000-0000-0000-0000\n", ..Default::default() };
    page.fails_as_shown(
        &Desk::at(&daemon).with(stdin),
        Who::Alice,
        &["verify"],
        "verify < secret.txt",
        "A secret is verified where the person's name means another's account.",
    );
    let daemon = start("[policy]\nself_service = \"create\"\n");
    done_as(&daemon, Who::Alice, &["create", "phone"]);
    done(&daemon, &["user", "alice", "lock"]);
    page.fails(&Desk::at(&daemon), Who::Alice, &["create", "laptop"], "The own account is locked.");
}
