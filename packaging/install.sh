#!/bin/sh
# Installs jeton from a release: sh install.sh [--version X] [--to DIR] [--verify-attestation]
#
# Everything runs in functions that the last line calls: an incomplete download of this script does nothing.

repository=jeton-cli/jeton

usage() {
    cat <<END
Install the program jeton from a release, without root

Usage: sh install.sh [OPTIONS]

Options:
      --version <X.Y.Z>      Release [default: the latest]
      --to <DIR>             Directory of the program [default: ~/.local/bin]
      --verify-attestation   Verify also with \`gh\` that the release workflow made the archive
      --uninstall            Remove the program, manual pages and completions; stores of tokens are kept
  -h, --help                 Print help

If DIR is named \`bin\`, manual pages and completions are installed in \`share\` beside it.

Environment: JETON_DOWNLOAD_BASE is the URL of the releases, for a mirror
[default: https://github.com/$repository/releases]. It must use https, or http on a loopback address.
A URL with credentials is refused: curl and wget read those of a mirror from ~/.netrc.
END
}

# Prints error and hint, and ends the script.
fail() {
    printf 'error: %s\n' "$1" >&2
    [ -z "${2-}" ] || printf 'hint: %s\n' "$2" >&2
    exit "${3-1}"
}

is_version() {
    case $1 in
    *[!0-9A-Za-z.+-]* | [!0-9]* | *..* | *.) return 1 ;;
    [0-9]*.[0-9]*.[0-9]*) return 0 ;;
    *) return 1 ;;
    esac
}

# Whether a URL uses https, or http on a loopback address.
is_safe_url() {
    case $1 in
    https://[0-9A-Za-z]*) return 0 ;;
    http://*) ;;
    *) return 1 ;;
    esac
    host=${1#http://}
    host=${host%%/*}
    case $host in
    '[::1]' | '[::1]':*) host=localhost${host#'[::1]'} ;;
    esac
    case ${host#*:} in
    "$host") ;;
    '' | *[!0-9]*) return 1 ;;
    esac
    case ${host%%:*} in
    127.0.0.1 | localhost) return 0 ;;
    *) return 1 ;;
    esac
}

# Sets `target`, the platform in the name of the archive for this machine.
detect_target() {
    system=$(uname -s) machine=$(uname -m)
    case $system-$machine in
    # Static, so that this program runs also with musl.
    Linux-x86_64 | Linux-amd64) target=x86_64-unknown-linux-gnu ;;
    Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-musl ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    *)
        fail "platform not supported: found \`$system $machine\`, expected Linux or macOS on x86_64 or arm64" \
            "build from source: cargo install --locked jeton"
        ;;
    esac
}

# Sets the programs for downloads and checksums: `client`, `sha256`. The wget of busybox does not verify
# certificates.
detect_programs() {
    if command -v curl >/dev/null 2>&1; then
        client=curl
    elif wget --version 2>/dev/null | grep -q '^GNU Wget'; then
        client=wget
    else
        fail 'no program for downloads found: expected curl or GNU wget' 'install curl'
    fi
    if command -v sha256sum >/dev/null 2>&1; then
        sha256=sha256sum
    elif command -v shasum >/dev/null 2>&1; then
        sha256='shasum -a 256'
    else
        fail 'no program for checksums found: expected sha256sum or shasum' 'install coreutils'
    fi
}

# Prints the URL that a URL redirects to, or nothing.
redirect() {
    is_safe_url "$1" || fail "unsafe URL \`$1\`: expected https, or http on a loopback address"
    if [ "$client" = curl ]; then
        curl ${netrc:+"$netrc"} -sSI --connect-timeout 30 -o /dev/null -w '%{redirect_url}' "$1" 2>"$work/log" ||
            fail "server not reached: \`$1\`: $(cat "$work/log")" 'check the network connection'
    else
        wget -S --spider --tries=1 --timeout=30 --max-redirect=0 "$1" 2>&1 |
            grep -i '^ *location:' | sed -e 's/^[^:]*: *//' -e 's/ .*//' -e 1q | tr -d '\r'
    fi
}

# Downloads a URL to a file. Redirects are followed to https only.
download() {
    url=$1
    if [ "$client" = curl ]; then
        set -- "$2" curl ${netrc:+"$netrc"} -fsSL --proto "=${url%%:*}" --proto-redir =https --connect-timeout 30 --retry 2 -o "$2" "$url"
    else
        # wget itself would follow a redirect to http.
        for _ in 1 2 3 4 5; do
            next=$(redirect "$url") || exit
            [ -n "$next" ] || break
            url=$next
        done
        [ -z "$next" ] || fail "too many redirects: \`$1\`" "choose a version listed at $base"
        set -- "$2" wget -nv --tries=2 --timeout=30 --max-redirect=0 -O "$2" "$url"
    fi
    file=$1
    shift
    "$@" 2>"$work/log" || fail "download of \`${file##*/}\` failed: \`$url\`: $(tr '\n' ' ' <"$work/log")" \
        "choose a version listed at $base, and check the network connection"
}

# Compares the archive with its line in SHA256SUMS.
verify_checksum() {
    expected=
    while read -r sum file; do
        [ "${file#\*}" != "$archive" ] || expected=$expected$sum
    done <"$work/SHA256SUMS"
    [ -n "$expected" ] || fail "checksum missing: found no line for \`$archive\` in SHA256SUMS of version $version" \
        "choose a version with an archive for this platform: $base"
    found=$($sha256 <"$work/$archive")
    found=${found%% *}
    [ "$found" = "$expected" ] || fail "checksum mismatch of \`$archive\`: found \`$found\`, expected \`$expected\`" \
        "nothing was installed; run the installer again, and report a mismatch that remains"
}

# The tag is compared too: an older archive under the name of a newer version is refused.
verify_attestation() {
    command -v gh >/dev/null 2>&1 ||
        fail "attestation not verified: program \`gh\` not found" 'install the GitHub command-line tool (gh)'
    gh attestation verify "$work/$archive" --repo "$repository" --hostname github.com \
        --signer-workflow "$repository/.github/workflows/release.yml" --source-ref "refs/tags/v$version" \
        --deny-self-hosted-runners </dev/null >"$work/log" 2>&1 ||
        fail "attestation of \`$archive\` not verified by \`gh\`: $(tr '\n' ' ' <"$work/log")" \
            'log in with: gh auth login, or set GH_TOKEN'
}

# Prints the topmost directory of a path that does not exist, or nothing.
missing() {
    [ ! -d "$1" ] || return 0
    top=$1
    while [ ! -d "${top%/*}/" ]; do top=${top%/*}; done
    printf %s "$top"
}

# Removes temporary files, and after a failure the directories that are new and empty.
clean() {
    [ -z "$work" ] || rm -rf "$work"
    [ -z "$new_share" ] || find "$new_share" -depth -type d -exec rmdir {} + 2>/dev/null || :
    [ -z "$new_to" ] || find "$new_to" -depth -type d -exec rmdir {} + 2>/dev/null || :
}

# Creates a directory, and checks that it is writable.
writable() {
    mkdir -p "$1" 2>/dev/null && [ -w "$1" ] ||
        fail "directory \`$1\` not writable" 'choose another directory with --to DIR'
}

install_pages() {
    if ! {
        mkdir -p "$share/man" "$share/bash-completion/completions" "$share/fish/vendor_completions.d" &&
            cp -R "$from/man/." "$share/man" &&
            cp "$from/completions/jeton.bash" "$share/bash-completion/completions/jeton" &&
            cp "$from/completions/jeton.fish" "$share/fish/vendor_completions.d/jeton.fish"
    } 2>/dev/null; then
        fail "manual pages or completions not written in \`$share\`" 'choose another directory with --to DIR'
    fi
}

uninstall() {
    [ -f "$to/jeton" ] || fail "jeton not installed: found no \`$to/jeton\`" 'name the directory with --to DIR'
    rm -f "$to/jeton" 2>/dev/null || fail "program \`$to/jeton\` not removed" 'run as the owner of the directory'
    if [ -n "$share" ]; then
        rm -f "$share"/man/man1/jeton.1 "$share"/man/man1/jeton-*.1 "$share"/man/man7/jeton-*.7 \
            "$share/bash-completion/completions/jeton" "$share/fish/vendor_completions.d/jeton.fish"
    fi
    printf 'removed %s; stores of tokens are kept\n' "$to/jeton"
}

main() {
    set -eu
    export LC_ALL=C
    umask 022
    base=${JETON_DOWNLOAD_BASE:-https://github.com/$repository/releases}
    base=${base%/}
    # curl reads ~/.netrc only with this option, and wget always. GitHub needs no credentials.
    netrc=${JETON_DOWNLOAD_BASE:+--netrc-optional}
    version='' to='' attestation=no action=install
    while [ $# -gt 0 ]; do
        case $1 in
        --version | --to)
            # An option is no directory; `./--name` is one.
            case $1${2-} in
            --version | --to | --to-*) fail "value of \`$1\` missing" 'print the options: sh install.sh --help' 2 ;;
            esac
            if [ "$1" = --to ]; then to=$2; else version=${2#v}; fi
            shift
            ;;
        --verify-attestation) attestation=yes ;;
        --uninstall) action=uninstall ;;
        -h | --help) usage && exit ;;
        *) fail "unknown argument: \`$1\`" 'print the options: sh install.sh --help' 2 ;;
        esac
        shift
    done
    [ -z "$version" ] || is_version "$version" ||
        fail "invalid version: found \`$version\`, expected three numbers such as 1.2.3" '' 2
    [ -n "$to" ] || [ -n "${HOME-}" ] || fail 'HOME not set' 'choose a directory with --to DIR'
    to=${to:-${HOME-}/.local/bin}
    case $to in /*) ;; *) to=$PWD/$to ;; esac
    while [ "$to" != "${to%/}" ]; do to=${to%/}; done
    [ -n "$to" ] || fail "invalid directory: found \`/\`, expected a directory below it" \
        'choose another directory with --to DIR' 2
    # Directories that `man` and shells search if `bin` is in PATH.
    share=
    case $to in */bin) share=${to%/bin}/share ;; esac
    if [ "$action" = uninstall ]; then
        uninstall
        exit
    fi
    # A log may keep the error, so the error has no URL. A password may contain `/`.
    case $base in
    *@*)
        fail 'credentials in the URL of JETON_DOWNLOAD_BASE' \
            "write the credentials to ~/.netrc, from which curl and wget read them, and \`@\` in a path as \`%40\`"
        ;;
    esac
    is_safe_url "$base" || fail "unsafe URL in JETON_DOWNLOAD_BASE: found \`$base\`, expected https, or http on a loopback address"

    detect_target
    detect_programs
    [ ! -d "$to/jeton" ] || fail "\`$to/jeton\` is a directory" 'choose another directory with --to DIR'
    work='' new_to=$(missing "$to") new_share=
    trap clean EXIT
    trap 'exit 130' HUP INT TERM
    writable "$to"
    to=$(cd "$to" && pwd)
    if [ -n "$share" ]; then
        new_share=$(missing "$share")
        writable "$share"
    fi
    # In the directory of the program, so that the last step is a rename in one file system.
    work=$(mktemp -d "$to/.jeton-install.XXXXXX" 2>/dev/null) ||
        fail "directory \`$to\` not writable" 'choose another directory with --to DIR'

    if [ -z "$version" ]; then
        latest=$(redirect "$base/latest")
        version=${latest##*/tag/v}
        is_version "$version" || fail "latest version not found: \`$base/latest\` redirects to \`$latest\`" \
            'choose a version with --version X.Y.Z'
    fi
    archive=jeton-$version-$target.tar.gz
    download "$base/download/v$version/SHA256SUMS" "$work/SHA256SUMS"
    download "$base/download/v$version/$archive" "$work/$archive"
    verify_checksum
    [ "$attestation" = no ] || verify_attestation

    tar -xzf "$work/$archive" -C "$work" || fail "archive \`$archive\` not unpacked" 'install tar and gzip'
    from=$work/${archive%.tar.gz}
    found=$("$from/jeton" --version 2>&1) && [ "$found" = "jeton $version" ] ||
        fail "program does not run on this machine: found \`$found\`, expected \`jeton $version\`" \
            'build from source: cargo install --locked jeton'
    [ -z "$share" ] || install_pages
    mv -f "$from/jeton" "$to/jeton" || fail "program \`$to/jeton\` not written" 'choose another directory with --to DIR'
    new_to='' new_share=

    printf 'installed jeton %s in %s\n' "$version" "$to"
    case :$PATH: in
    *:"$to":*) ;;
    *) printf 'add this line to the profile of your shell: export PATH="%s:%s"\n' "$to" "\$PATH" ;;
    esac
}

{ main "$@"; }
