_jeton() {
    # bash splits words at COMP_WORDBREAKS, among them `:`, `=` and `@`. Parts without a space between
    # them are one word of the command line. The last word ends at the cursor.
    local line=${COMP_LINE:0:COMP_POINT} rest word i
    local -a words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        if [[ i -eq 0 || $rest != "$line" ]]; then
            words+=("$word")
        else
            words[${#words[@]} - 1]+=$word
        fi
        line=${rest#"$word"}
    done
    word=${words[${#words[@]} - 1]}
    # bash replaces `$2`, the end of the word.
    IFS=$'\013' read -r -d '' -a COMPREPLY < <(
        _CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) _JETON_COMPLETE_KEPT=${word%"$2"} VAR=bash \
            "COMPLETER" -- "${words[@]}" 2>/dev/null
    )
    if [[ ${#COMPREPLY[@]} -eq 0 && $2 == *'$'* ]]; then
        # Only bash expands variables in the name of a file.
        compopt -o default 2>/dev/null
    elif [[ ${COMPREPLY-} == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
# Options of bash 4.4; an older bash appends no space.
complete -o bashdefault -o nosort -F _jeton BIN 2>/dev/null ||
    complete -o bashdefault -o nospace -F _jeton BIN
