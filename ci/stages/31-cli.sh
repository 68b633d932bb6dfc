#!/usr/bin/env bash
# The command line as people meet it: what is wrong is said in one line before anything is played, with its status; what failed can be repeated,
# played again and looked at; what is interrupted still reports.
# shellcheck disable=SC2016 # what eval is given is expanded by it
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
tool_or_fail
need jq script git
scratch
export XDG_STATE_HOME=$RIG_SCRATCH/state
PATH=${RIG_TOOL%/*}:$PATH
STATE=$XDG_STATE_HOME/iscsirig
passed=0
failed=0
cd "$RIG_SCRATCH" || exit 2

# ---- how it is looked at ----

good()
{
    passed=$((passed + 1))
}

bad()
{
    failed=$((failed + 1))
    say "FAILED: $1"
    sed 's/^/    /' said complained | head -n 20
}

# run_it STATUS COMMAND…: the command ends with that status within 20 s, or PATIENCE; its output is in the files said and complained
run_it()
{
    local wanted=$1 status
    shift
    timeout -k 2 "${PATIENCE:-20}" "$@" >said 2>complained </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || {
        say "status $status instead of $wanted: $*"
        return 1
    }
}

# refuses WORDS COMMAND…: status 2, nothing played, and one line that holds the words
refuses()
{
    local words=$1
    shift
    if run_it 2 "$@" && [ "$(wc -l <complained)" -eq 1 ] && grep -qF -- "$words" complained && [ ! -s said ]; then
        good
    else
        bad "$* (wanted one line with: $words)"
    fi
}

# refuses_each "WORD WORD…" COMMAND…: status 2, nothing played, and a line of its own for each word
refuses_each()
{
    local words=$1 word all=yes
    shift
    run_it 2 "$@" && [ "$(wc -l <complained)" -eq "$(wc -w <<<"$words")" ] && [ ! -s said ] || all=no
    for word in $words; do grep -qE "(\"| )$word(\"|:)" complained || all=no; done
    if [ $all = yes ]; then good; else bad "$* (wanted a line for each of: $words)"; fi
}

# says STATUS WORDS COMMAND…
says()
{
    local status=$1 words=$2
    shift 2
    if run_it "$status" "$@" && grep -qF -- "$words" said; then good; else bad "$* (wanted status $status and: $words)"; fi
}

# holds WHAT COMMAND…: the command succeeds
holds()
{
    local claim=$1
    shift
    if "$@"; then good; else bad "$claim"; fi
}

# scenario FILE WANTED: one that passes for WANTED = good and fails for anything else, with two values of a sweep
scenario()
{
    # shellcheck disable=SC2016 # the language has $names of its own
    printf '%s\n' 'scenario "A unit is ready"' 'ref RFC7143 4.2' 'level MUST' 'target' '  node iqn.2026-01.example.sim:disk0' '  lun 0 ram 4MiB' \
        'sweep who in [first, second]' 'run' '  login iqn.2026-01.example.sim:disk0 -> $in' '  scsi lun 0 test-unit-ready -> $told' '  logout' \
        'must $in == Success' 'when $who == second' "  must \$told == $2" >"$1"
}

mkdir pack
BAD="pack/it's bad.scn"
scenario pack/good.scn good
scenario "$BAD" busy
printf 'scenario "x"\nlevel MUST\nrun\n  logn x\n' >broken.scn
printf '%s\n' 'scenario "Somebody comes"' 'ref RFC7143 6.3' 'level MUST' 'needs peer' 'target' '  node iqn.2026-01.example.sim:disk0' '  lun 0 ram 4MiB' \
    'must > Login' >peer.scn
mkfifo pipe
IQN=iqn.2026-01.example.x:disk
export CHAP_SECRET=secret.of.the.host

# shows CAPTURE LINES PATTERN OPTION…: the trace of a capture of pcap/corpus has so many lines like that
shows()
{
    local capture=$RIG_TOP/pcap/corpus/$1 lines=$2 pattern=$3
    shift 3
    if run_it 0 iscsirig trace "$@" "$capture" && [ "$(grep -cE -- "$pattern" said)" -eq "$lines" ]; then good; else
        bad "trace $* ${capture##*/} (wanted $lines lines like $pattern)"
    fi
}

