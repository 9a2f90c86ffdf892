//! What is allowed and yet hardly meant: said by `--check` and at start.

use super::Config;

/// A shorter span than this is a slip: `1m` is a minute.
const SHORT: i64 = 86_400;

impl Config {
    /// A sentence for each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let lives = self
            .policy
            .overrides()
            .flat_map(|o| [o.default_life, o.longest_life, o.suspend_unused, o.drop_never_used]);
        let lives = lives.chain(self.presets.values().map(|preset| preset.life)).flatten().chain([
            self.policy.default_life,
            self.policy.longest_life,
            self.limits.suspend_unused,
            self.limits.drop_never_used,
            self.limits.tombstones,
            self.events.keep,
        ]);
        for life in lives.filter(|life| life.seconds().is_some_and(|seconds| seconds < SHORT)) {
            warnings.push(format!("{life} is less than a day: m is for minutes, d for days, y for years"));
        }
        if let Some(domain) = &self.users.default_domain {
            for user in self.policy.user.keys().filter(|user| !user.contains('@')) {
                warnings.push(format!(
                    "[policy.user.{user:?}] is for a Unix account of that name; the mail server's {user} is \
                     {user}@{domain}"
                ));
            }
        }
        let is_empty =
            |name: &String| !self.groups.has_service(name) && self.groups.services_of(name).count() == 0;
        for name in self.policy.default_services.iter().filter(|name| is_empty(name)) {
            warnings.push(format!("[policy] default_services names {name:?}, a group without services"));
        }
        warnings.extend(self.client.warnings(&self.groups));
        warnings
    }
}

#[cfg(test)]
mod tests {
    use crate::config::parse;
    use std::path::Path;

    #[test]
    fn what_is_hardly_meant_is_said() {
        let warnings = |text: &str| parse(text, Path::new("x")).unwrap().warnings();
        assert_eq!(warnings(""), Vec::<String>::new());
        assert!(warnings("[limits]\nsuspend_unused = \"1m\"\n")[0].contains("m is for minutes"));
        assert!(warnings("[presets.phone]\nlife = \"1h\"\n")[0].contains("less than a day"));
        let robot = "[policy.user.robot]\nprimary = \"allow\"\n[users]\ndefault_domain = \"example.org\"\n";
        assert!(warnings(robot)[0].contains("robot@example.org"));
        assert!(warnings("[groups]\nmail = []\n")[0].contains("a group without services"));
    }
}
