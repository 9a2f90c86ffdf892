//! A configuration that can't be used, or is hardly meant.

use super::super::page::Page;
use std::process::Command;

pub fn play(page: &mut Page) {
    page.title(
        "Checking the configuration",
        "`apppwd --check` says what the start would say, and touches nothing. Nothing is changed or made before the \
         configuration is right.",
    );
    let table = [
        ("[polciy]\nprimary = \"refuse\"\n", "A table that there isn't."),
        ("[argon2]\nmemory_kb = 65536\n", "A key that there isn't."),
        ("[policy]\nxyzzy = 1\n", "A key that resembles none."),
        ("[argon2]\niterations = \"2\"\n", "Text in place of a number."),
        ("[argon2]\nqueue = -1\n", "A number below zero."),
        ("[policy]\nprimary = \"refused\"\n", "A word that the key doesn't know."),
        ("primary: refuse\n", "No TOML."),
        ("[secret]\nlength = 16\nlength = 20\n", "A key twice."),
        ("[argon2]\nmemory_kib = 7\n", "Too little memory."),
        ("[argon2]\niterations = 0\n", "No passes."),
        ("[argon2]\nparallelism = 17\n", "Too many lanes."),
        ("[argon2]\nworkers = 257\n", "Too many workers."),
        ("[argon2]\nqueue = 0\n", "No queue."),
        ("[secret]\nlength = 18\n", "A length that no secret has."),
        ("state_dir = \"apppwd\"\n", "A relative path."),
        ("key_dir = \"/var/lib/apppwd/key\"\n", "The key within the database's folder."),
        ("[groups]\nimap = [\"imap\"]\n", "A group with the name of a service."),
        ("[groups]\nshell = [\"sshd\"]\n", "A service that app passwords never open."),
        ("[groups]\nnews = [\"inn\\nimap\"]\n", "A service with a line break in it."),
        ("[groups]\n\"ne\\u202Ews\" = [\"inn\"]\n", "A group that would show as another."),
        ("[policy]\ndefault_services = [\"mial\"]\n", "A default service with a slip in it."),
        ("[policy]\ndefault_services = []\n", "No default service."),
        ("[policy]\ndefault_life = \"soon\"\n", "A life that is none."),
        ("[policy]\ndefault_life = \"2y\"\nlongest_life = \"1y\"\n", "A default beyond the longest."),
        ("[policy]\nprimary_networks = [\"192.0.2.0/33\"]\n", "A network that is none."),
        ("[policy]\nprimary_networks = [\"192.0.2.1/24\"]\n", "A network with bits behind its prefix."),
        ("[policy.group.mial]\nprimary = \"allow\"\n", "An override for a group with a slip in it."),
        ("[policy.group.mail]\ndefault_services = [\"mail\"]\n", "An override that groups don't have."),
        (
            "[policy.user.\"a\\u202Eb\"]\nprimary = \"allow\"\n",
            "An override for a user that would show as another.",
        ),
        (
            "[policy.user.Bob]\nprimary = \"allow\"\n[users]\nfold_case = true\n",
            "An override for a name that nobody has by `[users]`.",
        ),
        ("[limits]\nper_account = -1\n", "A limit below zero."),
        ("[events]\nmost = 999\n", "Too few events."),
        ("[users]\nfold_case = true\ndefault_domain = \"Example.org\"\n", "A domain in upper case."),
        ("[users]\ndefault_domain = \"a@b\"\n", "A domain with an @."),
        ("[users]\ndefault_domain = \"\"\n", "An empty domain."),
        (
            "[users.domain_aliases]\n\"a.example\" = \"b.example\"\n\"b.example\" = \"c.example\"\n",
            "An alias of an alias.",
        ),
        ("[presets.\" phone\"]\nservices = [\"mail\"]\n", "A preset that begins with a space."),
        ("[presets.phone]\nservices = [\"mial\"]\n", "A preset's service with a slip in it."),
        ("[presets.phone]\npin = [\"host\"]\n", "A preset's pin that there isn't."),
        ("[peers.root]\nservices = [\"imap\"]\n", "A rule for root."),
        ("[peers.exim]\ntrust_rhost = true\n", "A peer without services."),
        ("[peers.exim]\nservices = [\"gopher\"]\n", "A peer's service in no group."),
        ("[client]\nimap = \"imaps://imap.example.org\"\n", "A URL in place of a server."),
        ("[client]\nimap = \"imap_example\"\n", "A server that is none."),
        ("[client]\nimap = \"post.bücher.example\"\n", "A server with letters that not all programs take."),
        ("[client]\nimap = \"[2001:db8::zz]\"\n", "An IPv6 address that is none."),
        ("[client]\nimap = \"imap.example.org:99999\"\n", "A port that there isn't."),
        ("[client]\nimap = { host = \"imap.example.org\", port = 0 }\n", "The same."),
        (
            "[client]\nsieve = { host = \"imap.example.org\", encryption = \"tls\" }\n",
            "A server whose usual port isn't known.",
        ),
        ("[client]\ncaldav = \"http://dav.example.org/\"\n", "A URL that isn't encrypted."),
        ("[client]\ncaldav = \"https://dav.example.org/a b\"\n", "A URL with a space in it."),
        ("[client]\nhelp = \"https://help.example.org/{user}\"\n", "A page that is no page."),
        ("[client]\nnote = \"\"\n", "A sentence without words."),
        ("[limits]\nsuspend_unused = \"1m\"\n", "A warning: a span that is hardly meant."),
        (
            "[policy.user.robot]\nprimary = \"allow\"\n[users]\ndefault_domain = \"example.org\"\n",
            "A warning: a Unix account's name beside a default domain.",
        ),
        ("[groups]\nmail = []\n", "A warning: a default group without services."),
    ];
    for (text, what) in table {
        page.config(text, what);
    }
    let place = tempfile::tempdir().expect("a folder");
    let apppwd = |file: &str| {
        let mut command = Command::new(apppw_tests::bin::apppwd());
        command.arg("--check").arg("--config").arg(place.path().join(file)).env_clear();
        command
    };
    page.starts(
        place.path(),
        &mut apppwd("apppwd.toml"),
        "apppwd --check --config /etc/apppw/apppwd.toml",
        "No file where one was named.",
    );
    std::fs::write(place.path().join("apppwd.toml"), b"state_dir = \"\xff\"\n").expect("a file");
    page.starts(place.path(), &mut apppwd("apppwd.toml"), "apppwd --check", "A file that is no text.");
    page.starts(place.path(), &mut apppwd(""), "apppwd --check --config /", "A folder in place of the file.");
    let mut wrong = Command::new(apppw_tests::bin::apppwd());
    page.starts(
        place.path(),
        wrong.arg("--chekc").env_clear(),
        "apppwd --chekc",
        "An option that there isn't.",
    );
}
