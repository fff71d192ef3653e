# Ends what runs in the state directory $1, by the signal $2, once the owner of our
# standard input is gone, however it went: a closed pipe cannot be forgotten,
# unlike a destructor. The line "keep" lets it live on instead.
trap '' HUP INT TERM
state=$1 signal=$2
if read -r order && [ "$order" = keep ]; then exit 0; fi

# True as long as the pid is still the process that was recorded: the fields
# after the command's name in proc_pid_stat(5) start with the state, and the
# start time is the 20th.
lives() {
    pid=$1 started=$2
    stat=$(cat "/proc/$pid/stat" 2>/dev/null) || return 1
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "${20}" = "$started" ]
}

# The data goes with it, so there is nothing to end gracefully. Each component
# leads a process group of its own.
for record in "$state"/run/processes/*; do
    [ -f "$record" ] || continue
    read -r pid started <"$record"
    lives "$pid" "$started" && kill -s "$signal" -- "-$pid"
done
for record in "$state"/run/processes/*; do
    [ -f "$record" ] || continue
    read -r pid started <"$record"
    patience=200
    while lives "$pid" "$started"; do
        [ $((patience -= 1)) -gt 0 ] || { echo "process $pid does not end" >&2; exit 1; }
        sleep 0.05
    done
done

# A node's link (node/namespaces.rs), as long as it is the one that was signed.
if read -r link owner 2>/dev/null <"$state/run/link" &&
    [ "$(cat "/sys/class/net/$link/ifalias" 2>/dev/null)" = "$owner" ]; then
    ip link delete "$link"
fi

# A node's control groups (node/cgroups.rs): beneath the root with version 2, beneath each hierarchy with version 1.
if read -r name 2>/dev/null <"$state/run/cgroup" && [ -n "$name" ]; then
    for group in "/sys/fs/cgroup/$name" /sys/fs/cgroup/*/"$name"; do
        [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} \;
    done
fi

# `run` may be a link to a folder in memory; the logs stay.
rm -rf -- "$(readlink -f "$state/run")" "$state/run"
