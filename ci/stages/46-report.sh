#!/usr/bin/env bash
# What people see of results: every kind of report of a run with failures, read by other people's readers; shards merged and runs compared; what is no
# report refused with its place; a run that is killed leaves what it did; and the page in a browser. Pictures: build/ci/report-*.png.
# shellcheck disable=SC2016,SC2034 # what eval is given is expanded by it
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
tool_or_fail
need jq
scratch
PYTHON=/usr/bin/python3 # Debian's, which has Debian's modules
AXE_VERSION=4.10.3
NPM=$(type -P npm) # where somebody has it: Debian's brings 400 packages for one file
JUDGE=$RIG_TOP/ci/judge
PICTURES=$RIG_BUILD/ci
passed=0 failed=0 skipped=0
mkdir -p "$PICTURES"
cd "$RIG_SCRATCH" || exit 2

# holds WHAT COMMAND…: the command succeeds
holds()
{
    local claim=$1
    shift
    if "$@" >said 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        say "FAILED: $claim"
        head -n 10 said | sed 's/^/    /'
    fi
}

# leave_out HOW_MANY WHY
leave_out()
{
    skipped=$((skipped + $1))
    say "skipped $1: $2"
}

# ends STATUS WORD…: iscsirig with these words ends with that status
ends()
{
    local wanted=$1 status
    shift
    timeout 20 "$RIG_TOOL" "$@" </dev/null
    status=$?
    [ "$status" -eq "$wanted" ] || {
        say "status $status instead of $wanted: $*"
        return 1
    }
}

# refuses WORDS FILE: one line that holds them, status 2
refuses()
{
    ends 2 report "$2" >told 2>&1 && [ "$(wc -l <told)" -eq 1 ] && grep -qF -- "$1" told || {
        cat told
        return 1
    }
}

report()
{
    "$RIG_TOOL" report "$@"
}

# ---- a pack in which something fails, is skipped, and passes ----
mkdir pack
cp -r "$RIG_TOP/scenarios/login" "$RIG_TOP/scenarios/include" pack/
printf '%s\n' 'scenario "A login answer has a TSIH, which this expects it not to"' 'ref RFC7143 11.13.3' 'level MUST' 'tags login fails' 'target' \
    '  node iqn.2026-01.example.sim:disk0 chap user=host secret="secret of the host"' '  lun 0 ram 4MiB' 'initiator' \
    '  auth CHAP user=host secret="secret of the host"' 'sweep burst in [512, 1024]' 'run' '  login iqn.2026-01.example.sim:disk0 -> $in' \
    '  scsi lun 0 test-unit-ready' '  logout' 'must $in == Success' 'must every < LoginResp NSG=3 has TSIH=0 [LOGIN-046]' >pack/wrong.scn
printf '%s\n' 'scenario "Somebody comes"' 'ref RFC7143 6.3' 'level MUST' 'needs peer' 'target' '  node iqn.2026-01.example.sim:disk0' '  lun 0 ram 4MiB' \
    'must > Login' >pack/peer.scn
holds 'the pack fails as it has to' ends 1 run pack --pcap-dir captures --keep always -j 2 --json all.json --junit all.xml --markdown all.md --html html
"$RIG_TOOL" run pack --tap >all.tap 2>/dev/null
if [ -x $PYTHON ] && $PYTHON -c 'import jsonschema' 2>/dev/null; then
    holds 'JSON is what its schema says, JUnit and TAP say the same' $PYTHON "$JUDGE/report-files.py" "$RIG_TOP/docs/results.schema.json" all.json all.xml all.tap
else
    leave_out 1 "no python3-jsonschema here, so the schema is not judged"
fi
holds 'Markdown has the totals and the failures' eval 'grep -q "^## iscsirig: 2 of [0-9]* cases failed" all.md && grep -q "^### Failed (2)" all.md && grep -q "needs somebody" all.md'
holds 'no report has an answer of CHAP' eval '[ -s all.json ] && [ -s html/index.html ] && ! grep -rlE "CHAP_R=0x[0-9A-Fa-f]" all.json all.xml all.md all.tap html'

# ---- merged and compared ----
same='[.cases[] | del(.real_ns, .again)] | sort_by(.path, .case)'
for i in 1 2 3; do "$RIG_TOOL" run pack --shard $i/3 --pcap-dir captures --keep always --json shard$i.json >/dev/null; done
holds 'shards are merged' ends 1 report shard1.json shard2.json shard3.json --json merged.json --junit merged.xml --html merged --markdown merged.md
holds 'to what the whole run wrote' eval 'cmp <(jq -S "$same" all.json) <(jq -S "$same" merged.json) && cmp <(jq .summary.verdicts all.json) <(jq .summary.verdicts merged.json)'
holds 'a case in two files counts once, and that is told' eval 'report all.json shard1.json | grep -qE "^[0-9]+ cases stood in several files" && [ "$(report all.json shard1.json --json - | jq .summary.cases)" = "$(jq .summary.cases all.json)" ]'
jq -c '.cases |= (map(if .path == "pack/wrong.scn" and .case == 0 then .verdict = "pass" elif .path == "pack/login/names.scn" and .case == 1 then .verdict = "fail" else . end) | map(select((.path == "pack/login/names.scn" and .case == 2) | not)) + [.[0] | .path = "pack/gone.scn"])' all.json >before.json
holds 'a comparison tells by its status' ends 1 report all.json --against before.json --json compared.json --html compared --markdown compared.md --junit compared.xml
changes='[.cases[].change | select(. != "same")] | group_by(.) | map("\(.[0]) \(length)") | join(" ")'
holds 'and by each case' test "$(jq -r "$changes" compared.json)" = 'broke 1 fixed 1 gone 1 new 1 still 1'
holds 'in Markdown' grep -qE '^### (Broke|Got fixed|Gone|New) \(1\)' compared.md
holds 'in JUnit' grep -q '<property name="change" value="broke"/>' compared.xml
holds 'what failed before is no news' ends 0 report all.json --against all.json
holds 'and with which file' grep -q '^Compared with before.json' compared.md
holds 'a page of merged files has ladders of the captures' test "$(grep -c 'class="ladder"' merged/index.html)" -eq "$(grep -c 'class="ladder"' html/index.html)"
holds 'a report of a report is the same' eval 'report compared.json --json again.json >/dev/null; cmp <(jq -S .cases compared.json) <(jq -S .cases again.json)'

