#!/usr/bin/env bash
# Live exchanges caught by tcpdump and read back by us and by tshark: tools of somebody else against our target, and our initiator against
# somebody else's target.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
need tcpdump iscsi-inq
tool_or_fail
scratch
passed=0
failed=0

# complete FILE SESSIONS [OTHERWISE]: so many logins were let in, and every one but the last has gone out again, but for so many that end
# otherwise: a peer that drops a connection, or a scenario that does
complete()
{
    "$RIG_TOOL" trace --fields --port "${PEER_PORTAL##*:}" "$1" | awk -F'\t' -v wanted="$2" -v otherwise="${3:-0}" '
        $3 == "LoginResp" && /\tT=1/ && /\tStatus=0/ && /\tNSG=3/ { in_++ }
        $3 == "LogoutResp" { out++ }
        END { exit !(in_ >= wanted && out >= in_ - 1 - otherwise) }'
}

# judge FILE SESSIONS [OTHERWISE]: waits until the capture is complete, ends it, and lets tshark read it. The kernel leaves checksums of loopback to the
# card that is not there, so only the PDUs are compared.
judge()
{
    local folder=$RIG_SCRATCH/${1##*/}.judged bad=0 p f
    wait_for 10 "$LISTENER" complete "$1" "$2" "${3:-0}" || {
        "$RIG_TOOL" trace "$1" | head -n 20
        complain "the capture does not show $2 sessions to their ends"
        bad=1
    }
    stop "$LISTENER"
    grep -E 'captured|dropped' "$LISTENER_LOG"
    "$RIG_TOOL" trace --fields "$1" | cut -f 3 | sort | uniq -c
    mkdir "$folder"
    mv "$1" "$folder"
    RIG_JUDGED=$folder/judged RIG_CHECKSUMS=FALSE RIG_PORTS=${PEER_PORTAL##*:} bash "$RIG_TOP/ci/judge/tshark-compare.sh" "$folder" || bad=1
    if [ -s "$folder/judged" ] && read -r p f <"$folder/judged"; then
        passed=$((passed + p)) failed=$((failed + f))
    fi
    [ "$bad" -eq 0 ] || [ "${f:-0}" -gt 0 ] || failed=$((failed + 1))
}

say "libiscsi's tools against our target"
start_chap_target || exit 1
export RIG_API_CHAP_PORTAL=$PEER_PORTAL RIG_API_CHAP_SECRET=$PEER_CHAP_SECRET RIG_API_CHAP_OWN=$PEER_CHAP_OWN
start_rig_target || exit 1
catch "$RIG_SCRATCH/tools.pcap" "${PEER_PORTAL##*:}"
timeout 20 iscsi-inq "$PEER_URL" >/dev/null || die "iscsi-inq failed"
suite=$RIG_BUILD/release/ci/libiscsi_api
RIG_API_PORTAL=$PEER_PORTAL RIG_API_TARGET=$PEER_IQN RIG_API_LUN=0 timeout 60 "$suite" >/dev/null 2>&1 || die "${suite##*/} failed"
timeout 20 iscsi-inq -e 1 -c 0 "$PEER_URL" >/dev/null || die "the last iscsi-inq failed"
judge "$RIG_SCRATCH/tools.pcap" 20
target_is_well || failed=$((failed + 1))

# ---- the same capture in every way it can be read ----

# same WORDS COMMAND…: it shows the PDUs that the plain file shows
same()
{
    local words=$1
    shift
    if "$@" 2>"$RIG_SCRATCH/complained" | cmp -s - "$RIG_SCRATCH/fields"; then
        passed=$((passed + 1))
    else
        complain "$words does not show what the file shows: $(head -n 1 "$RIG_SCRATCH/complained")"
        failed=$((failed + 1))
    fi
}

# holds WORDS COMMAND…: the command succeeds; the words say what is wrong when it does not
holds()
{
    local words=$1
    shift
    if "$@"; then passed=$((passed + 1)); else
        complain "$words"
        failed=$((failed + 1))
    fi
}

fields()
{
    "$RIG_TOOL" trace --fields --port "${PEER_PORTAL##*:}" "$@"
}

piped()
{
    dd if="$1" bs=10000 status=none | fields - # as tcpdump -w - gives it
}

# grown FILE: in three parts, the last two behind what has been read, until it is told to stop
grown()
{
    local file=$RIG_SCRATCH/growing size reader
    size=$(stat -c %s "$1")
    head -c $((size / 3)) "$1" >"$file"
    "$RIG_TOOL" trace --fields --port "${PEER_PORTAL##*:}" --follow "$file" >"$RIG_SCRATCH/grown" &
    reader=$!
    started "$reader"
    wait_for 10 "$reader" test -s "$RIG_SCRATCH/grown"
    head -c $((size * 2 / 3)) "$1" | tail -c +$((size / 3 + 1)) >>"$file"
    tail -c +$((size * 2 / 3 + 1)) "$1" >>"$file"
    wait_for 10 "$reader" cmp -s "$RIG_SCRATCH/grown" "$RIG_SCRATCH/fields"
    stop "$reader"
    cat "$RIG_SCRATCH/grown"
}

# a network of its own, in which a plain user may capture, too
live()
{
    # shellcheck disable=SC2016 # the inner shell expands it
    unshare -rn bash -c '
        ip link set lo up
        "$1" trace -i lo >"$2/live" 2>"$2/live.said" & reader=$!
        "$1" target --quiet --listen 127.0.0.1:3260 --name "$3" --lun ram:1MiB --ready-file "$2/live.ready" & target=$!
        for turn in $(seq 100); do
            sleep 0.1
            [ ! -s "$2/live.ready" ] || timeout 5 iscsi-inq "iscsi://127.0.0.1:3260/$3/0" >/dev/null 2>&1
            ! grep -q "^< LogoutResp" "$2/live" || break
        done
        kill -INT $reader; wait $reader; status=$?
        kill $target; wait $target
        exit $status' live "$RIG_TOOL" "$RIG_SCRATCH" "$PEER_IQN" >/dev/null 2>&1
}

say "one capture in every way it can be read"
capture=$RIG_SCRATCH/tools.pcap.judged/tools.pcap
fields "$capture" >"$RIG_SCRATCH/fields"
holds "the capture has no PDUs" test -s "$RIG_SCRATCH/fields"
gzip -c "$capture" >"$RIG_SCRATCH/x.gz"
same gzip fields "$RIG_SCRATCH/x.gz"
same "standard input" piped "$capture"
same "standard input in gzip" piped "$RIG_SCRATCH/x.gz"
same "a growing file" grown "$capture"
if command -v editcap >/dev/null; then
    editcap -F pcapng "$capture" "$RIG_SCRATCH/x.pcapng"
    same pcapng fields "$RIG_SCRATCH/x.pcapng"
fi
if command -v zstd >/dev/null; then
    zstd -q "$capture" -o "$RIG_SCRATCH/x.zst"
    same zstd fields "$RIG_SCRATCH/x.zst"
fi
if unshare -rn true 2>/dev/null; then
    holds "a live capture does not end well" live
    holds "its login was not seen" grep -q '^> Login' "$RIG_SCRATCH/live"
    holds "its logout was not seen" grep -q '^< LogoutResp' "$RIG_SCRATCH/live"
    holds "how it ended is not said" grep -qE '^# read [0-9]+ frames of interface lo, until it was stopped$' "$RIG_SCRATCH/live"
fi
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    cp "$RIG_TOOL" "$RIG_SCRATCH/tool" && chmod 755 "$RIG_SCRATCH" "$RIG_SCRATCH/tool"
    setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$RIG_SCRATCH/tool" lint -i lo >/dev/null 2>"$RIG_SCRATCH/refused"
    holds "a plain user is not refused" test $? -eq 2
    holds "nor told why" grep -q 'capturing on lo is not allowed: it takes root or CAP_NET_RAW' "$RIG_SCRATCH/refused"
fi

say "our initiator against tgt's daemon"
start_tgtd rdwr || exit 1
catch "$RIG_SCRATCH/tgtd.pcap" "${PEER_PORTAL##*:}"
# the whole disk, 128 MiB on the wire, is left to the stage before: tshark would read for minutes
mapfile -t files < <(cd "$RIG_TOP" && grep -L '^tags.* large' scenarios/live/*.scn)
RIG_TALLY='' play capture "${files[@]}" --target "$PEER_URL" --allow-writes --timeout 10 --peer-name "$PEER_VERSION" \
    --known-failures "$PEER_KNOWN" || failed=$((failed + 1))
judge "$RIG_SCRATCH/tgtd.pcap" 40 10 # tgt drops what it does not like (harness/peers/tgtd.peer), and some scenarios go without a word
stop_tgtd
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
