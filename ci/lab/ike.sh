#!/usr/bin/env bash
# Our IKE and strongSwan's charon, in both roles: each of main and aggressive mode, with and without PFS, transport and tunnel, by SHA-256 and by
# SHA-1; what charon renews and deletes; what either refuses. charon runs in a network namespace of its own, its IPsec is ci/lab/ike/xfrm.c (a kernel
# with ESP is not needed, and no packet is protected), and the keys of every SA have to be the same in three places: what we say, what charon's log
# says, and what charon gives its kernel. Needs user namespaces, or root.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
PATH=$PATH:/usr/sbin:/sbin
HOST=$RIG_BUILD/release/ci/lab/ike/ike_host
XFRM=$RIG_BUILD/release/ci/lab/ike/libike_xfrm.so
OURS=10.77.0.1
THEIRS=10.77.0.2
KEY=key.of.both.ends
CHARON=

# find_charon: other systems than Debian have it elsewhere
find_charon()
{
    local path
    for path in /usr/lib/ipsec/charon /usr/libexec/ipsec/charon /usr/libexec/strongswan/charon /usr/lib/strongswan/charon; do
        [ ! -x "$path" ] || CHARON=$path
    done
    [ -n "$CHARON" ] && command -v swanctl >/dev/null || skip "no charon with swanctl here; ci/setup.sh installs them"
}

# go_inside: the rest runs in namespaces for network and mounts
go_inside()
{
    local way
    for way in -Urnm -nm; do
        ! unshare "$way" true 2>/dev/null || IKE_LAB_INSIDE=1 exec unshare "$way" bash "${BASH_SOURCE[0]}"
    done
    skip "neither user namespaces here nor root: charon needs a network of its own"
}

# ---- charon ----

daemon_config()
{
    cat <<TEXT
charon {
    load = random nonce aes sha1 sha2 hmac kdf gmp kernel-netlink socket-default vici
    install_routes = no
    retransmit_timeout = 0.5
    retransmit_tries = 2
    i_dont_care_about_security_and_use_aggressive_mode_psk = yes
    filelog {
        log {
            path = $RIG_SCRATCH/log
            default = 1
            ike = 2
            chd = 4
            flush_line = yes
        }
    }
    plugins {
        vici {
            socket = unix://$RIG_SCRATCH/vici
        }
    }
}
swanctl {
    load = random
}
TEXT
}

# two_networks: ours is this one, theirs that of INSIDE
two_networks()
{
    unshare -n sleep infinity &
    INSIDE=$!
    started "$INSIDE"
    wait_for 5 "$INSIDE" other_network "$INSIDE" || return
    ip link add us type veth peer name them && ip link set them netns "$INSIDE" && ip addr add "$OURS/24" dev us && ip link set us up || return
    nsenter -t "$INSIDE" -n sh -c "ip link set lo up && ip addr add $THEIRS/24 dev them && ip link set them up"
}

