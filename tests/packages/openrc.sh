#!/bin/sh
# packaging/openrc under a real OpenRC (Debian's, whose openrc-run and supervise-daemon are Alpine's), in a root of its own:
# what is built is installed with INIT=openrc, started, logged in to, killed, stopped. As root:
#
#   sh tests/packages/openrc.sh RELEASE TREE PAM-LOGIN     RELEASE: the folder of what `make build` built;
#                                                          TREE: of tests/tree/unpack.sh, called own or trixie; PAM-LOGIN: that program
set -eu
export LC_ALL=C
die() { echo "openrc.sh: $1" >&2; exit "${2:-1}"; }
[ $# -eq 3 ] || die "usage: openrc.sh RELEASE TREE PAM-LOGIN" 2
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tests/tree        # where apt.sh looks
if [ "${APPPW_INSIDE-}" != yes ]; then
    [ "$(id -u)" -eq 0 ] || die "needs root" 69
    . /etc/os-release
    . "$here/apt.sh"
    trap 'rm -rf "$apt"' EXIT
    suite=$(basename "$2")
    [ "$suite" != own ] || suite=${VERSION_CODENAME:?}
    own_apt "${VERSION_CODENAME:?}" "$suite" "$ID"
    run_apt update
    libraries="librc1 libeinfo1"
    [ "$suite" = bookworm ] || libraries="librc1t64 libeinfo1"
    # shellcheck disable=SC2086 # a list of words
    (cd "$apt/cache" && run_apt download openrc $libraries login util-linux)
    APPPW_INSIDE=yes APPPW_DEBS="$apt/cache" unshare --mount --pid --fork --kill-child --mount-proc --propagation private -- sh "$0" "$@"
    exit
fi
release=$(cd "$1" && pwd) tree=$(cd "$2" && pwd)

root=$tree/mnt/root
mount -t tmpfs -o mode=755 tmpfs "$tree/mnt"
mkdir "$tree/mnt/upper" "$tree/mnt/work" "$root"
mount -t overlay -o "lowerdir=$tree,upperdir=$tree/mnt/upper,workdir=$tree/mnt/work" overlay "$root"
for deb in "$APPPW_DEBS"/*.deb; do dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink; done
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null urandom; do : >"$root/dev/$node"; mount --bind /dev/$node "$root/dev/$node"; done
# As OpenRC has it when it has booted.
for dir in exclusive daemons failed hotplugged inactive options scheduled snapshot started starting stopping tmp wasinactive; do
    mkdir -p "$root/run/openrc/$dir"
done
: >"$root/run/openrc/softlevel"
cp "$3" "$root/tmp/pam-login"
# What the package's own scripts do on Alpine, in the words of this tree's users.
sed -i '/^apppw/d' "$root/etc/passwd" "$root/etc/group" "$root/etc/shadow"
echo 'apppwd:x:110:110::/var/lib/apppwd:/sbin/nologin' >>"$root/etc/passwd"
echo 'apppwd:*:20000:0:99999:7:::' >>"$root/etc/shadow"
printf 'apppwd:x:110:\napppw-auth:x:111:apppwd\napppw-admin:x:112:\napppw-helpdesk:x:113:\n' >>"$root/etc/group"
printf 'auth sufficient pam_rootok.so\naccount required pam_permit.so\nsession required pam_permit.so\n' >"$root/etc/pam.d/su"
make --silent -C "$top" install INIT=openrc DESTDIR="$root" RELEASE="$release" PAMDIR=/usr/lib/x86_64-linux-gnu/security >/dev/null
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
# No syslog runs here.
printf '#!/bin/sh\nexec cat >>/tmp/apppwd.log\n' >"$root/tmp/logger"
chmod 755 "$root/tmp/logger"
: >"$root/tmp/apppwd.log"
chmod 666 "$root/tmp/apppwd.log"
if find "$root/usr/lib" -path '*/sh/supervise-daemon.sh' -exec grep -q -e --stderr-logger {} +; then
    echo 'error_logger=/tmp/logger'
else
    echo 'error_log=/tmp/apppwd.log'
fi >"$root/etc/conf.d/apppwd"

passed=0
ok() { passed=$((passed + 1)); echo "openrc.sh: ok: $1"; }
service() { inside /etc/init.d/apppwd --nodeps --nocolor "$@" >"$root/tmp/said" 2>&1; }
fail() { cat "$root/tmp/said" "$root/tmp/apppwd.log" >&2 2>/dev/null; die "$1"; }
serves() { for _ in $(seq 100); do inside apppw status >/dev/null 2>&1 && return; sleep 0.1; done; return 1; }

mkdir "$root/etc/apppw"
echo 'not = "a key"' >"$root/etc/apppw/apppwd.toml"
if service start; then fail "it starts with a configuration that is wrong"; fi
grep -q 'not' "$root/tmp/said" || fail "it doesn't say what is wrong"
ok "a wrong configuration is said, and nothing is started"
rm "$root/etc/apppw/apppwd.toml"

sed "s|pam_apppw.so|pam_apppw.so server_uid=110|" "$top/packaging/pam/app-passwords-only" >"$root/etc/pam.d/imap"
cp "$top/packaging/pam/app-passwords-only" "$root/etc/pam.d/pop3"
service start || fail "it doesn't start"
serves || fail "it doesn't serve"
grep -q ' serves ' "$root/tmp/apppwd.log" || fail "its log goes nowhere ($(cat "$root/etc/conf.d/apppwd"))"
ok "it starts, serves and logs, by $(sed 's/=.*//' "$root/etc/conf.d/apppwd")"
grep -q 'server_uid=110' "$root/tmp/said" && grep -q 'pop3' "$root/tmp/said" || fail "it doesn't name the line without server_uid="
if grep -q 'pam.d/imap' "$root/tmp/said"; then fail "it names a line that is right"; fi
ok "it names the PAM lines that would be refused, and no others"
is() { [ "$(stat -c '%u %g %a' "$root/$1")" = "$2" ] || fail "/$1: $(stat -c '%u %g %a' "$root/$1"), not $2"; }
is run/apppwd "110 110 755"
is run/apppwd/auth.sock "110 111 660"
is run/apppwd/admin.sock "110 110 666"
is var/lib/apppwd-key "110 110 700"
ok "folders and sockets have their owners, groups and modes"
pid=$(pgrep -x apppwd)
grep -qE '^NoNewPrivs:[[:space:]]*1' "/proc/$pid/status" || fail "it may get new privileges"
grep -qE '^Uid:[[:space:]]*110[[:space:]]' "/proc/$pid/status" || fail "it runs as another user"
grep -qE '^Max core file size[[:space:]]+0[[:space:]]' "/proc/$pid/limits" || fail "it may leave core images"
ok "it runs as apppwd, without new privileges and core images"

secret=$(inside apppw create alice@example.org laptop)
login() { printf '%s\n' "$secret" | inside /tmp/pam-login "$1" alice@example.org >"$root/tmp/said" 2>&1; }
login imap || fail "an app password doesn't log in"
ok "an app password logs in"
if login pop3; then fail "LOGGED IN where root should listen"; fi
ok "a line without server_uid= refuses"
kill -KILL "$pid"
for _ in $(seq 100); do new=$(pgrep -x apppwd) && [ "$new" != "$pid" ] && break; sleep 0.1; done
serves || fail "it doesn't come back"
login imap || fail "an app password doesn't log in after a restart"
ok "killed, it comes back"
service stop || fail "it doesn't stop"
if pgrep -x apppwd >/dev/null; then fail "it is still there"; fi
if login imap; then fail "LOGGED IN without the daemon"; fi
ok "stopped, it is gone, and nobody is let in"
echo "openrc.sh: $passed passed, 0 failed"
