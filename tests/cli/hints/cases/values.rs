//! Hints about times, durations and claims, and about the input of commands: passwords, tokens,
//! keys and files.

use super::{Case, case};

/// Cases with four texts each, see [`case`]: the hint, the setup commands, the failing command, and
/// the command that applies the hint. `PRELUDE` in `hints/mod.rs` defines `init` (creates a store
/// with the admin ada), `$M` (mints a token with the shared secret `$S`) and `$PW` (the password of
/// ada). The command that applies the hint can use texts of the printed hint: `$HINT` is the hint,
/// `$CMD` is the text after its first colon, and `$W1`, `$W2`, ... are its texts in backticks.
pub(super) const CASES: &[Case] = &[
    // Times and durations
    case("use a duration above zero, such as `5m`", "", "$M --ttl 0s", "$M --ttl $W1"),
    case(
        "use a duration from `1s` to `365000d`",
        "",
        "$M --ttl 1001y",
        "$M --ttl $W1 && $M --ttl $W2",
    ),
    case(
        "use a duration from `1s` to `{max}`",
        "init; T=$(jeton token create ci); echo $T > t",
        "jeton token verify @t --leeway 1y",
        "jeton token verify @t --leeway $W1 && jeton token verify @t --leeway $W2",
    ),
    case("for an expired token, use `--defect expired`", "", "$M --ttl -9999w", "$M $W1"),
    case(
        "use a time in the years 1970–9999, such as `+1h`",
        "",
        "$M --expires-at -99999w",
        "$M --expires-at $W1",
    ),
    case("use `+{lifetime}`", "", "$M --expires-at 100y", "$M --expires-at $W1"),
    case("use `{age}`", "init", "jeton audit list --since 1y", "jeton audit list --since $W1"),
    case(
        "for an expired token, use `--defect expired` or `--expires-at {past_time}`",
        "",
        "$M --ttl -1h",
        "$M $W1 && $M $W2",
    ),
    case("use `{in_days}`", "", "$M --ttl 1y", "$M --ttl $W1"),
    case("use `+{in_days}`", "", "$M --expires-at +1y", "$M --expires-at $W1"),
    case("use `{text}s` for seconds", "", "$M --ttl 3600", "$M --ttl $W1"),
    case(
        "use `+{lifetime}` or `{past_time}`",
        "",
        "$M --expires-at 1h",
        "$M --expires-at $W1 && $M --expires-at $W2",
    ),
    case("use seconds: `{seconds}`", "", "$M --expires-at 1999999999000", "$M --expires-at $W1"),
    case("use `{time_in_utc}`", "", "$M --expires-at 2030-01-31T12:00:00", "$M --expires-at $W1"),
    // Claims
    case(
        "omit `--no-{name}` or the claim",
        "",
        "$M --claim jti=x --no-jti",
        "$M --claim jti=x && $M --no-jti",
    ),
    case(
        "use fewer or shorter claims",
        "",
        "$M --claim a=$(head -c 70000 /dev/zero | tr '\\0' x)",
        "$M --claim a=x",
    ),
    // Input
    case(
        "pass only the token, from `ey` to the end of the signature",
        "init; jeton token create app >t; (cat t; head -c 800000 /dev/zero | tr '\\0' ' ') >long",
        "jeton token verify @long",
        "jeton token verify @t",
    ),
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
        "use `@FILE` for a token in a file, or `-` for standard input",
        "$M > t",
        "jeton token decode t.jwt",
        "jeton token decode @t && jeton token decode - < t",
    ),
    case(
        "pass a token, `-` for standard input or `@FILE` as the argument, or set `JETON_TOKEN`",
        "$M > t",
        "jeton token decode",
        "jeton token decode \"$(cat t)\" && jeton token decode - < t && jeton token decode @t && JETON_TOKEN=$(cat t) jeton token decode",
    ),
    case(
        "export the variable, and pass its name without `$`",
        "",
        "jeton token mint --alg HS256 --secret-env $S",
        "$M",
    ),
    case(
        "use standard input for one input only, and files for the other inputs",
        "echo '{}' > claims.json",
        "jeton token mint --alg HS256 --key-file - --claims -",
        "echo $S | jeton token mint --alg HS256 --key-file - --claims claims.json",
    ),
    case(
        "use a path; if the path looks like a URL, put `./` before the path",
        "",
        "jeton init ada --store mysql://x",
        "jeton init ada -q --store ./x",
    ),
    case(
        "if the address is a path, put `./` before the path",
        "",
        "jeton init ada --store host=x",
        "jeton init ada -q --store ./host=x",
    ),
    case(
        "use `-o jsonl` to write one object per line",
        "",
        "$M --count 100001 -o json",
        "$M --count 100001 $W1 | head -n 1",
    ),
    case(
        "for a secret, use `--secret-env NAME`",
        "$M > t",
        "jeton token verify @t --key nowhere --alg HS256",
        "jeton token verify @t --alg HS256 ${W1%NAME}S",
    ),
    case(
        "for a test key of the store, use `--key KID`; for a secret, `--secret-env NAME`",
        "init; jeton keys generate --purpose test --kid k1 -q",
        "jeton token mint --key-file k1",
        "jeton token mint ${W1%KID}k1 && jeton token mint --alg HS256 ${W2%NAME}S",
    ),
    case(
        "for a key in a file, use `--key-file FILE`",
        "init; openssl genpkey -algorithm ed25519 -out k.pem",
        "jeton token mint --key k.pem",
        "jeton token mint ${W1%FILE}k.pem",
    ),
    case(
        "for a key in a file, use `--key-file FILE`",
        "init; openssl genpkey -algorithm ed25519 -out k.pem",
        "jeton token fixtures --key k.pem",
        "jeton token fixtures ${W1%FILE}k.pem",
    ),
    case(
        "for a key in a file, use `--key-file FILE`",
        "init; openssl genpkey -algorithm ed25519 -out k.pem",
        "jeton run --key k.pem -- true",
        "jeton run ${W1%FILE}k.pem -- true",
    ),
    case(
        "omit `--no-jti`, or sign with `--key-file` or `--secret-env`",
        "init",
        "jeton run --no-jti -- true",
        "jeton run -- true && jeton run --no-jti $W3 S --alg HS256 -- true",
    ),
    case(
        "use double quotes, so that the shell inserts the value: \"{text}\"",
        "init; jeton token create ci > t",
        "jeton token decode '$TOKEN'",
        "TOKEN=$(cat t); eval jeton token decode \"$CMD\"",
    ),
    case(
        "use double quotes, so that the shell inserts the value: \"{text}\"",
        "init; jeton token create ci > t",
        "jeton token verify '${TOKEN}'",
        "TOKEN=$(cat t); eval jeton token verify \"$CMD\"",
    ),
    case(
        "use `-` and pass the PEM on standard input",
        "openssl ecparam -name prime256v1 -genkey -noout > k.pem",
        "jeton token mint --key-file \"$(cat k.pem)\"",
        "jeton token mint --key-file $W1 < k.pem",
    ),
    case(
        "print the header: use `--part header`",
        "echo eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAAAAAAAAAAAAAA.c2VjcmV0.AAAAAAAAAAAAAAAAAAAAAA > t",
        "jeton token decode @t --part payload",
        "jeton token decode @t $W1",
    ),
    case(
        "use `--ignore-unknown` to skip unknown CSV columns and JSON members",
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
        "decode the token: base64 -d FILE",
        "$M --sub a | base64 > FILE",
        "jeton token decode - < FILE",
        "eval \"$CMD\" | jeton token decode -",
    ),
    case(
        "use `JETON_TOKEN_FILE` for the name of a file, without the `@`",
        "$M --sub a > t",
        "JETON_TOKEN=@t jeton token decode",
        "env \"$W1=t\" jeton token decode",
    ),
    case(
        "pass one token",
        "$M --sub a > t; $M --sub b >> t",
        "jeton token decode @t",
        "head -n 1 t | jeton token decode -",
    ),
    case(
        "pass one token, or `--batch` and several tokens on standard input, one per line",
        "$M --sub a > t; $M --sub b >> t",
        "jeton token verify @t --secret-env S --alg HS256",
        "jeton token verify $W1 --secret-env S --alg HS256 < t",
    ),
    case("list the schemas: jeton help schema", "", "jeton help schema users", "$CMD"),
];
