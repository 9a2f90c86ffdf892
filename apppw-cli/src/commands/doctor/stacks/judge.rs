//! One service: its stacks, walked.

use super::{NAME, Used, arguments, unreadable, words};
use crate::commands::doctor::line::Line;
use crate::hosts::examples;
use crate::hosts::pam::{self, Code, Facility, Handler, Kind, Outcome};
use apppw_proto::services::is_never_opened;

/// What the other modules of a stack say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    /// All of them yes.
    Agree,
    /// All of them no, with that code.
    Refuse(Code),
    /// Those that check a password no; those that set things up, or bar the way for other reasons, yes.
    KnowNobody,
}

/// What modules of a site answer that know a user not, or can't be asked: a stack may treat each in its own way.
const REFUSALS: [Code; 5] =
    [Code::AUTH_ERR, Code::USER_UNKNOWN, Code::AUTHINFO_UNAVAIL, Code::PERM_DENIED, Code::MODULE_UNKNOWN];

/// Modules that judge no password: they are there for every login alike.
const NO_JUDGES: [&str; 24] = [
    "pam_access.so",
    "pam_console.so",
    "pam_ecryptfs.so",
    "pam_env.so",
    "pam_faildelay.so",
    "pam_faillock.so",
    "pam_group.so",
    "pam_keyinit.so",
    "pam_lastlog.so",
    "pam_limits.so",
    "pam_listfile.so",
    "pam_localuser.so",
    "pam_loginuid.so",
    "pam_mail.so",
    "pam_motd.so",
    "pam_namespace.so",
    "pam_nologin.so",
    "pam_securetty.so",
    "pam_sepermit.so",
    "pam_shells.so",
    "pam_succeed_if.so",
    "pam_time.so",
    "pam_umask.so",
    "pam_warn.so",
];

/// Says what the modules of a stack say.
fn walk(handlers: &[Handler], ours: Code, others: Others) -> Outcome {
    pam::run(handlers, |_, handler| {
        let is = |name: &str| handler.calls(name);
        if is(NAME) {
            ours
        } else if is("pam_permit.so") {
            Code::SUCCESS
        } else if is("pam_deny.so") {
            Code::AUTH_ERR
        } else {
            match others {
                Others::Agree => Code::SUCCESS,
                Others::KnowNobody if NO_JUDGES.iter().any(|name| is(name)) => Code::SUCCESS,
                Others::KnowNobody => Code::USER_UNKNOWN,
                Others::Refuse(code) => code,
            }
        }
    })
}

fn opens(handlers: &[Handler], ours: Code, others: Others) -> bool {
    walk(handlers, ours, others).code == Code::SUCCESS
}

/// What a service's stacks do in a few words, or what is wrong with them. `unlisted`: it is in no group of `[groups]`.
pub fn service(used: &Used, unlisted: bool) -> Result<String, Vec<Line>> {
    let troubles = troubles(used, unlisted);
    if troubles.is_empty() {
        let stack = |facility| used.service.stack(facility).handlers;
        Ok(sort(stack(Facility::Auth), stack(Facility::Account)))
    } else {
        Err(troubles)
    }
}

fn troubles(used: &Used, unlisted: bool) -> Vec<Line> {
    let Used { name, service } = used;
    if let Some(why) = &service.unusable {
        let what = format!("{name}: libpam can't use its stack, and refuses everybody: {why}");
        return vec![Line::fault("stack-unusable", what, format!("mend {}", file(used)))];
    }
    let auth = service.stack(Facility::Auth);
    let account = service.stack(Facility::Account);
    let mut lines: Vec<Line> = unreadable(&service.notes).into_iter().collect();
    let ours = service.own().map(|(_, handler)| handler).filter(|handler| handler.calls(NAME));
    lines.extend(ours.filter_map(arguments::judge).next());
    let names_it = auth.handlers.iter().any(|handler| handler.calls(NAME));
    if is_never_opened(name) {
        lines.push(never(used, auth.handlers));
        return lines;
    }
    let trouble = if names_it {
        authentication(used, auth.handlers)
    } else {
        let what =
            format!("{name}: {NAME} is in its other lines, but not in auth: app passwords don't open it");
        let remedy = format!("add the auth line of {} to {}", examples::folder("pam"), file(used));
        Some(Line::fault("stack-shut", what, remedy))
    };
    let is_sound = trouble.is_none();
    lines.extend(trouble);
    if names_it {
        lines.extend(accounts(used, account, auth.handlers, is_sound));
    }
    // `doveadm auth test` needs a stack, and no group: what it says of app passwords is right without one.
    if unlisted && name != "doveadm" {
        let what = format!("{name} is in no group of [groups]: every app password is refused there");
        lines.push(Line::fault(
            "stack-group",
            what,
            format!("add \"{name}\" to a group in /etc/apppw/apppwd.toml ([groups] mail = [...]), then systemctl restart apppwd"),
        ));
    }
    lines
}