# ---- what is wrong is told at once ----
refuses 'unknown command "rum", did you mean run?' iscsirig rum
refuses 'unknown option "--targt", did you mean --target' iscsirig run --targt x
refuses 'unknown option "--bogus"' iscsirig target --bogus
refuses 'unknown option "--bogus"' iscsirig trace --bogus x
refuses 'unknown option "--bogus"' iscsirig fmt --bogus x
refuses 'unknown option "--tcp"' iscsirig prove --tcp
refuses '--target needs a value' iscsirig run --target
refuses 'nowhere.scn: no such file or folder' iscsirig run nowhere.scn
refuses '"nothing-has-this": no scenario here has such a tag' iscsirig run pack --tag nothing-has-this
refuses '"nosuch": no scenario here has such' iscsirig run pack RFC7143/4.2 nosuch
refuses '"nosuch": no scenario here has such' iscsirig run pack RFC7143/4.2 nosuch --list
refuses '"nosuch": no scenario here has such' iscsirig prove pack RFC7143/4.2 nosuch
refuses_each 'nosuch CMD-999' iscsirig run pack nosuch RFC7143/4.2 --id CMD-999
refuses_each 'nosuch RFC7143/99' iscsirig prove pack nosuch RFC7143/99
refuses_each 'a.scn b.scn' iscsirig run pack a.scn b.scn
mkdir empty void
refuses_each 'empty void' iscsirig run empty pack void
refuses 'no scenario was selected' iscsirig run pack peer.scn RFC7143/4.2 RFC7143/6.3
refuses 'no scenario was selected' iscsirig prove pack peer.scn RFC7143/4.2 RFC7143/6.3
refuses '-j: wanted 1 to 256, came "0"' iscsirig run pack -j 0
refuses '--repeat: wanted 1 to 1000000' iscsirig run pack --repeat 0
refuses '--shard: wanted i/n' iscsirig run pack --shard 3/2
refuses '--keep: wanted always, failed or never' iscsirig run pack --keep some
refuses '-D nosuch=1: no selected scenario has a sweep of that name' iscsirig run pack -D nosuch=1
refuses '--link: unknown link "splt", did you mean split' iscsirig run pack --link splt
refuses '--link split bogus=1:' iscsirig run pack --link 'split bogus=1'
refuses '--link: links need the simulated network' iscsirig run pack --link split --tcp
refuses '--pcap-dir /proc/x:' iscsirig run pack --pcap-dir /proc/x
refuses '--pcap-dir broken.scn: Not a directory' iscsirig run pack --pcap-dir broken.scn
refuses '"bogus": wanted iscsi://host[:port][/iqn[/lun]]' iscsirig run pack --target bogus
refuses 'nosuchprog: no such program' iscsirig run pack --initiator-command 'nosuchprog {url}'
refuses '{bogus} is not filled in; there are {host} {port} {iqn} {lun} {url}' iscsirig run pack --initiator-command 'true {bogus}'
refuses '--rerun-failed: no run has left a list' iscsirig run --rerun-failed
refuses '--port: wanted 1 to 65535, came "99999"' iscsirig trace --port 99999 x
refuses '--port: wanted 1 to 65535, came "0"' iscsirig lint --port 0 x
refuses 'unknown option "--bogus"' iscsirig lint --bogus x
refuses 'wanted one capture' iscsirig trace
refuses 'wanted one capture' iscsirig lint
refuses 'pipe: not a file' iscsirig lint pipe
refuses 'wanted a capture and what to write' iscsirig sanitize x
refuses 'both have to be files' iscsirig sanitize - x
refuses 'pipe: not a file' iscsirig sanitize pipe x
refuses 'sanitize: broken.scn is the capture itself' iscsirig sanitize broken.scn broken.scn
refuses '--filter: wanted session=, connection=, opcode=, itt= or lun=, came "luns=0"' iscsirig trace --filter luns=0 x
refuses '--filter opcode: wanted the name of a PDU as in the trace' iscsirig trace --filter opcode=ScsiCmd,Scsi x
refuses '--filter itt: wanted a task tag' iscsirig trace --filter itt=0x100000000 x
refuses 'pipe: not a file' iscsirig trace pipe
refuses 'pipe: not a file' iscsirig run pipe
refuses 'pipe: not a file' iscsirig fmt pipe
refuses 'nowhere: No such file or directory' iscsirig trace nowhere

# ---- one trace in every form ----
shows lio-qemu-img-info.pcapng 1 '^# connection 0: agreed: HeaderDigest=None DataDigest=None MaxRecvDataSegmentLength=262144/262144 MaxConnections=1 InitialR2T=Yes '
shows tgtd-libiscsi-ls.pcapng 1 '^# connection 0: session 1$'
shows lio-qemu-img-info.pcapng 2 '^[<>]' --filter opcode=ScsiCmd,0x25 --filter itt=0x5f5ec45
shows lio-qemu-img-info.pcapng 20 '^[<>].*(LUN|ITT|TTT)=' --filter opcode=ScsiCmd,ScsiResp,DataIn
shows lio-qemu-img-info.pcapng 20 '^[<>]' --filter lun=0
shows lio-qemu-img-info.pcapng 0 '^[<>!]' --filter lun=1
shows lio-qemu-img-info.pcapng 0 '^[<>!]' --filter session=2
shows lio-qemu-img-info.pcapng 1 '^8	>	ScsiCmd' --filter session=1 --fields
shows lio-qemu-img-info.pcapng 2 '^ +0\.[0-9]{6} +[0-9]+ \|(-- Login |<-+ LoginResp)' --ladder
shows lio-qemu-img-info.pcapng 0 '^[<>!]' --ladder
for field in '.pdu == "LoginResp" and .agreed and .session == 1' '.pdu == "ScsiCmd" and .fields.ITT == 100002885 and .frame == 15' \
    '.event == "close" and .args == "by initiator"' '.read == ["read 52 frames, 7764 bytes of pcapng, to its end"]' \
    '.keys // [] | any(. == ["TargetName", "iqn.2001-04.com.example:aaaaac"])'; do
    holds "--json has nothing with $field" bash -c "iscsirig trace --json '$RIG_TOP/pcap/corpus/lio-qemu-img-info.pcapng' | jq -se 'any(.[]; $field)'" >/dev/null
done
run_it 0 iscsirig trace --json "$RIG_TOP/pcap/corpus/istgt-libiscsi-inq-chap.pcapng"
holds "--json shows a CHAP response" jq -se '[.[].keys // [] | .[] | select(.[0] == "CHAP_R") | .[1]] == ["_"]' said >/dev/null

refuses 'broken.scn:4:3:' iscsirig run broken.scn
refuses 'nothing here is called "bogus"' iscsirig explain bogus
refuses '--fault nosuch: no such fault' iscsirig target --fault nosuch
refuses '--source is caller or discovered, did you mean discovered?' iscsirig flags --source discoverd
refuses '--adapter is software or hardware, not "x"' iscsirig flags --adapter x
refuses 'unknown option "--bogus"' iscsirig flags --bogus
refuses 'no argument is wanted, and "0x07" is one' iscsirig flags 0x07
refuses 'no class "PersistentLogin", did you mean PersistentLoginClass?' iscsirig wmi PersistentLogin
refuses 'of which class?' iscsirig wmi --where a=b
refuses '"b" is another' iscsirig wmi MethodClass b
refuses '--mof and --method do not go together' iscsirig wmi MethodClass --mof --method x
refuses 'Portal only occurs inside other classes' iscsirig wmi Portal
refuses 'did you mean RefreshTargetList?' iscsirig wmi MethodClass --socket embedded:wmi.db --method RefreshTargetLst
refuses 'did you mean IscsiNodeName?' iscsirig wmi MethodClass --socket embedded:wmi.db --where IscsiNodeNam=x
refuses "unknown backing 'bogus'" iscsirig target --lun bogus:1
refuses "'x' is not a size" iscsirig target --lun ram:x
refuses 'cannot open nowhere' iscsirig target --lun file:nowhere
refuses '--listen bogus:' iscsirig target --listen bogus
refuses '--listen 192.0.2.1:0: no interface has that address' iscsirig target --listen 192.0.2.1:0
refuses '--name: not an iSCSI name' iscsirig target --name bogus
refuses 'wanted one scenario file, came 2' iscsirig target pack/good.scn "$BAD"
refuses 'pack: wanted a scenario file, came a folder' iscsirig target --listen 127.0.0.1:0 pack
refuses '--ready-file /proc/x:' iscsirig target --quiet --listen 127.0.0.1:0 --ready-file /proc/x

