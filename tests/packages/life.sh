# shellcheck shell=sh disable=SC2016,SC2317
# The life of the packages on one machine: install, serve, upgrade while serving, remove, purge.
# shellcheck source=tests/packages/lib.sh
. "$(dirname "$0")/lib.sh"

# Everything on the disk, with owner, mode and content; without what belongs to dpkg, apt, logs and locks.
everything() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./run -o -path ./dev -o -path ./tmp -o -path ./mnt -o -path ./var/lib/dpkg \
        -o -path ./var/log -o -path ./var/cache -o -path ./var/lib/apt -o -path './etc/*-' -o -path ./etc/.pwd.lock \) -prune -o \
        -printf '%p %y %m %U:%G %l\n' | sort
    cd "$root" && find etc usr var/lib -xdev -type f -not -path 'var/lib/dpkg/*' -not -path 'var/lib/apt/*' -not -path 'etc/*-' \
        -exec sha256sum {} + | sort -k 2)
}

# A command gets no answer but "no".
denied() {
    if said=$("$@" 2>&1); then die "not denied: $*"; fi
    echo "$said"
    printf '%s\n' "$said" | grep -q -e 'Permission denied' -e 'may do nothing here' || die "no denial: $*"
}
as_nobody() { inside setpriv --reuid=nobody --regid=nogroup --clear-groups -- "$@"; }

installs() {
    install_both
    inside dpkg --audit
    test "$(inside dpkg-query -W -f '${db:Status-Status} ' apppwd libpam-apppw)" = "installed installed "
}

nothing_enabled() {
    test -z "$(find "$root/etc/systemd/system" -name 'apppw*' 2>/dev/null)" || die "a unit is enabled"
    test -z "$(find "$root/run/apppwd" -type s)" || die "there is a socket"
    ! pgrep -x apppwd || die "a daemon runs"
    test ! -e "$root/var/lib/apppwd-key" || die "there is a key"
    (cd "$root" && find etc/pam.d -type f -exec sha256sum {} + | sort -k 2) | diff "$work/pam" - || die "/etc/pam.d has changed"
    ! grep -rn apppw "$root/usr/share/pam-configs" || die "a profile for pam-auth-update"
    ! grep -q '^enabled *= *true' "$root/etc/fail2ban/jail.d/apppwd.conf" || die "a jail is enabled"
}

# What dpkg has unpacked is root's, and nobody else writes to it. Programs are two, and a hook.
paths() {
    for path in $(inside dpkg -L apppwd libpam-apppw | sort -u); do
        [ ! -h "$root$path" ] || continue
        case $(stat -c %F "$root$path"):$path in
        directory:*) mode=755 ;;
        *:/usr/bin/apppw | *:/usr/sbin/apppwd | *:/usr/share/doc/apppwd/examples/hooks/apppw) mode=755 ;;
        *) mode=644 ;;
        esac
        test "$(stat -c '%a %U:%G' "$root$path")" = "$mode root:root" || die "$path: $(stat -c '%a %U:%G' "$root$path")"
    done
    is /run/apppwd 755 root:root
    is /etc/apppw 755 root:root
    is "/usr/lib/$(uname -m)-linux-gnu/security/pam_apppw.so" 644 root:root
    test -z "$(ls -A "$root/etc/apppw")" || die "/etc/apppw isn't empty"
}
# is PATH MODE OWNER, by the tree's own names
is() { test "$(inside stat -c '%a %U:%G' "$1")" = "$2 $3" || die "$1: $(inside stat -c '%a %U:%G' "$1")"; }

accounts() {
    inside getent passwd apppwd | grep -E '^apppwd:x:[0-9]{1,3}:[0-9]{1,3}:App password daemon:/var/lib/apppwd:.*/(nologin|false)$'
    inside getent group apppwd apppw-auth apppw-admin apppw-helpdesk
    inside getent shadow apppwd | grep -E '^apppwd:[!*]'
}

starts() {
    as_if_systemd
    inside systemctl enable --now apppwd.service
    inside apppw status
    for unit in sockets.target.wants/apppwd.socket sockets.target.wants/apppwd-admin.socket multi-user.target.wants/apppwd.service; do
        test -h "$root/etc/systemd/system/$unit" || die "$unit isn't enabled"
    done
    # Not root: the user that sysusers.d made.
    test "$(ps -o uid= -p "$(pgrep -x apppwd)" | tr -d ' ')" = "$(inside id -u apppwd)"
}

