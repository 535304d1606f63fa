//! Hints about variables that contain tokens, and about files that describe tokens.

use super::{Case, case};

/// Cases with four texts each, see [`case`]: the hint, the setup commands, the failing command, and
/// the command that applies the hint. The shell definitions `init`, `$M`, `$S` and `$PW` are in
/// `PRELUDE`. `$HINT`, `$CMD` and `$W1`, `$W2`, ... are texts of the printed hint, see [`Case`].
pub(super) const CASES: &[Case] = &[
    case("outside of GitHub Actions, use `-o dotenv`", "", "$M -o github", "$M $W1"),
    case("add `-o dotenv`", "", "$M --env A", "$M --env A $W1"),
    case(
        "use `-o jsonl`, or describe the tokens in a file for `--file`",
        "printf '[tokens.A]\n[tokens.B]\n' > t.toml; init",
        "$M --count 2 -o dotenv",
        "$M --count 2 $W1 && jeton token mint $W2 t.toml",
    ),
    case(
        "add `--allow-env NAME` if the file may use the secret in the variable",
        "printf \"[tokens.A]\nalg = 'HS256'\nsecret-env = 'S'\n\" > t.toml",
        "jeton token mint --file t.toml",
        "jeton token mint --file t.toml ${W1%NAME}S",
    ),
    case(
        "use `{similar}`",
        "printf \"[tokens.ADMIN]\n\" > t.toml; init",
        "jeton token mint --file t.toml ADMIM",
        "jeton token mint --file t.toml $W1",
    ),
];
