#!/usr/bin/env bash
# The pack on the simulated network, as anybody would play it.
exec bash "$(dirname "${BASH_SOURCE[0]}")/../scenarios.sh"
