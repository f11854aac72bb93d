#!/usr/bin/env bash
# Installs what the banner's build, tests and benchmark need from npm, as its lock says.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../web"

cmp -s package-lock.json node_modules/installed.json && exit 0
echo "Installing web/package-lock.json" >&2
npm ci --no-audit --no-fund --loglevel=error
cp package-lock.json node_modules/installed.json
