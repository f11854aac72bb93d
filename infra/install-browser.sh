#!/usr/bin/env bash
# Sees to a Chromium for the browser tests: the machine's own, else Debian's, else Playwright's.
# Prints where it is; nothing for Playwright's, which finds it itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

machines_own() {
  local name
  for name in chromium chromium-browser google-chrome; do
    # Some distributions put a stub there that only says where to get the real one.
    if "$name" --version >/dev/null 2>&1; then
      command -v "$name"
      return 0
    fi
  done
  return 1
}

machines_own && exit 0

playwrights="$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as running: print(running.chromium.executable_path)')"
[ -x "$playwrights" ] && exit 0

if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then
  echo "Installing Chromium with apt-get" >&2
  apt-get update -qq >&2 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium </dev/null >/dev/null 2>&1 &&
    machines_own && exit 0
fi
.venv/bin/playwright install chromium >&2
