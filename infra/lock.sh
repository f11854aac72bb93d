#!/usr/bin/env bash
# Locks both requirement sets with hashes. Run it after editing a requirements*.in file.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_CUSTOM_COMPILE_COMMAND="infra/lock.sh"
flags=(--quiet --generate-hashes --python-version 3.13 --no-emit-index-url "$@")
.venv/bin/uv pip compile "${flags[@]}" requirements-dev.in --output-file requirements-dev.txt
.venv/bin/uv pip compile "${flags[@]}" --constraint requirements-dev.txt requirements.in --output-file requirements.txt
