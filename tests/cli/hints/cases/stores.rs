//! Hints about stores and directories, and about the states and formats of keys.

use super::{Case, case};

/// Cases with four texts each, see [`case`]: the hint, the setup commands, the failing command, and
/// the command that applies the hint. `PRELUDE` in `hints/mod.rs` defines `init` (creates a store
/// with the admin ada), `$M` (mints a token with the shared secret `$S`) and `$PW` (the password of
/// ada). The command that applies the hint can use texts of the printed hint: `$HINT` is the hint,
/// `$CMD` is the text after its first colon, and `$W1`, `$W2`, ... are its texts in backticks.
pub(super) const CASES: &[Case] = &[
    // Stores and directories
    case("create a store: jeton init", "", "jeton users list", "$CMD ada -q && jeton users list"),
    case(
        "set `JETON_CONFIG_DIR` to another directory",
        "",
        "JETON_CONFIG_DIR=/proc/x jeton init ada",
        "export $W1=$HOME/config; jeton init ada -q",
    ),
    case(
        "set `{variable}` to a directory that you own, or `JETON_STORE` to a file",
        "",
        "XDG_DATA_HOME=/proc/x jeton init ada",
        "export $W1=$HOME/data; jeton init ada -q",
    ),
    case(
        "use the target of the link: --store {target}",
        "init --store a.db; ln -s a.db b.db",
        "jeton users list --store b.db",
        "jeton users list $CMD",
    ),
    case(
        "use the target of the link: JETON_STORE={target}",
        "init --store a.db; ln -s a.db b.db",
        "JETON_STORE=b.db jeton users list",
        "export $CMD; jeton users list",
    ),
    case(
        "set `JETON_STORE` to another file",
        "",
        "JETON_STORE=/dev/null jeton init ada",
        "export $W1=$HOME/s/x.db; jeton init ada -q",
    ),
    case(
        "use another file with `--store`",
        "",
        "jeton init ada --store /proc/x.db",
        "jeton init ada -q $W1 x.db",
    ),
    case(
        "set the path of the file: JETON_STORE={file}",
        "mkdir -m 700 dir",
        "JETON_STORE=dir jeton init ada",
        "export $CMD; jeton init ada -q",
    ),
    case(
        "use the path of the file: --store {file}",
        "mkdir -m 700 dir",
        "jeton init ada --store dir",
        "jeton init ada -q $CMD",
    ),
    case(
        "use another file name, or remove the existing file",
        "init; touch x.db",
        "jeton store backup x.db",
        "jeton store backup y.db",
    ),
    case(
        "omit `--store`",
        "init",
        "jeton store copy .local/share/jeton/jeton.db x.db --store a.db",
        "jeton store copy .local/share/jeton/jeton.db x.db",
    ),
    case(
        "use a name without the suffix `-wal`, `-shm` or `-journal`",
        "",
        "jeton init ada --store x-wal",
        "jeton init ada -q --store x",
    ),
    case(
        "remove the other hard links of the file",
        "init; ln .local/share/jeton/jeton.db link",
        "jeton users list",
        "rm link; jeton users list",
    ),
    case(
        "move the file: mkdir -m 700 {directory} && mv {quoted_path}* {directory}",
        "init; jeton store backup b.db -q; jeton store restore b.db -q --yes",
        "jeton store restore b.db --yes",
        "eval \"$CMD\" && jeton store restore b.db --yes",
    ),
    case(
        "remove the write permission: chmod go-w {}",
        "init; chmod 777 .local/share/jeton",
        "jeton users list",
        "$CMD && jeton users list",
    ),
    case(
        "use a directory that only you can write to",
        "mkdir shared; chmod 1777 shared",
        "jeton token fixtures --secret-env S --alg HS256 --out shared",
        "jeton token fixtures --secret-env S --alg HS256 --out own",
    ),
    case(
        "use a separate directory: --store {}",
        "mkdir shared; chmod 1777 shared",
        "jeton init ada --store shared/x.db",
        "jeton init ada -q $CMD",
    ),
    case(
        "create a separate directory: mkdir -p -m 700 {}",
        "init; mkdir shared; chmod 1777 shared",
        "jeton store backup shared/x.db",
        "$CMD && jeton store backup ${CMD##* }/x.db",
    ),
    case(
        "give a file name: jeton store backup FILE",
        "init",
        "jeton store backup -",
        "${CMD%FILE}x.db",
    ),
    case(
        "give a file name: jeton store restore FILE",
        "init; jeton store backup x.db -q",
        "jeton store restore -",
        "${CMD%FILE}x.db --yes",
    ),
    case(
        "move the store to a separate directory: mkdir -p -m 700 {0} && mv {1}* {0} (then use the store with `--store {2}`)",
        "mkdir -m 700 m; jeton init ada -q --store m/x.db; chmod 1777 m",
        "jeton users list --store m/x.db",
        "eval \"${CMD%% (then*}\" && jeton store info $W1",
    ),
    case(
        "choose a prefix for the role names: jeton store roles --prefix jeton_store",
        "",
        "JETON_STORE='postgres://db.example/app?schema=My-Schema' jeton store roles",
        "JETON_STORE='postgres://db.example/app?schema=My-Schema' $CMD",
    ),
    // Keys
    case(
        "use another key: purpose and algorithm of a key cannot change",
        "init; jeton keys import --from-env S --alg HS256 --purpose test -q",
        "jeton keys import --from-env S --alg HS384 --purpose test --allow-weak",
        "S=another-secret-of-at-least-fifty-bytes-for-the-hash-of-48 jeton keys import --from-env S --alg HS384 --purpose test",
    ),
    case(
        "use `jeton keys rotate` to replace the key",
        "init",
        "jeton keys retire $(jeton keys list | awk 'NR==2 {print $1}')",
        "$W1 --yes",
    ),
    case(
        "use `--replace` to activate another key immediately",
        "init",
        "jeton keys revoke --yes $(jeton keys list | awk 'NR==2 {print $1}')",
        "jeton keys revoke --yes $W1 $(jeton keys list | awk 'NR==2 {print $1}')",
    ),
    case(
        "use `--alg HS256 --encoding text` if the whole JSON text is the shared secret",
        "printf '{\"secret\":\"of thirty-two bytes and more bytes\"}' > s.json",
        "jeton token mint --key-file s.json",
        "jeton token mint --key-file s.json $W1",
    ),
    case(
        "use `--jwks FILE` in place of `--key FILE`",
        "init; for N in 1 2; do jeton keys generate -q --purpose test > /dev/null; done
        jeton keys export --jwks --purpose test > set.json
        jeton token mint > t.jwt",
        "jeton token verify @t.jwt --alg ES256 --key set.json",
        "jeton token verify @t.jwt --alg ES256 $W1",
    ),
    case(
        "fetch the public key of the issuer again",
        "openssl ecparam -name prime256v1 -genkey -noout > k.pem; : > p.pem
        jeton token mint --key-file k.pem > t",
        "jeton token verify @t --key p.pem --alg ES256",
        "openssl pkey -in k.pem -pubout > p.pem; jeton token verify @t --key p.pem --alg ES256",
    ),
    case(
        "generate a key: openssl genpkey -algorithm ed25519 -out new-key.pem",
        ": > key.pem",
        "jeton token mint --key-file key.pem",
        "eval \"$CMD\"; jeton token mint --key-file new-key.pem",
    ),
    case(
        "select the first key: openssl pkey -pubin -in FILE -out key.pem",
        "for N in 1 2; do
        openssl ecparam -name prime256v1 -genkey -noout | tee k.pem | openssl pkey -pubout >> p.pem
        [ $N = 2 ] || jeton token mint --key-file k.pem > t.jwt; done",
        "jeton token verify @t.jwt --alg ES256 --key p.pem",
        "eval \"$CMD\"; jeton token verify @t.jwt --alg ES256 --key key.pem",
    ),
    case(
        "select the first key: openssl pkey -in FILE -pubout -out key.pem",
        "for N in 1 2; do openssl ecparam -name prime256v1 -genkey -noout > k.pem; cat k.pem >> p.pem
        [ $N = 2 ] || jeton token mint --key-file k.pem > t.jwt; done",
        "jeton token verify @t.jwt --alg ES256 --key p.pem",
        "eval \"$CMD\"; jeton token verify @t.jwt --alg ES256 --key key.pem",
    ),
];
