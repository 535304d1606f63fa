//! Tests of preset parsing and rendering.

use super::*;
use crate::crypto;
use serde_json::json;

fn parse_template(value: &Value) -> Template {
    Template::parse(value.to_string().as_bytes()).unwrap()
}

fn render_claims(template: &Template, parameter_values: &Value) -> Value {
    let mut source = |name: &str| {
        Ok(match name {
            "iat" => Some(json!(7)),
            "nothing" => Some(Value::Null),
            "alg" | "kid" => Some(json!(name)),
            _ => None,
        })
    };
    let parameter_values = parameter_values.as_object().unwrap();
    Value::from(template.render(parameter_values, &mut source).unwrap().claims)
}

#[test]
fn rendering_keeps_types_and_order_and_omits_null() {
    let template = parse_template(&json!({
        "description": "x",
        "parameters": {"tenant": "dev", "roles": ["a"], "fresh": true, "aud": null},
        "claims": {"z": "{iat}", "iss": "https://{tenant}.example/{iat}", "aud": "{aud}",
            "roles": "{roles}", "fresh": "{fresh}", "in": {"list": ["{tenant}", "{aud}", 1]}},
    }));
    assert_eq!(
        render_claims(&template, &json!({})).to_string(),
        r#"{"z":7,"iss":"https://dev.example/7","roles":["a"],"fresh":true,"in":{"list":["dev",1]}}"#
    );
    let parameter_values = json!({"tenant": "t", "aud": ["x", "y"], "fresh": false});
    assert_eq!(
        render_claims(&template, &parameter_values).to_string(),
        r#"{"z":7,"iss":"https://t.example/7","aud":["x","y"],"roles":["a"],"fresh":false,"in":{"list":["t",["x","y"],1]}}"#
    );
}

#[test]
fn parameter_default_is_rendered_and_given_value_is_not() {
    let parameters = json!({"tenant": "dev", "iss": "https://{tenant}/", "none": "{nothing}"});
    let template = parse_template(
        &json!({"description": "x", "parameters": parameters, "claims": {"iss": "{iss}", "n": "a{none}"}}),
    );
    assert_eq!(render_claims(&template, &json!({"tenant": "t"})), json!({"iss": "https://t/"}));
    assert_eq!(render_claims(&template, &json!({"iss": "{iat}"})), json!({"iss": "{iat}"}));
}

#[test]
fn parameter_texts_are_converted_to_the_type_of_the_default_or_refused() {
    let parameters =
        json!({"text": "x", "aud": "x", "list": [], "fresh": true, "n": 1, "any": null});
    let template =
        parse_template(&json!({"description": "x", "parameters": parameters, "claims": {}}));
    // A `null` default has no type, and `aud` may also be a list.
    for (name, values, value) in [
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
        assert_eq!(template.parse_parameter(name, values).unwrap(), value);
    }
    for (name, word) in [("fresh", "1"), ("fresh", "yes"), ("n", "x"), ("other", "x")] {
        assert!(template.parse_parameter(name, &[word]).is_err(), "{name}={word}");
    }
    assert!(template.parse_parameter("text", &["a", "b"]).is_err());
}

