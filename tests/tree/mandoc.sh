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
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
trap 'exit 1' HUP INT TERM
chmod 711 "$apt"
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
: >"$apt/status"
sh "$here/sources.sh" "${VERSION_CODENAME:?}" "$VERSION_CODENAME" "$ID" >"$apt/sources.list" || exit 3
[ -s "$apt/sources.list" ] || die "found no $ID archive in the machine's apt sources" 3
# Read after the machine's apt.conf.d, and taking out of it what would act on the machine.
cat >"$apt/apt.conf" <<CONF
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons-hidpi;
#clear Acquire::IndexTargets::deb::CNF;
Dir::State "$apt";
Dir::State::status "$apt/status";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Log "$apt";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Debug::NoLocking "true";
Acquire::Languages "none";
Acquire::Retries "3";
CONF
run_apt() { apt-get -c="$apt/apt.conf" -qq "$@" >"$apt/log" 2>&1 || { cat "$apt/log" >&2; die "apt-get $1 failed" 3; }; }
run_apt update
# Its libraries, libc and zlib, are on every machine that has apt.
(cd "$apt/cache" && run_apt download mandoc)
dpkg-deb -x "$apt"/cache/mandoc_*.deb "$dir"
echo "$found"
