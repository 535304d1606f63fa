# shellcheck shell=bash disable=SC2034,SC2119,SC2120,SC2154 # Variables of the tests that source this file.
# Functions for tests that install from a release on a loopback address; sourced, after `work` and `root`
# are set.

servers=()
trap '[ ${#servers[@]} -eq 0 ] || kill "${servers[@]}" 2>/dev/null; rm -rf "$work"' EXIT

fail() { echo "$(basename "$0"): $*" >&2; exit 1; }

needs() {
    for program; do command -v "$program" >/dev/null || fail "program \`$program\` not found: install it"; done
}

# Makes a release with a program that prints its version only: stub_release VERSION
stub_release() {
    local name=jeton-$1-$target release=$work/site/download/v$1
    mkdir -p "$release" "$work/stub/$name/man/man1" "$work/stub/$name/man/man7"
    printf '#!/bin/sh\necho jeton %s\n' "$1" >"$work/stub/$name/jeton"
    chmod 755 "$work/stub/$name/jeton"
    cp -R "$root/completions" "$work/stub/$name"
    echo page >"$work/stub/$name/man/man1/jeton.1"
    tar -czf "$release/$name.tar.gz" -C "$work/stub" "$name"
    "$root/packaging/checksums" "$release"
}

# Makes the release of the program under test, and starts the server: serve BINARY
serve() {
    case $(uname -m) in
    x86_64) target=x86_64-unknown-linux-gnu ;;
    aarch64) target=aarch64-unknown-linux-musl ;;
    *) fail "machine not supported: found \`$(uname -m)\`" ;;
    esac
    version=$("$root/packaging/version")
    "$root/packaging/archive" "$1" "$target" "$work/site/download/v$version" >/dev/null
    "$root/packaging/checksums" "$work/site/download/v$version"
    archive=jeton-$version-$target.tar.gz
    echo "$version" >"$work/site/latest"
    start_server
    base=http://127.0.0.1:$port/releases
}

# Starts a file server, with https if a certificate is given, and sets its port: start_server [CERTIFICATE]
start_server() {
    mkfifo "$work/port"
    python3 "$root/tests/packaging/releases.py" "$work/site" "$@" >"$work/port" 2>"$work/server.log" &
    servers+=($!)
    read -r port <"$work/port"
    rm "$work/port"
}