#[test]
fn invalid_preset_file_is_refused() {
    for text in [
        "{}",
        "[]",
        r#"{"description":"x","claims":{},"clams":{}}"#,
        r#"{"description":"x","claims":{},"alg":"none"}"#,
        r#"{"description":"x","claims":{},"ttl":"1"}"#,
        r#"{"description":"x","claims":{"a":1,"a":2}}"#,
        r#"{"description":"x","claims":{},"header":{}}"#,
        r#"{"description":"x","claims":{},"header":{"alg":"ES256"}}"#,
        r#"{"description":"x","claims":{},"parameters":{"alg":null}}"#,
        r#"{"description":"x","claims":{"jti":"{jti}"},"parameters":{"jti":""}}"#,
        r#"{"description":"x","claims":{},"header":{"alg":"{alg}","kid":1}}"#,
    ] {
        assert!(Template::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn default_header_has_alg_typ_and_kid() {
    let mut source = |name: &str| Ok(["alg", "kid"].contains(&name).then(|| json!(name)));
    let template_without_header = parse_template(&json!({"description": "x", "claims": {}}));
    let parts = template_without_header.render(&Map::new(), &mut source).unwrap();
    assert_eq!(Value::from(parts.header), json!({"alg": "alg", "typ": "JWT", "kid": "kid"}));
}

#[test]
fn rendering_refuses_unknown_name_and_unclosed_brace() {
    let mut source = |name: &str| Ok(["alg", "kid"].contains(&name).then(|| json!(name)));
    for claim in ["{unknown}", "a{unknown}b", "a{"] {
        let template = parse_template(&json!({"description": "x", "claims": {"c": claim}}));
        assert!(template.render(&Map::new(), &mut source).is_err(), "{claim}");
    }
}

#[test]
fn prescribed_kid_must_be_valid_and_consist_of_text_and_parameters() {
    let prescribed_kid = |kid: &str, tenant: &str| {
        let template = parse_template(&json!({"description": "x", "claims": {"iss": "{issuer}"},
            "parameters": {"tenant": "dev", "iss": "{issuer}", "id": "{uuid}"},
            "header": {"alg": "{alg}", "kid": kid}}));
        let values = Map::from_iter([("tenant".to_owned(), json!(tenant))]);
        template.prescribed_kid(&values)
    };
    assert_eq!(prescribed_kid("{kid}", "a").unwrap(), None);
    for (kid, expected) in [("prod-1", "prod-1"), ("{tenant}-1", "a-1"), ("{tenant}", "a")] {
        assert_eq!(prescribed_kid(kid, "a").unwrap(), Some(Untrusted::new(expected)), "{kid}");
    }
    for kid in ["{uuid}", "{id}", "k-{jti}", "{kid}-1", "{alg}", "", "a\u{1b}", "{tenant"] {
        assert!(prescribed_kid(kid, "a").is_err(), "{kid}");
    }
    assert!(prescribed_kid("{tenant}", &"k".repeat(257)).is_err());
}

#[test]
fn rendering_limits_length_and_nesting_depth() {
    // The default of the first parameter is `first`; `build_default` builds each further default
    // from the previous parameter in braces.
    let expand = |first: Value, build_default: &dyn Fn(&str) -> Value, chain_length: usize| {
        let mut parameters = Map::from_iter([("p0".to_owned(), first)]);
        for index in 1..=chain_length {
            parameters.insert(format!("p{index}"), build_default(&format!("{{p{}}}", index - 1)));
        }
        let claims = json!({"c": format!("{{p{chain_length}}}")});
        let template = parse_template(
            &json!({"description": "x", "parameters": parameters, "claims": claims}),
        );
        let mut source = |name: &str| Ok(["alg", "kid"].contains(&name).then(|| json!(name)));
        template.render(&Map::new(), &mut source).map_err(|error| error.to_string())
    };
    let too_long =
        Err("preset: the rendered parameters, header and claims exceed the maximum length"
            .to_owned());
    let too_deep =
        Err("preset: the rendered parameters, header and claims exceed the maximum nesting depth"
            .to_owned());
    let repeat_8_times = |placeholder: &str| {
        json!(format!(
            "{placeholder}{placeholder}{placeholder}{placeholder}{placeholder}{placeholder}{placeholder}{placeholder}"
        ))
    };
    let nest_100 = |placeholder: &str| (0..100).fold(json!(placeholder), |inner, _| json!([inner]));
    let discard_parts = |result: Result<TokenParts, String>| result.map(|_| ());
    assert_eq!(discard_parts(expand(json!("x"), &repeat_8_times, 14)), too_long);
    assert_eq!(
        discard_parts(expand(
            json!(""),
            &|placeholder| json!({"a": placeholder, "b": placeholder}),
            60
        )),
        too_long
    );
    assert_eq!(
        discard_parts(expand(json!(1), &|placeholder| json!([placeholder, placeholder]), 60)),
        too_long
    );
    assert_eq!(
        discard_parts(expand(
            json!([1]),
            &|placeholder| json!(format!("{placeholder} {placeholder}")),
            60
        )),
        too_long
    );
    let empty_texts = json!(vec![""; 1_000]);
    assert_eq!(
        discard_parts(expand(empty_texts, &|placeholder| json!([placeholder, placeholder]), 60)),
        too_long
    );
    assert_eq!(
        discard_parts(expand(json!({}), &|placeholder| json!([placeholder]), 700)),
        too_deep
    );
    assert_eq!(discard_parts(expand(json!(""), &nest_100, 700)), too_deep);
    let parts = expand(json!("x"), &repeat_8_times, 5).unwrap();
    assert_eq!(parts.claims["c"].as_str().unwrap().len(), 32_768);
    let parts = expand(json!(1), &|placeholder| json!([placeholder]), 126).unwrap();
    assert!(parse_strict_object(Value::from(parts.claims).to_string().as_bytes()).is_ok());
}

#[test]
fn failure_of_the_random_generator_is_reported() {
    let template = parse_template(&json!({"description": "x", "claims": {"nonce": "{random}"}}));
    let mut source = |name: &str| match name {
        "random" => Err(crypto::Error::Random),
        _ => Ok(Some(json!(name))),
    };
    let error = template.render(&Map::new(), &mut source).unwrap_err();
    assert_eq!(error.to_string(), "no random numbers available");
    assert!(matches!(error, Error::Crypto(crypto::Error::Random)));
}

#[test]
fn former_member_names_of_presets_are_accepted() {
    let template = parse_template(&json!({
        "about": "x",
        "source": ["https://example.com"],
        "algorithm": "ES256",
        "claims": {},
        "defects": {"expired": {"why": "y"}},
    }));
    assert_eq!((template.description.as_str(), template.alg.as_deref()), ("x", Some("ES256")));
    assert_eq!(template.sources, ["https://example.com"]);
    assert_eq!(template.defects[&Defect::Expired].description, "y");
}

#[test]
fn row_members_are_split_into_parameters_and_claims() {
    let template = parse_template(&json!({
        "description": "d",
        "parameters": {"domain": "a", "aud": ["b"], "n": 1},
        "claims": {"iss": "https://{domain}/", "aud": "{aud}"},
    }));
    let row = json!({"domain": "x", "aud": "y", "n": "2", "other": "z"});
    let InputRow { parameters, claims } = template.split_row(row.as_object().unwrap()).unwrap();
    assert_eq!(Value::from(parameters), json!({"domain": "x", "aud": ["y"], "n": 2}));
    assert_eq!(Value::from(claims), json!({"aud": "y", "other": "z"}));
}
