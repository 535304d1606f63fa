//! Hints about the output formats `github` and `dotenv` of `token mint`, and about the options
//! `--env` and `--file`.

use super::{Case, case};

/// Cases with four texts each, see [`case`]: the hint, the setup commands, the failing command, and
/// the command that applies the hint. `PRELUDE` in `hints/mod.rs` defines `init` (creates a store
/// with the admin ada), `$M` (mints a token with the shared secret `$S`) and `$PW` (the password of
/// ada). The command that applies the hint can use texts of the printed hint: `$HINT` is the hint,
/// `$CMD` is the text after its first colon, and `$W1`, `$W2`, ... are its texts in backticks.
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
