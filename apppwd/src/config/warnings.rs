//! What is allowed and yet hardly meant: said by `--check` and at start.

use super::{Config, Life, Overrides};
use apppw_admin::text::visible;

/// A shorter span than this is a slip: `1m` is a minute.
const SHORT: i64 = 86_400;

impl Config {
    /// A sentence for each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for (key, life) in self.lives() {
            if life.seconds().is_some_and(|seconds| seconds < SHORT) {
                warnings.push(format!(
                    "{key} is {life}, less than a day: m is for minutes, d for days, y for years"
                ));
            }
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

    /// Every span that is configured, with its key.
    fn lives(&self) -> Vec<(String, Life)> {
        let of = |table: String, o: &Overrides| {
            [
                ("default_life", o.default_life),
                ("longest_life", o.longest_life),
                ("suspend_unused", o.suspend_unused),
                ("drop_never_used", o.drop_never_used),
            ]
            .map(|(key, life)| (format!("{table} {key}"), life))
        };
        let Self { policy, limits, events, .. } = self;
        let groups =
            policy.group.iter().flat_map(|(group, o)| of(format!("[policy.group.{}]", visible(group)), o));
        let users = policy.user.iter().flat_map(|(user, o)| of(format!("[policy.user.{user:?}]"), o));
        let presets = self
            .presets
            .iter()
            .map(|(name, preset)| (format!("[presets.{}] life", visible(name)), preset.life));
        let global = [
            ("[policy] default_life", policy.default_life),
            ("[policy] longest_life", policy.longest_life),
            ("[limits] suspend_unused", limits.suspend_unused),
            ("[limits] drop_never_used", limits.drop_never_used),
            ("[limits] tombstones", limits.tombstones),
            ("[events] keep", events.keep),
        ];
        let global = global.map(|(key, life)| (key.to_owned(), Some(life)));
        let all = groups.chain(users).chain(presets).chain(global);
        all.filter_map(|(key, life)| life.map(|life| (key, life))).collect()
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