# ---- what is said otherwise ----
says 0 '2 cases of 1 file are ready' iscsirig run pack/good.scn --dry-run
says 0 '1 case of 1 file is ready' iscsirig run pack/good.scn -D who=first --dry-run
says 77 '0 passed, 0 failed, 0 skipped' iscsirig run pack/good.scn --shard 5/5
# asks_for_ours FOLDER NUMBER: that many cases tagged live cannot be played against anybody's target
asks_for_ours()
{
    run_it 0 iscsirig run "$1" --tag live --dry-run --allow-writes --peer-chap --target "iscsi://127.0.0.1:1/$IQN/0" &&
        grep -qE '^[1-9][0-9]* cases of .* ready' said && [ "$(grep -cE 'skipped: needs (our target|the simulated)' said)" -eq "$2" ]
}
mkdir live
sed 's/^level MUST/& tags live/; s/lun 0 ram/window 4 &/' pack/good.scn >live/window.scn
sed 's/^level MUST/& tags live/; s/^target/latency 1ms\n&/' pack/good.scn >live/latency.scn
holds 'what asks for our target is told' asks_for_ours live 4
holds 'no scenario tagged live asks for our target' asks_for_ours "$RIG_TOP/scenarios" 0
says 0 '127 all skipped' iscsirig run --help
holds 'prove tells of no network' eval 'run_it 0 iscsirig prove --help && ! grep -qE -- "--(tcp|target|junit|shard)" said'
# chosen NUMBER OPTION…: so many cases of the pack of the tree are listed
chosen()
{
    run_it 0 iscsirig run "$RIG_TOP/scenarios" --list "${@:2}" && [ "$(wc -l <said)" -eq "$1" ]
}
# as many: what an expression selects is what its parts add up to
as_many()
{
    local all login chap both
    all=$(iscsirig run "$RIG_TOP/scenarios" --list | wc -l)
    login=$(iscsirig run "$RIG_TOP/scenarios" --list --tag login | wc -l)
    chap=$(iscsirig run "$RIG_TOP/scenarios" --list --tag chap | wc -l)
    both=$(iscsirig run "$RIG_TOP/scenarios" --list --tag login --tag chap | wc -l)
    [ "$both" -gt 0 ] && [ "$login" -gt "$both" ] && chosen "$both" --tag 'login and chap' && chosen $((login + chap - both)) --tag 'login or chap' &&
        chosen $((login - both)) --tag 'login and not chap' && chosen $((login - both)) --tag login --exclude chap &&
        chosen $((all - login - chap + both)) --exclude '(login or chap)' && chosen $((all - login)) --tag 'not not not login'
}
holds 'expressions select what their words do' as_many
holds 'ids have patterns' eval '[ "$(iscsirig run "$RIG_TOP/scenarios" --list --id "SNACK-*" | wc -l)" -gt "$(iscsirig run "$RIG_TOP/scenarios" --list --id SNACK-003 | wc -l)" ]'
refuses '"(login": wanted ")", came ""' iscsirig run pack --tag '(login'
refuses '"login chap": wanted and, or, or the end, came "chap"' iscsirig run pack --tag 'login chap'
refuses '"login and": wanted a tag' iscsirig run pack --tag 'login and'
refuses 'no more than 32' iscsirig run pack --tag "$(printf '(%.0s' $(seq 40))login"
refuses '--exclude "nonsense": no scenario here' iscsirig run pack --exclude nonsense
holds 'a list as JSON has the same cases' eval 'run_it 0 iscsirig run pack --list --json - && [ "$(jq ".cases | length" said)" -eq "$(iscsirig run pack --list | wc -l)" ] &&
    jq -e ".schema == \"iscsirig-list/1\" and (.cases[0].path | endswith(\".scn\"))" said >/dev/null'
holds '--quiet says nothing of what passes' eval 'run_it 0 iscsirig run pack/good.scn --quiet && [ ! -s said ]'
holds '--verbose has a line for each case' eval 'run_it 0 iscsirig run pack/good.scn --verbose && [ "$(grep -c "^pass  " said)" -eq "$(iscsirig run pack/good.scn --list | wc -l)" ]'
holds 'the version tells what is built in' eval 'run_it 0 iscsirig --version && grep -qx "reports: .*junit.*" said && grep -q "^built with: libpcap" said'
refuses 'no page "nothing.1"' iscsirig manual nothing.1
refuses 'wanted bash, zsh or fish, came "csh"' iscsirig completion csh
refuses 'no words are called NOTHING' iscsirig completion --words NOTHING
shards=$(for i in 1 2 3; do iscsirig run pack --repeat 2 --shard $i/3 --list; done | sort)
holds 'shards make up the whole' test "$shards" = "$(iscsirig run pack --repeat 2 --list | sort)"
holds 'faults are rows of five columns' eval 'iscsirig target --faults | awk -F"\t" "NF != 5 { exit 1 } END { exit NR == 0 }"'
holds 'the last column of a fault is the PDU it shows on' eval 'iscsirig target --faults | grep -q "^r2t-lost	.*	R2T$"'

# flags_are SOURCE ADAPTER PLAIN INVALID UNSUPPORTED IPSEC: how the 128 bitmaps divide, 64 of them saying nothing, each a row of six columns
flags_are()
{
    run_it 0 iscsirig flags --tsv --source "$1" --adapter "$2" && awk -F'\t' -v plain="$3" -v invalid="$4" -v unsupported="$5" -v ipsec="$6" '
        NF != 6 || $1 != sprintf("0x%02x", NR - 1) { exit bad = 1 }
        ($2 == "ipsec") != ($3 ~ /^(main|aggressive)$/ && $4 ~ /^(yes|no)$/ && $5 ~ /^(transport|tunnel)$/) { exit bad = 1 }
        $6 != ($2 == "invalid" ? "0xefff0056" : $2 == "unsupported" ? "0xefff0037" : "0x00000000") { exit bad = 1 }
        { seen[$2]++ }
        END {
            exit bad || NR != 128 || seen["fallback"] != 64 || seen["plain"] != plain || seen["invalid"] + 0 != invalid ||
                seen["unsupported"] + 0 != unsupported || seen["ipsec"] != ipsec
        }' said
}

