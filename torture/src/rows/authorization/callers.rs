//! Who asks, and what the contract (DESIGN.md §7, docs/roles.md) gives him: written down a second time, by hand.

use apppw_admin::Verb;
use apppw_tests::identity::Identity;

/// Users of a host of its own: olive and oscar are people, adele and adam administrators, heidi and hanna of the helpdesk;
/// svc, help and post are programs, dyn one of systemd's dynamic users.
pub const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nsvc:x:450:450::/:/bin/false\nhelp:x:451:451::/:/bin/false\n\
                          post:x:452:452::/:/bin/false\nlow:x:999:999::/:/bin/sh\ndyn:x:61500:61500::/:/bin/false\n\
                          olive:x:4001:4001::/:/bin/sh\noscar:x:4002:4002::/:/bin/sh\nadele:x:4003:4003::/:/bin/sh\n\
                          heidi:x:4004:4004::/:/bin/sh\nadam:x:4005:4005::/:/bin/sh\nhanna:x:4006:4006::/:/bin/sh\n\
                          nobody:x:65534:65534::/:/bin/false\n";
/// And their groups.
pub const GROUP: &str = "root:x:0:\napppw-admin:x:777:adele,adam\napppw-helpdesk:x:778:heidi,hanna\n\
                         apppw-auth:x:779:post\n";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Root,
    /// Has the group by logging in.
    AdminGroup,
    /// Has it as the first group.
    AdminPrimaryGroup,
    /// Has it behind a hundred others.
    AdminOfMany,
    /// Is in `/etc/group`, but this session does not have the group.
    AdminOnPaper,
    /// Has both groups.
    AdminOfHelpdesk,
    /// A person with the group.
    Helpdesk,
    /// A program with the group: its uid is no person's.
    HelpdeskProgram,
    HelpdeskOnPaper,
    /// olive, a person.
    Person,
    /// A program that may ask on auth.sock.
    AuthGroup,
    Nobody,
    SystemUser,
    /// The last uid below UID_MIN.
    BelowUidMin,
    /// One of systemd's dynamic users.
    Dynamic,
    /// A uid that nobody has.
    Unmapped,
}

use Caller::{
    AdminGroup, AdminOfHelpdesk, AdminOfMany, AdminOnPaper, AdminPrimaryGroup, AuthGroup, BelowUidMin,
    Dynamic, Helpdesk, HelpdeskOnPaper, HelpdeskProgram, Nobody, Person, Root, SystemUser, Unmapped,
};

impl Caller {
    pub const ALL: [Self; 16] = [
        Root,
        AdminGroup,
        AdminPrimaryGroup,
        AdminOfMany,
        AdminOnPaper,
        AdminOfHelpdesk,
        Helpdesk,
        HelpdeskProgram,
        HelpdeskOnPaper,
        Person,
        AuthGroup,
        Nobody,
        SystemUser,
        BelowUidMin,
        Dynamic,
        Unmapped,
    ];

    /// Each that is ever refused has a uid of his own here, so that what is told of refusals can be counted.
    pub fn identity(self) -> Identity {
        match self {
            Root => Identity::new(0),
            AdminGroup => Identity { groups: vec![5, 777], ..Identity::new(4003) },
            AdminPrimaryGroup => Identity { gid: 777, ..Identity::new(4002) },
            AdminOfMany => Identity { groups: (1000..1100).chain([777]).collect(), ..Identity::new(4002) },
            AdminOfHelpdesk => Identity { groups: vec![778, 777], ..Identity::new(4004) },
            AdminOnPaper => Identity::new(4005),
            Helpdesk => Identity { groups: vec![5, 778], ..Identity::new(4004) },
            HelpdeskProgram => Identity { gid: 778, ..Identity::new(451) },
            HelpdeskOnPaper => Identity::new(4006),
            Person => Identity::new(4001),
            AuthGroup => Identity { groups: vec![779], ..Identity::new(452) },
            Nobody => Identity::new(65_534),
            SystemUser => Identity::new(450),
            BelowUidMin => Identity::new(999),
            Dynamic => Identity::new(61_500),
            Unmapped => Identity::new(5_000),
        }
    }

    /// The account that is his, or would be if he might have one.
    pub const fn own(self) -> &'static str {
        match self {
            Root => "root",
            AdminGroup => "adele",
            AdminPrimaryGroup | AdminOfMany => "oscar",
            AdminOnPaper => "adam",
            AdminOfHelpdesk | Helpdesk => "heidi",
            HelpdeskProgram => "help",
            HelpdeskOnPaper => "hanna",
            Person => "olive",
            AuthGroup => "post",
            Nobody => "nobody",
            SystemUser => "svc",
            BelowUidMin => "low",
            Dynamic => "dyn",
            Unmapped => "5000",
        }
    }

    /// Whether whatever he asks is denied before it is read.
    pub const fn is_nobody(self) -> bool {
        matches!(self, AuthGroup | Nobody | SystemUser | BelowUidMin | Dynamic | Unmapped)
    }
}

/// What comes of a request about an account, his own or another's. A new verb does not compile until it has a row.
pub fn expected(verb: Verb, caller: Caller, is_own: bool, may_create: bool) -> &'static str {
    let (own, another) = match verb {
        Verb::Create => (if may_create { "ok" } else { "denied" }, "denied"),
        Verb::Rotate if may_create => ("ok", "not_found"),
        Verb::Rotate => ("denied", "denied"),
        Verb::List | Verb::Verify | Verb::Events => ("ok", "denied"),
        // Who may see nothing of it finds nothing.
        Verb::Find => ("ok", "ok"),
        // To who may not see it, it does not exist.
        Verb::Show | Verb::Watch | Verb::Rename | Verb::Revoke => ("ok", "not_found"),
        Verb::Suspend
        | Verb::Resume
        | Verb::Users
        | Verb::Status
        | Verb::Metrics
        | Verb::Doctor
        | Verb::Report
        | Verb::Panic
        | Verb::UserShow
        | Verb::UserEnroll
        | Verb::UserUnenroll
        | Verb::UserLock
        | Verb::UserUnlock
        | Verb::UserLockdown
        | Verb::UserRename
        | Verb::UserDelete => ("denied", "denied"),
    };
    let looks_or_takes_away = matches!(
        verb,
        Verb::List
            | Verb::Show
            | Verb::Find
            | Verb::Watch
            | Verb::Events
            | Verb::Users
            | Verb::UserShow
            | Verb::Revoke
            | Verb::Suspend
    );
    match caller {
        Root | AdminGroup | AdminPrimaryGroup | AdminOfMany | AdminOfHelpdesk => "ok",
        Helpdesk | HelpdeskProgram if looks_or_takes_away => "ok",
        // For the rest a person like any other, and a program is none.
        HelpdeskProgram => "denied",
        Person | AdminOnPaper | Helpdesk | HelpdeskOnPaper => {
            if is_own {
                own
            } else {
                another
            }
        }
        AuthGroup | Nobody | SystemUser | BelowUidMin | Dynamic | Unmapped => "denied",
    }
}
