//! Which scope comes of what is asked, and what is refused, as tables.

use super::*;
use crate::config::parse;
use std::path::Path;

const NOW: i64 = 1_000_000;
const DAY: i64 = 86_400;

fn config() -> Config {
    let text = r#"
        [groups]
        old = []
        [policy]
        default_life = "1y"
        longest_life = "2y"
        [policy.group.files]
        longest_life = "30d"
        [policy.user.robot]
        longest_life = "never"
        default_services = ["smtp"]
        [presets.phone]
        services = ["mail", "dav"]
        pin = ["network"]
        [presets."printer: send only"]
        services = ["smtp"]
        networks = ["192.0.2.0/24"]
        life = "5y"
    "#;
    parse(text, Path::new("test")).unwrap()
}

fn args() -> CreateArgs {
    CreateArgs { name: "phone".into(), ..CreateArgs::default() }
}

fn list(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn what_is_asked_comes_before_the_preset_and_that_before_the_defaults() {
    let preset = |name: &str| CreateArgs { preset: Some(name.into()), ..args() };
    let printer = || preset("printer: send only");
    let year = Some(NOW + 365 * DAY);
    let two_years = Some(NOW + 730 * DAY);
    #[rustfmt::skip]
    let table = [
        // user     args                                                          services            networks            expires    pin to network
        ("alice",   args(),                                                       vec!["mail"],        vec![],               year,      false),
        ("robot",   args(),                                                       vec!["smtp"],        vec![],               year,      false),
        ("alice",   CreateArgs { services: list(&["imap", "imap"]), ..args() },   vec!["imap"],        vec![],               year,      false),
        ("alice",   CreateArgs { services: list(&["mail", "ftp"]), ..args() },    vec!["mail", "ftp"], vec![],               Some(NOW + 30 * DAY), false),
        ("alice",   preset("phone"),                                              vec!["mail", "dav"], vec![],               year,      true),
        ("alice",   printer(),                                                    vec!["smtp"],        vec!["192.0.2.0/24"], two_years, false),
        ("robot",   printer(),                                                    vec!["smtp"],        vec!["192.0.2.0/24"], Some(NOW + 5 * 365 * DAY), false),
        ("alice",   CreateArgs { networks: list(&["2001:db8::/32"]), pin: vec![PinKind::Network], ..printer() },
                                                                                  vec!["smtp"],        vec!["2001:db8::/32"], two_years, true),
        ("alice",   CreateArgs { expires: Some(Expiry::After(Span::days(7))), ..printer() },
                                                                                  vec!["smtp"],        vec!["192.0.2.0/24"], Some(NOW + 7 * DAY), false),
        ("alice",   CreateArgs { expires: Some(Expiry::At(NOW + 1)), ..args() },  vec!["mail"],        vec![],               Some(NOW + 1), false),
        ("robot",   CreateArgs { expires: Some(Expiry::Never), ..args() },        vec!["smtp"],        vec![],               None,      false),
    ];
    for (user, args, services, networks, expires, pinned) in table {
        let scope = of(&config(), user, &args, NOW).unwrap();
        assert_eq!(scope.services, services, "{user} {args:?}");
        assert_eq!(scope.networks, nets(&networks), "{user} {args:?}");
        assert_eq!(scope.expires, expires, "{user} {args:?}");
        assert_eq!(scope.pin_network, if pinned { Pin::Pending } else { Pin::No }, "{user} {args:?}");
        assert_eq!(scope.pin_service, Pin::No);
    }
}

#[test]
fn what_can_not_be_or_may_not_be_is_refused() {
    let services = |names: &[&str]| CreateArgs { services: list(names), ..args() };
    let networks = |texts: &[&str]| CreateArgs { networks: list(texts), ..args() };
    let expires = |expires| CreateArgs { expires: Some(expires), ..args() };
    let preset = |name: &str| CreateArgs { preset: Some(name.into()), ..args() };
    let many: Vec<String> = (0..65).map(|i| format!("192.0.2.{i}")).collect();
    use Code::{Invalid, Limit};
    #[rustfmt::skip]
    let table = [
        (services(&["mial"]),                          Invalid, "services", "did you mean \"mail\"?"),
        (services(&["mail", "gopher"]),                Invalid, "services", "known are:"),
        (services(&["sshd"]),                          Invalid, "services", "app passwords never open"),
        (services(&["old"]),                           Invalid, "services", "has no services"),
        (services(&[""]),                              Invalid, "services", "is empty"),
        (services(&["a\u{202e}b"]),                    Invalid, "services", "not shown as it is"),
        (networks(&["192.0.2.0/33"]),                  Invalid, "networks", "write it as"),
        (networks(&["192.0.2.1/24"]),                  Invalid, "networks", "did you mean 192.0.2.0/24?"),
        (networks(&[""]),                              Invalid, "networks", "write it as"),
        (CreateArgs { networks: many, ..args() },      Invalid, "networks", "too many"),
        (expires(Expiry::At(NOW)),                     Invalid, "expires",  "in the past"),
        (expires(Expiry::At(-5)),                      Invalid, "expires",  "in the past"),
        (expires(Expiry::At(NOW + 730 * DAY + 1)),     Limit,   "expires",  "at most 2y"),
        (expires(Expiry::At(i64::MAX)),                Limit,   "expires",  "at most 2y"),
        (expires(Expiry::After(Span::days(731))),      Limit,   "expires",  "at most 2y"),
        (expires(Expiry::Never),                       Limit,   "expires",  "has to expire here: at most 2y"),
        (preset("fone"),                               Invalid, "preset",   "did you mean \"phone\"?"),
        (preset("toaster"),                            Invalid, "preset",   "[presets] has phone, printer: send only"),
    ];
    for (args, code, field, words) in table {
        let error = of(&config(), "alice", &args, NOW).unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (code, Some(field)), "{args:?}: {error}");
        assert!(error.message.contains(words), "{args:?}: {error}");
    }
}

#[test]
fn a_rotation_widens_nothing() {
    let config = config();
    let old = Scope {
        services: list(&["imap", "gone"]),
        networks: nets(&["192.0.2.0/24"]),
        expires: None,
        pin_service: Pin::To("imap".into()),
        pin_network: Pin::Pending,
    };
    let new = rotated(&config, "alice", &old, NOW).unwrap();
    assert_eq!(new, Scope { expires: Some(NOW + 730 * DAY), ..old.clone() }, "policy has become stricter");
    let sooner = Scope { expires: Some(NOW + 5), ..old.clone() };
    assert_eq!(rotated(&config, "alice", &sooner, NOW).unwrap(), sooner);
    let useless = Scope { services: list(&["gone", "old"]), ..old };
    assert!(rotated(&config, "alice", &useless, NOW).unwrap_err().message.contains("no group any more"));
}