# ---- the service as classes ----
wmi()
{
    run_it 0 iscsirig wmi --socket embedded:wmi.db "$@"
}
holds 'without a service the code says so' eval 'run_it 1 iscsirig wmi SessionClass --socket nowhere && grep -qF "service-not-running: no service answers at nowhere" complained'
holds 'classes are listed' eval 'run_it 0 iscsirig wmi && [ "$(wc -l <said)" -eq 17 ]'
holds 'declarations are MOF' eval 'run_it 0 iscsirig wmi --mof && [ "$(grep -c "^class MSIscsiInitiator_" said)" -eq 17 ]'
holds 'a method is called' eval 'wmi MethodClass --method SetIscsiInitiatorNodeName InitiatorNodeName=iqn.2026-01.example:us && jq -e ".ReturnValue == 0" said >/dev/null'
holds 'an instance shows what it did' eval 'wmi MSIscsiInitiator_MethodClass && jq -e ".[0].IscsiNodeName == \"iqn.2026-01.example:us\"" said >/dev/null'
holds 'nothing is an empty array' eval 'wmi PersistentLoginClass && jq -e ". == []" said >/dev/null'
holds 'a method that fails says its code' eval 'run_it 1 iscsirig wmi --socket embedded:wmi.db MethodClass --method SetIscsiInitiatorNodeName InitiatorNodeName=x && grep -qF "wmi: invalid-iscsi-name" complained && jq -e ".ReturnValue == 4026466385" said >/dev/null'
holds 'bitmaps of callers on hardware' flags_are caller hardware 32 20 0 12
holds 'bitmaps of callers on a software adapter' flags_are caller software 32 20 6 6
holds 'advertised bitmaps on hardware' flags_are discovered hardware 32 8 0 24
holds 'advertised bitmaps on a software adapter' flags_are discovered software 32 8 8 16
# tunnels NUMBER OPTION…: that many rows that end in a tunnel
tunnels()
{
    local number=$1
    shift
    run_it 0 iscsirig flags --tsv --adapter hardware "$@" && [ "$(cut -f5 said | grep -cx tunnel)" -eq "$number" ]
}
holds 'bitmaps without a preference follow the outer address' eval 'tunnels 4 && tunnels 8 --outer-address'
says 0 'MAIN+PFS+TUNNEL' iscsirig flags

# ---- captures with IPsec, whose keys are not there, or cut ----

iscsirig run "$RIG_TOP/scenarios/ipsec/sessions/data.scn" --pcap-dir sealed --keep always >/dev/null
sealed=$(find sealed -name '*.pcapng' | sort | head -n 1)
cp "$sealed" alone.pcapng
# unread STATUS FILE COMMAND…: that status, and in that file what is said of ESP without keys
unread()
{
    local file=$2
    run_it "$1" "${@:3}" && grep -qF 'ESP packets were not read, and nothing is said of what is inside: wanted their keys in alone.pcapng.esp' "$file"
}
holds 'with their keys there is nothing unread' eval 'run_it 0 iscsirig lint "$sealed" && ! grep -q "ESP packets" said'
holds 'lint tells of ESP without keys' unread 0 said iscsirig lint alone.pcapng
holds 'and trace' unread 0 said iscsirig trace alone.pcapng
holds 'and to-scenario' unread 2 complained iscsirig to-scenario alone.pcapng
head -c 150 "$sealed.keymat" >alone.pcapng.keymat
refuses 'alone.pcapng.keymat:1:90: field 4 (SKEYID_d): wanted 64 hex digits, as SKEYID_a has, came 61 characters; is the line cut?' \
    iscsirig lint alone.pcapng

# ---- what failed is kept, and comes again ----
# again: the printed command through a shell fails alike
again()
{
    sed -n 's/^  again: \(.*\)      see:.*/\1/p' said >again.sh
    cp said first
    [ "$(wc -l <again.sh)" -eq 1 ] && run_it 1 sh ./again.sh && [ "$(sed -n 's/^FAIL.*\(seed [0-9]*\).*/\1/p' said)" = "$(sed -n 's/^FAIL.*\(seed [0-9]*\).*/\1/p' first)" ] &&
        [ "$(grep -E '^  (expected|actual)' said)" = "$(grep -E '^  (expected|actual)' first)" ]
}

shows_login()
{
    run_it 0 iscsirig trace "$1" && grep -q '^> Login' said
}

says 0 '2 passed, 0 failed' iscsirig run pack/good.scn
holds 'a run without failures leaves no capture' test ! -e "$STATE/captures"
says 0 'nothing failed the last time' iscsirig run --rerun-failed
holds 'and that is all it says' eval 'cat said complained | wc -l | grep -qx 1'
says 0 'nothing failed the last time' iscsirig run --rerun-failed --junit none.xml
holds 'a report that was asked for is written all the same' grep -q 'tests="0"' none.xml
printf 'pack/good.scn\tp/1\twhy\tseen\n' >listed
says 1 '0 passed, 2 failed' iscsirig run pack/good.scn --known-failures listed --peer-name p/1
printf 'pack/good.scn\tp/1\tsometimes why\tseen\n' >listed
says 0 '2 passed, 0 failed' iscsirig run pack/good.scn --known-failures listed --peer-name p/1
says 1 '3 passed, 1 failed' iscsirig run pack
capture=$(sed -n 's/^  capture *//p' said)
holds 'the failure screen names a capture' test -s "$capture"
holds 'the command printed on the simulated network repeats the case' again
says 0 'nothing of what was selected failed the last time' iscsirig run --rerun-failed pack/good.scn
says 0 'nothing of what was selected failed the last time' iscsirig run --rerun-failed RFC7143/6.3
says 1 '0 passed, 1 failed' iscsirig run --rerun-failed
(cd / && "$RIG_TOOL" run --rerun-failed) >said 2>complained
holds 'the list is good from anywhere' grep -qF '0 passed, 1 failed' said
holds 'a capture is read' shows_login "$capture"
says 1 '3 passed, 3 failed' iscsirig run "$BAD" --repeat 3 --pcap-dir out --keep always
holds 'each round leaves its captures' test "$(find out -name '*.pcapng' | wc -l)" -eq 6

