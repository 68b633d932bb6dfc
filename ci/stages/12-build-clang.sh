#!/usr/bin/env bash
# The same with clang, whose warnings are other ones.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
build clang
