//! The faults: how each is planted, which line finds it, and what its remedy comes to.

/// A fault on a host that is well otherwise.
pub struct Fault {
    pub name: &'static str,
    /// Scripts of a shell on the host.
    pub plant: &'static str,
    pub remedy: &'static str,
    /// What is found: all that isn't ok.
    pub lines: &'static [(&'static str, &'static str)],
    /// Words that each line has, in what it says or in its remedy.
    pub says: &'static [&'static str],
    /// The login is tried, too: the fault shows in it.
    pub login: bool,
}

impl Fault {
    pub fn options(&self) -> &'static [&'static str] {
        if self.login { &[] } else { &["--no-login"] }
    }
}

macro_rules! fault {
    ($name:literal, $plant:expr, $remedy:expr, [$($line:expr),*], $says:expr) => {
        Fault { name: $name, plant: $plant, remedy: $remedy, lines: &[$($line),*], says: &$says, login: false }
    };
    (login $name:literal, $plant:expr, $remedy:expr, [$($line:expr),*], $says:expr) => {
        Fault { name: $name, plant: $plant, remedy: $remedy, lines: &[$($line),*], says: &$says, login: true }
    };
}

const FAULT: &str = "fault";
const WARNING: &str = "warning";

/// The stack as it should be.
const MEND_IMAP: &str = "printf '%s\\n' 'auth [success=done default=die] pam_apppw.so' 'account required pam_apppw.so' >/etc/pam.d/imap";

macro_rules! imap {
    ($auth:literal) => {
        concat!("printf '%s\\n' ", $auth, " 'account required pam_apppw.so' >/etc/pam.d/imap")
    };
}