# ---- what is no report ----
jq -c '.schema = "iscsirig-results/2"' all.json >other.json
holds 'another schema is named' refuses 'schema "iscsirig-results/2", and this iscsirig reads iscsirig-results/1' other.json
jq -c '.cases[3].verdict = "maybe"' all.json >other.json
holds 'a verdict nobody knows has its place' refuses 'cases[3].verdict: wanted pass, fail' other.json
jq -c '.cases[2].checks[0].held = "yes"' all.json >other.json
holds 'so has a wrong type' refuses 'cases[2].checks[0].held: wanted true or false, came a text' other.json
jq -c 'del(.cases)' all.json >other.json
holds 'and what is missing' refuses 'cases: wanted a list, came nothing' other.json
sed '20s/"/\x01/' all.json >other.json
holds 'damaged JSON has line and column' refuses 'other.json:20:' other.json
echo '{}' >other.json
holds 'any JSON is no report' refuses 'no schema in it' other.json
: >other.json
holds 'nothing is none either' refuses 'other.json:1:0' other.json
head -c $(($(wc -c <all.json) / 2)) all.json >other.json
holds 'half a file gives the cases that are whole' eval 'ends 2 report other.json --json half.json && grep -q "its end is missing" said && [ "$(jq .summary.cases half.json)" -gt 20 ] && jq -e .summary.interrupted half.json'

# ---- killed ----
valid=0 mended=0
for turn in $(seq 8); do
    rm -rf killed killed.*
    "$RIG_TOOL" run pack/login --repeat 100000 --json killed.json --junit killed.xml --markdown killed.md --html killed >/dev/null 2>&1 &
    victim=$!
    started "$victim"
    wait_for 10 "$victim" grep -q '"verdict":"pass"' killed.json
    sleep "0.0$((turn * 7 % 10))"
    kill -KILL "$victim"
    wait "$victim" 2>/dev/null
    if jq -e '.cases | length > 0' killed.json >said 2>&1; then
        valid=$((valid + 1))
    elif report killed.json --json - 2>/dev/null | jq -e '.cases | length > 0' >said 2>&1; then
        mended=$((mended + 1))
    fi
done
holds "killed runs leave a report each time ($valid whole, $mended mended)" test $((valid + mended)) -eq 8 -a $valid -ge 6
holds 'that says that it did not come to its end' eval 'report killed.json --json - 2>/dev/null | jq -e ".summary.interrupted and .summary.cases > 0"'
holds 'of the others what is a second old' eval 'grep -q "</testsuites>" killed.xml && grep -q "did not come to its end" killed.md'
holds 'and a page' grep -q 'class="case"' killed/index.html

# ---- the page ----
# fetch_axe: axe-core's script, from npm, kept between runs
fetch_axe()
{
    local folder=$RIG_BUILD/axe-core-$AXE_VERSION
    AXE=$folder/package/axe.min.js
    [ -s "$AXE" ] && return
    [ -n "$NPM" ] && mkdir -p "$folder" && (cd "$folder" && timeout 20 "$NPM" pack --silent "axe-core@$AXE_VERSION" && tar -xzf ./*.tgz) >/dev/null 2>&1
    [ -s "$AXE" ]
}
if [ -x /usr/bin/chromium ] && [ -x /usr/bin/chromedriver ] && $PYTHON -c 'import selenium' 2>/dev/null; then
    fetch_axe || {
        leave_out 4 "axe-core $AXE_VERSION is not to be had from npm here, so accessibility is not judged"
        AXE=-
    }
    "$RIG_TOOL" run "$RIG_TOP/scenarios" --shard 1/6 --pcap-dir big-captures --keep always --html big -j 2 >/dev/null
    RIG_HOME=$RIG_SCRATCH/home
    mkdir -p "$RIG_HOME"
    HOME=$RIG_HOME timeout 60 $PYTHON "$JUDGE/report-page.py" html/index.html big/index.html killed/index.html compared/index.html "$AXE" "$PICTURES" >page.said 2>&1
    status=$?
    cat page.said
    read -r held _ wrong _ < <(tail -n 1 page.said | grep -E '^[0-9]+ held, [0-9]+ failed$')
    passed=$((passed + ${held:-0})) failed=$((failed + ${wrong:-0}))
    holds 'the browser was asked everything' test "$status" -le 1 -a -n "${held:-}"
else
    leave_out 30 "no chromium, chromium-driver and python3-selenium here, so no browser looks at the page"
fi
tally "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