# ---- bless ----
# blessed: the file passes, and the lines that are no trace are those it had
blessed()
{
    [ "$(sed '/^trace/,$d' bless/x.scn)" = "$(sed '/^trace/,$d' bless/was.scn)" ] && [ "$(grep '#' bless/x.scn)" = "$(grep '#' bless/was.scn)" ] &&
        run_it 0 iscsirig run bless/x.scn
}

# not_blessed WORDS [OPTION…]: refused, and the file is what it was
not_blessed()
{
    local words=$1
    shift
    cp bless/x.scn bless/was.scn
    if run_it 1 env -u CI iscsirig bless "$@" bless/x.scn && grep -qF -- "$words" complained && cmp -s bless/x.scn bless/was.scn; then good; else bad "bless refuses: $words"; fi
}

mkdir bless
scenario bless/x.scn good
# a flag that is another, and an answer that is another
# shellcheck disable=SC2016 # the language has $names of its own
printf '%s\n' '# what came' 'trace some' '  # first' '  > ScsiCmd   F=0 ITT=$x' '  < ScsiResp  ITT=$x Status=BUSY' >>bless/x.scn
git -C bless init -q && git -C bless add x.scn && git -C bless -c user.name=x -c user.email=x@example.org commit -qm x
cp bless/x.scn bless/was.scn
if run_it 2 env CI=true iscsirig bless bless/x.scn && grep -qF 'CI is set' complained && cmp -s bless/x.scn bless/was.scn; then good; else bad 'bless in CI'; fi
holds 'a trace is blessed, and shown' eval 'run_it 0 env -u CI iscsirig bless bless/x.scn && grep -qE -- "^[+]  < ScsiResp  Status=GOOD ITT=.t1 " said && blessed'
holds 'what holds is left alone' eval 'cp bless/x.scn bless/was.scn && run_it 0 env -u CI iscsirig bless bless/x.scn && cmp -s bless/x.scn bless/was.scn'
sed -i 's/Status=GOOD/Status=BUSY/; s/ram 4MiB/ram 8MiB/' bless/x.scn
not_blessed 'its target section differs from the last commit'
holds 'unless both changes are meant' eval 'run_it 0 env -u CI iscsirig bless --yes bless/x.scn && blessed'
sed -i 's/Status=GOOD/Status=BUSY/; s/\(must .told ==\) good/\1 busy/' bless/x.scn
not_blessed 'which bless must not touch, failed' --yes
scenario bless/x.scn good
printf '%s\n' 'trace some' '  > Snack' >>bless/x.scn
not_blessed 'nothing of what the trace lists was seen' --yes
refuses 'wanted scenario files' env -u CI iscsirig bless

# ---- proofs ----
refuses '--side: wanted I or T' iscsirig coverage --side B
# a pack in which one line can fail, one never arises, and one holds whatever comes
mkdir -p data/scenarios data/docs
scenario data/scenarios/x.scn good
printf '%s\n' 'must exactly 1 < ScsiResp [CMD-001]' 'never > Snack after < Reject [SNACK-003]' 'must every > ScsiCmd has ITT [CMD-002]' >>data/scenarios/x.scn
printf 'id\treason\nCMD-001\tnone\nCMD-999\tnone\nSNACK-003\tnot here\n' >data/docs/coverage-reasons.tsv
run_it 1 env ISCSIRIG_DATA=data iscsirig coverage --json small.json
holds 'reasons are looked at' eval 'grep -qF "CMD-001 is covered, by scenarios/x.scn:15" complained && grep -qF "CMD-999: no such requirement" complained && grep -qF "CMD-002: not covered, and" complained'
by_scenario=$(jq -r '.requirements[] | select(.by | any(startswith("scenarios/"))) | .id' small.json)
holds 'what is only named covers nothing' test "$by_scenario" = CMD-001
printf '%s\n' '/* Two of an area and a run (SNACK-013, -027, REC-001 to -003, section 7). */' 'static void first(void)' '{' '    x(); /* CMD-002 */' '}' '' \
    '/* A helper (CMD-003). */' 'static int helper(int x)' '{' '}' '' '/* MCS-005, SEQ-049: in front of a colon; DATA-001 is not. */' 'static void second(void)' '{' '}' '' \
    'RIG_SUITE("suite", {"shows one", first},' '          {"shows two", second})' >x_test.c
cut_ids()
{
    run_it 0 iscsirig coverage --units x_test.c && cut -f 1,3 said | tr '\t\n' '=;'
}
one=$(printf '%s=suite, shows one;' SNACK-013 SNACK-027 REC-001 REC-002 REC-003 CMD-002)
two=$(printf '%s=suite, shows two;' MCS-005 SEQ-049)
holds 'ids of unit tests' test "$(cut_ids)" = "$one$two"
holds 'coverage of one side' eval 'PATIENCE=90 run_it 0 iscsirig coverage --side I --json side.json && jq -e ".requirements | all(.[]; has(\"id\") and has(\"covered\") and has(\"by\") and has(\"reason\")) and (length > 400 and length < 897)" side.json >/dev/null'

# ---- interrupted ----
cp "$STATE/failed.txt" before
timeout -s INT 2 iscsirig run "$RIG_TOP/scenarios/login" --repeat 100000 --json long.json >said 2>complained
holds 'an interrupted run reports' eval 'grep -q "^interrupted: " said && grep -qE "passed, 0 failed" said && jq -e ".cases | length > 0" long.json >/dev/null'
cp before "$STATE/failed.txt"
timeout -s INT 1 iscsirig run peer.scn --initiator-command 'sleep 15' --timeout 20 >said 2>complained
holds 'a run interrupted before anything ended says so' grep -q '^interrupted: 0 of 1' said
holds 'and keeps the list' cmp -s before "$STATE/failed.txt"
script -qc "timeout -s INT 2 iscsirig run '$RIG_TOP/scenarios/login' --repeat 100000" /dev/null </dev/null | tr '\r' '\n' >said
holds 'a progress line is wiped before the summary' eval 'grep -qE "^.\[K[0-9]+/[0-9]+ " said && grep -qE "^.\[K[0-9]+ cases of " said'