modes() {
    is /run/apppwd 755 root:root
    is /run/apppwd/auth.sock 660 root:apppw-auth
    is /run/apppwd/admin.sock 666 root:root
    is /var/lib/apppwd 700 apppwd:apppwd
    is /var/lib/apppwd-key 700 apppwd:apppwd
    for file in $(inside find /var/lib/apppwd /var/lib/apppwd-key -type f); do is "$file" 600 apppwd:apppwd; done
    denied as_nobody ls /var/lib/apppwd
    denied as_nobody cat /var/lib/apppwd-key/server.key
    denied as_nobody touch /run/apppwd/x
    denied as_nobody touch /etc/apppw/apppwd.toml
    # May ask apppw, for nothing; may not reach the socket where passwords are tried.
    denied as_nobody apppw list
    said=$(as_nobody /run/tests/pam-login imap alice@example.org <"$work/secret") && die "nobody was let in"
    echo "$said" | grep -q AUTHINFO_UNAVAIL
}

logs_in() {
    stack app-passwords-only imap
    stack primary-where-permitted pop3
    inside apppw create alice@example.org "phone" >"$work/secret"
    login imap alice@example.org <"$work/secret"
    login pop3 alice@example.org <"$work/secret"
    echo aaaa-aaaa-aaaa-aaaa | refused imap alice@example.org
    echo primary-of-alice | refused imap alice@example.org
    inside apppw list alice@example.org
}

# What the daemon says every day isn't reported by logcheck; the use of what was revoked is.
logcheck() {
    echo wrong-and-no-secret | refused imap alice@example.org
    inside apppw create alice@example.org lost >"$work/lost"
    inside apppw revoke "$(inside apppw list alice@example.org | awk '/lost/ { print $1 }')" --yes
    refused imap alice@example.org <"$work/lost"
    sleep 0.2
    sed 's/^/Nov 22 18:00:00 mail /' "$root/run/apppwd.log" >"$work/log"
    grep -c 'accepted reason=accepted' "$work/log"
    grep -E -v -f "$root/etc/logcheck/ignore.d.server/apppwd" "$work/log" >"$work/reported"
    cat "$work/reported"
    grep -q 'reason=revoked' "$work/reported"
    ! grep -E 'reason=(accepted|primary|not-a-secret|unknown|mistyped)|serves' "$work/reported" || die "reported every day"
}

# Logins go on, 25 a second, one of them waiting in the socket when the daemon isn't there; the sockets stay.
upgrades() {
    higher "$root/run/later"
    before=$(pgrep -x apppwd)
    : >"$root/run/systemctl.log"
    inode=$(stat -c %i "$root/run/apppwd/auth.sock")
    inside /run/tests/pam-login --until /run/upgraded imap alice@example.org <"$work/secret" >"$work/logins" 2>&1 &
    sleep 1
    inside sh -c 'dpkg --install /run/later/*.deb'
    sleep 1
    touch "$root/run/upgraded"
    wait $! || { cat "$work/logins"; die "logins were lost"; }
    cat "$work/logins" "$root/run/systemctl.log"
    test "$(inside dpkg-query -W -f '${Version} ' apppwd | grep -c later)" = 1
    test "$(pgrep -x apppwd)" != "$before" || die "the daemon wasn't restarted"
    case $(readlink "/proc/$(pgrep -x apppwd)/exe") in *deleted*) die "the daemon is the old one" ;; esac
    test "$(stat -c %i "$root/run/apppwd/auth.sock")" = "$inode" || die "another socket"
    ! grep -E '(stop|restart).*socket' "$root/run/systemctl.log" || die "a socket was to be stopped"
    login imap alice@example.org <"$work/secret"
}

# An upgrade starts nothing that was stopped.
upgrades_stopped() {
    inside systemctl stop apppwd.service apppwd.socket apppwd-admin.socket
    inside sh -c 'dpkg --install /run/packages/*.deb'
    ! pgrep -x apppwd || die "the upgrade has started it"
    inside systemctl start apppwd.service
    login imap alice@example.org <"$work/secret"
}

