//! The OpenMetrics text of `status --metrics`, version 1.0
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! It keeps to what readers of the older Prometheus text format understand too, for
//! node_exporter's textfile collector is one: counters, gauges and histograms only, no
//! timestamps, no exemplars.

use apppw_admin::text::visible;
use apppw_admin::verbs::{Histogram, Metrics};
use std::collections::BTreeMap;

/// Families, one after the other.
struct Exposition(String);

/// `metrics` as text.
pub fn text(metrics: &Metrics) -> String {
    let mut out = Exposition(String::with_capacity(16 * 1024));
    out.gauge("up", "Whether apppwd answers", 1);
    out.family("build_info", "gauge", None, "The version of apppwd");
    out.sample("build_info", &[("version", &metrics.version)], 1);
    out.family("start_time_seconds", "gauge", Some("seconds"), "When apppwd began to serve, as Unix time");
    out.sample("start_time_seconds", &[], metrics.started);
    out.logins(metrics);
    out.histogram(
        "login_duration_seconds",
        "From a whole request of a login to its answer",
        &metrics.login_time,
    );
    out.histogram(
        "argon2_duration_seconds",
        "Computations of Argon2id, without the wait for one's turn",
        &metrics.argon2_time,
    );
    out.gauge("argon2_queued", "Requests that wait for Argon2id now", metrics.argon2_queued);
    out.counter(
        "argon2_turned_away",
        "Requests that found the queue for Argon2id full",
        metrics.argon2_turned_away,
    );
    out.gauge("argon2_workers", "Computations of Argon2id at once", metrics.argon2_workers);
    out.counter("memo_hits", "Logins that the memo spared Argon2id", metrics.memo_hits);
    out.gauge("memo_entries", "Secrets that the memo knows", metrics.memo_entries);
    out.counter("store_errors", "Reads and writes of the store that failed", metrics.store_errors);
    out.counter("store_commits", "Transactions of the store that were committed", metrics.store_writes);
    out.gauge(
        "store_writable",
        "Whether database and journal took the last write",
        u64::from(metrics.writable),
    );
    if let Some(at) = metrics.last_backup {
        let help = "The moment that the last backup shows, as Unix time";
        out.family("last_backup_timestamp_seconds", "gauge", Some("seconds"), help);
        out.sample("last_backup_timestamp_seconds", &[], at);
    }
    out.gauge("uses_waiting", "Uses that wait to be written", metrics.uses_waiting);
    out.counter("uses_dropped", "Uses that were dropped, for too many waited", metrics.uses_dropped);
    out.gauge("watches", "Callers that wait for a login now", metrics.watches);
    out.counter("events_dropped", "Events that were dropped, for too many waited", metrics.events_dropped);
    out.counter("log_lines_dropped", "Lines that the log was too slow for", metrics.log_lines_dropped);
    out.counter(
        "management_denied",
        "Management requests that were refused, by the caller's role or by a limit",
        metrics.management_denied,
    );
    out.gauge(
        "refused_in_memory",
        "App passwords and accounts that are refused in memory only",
        metrics.in_memory,
    );
    out.gauge("panic_switches", "Panic switches that are on", metrics.panic_switches);
    out.gauge("accounts", "Accounts known", metrics.accounts);
    out.gauge("accounts_enrolled", "Accounts that are enrolled", metrics.enrolled);
    out.gauge("accounts_locked", "Accounts that are locked", metrics.locked);
    out.gauge("app_passwords", "App passwords that are neither expired nor revoked", metrics.live);
    out.gauge(
        "app_passwords_suspended",
        "App passwords that are suspended; apppw_app_passwords counts them too",
        metrics.suspended,
    );
    out.gauge("app_passwords_revoked", "Revoked app passwords that are still remembered", metrics.revoked);
    out.0.push_str("# EOF\n");
    out.0
}

impl Exposition {
    fn family(&mut self, name: &str, kind: &str, unit: Option<&str>, help: &str) {
        self.0.push_str(&format!("# TYPE apppw_{name} {kind}\n"));
        if let Some(unit) = unit {
            self.0.push_str(&format!("# UNIT apppw_{name} {unit}\n"));
        }
        self.0.push_str(&format!("# HELP apppw_{name} {help}\n"));
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.0.push_str(&format!("apppw_{name}{labels} {value}\n"));
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "gauge", None, help);
        self.sample(name, &[], value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", None, help);
        self.sample(&format!("{name}_total"), &[], value);
    }

    fn logins(&mut self, metrics: &Metrics) {
        // Readers refuse a text that has the same labels twice, which two services might have
        // once they are made visible.
        let mut logins: BTreeMap<_, u64> = BTreeMap::new();
        for (service, reasons) in &metrics.logins {
            for (reason, login) in reasons {
                let count = logins.entry([service, &login.verdict, reason].map(|label| visible(label)));
                let count = count.or_default();
                *count = count.saturating_add(login.count);
            }
        }
        self.family("logins", "counter", None, "Logins by service, verdict and the reason for it");
        for ([service, verdict, reason], count) in &logins {
            self.sample(
                "logins_total",
                &[("service", service), ("verdict", verdict), ("reason", reason)],
                count,
            );
        }
    }

    fn histogram(&mut self, name: &str, help: &str, took: &Histogram) {
        self.family(name, "histogram", Some("seconds"), help);
        let bucket = format!("{name}_bucket");
        // Logins go on while the daemon reads its counters: none may seem to fall.
        let mut most = 0;
        for (bound, count) in &took.buckets {
            most = most.max(*count);
            self.sample(&bucket, &[("le", &seconds(*bound))], most);
        }
        most = most.max(took.count);
        self.sample(&bucket, &[("le", "+Inf")], most);
        self.sample(&format!("{name}_sum"), &[], seconds(took.sum));
        self.sample(&format!("{name}_count"), &[], most);
    }
}

/// Microseconds in seconds, with a decimal point: `0.001`, `2.0`.
fn seconds(micros: u64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    let short = text.trim_end_matches('0');
    if short.ends_with('.') { format!("{short}0") } else { short.to_owned() }
}

/// As it stands within the quotes of a label. Line breaks are visible before: there is none to
/// escape.
fn escaped(label: &str) -> String {
    visible(label).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests;
