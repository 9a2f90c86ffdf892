//! "Did you mean" of accounts, whose names have two parts.

use apppw_admin::nearest;

/// The account among `known` that was most likely meant by `name`: the same in other letters'
/// case, a slip in the part before the @, the same in another domain, or a slip anywhere.
pub fn nearest_account<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let known = || known.iter().map(String::as_str).filter(|candidate| *candidate != name);
    let (local, domain) = parts(name);
    if let Some(same) = known().find(|candidate| candidate.to_lowercase() == name.to_lowercase()) {
        return Some(same);
    }
    let neighbours = || known().filter(|candidate| parts(candidate).1 == domain);
    if let Some(near) = nearest(local, neighbours().map(|candidate| parts(candidate).0)) {
        return neighbours().find(|candidate| parts(candidate).0 == near);
    }
    let elsewhere = || known().filter(|candidate| parts(candidate).0 == local);
    let both = |candidate: &&str| match (domain, parts(candidate)) {
        (Some(domain), (other, Some(elsewhere))) => is_near(local, other) && is_near(domain, elsewhere),
        _ => false,
    };
    nearest(name, elsewhere()).or_else(|| elsewhere().next()).or_else(|| known().find(both))
}

fn is_near(wrong: &str, right: &str) -> bool {
    nearest(wrong, [right]).is_some()
}

/// What stands before the @, and behind it.
fn parts(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(local, domain)| (local, Some(domain)))
}

#[cfg(test)]
mod tests {
    use super::nearest_account;

    #[test]
    fn an_account_is_known_by_its_name_before_its_domain() {
        let known: Vec<String> =
            ["Bob", "alice@example.org", "alina@example.org", "bob@example.com", "carol", "dave@a.example"]
                .map(str::to_owned)
                .into();
        for (typed, meant) in [
            ("bob", Some("Bob")),
            ("alcie@example.org", Some("alice@example.org")),
            ("alice@exmaple.org", Some("alice@example.org")),
            ("alcie@exmaple.org", Some("alice@example.org")),
            ("bob@example.net", Some("bob@example.com")),
            ("dave@b.other", Some("dave@a.example")),
            ("dave", Some("dave@a.example")),
            ("carol@example.org", Some("carol")),
            ("karol", Some("carol")),
            ("zoe@example.org", None),
            ("carol", None),
            ("", None),
        ] {
            assert_eq!(nearest_account(typed, &known), meant, "{typed}");
        }
    }
}
