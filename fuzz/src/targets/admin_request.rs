//! A line on `admin.sock`, as the daemon reads it, into the arguments of its verb.

use apppw_admin::text::cut;
use apppw_admin::verbs::{
    BackupKeptArgs, CreateArgs, EventsArgs, FindArgs, IdsArgs, KeyExportArgs, KeyImportArgs, KeyRetireArgs,
    ListArgs, PanicArgs, RenameArgs, ReportArgs, RevokeArgs, RotateArgs, ShowArgs, UserArgs, UserRenameArgs,
    UsersArgs, VerifyArgs, WatchArgs,
};
use apppw_admin::{AdminError, Code, MAX_LINE, Request, Response, Verb};
use apppwd::config::{Config, Groups};
use apppwd::fuzzed;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::sync::LazyLock;

/// Stands for a secret in the seeds: no error may quote a value.
const CANARY: &str = "hunter2";

static CONFIG: LazyLock<Config> = LazyLock::new(Config::default);

pub fn run(data: &[u8]) {
    let line = data.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let request: Request<'_> = match fuzzed::object(line) {
        Ok(request) => request,
        Err(why) => return quotes_nothing(&why),
    };
    // What is taken for a request must be one JSON object for everybody else, too.
    match serde_json::from_slice::<serde_json::Value>(line) {
        Ok(value) => assert_eq!(value["verb"].as_str(), Some(&*request.verb)),
        // Of arguments that nobody has read yet, neither depth nor escapes are looked at.
        Err(error) => assert!(request.args.is_some(), "{error}"),
    }
    let about = apppwd::events::asked_for(request.args);
    assert!(about.id.is_none() || request.args.is_some());
    match Verb::from_name(&request.verb) {
        Some(verb) => verb_args(verb, request.args),
        None => assert!(!Verb::ALL.iter().any(|verb| verb.name() == request.verb)),
    }
}

fn verb_args(verb: Verb, args: Option<&RawValue>) {
    match verb {
        Verb::Create => create(args),
        Verb::List => both_ways::<ListArgs>(args),
        Verb::Show => both_ways::<ShowArgs>(args),
        Verb::Find => both_ways::<FindArgs>(args),
        Verb::Rename => both_ways::<RenameArgs>(args),
        Verb::Rotate => both_ways::<RotateArgs>(args),
        Verb::Suspend | Verb::Resume => both_ways::<IdsArgs>(args),
        Verb::Revoke => both_ways::<RevokeArgs>(args),
        Verb::Verify => verify(args),
        Verb::Watch => both_ways::<WatchArgs>(args),
        Verb::Events => both_ways::<EventsArgs>(args),
        Verb::Users => both_ways::<UsersArgs>(args),
        Verb::Report => both_ways::<ReportArgs>(args),
        Verb::Panic => both_ways::<PanicArgs>(args),
        Verb::KeyRetire => both_ways::<KeyRetireArgs>(args),
        Verb::KeyExport => both_ways::<KeyExportArgs>(args),
        Verb::KeyImport => import(args),
        Verb::UserRename => both_ways::<UserRenameArgs>(args),
        Verb::BackupKept => both_ways::<BackupKeptArgs>(args),
        Verb::Metrics
        | Verb::Backup
        | Verb::Status
        | Verb::Keys
        | Verb::KeyRotate
        | Verb::UserShow
        | Verb::UserEnroll
        | Verb::UserUnenroll
        | Verb::UserLock
        | Verb::UserUnlock
        | Verb::UserLockdown
        | Verb::UserDelete => both_ways::<UserArgs>(args),
    }
}

/// What was understood is understood again from what a client would send for it.
fn both_ways<T: DeserializeOwned + Serialize>(args: Option<&RawValue>) {
    match fuzzed::args::<T>(args) {
        Ok(args) => again(&args),
        Err(error) => refused(error),
    }
}

fn again<T: DeserializeOwned + Serialize>(args: &T) {
    let sent = serde_json::value::to_raw_value(args).expect("plain data");
    let read: T = fuzzed::args(Some(&sent)).expect("what a client sends");
    assert_eq!(serde_json::to_string(&read).expect("plain data"), sent.get());
}

fn refused(error: AdminError) {
    assert_eq!(error.code, Code::Invalid);
    quotes_nothing(&error.message);
    let line = apppwd::admin::dispatch::refusal(7, error);
    assert!(line.len() < MAX_LINE && line.ends_with(b"\n"));
    assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1, "one line");
    let response: Response<()> = serde_json::from_slice(&line).expect("an answer");
    assert!(response.ok.is_none() && response.error.is_some());
}

fn quotes_nothing(why: &str) {
    assert!(!why.contains(CANARY) && !why.contains(char::is_control), "{why}");
    assert!(cut(why, 1000) == why || why.contains("expected one of"), "{why}");
}

fn verify(args: Option<&RawValue>) {
    both_ways::<VerifyArgs>(args);
    if let Ok(args) = fuzzed::args::<VerifyArgs>(args) {
        assert!(
            !format!("{args:?}").contains(CANARY)
                || !args.secret.expose().contains(CANARY)
                || elsewhere(&args)
        );
    }
}

/// What is no key is said without being quoted.
fn import(args: Option<&RawValue>) {
    both_ways::<KeyImportArgs>(args);
    if let Ok(args) = fuzzed::args::<KeyImportArgs>(args) {
        assert!(!format!("{args:?}").contains(CANARY));
        match apppwd::key::parse(args.text.expose().as_bytes()) {
            Ok(keys) => {
                let text = apppwd::key::to_text(&keys);
                assert!((1..=apppwd::key::MAX_ACTIVE).contains(&keys.len()));
                let again = apppwd::key::parse(text.as_bytes()).expect("what was written");
                assert_eq!(*apppwd::key::to_text(&again), *text);
            }
            Err(why) => quotes_nothing(&why),
        }
    }
}

fn elsewhere(args: &VerifyArgs) -> bool {
    [&args.user, &args.service, &args.rhost].into_iter().flatten().any(|text| text.contains(CANARY))
}

/// The scope that is asked for is within what was said.
fn create(args: Option<&RawValue>) {
    const NOW: i64 = 1_800_000_000;
    both_ways::<CreateArgs>(args);
    let Ok(args) = fuzzed::args::<CreateArgs>(args) else { return };
    let scope = match fuzzed::scope(&CONFIG, "alice", &args, NOW) {
        Ok(scope) => scope,
        Err(error) => {
            assert!(matches!(error.code, Code::Invalid | Code::Limit) && error.field.is_some());
            assert!(!error.message.contains(char::is_control), "{:?}", error.message);
            return;
        }
    };
    let groups: &Groups = &CONFIG.groups;
    assert!((1..=64).contains(&scope.services.len()) && scope.networks.len() <= 64);
    assert!(scope.services.iter().all(|name| groups.has_group(name) || groups.has_service(name)));
    assert!(args.services.iter().all(|name| scope.services.contains(name)), "none is lost");
    assert!(
        args.services.is_empty() || scope.services.iter().all(|name| args.services.contains(name)),
        "none is added"
    );
    assert_eq!(
        scope.networks.is_empty(),
        args.networks.is_empty(),
        "a network that is lost opens to the world"
    );
    assert!(scope.networks.iter().all(|net| net.trunc() == *net));
    assert!(scope.expires.is_none_or(|end| end > NOW));
}
