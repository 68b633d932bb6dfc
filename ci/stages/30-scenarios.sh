#!/usr/bin/env bash
# The pack on the simulated network, as anybody would play it; what we only should do, and what we chose, counts as well.
exec bash "$(dirname "${BASH_SOURCE[0]}")/../scenarios.sh" --strict
