#!/usr/bin/env bash
# What is installed works from where it was installed: a program of Microsoft's API is compiled with what pkg-config says of it, the daemon takes a
# socket over, tells its manager that it is ready and lets nobody in but whom it may, the manuals tell of each option, and the README's words do.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
tool_or_fail
service_or_fail
need cmake pkg-config cc jq
scratch
chmod 711 "$RIG_SCRATCH" # another user tries what is installed, too
PREFIX=$RIG_SCRATCH/usr
NOBODY=65534
skipped=0

# left_out REASON
left_out()
{
    skipped=$((skipped + 1))
    say "skipped: $1"
}

say "installation"
cmake --install "$RIG_BUILD/release" --prefix "$PREFIX" >"$RIG_SCRATCH/install.log" 2>&1 || {
    tail -n 20 "$RIG_SCRATCH/install.log"
    complain "cmake --install failed"
    exit 1
}
ISCSICLI=$PREFIX/bin/iscsicli
ISCSIRIGD=$PREFIX/bin/iscsirigd
for file in bin/iscsirig include/iscsidsc/{iscsidsc,iscsierr,windows,winerror}.h lib/libiscsidsc.so.1 lib/pkgconfig/iscsidsc.pc \
    lib/systemd/system/iscsirigd.{service,socket} share/man/man1/{iscsirig,iscsirig-run,iscsirig-wmi,iscsicli}.1 share/man/man{5/iscsirig-scenario.5,7/iscsirig.7,8/iscsirigd.8} \
    share/bash-completion/completions/iscsicli share/zsh/site-functions/_iscsicli share/fish/vendor_completions.d/iscsicli.fish \
    share/iscsirig/scenarios/FORMAT.md share/iscsirig/docs/requirements.tsv share/iscsirig/peers/{tgtd.peer,kernel-vm.sh,FORMAT.md} \
    share/iscsirig/campaign/{campaign.sh,slurm.sh,kubernetes.yaml}; do
    check "there is $file" test -s "$PREFIX/$file"
done
check "the unit starts what was installed" grep -q "^ExecStart=$PREFIX/bin/iscsirigd --store " "$PREFIX/lib/systemd/system/iscsirigd.service"
if command -v systemd-analyze >/dev/null; then
    check "systemd takes the units" systemd-analyze verify --man=no "$PREFIX/lib/systemd/system/iscsirigd."{service,socket}
else
    left_out "no systemd-analyze here looks at the units"
fi

# ---- manuals ----

# options_of: the long options in a text, each once
options_of()
{
    grep -oE -- '(^|[^a-z-])--[a-z]+(-[a-z]+)*' | grep -oE -- '--.*' | sort -u
}

# page FILE: the source of a manual page, its hyphens as they are shown
page()
{
    sed 's/\\-/-/g' "$PREFIX/share/man/$1"
}

same_options()
{
    diff <("$ISCSIRIGD" --help | options_of) <(page man8/iscsirigd.8 | sed -n '/^\.SH OPTIONS/,/^\.SH VALUES/p' | options_of)
}

check "the manual of iscsirigd has its options" same_options
if command -v man >/dev/null; then
    for manual in man1/iscsicli.1 man8/iscsirigd.8; do
        check "man reads $manual" bash -c "man --warnings -l '$PREFIX/share/man/$manual' 2>&1 >/dev/null | { ! grep .; }"
    done
else
    left_out "no man here reads the manuals"
fi

# ---- Microsoft's API ----

# compiled SET [FLAG…]: a program against nothing but what is installed; it runs
compiled()
{
    local flags program=$RIG_SCRATCH/favourite.$1
    flags=$(PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig pkg-config --cflags --libs iscsidsc) || return
    # shellcheck disable=SC2086 # words of a compiler
    (cd "$RIG_SCRATCH" && cc -Wall -Werror "${@:2}" -o "$program" "$RIG_TOP/initiator/tests/windows/favourite.c" $flags) &&
        LD_LIBRARY_PATH=$PREFIX/lib ISCSIRIG_SOCKET=embedded:$RIG_SCRATCH/store.$1 timeout -k 2 20 "$program"
}
check "a program is compiled and runs" compiled narrow
check "so does a Unicode one" compiled wide -DUNICODE -fshort-wchar
check "pkg-config knows the version" test "$(PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig pkg-config --modversion iscsidsc)" = \
    "$("$ISCSIRIGD" --version | cut -d' ' -f2)"

