#!/usr/bin/env bash
# The release build with gcc; every warning is an error.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
build release
