#!/bin/sh
# make test-packages: run.sh DIR, with the packages to be tested. Needs root, and a network for the first time.
# SUITES="debian12" for one only; SCENARIOS="life states systemd recipe".
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit
die() { echo "make test-packages: $1" >&2; exit "${2:-1}"; }
packages=$(cd "$1" && pwd)
[ "$(id -u)" -eq 0 ] || die "needs root, on a machine that may be thrown away: it makes whole systems and namespaces" 69
missing=
for tool in debootstrap:debootstrap curl:curl ip:iproute2 readelf:binutils unshare:util-linux pgrep:procps; do
    command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
done
[ -z "$missing" ] || die "missing:$missing. apt-get install --no-install-recommends$missing" 69

target=${CARGO_TARGET_DIR:-target}
programs=$(cd "$target/debug" && pwd)
trees=${APPPW_TREES:-$target/trees}
mkdir -p "$trees"
trees=$(cd "$trees" && pwd)
failed=
sh "$here/static.sh" "$packages" || failed="$failed packages"
for suite in ${SUITES:-debian12 debian13}; do
    case $suite in
    debian12) name=bookworm ;;
    debian13) name=trixie ;;
    *) die "no suite $suite" ;;
    esac
    sh "$here/tree.sh" "$name" "$trees/$suite"
    case $? in
    0) ;;
    3) echo "SKIPPED $suite: no mirror for it"; continue ;;
    *) failed="$failed $suite"; continue ;;
    esac
    for scenario in ${SCENARIOS:-life states systemd recipe}; do
        unshare --mount --pid --net --fork --kill-child --mount-proc --propagation private -- \
            sh -c 'ip link set lo up && exec sh "$@"' sh "$here/$scenario.sh" "$trees/$suite" "$packages" "$programs" </dev/null ||
            failed="$failed $suite/$scenario"
    done
done
[ -z "$failed" ] || { echo "FAILED:$failed"; exit 1; }
echo "make test-packages: all is well"
