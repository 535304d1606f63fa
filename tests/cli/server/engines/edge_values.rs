//! Values at or beyond a limit of the program or of a database engine (SQLite or PostgreSQL), and
//! the order of lists, in fixed sequences of commands.
//!
//! `<token N>` is the placeholder of the Nth token in the output of earlier commands, and `<long>`
//! is the placeholder of a long text.

use super::commands::Step;
use super::find_difference;

/// Asserts that a store file and a store on a server give the same answers to the commands.
fn assert_same_answers(lines: &[&str]) {
    let steps: Vec<Step> = lines.iter().map(|line| Step::new(line)).collect();
    find_difference(&steps).unwrap_or_else(|difference| panic!("{difference}"));
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn texts_with_nul_or_the_last_code_point_cause_the_same_answers_on_both_engines() {
    assert_same_answers(&[
        r#"token mint --record --claims '{"sub":"a\u0000b","\u0000":"\u0000"}'"#,
        r#"token mint --record --claims '{"sub":"\udbff\udfff0"}'"#,
        r#"token mint --claims '{"sub":"\u0000","jti":"\u0000"}'"#,
        "token verify --type test '<token 1>'",
        "token verify --type test '<token 3>'",
        "token show 1",
        "token revoke '<token 3>'",
        "token revoke '<token 1>'",
        "token verify --type test '<token 3>'",
        "token verify --type test '<token 1>'",
        r#"token create shop --claim-json 'c="\u0000"'"#,
        "token renew 3",
        "token list --status all",
    ]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn long_texts_cause_the_same_answers_on_both_engines() {
    assert_same_answers(&[
        "users create '<long>' --password-stdin",
        "users create zoe --name '<long>' --password-stdin",
        "users show '<long>'",
        "login '<long>' --password-stdin",
        "token create '<long>'",
        "token create shop --claim name='<long>' --aud '<long>'",
        "token create shop --claim name='<long>' --aud '<long>'",
        "token create shop --claim '<long>'=name",
        "token mint --record --sub '<long>'",
        r#"token mint --claims '{"jti":"<long>"}'"#,
        "token revoke '<token 5>'",
        "token verify --type test '<token 5>'",
        "token list --app '<long>' --kind test",
        "token revoke --all --app '<long>'",
        "settings set issuer '<long>'",
        "token list --status all",
    ]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn large_numbers_cause_the_same_answers_on_both_engines() {
    assert_same_answers(&[
        "token create shop --claim-json n=9223372036854775807",
        "token create shop --claim-json n=-9223372036854775808",
        "token create shop --claim-json n=9223372036854775808",
        "token mint --record --claims '{\"exp\":9223372036854775807}'",
        "token mint --record --claims '{\"exp\":9223372036854775808}'",
        "token mint --record --claims '{\"iat\":-9223372036854775808}'",
        "token mint --record --claims '{\"exp\":253402207200}'",
        "token show 5",
        "token mint --claims '{\"exp\":9223372036854775807,\"jti\":\"a\"}'",
        "token revoke '<token 6>'",
        "token verify --type test '<token 6>'",
        "token show 9223372036854775807",
        "token show 9223372036854775808",
        "token list --after 9223372036854775807",
        "token list --after 9223372036854775806",
        "token list --page 4294967295 --per-page 10000",
        "users show 9223372036854775807",
        "users set-quota ada 9223372036854775807",
        "users set-quota ada 4294967295",
        "settings set token.quota 9223372036854775807",
        "audit list --target 'token 9223372036854775807'",
        "audit list --after 9223372036854775807",
        "audit list --since 9223372036854775807",
    ]);
}

#[test]
#[ignore = "needs a PostgreSQL server"]
fn lists_have_the_same_order_on_both_engines() {
    assert_same_answers(&[
        "users create z --email z@example.com --name z --password-stdin",
        "users create Ä --email Ä@example.com --name Ä --password-stdin",
        "users create é --email é@example.com --name é --password-stdin",
        "users create a --email Z@example.com --name a --password-stdin",
        "users create Zed --email B@example.com --password-stdin",
        "users create --email a@example.com --password-stdin",
        "users list --sort username",
        "users list --sort username --desc",
        "users list --sort email",
        "users list --sort email --desc --page 2 --per-page 2",
        "users list --sort created --desc",
        "users list --search ä",
        "users list --search É --sort username",
        "settings set token.quota unlimited",
        "token create z",
        "token create Ä",
        "token create é",
        "token list --app ä",
        "token list",
    ]);
}
