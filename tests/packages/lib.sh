# shellcheck shell=sh disable=SC2016,SC2034
# For the scenarios, to be sourced: steps with their results, and a Debian of their own to spoil.
#
# A scenario is run by run.sh in namespaces of its own (mounts, processes, network): `sh SCENARIO TREE PACKAGES PROGRAMS`.
set -u
export LC_ALL=C.UTF-8
tree=$1 packages=$2 programs=$3
here=$(cd "$(dirname "$0")" && pwd)
packaging=$here/../../packaging
release=$(basename "$tree")
scenario=$(basename "$0" .sh)
failed=0

# The tree itself is never written to.
work=$tree/mnt
mount -t tmpfs -o mode=755 tmpfs "$work"
root=$work/root

# step NAME FUNCTION [ARG...]: the function in a shell of its own, with -e. What it says is shown if it fails.
step() {
    name=$1
    shift
    # Not in a condition: there -e would mean nothing.
    (set -eu && "$@") >"$work/said" 2>&1
    status=$?
    if [ "$status" -eq 0 ]; then
        printf 'ok      %s %s: %s\n' "$release" "$scenario" "$name"
        return
    fi
    printf 'FAILED  %s %s: %s\n' "$release" "$scenario" "$name"
    sed 's/^/        | /' "$work/said"
    failed=$((failed + 1))
}

# As the last line of a scenario.
end() {
    halt
    [ "$failed" -eq 0 ]
    exit
}

die() { echo "$1" >&2; exit 1; }

# fresh: a root as if just installed, with our programs in /run/tests and our packages in /run/packages.
fresh() {
    umount -R "$root" 2>/dev/null
    rm -rf "$work/upper" "$work/overlay"
    mkdir -p "$root" "$work/upper" "$work/overlay"
    mount -t overlay -o "lowerdir=$tree,upperdir=$work/upper,workdir=$work/overlay" overlay "$root" || die "no overlay"
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for node in null zero full random urandom; do
        : >"$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    ln -s /proc/self/fd "$root/dev/fd"
    mkdir "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    mkdir -m 1777 "$root/dev/shm" "$root/run/lock"
    mkdir "$root/run/tests" "$root/run/packages"
    cp "$packages"/*.deb "$root/run/packages/"
    for program in activator pam-login; do cp "$programs/$program" "$root/run/tests/"; done
}

# inside COMMAND...: in the fresh root, also once systemd has been booted in it.
first=
inside() {
    set -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "$@"
    if [ -n "$first" ]; then
        nsenter --target "$first" --mount --pid --cgroup --root sh -c 'cd / && exec "$@"' sh "$@"
    else
        chroot "$root" "$@"
    fi
}

# boot: the distribution's own systemd as process 1 of the fresh root, with cgroups of its own. Fails where the machine doesn't let it.
boot() {
    groups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    [ -n "$groups" ] && groups=$(mktemp -d "$groups/apppw-test.XXXXXX") || return 1
    mount -t sysfs -o ro sysfs "$root/sys"
    sh -c 'echo 0 >"$1/cgroup.procs" && exec unshare --cgroup --mount --pid --fork --kill-child --propagation private sh -ec "
        cd \"\$1\"
        mount -t proc proc proc
        mount -t cgroup2 cgroup2 sys/fs/cgroup
        pivot_root . mnt
        umount -l /mnt
        exec env -i container=apppw-test PATH=/usr/sbin:/usr/bin /lib/systemd/systemd --unit=multi-user.target --log-target=console" sh "$2"' \
        sh "$groups" "$root" >"$work/systemd" 2>&1 </dev/null &
    unshared=$!
    for _ in $(seq 300); do
        first=$(pgrep -P "$unshared") && state=$(inside systemctl is-system-running 2>/dev/null)
        case ${state:-} in
        running | degraded) return 0 ;;
        esac
        kill -0 "$unshared" 2>/dev/null || break
        sleep 0.2
    done
    halt
    return 1
}

# halt: ends it, and all that runs in it.
halt() {
    [ -z "$first" ] || kill -KILL "$first" 2>/dev/null
    [ -z "${unshared:-}" ] || wait "$unshared" 2>/dev/null
    first=
    [ -z "${groups:-}" ] || find "$groups" -depth -type d -exec rmdir {} + 2>/dev/null
}

# end_all NAME...: kills what is left of these, in this scenario's own process namespace.
end_all() {
    for name_of_process; do
        while pids=$(pgrep -x "$name_of_process"); do
            # shellcheck disable=SC2086 # several numbers
            kill -KILL $pids 2>/dev/null || true
            sleep 0.05
        done
    done
}

# As a person does it; offline.
apt() { inside apt-get --yes -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "$@"; }
# shellcheck disable=SC2046 # one word each
install_both() { apt install $(cd "$root" && find run/packages -name "*.deb" -printf "/%p\n"); }

# as_if_systemd: maintainer scripts and the recipe find a systemd, which the activator and a small systemctl play.
as_if_systemd() {
    mkdir -p "$root/run/systemd/system"
    cp "$root/usr/bin/systemctl" "$root/run/tests/systemctl"
    cp "$here/systemctl" "$root/run/tests/acted-systemctl"
    chmod 755 "$root/run/tests/acted-systemctl"
    mount --bind "$root/run/tests/acted-systemctl" "$root/usr/bin/systemctl"
    activate
}

# activate: who plays systemd for our units alone.
activate() {
    inside /run/tests/activator /run/apppwd.log </dev/null >"$work/activator" 2>&1 &
    until [ -S "$root/run/activator.control" ]; do sleep 0.05; done
}
ask() { inside /run/tests/activator --ask "$@"; }

# stack NAME SERVICE: one of the packaged stacks, for a service.
stack() { cp "$root/usr/share/doc/libpam-apppw/examples/pam/$1" "$root/etc/pam.d/$2"; }

# login SERVICE USER < SECRET: says the codes.
login() { inside /run/tests/pam-login "$1" "$2"; }
refused() {
    if said=$(login "$1" "$2"); then die "LOGGED IN: $1 $2: $said"; fi
    echo "$1 $2: $said"
}

# higher DIR: the same packages with a higher version.
higher() {
    mkdir -p "$1"
    for deb in "$packages"/*.deb; do
        rm -rf "$work/deb"
        dpkg-deb -R "$deb" "$work/deb"
        sed -i 's/^Version: .*/&+later1/' "$work/deb/DEBIAN/control"
        dpkg-deb --root-owner-group -Zxz -b "$work/deb" "$1/$(basename "$deb")" >/dev/null
    done
}
