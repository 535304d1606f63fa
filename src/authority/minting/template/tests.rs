//! How presets are read and filled in.

use super::*;
use serde_json::json;

fn template(value: &Value) -> Template {
    Template::parse(value.to_string().as_bytes()).unwrap()
}

fn claims(template: &Template, given: &Value) -> Value {
    let mut source = |name: &str| {
        Ok(match name {
            "iat" => Some(json!(7)),
            "nothing" => Some(Value::Null),
            "alg" | "kid" => Some(json!(name)),
            _ => None,
        })
    };
    let given = given.as_object().unwrap();
    Value::from(template.fill(given, &mut source).unwrap().claims)
}

#[test]
fn values_keep_their_type_and_members_their_order() {
    let template = template(&json!({
        "about": "x",
        "parameters": {"tenant": "dev", "roles": ["a"], "fresh": true, "aud": null},
        "claims": {"z": "{iat}", "iss": "https://{tenant}.example/{iat}", "aud": "{aud}",
            "roles": "{roles}", "fresh": "{fresh}", "in": {"list": ["{tenant}", "{aud}", 1]}},
    }));
    assert_eq!(
        claims(&template, &json!({})).to_string(),
        r#"{"z":7,"iss":"https://dev.example/7","roles":["a"],"fresh":true,"in":{"list":["dev",1]}}"#
    );
    let given = json!({"tenant": "t", "aud": ["x", "y"], "fresh": false});
    assert_eq!(
        claims(&template, &given).to_string(),
        r#"{"z":7,"iss":"https://t.example/7","aud":["x","y"],"roles":["a"],"fresh":false,"in":{"list":["t",["x","y"],1]}}"#
    );
}

#[test]
fn a_default_can_be_made_of_parameters_before_it() {
    let parameters = json!({"tenant": "dev", "iss": "https://{tenant}/", "none": "{nothing}"});
    let template = template(
        &json!({"about": "x", "parameters": parameters, "claims": {"iss": "{iss}", "n": "a{none}"}}),
    );
    assert_eq!(claims(&template, &json!({"tenant": "t"})), json!({"iss": "https://t/"}));
    assert_eq!(claims(&template, &json!({"iss": "{iat}"})), json!({"iss": "{iat}"}));
}

#[test]
fn a_word_takes_the_type_of_the_default() {
    let parameters =
        json!({"text": "x", "aud": "x", "list": [], "fresh": true, "n": 1, "any": null});
    let template = template(&json!({"about": "x", "parameters": parameters, "claims": {}}));
    for (name, words, value) in [
        ("text", &["1"][..], json!("1")),
        ("list", &["a"], json!(["a"])),
        ("list", &["a", "b"], json!(["a", "b"])),
        ("list", &[""], json!([])),
        ("aud", &["a", "b"], json!(["a", "b"])),
        ("fresh", &["false"], json!(false)),
        ("n", &["2"], json!(2)),
        ("any", &["a"], json!("a")),
        ("any", &["a", "b"], json!(["a", "b"])),
    ] {
        assert_eq!(template.typed(name, words).unwrap(), value);
    }
    for (name, word) in [("fresh", "1"), ("fresh", "yes"), ("n", "x"), ("other", "x")] {
        assert!(template.typed(name, &[word]).is_err(), "{name}={word}");
    }
    assert!(template.typed("text", &["a", "b"]).is_err());
}

#[test]
fn a_file_that_is_no_preset_is_refused() {
    for text in [
        "{}",
        "[]",
        r#"{"about":"x","claims":{},"clams":{}}"#,
        r#"{"about":"x","claims":{},"algorithm":"none"}"#,
        r#"{"about":"x","claims":{},"ttl":"1"}"#,
        r#"{"about":"x","claims":{"a":1,"a":2}}"#,
        r#"{"about":"x","claims":{},"header":{}}"#,
        r#"{"about":"x","claims":{},"header":{"alg":"ES256"}}"#,
        r#"{"about":"x","claims":{},"parameters":{"alg":null}}"#,
        r#"{"about":"x","claims":{"jti":"{jti}"},"parameters":{"jti":""}}"#,
        r#"{"about":"x","claims":{},"header":{"alg":"{alg}","kid":"prod-1"}}"#,
    ] {
        assert!(Template::parse(text.as_bytes()).is_err(), "{text}");
    }
    let mut header = |name: &str| Ok(["alg", "kid"].contains(&name).then(|| json!(name)));
    let plain = template(&json!({"about": "x", "claims": {}}));
    let said = plain.fill(&Map::new(), &mut header).unwrap();
    assert_eq!(Value::from(said.header), json!({"alg": "alg", "typ": "JWT", "kid": "kid"}));
    for claim in ["{unknown}", "a{unknown}b", "a{"] {
        let template = template(&json!({"about": "x", "claims": {"c": claim}}));
        assert!(template.fill(&Map::new(), &mut header).is_err(), "{claim}");
    }
}

#[test]
fn what_grows_without_bound_is_refused() {
    let grown = |first: Value, next: &dyn Fn(&str) -> Value, generations: usize| {
        let mut parameters = Map::from_iter([("p0".to_owned(), first)]);
        for at in 1..=generations {
            parameters.insert(format!("p{at}"), next(&format!("{{p{}}}", at - 1)));
        }
        let claims = json!({"c": format!("{{p{generations}}}")});
        let template = template(&json!({"about": "x", "parameters": parameters, "claims": claims}));
        let mut source = |name: &str| Ok(["alg", "kid"].contains(&name).then(|| json!(name)));
        template.fill(&Map::new(), &mut source).map_err(|error| error.to_string())
    };
    let long = Err("preset: what it says is longer than a token can be".to_owned());
    let deep = Err("preset: what it says is deeper than a token can be".to_owned());
    let text = |it: &str| json!(format!("{it}{it}{it}{it}{it}{it}{it}{it}"));
    let nested = |it: &str| (0..100).fold(json!(it), |inside, _| json!([inside]));
    let refused = |grown: Result<Said, String>| grown.map(|_| ());
    assert_eq!(refused(grown(json!("x"), &text, 14)), long);
    assert_eq!(refused(grown(json!(""), &|it| json!({"a": it, "b": it}), 60)), long);
    assert_eq!(refused(grown(json!(1), &|it| json!([it, it]), 60)), long);
    assert_eq!(refused(grown(json!([1]), &|it| json!(format!("{it} {it}")), 60)), long);
    let empty = json!(vec![""; 1_000]);
    assert_eq!(refused(grown(empty, &|it| json!([it, it]), 60)), long);
    assert_eq!(refused(grown(json!({}), &|it| json!([it]), 700)), deep);
    assert_eq!(refused(grown(json!(""), &nested, 700)), deep);
    let said = grown(json!("x"), &text, 5).unwrap();
    assert_eq!(said.claims["c"].as_str().unwrap().len(), 32_768);
    let said = grown(json!(1), &|it| json!([it]), 126).unwrap();
    assert!(strict_object(Value::from(said.claims).to_string().as_bytes()).is_ok());
}

#[test]
fn failing_random_generator_is_not_an_unknown_parameter() {
    let template = template(&json!({"about": "x", "claims": {"nonce": "{random}"}}));
    let mut source = |name: &str| match name {
        "random" => Err(crypto::Error::Random),
        _ => Ok(Some(json!(name))),
    };
    let error = template.fill(&Map::new(), &mut source).unwrap_err();
    assert_eq!(error.to_string(), "no random numbers can be had");
    assert!(matches!(error, Error::Crypto(crypto::Error::Random)));
}