/// What the stack does, in a few words.
fn sort(auth: &[Handler], account: &[Handler]) -> String {
    let primary = if opens(auth, Code::USER_UNKNOWN, Others::Agree) {
        "app passwords, and the primary password where the policy permits it"
    } else {
        "app passwords only"
    };
    let rules = if account.iter().any(|handler| handler.calls(NAME)) {
        ""
    } else {
        "; accounts by the site's own rules"
    };
    format!("{primary}{rules}; shut while apppwd is down")
}

fn file(used: &Used) -> String {
    used.service.file.as_ref().map_or_else(|| "the stack".to_owned(), |file| file.display().to_string())
}

/// The module says "not mine" at once there.
fn never(used: &Used, auth: &[Handler]) -> Line {
    let name = &used.name;
    let remedy = format!("take the lines with {NAME} out of {}", file(used));
    let names_it = auth.iter().any(|handler| handler.calls(NAME));
    if names_it && !opens(auth, Code::USER_UNKNOWN, Others::Agree) {
        let what = format!(
            "{name}: app passwords never open it, and this stack lets nothing else in: nobody gets in"
        );
        return Line::fault("stack-never", what, remedy);
    }
    Line::warning(
        "stack-never",
        format!("{name}: app passwords never open it, whatever its stack says"),
        remedy,
    )
}

fn authentication(used: &Used, handlers: &[Handler]) -> Option<Line> {
    let name = &used.name;
    let place = handlers.iter().find(|handler| handler.calls(NAME)).map(|handler| handler.place.to_string());
    let place = place.unwrap_or_default();
    // Without any password: whatever the module says but yes, and everybody else says no.
    let nobody =
        |code: &Code| REFUSALS.iter().any(|refusal| opens(handlers, *code, Others::Refuse(*refusal)));
    // The module never answers "ignore" (that is what CVE-2025-23013 was), and every `required` line takes it for nothing
    // said: alone it is no fault of a stack.
    let is_told = |codes: &[Code]| codes.iter().any(|code| *code != Code::IGNORE);
    let bare: Vec<Code> = Code::all().filter(|code| *code != Code::SUCCESS).filter(nobody).collect();
    if is_told(&bare) {
        let what = format!("{name}: opens WITHOUT A RIGHT PASSWORD when the module answers {}", words(&bare));
        return Some(Line::fault("stack-open", what, right_auth_line(&place)));
    }
    // With the primary password, where the module has not said that it may be used.
    let primary = |code: &Code| opens(handlers, *code, Others::Agree);
    let judged = |code: &Code| *code != Code::SUCCESS && *code != Code::USER_UNKNOWN;
    let through: Vec<Code> = Code::all().filter(judged).filter(primary).collect();
    if is_told(&through) {
        return Some(falls_through(used, handlers, &through, &place));
    }
    if opens(handlers, Code::SUCCESS, Others::KnowNobody) {
        return None;
    }
    if opens(handlers, Code::SUCCESS, Others::Agree) {
        let what = format!(
            "{name}: an app password alone doesn't open it, other modules of the stack must agree, too"
        );
        return Some(Line::warning("stack-shut", what, right_auth_line(&place)));
    }
    let what = format!("{name}: an app password never opens it");
    Some(Line::fault("stack-shut", what, right_auth_line(&place)))
}

fn right_auth_line(place: &str) -> String {
    format!(
        "{place}: auth [success=done default=die] {NAME} (or user_unknown=ignore between them: {})",
        examples::folder("pam")
    )
}

