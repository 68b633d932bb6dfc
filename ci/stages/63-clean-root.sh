#!/usr/bin/env bash
# Somebody else's first five minutes: a bare Debian 12 in which nothing but the package is installed, as the container recipe does it, plays the
# pack as a plain user and gives a verdict on tgt's target; then the examples for CI services are carried out there, step by step. All of it in a
# network namespace of its own. The bare Debian stays in build/clean-root; where none can be made this is a skip.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-peers.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../lib-service.sh"
KEPT=$RIG_BUILD/clean-root
PACKAGE=$RIG_TOP/ci/package

if [ "${1:-}" != inside ]; then
    tool_or_fail
    need jq yq unshare ip tar
    [ "$(id -u)" -eq 0 ] || skip "only root can make a bare Debian"
    scratch
    bash "$PACKAGE/deb.sh" "$RIG_BUILD/release" "$RIG_SCRATCH/packages" >"$RIG_SCRATCH/log" 2>&1 || {
        cat "$RIG_SCRATCH/log"
        exit 1
    }
    mapfile -t depends < <(dpkg-deb -f "$RIG_SCRATCH"/packages/iscsirig_*.deb Depends | tr ',' '\n' | awk '$1 != "libc6" { print $1 }')
    bash "$PACKAGE/clean-root.sh" "$KEPT" curl ca-certificates "${depends[@]}" || exit
    unshare --net --mount --pid --fork --kill-child true 2>/dev/null || skip "no namespaces can be made here"
    unshare --net --mount --pid --fork --kill-child bash "$0" inside "$RIG_SCRATCH/packages"
    exit
fi

# ---- inside ----

scratch
ROOT=$RIG_SCRATCH/root
IMAGE_USER=root
IMAGE_FOLDER=/
ENTRY=()
COMMAND=()
HEALTH=()
skipped=0

# left_out REASON
left_out()
{
    skipped=$((skipped + 1))
    say "skipped: $1"
}

