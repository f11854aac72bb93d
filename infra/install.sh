#!/usr/bin/env bash
# Makes .venv with everything in requirements-dev.txt, each file checked against its hash.
# Does nothing while the lock is the one that was installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock=requirements-dev.txt
installed=.venv/installed.txt
cmp -s "$lock" "$installed" && exit 0

is_313() { "$1" -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null; }

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  rm -rf .venv
  for python in python3.13 python3 python; do
    if is_313 "$python"; then
      "$python" -m venv .venv
      break
    fi
  done
  if [ ! -e .venv ]; then
    if ! command -v uv >/dev/null; then
      echo "Jaga needs Python 3.13 (with its venv module) or uv: https://docs.astral.sh/uv/" >&2
      exit 1
    fi
    uv venv --quiet --seed --python 3.13 .venv
  fi
fi

echo "Installing $lock" >&2
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"
cp "$lock" "$installed"
