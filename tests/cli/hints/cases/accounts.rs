//! Hints about accounts, sessions, tokens and keys.

use super::{Case, case};

/// Cases with four texts each, see [`case`]: the hint, the setup commands, the failing command, and
/// the command that applies the hint. `PRELUDE` in `hints/mod.rs` defines `init` (creates a store
/// with the admin ada), `$M` (mints a token with the shared secret `$S`) and `$PW` (the password of
/// ada). The command that applies the hint can use texts of the printed hint: `$HINT` is the hint,
/// `$CMD` is the text after its first colon, and `$W1`, `$W2`, ... are its texts in backticks.
pub(super) const CASES: &[Case] = &[
    // Tokens that were signed elsewhere
    case(
        "for a token that was signed elsewhere, use `jeton token verify` with `--jwks`, `--key` or \
         `--secret-env`, or `jeton token decode` without verification",
        "init; $M --kid a > t",
        "jeton token verify @t",
        "$W1 @t $W4 S --alg HS256 && $W5 @t",
    ),
    case(
        "for a token that was signed elsewhere, use `jeton token verify` with `--jwks`, `--key` or \
         `--secret-env`, or `jeton token decode` without verification",
        "init; $M > t",
        "jeton token inspect @t",
        "$W1 @t $W4 S --alg HS256 && $W5 @t",
    ),
    // Accounts and sessions
    case(
        "give a username or an e-mail address: jeton init LOGIN",
        "",
        "jeton init 'a b'",
        "${CMD%LOGIN}ada -q",
    ),
    case(
        "log in: jeton login",
        "init; jeton logout -q",
        "jeton whoami",
        "JETON_PASSWORD=$PW $CMD ada && jeton whoami",
    ),
    case(
        "log in as a user with the role `admin`: jeton login LOGIN",
        "init; JETON_PASSWORD=$PW jeton register bob -q; JETON_PASSWORD=$PW jeton login bob -q",
        "jeton settings set issuer x",
        "JETON_PASSWORD=$PW ${CMD%LOGIN}ada -q && jeton settings set issuer x",
    ),
    case(
        "ask an admin to change the role: jeton users set-role {} {}",
        "init; JETON_PASSWORD=$PW jeton register bob -q; JETON_PASSWORD=$PW jeton login bob -q",
        "jeton token mint",
        "JETON_PASSWORD=$PW jeton login ada -q; $CMD
        JETON_PASSWORD=$PW jeton login bob -q; jeton token mint",
    ),
    case(
        "log in again: jeton login",
        "init; cp -r .config copy; jeton logout -q; cp -r copy/. .config",
        "jeton whoami",
        "JETON_PASSWORD=$PW $CMD ada && jeton whoami",
    ),
    case(
        "give a user other than `{display_login}`: jeton login LOGIN",
        "init",
        "JETON_PASSWORD=$PW jeton login",
        "JETON_PASSWORD=$PW ${CMD%LOGIN}ada",
    ),
    case(
        "create the first admin: jeton init",
        "jeton keys generate -q",
        "jeton users list",
        "$CMD ada -q && jeton users list",
    ),
    case(
        "log in with `jeton login`, or use `--exist-ok` to accept the existing store",
        "init",
        "jeton init ada",
        "JETON_PASSWORD=$PW $W1 ada && jeton init ada $W2",
    ),
    case(
        "pass a refresh token with `--token-stdin`, or omit the bearer token",
        "init",
        "JETON_TOKEN=$(jeton sessions token) jeton refresh",
        "jeton refresh",
    ),
    case(
        "replace the token in {source} with the access token of a session",
        "init",
        "JETON_TOKEN=$(jeton token create ci) jeton users list",
        "JETON_TOKEN=$(jeton sessions token) jeton users list",
    ),
    case(
        "check the token in {source}",
        "init",
        "JETON_TOKEN=abc jeton users list",
        "JETON_TOKEN=$(jeton sessions token) jeton users list",
    ),
    case(
        "use `--exist-ok` to skip users that already exist",
        "init; printf 'username\\nada\\n' > users.csv",
        "jeton users import users.csv",
        "jeton users import users.csv $W1",
    ),
    case(
        "use `--update` to change existing accounts",
        "init; printf 'username,email\\nada,ada@example.com\\n' > users.csv",
        "jeton users import users.csv --exist-ok",
        "jeton users import users.csv $W1",
    ),
    case(
        "set the role `admin` in the file, or create an admin: jeton init",
        "jeton keys generate -q; printf 'username\\nbob\\n' > users.csv",
        "jeton users import users.csv",
        "$CMD ada -q && jeton users import users.csv",
    ),
    case(
        "for a deleted user, use the id",
        "init; JETON_PASSWORD=$PW jeton register bob -q; jeton users delete bob -q --yes",
        "jeton audit list --user bob",
        "jeton audit list --user 2",
    ),
    case(
        "add `--yes`",
        "init; JETON_PASSWORD=$PW jeton register bob -q",
        "jeton users delete bob",
        "jeton users delete bob $W1",
    ),
    case(
        "make another user an admin first: jeton users set-role LOGIN admin",
        "init; JETON_PASSWORD=$PW jeton register bob -q",
        "jeton users set-role ada user",
        "${CMD%LOGIN admin}bob admin && jeton users set-role ada user",
    ),
    // Tokens
    case(
        "revoke a token that is no longer used; list the tokens: jeton token list --user {}",
        "init; for i in 1 2 3; do jeton token create a$i -q; done",
        "jeton token create b",
        "ID=$($CMD | awk 'NR==2 {print $1}'); jeton token revoke $ID && jeton token create b",
    ),
    case(
        "verify this token with `jeton token verify --type {}`",
        "init; echo $PW | jeton login ada --password-stdin -o json | grep -o '\"access\":\"[^\"]*' | cut -d '\"' -f 4 > t",
        "jeton token verify @t",
        "$W1 @t",
    ),
    case(
        "verify test tokens with `jeton token verify --type test`",
        "init; jeton token mint > t",
        "jeton token verify @t",
        "$W1 @t",
    ),
    case(
        "use `--allow-no-expiry` to accept third-party tokens without `exp`",
        "$M --defect missing_exp > t",
        "jeton token verify @t --secret-env S --alg HS256",
        "jeton token verify @t --secret-env S --alg HS256 $W1",
    ),
    case(
        "list the permissions you can grant: jeton settings get token.permissions",
        "init; jeton settings set token.permissions read:* -q; JETON_PASSWORD=$PW jeton register bob -q; JETON_PASSWORD=$PW jeton login bob -q",
        "jeton token create x -p write",
        "$CMD && jeton token create x -p read:a",
    ),
    case(
        "log in as the owner of the token, and renew the token by its id: jeton token renew {token}",
        "init; jeton settings set token.max_ttl 1s -q; jeton token create ci --ttl 1h > t; sleep 2",
        "jeton token renew @t",
        "$CMD",
    ),
    // Programs that `jeton run` starts
    case(
        "use `sh -c '…'` for shell syntax and built-in commands",
        "init",
        "jeton run -- 'true && true'",
        "jeton run -- sh -c 'true && true'",
    ),
    // Keys
    case(
        "use `--allow-weak` to accept the secret",
        "",
        "W=short jeton token mint --secret-env W --alg HS256",
        "W=short jeton token mint --secret-env W --alg HS256 $W1",
    ),
    case(
        "use the algorithm of the key: --alg {name}",
        "openssl genrsa 2048 > k.pem; openssl rsa -in k.pem -pubout > p.pem
        jeton token mint --key-file k.pem > t",
        "jeton token verify @t --key p.pem --alg HS256",
        "jeton token verify @t --key p.pem $CMD",
    ),
    case(
        "use the algorithm of the key: --alg {name}",
        "openssl ecparam -name secp384r1 -genkey -noout > k.pem",
        "jeton token mint --key-file k.pem --alg HS256",
        "jeton token mint --key-file k.pem $CMD",
    ),
    case(
        "omit `--encoding`, and use the algorithm of the key: --alg {name}",
        "init; openssl genpkey -algorithm ed25519 > k.pem",
        "jeton keys import --from-file k.pem --encoding text --alg HS256",
        "jeton keys import --from-file k.pem $CMD",
    ),
    case(
        "list the keys: jeton keys list",
        "init",
        "jeton keys export --pem nope",
        "jeton keys export --pem $($CMD | awk 'NR==2 {print $1}')",
    ),
    case(
        "generate a shared secret: openssl rand -base64 32",
        "openssl ecparam -name prime256v1 -genkey -noout | openssl pkey -pubout > p.pem",
        "jeton token mint --key-file p.pem --alg HS256",
        "$CMD > secret; jeton token mint --key-file secret --alg HS256",
    ),
    case(
        "use `--alg HS256` for a shared secret",
        "",
        "jeton token mint --secret-env S",
        "jeton token mint --secret-env S $W1",
    ),
    case(
        "omit `--alg`, then change the algorithm: jeton keys rotate --alg {}",
        "jeton keys generate -q",
        "jeton init ada --alg EdDSA",
        "jeton init ada -q && $CMD --yes",
    ),
    case(
        "use another directory, or replace the files with `--yes`",
        "init; I=https://a.example; jeton keys export --issuer $I --site site -q",
        "jeton keys export --issuer https://b.example --site site",
        "export I=https://b.example; jeton keys export --issuer $I --site site2 && jeton keys export --issuer $I --site site $W1",
    ),
    // Test tokens
    case(
        "use another directory, or remove the file",
        "mkdir -m 700 out; echo x > out/manifest.json",
        "jeton token fixtures --secret-env S --alg HS256 --out out",
        "jeton token fixtures --secret-env S --alg HS256 --out other",
    ),
    case(
        "use `--leeway {leeway}` to allow for clock skew",
        "$M --expires-at -10s > t",
        "jeton token verify @t --secret-env S --alg HS256",
        "jeton token verify @t --secret-env S --alg HS256 $W1",
    ),
    // Deleted and disabled users
    case(
        "log in as another user: jeton login",
        "init; export JETON_PASSWORD=$PW; jeton register bob -q; JETON_CONFIG_DIR=b jeton login bob -q; jeton users delete bob -q --yes",
        "JETON_CONFIG_DIR=b jeton whoami",
        "export JETON_CONFIG_DIR=b; JETON_PASSWORD=$PW $CMD ada -q && jeton whoami",
    ),
    case(
        "ask an admin to enable the account: {enable}",
        "init; export JETON_PASSWORD=$PW; jeton register bob -q; JETON_CONFIG_DIR=b jeton login bob -q; jeton users disable bob -q --yes",
        "JETON_CONFIG_DIR=b jeton whoami",
        "$CMD -q && JETON_CONFIG_DIR=b JETON_PASSWORD=$PW jeton login bob -q",
    ),
];
