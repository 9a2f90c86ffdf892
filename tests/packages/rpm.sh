#!/bin/sh
# The RPM packages, installed, upgraded and removed in a root of their own, as far as a Debian can: by rpm --root into the
# tests' tree of Debian 12 (tests/tree/unpack.sh), whose libraries they were built with. As root:
#
#   sh tests/packages/rpm.sh PACKAGES TREE PAM-LOGIN       PACKAGES: the folder of the .rpm files; PAM-LOGIN: that program
#
# What this can't show: dependencies against Fedora's packages (--nodeps), its macros in scriptlets, SELinux at work.
set -eu
export LC_ALL=C
die() { echo "rpm.sh: $1" >&2; exit "${2:-1}"; }
[ $# -eq 3 ] || die "usage: rpm.sh PACKAGES TREE PAM-LOGIN" 2
if [ "${APPPW_INSIDE-}" != yes ]; then
    [ "$(id -u)" -eq 0 ] || die "needs root" 69
    for tool in rpm systemd-sysusers systemd-tmpfiles systemctl; do
        command -v $tool >/dev/null || die "needs $tool" 69
    done
    APPPW_INSIDE=yes exec unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private -- sh "$0" "$@"
fi
packages=$(cd "$1" && pwd) tree=$(cd "$2" && pwd)

root=$tree/mnt/root
mount -t tmpfs -o mode=755 tmpfs "$tree/mnt"
mkdir "$tree/mnt/upper" "$tree/mnt/work" "$root"
mount -t overlay -o "lowerdir=$tree,upperdir=$tree/mnt/upper,workdir=$tree/mnt/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
: >"$root/dev/null"
mount --bind /dev/null "$root/dev/null"
cp "$3" "$root/tmp/pam-login"
# The tree has users of ours, which sysusers.d is to make.
sed -i '/^apppw/d' "$root/etc/passwd" "$root/etc/group" "$root/etc/shadow"
# Who plays systemctl for scriptlets writes down what was asked.
printf '#!/bin/sh\necho "$*" >>/tmp/systemctl.log\n' >"$root/usr/bin/systemctl"
chmod 755 "$root/usr/bin/systemctl"
asked() { cat "$root/tmp/systemctl.log" 2>/dev/null || :; rm -f "$root/tmp/systemctl.log"; }
passed=0
ok() { passed=$((passed + 1)); echo "rpm.sh: ok: $1"; }
same() { [ "$2" = "$3" ] || die "$1: $2, not $3"; ok "$1"; }
in_root() { rpm --root "$root" "$@"; }

before=$(cd "$root" && find etc -type f -o -type l | sort | xargs sha256sum 2>/dev/null | sha256sum)
in_root --initdb
in_root -i --nodeps "$packages"/apppw-[0-9]*.x86_64.rpm "$packages"/pam_apppw-*.rpm >"$root/tmp/said" 2>&1 || die "$(cat "$root/tmp/said")"
same "installing asks for the presets, and for nothing else" "$(asked)" "--no-reload preset apppwd.socket apppwd-admin.socket apppwd.service"
after=$(cd "$root" && find etc -type f -o -type l | sort | xargs sha256sum 2>/dev/null | sha256sum)
same "no file in /etc is changed or added" "$after" "$before"
systemctl --root "$root" --quiet preset apppwd.socket apppwd-admin.socket apppwd.service
for unit in apppwd.socket apppwd-admin.socket apppwd.service; do
    same "the preset leaves $unit off" "$(systemctl --root "$root" is-enabled $unit || :)" disabled
done

systemd-sysusers --root "$root"
systemd-tmpfiles --root "$root" --create apppw.conf
same "the user has no shell" "$(chroot "$root" getent passwd apppwd | cut -d: -f6,7)" "/var/lib/apppwd:/usr/sbin/nologin"
same "its groups are there" "$(grep -c -e '^apppwd:' -e '^apppw-' "$root/etc/group")" 4
same "/run/apppwd is root's" "$(stat -c '%U %a' "$root/run/apppwd")" "root 755"
in_root -V --nodeps apppw pam_apppw || die "rpm -V finds differences"
ok "rpm -V finds no difference"
same "all files are root's, and no other may write" "$(in_root -ql apppw pam_apppw | sort -u | while read -r file; do
    [ ! -e "$root$file" ] || [ -L "$root$file" ] || find "$root$file" -maxdepth 0 \( ! -uid 0 -o ! -gid 0 -o -perm /7022 \)
done)" ""

# As by hand, for here is no systemd: the daemon's user opens the sockets.
chroot "$root" chown apppwd:apppwd /run/apppwd
for dir in apppwd apppwd-key; do chroot "$root" install -d -m 700 -o apppwd -g apppwd "/var/lib/$dir"; done
uid=$(chroot "$root" id -u apppwd)
serve() {
    chroot --userspec=apppwd:apppwd "$root" /usr/sbin/apppwd >"$root/tmp/log" 2>&1 &
    daemon=$!
    for _ in $(seq 100); do chroot "$root" apppw status >/dev/null 2>&1 && return; sleep 0.1; done
    die "apppwd doesn't serve: $(cat "$root/tmp/log")"
}
serve
sed "s|pam_apppw.so|/usr/lib64/security/pam_apppw.so server_uid=$uid|" \
    "$root/usr/share/doc/apppw/examples/pam/app-passwords-only" >"$root/etc/pam.d/imap"
secret=$(chroot "$root" apppw create alice@example.org laptop)
login() { printf '%s\n' "$secret" | chroot "$root" /tmp/pam-login imap alice@example.org 2>&1 && return; echo refused; }
case $(login) in *refused*) die "an app password doesn't log in: $(cat "$root/tmp/log")" ;; esac
ok "an app password logs in through the module in /usr/lib64/security"

in_root -U --nodeps --replacepkgs --replacefiles "$packages"/apppw-[0-9]*.x86_64.rpm "$packages"/pam_apppw-*.rpm 2>"$root/tmp/said" ||
    die "$(cat "$root/tmp/said")"
same "an upgrade restarts the service alone" "$(asked)" "try-restart apppwd.service"
echo '[policy]' >"$root/etc/apppw/apppwd.toml"

said=$(in_root -e --nodeps pam_apppw 2>&1)
case $said in *"/etc/pam.d/imap"*) ok "removing the module says who still names it" ;; *) die "removing the module says: $said" ;; esac
case $(login) in *refused*) ok "and nobody is let in then" ;; *) die "LOGGED IN without the module" ;; esac
in_root -e --nodeps apppw 2>"$root/tmp/said" || die "$(cat "$root/tmp/said")"
same "removing the daemon switches its units off" "$(asked)" \
    "--no-reload disable --now --no-warn apppwd.service apppwd.socket apppwd-admin.socket"
kill "$daemon"
wait "$daemon" || :
for kept in var/lib/apppwd/apppw.db var/lib/apppwd-key/server.key var/lib/apppwd-key/journal.log etc/apppw/apppwd.toml; do
    [ -s "$root/$kept" ] || die "/$kept is gone"
done
ok "database, key, journal and configuration stay"
echo "rpm.sh: $passed passed, 0 failed"