other_network()
{
    [ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# start_charon: a copy of it, which is not confined to the folders of the original
start_charon()
{
    daemon_config >"$RIG_SCRATCH/strongswan.conf"
    cp "$CHARON" "$RIG_SCRATCH/charon" || return
    LD_PRELOAD=$XFRM IKE_XFRM_LOG=$RIG_SCRATCH/installed nsenter -t "$INSIDE" -n "$RIG_SCRATCH/charon" >"$RIG_SCRATCH/charon.out" 2>&1 &
    CHARON_PID=$!
    started "$CHARON_PID"
    wait_for 10 "$CHARON_PID" swan --stats
}

# swan WORD…: swanctl
swan()
{
    local action=$1
    shift
    timeout -k 1 10 swanctl "$action" --uri "unix://$RIG_SCRATCH/vici" "$@" >"$RIG_SCRATCH/swanctl.out" 2>&1
}

# connection MODE PFS ENCAPSULATION SUITE KEY PORT-OF-OURS PORT-OF-THEIRS [LINE]: the one connection that charon knows
connection()
{
    local aggressive=no group=
    [ "$1" = main ] || aggressive=yes
    [ "$2" = 0 ] || group=-modp2048
    cat <<TEXT
connections {
    rig {
        version = 1
        aggressive = $aggressive
        local_addrs = $THEIRS
        remote_addrs = $OURS
        proposals = aes128-$4-modp2048
        local {
            auth = psk
            id = $THEIRS
        }
        remote {
            auth = psk
            id = $OURS
        }
        children {
            rig {
                mode = $3
                esp_proposals = aes128-$4$group
                local_ts = $THEIRS/32[tcp/$7]
                remote_ts = $OURS/32[tcp/$6]
                ${8:-}
            }
        }
    }
}
secrets {
    ike-rig {
        id = $OURS
        secret = "$5"
    }
}
TEXT
}

# theirs …: charon has that connection, and no SA
theirs()
{
    ! swan --list-sas || ! grep -q . "$RIG_SCRATCH/swanctl.out" || swan --terminate --ike rig --force
    rm -f -- "$RIG_SCRATCH/installed"
    LOG_BEGINS=$(wc -c <"$RIG_SCRATCH/log")
    (umask 077 && connection "$@" >"$RIG_SCRATCH/connection") && swan --load-all --clear --file "$RIG_SCRATCH/connection"
}

# theirs_listens, theirs_begins: the selectors of a connection by our initiator, and by charon's
theirs_listens()
{
    theirs "${@:1:5}" 40000 3260 "${6:-}"
}

theirs_begins()
{
    theirs "${@:1:5}" 3260 40000 "${6:-}"
}

# ---- ours ----

# ours MODE PFS ENCAPSULATION SUITE [OPTION…]: until it ends; its status
ours()
{
    local words=(--local "$OURS" --peer "$THEIRS" --seed "$TURN" --suite "$4")
    TURN=$((TURN + 1))
    [ "$1" = main ] || words+=(--aggressive)
    [ "$2" = 0 ] || words+=(--pfs)
    [ "$3" = transport ] || words+=(--tunnel)
    case " ${*:5} " in
    *" --key "*) ;;
    *) words+=(--key "$KEY") ;;
    esac
    "$HOST" "${words[@]}" "${@:5}" >"$RIG_SCRATCH/ours" 2>&1
}

# ours_meanwhile …: the same beside what follows; OURS_PID
ours_meanwhile()
{
    : >"$RIG_SCRATCH/ours"
    ours "$@" &
    OURS_PID=$!
    TURN=$((TURN + 1))
}

# said WORDS [TIMES]: our host has printed them so often
said()
{
    [ "$(grep -c -- "$1" "$RIG_SCRATCH/ours")" -ge "${2:-1}" ]
}

# comes WORDS [TIMES]: it will soon
comes()
{
    wait_for 5 "$OURS_PID" said "$@"
}

# ---- whether both have the same ----

our_keys()
{
    awk -F '"' '/^esp / { print $8, $12, $16 }' "$RIG_SCRATCH/ours" | sort
}

installed_keys()
{
    cut -d ' ' -f 1,3,4 "$RIG_SCRATCH/installed" | sort
}

# logged_keys: of each quick mode the seeds, which with PFS begin with 256 octets of group 14, then one of the protocol and the SPI, and the keys, all
# as dumps
logged_keys()
{
    tail -c +"$((LOG_BEGINS + 1))" "$RIG_SCRATCH/log" | awk '
        / SA seed => / { what = $2 " spi"; left = $6; text[what] = ""; next }
        / (encryption|integrity) (initiator|responder) key => / { what = $3 " " $2; left = $6; text[what] = ""; next }
        left > 0 && $2 ~ /^[0-9]+:$/ {
            for (i = 3; i <= 18 && left > 0; i++) { text[what] = text[what] tolower($i); left-- }
            if (left == 0 && what == "responder integrity") { end("initiator"); end("responder") }
        }
        function end(role,   seed) {
            seed = text[role " spi"]
            printf "0x%s 0x%s 0x%s\n", substr(seed, (length(seed) > 512 ? 512 : 0) + 3, 8), text[role " encryption"], text[role " integrity"]
        }' | sort
}

# same_keys PAIRS ENCAPSULATION: of so many pairs of SAs, in all three places; charon has installed them as that
same_keys()
{
    our_keys >"$RIG_SCRATCH/keys.ours"
    installed_keys >"$RIG_SCRATCH/keys.installed"
    logged_keys >"$RIG_SCRATCH/keys.logged"
    [ "$(wc -l <"$RIG_SCRATCH/keys.ours")" -eq $((2 * $1)) ] || { say "not $1 pairs of SAs" && return 1; }
    cmp "$RIG_SCRATCH/keys.ours" "$RIG_SCRATCH/keys.installed" && cmp "$RIG_SCRATCH/keys.ours" "$RIG_SCRATCH/keys.logged" || return
    [ "$(cut -d ' ' -f 2 "$RIG_SCRATCH/installed" | sort -u)" = "$2" ] || { say "charon has not installed $2" && return 1; }
}

