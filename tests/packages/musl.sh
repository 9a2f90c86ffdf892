#!/bin/sh
# Whether apppw lives with musl, as on Alpine: daemon, command and module built for it, Linux-PAM too, and a login
# through the module in a process that has no other libc. Run by hand, as root:
#
#   sh tests/packages/musl.sh DIR       DIR: where there is room; kept, so that a second run builds what has changed
#
# Needs musl-tools, the target (rustup target add x86_64-unknown-linux-musl), make, and apt for the source of Linux-PAM.
# Not as on Alpine: this compiler's libgcc_eh.a wants glibc, so LLVM's unwinder, which Rust brings for musl, stands for it.
set -eu
export LC_ALL=C
die() { echo "musl.sh: $1" >&2; exit "${2:-1}"; }
[ $# -eq 1 ] || die "usage: musl.sh DIR" 2
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tests/tree        # where apt.sh looks
mkdir -p "$1"
dir=$(cd "$1" && pwd)
target=x86_64-unknown-linux-musl
[ "$(uname -m)" = x86_64 ] || die "knows x86_64 only" 3
[ "$(id -u)" -eq 0 ] || die "needs root, to be asked by a uid that the daemon isn't" 3
command -v musl-gcc >/dev/null || die "needs musl-gcc: apt-get install musl-tools" 3
unwinder=$(rustc --print sysroot)/lib/rustlib/$target/lib/self-contained/libunwind.a
[ -e "$unwinder" ] || die "needs the target: rustup target add $target" 3

step() { echo "musl.sh: $1"; }

pam=$dir/Linux-PAM
if [ ! -e "$pam/libpam/.libs/libpam.so.0" ]; then
    step "building Linux-PAM with musl"
    . /etc/os-release
    . "$here/apt.sh"
    trap 'rm -rf "$apt"' EXIT
    own_apt "${VERSION_CODENAME:?}" "$VERSION_CODENAME" "$ID"
    sed -i 's/^deb /deb-src /' "$apt/sources.list"
    run_apt update
    (cd "$apt/cache" && run_apt --download-only source pam)
    rm -rf "$pam"
    mkdir -p "$pam"
    tar -xf "$apt"/cache/pam_*.orig.tar.* -C "$pam" --strip-components=1
    (
        cd "$pam"
        ./configure --host=x86_64-linux-musl CC=musl-gcc BUILD_CC=cc --prefix=/pam --disable-nis --disable-selinux \
            --disable-audit --disable-db --disable-doc --disable-nls --disable-prelude --disable-econf --disable-unix
        make -C libpam
    ) >"$dir/pam.log" 2>&1 || { tail -n 20 "$dir/pam.log" >&2; die "Linux-PAM doesn't build"; }
fi

step "building apppwd, apppw and pam_apppw.so for $target"
mkdir -p "$dir/lib"
cp "$unwinder" "$dir/lib/libgcc_eh.a"
echo "GROUP ( $dir/lib/libgcc_eh.a $(cc -print-libgcc-file-name) )" >"$dir/lib/libgcc_s.so"
printf '#!/bin/sh\nexec musl-gcc -B%s "$@"\n' "$dir/lib/" >"$dir/cc"
chmod +x "$dir/cc"
# As packaging/alpine/APKBUILD has it.
export RUSTFLAGS="-C target-feature=-crt-static -L $dir/lib -L $pam/libpam/.libs"
export CC="$dir/cc" HOST_CC=cc CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER="$dir/cc" CARGO_TARGET_DIR="$dir/target"
(cd "$top" && cargo build --quiet --locked --release --target "$target" -p pam_apppw -p apppwd -p apppw)
release=$dir/target/$target/release
cp "$release/libpam_apppw.so" "$dir/pam_apppw.so"
musl-gcc -O1 -Wall -Werror -I"$pam/libpam/include" -o "$dir/host" "$top/tests/packages/musl-host.c" -L"$pam/libpam/.libs" -lpam

needed() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort | tr '\n' ' '; }
[ "$(needed "$dir/pam_apppw.so")" = "libc.so libpam.so.0 " ] || die "the module needs $(needed "$dir/pam_apppw.so")"
exported=$(nm -D --defined-only "$dir/pam_apppw.so" | awk '{ print $3 }' | tr '\n' ' ')
[ "$exported" = "pam_sm_acct_mgmt pam_sm_authenticate pam_sm_chauthtok pam_sm_close_session pam_sm_open_session pam_sm_setcred " ] ||
    die "the module exports $exported"

# As packaging/openrc/apppwd.initd has it: the daemon's own uid opens the sockets, and the PAM lines name it.
uid=61111
run=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$run" "${apt:-}"' EXIT
chmod 755 "$run"
install -d -m 0700 -o $uid -g $uid "$run/state" "$run/key"
install -d -m 0755 -o $uid -g $uid "$run/sockets"
mkdir "$run/pam.d"
cat >"$run/apppwd.toml" <<END
state_dir = "$run/state"
key_dir = "$run/key"
auth_socket = "$run/sockets/auth.sock"
admin_socket = "$run/sockets/admin.sock"
END
chmod 644 "$run/apppwd.toml"
stack() { sed "s|pam_apppw.so|$dir/pam_apppw.so socket=$run/sockets/auth.sock $1|" "$top/packaging/pam/app-passwords-only"; }
stack "server_uid=$uid" >"$run/pam.d/imap"
stack "" >"$run/pam.d/pop3"

start() {
    setpriv --reuid=$uid --regid=$uid --clear-groups "$release/apppwd" --config "$run/apppwd.toml" >"$run/log" 2>&1 &
    daemon=$!
    for _ in $(seq 100); do [ -S "$run/sockets/admin.sock" ] && apppw status >/dev/null 2>&1 && return; sleep 0.1; done
    cat "$run/log" >&2
    die "apppwd doesn't start"
}
apppw() { "$release/apppw" --socket "$run/sockets/admin.sock" "$@"; }
# login SERVICE PASSWORD EXPECTED: what libpam says of authentication and account
login() {
    said=$(printf '%s\n' "$2" | LD_LIBRARY_PATH="$pam/libpam/.libs" "$dir/host" alice@example.org "$1" "$run/pam.d")
    [ "$said" = "$3" ] || { cat "$run/log" >&2; die "$4: libpam says $said, not $3"; }
    step "ok: $4 ($said)"
}

start
secret=$(apppw create alice@example.org laptop)
# PAM_SUCCESS 0, PAM_AUTH_ERR 7, PAM_AUTHINFO_UNAVAIL 9, PAM_USER_UNKNOWN 10
login imap "$secret" "0 0" "an app password opens imap"
login imap "aaaa-aaaa-aaaa-aaaa" "7 10" "another one doesn't"
login imap "the primary password" "7 10" "nor does a primary password"
login pop3 "$secret" "9 10" "a line without server_uid= refuses, for root doesn't listen"
apppw revoke --user alice@example.org --all --yes >/dev/null
login imap "$secret" "7 10" "once revoked it doesn't any more"
kill "$daemon"
wait "$daemon" || :
daemon=
login imap "$secret" "9 10" "without the daemon it is unavailable"
echo "musl.sh: 6 passed, 0 failed"