# ---- what the daemon is told ----

# refused WORDS OPTION…: status 2 and the words in one line, before there is a store or a socket
refused()
{
    timeout -k 2 10 "$ISCSIRIGD" --store "$RIG_SCRATCH/none/store" --socket "$RIG_SCRATCH/none.socket" "${@:2}" >"$RIG_SCRATCH/said" 2>&1
    [ $? -eq 2 ] && [ "$(wc -l <"$RIG_SCRATCH/said")" -eq 1 ] && grep -qF -- "$1" "$RIG_SCRATCH/said" && [ ! -e "$RIG_SCRATCH/none.socket" ]
}

while IFS='|' read -r words option value; do
    check "$option $value is refused" refused "$words" "$option" ${value:+"$value"}
done <<'ROWS'
"word": only options are known|word|
"hard" is not hardware, quirk=ROW|--adapter|x,hard
"quirk=odd" is not hardware, quirk=ROW|--adapter|x,quirk=odd
"port=192.0.2.1/33" is not hardware|--adapter|x,port=192.0.2.1/33
no such user|--allow|nobody.of.that.name
did you mean TUNNEL|--security|VALID+TUNEL
a port is a number from 1 to 65535|--radius-port|65536
did you mean login-attempts|--set|login-attemps=1
login-attempts is a number|--set|login-attempts=none
cannot|--quiet|
ROWS
check "an unknown option is told with all there are" bash -c "'$ISCSIRIGD' --bogus 2>&1 | grep -qF -- '--ready-file PATH'"
check "a folder is no socket" bash -c "! timeout 10 '$ISCSIRIGD' --store '' --socket '$RIG_SCRATCH' >'$RIG_SCRATCH/said' 2>&1 && grep -q 'no socket' '$RIG_SCRATCH/said'"

start_service told --adapter 'hba0,hardware,quirk=one-connection,port=127.0.0.1/8' --adapter soft --host-name Some.Host --set no-security-change=yes \
    --security VALID || exit 1
check "the adapters are those" told "$(printf 'Initiators                      2\n  hba0\n  soft')" ListInitiators
check "the node name has the host's" told "iqn.2026-09.io.github.iscsirig:some.host" NodeName
check "a policy forbids secrets" fails 1 "restricted-by-group-policy" CHAPSecret twelve.bytes
check "another service on the socket is refused" bash -c "! timeout 10 '$ISCSIRIGD' --store '' --socket '$SERVICE/socket' >'$SERVICE/said' 2>&1 &&
    grep -q 'a service answers there already' '$SERVICE/said'"
check "and so is one on the store" bash -c "! timeout 10 '$ISCSIRIGD' --store '$SERVICE/store' --socket '$SERVICE/other' >'$SERVICE/said' 2>&1 &&
    grep -qE '(in use|other|another)' '$SERVICE/said'"
check "it ends" stop_service

# ---- who may connect ----

# as_nobody STATUS WORDS: another user asks, and gets that
as_nobody()
{
    setpriv --reuid=$NOBODY --regid=$NOBODY --clear-groups timeout -k 2 10 "$ISCSICLI" --socket "$SERVICE/socket" ListInitiators \
        >"$RIG_SCRATCH/said" 2>&1 </dev/null
    [ $? -eq "$1" ] && grep -qF -- "$2" "$RIG_SCRATCH/said"
}

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    start_service strangers || exit 1
    chmod 711 "$SERVICE"
    check "another user is not served" as_nobody 1 service-not-running
    check "the log says who it was" grep -q "user $NOBODY may not use the service" "$SERVICE/log"
    check "the service goes on" told "Initiators                      1" ListInitiators
    check "it ends in order" stop_service
    start_service strangers --allow "$NOBODY" || exit 1
    check "a user who is allowed is served" as_nobody 0 "Initiators                      1"
    check "that one ends in order" stop_service
else
    left_out "only root can try another user"
fi

# ---- as systemd starts it ----