# What a removal says, with what `apppw setup` has to undo, the newest first.
names_the_way_back() {
    grep -q 'apt-get install ./apppwd_\*.deb ./libpam-apppw_\*.deb' "$work/warning"
    grep -q 'systemctl enable --now apppwd.socket apppwd-admin.socket apppwd.service' "$work/warning"
    test "$(grep -o 'apppw setup [a-z-]* --undo' "$work/warning" | tr '\n' ,)" = "apppw setup postfix-dovecot --undo,apppw setup dovecot --undo,"
}
removes_module() {
    # Runs of apppw setup, the newest of another target.
    for run in dovecot/1 postfix-dovecot/1; do
        mkdir -p "$root/var/lib/apppw-setup/$run"
        touch "$root/var/lib/apppw-setup/$run/manifest.json"
        sleep 0.1
    done
    apt remove libpam-apppw 2>&1 | tee "$work/warning"
    grep -q 'WARNING: PAM still asks for the module' "$work/warning"
    grep -q '/etc/pam.d/imap:.*pam_apppw.so' "$work/warning"
    grep -q '/etc/pam.d/pop3:.*pam_apppw.so' "$work/warning"
    names_the_way_back
    rm -r "$root/var/lib/apppw-setup"
    refused imap alice@example.org <"$work/secret"
    refused pop3 alice@example.org <"$work/secret"
    echo primary-of-alice | refused pop3 alice@example.org
    install_both
    login imap alice@example.org <"$work/secret"
}

# Neither an upgrade nor a removal after the stacks are gone warns.
removes_quietly() {
    inside sh -c 'dpkg --install /run/later/libpam-apppw_*.deb' 2>&1 | tee "$work/warning"
    rm "$root/etc/pam.d/imap" "$root/etc/pam.d/pop3"
    apt remove libpam-apppw 2>&1 | tee -a "$work/warning"
    ! grep WARNING "$work/warning" || die "a warning for nothing"
    test ! -e "$root/usr/lib/$(uname -m)-linux-gnu/security/pam_apppw.so"
}

removes_daemon() {
    apt remove apppwd
    ! pgrep -x apppwd || die "the daemon still runs"
    test ! -e "$root/run/apppwd/auth.sock" || die "its socket is still there"
    test -e "$root/var/lib/apppwd-key/server.key" || die "the key is gone"
}

purges() {
    mkdir -p "$root/etc/apppw"
    echo '# of the administrator' >"$root/etc/apppw/apppwd.toml"
    apt purge apppwd libpam-apppw 2>&1 | tee "$work/said-of-purge"
    grep -q 'rm -r /var/lib/apppwd /var/lib/apppwd-key' "$work/said-of-purge"
    is /var/lib/apppwd 700 apppwd:apppwd
    is /var/lib/apppwd-key 700 apppwd:apppwd
}

# But for what README.Debian says: the two folders, the user and the groups, as if we had never been there.
leaves_nothing() {
    rm -r "$root/var/lib/apppwd" "$root/var/lib/apppwd-key"
    umount "$root/usr/bin/systemctl"
    for file in passwd group shadow gshadow; do sed -i '/^apppw/d' "$root/etc/$file"; done
    everything >"$work/after"
    diff "$work/before" "$work/after"
}

fresh
(cd "$root" && find etc/pam.d -type f -exec sha256sum {} + | sort -k 2) >"$work/pam"
everything >"$work/before"
step "apt installs both, offline, without a running systemd" installs
step "nothing is enabled, nothing runs, no PAM file has changed" nothing_enabled
step "user and groups by sysusers.d, locked" accounts
step "every path root's, module 0644, /run/apppwd root's by tmpfiles.d" paths
step "systemctl enable --now apppwd.service: serves under its own user, with sockets" starts
step "logins by the packaged stacks: app password in, junk and primary out" logs_in
step "modes of sockets, key and database; nobody gets permission denied" modes
step "logcheck reports what it should, and not what happens every day" logcheck
step "upgrade while serving: no login lost, the sockets stay" upgrades
step "upgrade while stopped starts nothing" upgrades_stopped
step "removing the module while stacks name it warns, and shuts these" removes_module
step "removing it afterwards, and upgrading, says nothing" removes_quietly
step "removing the daemon stops it, sockets too, and keeps key and database" removes_daemon
step "purge keeps what people log in with, and says so" purges
step "nothing else is left" leaves_nothing
end
