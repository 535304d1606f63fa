//! Hints about key ids, and about the algorithm and key of test tokens.

use super::{Case, case};

/// Cases with four texts each, see [`case`]: the hint, the setup commands, the failing command, and
/// the command that applies the hint. `PRELUDE` in `hints/mod.rs` defines `init` (creates a store
/// with the admin ada), `$M` (mints a token with the shared secret `$S`) and `$PW` (the password of
/// ada). The command that applies the hint can use texts of the printed hint: `$HINT` is the hint,
/// `$CMD` is the text after its first colon, and `$W1`, `$W2`, ... are its texts in backticks.
pub(super) const CASES: &[Case] = &[
    case(
        "choose another key id with `--kid ID`",
        "init; jeton keys generate --kid k1 -q",
        "jeton keys generate --kid k1",
        "jeton keys generate ${W1%ID}k2",
    ),
    case(
        "omit `--activate`, then activate one key: jeton keys activate KID",
        r#"init; K=$(printf %064d 1); echo '{"keys":[{"kty":"oct","alg":"HS256","kid":"first","k":"'$K'"},'\
            '{"kty":"oct","alg":"HS256","kid":"second","k":"'${K%1}2'"}]}' > set.json"#,
        "jeton keys import --from-file set.json --purpose test --activate",
        "jeton keys import --from-file set.json --purpose test -q && ${CMD%KID}second",
    ),
    case(
        "use `--kid {kid}` to keep the key id of the existing key",
        "init; jeton keys import --from-env S --alg HS256 --kid 'k 1' -q",
        "jeton keys import --from-env S --alg HS256 --kid k2",
        "eval jeton keys import --from-env S --alg HS256 $W1",
    ),
    case(
        "create the key: jeton keys generate --purpose test --alg {algorithm} --kid {kid}",
        "init; mkdir -p .config/jeton/presets
        echo '{\"description\":\"ours\",\"alg\":\"EdDSA\",\"header\":{\"alg\":\"{alg}\",\"kid\":\"k 1\"},\"claims\":{}}' \
            > .config/jeton/presets/ours.json",
        "jeton token mint --preset ours",
        "eval \"$CMD\" && jeton token mint --preset ours",
    ),
    case(
        "choose the algorithm with `--alg`",
        "init",
        "jeton token mint --header alg=ES384",
        "jeton token mint $W1 ES384",
    ),
    case(
        "select a test key with `--key KID`, or use `--kid` with `--key-file` or `--secret-env`",
        "init; jeton keys generate --purpose test --kid k1 -q",
        "jeton token mint --header kid=k1",
        "jeton token mint ${W1%KID}k1 && $M $W2 k1",
    ),
    case(
        "use more characters of the id",
        "init; jeton keys generate --kid key-1 -q; jeton keys generate --kid key-2 -q",
        "jeton keys activate key-",
        "jeton keys activate key-1",
    ),
];
