#compdef BIN
function _jeton() {
    # Only zsh expands `~` and variables in the name of a file.
    if [[ $PREFIX == [~\$]* ]]; then
        _files
        return
    fi
    local -a candidates=("${(@f)$(
        _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) VAR=zsh COMPLETER -- "${words[@]}" 2>/dev/null
    )}")
    local -a directories=() names=() values=()
    local candidate
    for candidate in $candidates; do
        case ${candidate%%:*} in
            */) directories+=("${candidate%/}") ;;
            # The value follows the name.
            *=) names+=("$candidate") ;;
            *) values+=("$candidate") ;;
        esac
    done
    (($#directories)) && _describe -V 'values' directories -S '/' -r '/'
    (($#names)) && _describe -V 'values' names -S ''
    (($#values)) && _describe -V 'values' values
}
compdef _jeton BIN
