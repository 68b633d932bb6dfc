# shellcheck shell=bash
# Two hosts of the lab with strongSwan's charon in each, in network namespaces of this script's own: "here" is the one the script runs in, "there"
# the other one; a cable between them, and ESP in userspace. Nothing of it needs root where user namespaces and TUN are allowed. Sourced after
# lib.sh.
CHARON=${CHARON:-/usr/lib/ipsec/charon}
IPSEC_HERE=192.0.2.1
IPSEC_THERE=192.0.2.2
# shellcheck disable=SC2034 # read by the scripts that source this
IPSEC_KEY=key.of.the.group.22
# shellcheck disable=SC2034 # the same
IPSEC_DEVICE=ipsec0
IPSEC_CABLE=cable0
IPSEC_FOLDER=
THERE_PID=
CHARON_HERE=
CATCHER=

# ipsec_or_skip: everything is there, or a counted skip says what is not
ipsec_or_skip()
{
    local module
    for module in vici kernel-libipsec kernel-netlink socket-default gmp; do
        [ -e "${CHARON%/*}/plugins/libstrongswan-$module.so" ] ||
            skip "no charon with its module $module here; ci/setup.sh installs strongswan-charon, strongswan-swanctl and libcharon-extra-plugins"
    done
    [ -x "$CHARON" ] || skip "no $CHARON here; ci/setup.sh installs strongswan-charon"
    command -v swanctl >/dev/null || skip "no swanctl here; ci/setup.sh installs strongswan-swanctl"
    command -v tcpdump >/dev/null || skip "no tcpdump here; ci/setup.sh installs it"
    command -v dumpcap >/dev/null || skip "no dumpcap here; ci/setup.sh installs wireshark-common"
    need ip unshare nsenter
    unshare -Urnm true 2>/dev/null || skip "no user namespaces of one's own are allowed here"
    { : <>/dev/net/tun; } 2>/dev/null || skip "/dev/net/tun is not there, or may not be opened"
    unshare -Urnm ip tuntap add dev probe0 mode tun 2>/dev/null || skip "no TUN device may be made in a user namespace here"
}

# inside_or_again ARGUMENT…: goes on in namespaces of its own, by the same script
inside_or_again()
{
    [ -z "${IPSEC_INSIDE:-}" ] || return 0
    ipsec_or_skip
    IPSEC_INSIDE=1 exec unshare -Urnm --propagation private bash "$0" "$@"
}

there()
{
    nsenter -t "$THERE_PID" -n "$@"
}

# two_hosts: the cable between them
two_hosts()
{
    scratch
    IPSEC_FOLDER=$RIG_SCRATCH/ipsec
    mkdir -p "$IPSEC_FOLDER/here" "$IPSEC_FOLDER/there"
    unshare -n sleep 600 &
    THERE_PID=$!
    started "$THERE_PID"
    wait_for 5 "$THERE_PID" in_another_namespace || die "no second network namespace"
    ip link set lo up
    ip link add "$IPSEC_CABLE" type veth peer name "$IPSEC_CABLE" netns "$THERE_PID" || die "no cable between the namespaces"
    ip addr add "$IPSEC_HERE/24" dev "$IPSEC_CABLE" && ip link set "$IPSEC_CABLE" up
    there ip link set lo up
    there ip addr add "$IPSEC_THERE/24" dev "$IPSEC_CABLE" && there ip link set "$IPSEC_CABLE" up
}

