# shellcheck shell=sh disable=SC2016,SC2317
# Half-installed states: whatever is there and whatever is not, no stack opens that would not open with all in place. Under
# `primary = "allow"` the primary password opens one of the stacks while everything runs; then never.
# shellcheck source=tests/packages/lib.sh
. "$(dirname "$0")/lib.sh"

stacks="app-passwords-only primary-where-permitted system-users"
module=/usr/lib/$(uname -m)-linux-gnu/security/pam_apppw.so

# The stacks as they are in the source: the packages may not be there.
prepare() {
    fresh
    inside useradd --create-home alice
    echo alice:primary-of-alice | inside chpasswd
    mkdir -p "$root/etc/apppw"
    for stack in $stacks; do cp "$packaging/pam/$stack" "$root/etc/pam.d/$stack"; done
    # A service that is in no group is refused for that alone.
    cat >"$root/etc/apppw/apppwd.toml" <<'END'
[policy]
primary = "allow"
default_services = ["tested"]
[groups]
tested = ["app-passwords-only", "primary-where-permitted", "system-users"]
END
}

shut() {
    for stack in $stacks; do
        echo primary-of-alice | refused "$stack" alice
        echo not-the-primary | refused "$stack" alice
        if [ -e "$work/secret" ]; then refused "$stack" alice <"$work/secret"; fi
        refused "$stack" alice </dev/null
    done
}

serve() {
    activate
    ask start apppwd.service
    inside apppw create alice phone >"$work/secret"
}

# That the tests below could fail.
open_with_all_in_place() {
    install_both
    serve
    for stack in $stacks; do login "$stack" alice <"$work/secret"; done
    echo primary-of-alice | login primary-where-permitted alice
    echo primary-of-alice | refused app-passwords-only alice
    echo not-the-primary | refused primary-where-permitted alice
}

module_alone() { inside sh -c 'dpkg --unpack /run/packages/libpam-apppw_*.deb'; test -e "$root$module"; shut; }
both_unpacked() { inside sh -c 'dpkg --unpack /run/packages/*.deb'; shut; }
never_started() { install_both; shut; }
killed() {
    install_both
    serve
    login app-passwords-only alice <"$work/secret"
    end_all activator apppwd
    shut
}
daemon_removed() {
    install_both
    serve
    ask quit
    apt remove apppwd 2>&1 | tee "$work/warning"
    grep -q 'WARNING: PAM still asks apppwd' "$work/warning"
    for stack in $stacks; do grep -q "^  /etc/pam.d/$stack$" "$work/warning"; done
    # None was written by apppw setup.
    grep -q 'take the lines with pam_apppw.so out' "$work/warning"
    test -e "$root$module"
    shut
}
module_removed() {
    install_both
    serve
    apt remove libpam-apppw
    test ! -e "$root$module"
    shut
}
# As a disk may leave it after a loss of power: empty, cut short, zeroed, another file's bytes.
module_torn() {
    install_both
    serve
    cp "$root$module" "$work/module"
    size=$(stat -c %s "$work/module")
    for bytes in 0 1 64 4096 $((size / 2)); do
        head -c "$bytes" "$work/module" >"$root$module"
        shut
    done
    head -c "$size" /dev/zero >"$root$module"
    shut
    cp "$root/etc/hosts" "$root$module"
    shut
    cp "$work/module" "$root$module"
    login app-passwords-only alice <"$work/secret"
}
# failing SCRIPT VERSION-SUFFIX: a later libpam-apppw whose maintainer script fails.
failing() {
    rm -rf "$work/deb"
    dpkg-deb -R "$packages"/libpam-apppw_*.deb "$work/deb"
    sed -i "s/^Version: .*/&+$1/" "$work/deb/DEBIAN/control"
    printf '#!/bin/sh\nexit 1\n' >"$work/deb/DEBIAN/$1"
    chmod 755 "$work/deb/DEBIAN/$1"
    dpkg-deb --root-owner-group -Zxz -b "$work/deb" "$root/run/$1.deb"
}
script_fails() {
    for script in preinst postinst; do
        rm -f "$work/secret"
        prepare
        failing "$script"
        # On a machine without it.
        inside dpkg --install "/run/$script.deb" && die "$script didn't fail"
        inside dpkg-query -W -f '${db:Status-Status}\n' libpam-apppw
        shut
        # As an upgrade, the daemon up: app passwords go on.
        prepare
        install_both
        serve
        failing "$script"
        inside dpkg --install "/run/$script.deb" && die "$script didn't fail"
        login app-passwords-only alice <"$work/secret"
        echo primary-of-alice | refused app-passwords-only alice
        ask quit
        shut
    done
}
# dpkg killed at any moment of an installation; then the installation is repeated.
dpkg_killed() {
    for moment in 0.02 0.05 0.1 0.15 0.2 0.3 0.4 0.6; do
        prepare
        inside sh -c 'exec dpkg --install /run/packages/*.deb' >/dev/null 2>&1 &
        sleep "$moment"
        end_all dpkg dpkg-deb tar systemd-sysuser systemd-tmpfile
        wait $! || true
        echo "after $moment s: $(inside dpkg-query -W -f '${Package} ${db:Status-Status}, ' apppwd libpam-apppw 2>&1)"
        shut
        inside dpkg --configure -a
        install_both
        serve
        login app-passwords-only alice <"$work/secret"
        ask quit
        rm "$work/secret"
    done
}
# Where starting services is forbidden, and where there is nothing of systemd at all.
policy() {
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    as_if_systemd
    install_both
    higher "$root/run/later"
    inside sh -c 'dpkg --install /run/later/*.deb'
    apt remove apppwd libpam-apppw
    ask quit
}
apparmor() {
    apt install apparmor
    install_both
    inside apparmor_parser --skip-kernel-load --skip-cache /etc/apparmor.d/apppwd
    # The drop-in is where profiles of PAM hosts find it.
    printf 'include <tunables/global>\nprofile host /usr/bin/host {\n  include <abstractions/authentication>\n}\n' >"$root/etc/apparmor.d/host"
    inside apparmor_parser --skip-kernel-load --skip-cache --preprocess /etc/apparmor.d/host | grep -F 'apppwd/auth.sock rw,'
    higher "$root/run/later"
    inside sh -c 'dpkg --install /run/later/*.deb'
    apt purge apppwd libpam-apppw
    test ! -e "$root/etc/apparmor.d/apppwd" -a ! -e "$root/etc/apparmor.d/local/apppwd"
}

# in_state NAME FUNCTION
in_state() {
    rm -f "$work/secret"
    end_all activator apppwd
    prepare
    step "$@"
}

in_state "all in place: app passwords open each stack, the primary password one (so what follows can fail)" open_with_all_in_place
in_state "module unpacked, no daemon: shut" module_alone
in_state "both unpacked, not configured: shut" both_unpacked
in_state "both installed, daemon never started: shut" never_started
in_state "daemon and listener killed: shut" killed
in_state "daemon removed, module there: shut" daemon_removed
in_state "module removed, daemon serving: shut" module_removed
in_state "module torn, zeroed, another file: shut" module_torn
in_state "a maintainer script fails, new and as an upgrade: shut, or as before" script_fails
in_state "dpkg killed in the middle, eight times: shut, and repaired by repeating" dpkg_killed
in_state "policy-rc.d forbids everything: installs, upgrades, is removed" policy
in_state "AppArmor: the profile compiles, PAM hosts get the socket, purge takes both away" apparmor
end