/// The primary password gets in though the module has not let it.
fn falls_through(used: &Used, handlers: &[Handler], through: &[Code], place: &str) -> Line {
    let name = &used.name;
    let refused = walk(handlers, Code::AUTH_ERR, Others::Agree);
    let ours = |at: &&usize| handlers.get(**at).is_some_and(|handler| handler.calls(NAME));
    let judges = |at: &&usize| {
        handlers
            .get(**at)
            .is_some_and(|h| !["pam_permit.so", "pam_deny.so", NAME].iter().any(|name| h.calls(name)))
    };
    let called = refused.called.iter().rev();
    let opener = called.clone().find(judges).or_else(|| called.clone().find(|at| !ours(at)));
    let opener = opener.and_then(|at| handlers.get(*at));
    if through.contains(&Code::AUTH_ERR)
        && refused.code == Code::SUCCESS
        && !refused.called.iter().any(|at| ours(&at))
    {
        let opener =
            opener.map_or_else(String::new, |handler| format!(" ({} {})", handler.place, handler.module));
        let what = format!(
            "{name}: a module in front of {NAME} opens it{opener}: the policy on primary passwords is never asked"
        );
        return Line::fault(
            "stack-before",
            what,
            format!("{place}: move the line to the top of {}", file(used)),
        );
    }
    let is_sufficient = handlers
        .iter()
        .any(|handler| handler.calls(NAME) && handler.control_text.eq_ignore_ascii_case("sufficient"));
    let next = opener.map_or_else(
        || "the next module".to_owned(),
        |handler| format!("{} ({})", handler.module, handler.place),
    );
    if is_sufficient {
        let what = format!(
            "{name}: `sufficient` hands every refusal on to {next}: the primary password gets in whatever the policy says, \
             also while apppwd is down"
        );
        return Line::fault("stack-sufficient", what, right_auth_line(place));
    }
    let down = through.contains(&Code::AUTHINFO_UNAVAIL) || through.contains(&Code::MODULE_UNKNOWN);
    if down && !through.contains(&Code::AUTH_ERR) {
        let what = format!(
            "{name}: while apppwd is down the primary password gets in, by {next} (on {})",
            words(through)
        );
        return Line::fault("stack-down", what, right_auth_line(place));
    }
    let what = format!(
        "{name}: the primary password gets in by {next}, unguarded, when the module answers {}",
        words(through)
    );
    Line::fault("stack-unguarded", what, right_auth_line(place))
}

/// `auth_is_sound`: what the auth lines let through is what they should.
fn accounts(used: &Used, stack: pam::Stack<'_>, auth: &[Handler], auth_is_sound: bool) -> Option<Line> {
    let name = &used.name;
    let handlers = stack.handlers;
    let wanted = format!("account required {NAME} in {} ({})", file(used), examples::folder("pam"));
    let names_it = handlers.iter().any(|handler| handler.calls(NAME));
    if stack.is_other {
        let what = format!(
            "{name}: has no account lines: those of /etc/pam.d/other count, and refuse who has just been let in"
        );
        return Some(Line::fault("stack-account", what, wanted));
    }
    if !opens(handlers, Code::SUCCESS, Others::Agree) {
        let what = format!("{name}: its account lines refuse everybody, after the password was accepted");
        return Some(Line::fault("stack-account", what, wanted));
    }
    if names_it && !opens(handlers, Code::SUCCESS, Others::KnowNobody) {
        let what = format!(
            "{name}: its account lines refuse everybody who has no Unix account, after the password was accepted"
        );
        return Some(Line::warning(
            "stack-account",
            what,
            format!("put {NAME} in front of the others: {wanted}"),
        ));
    }
    let primary_passes = auth_is_sound && opens(auth, Code::USER_UNKNOWN, Others::Agree);
    (primary_passes && !opens(handlers, Code::USER_UNKNOWN, Others::Agree)).then(|| {
        let what = format!("{name}: auth lets primary passwords through where the policy permits them, its account lines don't");
        let remedy = format!("{}: the account lines of {}/primary-where-permitted", file(used), examples::folder("pam"));
        Line::warning("stack-account", what, remedy)
    })
}

/// Whether an app password alone opens the stack, whoever else knows the user: then a login with one can be tried.
pub fn opens_by_itself(used: &Used) -> bool {
    let (auth, account) = (used.service.stack(Facility::Auth), used.service.stack(Facility::Account));
    let first = auth.handlers.iter().find(|handler| handler.kind == Kind::Module);
    // Nothing of the site's runs before ours, and nothing that knows no such user may spoil it behind.
    first.is_some_and(|handler| handler.calls(NAME))
        && [auth, account].iter().all(|stack| {
            REFUSALS.iter().all(|refusal| opens(stack.handlers, Code::SUCCESS, Others::Refuse(*refusal)))
        })
}
