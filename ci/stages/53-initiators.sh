#!/usr/bin/env bash
# Somebody else's initiators in front of our target, judged by scenarios: what libiscsi's tools and qemu say on the wire is as it has to be.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
need iscsi-ls iscsi-inq qemu-img
cd "$RIG_TOP" || exit 2
FOLDER=scenarios/peer-initiator
bad=0

# front LABEL COMMAND FILE…: the command takes the initiator's place in each scenario
front()
{
    local label=$1 command=$2
    shift 2
    say "$command"
    RIG_LIMIT=60 play "initiator-$label" "$@" --initiator-command "$command" --timeout 10 || bad=1
}

# those that name a command of their own in a comment ask for what others do not do
mapfile -t any < <(grep -L -e 'SessionType=Discovery' -e 'HeaderDigest=CRC32C' "$FOLDER"/*.scn)
front iscsi-inq 'iscsi-inq {url}' "${any[@]}"
front qemu-img 'qemu-img info {url}' "${any[@]}"
front iscsi-ls 'iscsi-ls iscsi://{host}:{port}' "$FOLDER/discovery.scn"
front header-digest 'iscsi-inq {url}?header_digest=crc32c' "$FOLDER/header-digest.scn"
exit "$bad"
