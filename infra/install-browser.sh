#!/usr/bin/env bash
# Sees to a Chromium for the browser tests: the machine's own, else Debian's, else Playwright's.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null && exit 0
done
[ -x "$(.venv/bin/python -c 'from playwright.sync_api import sync_playwright
with sync_playwright() as running: print(running.chromium.executable_path)')" ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium with apt-get" >&2
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium </dev/null >/dev/null; then
    command -v chromium >/dev/null && exit 0
  fi
fi
.venv/bin/playwright install chromium
