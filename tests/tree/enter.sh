#!/bin/sh
# Run a command inside an unpacked tree (unpack.sh), in namespaces that leave nothing behind.
#
#   enter.sh [--bind HOST:INSIDE]... [--copy DIR]... TREE COMMAND [ARG...]
#
# Private: mounts and process ids. Shared with the machine: the network (tests talk to 127.0.0.1), the clock, the
# users' ids. The tree itself is never written to: it is the lower layer of an overlay whose upper layer is a tmpfs.
#   --bind   a file or directory of the host, writable, at INSIDE (made if missing): sockets, logs, the built module
#   --copy   the contents of DIR over the root: configuration of one test
#
# Standard input is the life line: when it ends (the caller closed it, or died in any way), everything inside is
# killed by the kernel together with process 1 of the namespace, and the mounts go with the last process. With a
# terminal as standard input there is no life line and the command gets the terminal: enter.sh TREE bash.
#
# As root: the servers run as on a real machine, each under its own user. As any other user ("rootless", if the
# kernel lets users make user namespaces): one uid and gid only, shown inside as 5000 (vmail); no process can become
# another user, so Postfix and saslauthd don't run, and Dovecot needs the settings of servers/dovecot.rs.
set -eu
die() { echo "enter.sh: $1" >&2; exit "${2:-1}"; }

if [ "${1-}" != --inside ]; then
    set -- --mount --pid --fork --kill-child=KILL --propagation private -- sh "$0" --inside "$@"
    [ "$(id -u)" -eq 0 ] || set -- --user --map-root-user "$@"
    exec unshare "$@"
fi

# --- From here on: process 1 of the namespaces.
shift
[ "$$" -eq 1 ] || die "no new process id namespace"
rootless=
# Inside a user namespace made above, the only mapped id is 0 and stands for an ordinary user.
[ "$(awk '{ print $3; exit }' /proc/self/uid_map)" -ne 1 ] || rootless=yes

binds= copies=
newline='
'
while [ $# -gt 0 ]; do
    case $1 in
        --bind) binds="$binds$2$newline"; shift 2 ;;
        --copy) copies="$copies$2$newline"; shift 2 ;;
        --*) die "unknown option $1" 2 ;;
        *) break ;;
    esac
done
[ $# -ge 2 ] || die "usage: enter.sh [--bind HOST:INSIDE]... [--copy DIR]... TREE COMMAND [ARG...]" 2
tree=$(cd "$1" && pwd)
shift
[ -f "$tree/.apppw-tree" ] || die "$tree is not a tree of unpack.sh"

# The tmpfs hides the tree's empty /mnt, so no directory outside the tree is needed. Relative paths, because a comma
# or colon in the tree's path would end an overlay option.
cd "$tree"
mount -t tmpfs -o mode=755 tmpfs mnt
mkdir mnt/upper mnt/work mnt/root
options=lowerdir=.,upperdir=mnt/upper,workdir=mnt/work
[ -z "$rootless" ] || options=$options,userxattr
if ! mount -t overlay -o "$options" overlay mnt/root 2>mnt/why; then
    # No overlayfs here (an old kernel, or a container's own overlay below): 110 MB of memory instead.
    echo "enter.sh: no overlay ($(cat mnt/why)): copying the tree to memory" >&2
    for part in * .apppw-tree; do [ "$part" = mnt ] || cp -a "$part" mnt/root/; done
    mkdir -p mnt/root/mnt
fi
root=$tree/mnt/root

mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc" || die "no /proc"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"     # mknod is not for user namespaces, nor for many containers
done
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%%:*}" "$root/dev/${n#*:}"; done

# Word splitting at newlines only: paths may contain blanks.
IFS=$newline
set -f
for dir in $copies; do cp -R --preserve=mode "$dir/." "$root/"; done
for bind in $binds; do
    host=${bind%:*} inside=$root${bind##*:}
    if [ -d "$host" ]; then
        mkdir -p "$inside"
    else
        mkdir -p "$(dirname "$inside")"
        : >"$inside"
    fi
    mount --bind "$host" "$inside"
done
set +f
unset IFS

# Rootless: the ids of a second user namespace, because Dovecot refuses to serve mail as root.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
if [ -n "$rootless" ]; then
    set -- unshare --user --map-user=5000 --map-group=5000 --root="$root" --wd=/ -- "$@"
else
    set -- chroot "$root" "$@"
fi
cd /
if [ -t 0 ]; then
    "$@" && status=0 || status=$?
    exit $status
fi
trap 'exit 143' TERM            # process 1 takes no signal from inside that it has no handler for
exec 3<&0
"$@" </dev/null 3<&- &
main=$!
{ cat <&3 >/dev/null; kill -TERM 1; } &
exec 3<&-
wait "$main" && status=0 || status=$?
exit $status