pub const FAULTS: &[Fault] = &[
    // Sockets.
    fault!(
        "auth.sock for everybody",
        "chmod 0666 /run/apppwd/auth.sock",
        "chmod 0660 /run/apppwd/auth.sock",
        [("socket-mode", WARNING)],
        ["0666", "chmod 0660 /run/apppwd/auth.sock"]
    ),
    fault!(
        "admin.sock for root alone",
        "chmod 0600 /run/apppwd/admin.sock",
        "chmod 0666 /run/apppwd/admin.sock",
        [("socket-mode", WARNING)],
        ["chmod 0666 /run/apppwd/admin.sock"]
    ),
    fault!(
        "a folder that anybody may write to",
        "chmod 0777 /run/apppwd",
        "chown root:root /run/apppwd && chmod 0755 /run/apppwd",
        [("socket-folder", FAULT)],
        ["chown root:root /run/apppwd && chmod 0755 /run/apppwd"]
    ),
    fault!(
        "a folder of somebody else",
        "chown 4711 /run/apppwd",
        "chown root:root /run/apppwd && chmod 0755 /run/apppwd",
        [("socket-folder", FAULT)],
        ["4711", "chown root:root /run/apppwd"]
    ),
    fault!(
        "a file in the socket's place",
        "mv /run/apppwd/auth.sock /run/apppwd/x; touch /run/apppwd/auth.sock",
        "rm /run/apppwd/auth.sock; mv /run/apppwd/x /run/apppwd/auth.sock",
        [("socket-missing", FAULT)],
        ["no socket", "restart apppwd.socket"]
    ),
    fault!(
        "no auth.sock",
        "mv /run/apppwd/auth.sock /run/apppwd/x",
        "mv /run/apppwd/x /run/apppwd/auth.sock",
        [("socket-missing", FAULT)],
        ["systemctl restart apppwd.socket"]
    ),
    // Key, database, backup.
    fault!(
        "a key that others may read",
        "chmod 0644 $KEY/server.key",
        "chmod go= $KEY/server.key",
        [("key-mode", FAULT)],
        ["chmod go= ", "server.key"]
    ),
    fault!(
        "a key's folder that others may enter",
        "chmod 0711 $KEY",
        "chmod go= $KEY",
        [("key-mode", FAULT)],
        ["chmod go= "]
    ),
    fault!(
        "a key of root's",
        "chown 0 $KEY/server.key",
        "chown 61110 $KEY/server.key",
        [("key-mode", FAULT)],
        ["chown 61110"]
    ),
    fault!(
        "no key any more",
        "mv $KEY/server.key $KEY/x",
        "mv $KEY/x $KEY/server.key",
        [("key-missing", FAULT)],
        ["server.key", "backup"]
    ),
    fault!(
        "the key within the database's folder",
        "mv $KEY $STATE/key; ln -s $STATE/key $KEY",
        "rm $KEY; mv $STATE/key $KEY",
        [("key-apart", FAULT)],
        ["not apart", "key_dir"]
    ),
    fault!(
        "a database that others may read",
        "chmod 0640 $STATE/apppw.db",
        "chmod go= $STATE/apppw.db",
        [("database-mode", FAULT)],
        ["chmod go= "]
    ),
    fault!(
        "no database any more",
        "mv $STATE/apppw.db $STATE/x",
        "mv $STATE/x $STATE/apppw.db",
        [("database-missing", FAULT)],
        ["apppw backup"]
    ),
    // The module's file.
    fault!(
        "no module",
        "mv $MODULE $MODULE.x",
        "mv $MODULE.x $MODULE",
        [("module-missing", FAULT)],
        ["libpam-apppw", "refuse everybody"]
    ),
    fault!(
        "the module where libpam doesn't look",
        "mkdir -p /usr/lib64/security; mv $MODULE /usr/lib64/security/pam_apppw.so",
        "install -m 0644 /usr/lib64/security/pam_apppw.so $MODULE; rm -r /usr/lib64/security",
        [("module-missing", FAULT)],
        ["install -m 0644 /usr/lib64/security/pam_apppw.so"]
    ),
    fault!(
        "a module of another architecture",
        "cp $MODULE /root/good; printf '\\050' | dd of=$MODULE bs=1 seek=18 conv=notrunc status=none",
        "cp /root/good $MODULE",
        [("module-abi", FAULT)],
        ["ARM", "of this architecture"]
    ),
    fault!(
        "a module that is none",
        "cp $MODULE /root/good; echo x >$MODULE",
        "cp /root/good $MODULE",
        [("module-abi", FAULT)],
        ["no shared object"]
    ),
    fault!(
        "half a module",
        "cp $MODULE /root/good; head -c 5000 /root/good >$MODULE",
        "cp /root/good $MODULE",
        [("module-load", FAULT)],
        ["can't be loaded"]
    ),
    fault!(
        "another library by its name",
        "cp $MODULE /root/good; cp /usr/lib/*/libpam.so.0 $MODULE",
        "cp /root/good $MODULE",
        [("module-symbols", FAULT)],
        ["pam_sm_authenticate"]
    ),
    fault!(
        "a module that anybody may write to",
        "chmod 0666 $MODULE",
        "chmod 0644 $MODULE",
        [("module-writable", FAULT)],
        ["0666", "chmod 0644"]
    ),
    fault!(
        "a module of somebody else's",
        "chown 4711 $MODULE",
        "chown root:root $MODULE",
        [("module-writable", FAULT)],
        ["4711", "chown root:root"]
    ),
    fault!(
        "a module's folder that anybody may write to",
        "chmod 0777 $(dirname $MODULE)",
        "chmod go-w $(dirname $MODULE)",
        [("module-writable", FAULT)],
        ["replace", "chmod go-w"]
    ),
    // Stacks.
    fault!(
        "sufficient",
        imap!("'auth sufficient pam_apppw.so' '@include common-auth'"),
        MEND_IMAP,
        [("stack-sufficient", FAULT)],
        ["imap", "pam_unix.so", "[success=done default=die]"]
    ),
    fault!(
        "common-auth behind it, unguarded",
        imap!("'auth optional pam_apppw.so' '@include common-auth'"),
        MEND_IMAP,
        [("stack-unguarded", FAULT)],
        ["imap", "unguarded"]
    ),
    fault!(
        "open for the primary while the daemon is down",
        imap!(
            "'auth [success=done user_unknown=ignore authinfo_unavail=ignore default=die] pam_apppw.so' '@include common-auth'"
        ),
        MEND_IMAP,
        [("stack-down", FAULT)],
        ["while apppwd is down", "authinfo_unavail"]
    ),
    fault!(
        "a module in front",
        imap!("'auth sufficient pam_unix.so' 'auth [success=done default=die] pam_apppw.so'"),
        MEND_IMAP,
        [("stack-before", FAULT)],
        ["pam_unix.so", "top"]
    ),
    fault!(
        "open to everybody",
        imap!("'auth optional pam_apppw.so' 'auth required pam_permit.so'"),
        MEND_IMAP,
        [("stack-open", FAULT)],
        ["WITHOUT A RIGHT PASSWORD", "authinfo_unavail"]
    ),
    fault!(
        "shut to everybody",
        imap!("'auth [success=bad default=die] pam_apppw.so'"),
        MEND_IMAP,
        [("stack-shut", FAULT)],
        ["never opens"]
    ),
    fault!(
        "a control field that can't be read",
        imap!("'auth [succes=done default=die] pam_apppw.so'"),
        MEND_IMAP,
        [("stack-unreadable", WARNING), ("stack-shut", FAULT)],
        ["imap"]
    ),
    fault!(
        "a file that isn't there is included",
        "echo 'auth include nowhere' >>/etc/pam.d/imap",
        MEND_IMAP,
        [("stack-unreadable", WARNING)],
        ["nowhere", "mend the line /etc/pam.d/imap:3"]
    ),
    fault!(
        "a file that ends in the middle of a line",
        "printf 'session required pam_permit.so \\\\' >>/etc/pam.d/imap",
        MEND_IMAP,
        [("stack-unusable", FAULT)],
        ["/etc/pam.d/imap"]
    ),
    fault!(
        "no account lines",
        "echo 'auth [success=done default=die] pam_apppw.so' >/etc/pam.d/imap",
        MEND_IMAP,
        [("stack-account", FAULT)],
        ["other", "account required pam_apppw.so"]
    ),
    fault!(
        "account lines that refuse virtual users",
        "printf '%s\\n' 'auth [success=done default=die] pam_apppw.so' 'account required pam_unix.so' \
         'account required pam_apppw.so' >/etc/pam.d/imap",
        MEND_IMAP,
        [("stack-account", WARNING)],
        ["no Unix account", "in front"]
    ),
    fault!(
        "an argument that is unknown",
        imap!("'auth [success=done default=die] pam_apppw.so nullok'"),
        MEND_IMAP,
        [("stack-argument", WARNING)],
        ["nullok"]
    ),
    fault!(
        "an argument that can't be",
        imap!("'auth [success=done default=die] pam_apppw.so timeout=1h'"),
        MEND_IMAP,
        [("stack-argument", FAULT)],
        ["timeout=1h", "refuses everybody"]
    ),
    fault!(
        "for sudo",
        "cp /etc/pam.d/imap /etc/pam.d/sudo",
        "rm /etc/pam.d/sudo",
        [("stack-never", FAULT)],
        ["sudo", "take the lines"]
    ),
    fault!(
        "in common-auth",
        "cp /etc/pam.d/common-auth /root/good; sed -i '1i auth sufficient pam_apppw.so' /etc/pam.d/common-auth; \
         echo '@include common-auth' >/etc/pam.d/cups",
        "cp /root/good /etc/pam.d/common-auth; rm /etc/pam.d/cups",
        [("stack-common", FAULT)],
        ["take", "cups"]
    ),
    fault!(
        "a service in no group",
        "cp /etc/pam.d/imap /etc/pam.d/gopher",
        "rm /etc/pam.d/gopher",
        [("stack-group", FAULT)],
        ["gopher", "[groups]"]
    ),
    fault!(
        "Debian's own `other`",
        "cp /etc/pam.d/other /root/good; printf '@include common-auth\\n@include common-account\\n' >/etc/pam.d/other",
        "cp /root/good /etc/pam.d/other",
        [("stack-other", WARNING)],
        ["pam_unix.so", "pam_deny.so"]
    ),
    // Programs that ask PAM.
    fault!(
        "Dovecot caches",
        "cp -a /etc/dovecot /root/dovecot; echo 'auth_cache_size = 10M' >>/etc/dovecot/dovecot.conf; \
         sed -i 's/args = %s/args = cache_key=%u\\/%s %s/' /etc/dovecot/conf.d/auth-apppw.conf.ext",
        "rm -r /etc/dovecot; mv /root/dovecot /etc/dovecot",
        [("dovecot-auth-cache", FAULT)],
        ["cache"]
    ),
    fault!(
        "Dovecot writes passwords down",
        "echo 'auth_debug_passwords = yes' >>/etc/dovecot/dovecot.conf",
        "sed -i '/auth_debug_passwords/d' /etc/dovecot/dovecot.conf",
        [("dovecot-debug-passwords", FAULT)],
        ["auth_debug_passwords"]
    ),
    fault!(
        "Dovecot asks a second passdb",
        "cp -a /etc/dovecot /root/dovecot; sed -i /result_/d /etc/dovecot/conf.d/auth-apppw.conf.ext; \
         printf 'passdb {\n driver = passwd-file\n args = /etc/dovecot/users\n}\n' >>/etc/dovecot/dovecot.conf",
        "rm -r /etc/dovecot; mv /root/dovecot /etc/dovecot",
        [("dovecot-second-passdb", FAULT)],
        ["return-fail"]
    ),
    fault!(
        "Dovecot asks as a service without the module",
        "mv /etc/pam.d/pop3 /root/good",
        "mv /root/good /etc/pam.d/pop3",
        [("dovecot-service", FAULT)],
        ["pop3"]
    ),
    fault!(
        "saslauthd caches",
        "saslauthd -a pam -c -r -m /run -n 1 -d >/dev/null 2>&1 & echo $! >/run/sasl; sleep 0.3",
        "kill -9 $(cat /run/sasl); sleep 0.5",
        [("saslauthd-cache", FAULT), ("saslauthd-processes", WARNING)],
        ["saslauthd"]
    ),
    fault!(
        "saslauthd drops the domain",
        "saslauthd -a pam -m /run -n 1 -d >/dev/null 2>&1 & echo $! >/run/sasl; sleep 0.3",
        "kill -9 $(cat /run/sasl); sleep 0.5",
        [("saslauthd-realm", FAULT), ("saslauthd-processes", WARNING)],
        ["saslauthd"]
    ),
    // Programs that run, and the kernel.
    fault!(
        "an older module in a program that runs",
        "LD_PRELOAD=$MODULE sleep 1000 >/dev/null 2>&1 & echo $! >/run/sleeper; sleep 0.3; cp $MODULE $MODULE.new; mv $MODULE.new $MODULE",
        "kill $(cat /run/sleeper)",
        [("running-module", WARNING)],
        ["sleep", "restart it"]
    ),
    fault!(
        "AppArmor stands in the way",
        "mkdir -p /sys/module/apparmor/parameters; echo Y >/sys/module/apparmor/parameters/enabled; mkdir -p /var/log; \
         echo 'kernel: audit: apparmor=\"DENIED\" operation=\"connect\" profile=\"dovecot\" name=\"/run/apppwd/auth.sock\"' >/var/log/kern.log",
        "rm -r /sys/module /var/log/kern.log",
        [("walls-denied", FAULT)],
        ["DENIED", "reload apparmor"]
    ),
    // What only the login shows.
    fault!(login "another uid is wanted of the daemon", imap!("'auth [success=done default=die] pam_apppw.so server_uid=4711'"), MEND_IMAP,
        [("login-shut", FAULT)], ["imap", "can't reach apppwd"]),
    fault!(login "panic", "apppw panic on --yes >/dev/null", "apppw panic off --yes >/dev/null", [("daemon-panic", WARNING)], ["apppw panic off"]),
    fault!(login "the module is gone when it is needed", "mv $MODULE $MODULE.x", "mv $MODULE.x $MODULE",
        [("module-missing", FAULT), ("login-shut", FAULT)], [""]),
];