# ---- live modes ----
says 127 'the peer lacks the feature' iscsirig run peer.scn --initiator-command 'exit 127'
says 1 '0 passed, 1 failed' iscsirig run peer.scn --initiator-command 'exit 3'
says 77 '0 passed, 0 failed, 1 skipped' iscsirig run peer.scn
start_rig_target || exit 1
ready=$RIG_SCRATCH/ready
refuses 'nothing accepts connections there' iscsirig run pack --target "iscsi://127.0.0.1:1/$PEER_IQN/0"
refuses 'the target has no node of that name' iscsirig run pack --target "iscsi://$PEER_PORTAL/$IQN/0"
refuses 'the target has no logical unit 7' iscsirig run pack --target "iscsi://$PEER_PORTAL/$PEER_IQN/7"
says 0 '1 passed, 0 failed' iscsirig run pack/good.scn -D who=second --target "iscsi://$PEER_PORTAL"
says 1 '1 passed, 1 failed' iscsirig run "$BAD" --target "$PEER_URL" --allow-writes --timeout 9 --peer-name "some one's/1"
holds 'the command printed against a target repeats the case' again
says 1 '1 passed, 1 failed' iscsirig run "$BAD" --tcp --strict
holds 'the command printed over sockets repeats the case' again
holds 'options that matter are repeated' grep -qF -- ' --tcp --strict' again.sh
target_is_well || bad "our target"
holds 'the ready file goes with the target' test ! -e "$ready"

# ---- the target as it serves ----
need iscsi-ls iscsi-inq qemu-io
LOG=$RIG_SCRATCH/serving.log
DISK=iqn.2026-01.example.sim:disk0

# serves [OPTION…]: a target of its own; ADDRESS is where it listens
serves()
{
    rm -f serving.ready
    iscsirig target --ready-file serving.ready "$@" >said 2>"$LOG" &
    SERVING=$!
    started "$SERVING"
    wait_for 10 "$SERVING" test -s serving.ready && ADDRESS=$(cat serving.ready)
}

# ends SIGNAL: it ends with status 0 and takes its ready file along
ends()
{
    kill -"$1" "$SERVING"
    wait "$SERVING" && [ ! -e serving.ready ]
}

logged()
{
    grep -qE -- "$1" "$LOG"
}

sees()
{
    iscsi-ls "iscsi://$ADDRESS" 2>/dev/null | grep -qE -- "$1"
}

inquires()
{
    iscsi-inq "iscsi://$ADDRESS/$1/0" >/dev/null 2>&1
}

# section WORD…: a scenario whose target has a portal of a network that is not here, and these lines
section()
{
    printf '%s\n' 'scenario "Somebody comes"' 'level MUST' 'needs peer' 'sweep most in [4096, 8192]' 'must > Login' 'target' '  portal 192.0.2.10:3279 group 4' \
        "  offer MaxBurstLength=\$most" "$@" >section.scn
}

refuses 'says which nodes there are, so --name does not' iscsirig target pack/good.scn --name "$IQN"
refuses '-D nosuch=1: pack/good.scn has no sweep of that name' iscsirig target pack/good.scn -D nosuch=1
refuses '-D wants FILE.scn' iscsirig target -D x=1
refuses '--grace: wanted a time' iscsirig target --grace soon
refuses '--window: wanted 1 to 4096' iscsirig target --window 0
refuses '--log: wanted text or json' iscsirig target --log yaml
refuses '--offer: wanted NAME=VALUE' iscsirig target --offer x
refuses 'no such fault; did you mean silence' iscsirig target --fault silense
refuses '--login-timeout: wanted a time above 0' iscsirig target --login-timeout 0
refuses 'wanted ADDR:PORT with a numeric address, came "localhost:0"' iscsirig target --listen localhost:0
refuses 'wanted HOST:PORT behind the =' iscsirig target --listen 127.0.0.1:0=
refuses '--alias: wanted at most 255 bytes' iscsirig target --alias "$(printf '%0256d' 1)"
refuses 'without control characters' iscsirig target --alias $'a\nb'
refuses '--lun ram:3: size 3 is not' iscsirig target --quiet --listen 127.0.0.1:0 --lun ram:1MiB --lun ram:3
refuses '--lun ram:512,block=4096:' iscsirig target --quiet --listen 127.0.0.1:0 --lun ram:512,block=4096
refuses '--ready-file pack: Is a directory' iscsirig target --quiet --listen 127.0.0.1:0 --ready-file pack
holds 'and no part of it stays behind' test ! -e pack.new
truncate -s 1MiB disk.img
echo damaged >disk.img.pr
refuses 'disk.img.pr: not the saved state of a disk; it is left alone' iscsirig target --quiet --listen 127.0.0.1:0 --lun file:disk.img
holds 'as it is' grep -qx damaged disk.img.pr
refuses '--offer: no key MaxBurstLenght; did you mean MaxBurstLength' iscsirig target --quiet --listen 127.0.0.1:0 --offer MaxBurstLenght=4096
section '  node IQN.Wrong'
refuses 'section.scn:9:8:' iscsirig target section.scn
printf '%s\n' 'scenario "x"' 'level MUST' 'play target' '  > Login' 'run' '  login iqn.2026-01.example.sim:x' 'must > Login' >script.scn
refuses 'plays the target by a script' iscsirig target script.scn

holds 'IPv6, a tag and a told address' eval 'serves --listen "[::1]:0,7=disk.example:3260" --alias Al && sees "Portal:disk.example:3260,7$" && ends TERM'
section "  node $DISK chap user=host secret=secret-of-12-b" '  lun 0 ram 4MiB' "  node $DISK:open" '  lun 0 ram 4MiB'
holds 'a scenario is served' serves section.scn -D most=512 --log text
holds 'a portal that is not here becomes one of loopback' test "$ADDRESS" = 127.0.0.1:3279
holds 'with its group' sees 'Portal:127.0.0.1:3279,4$'
holds 'open nodes let in' inquires "$DISK:open"
holds 'CHAP does not' eval '! inquires $DISK'
holds 'the log tells who was refused, and why' logged "127.0.0.1:[0-9]+ iqn[^ ]+ > $DISK: login refused Login ITT=0x[0-9a-f]+: authentication-failure"
inquires "$DISK:none"
holds 'and the key that was wrong' logged "login refused .*: not-found, TargetName \($DISK:none\)"
holds 'no secret is told' eval '! logged secret-of'

