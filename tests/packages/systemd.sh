# shellcheck shell=sh disable=SC2016,SC2317
# The packages under the distribution's own systemd as process 1: the units with all their walls, restarts, activation, removal.
# shellcheck source=tests/packages/lib.sh
. "$(dirname "$0")/lib.sh"

state() { inside systemctl show --property "$2" --value "$1"; }
all_units="apppwd.service apppwd.socket apppwd-admin.socket"

installs() {
    install_both
    for unit in $all_units; do
        test "$(state "$unit" ActiveState)" = inactive || die "$unit is $(state "$unit" ActiveState)"
        test "$(state "$unit" UnitFileState)" = disabled || die "$unit is $(state "$unit" UnitFileState)"
    done
    ! pgrep -x apppwd || die "a daemon runs"
}

# Directives that this systemd doesn't know would be said here.
verified() {
    # shellcheck disable=SC2086 # words
    said=$(inside systemd-analyze verify --man=no $all_units 2>&1) || die "$said"
    printf '%s\n' "$said"
    ! printf '%s\n' "$said" | grep apppw || die "systemd-analyze verify has something to say"
}

serves() {
    inside systemctl enable --now apppwd.service
    for unit in $all_units; do
        test "$(state "$unit" ActiveState)" = active
        test "$(state "$unit" UnitFileState)" = enabled
    done
    stack app-passwords-only imap
    # On a machine that is very busy names may take too long: then it says so, and nothing has changed.
    for _ in 1 2 3 4 5; do
        inside apppw create alice@example.org phone >"$work/secret" && break
        sleep 2
    done
    login imap alice@example.org <"$work/secret"
    echo aaaa-aaaa-aaaa-aaaa | refused imap alice@example.org
    test "$(inside stat -c '%a %U:%G' /run/apppwd)" = "755 root:root"
    test "$(inside stat -c '%a %U:%G' /run/apppwd/auth.sock)" = "660 root:apppw-auth"
    test "$(inside stat -c '%a %U:%G' /var/lib/apppwd-key)" = "700 apppwd:apppwd"
    test "$(inside stat -c '%a %U:%G' /var/lib/apppwd)" = "700 apppwd:apppwd"
}

walls() {
    status=$(cat "/proc/$(pgrep -x apppwd)/status")
    printf '%s\n' "$status" | grep -E '^(Uid|Cap|NoNewPrivs|Seccomp)'
    printf '%s\n' "$status" | grep -qE '^NoNewPrivs:[[:space:]]1$'
    printf '%s\n' "$status" | grep -qE '^Seccomp:[[:space:]]2$'
    test "$(printf '%s\n' "$status" | grep -cE '^Cap(Eff|Prm|Bnd|Amb|Inh):[[:space:]]0{16}$')" = 5
    inside systemd-analyze security --no-pager apppwd.service | tail -n 1 | tee "$work/exposure"
    grep -qE ' 0\.[0-9] ' "$work/exposure"
}

journal() {
    inside journalctl --unit apppwd --output json --no-pager | grep '"APPPW_VERDICT":"accepted"' | grep -q '"APPPW_USER":"alice@example.org"'
}

# while_logging_in COMMAND...: 25 logins a second, none of which may fail.
while_logging_in() {
    rm -f "$root/run/enough"
    inside /run/tests/pam-login --until /run/enough imap alice@example.org <"$work/secret" >"$work/logins" 2>&1 &
    logging_in=$!
    sleep 1
    "$@"
    sleep 1
    inside touch /run/enough
    wait "$logging_in" || { cat "$work/logins"; die "logins were lost"; }
    cat "$work/logins"
}

upgrades() {
    higher "$work/later"
    inside mkdir -p /run/later
    for deb in "$work"/later/*.deb; do inside sh -c 'cat >"/run/later/$1"' sh "${deb##*/}" <"$deb"; done
    before=$(pgrep -x apppwd)
    since=$(state apppwd.socket ActiveEnterTimestampMonotonic)
    while_logging_in inside sh -c 'dpkg --install /run/later/*.deb'
    test "$(pgrep -x apppwd)" != "$before" || die "the daemon wasn't restarted"
    case $(readlink "/proc/$(pgrep -x apppwd)/exe") in *deleted*) die "the daemon is the old one" ;; esac
    test "$(state apppwd.socket ActiveEnterTimestampMonotonic)" = "$since" || die "the socket was restarted"
}

# A login that is under way then is lost; the sockets are not.
killed() {
    for time in 1 2 3 4 5 6 7 8; do
        inside systemctl kill --signal=KILL apppwd.service
        until [ "$(state apppwd.service NRestarts)" -ge "$time" ]; do sleep 0.1; done
    done
    test "$(state apppwd.socket ActiveState)" = active
    until login imap alice@example.org <"$work/secret"; do
        time=$((time + 1))
        test "$time" -lt 20 || die "it doesn't come back"
    done
}

activated() {
    inside systemctl stop apppwd.service
    test "$(state apppwd.socket ActiveState)" = active
    login imap alice@example.org <"$work/secret"
    test "$(state apppwd.service ActiveState)" = active
}

stays_stopped() {
    # shellcheck disable=SC2086 # words
    inside systemctl stop $all_units
    inside sh -c 'dpkg --install /run/packages/*.deb'
    for unit in $all_units; do test "$(state "$unit" ActiveState)" != active || die "$unit is active"; done
    refused imap alice@example.org <"$work/secret"
    # shellcheck disable=SC2086
    inside systemctl start $all_units
    login imap alice@example.org <"$work/secret"
}

removes() {
    apt remove apppwd
    ! pgrep -x apppwd || die "the daemon still runs"
    refused imap alice@example.org <"$work/secret"
    inside systemctl list-units --all --no-legend 'apppwd*' | grep -v not-found | grep -w active && die "a unit is active"
    install_both
    inside systemctl start apppwd.service
    login imap alice@example.org <"$work/secret"
    rm -f "$root/etc/pam.d/imap"
    apt purge apppwd libpam-apppw
    test -z "$(inside find /etc/systemd/system /var/lib/systemd -name 'apppw*')" || die "units are still enabled"
}

fresh
if ! boot; then
    echo "SKIPPED $release systemd: it doesn't boot on this machine:"
    tail -n 5 "$work/systemd" | sed 's/^/        | /'
    end
fi
echo "        $release systemd: $(inside systemctl --version | head -n 1)"
step "installing enables and starts nothing" installs
step "systemd-analyze verify has nothing to say of the units" verified
step "systemctl enable --now apppwd.service: sockets, folders, logins" serves
step "the walls are up: no capability, system calls filtered" walls
step "verdicts are in the journal, with their fields" journal
step "upgrade while serving: no login lost, the socket not restarted" upgrades
step "killed eight times: comes back, the sockets stay open" killed
step "stopped: the next login starts it by its socket" activated
step "upgrade while all is stopped starts nothing" stays_stopped
step "removal stops daemon and sockets, purge leaves no unit enabled" removes
end