# both_have PAIRS MODE PFS ENCAPSULATION
both_have()
{
    said "^ike-up $2 " && said "^ipsec-up [a-z]* pfs=$3 $4 " "$1" && same_keys "$1" "$4" && return
    cat "$RIG_SCRATCH/ours"
    grep -v '^opening directory' "$RIG_SCRATCH/swanctl.out"
    tail -c +"$((LOG_BEGINS + 1))" "$RIG_SCRATCH/log" | grep -v '\[CHD\]' | tail -n 30
    return 1
}

# ---- cases ----

we_begin()
{
    theirs_listens "${@:1:4}" "$KEY" "${5:-}" && ours "${@:1:4}"
    both_have 1 "${@:1:3}"
}

charon_begins()
{
    theirs_begins "${@:1:4}" "$KEY" "${5:-}" || return
    ours_meanwhile "${@:1:4}" --responder --strict
    comes '^ready' && swan --initiate --child rig --timeout 4
    wait "$OURS_PID"
    both_have 1 "${@:1:3}"
}

# beside PAIRS WE-BEGIN COMMAND…: main mode in transport mode with PFS, and behind the first pair of SAs the command; then there are so many
beside()
{
    local pairs=$1 begins=$2 words=(main 1 transport sha256)
    shift 2
    if [ "$begins" = we ]; then
        theirs_listens "${words[@]}" "$KEY" && ours_meanwhile "${words[@]}" --installs "$pairs"
    else
        theirs_begins "${words[@]}" "$KEY" && ours_meanwhile "${words[@]}" --installs "$pairs" --responder --strict
        comes '^ready' && swan --initiate --child rig --timeout 4
    fi
    comes '^ipsec-up' && wait_for 5 "$OURS_PID" both_have 1 main 1 transport && "$@"
    wait "$OURS_PID"
    both_have "$pairs" main 1 transport
}

# refused THEIRS… -- OURS…: sets THERE and HERE
refused()
{
    THERE=()
    while [ "$1" != -- ]; do
        THERE+=("$1")
        shift
    done
    HERE=("${@:2}")
}

# charon_refuses WORDS THEIRS… -- OURS…: what we begin comes to nothing, and says why
charon_refuses()
{
    refused "${@:2}"
    theirs_listens "${THERE[@]}" || return
    ! ours "${HERE[@]}" && said "^ipsec-failed .*$1" && said '^connection failed' && [ ! -s "$RIG_SCRATCH/installed" ] && return
    cat "$RIG_SCRATCH/ours"
    return 1
}

# never_up THEIRS… -- OURS…: neither end can read the other; we would say so when nobody has answered for long enough
never_up()
{
    refused "$@"
    theirs_listens "${THERE[@]}" || return
    ! ours "${HERE[@]}" --seconds 1 && ! said '^ike-up' && [ ! -s "$RIG_SCRATCH/installed" ] && said_by_charon 'could not decrypt'
}

said_by_charon()
{
    tail -c +"$((LOG_BEGINS + 1))" "$RIG_SCRATCH/log" | grep -q -- "$1"
}

# we_refuse WORDS THEIRS… -- OURS…: what charon begins comes to nothing, and we say why
we_refuse()
{
    refused "${@:2}"
    theirs_begins "${THERE[@]}" || return
    ours_meanwhile "${HERE[@]}" --responder --strict
    comes '^ready' && swan --initiate --child rig --timeout 1
    wait "$OURS_PID"
    said "^ipsec-refused .*$1" && ! said '^ipsec-up' && [ ! -s "$RIG_SCRATCH/installed" ] && return
    cat "$RIG_SCRATCH/ours"
    return 1
}

each_combination()
{
    local suite mode pfs encapsulation words
    for suite in sha256 sha1; do
        for mode in main aggressive; do
            for pfs in 0 1; do
                for encapsulation in transport tunnel; do
                    words="$mode, pfs=$pfs, $encapsulation, $suite"
                    check "we begin: $words" we_begin "$mode" "$pfs" "$encapsulation" "$suite"
                    check "charon begins: $words" charon_begins "$mode" "$pfs" "$encapsulation" "$suite"
                done
            done
        done
    done
}

