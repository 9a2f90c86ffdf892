#!/bin/sh
# Builds the packages again, from another folder with another target folder, cargo home, umask, time zone and language, and compares
# with those in DIR: twice.sh DIR. The crates are copied, so this needs no network.
set -eu
dir=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d "${TMPDIR:-/var/tmp}/apppw-twice.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
elsewhere=$work/quite/another/place
mkdir -p "$elsewhere" "$work/cargo"
tar -c --exclude=./.git --exclude=./dist --exclude=target . | tar -x -C "$elsewhere"
cp -R "${CARGO_HOME:-$HOME/.cargo}/registry" "$work/cargo/"
cd "$elsewhere"
(
    umask 027
    CARGO_HOME=$work/cargo RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup} CARGO_TARGET_DIR=$work/built CARGO_NET_OFFLINE=true \
        TZ=Pacific/Kiritimati LANG=tr_TR.UTF-8 tools/deb "$work/dist" >/dev/null
)
status=0
for deb in "$dir"/apppwd_*.deb "$dir"/libpam-apppw_*.deb; do
    if cmp "$deb" "$work/dist/${deb##*/}"; then
        echo "ok      the same bytes: $(sha256sum "$deb" | cut -c1-16)... ${deb##*/}"
    else
        echo "FAILED  not the same: ${deb##*/}"
        if command -v diffoscope >/dev/null 2>&1; then diffoscope --max-report-size 20000 "$deb" "$work/dist/${deb##*/}" || true; fi
        [ -z "${KEEP:-}" ] || cp "$work/dist/${deb##*/}" "$KEEP/"
        status=1
    fi
done
exit $status
