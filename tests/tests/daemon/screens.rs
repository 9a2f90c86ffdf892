//! `docs/screens`: what the main commands show, from a real run, in 80 and 120 columns, on dark and on
//! light, and without colour. `make screens` (`APPPW_REWRITE=1`) writes the files.

use super::Case;
use anstyle_svg::Term;
use apppw_proto::frame::Verdict;
use apppw_tests::story::{Story, Terminal};
use std::fs;
use std::path::Path;

const DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/screens");

const CONFIG: &str = "[client]\nimap = \"imap.example.org\"\nsmtp = \"smtp.example.org\"\n";

/// A screen's name, what it shows, and the commands.
const SCREENS: &[(&str, &str, &[&str])] = &[
    ("help", "What there is", &["apppw --help"]),
    ("create", "A new app password", &["apppw create carol@example.org \"Thunderbird, laptop\""]),
    (
        "verify",
        "Why a login is refused",
        &["echo 0000-0000-0000-0000 | apppw verify alice@example.org --service imap"],
    ),
    ("list", "All app passwords", &["apppw list"]),
    ("show", "One of them", &["apppw show ap-7k3m9qxe"]),
    ("users", "All accounts", &["apppw users"]),
    ("events", "What happened", &["apppw events --since 200d"]),
    (
        "revoke",
        "Taking away what nobody uses",
        &["apppw revoke --unused 90d --dry-run", "apppw revoke --unused 90d --yes"],
    ),
    ("status", "How the daemon is", &["apppw status"]),
    (
        "errors",
        "Slips of the finger",
        &[
            "apppw lst",
            "apppw list alcie@example.org",
            "apppw revoke ap-7k3m9qxf",
            "apppw create alice@example.org x --expires soon",
        ],
    ),
];

pub fn cases() -> Vec<Case> {
    vec![Case::new("they_show_what_the_commands_show_now", screens).with_program("script").with_root()]
}

fn screens() {
    let rewrite = std::env::var_os("APPPW_REWRITE").is_some();
    let mut stale = Vec::new();
    let mut keep = |name: String, text: String| {
        let path = Path::new(DIR).join(&name);
        if rewrite {
            fs::create_dir_all(DIR).expect("the folder");
            fs::write(path, text).expect("the file can be written");
        } else if fs::read_to_string(path).unwrap_or_default() != text {
            stale.push(name);
        }
    };
    for columns in [80, 120] {
        let colored = play(Terminal { columns, color: true });
        for (theme, term) in [("dark", dark()), ("light", light())] {
            let term = term.min_width_px(usize::from(columns) * 9);
            for (name, shown) in &colored {
                keep(format!("{name}-{columns}-{theme}.svg"), term.render_svg(shown));
            }
        }
        for (name, shown) in play(Terminal { columns, color: false }) {
            keep(format!("{name}-{columns}.txt"), shown);
        }
    }
    keep("README.md".into(), index());
    assert!(stale.is_empty(), "{stale:?} are not what the commands show now: make screens");
}

/// A host with some history, and what each screen's commands show on it, prompts included.
fn play(terminal: Terminal) -> Vec<(&'static str, String)> {
    let story = Story::begin(CONFIG);
    for made in [
        "apppw create alice@example.org \"Thunderbird, laptop\"",
        "apppw create alice@example.org phone --pin network",
        "apppw create bob@example.org \"printer, second floor, beside the kitchen\" --service smtp --network 192.0.2.0/24 --expires 1y",
        "apppw create bob@example.org \"old tablet\"",
        "apppw create carol@example.org \"iPad of 2019\"",
    ] {
        let _ = story.run(made, &terminal);
    }
    let in_ = |user: &str, service: &str, from: &str, id: &str| {
        assert_eq!(story.login(user, service, from, id), Verdict::Accepted, "{user} {service} {id}");
    };
    in_("carol@example.org", "imap", "2001:db8::17", "ap-4mys8ge2");
    story.later(150 * 86_400);
    in_("alice@example.org", "imap", "198.51.100.7", "ap-7k3m9qxe");
    in_("alice@example.org", "smtp", "198.51.100.7", "ap-7k3m9qxe");
    in_("alice@example.org", "imap", "203.0.113.80", "ap-2c8vd04w");
    story.later(3 * 86_400);
    in_("bob@example.org", "smtp", "192.0.2.9", "ap-h5t1zr6n");
    let _ = story.run("apppw suspend ap-2c8vd04w --yes", &terminal);
    story.later(3 * 3600);
    let screen = |commands: &[&str]| {
        let run = |line: &&str| format!("$ {line}\n{}", story.run(line, &terminal));
        commands.iter().map(run).collect::<Vec<_>>().join("\n")
    };
    SCREENS.iter().map(|(name, _, commands)| (*name, screen(commands))).collect()
}

fn dark() -> Term {
    Term::new().palette(anstyle_lossy::palette::VGA)
}

fn light() -> Term {
    use anstyle::{AnsiColor, Color};
    dark().fg_color(Color::Ansi(AnsiColor::Black)).bg_color(Color::Ansi(AnsiColor::BrightWhite))
}

/// All of them on one page.
fn index() -> String {
    let mut page = String::from(
        "# Screens\n\nMade by `make screens` from a real run; a test keeps them true. Beside each: at [120 columns, on dark and on \
         light, and as text without colour](.).\n",
    );
    for (name, about, _) in SCREENS {
        page += &format!(
            "\n## {about}\n\n![{about}]({name}-80-dark.svg)\n![{about}, on light]({name}-80-light.svg)\n"
        );
    }
    page
}
