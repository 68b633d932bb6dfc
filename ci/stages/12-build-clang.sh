#!/usr/bin/env bash
# The same with clang, whose warnings are other ones, and with AddressSanitizer and UndefinedBehaviorSanitizer, whose clang knows more faults.
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
build asan
