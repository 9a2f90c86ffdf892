#!/bin/sh
# Makes a clean Debian to install into: tree.sh SUITE DIR. By debootstrap, from the mirrors of this machine's own apt sources, with
# systemd (not running) and with the packages of the recipe downloaded, so that everything after this needs no network.
# A second call is instant. Exit 3: this machine has no mirror of SUITE.
set -eu
export LC_ALL=C
umask 022
suite=$1 dir=$2
here=$(cd "$(dirname "$0")" && pwd)
die() { echo "tree.sh: $1" >&2; exit "${2:-1}"; }

. /etc/os-release
[ "$ID" = debian ] || die "no mirror of Debian in the apt sources of $ID" 3

# Beside a minimal system: what every machine with our packages has, and what the recipe installs.
system="systemd systemd-sysv"
recipe="dovecot-imapd postfix apparmor"
stamp=$(sha256sum <"$0" | cut -c1-64)
is_done() { [ -f "$dir/.apppw-tree" ] && [ "$(cat "$dir/.apppw-tree")" = "$stamp" ]; }
is_done && exit 0

mkdir -p "$dir"
exec 9>"$dir.lock"
flock 9
is_done && exit 0
sources=$(sh "$here/../tree/sources.sh" "${VERSION_CODENAME:?}" "$suite" debian) || exit 3
mirror=$(printf '%s\n' "$sources" | awk -v suite="$suite" '$4 == suite { print $3; exit }')
keyring=$(printf '%s\n' "$sources" | sed -n '1s/.*signed-by=\([^]]*\)\].*/\1/p')
[ -n "$mirror" ] || die "no mirror of $suite in this machine's apt sources" 3

new=$dir.new
trap 'rm -rf --one-file-system "$new"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf --one-file-system "$new"
echo "tree.sh: making a clean Debian $suite, some minutes" >&2
debootstrap --variant=minbase --keyring="$keyring" "$suite" "$new" "$mirror" >"$dir.log" 2>&1 ||
    die "debootstrap failed: $dir.log"
printf '%s\n' "$sources" >"$new/etc/apt/sources.list"
cat >"$new/etc/apt/apt.conf.d/tree" <<'CONF'
Acquire::Check-Valid-Until "false";
APT::Keep-Downloaded-Packages "true";
CONF
# What is installed here is not started here; removed again below.
printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
chmod 755 "$new/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$new/etc/resolv.conf"
apt() { DEBIAN_FRONTEND=noninteractive chroot "$new" apt-get -qq --yes "$@" >>"$dir.log" 2>&1 || die "apt-get $1: $dir.log"; }
apt update
apt dist-upgrade
# shellcheck disable=SC2086 # words
apt install --no-install-recommends $system
# Each for itself too, as a person may do it.
# shellcheck disable=SC2086 # words
apt install --download-only $recipe
for package in $recipe; do apt install --download-only "$package"; done
rm "$new/usr/sbin/policy-rc.d" "$new/etc/resolv.conf"
echo "127.0.0.1 localhost mail.example.org" >"$new/etc/hosts"
echo "$stamp" >"$new/.apppw-tree"
rm -rf --one-file-system "$dir"
mv "$new" "$dir"
echo "tree.sh: $dir is ready ($(du -sm "$dir" | cut -f1) MB)" >&2