# activated: a socket with nobody behind it until somebody connects, and a manager that is told; the store is that of the life before
activated()
{
    rm -f -- "$SERVICE/notified"
    systemd-socket-activate --datagram -l "$SERVICE/manager" bash -c "exec head -c 7 <&3 >'$SERVICE/notified'" 2>/dev/null &
    MANAGER_PID=$!
    NOTIFY_SOCKET=$SERVICE/manager systemd-socket-activate -E NOTIFY_SOCKET -l "$SERVICE/socket" "$ISCSIRIGD" --store "$SERVICE/store" \
        >>"$SERVICE/log" 2>&1 &
    SERVICE_PID=$!
    started "$SERVICE_PID" "$MANAGER_PID"
    wait_for 10 "$SERVICE_PID" test -S "$SERVICE/socket" && wait_for 10 "$MANAGER_PID" test -S "$SERVICE/manager"
}

if command -v systemd-socket-activate >/dev/null; then
    SERVICE=$RIG_SCRATCH/activated
    mkdir "$SERVICE"
    check "a manager listens" activated
    check "nothing runs before a client comes" test ! -e "$SERVICE/store"
    check "the first client starts it" told "done" AddTarget iqn.2026-01.example.ci:kept '*' 127.0.0.1 3260 '*' T '*' '*' '*' '*' '*' '*' '*' '*' '*' 0
    check "the manager is told" wait_for 10 "$SERVICE_PID" grep -qx READY=1 "$SERVICE/notified"
    check "it ends by its signal" stop_service
    check "the socket is the manager's" test -S "$SERVICE/socket"
    rm -f -- "$SERVICE/socket" "$SERVICE/manager"
    check "a manager listens again" activated
    check "what was kept is there" told iqn.2026-01.example.ci:kept ListTargets
    check "it ends by its signal again" stop_service
else
    left_out "no systemd-socket-activate here hands a socket over"
fi

# ---- the README ----

# words_of: the block of README.md that starts the service, with our target's address in place of one that is nobody's
words_of()
{
    # shellcheck disable=SC2016 # backquotes of the page
    sed -n '/^The initiator service keeps/,/^A program written/p' "$RIG_TOP/README.md" | sed -n '/^```/,/^```/p' | grep -v '^```' |
        sed "s/192\.0\.2\.1/127.0.0.77/; s|/tmp/rig|$RIG_SCRATCH/rig|g"
}

# as_written: its last words show the session of the kept login, and the class of it
as_written()
{
    words_of >"$RIG_SCRATCH/readme.sh"
    grep -q 127.0.0.77 "$RIG_SCRATCH/readme.sh" || return
    PATH=$PREFIX/bin:$PATH timeout -k 2 60 bash -mec "trap 'kill \$(jobs -p) 2>/dev/null || true' EXIT; . '$RIG_SCRATCH/readme.sh'" >"$RIG_SCRATCH/readme.said" 2>&1
    local status=$?
    cat "$RIG_SCRATCH/readme.said"
    [ "$status" -eq 0 ] && grep -qF '"target":"iqn.2026-01.example.sim:disk"' "$RIG_SCRATCH/readme.said" &&
        grep -qF 'iqn.2026-01.example.sim:disk' <(sed -n '/"sessions"/,$p' "$RIG_SCRATCH/readme.said" | tail -n +2)
}

"$PREFIX/bin/iscsirig" target --listen 127.0.0.77:3260 --name iqn.2026-01.example.sim:disk --lun ram:1MiB --ready-file "$RIG_SCRATCH/readme.ready" \
    >"$RIG_SCRATCH/readme.log" 2>&1 &
PEER_PID=$!
started "$PEER_PID"
if wait_for 10 "$PEER_PID" test -s "$RIG_SCRATCH/readme.ready"; then
    check "what the README says of the service is so" as_written
    check "the log says in a line why nothing was secured" grep -qE \
        '^iscsirigd: security of 127\.0\.0\.77:3260(,[0-9]+)?: no-policy, no-reserved-bits, no-bitmap, ipsec-not-wanted$' "$RIG_SCRATCH/readme.said"
else
    left_out "TCP port 3260 is taken: $(tail -n 1 "$RIG_SCRATCH/readme.log")"
fi
tally "$checks_passed" "$checks_failed" "$skipped"
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
