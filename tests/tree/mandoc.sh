#!/bin/sh
# Prints the path of a mandoc: the machine's own, or the distribution's unpacked below DIR (mandoc.sh DIR).
#
# Nothing is installed: apt gets a state directory of its own, and the machine's mirrors and keyrings, as in unpack.sh.
# Exit 3: there is none to be had here, so that a test can skip rather than fail.
set -eu
export LC_ALL=C
die() { echo "mandoc.sh: $1" >&2; exit "${2:-1}"; }
[ $# -eq 1 ] || die "usage: mandoc.sh DIR" 2
here=$(cd "$(dirname "$0")" && pwd)

command -v mandoc && exit 0
mkdir -p "$1"
dir=$(cd "$1" && pwd)
exec 9>"$dir/.lock"
flock 9
found=$dir/usr/bin/mandoc
if [ -x "$found" ]; then echo "$found"; exit 0; fi

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || die "no mandoc, and no apt-get to fetch it with" 3
. /etc/os-release
. "$here/apt.sh"
trap 'rm -rf "$apt"' EXIT
trap 'exit 1' HUP INT TERM
apt_fails=3
own_apt "${VERSION_CODENAME:?}" "$VERSION_CODENAME" "$ID"
run_apt update
# Its libraries, libc and zlib, are on every machine that has apt.
(cd "$apt/cache" && run_apt download mandoc)
dpkg-deb -x "$apt"/cache/mandoc_*.deb "$dir"
echo "$found"
