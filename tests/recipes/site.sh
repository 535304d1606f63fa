#!/usr/bin/env bash
# Runs tests while a file server publishes the keys as an issuer does: site.sh python3 -m pytest
set -euo pipefail

# Options for tokens that the service accepts, without `--iss`.
TOKENS=(--aud api --scope read --sub alice)

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
mkdir "$home/site"
mkfifo "$home/log"

# The server picks a free port and prints: Serving HTTP on 127.0.0.1 port 43671 (http://...) ...
python3 -u -m http.server --bind 127.0.0.1 --directory "$home/site" 0 > "$home/log" &
server=$!
trap 'kill "$server" && wait "$server" || true; rm -rf "$home"' EXIT
read -r _ _ _ _ _ port _ < "$home/log"

export ISSUER=http://127.0.0.1:$port FIXTURES=$home/fixtures
export JETON_STORE=$home/jeton.db JETON_CONFIG_DIR=$home JETON_TOKEN='' JETON_TOKEN_FILE=''
jeton init ci --quiet --no-input
jeton settings set issuer "$ISSUER" --quiet
jeton token fixtures "${TOKENS[@]}" --out "$FIXTURES" --quiet
jeton keys export --site "$home/site" --issuer "$ISSUER" --purpose test --quiet

"$@"
