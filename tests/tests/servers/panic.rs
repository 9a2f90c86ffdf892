//! `apppw panic`: a switch for the whole host, so all other cases of it wait.

use super::place::{Check, Spot};
use super::story::{Answers, answer, clients, log_in_everywhere};
use std::sync::OnceLock;

/// What the switches do; told once per host.
#[derive(Default)]
pub struct Panic(OnceLock<Vec<Phase>>);

struct Phase {
    answers: Answers,
    log: String,
}

/// A check of one client's part.
type Part = fn(&Panic, &Spot<'_>) -> Check;

/// One app password for all clients: the switch is for every one.
const USER: &str = "panic@example.org";

/// What is typed, one after another; whether app passwords are good then; and the check.
const STEPS: [(&[&str], bool); 6] = [
    (&["on"], false),
    (&["off"], true),
    (&["on", "--group", "mail"], false),
    (&["on", "--group", "chat"], false),
    (&["off", "--group", "mail"], true),
    (&["off", "--group", "chat"], true),
];

/// The phases: a name, and the check.
pub const PHASES: [(&str, Part); 6] = [
    ("panic-on", |panic, spot| panic.check(spot, 0)),
    ("panic-off", |panic, spot| panic.check(spot, 1)),
    ("panic-on-for-its-group", |panic, spot| panic.check(spot, 2)),
    ("panic-on-for-two-groups", |panic, spot| panic.check(spot, 3)),
    ("panic-off-for-its-group", |panic, spot| panic.check(spot, 4)),
    ("panic-off-everywhere", |panic, spot| panic.check(spot, 5)),
];

impl Panic {
    fn check(&self, spot: &Spot<'_>, phase: usize) -> Check {
        let Phase { answers, log } = &self.0.get_or_init(|| happen(spot))[phase];
        let answer = answer(answers, spot)?;
        let (switch, is_good) = STEPS[phase];
        let verdict = if is_good { "accepted reason=accepted" } else { "refused reason=panic" };
        let line = format!(": {verdict} user={USER} service={} ", spot.service());
        if answer.accepted() == is_good && log.contains(&line) {
            return Ok(());
        }
        Err(format!("panic {switch:?}: expected {verdict}: {answer:?}\n{log}").into())
    }
}

fn happen(spot: &Spot<'_>) -> Vec<Phase> {
    let clients = clients(spot.host, spot.running);
    let slot = spot.running.daemon.write().expect("whoever stops it starts it again");
    let daemon = slot.as_ref().expect("it runs while nobody has the lock for writing");
    let secret = daemon.create(USER, "before the panic", &[]).secret.expose().to_owned();
    spot.lab.keep(&secret);
    let step = |(switch, _): &(&[&str], bool)| {
        let args = [&["panic"], *switch, &["--yes"]].concat();
        let output = daemon.cli(&args).output().expect("apppw can be run");
        assert!(output.status.success(), "{args:?}: {output:?}");
        let before = daemon.log().len();
        let answers = log_in_everywhere(&clients, |_| (USER.to_owned(), secret.clone()), |_| {});
        Phase { answers, log: daemon.settled_log().split_off(before) }
    };
    STEPS.iter().map(step).collect()
}