leave()
{
    [ "${#RIG_CHILDREN[@]}" -eq 0 ] || stop "${RIG_CHILDREN[@]}"
    umount "$RIG_SCRATCH"/*/proc 2>/dev/null
    clean_up
}
trap leave EXIT

# lay_out FOLDER: the bare Debian
lay_out()
{
    mkdir -p "$1" && tar -xf "$KEPT/root.tar" -C "$1" && mount -t proc proc "$1/proc"
}
ip link set lo up || exit 1
lay_out "$ROOT" || exit 1

# within USER FOLDER COMMAND…: in the bare Debian, for two minutes at most; nothing of this environment is seen
within()
{
    local home
    home=$(sed -nE "s/^$1:.*:([^:]*):[^:]*\$/\1/p" "$ROOT/etc/passwd")
    # shellcheck disable=SC2016 # of the shell inside
    ${WITHIN:-timeout -k 5 120} chroot --userspec="$1" "$ROOT" /usr/bin/env -i HOME="$home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${STEP_ENV[@]}" \
        /bin/sh -c 'cd "$1" && shift && exec "$@"' - "${@:2}"
}
STEP_ENV=()

# ---- the container recipe ----

copy_in()
{
    local to=$ROOT/${*: -1} from
    mkdir -p "$to"
    for from in "${@:1:$(($# - 1))}"; do
        if [ -d "$CONTEXT/$from" ]; then cp -r "$CONTEXT/$from/." "$to"; else cp "$CONTEXT/$from" "$to"; fi || return
    done
}

# carry_out FILE: each instruction of a Containerfile
carry_out()
{
    local word rest
    while read -r word rest; do
        case $word in
        "" | "#"* | EXPOSE) ;;
        FROM) [[ $rest == debian:12* ]] || return ;;
        COPY)
            # shellcheck disable=SC2086 # words of the recipe
            copy_in $rest || return
            ;;
        RUN) within root / sh -c "$rest" || return ;;
        USER) IMAGE_USER=$rest ;;
        WORKDIR) IMAGE_FOLDER=$rest ;;
        HEALTHCHECK) read -r -a HEALTH <<<"${rest#*CMD }" ;;
        ENTRYPOINT) mapfile -t ENTRY < <(jq -r '.[]' <<<"$rest") ;;
        CMD) mapfile -t COMMAND < <(jq -r '.[]' <<<"$rest") ;;
        *)
            say "$word is an instruction that is not known here"
            return 1
            ;;
        esac
    done <"$1"
}

# container [WORD…]: what `docker run` does with these words
container()
{
    if [ $# -eq 0 ]; then set -- "${COMMAND[@]}"; fi
    within "$IMAGE_USER" "$IMAGE_FOLDER" "${ENTRY[@]}" "$@"
}
CONTEXT=$RIG_SCRATCH/context
mkdir "$CONTEXT"
cp -r "$PACKAGE"/container/. "$CONTEXT" && cp -r "$2" "$CONTEXT/packages" || exit 1
began=$SECONDS
check "the steps of the container recipe are carried out" carry_out "$PACKAGE/container/Containerfile"
check "its user is not root" test "$IMAGE_USER" != root
check "only the package is there" bash -c "chroot '$ROOT' dpkg-query -W -f '\${Package}\n' | grep -c iscsirig | grep -qx 1"
plain()
{
    container "${@}" | tee "$RIG_SCRATCH/said" && tail -n 1 "$RIG_SCRATCH/said" | grep -qE '^[1-9][0-9]* passed, 0 failed'
}
check "the pack is played" plain run --exclude ipsec
check "so is a section of it" plain run RFC7143/7.8
if start_tgtd rdwr; then
    check "a first verdict on tgtd" plain run --tag "live and login" --target "$PEER_URL" --peer-name tgtd/1.0.85
    stop_tgtd
else
    left_out "tgtd does not come up here"
fi
took=$((SECONDS - began))
check "all of that in less than five minutes: $took s" test "$took" -lt 300
check "without a target the container is well" within "$IMAGE_USER" / "${HEALTH[@]}"

# the image as a service
(WITHIN="exec" && container target --quiet) &
SERVED=$!
started "$SERVED"
check "the image serves the simulated target" wait_for 20 "$SERVED" test -s "$ROOT/tmp/iscsirig.ready"
check "it is well" within "$IMAGE_USER" / "${HEALTH[@]}"
check "somebody else finds it" bash -c "command -v iscsi-ls >/dev/null && iscsi-ls -s iscsi://127.0.0.1:3260 | grep -q 'iqn.2026-01.example.sim:disk'"

# ---- GitLab ----

# Its services are up: the image above is the one that it starts. lines_of JOB
lines_of()
{
    # shellcheck disable=SC2016 # of jq
    yq -r --arg job "$1" '(.[$job].before_script // [])[], .[$job].script[]' "$PACKAGE/ci-examples/gitlab/iscsi.gitlab-ci.yml"
}
gitlab_job()
{
    lines_of "$1" >"$ROOT/tmp/job.sh" && within "$IMAGE_USER" "$IMAGE_FOLDER" sh -eux /tmp/job.sh >"$RIG_SCRATCH/job" 2>&1 || {
        tail -n 20 "$RIG_SCRATCH/job"
        return 1
    }
}
yq -r '.[] | objects | .services[]?.alias' "$PACKAGE/ci-examples/gitlab/iscsi.gitlab-ci.yml" | sed 's/^/127.0.0.1 /' >>"$ROOT/etc/hosts"
for job in $(yq -r 'to_entries[] | select(.value | type == "object" and has("script")) | .key' "$PACKAGE/ci-examples/gitlab/iscsi.gitlab-ci.yml"); do
    check "GitLab: the job $job" gitlab_job "$job"
    # shellcheck disable=SC2016 # of jq
    report=$(yq -r --arg job "$job" '.[$job].artifacts.reports.junit' "$PACKAGE/ci-examples/gitlab/iscsi.gitlab-ci.yml")
    check "GitLab: its report is there" grep -q '<testsuite' "$ROOT$IMAGE_FOLDER/$report"
done
stop "$SERVED"

# ---- GitHub ----

# Its container is a bare Debian, once more.
ROOT=$RIG_SCRATCH/github
lay_out "$ROOT" || exit 1
WORKSPACE=/github
mkdir -p "$ROOT$WORKSPACE" && cp "$2"/iscsirig_*.deb "$ROOT/tmp/published.deb" || exit 1
: >"$ROOT/tmp/summary"
left_to_service=0

# step JSON WITH DEFAULTS SHELL: a step that runs words; inputs stand in its environment
step()
{
    mapfile -t STEP_ENV < <(jq -r --argjson with "$2" --argjson defaults "$3" '(.env // {}) | to_entries[] |
        "\(.key)=\(.value | tostring | gsub("\\$\\{\\{ inputs\\.(?<k>[a-z-]+) \\}\\}"; "\($with[.k] // $defaults[.k].default)"))"' <<<"$1")
    STEP_ENV+=(GITHUB_STEP_SUMMARY=/tmp/summary ISCSIRIG_PACKAGE=file:///tmp/published.deb)
    jq -r .run <<<"$1" >"$ROOT/tmp/step.sh"
    within root "$WORKSPACE" bash -e /tmp/step.sh >"$RIG_SCRATCH/step" 2>&1 </dev/null
    local status=$?
    [ "$status" -eq 0 ] || tail -n 20 "$RIG_SCRATCH/step"
    STEP_ENV=()
    return "$status"
}

# action WITH: the steps of our own action
action()
{
    local one defaults status=0
    defaults=$(yq -c .inputs "$PACKAGE/ci-examples/action/action.yml")
    while read -r one; do
        step "$one" "$1" "$defaults" || status=1
    done < <(yq -c '.runs.steps[]' "$PACKAGE/ci-examples/action/action.yml")
    return "$status"
}
while read -r one; do
    name=$(jq -r '.name // .uses' <<<"$one")
    case $(jq -r '.uses // ""' <<<"$one") in
    "") check "GitHub: $name" step "$one" '{}' '{}' ;;
    ./.github/actions/iscsirig) check "GitHub: $name" action "$(jq -c '.with // {}' <<<"$one")" ;;
    *) left_to_service=$((left_to_service + 1)) ;;
    esac
done < <(yq -c '.jobs[].steps[]' "$PACKAGE/ci-examples/github/iscsi.yml")
check "GitHub: the summary tells both verdicts" test "$(grep -cE '^[1-9][0-9]* passed, 0 failed' "$ROOT/tmp/summary")" -eq 2
check "GitHub: reports are where the last step takes them" bash -c "yq -r '.jobs[].steps[] | select(.uses // \"\" | startswith(\"actions/upload\")) | .with.path' \
    '$PACKAGE/ci-examples/github/iscsi.yml' | grep . | while read -r path; do [ -s '$ROOT$WORKSPACE'/\"\$path\"/junit.xml ] || exit 1; done"
# an action whose scenarios fail fails, and leaves what it takes to see why
# shellcheck disable=SC2016 # $names of the scenario
printf '%s\n' 'scenario "two targets where there is one"' 'ref RFC7143 4.3' 'level MUST' 'tags wrong' 'target' '  portal 192.0.2.10:3260' \
    '  node iqn.2026-01.example.sim:disk0' 'run' '  discover 192.0.2.10:3260 -> $list' 'must count $list == 2' >"$ROOT$WORKSPACE/wrong.scn"
fails_well()
{
    ! action '{"scenarios": "wrong.scn", "reports": "wrong"}' && grep -q '<failure' "$ROOT$WORKSPACE/wrong/junit.xml" &&
        find "$ROOT$WORKSPACE/wrong/captures" -name '*.pcapng' | grep -q .
}
check "an action that finds a failure fails, with report and capture" fails_well
say "$left_to_service steps are GitHub's own"
tally "$checks_passed" "$checks_failed" "$skipped"
[ "$checks_failed" -eq 0 ] && [ "$checks_passed" -gt 0 ]