# a session is open while the file changes
mkfifo disk.in
qemu-io -f raw "iscsi://$ADDRESS/$DISK:open/0" <disk.in >disk.out 2>&1 &
QEMU=$!
started "$QEMU"
exec 9>disk.in
echo 'write -P 0x5a 0 4096' >&9
wait_for 10 "$QEMU" grep -q wrote disk.out
section "  node $DISK" '  lun 0 rom 4MiB'
kill -HUP "$SERVING"
wait_for 10 "$SERVING" logged 'what was in force stays in force'
holds 'a file with an error is told of with its place' logged '^section.scn:10:9: "rom" is none of'
holds 'and what was in force stays in force' inquires "$DISK:open"
section "  node $DISK" '  lun 0 ram 4MiB' "  node $DISK:new" '  lun 0 ram 4MiB'
kill -HUP "$SERVING"
wait_for 10 "$SERVING" logged 'section.scn was read again'
holds 'new nodes are there' inquires "$DISK:new"
holds 'who was refused is let in' inquires "$DISK"
holds 'nodes that are gone are not found' eval '! inquires $DISK:open && ! sees :open'
echo 'read -P 0x5a 0 4096' >&9
holds 'their sessions live on, with what is on their disks' eval 'wait_for 10 "$QEMU" grep -q "read 4096" disk.out && ! grep -q failed disk.out'
section "  node $DISK:open" '  lun 0 ram 4MiB'
kill -HUP "$SERVING"
wait_for 10 "$SERVING" eval '[ "$(grep -c "was read again" "$LOG")" -eq 2 ]'
holds 'a node that comes back begins anew' eval 'qemu-io -f raw -c "read -P 0 0 4096" "iscsi://$ADDRESS/$DISK:open/0" >back.out 2>&1 && ! grep -q failed back.out'
began=$SECONDS
holds 'a session is asked for its logout' ends TERM
holds 'and comes in time' test $((SECONDS - began)) -le 2
holds 'as the log tells' logged "$DISK:open: closed \(logout\)"
exec 9>&-
stop "$QEMU" # it would try to log in again for ever

# faults_on: all of them at once
faults_on()
{
    mapfile -t names < <(iscsirig target --faults | cut -f 1)
    serves --listen 127.0.0.1:0 "${names[@]/#/--fault=}" && [ "${#names[@]}" -ge 150 ] && { sees x || true; } && ends TERM
}

