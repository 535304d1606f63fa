//! Random commands that create, mint and use tokens.
//!
//! `<token N>` and `<uuid N>` are the placeholders of the Nth token and the Nth UUID in the output
//! of earlier commands. `<long>` is the placeholder of a long text.

use super::{Step, one_of, some_of};
use proptest::prelude::*;

/// Returns a strategy for references to existing and missing tokens: ids, UUIDs and whole tokens.
fn token() -> impl Strategy<Value = &'static str> {
    one_of(&[
        "1",
        "2",
        "3",
        "4",
        "0",
        "9223372036854775807",
        "9223372036854775808",
        "'<uuid 3>'",
        "'<uuid 4>'",
        "'<uuid 5>'",
        "'<token 1>'",
        "'<token 1>'",
        "'<token 2>'",
        "'<token 3>'",
    ])
}

/// Returns a strategy for the creation of app tokens.
pub(super) fn creations() -> impl Strategy<Value = Step> {
    let app = one_of(&["shop", "shop", "Ä", "é", "z", "'a b'", "'<long>'"]);
    let options = some_of(&[
        "--permission read",
        "--permission write,read",
        "--permission jeton:mint",
        "--no-expiry",
        "--expires-at 4000000000",
        "--expires-at 9999-12-31T23:59:59Z",
        "--ttl 30d",
        "--aud shop",
        "--aud '<long>'",
        "--claim name=Ä",
        "--claim name='<long>'",
        "--claim-json n=9223372036854775807",
        "--claim-json n=-9223372036854775808",
        r#"--claim-json n='["a\u0000b",1e400,18446744073709551616,{"z":1,"Ä":2}]'"#,
        "--user john",
        "--user zoe",
    ]);
    (app, options).prop_map(|(app, options)| Step::new(&format!("token create {app}{options}")))
}

/// Returns a strategy for the minting of test tokens.
pub(super) fn mints() -> impl Strategy<Value = Step> {
    let claims = one_of(&[
        "",
        " --sub alice",
        " --sub Ä",
        " --sub '<long>'",
        r#" --claims '{"sub":"a\u0000b"}'"#,
        r#" --claims '{"sub":"\udbff\udfff0"}'"#,
        r#" --claims '{"sub":"alice","jti":"a\u0000b"}'"#,
        r#" --claims '{"sub":"alice","jti":"<long>"}'"#,
        r#" --claims '{"exp":9223372036854775807}'"#,
        r#" --claims '{"n":-9223372036854775808,"m":9223372036854775807}'"#,
        r#" --claims '{"iat":-9223372036854775808}'"#,
        r#" --claims '{"<long>":1}'"#,
    ]);
    let options = some_of(&[
        "--record",
        "--record",
        "--count 3",
        "--alg EdDSA",
        "--expires-at 2000-01-01",
        "--expires-at 4000000000",
        "--aud shop",
        "--permission read",
        "--no-iat",
    ]);
    (claims, options)
        .prop_map(|(claims, options)| Step::new(&format!("token mint{claims}{options}")))
}

/// Returns a strategy for commands that show, verify, renew or revoke the tokens from [`token`].
pub(super) fn token_uses() -> impl Strategy<Value = Step> {
    let verb = one_of(&[
        "show",
        "revoke",
        "revoke",
        "revoke --dry-run",
        "renew",
        "renew --grace 1h",
        "renew --ttl 20d",
        "verify --type any",
        "verify --permission read",
        "introspect",
        "inspect",
        "decode",
    ]);
    let revoke_all_options =
        some_of(&["--app shop", "--kind test", "--kind app", "--app alice", "--all-users"]);
    let batch_input = "<token 1>\n<token 2>\nnothing\n<token 3>\n<token 4>\n<token 1>\n";
    prop_oneof![
        6 => (verb, token()).prop_map(|(verb, token)| {
            Step::new(&format!("token {verb} {token}"))
        }),
        1 => revoke_all_options
            .prop_map(|options| Step::new(&format!("token revoke --all{options}"))),
        1 => Just(Step::with_input("token verify --batch --type any", batch_input)),
    ]
}
