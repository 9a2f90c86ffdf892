//! What the daemon's reasons mean to the person at the terminal, and what to do next.

/// What a reason means, and the next step. None: it says it all, or is not known here.
pub fn meaning(reason: &str) -> Option<&'static str> {
    let found = MEANINGS.iter().find(|(word, _)| *word == reason);
    found.map(|(_, meaning)| *meaning).filter(|meaning| !meaning.is_empty())
}

/// Each reason of the daemon.
const MEANINGS: &[(&str, &str)] = &[
    ("accepted", ""),
    (
        "unknown-secret",
        "No app password of this account has that secret. Look whether the user name is right; if it is, the \
         secret is another account's, or of one that was forgotten: create another.",
    ),
    ("revoked", "It was taken away for good. Create another: apppw create."),
    (
        "wrong-service",
        "The secret is right, but it is not for this service. Use one that is, or create one: apppw create \
         --service S.",
    ),
    ("expired", "Its time is over. Create another: apppw create."),
    ("suspended", "The secret is right, but suspended. An administrator takes that back: apppw resume ID."),
    (
        "wrong-network",
        "The secret is right, but not from this address. Log in from one of its networks (apppw show ID), or \
         create another for this one: --network CIDR.",
    ),
    (
        "no-address",
        "The secret is right, but it is for certain networks, and the server doesn't say where the login comes \
         from. Create one without --network and --pin network, or ask the administrator of the server.",
    ),
    (
        "pinned-service",
        "The secret is right, but locked to the service that used it first. Create another for this one: each \
         program gets its own.",
    ),
    (
        "pinned-network",
        "The secret is right, but locked to the network that used it first (apppw show ID). Create another for \
         this one.",
    ),
    ("account-locked", "The account is locked. An administrator takes that back: apppw user USER unlock."),
    (
        "panic",
        "Every app password is refused for now: apppw panic is on. Ask an administrator; it works again when that \
         is off.",
    ),
    (
        "service-in-no-group",
        "App passwords don't open this service. If it is meant to be opened, an administrator adds it to a group \
         in [groups].",
    ),
    (
        "wrong-secret",
        "The database has another hash for this secret. Tell an administrator: it is hardly chance, somebody may \
         have changed the database.",
    ),
    (
        "primary-refused",
        "This was no app password: the primary password, or something else, which is refused here. Type the app \
         password in its place.",
    ),
    (
        "primary-refused-enrolled",
        "This was no app password: the primary password, or something else, which is refused since the account \
         has app passwords. Type the app password in its place.",
    ),
    ("mistyped", "It looks like an app password, but a character is wrong. Type it again, as it was shown."),
    (
        "not-a-secret",
        "It is no app password: those have 16, 20 or 24 characters. Type all of it again, as it was shown.",
    ),
    (
        "bad-user-name",
        "The user name has characters that are not allowed, or is too long. Type it again, without spaces around \
         it.",
    ),
    ("never-service", "App passwords never open this service. Use the primary password there."),
    (
        "primary-allowed",
        "This was no app password. The primary password may open this service, and the next PAM module looks at \
         it. Type the app password in its place.",
    ),
    (
        "primary-reported",
        "This was no app password. The primary password may open this service as long as it is only reported, \
         and the next PAM module looks at it. Type the app password in its place.",
    ),
    (
        "never-enrolled",
        "The account never had an app password, and its primary password may open this service: the next PAM \
         module looks at it. Create one: apppw create.",
    ),
    (
        "primary-used",
        "The primary password opened the service, not an app password. Type the app password into that program in \
         its place.",
    ),
    (
        "overloaded",
        "Too many logins wait for their turn. Try again; if it stays so, an administrator raises [argon2] workers.",
    ),
    (
        "deadline",
        "The answer took too long. Try again; if it stays so, an administrator looks at apppw status.",
    ),
    (
        "store-failed",
        "The database can't be read. An administrator looks at its disk and at the log of apppwd.",
    ),
    (
        "bad-hash",
        "The secret can't be checked: its key is not active any more, or its parameters are beyond the limit. \
         Create another, and tell an administrator.",
    ),
    (
        "peer-not-allowed",
        "The program that asked may not ask for this service. An administrator adds it to [peers], if it is meant \
         to.",
    ),
    (
        "malformed",
        "The question can't be read. An administrator looks whether module and daemon fit together.",
    ),
    ("internal", "A fault of the daemon's own. An administrator looks at the log of apppwd."),
];

#[cfg(test)]
mod tests {
    use super::{MEANINGS, meaning};
    use apppwd::auth::Reason;

    #[test]
    fn each_reason_has_its_sentences_and_nothing_else_has() {
        let words: Vec<&str> = MEANINGS.iter().map(|(word, _)| *word).collect();
        let mut known = Reason::ALL.map(Reason::as_str).to_vec();
        for word in &known {
            assert_eq!(words.iter().filter(|found| *found == word).count(), 1, "{word}");
        }
        known.retain(|word| !words.contains(word));
        assert_eq!((known.len(), words.len()), (0, Reason::ALL.len()));
    }

    #[test]
    fn each_says_what_it_means_and_then_what_to_do() {
        for (word, meaning) in MEANINGS.iter().filter(|(word, _)| *word != "accepted") {
            assert!(meaning.contains(". ") && meaning.ends_with('.'), "{word}: {meaning}");
            assert!(!meaning.contains("  "), "{word}: {meaning}");
        }
        assert_eq!(meaning("accepted"), None);
        assert_eq!(meaning("invented later"), None);
    }
}
