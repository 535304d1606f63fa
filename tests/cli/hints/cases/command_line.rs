//! Hints about the names of commands, options, settings and presets, and about the command line.

use super::{Case, case};

/// Cases with four texts each, see [`case`]: the hint, the setup commands, the failing command, and
/// the command that applies the hint. `PRELUDE` in `hints/mod.rs` defines `init` (creates a store
/// with the admin ada), `$M` (mints a token with the shared secret `$S`) and `$PW` (the password of
/// ada). The command that applies the hint can use texts of the printed hint: `$HINT` is the hint,
/// `$CMD` is the text after its first colon, and `$W1`, `$W2`, ... are its texts in backticks.
pub(super) const CASES: &[Case] = &[
    case("use `jeton {command}`", "", "jeton signin -h", "$W1 -h"),
    case("use `jeton {path}`", "init", "jeton prune", "$W1 --yes"),
    case(
        "use one of: jeton {}",
        "init",
        "jeton list",
        "for c in users token; do jeton $c list; done",
    ),
    case("use `--{name}`", "", "$M --isss x", "$M $W1 x"),
    case(
        "use `--permission P[,P]` for permissions",
        "init",
        "jeton token create shop read",
        "jeton token create shop --permission read",
    ),
    case(
        "enclose each text in double quotes, and the argument in single quotes: 'name=[\"TEXT\"]'",
        "",
        "$M --claim-json 'roles=[admin]'",
        "eval $M --claim-json \"$CMD\"",
    ),
    case(
        "for an unsigned test token, use `jeton token mint --defect alg_none`",
        "",
        "jeton token mint --secret-env S --alg none",
        "$W1 --secret-env S --alg HS256",
    ),
    case("use `{name}`", "init", "jeton settings get token.qota", "jeton settings get $W1"),
    case(
        "use `{name}`",
        "",
        "jeton token mint --secret-env S --alg HS265",
        "jeton token mint --secret-env S --alg $W1",
    ),
    case(
        "use `{}`",
        "",
        "$M --preset github-actions --set repositry=a/b",
        "$M --preset github-actions --set $W1=a/b",
    ),
    case(
        "use `--set {parameter}=OWNER/NAME`",
        "",
        "$M --preset github-actions --set repository=web",
        "$M --preset github-actions $W1",
    ),
    case(
        "use `{similar}`, or list presets: jeton token presets",
        "",
        "$M --preset github",
        "$M --preset $W1 && $CMD",
    ),
    case(
        "list presets: jeton token presets",
        "",
        "$M --preset zzz",
        "$CMD && $M --preset $($CMD | awk 'NR==2 {print $1}')",
    ),
    case("use `{path} {name}`", "", "jeton help exit-code", "$W1"),
    case("use `{path} {name}`", "", "jeton help token crate", "$W1"),
    case("see `{path}`", "", "jeton help zzzz", "$W1"),
    case("see `{path} --help`", "", "jeton token -q", "$W1"),
    case("see `{} --help`", "", "jeton whoami --wait soon", "$W1"),
    case("use `{flag}={word}` for this value", "", "$M --sub -x", "$M $W1"),
    case("add the value of `{}`", "", "$M --expires-at --sub a", "$M $W1 +1h --sub a"),
    case("pass `{first}` once", "", "$M --sub a --sub b", "$M $W1 a"),
    case(
        "omit `{first}` or `{}`",
        "init",
        "jeton users list --all --page 1",
        "jeton users list $W1 && jeton users list $W2 1",
    ),
    case(
        "omit `{first}` or `{}`",
        "init",
        "jeton run --app x --key y -- true",
        "jeton run $W1 x -- true",
    ),
    case(
        "omit `--record`: only tokens signed with a key of the store can be recorded",
        "init; jeton keys generate --purpose test -q",
        "jeton token mint --record --secret-env S --alg HS256",
        "$M && jeton token mint $W1",
    ),
    case(
        "pass the tokens on standard input: jeton token verify --batch < FILE",
        "init; jeton token create ci > FILE",
        "jeton token verify --batch @FILE",
        "eval \"$CMD\"",
    ),
    case(
        "use `--from-file FILE`",
        "init; openssl genpkey -algorithm ed25519 -out k.pem",
        "jeton keys import --purpose test k.pem",
        "jeton keys import --purpose test ${W1%FILE}k.pem",
    ),
    case(
        "put `--` before the command: jeton run -- COMMAND",
        "init",
        "jeton run true",
        "${CMD%COMMAND}true",
    ),
    case("use `--out DIR`", "init", "jeton token fixtures d", "jeton token fixtures ${W1%DIR}d"),
    case("use {}", "init", "jeton whoami -o csv", "jeton whoami $W1 && jeton whoami $W2"),
    case(
        "show a preset: jeton token presets show NAME",
        "",
        "jeton token presets show",
        "${CMD%NAME}flask",
    ),
];