in_another_namespace()
{
    [ "$(readlink "/proc/$THERE_PID/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# charon_config FOLDER MODULE: ESP by that module. The mark keeps IKE out of the tunnel that leads to its own other end; a responder takes
# aggressive mode with a shared key only when it is told so in these words.
charon_config()
{
    local modules="$2 kernel-netlink"
    [ "$2" != kernel-netlink ] || modules=kernel-netlink
    cat >"$1/strongswan.conf" <<END
charon {
    load_modular = no
    load = random nonce aes sha1 sha2 hmac kdf gmp $modules socket-default vici
    i_dont_care_about_security_and_use_aggressive_mode_psk = yes
    retransmit_timeout = 0.5
    retransmit_tries = 2
    plugins {
        vici {
            socket = unix://$1/vici
        }
        kernel-netlink {
            fwmark = !0x42
        }
        socket-default {
            fwmark = 0x42
        }
        kernel-libipsec {
            allow_peer_ts = yes
        }
    }
    filelog {
        log {
            path = $1/log
            default = 1
        }
    }
}
END
}

# charon_in FOLDER WORD…: with a /run of its own, by those words in front; returns when it answers
charon_in()
{
    local folder=$1
    shift
    rm -f -- "$folder/vici"
    # shellcheck disable=SC2016 # the words of the shell inside
    STRONGSWAN_CONF=$folder/strongswan.conf "$@" unshare -m --propagation private sh -c 'mount -t tmpfs run /run && exec "$1"' charon "$CHARON" >>"$folder/out" 2>&1 &
    CHARON_PID=$!
    started "$CHARON_PID"
    wait_for 10 "$CHARON_PID" test -S "$folder/vici" || {
        cat "$folder/out"
        complain "charon did not come up"
        return 1
    }
}

# start_here MODULE: the charon that the service asks, its ESP by that module
start_here()
{
    charon_config "$IPSEC_FOLDER/here" "$1"
    charon_in "$IPSEC_FOLDER/here" env || return
    # shellcheck disable=SC2034 # read by the scripts that source this
    CHARON_HERE=$CHARON_PID
}

# start_there MODULE: the charon of the target's host
start_there()
{
    charon_config "$IPSEC_FOLDER/there" "$1"
    charon_in "$IPSEC_FOLDER/there" nsenter -t "$THERE_PID" -n
}

# answers_to AGGRESSIVE PFS MODE KEY: what the charon there takes: yes or no, yes or no, tunnel or transport
answers_to()
{
    local group=
    [ "$2" = no ] || group=-modp2048
    cat >"$IPSEC_FOLDER/there/swanctl.conf" <<END
connections {
    portal {
        version = 1
        aggressive = $1
        proposals = aes128-sha256-modp2048
        local_addrs = $IPSEC_THERE
        local {
            auth = psk
        }
        remote {
            auth = psk
        }
        children {
            iscsi {
                mode = $3
                local_ts = $IPSEC_THERE/32[tcp/3260]
                remote_ts = 0.0.0.0/0[tcp]
                esp_proposals = aes128-sha256$group
            }
        }
    }
}
secrets {
    ike-group {
        secret = "$4"
    }
}
END
    swan there --load-all --clear --file "$IPSEC_FOLDER/there/swanctl.conf"
}

# swan here|there WORD…
swan()
{
    local folder=$IPSEC_FOLDER/$1
    shift
    STRONGSWAN_CONF=$folder/strongswan.conf swanctl "$@" --uri "unix://$folder/vici"
}

# watch_cable NAME: everything that passes, into a file of that name
watch_cable()
{
    CABLE_FILE=$IPSEC_FOLDER/$1.pcap
    dumpcap -q -P -i "$IPSEC_CABLE" -w "$CABLE_FILE" 2>"$CABLE_FILE.log" &
    CATCHER=$!
    started "$CATCHER"
    wait_for 10 "$CATCHER" grep -q '^File:' "$CABLE_FILE.log" || {
        cat "$CABLE_FILE.log"
        die "dumpcap hears nothing"
    }
}

# watched: the file is complete
watched()
{
    sleep 0.3
    stop "$CATCHER"
}

# read_cable WORD…: what tcpdump tells of the file. Where it is root it wants to become somebody else, and in a user namespace there is nobody.
read_cable()
{
    unshare -U tcpdump -n -r "$CABLE_FILE" "$@" 2>/dev/null
}

# seen FILTER: frames of the file that it fits
seen()
{
    read_cable "$1" | wc -l
}

# said_by_ike WORDS: in what tcpdump makes of IKE
said_by_ike()
{
    read_cable 'udp port 500 or udp port 4500' | grep -cE "$1"
}

none_in_clear()
{
    [ "$(seen 'tcp port 3260')" -eq 0 ]
}

# esp: there was some, each in UDP 4500 with an SPI in front
esp()
{
    [ "$(seen 'udp port 4500 and udp[8:4] != 0 and udp[4:2] > 12')" -ge "${1:-1}" ]
}
