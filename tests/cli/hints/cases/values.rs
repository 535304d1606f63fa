//! Hints about values, the command line and input.

use super::{Case, case};

pub(super) const CASES: &[Case] = &[
    // Times and durations
    case("use a duration above zero, such as `1h`", "", "$M --ttl 0s", "$M --ttl $W1"),
    case(
        "for an expired token, use `--defect expired` or `--expires-at -{age}`",
        "",
        "$M --ttl -1h",
        "$M $W1 && $M $W2",
    ),
    case("use `{days}`", "", "$M --ttl 1y", "$M --ttl $W1"),
    case("use `+{days}`", "", "$M --expires-at +1y", "$M --expires-at $W1"),
    case("use `{text}s` for seconds", "", "$M --ttl 3600", "$M --ttl $W1"),
    case(
        "use `+{lifetime}` or `-{lifetime}`",
        "",
        "$M --expires-at 1h",
        "$M --expires-at $W1 && $M --expires-at $W2",
    ),
    case("use seconds: `{}`", "", "$M --expires-at 1999999999000", "$M --expires-at $W1"),
    case("use `{time}Z`", "", "$M --expires-at 2030-01-31T12:00:00", "$M --expires-at $W1"),
    // Names and the command line
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
    case("see `{path} --help`", "", "jeton token", "$W1"),
    case("see `{} --help`", "", "jeton whoami --wait soon", "$W1"),
    case("use `{flag}={word}` for this value", "", "$M --sub -x", "$M $W1"),
    case("add the value of `{flag}`", "", "$M --expires-at --sub a", "$M $W1 +1h --sub a"),
    case("use {}", "init", "jeton whoami -o csv", "jeton whoami $W1 && jeton whoami $W2"),
    case(
        "show a preset: jeton token presets show NAME",
        "",
        "jeton token presets show",
        "${CMD%NAME}flask",
    ),
    // Input
    case(
        "pass both on two lines with `--password-stdin` or `--password-file FILE`",
        "init",
        "jeton passwd",
        "printf '%s\\nlovelace2\\n' $PW | jeton passwd $W1",
    ),
    case(
        "use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`",
        "init",
        "jeton login ada",
        "echo $PW | jeton login ada $W1 && JETON_PASSWORD=$PW jeton login ada",
    ),
    case(
        "to read the file, use {word}",
        "$M > t",
        "jeton token decode t",
        "jeton token decode ${HINT##* }",
    ),
    case(
        "pass a token as an argument, as `-` on standard input, as `@FILE`, or in `JETON_TOKEN`",
        "$M > t",
        "jeton token decode",
        "jeton token decode \"$(cat t)\" && jeton token decode - < t && jeton token decode @t && JETON_TOKEN=$(cat t) jeton token decode",
    ),
    case(
        "pass the name of the variable without `$`",
        "",
        "jeton token mint --alg HS256 --secret-env $S",
        "$M",
    ),
    case(
        "use files for all but one of the arguments",
        "echo '{}' > claims.json",
        "jeton token mint --alg HS256 --key-file - --claims -",
        "echo $S | jeton token mint --alg HS256 --key-file - --claims claims.json",
    ),
    case(
        "use a path, prefixed with `./` if it looks like a URL",
        "",
        "jeton init ada --store mysql://x",
        "jeton init ada -q --store ./x",
    ),
    case(
        "use `-o jsonl` to write one object per line",
        "",
        "$M --count 100001 -o json",
        "$M --count 100001 $W1 | head -n 1",
    ),
    case(
        "for a secret, use `--secret-env NAME`",
        "",
        "jeton token mint --key-file nowhere --alg HS256",
        "jeton token mint --alg HS256 ${W1%NAME}S",
    ),
    case(
        "use `-` and pass the PEM on standard input",
        "openssl ecparam -name prime256v1 -genkey -noout > k.pem",
        "jeton token mint --key-file \"$(cat k.pem)\"",
        "jeton token mint --key-file $W1 < k.pem",
    ),
    case(
        "use fewer or shorter claims",
        "",
        "$M --claim a=$(head -c 70000 /dev/zero | tr '\\0' x)",
        "$M --claim a=x",
    ),
    case(
        "print the header: use `--part header`",
        "echo eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.c2VjcmV0.AAAAAAAAAAAAAAAAAAAAAA > t",
        "jeton token decode @t --part payload",
        "jeton token decode @t $W1",
    ),
    case(
        "use `--ignore-unknown` to skip unknown columns",
        "init; printf 'username,shoe\\nbob,41\\n' > users.csv",
        "jeton users import users.csv",
        "jeton users import users.csv $W1",
    ),
    case(
        "convert the file: iconv -f UTF-16 -t UTF-8 FILE",
        "$M --sub a | iconv -f UTF-8 -t UTF-16 > FILE",
        "jeton token verify --batch --secret-env S --alg HS256 < FILE",
        "eval \"$CMD\" | jeton token verify --batch --secret-env S --alg HS256",
    ),
    case(
        "use `JETON_TOKEN_FILE` for the name of a file, without the `@`",
        "$M --sub a > t",
        "JETON_TOKEN=@t jeton token decode",
        "env \"$W1=t\" jeton token decode",
    ),
];