# Beyond that, a proposal of several, and lives in kilobytes, which stand beside those in seconds (RFC 2407 section 4.5).
what_is_offered()
{
    local words=(main 1 tunnel)
    check "we offer both suites, charon takes the second" offer_both
    check "charon offers others first" charon_begins main 0 transport sha256 "esp_proposals = aes256-sha512,aes192-sha1,aes128-sha256"
    check "charon offers lives in kilobytes too" charon_begins "${words[@]}" sha256 "life_bytes = 1000000000"
    check "charon offers no lives" charon_begins "${words[@]}" sha256 "life_time = 0"
    check "charon has lives in kilobytes for what we offer" we_begin "${words[@]}" sha256 "life_bytes = 1000000000"
}

offer_both()
{
    theirs_listens main 1 transport sha1 "$KEY" && ours main 1 transport both
    both_have 1 main 1 transport
}

what_changes()
{
    check "charon renews what we began" beside 2 we swan --rekey --child rig
    check "charon renews what it began" beside 2 charon swan --rekey --child rig
    check "charon deletes the SAs, we begin anew" beside 2 we swan --terminate --child rig
    check "charon deletes the ISAKMP SA, too, we begin anew" beside 2 we swan --terminate --ike rig
    check "charon makes the ISAKMP SA anew, and renews by that" beside 2 charon new_isakmp
    check "we renew before a life ends" renew
}

new_isakmp()
{
    swan --rekey --ike rig && comes '^ike-up' 2 && swan --rekey --child rig
}

renew()
{
    theirs_listens main 1 transport sha256 "$KEY" && ours main 1 transport sha256 --life 1 --installs 2
    both_have 2 main 1 transport
}

what_is_refused()
{
    local none='NO-PROPOSAL-CHOSEN'
    check "PFS is wanted by charon, not offered" charon_refuses "$none" main 1 transport sha256 "$KEY" -- main 0 transport sha256
    check "PFS is offered, not taken by charon" charon_refuses "$none" main 0 transport sha256 "$KEY" -- main 1 transport sha256
    check "charon takes main mode only" charon_refuses 'the peer says' main 0 transport sha256 "$KEY" -- aggressive 0 transport sha256
    check "charon takes aggressive mode only" charon_refuses 'the peer says' aggressive 0 transport sha256 "$KEY" -- main 0 transport sha256
    check "charon takes SHA-1 only" charon_refuses "$none" main 0 transport sha1 "$KEY" -- main 0 transport sha256
    check "another key, main mode" never_up main 0 transport sha256 another -- main 0 transport sha256
    check "another key, aggressive mode" charon_refuses HASH aggressive 0 transport sha256 another -- aggressive 0 transport sha256
    check "PFS is wanted by us, not offered" we_refuse 'none of' main 0 transport sha256 "$KEY" -- main 1 transport sha256
    check "PFS is offered, not taken by us" we_refuse 'none of' main 1 transport sha256 "$KEY" -- main 0 transport sha256
    check "tunnel mode is offered, not taken by us" we_refuse 'none of' main 0 tunnel sha256 "$KEY" -- main 0 transport sha256
    check "charon begins with another key, main mode" we_refuse . main 0 transport sha256 another -- main 0 transport sha256
}

find_charon
[ -x "$HOST" ] && [ -e "$XFRM" ] || die "no ${HOST#"$RIG_TOP"/}: the release build did not make it (ci/test.sh build-gcc shows why)"
need unshare nsenter ip
[ -n "${IKE_LAB_INSIDE:-}" ] || go_inside
scratch
SERVICE=$RIG_SCRATCH
TURN=1
export STRONGSWAN_CONF=$RIG_SCRATCH/strongswan.conf
mount -t tmpfs none /run && ip link set lo up || die "the namespaces cannot be furnished"
two_networks || die "no second network"
start_charon || {
    cat "$RIG_SCRATCH/charon.out"
    die "charon did not come up"
}
say "$("$CHARON" --version 2>&1 | head -n 1)"
each_combination
what_is_offered
what_changes
what_is_refused
tally "$checks_passed" "$checks_failed" 0
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
