#!/bin/sh
# What a container does: `target` without an address serves on every one of the container's, anything else goes to iscsirig as it is.
set -eu
if [ "${1:-}" = target ]; then
    shift
    ready=${ISCSIRIG_READY:-/tmp/iscsirig.ready}
    rm -f "$ready"
    case " $* " in
    *" --listen "*) exec iscsirig target --ready-file "$ready" "$@" ;;
    *.scn*) exec iscsirig target --ready-file "$ready" --listen "${ISCSIRIG_LISTEN:-0.0.0.0:3260}" "$@" ;;
    esac
    exec iscsirig target --ready-file "$ready" --listen "${ISCSIRIG_LISTEN:-0.0.0.0:3260}" \
        --name "${ISCSIRIG_NAME:-iqn.2026-01.example.sim:disk}" --lun "${ISCSIRIG_LUN:-ram:64MiB}" "$@"
fi
exec iscsirig "$@"
