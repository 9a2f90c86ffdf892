# An apt of its own, to be sourced: downloads with the machine's mirrors and keyrings, and touches nothing of the
# machine's. The caller has `die`, and removes the folder $apt.
#
#   own_apt OWN WANTED ID    for packages of release WANTED (sources.sh); then `run_apt update`, `run_apt download NAME` ...

# The folder: in /tmp, where user _apt can reach it, as whom apt downloads.
apt=$(mktemp -d)

own_apt() {
    chmod 711 "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"        # "nothing is installed": so apt resolves the whole closure
    sh "$here/sources.sh" "$1" "$2" "$3" >"$apt/sources.list" || die "can't tell the $3 archive by the machine's apt sources" 3
    [ -s "$apt/sources.list" ] || die "found no $3 archive for $1 in the machine's apt sources" 3
    # Read after the machine's apt.conf.d (proxies live there), and taking out of it what would act on the machine.
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
}

run_apt() { apt-get -c="$apt/apt.conf" -qq "$@" >"$apt/log" 2>&1 || { cat "$apt/log" >&2; die "apt-get $1 failed" "${apt_fails:-1}"; }; }