# presets_served: each file of the presets begins and ends
presets_served()
{
    local file
    for file in "$RIG_TOP"/scenarios/presets/*.scn; do
        serves --listen 127.0.0.1:0 --grace 0 "$file" && ends TERM || return
    done
}

holds 'every fault can be on' faults_on
holds 'presets are served' presets_served

# what an initiator sends: bytes of printf, then 40 of zero; the line about it names the PDU
zeroes=$(printf '\\0%.0s' $(seq 40))
sends()
{
    # shellcheck disable=SC2059 # bytes
    printf "$1$zeroes" >"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"
}

serves --listen 127.0.0.1:0 --chap host:env:CHAP_SECRET
sends '\x43\x87\0\0\0\xff\xff\xff'
holds 'a PDU that is too long is told by its name' eval 'wait_for 10 "$SERVING" logged "closed Login ITT=0x0: format, DataSegmentLength .*16777215 bytes, at most 8192"'
sends '\x01\x80\0\0\0\0\0\0'
holds 'and one that comes too early' eval 'wait_for 10 "$SERVING" logged "closed ScsiCmd ITT=0x0: protocol, Opcode"'
iscsi-inq "iscsi://host%not-the-secret-1@$ADDRESS/$DISK/0" >/dev/null 2>&1
holds 'a wrong secret is told by its key' logged 'authentication-failure, CHAP_R$'
iscsi-inq "iscsi://ghost%$CHAP_SECRET@$ADDRESS/$DISK/0" >/dev/null 2>&1
holds 'so is a wrong user' logged 'authentication-failure, CHAP_N$'
holds 'the right ones are let in' eval 'iscsi-inq "iscsi://host%$CHAP_SECRET@$ADDRESS/$DISK/0" >/dev/null 2>&1'
holds 'and no secret is told' eval '! logged secret'
holds 'nor shown by the system' eval '! tr "\0" " " <"/proc/$SERVING/cmdline" | grep -q "$CHAP_SECRET"'
ends TERM

# without standard error; and with few descriptors, of which all are asked for
rm -f serving.ready
iscsirig target --listen 127.0.0.1:0 --ready-file serving.ready 2>&- &
SERVING=$!
started "$SERVING"
wait_for 10 "$SERVING" test -s serving.ready
ADDRESS=$(cat serving.ready)
holds 'who listens to no log is served' inquires "$DISK"
holds 'to the end' ends TERM

# crowded COMMAND…: while sixty connections are open
crowded()
(
    for _ in $(seq 60); do exec {turn}<>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"; done
    "$@"
)

ulimit -Sn 48
serves --listen 127.0.0.1:0
ulimit -Sn "$(ulimit -Hn)"
holds 'descriptors are taken as the system has them' crowded inquires "$DISK"
ends TERM
(ulimit -n 48 && exec iscsirig target --listen 127.0.0.1:0 --ready-file serving.ready 2>"$LOG") &
SERVING=$!
started "$SERVING"
wait_for 10 "$SERVING" test -s serving.ready
ADDRESS=$(cat serving.ready)
holds 'where they end it is told' crowded wait_for 10 "$SERVING" logged 'new ones wait, for want of descriptors'
holds 'and goes on when some are free again' inquires "$DISK"
ends TERM

section "  node $DISK" '  lun 0 ram 4MiB'
serves --listen 127.0.0.1:0 --log json section.scn
section "  node $DISK" '  lun 0 rom 4MiB'
kill -HUP "$SERVING"
wait_for 10 "$SERVING" logged 'what was in force stays in force'
ends TERM
holds 'a file with an error is told of in JSON' jq -e . "$LOG"
holds 'with its place' logged '"event":"problem","text":"section.scn:10:9: .*rom'

serves --listen 127.0.0.1:0 --log json --grace 1m
sleep 30 <>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}" &
SLEEPER=$!
started "$SLEEPER"
wait_for 10 "$SERVING" logged connected
kill -TERM "$SERVING"
wait_for 10 "$SERVING" logged ending
holds 'a second signal ends at once' ends INT
stop "$SLEEPER"
holds 'the log for programs is JSON' jq -e . "$LOG"
serves --listen 127.0.0.1:0
for _ in $(seq 300); do : <>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"; done
wait_for 10 "$SERVING" logged '[0-9]+ lines left out'
for _ in $(seq 300); do : <>"/dev/tcp/${ADDRESS%:*}/${ADDRESS##*:}"; done
ends TERM
holds 'a flood does not fill the log' test "$(wc -l <"$LOG")" -le 840
holds 'and the end tells what it left out' eval 'tail -n 1 "$LOG" | grep -qE "lines left out$"'

# ---- peers ----

# peer NAME LINE…: a peer file NAME.peer of a target
peer()
{
    printf 'peer %s "a target"\nkind target\nversion\n  echo %s/1\nurl iscsi://{host}:{port}/{iqn}/0\n' "$1" "$1" >"$1.peer"
    printf '%s\n' "${@:2}" >>"$1.peer"
}

# matrix STATUS ARGUMENT…: with records in the folder records, and the table in table.json
matrix()
{
    run_it "$1" iscsirig matrix --folder records --json table.json "${@:2}"
}

# cell ROW PEER MEMBER
cell()
{
    jq -r --arg row "$1" '.rows | to_entries[] | select(.key | endswith($row)) | .value.cells.'"$2.$3" table.json
}

LOGIN=$RIG_TOP/scenarios/live/login-logout.scn
CHAP=$RIG_TOP/scenarios/live/chap-mutual.scn
SERVE='  exec iscsirig target --quiet --listen "$host:$port" --name "$iqn" --lun "ram:$bytes" --ready-file "$folder/up"'
peer ours start "$SERVE" ready '  test -s "$folder/up"' 'lacks chap "nobody told it secrets"'
holds "a peer is started, played and ended" matrix 0 --peer ours.peer "$LOGIN"
holds "its cell" test "$(cell login-logout.scn ours pass)" = 1
holds "nothing of it is left" test -z "$(grep -lzF -- "$PWD/records/ours.folder/up" /proc/[0-9]*/cmdline 2>/dev/null)"
holds "what it lacks ends with 127" matrix 127 --peer ours.peer "$CHAP"
holds "and says why" test "$(cell chap-mutual.scn ours notes[0])" = "nobody told it secrets"
peer fails start '  echo no room on the disk' '  exit 3' ready '  false'
peer absent 'needs no-such-program-at-all'
holds "a peer that does not start fails the matrix, which plays the others" matrix 1 --peer fails.peer --peer ours.peer --peer absent.peer "$LOGIN"
holds "it is told with its place" grep -qx 'fails.peer:6:1: fails did not come up: its section start ended with exit status 3; its last output:' complained
holds "and its last output" grep -qx '  no room on the disk' complained
holds "the others are there" test "$(cell login-logout.scn ours pass)" = 1
holds "each with its state" test "$(jq -c '[.peers[].state]' table.json)" = '["not-started","played","absent"]'
holds "peers that cannot be had are skipped" matrix 77 --peer absent.peer "$LOGIN"
holds "and said so" grep -qx 'absent: cannot be had: no no-such-program-at-all here' said
peer dies start "  timeout 0.5 ${SERVE#  exec }" ready '  test -s "$folder/up"'
holds "a peer that ends by itself fails the matrix" matrix 1 --peer dies.peer --timeout 5 "$RIG_TOP/scenarios/live/keep-alive.scn"
holds "it is told" grep -q '^dies.peer:6:1: dies ended by itself while it was played (status 124)' complained
peer knows start "$SERVE" ready '  test -s "$folder/up"' 'known knows/1' '  live/login-logout.scn "fails" seen "nothing"'
holds "a known failure that passes fails the matrix" matrix 1 --peer knows.peer "$LOGIN"
holds "records of peers played before stay" run_it 1 iscsirig matrix --folder records --peer ours.peer --peer knows.peer --pages-only --json table.json
holds "as a column each" test "$(jq -c '[.peers[].peer]' table.json)" = '["ours","knows"]'
run_it 1 iscsirig matrix --folder records --peer ours.peer --peer knows.peer --peer fails.peer --pages-only --markdown - --html table.html
holds "the table as Markdown" grep -qE '^\| \[.*login-logout.scn\) \| pass \| FAIL \|$' said
holds "with what went wrong" grep -q '^not-started: fails did not come up' said
holds "the table as a page" grep -q '<td class="pass">pass</td><td class="failed" title="fails">FAIL</td>' table.html
iscsirig matrix --peer ours.peer --hold held >held.log 2>&1 &
HOLDING=$!
started "$HOLDING"
wait_for 10 "$HOLDING" test -s held/ready
holds "a peer that is held can be played" matrix 0 --peer ours.peer --held held "$LOGIN"
stop "$HOLDING"
printf 'peer x "x"\nkind both\nurls\n' >wrong.peer
holds "a wrong peer file is refused" run_it 2 iscsirig matrix --peer wrong.peer
holds "with the place of each problem" test "$(cut -d: -f 2,3 complained | paste -sd ' ')" = "2:6 3:1 1:1"
refuses 'no such file, and no peer of that name' iscsirig matrix --peer nobody
refuses 'both called ours' iscsirig matrix --peer ours.peer --peer "$PWD/ours.peer"
refuses 'wanted NAME=VALUE' iscsirig matrix -D Port=1
refuses 'wanted one --peer' iscsirig matrix --hold held
refuses 'no records of these peers' iscsirig matrix --folder nothing --peer ours.peer --pages-only
tally "$passed" "$failed" 0
[ "$failed" -eq 0 ]
