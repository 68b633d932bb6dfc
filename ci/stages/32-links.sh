#!/usr/bin/env bash
# The pack again with every stream cut into single bytes, and with everything glued together: no verdict may depend on it.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
bad=0
for link in split coalesce; do
    say "link $link"
    play "link-$link" scenarios --link "$link" --keep failed --pcap-dir "build/captures-$link" || bad=1
done
exit "$bad"
