//! Single keys: their key ids, and the texts in which files, environment variables and secret
//! stores contain keys. `super::PRELUDE` defines the shell functions of the scripts.

use super::{EC_CERTIFICATE, Inputs, RSA, RSA_PUBLIC, pem_body, private_ec_jwk};
use crate::hostile::decode_pem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use serde_json::json;

#[test]
fn key_id_from_an_option_or_document_is_kept_unless_another_key_has_it() {
    let inputs = Inputs::new();
    inputs.write_json("signing_keys.json", &json!([private_ec_jwk()]));
    inputs.write_json(
        "account.json",
        &json!({"type": "service_account", "project_id": "p", "private_key_id": "0a1b2c",
            "private_key": RSA, "client_email": "ci@p.iam.gserviceaccount.com"}),
    );
    // The scripts share a store. `JWK Set of a service` exports the keys that were imported before.
    let scripts = [
        ("key of Apple", "mint ec.pem --iss T --header kid=2X9R4HXF34 | header"),
        ("key of AWS Cognito", "mint rsa.pem --kid 'abcDEF+/0=' | header"),
        (
            "shared secret",
            "S=0123456789abcdef0123456789abcdef; export S
            jeton token mint --secret-env S --alg HS256 --kid k1 | header",
        ),
        ("JWK", "jeton keys import --from-file one.jwk --purpose test -q"),
        ("array of JWKs", "mint signing_keys.json | header"),
        (
            "service account of Google",
            "mint account.json | header
            jeton keys import --from-file account.json --purpose test -q",
        ),
        (
            "JWK Set of a service",
            "jeton keys export --jwks --purpose test | tr -d ' ' | grep -o '\"kid\":\"[^\"]*\"'",
        ),
        ("key id of another key", "jeton keys import --from-file p521.pem --kid my-key-1"),
        (
            "thumbprint of Entra ID",
            "jeton token fixtures --key-file rsa.pem --kid nOo3ZDrODXEK1jKWhXslHR_KXEg --out f -q
            jeton token verify @f/good.jwt --jwks f/jwks.json",
        ),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @r#"
    key of Apple
    {"alg":"ES256","typ":"JWT","kid":"2X9R4HXF34"}
    key of AWS Cognito
    {"alg":"RS256","typ":"JWT","kid":"abcDEF+/0="}
    shared secret
    {"alg":"HS256","typ":"JWT","kid":"k1"}
    JWK
    my-key-1
    array of JWKs
    {"alg":"ES256","typ":"JWT","kid":"my-key-1"}
    service account of Google
    {"alg":"RS256","typ":"JWT","kid":"0a1b2c"}
    0a1b2c
    JWK Set of a service
    "kid":"my-key-1"
    "kid":"0a1b2c"
    key id of another key
    --- exit code 5, stderr
    error: key id `my-key-1` already used by another key (ES256, for test tokens)
    hint: choose another key id with `--kid ID`
    thumbprint of Entra ID
    valid
    "#);
}

/// Returns the PEM with `\n` in place of each line break.
fn escaped(pem: &str) -> String {
    pem.replace('\n', "\\n")
}

#[test]
fn private_key_in_text_of_other_tools_is_read() {
    let inputs = Inputs::new();
    let indented = |pem: &str| pem.replace('\n', "\n    ");
    for (name, content) in [
        ("escaped line breaks", escaped(RSA)),
        ("line of .env", format!("PORT=80\nJWT_KEY=\"{}\"\nDEBUG=1\n", escaped(RSA))),
        ("YAML of a Kubernetes Secret", format!("stringData:\n  key: |\n    {}", indented(RSA))),
        ("bytes of Python", format!("b'{}'", escaped(RSA))),
        ("JSON of Node.js", json!(RSA).to_string()),
        ("one line of a CI variable", RSA.replace('\n', " ")),
        ("CR LF of Windows", RSA.replace('\n', "\r\n")),
        ("body of a PEM", pem_body(RSA)),
        (
            "text of openssl",
            format!("Private-Key: (2048 bit, 2 primes)\nmodulus:\n    00:a5\n{RSA}"),
        ),
    ] {
        inputs.write("key", content);
        let output = inputs.shell(
            "set -e; mint key | verify; export K=\"$(cat key)\"
            jeton token mint --sub a --secret-env K | verify
            base64 < key > key.b64; mint key.b64 | verify
            base64 key.b64 | tr -d '\\n' > twice; mint twice | verify",
        );
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            ("valid\nvalid\nvalid\nvalid\n", ""),
            "{name}"
        );
    }
}

#[test]
fn verification_key_is_read_from_text_der_certificate_or_private_key() {
    let inputs = Inputs::new();
    inputs.write("public.der", decode_pem(RSA_PUBLIC));
    for (name, content) in [
        ("escaped line breaks", escaped(RSA_PUBLIC)),
        ("public_key of Keycloak", pem_body(RSA_PUBLIC)),
        ("line of application.properties", format!("jwt.key={}", pem_body(RSA_PUBLIC))),
        ("byte order mark of PowerShell", format!("\u{feff}{RSA_PUBLIC}")),
        ("beside a certificate", format!("{RSA_PUBLIC}{EC_CERTIFICATE}")),
    ] {
        inputs.write("key", content);
        let output = inputs.shell(
            "set -e; V='jeton token verify @t.jwt --alg RS256'; $V --key key
            export K=\"$(cat key)\"; $V --secret-env K
            base64 < key > key.b64; $V --key key.b64
            iconv -f UTF-8 -t UTF-16 key > utf16; $V --key utf16; $V --jwks key",
        );
        assert_eq!(output.stdout, "valid\n".repeat(5), "{name}: {output:?}");
    }
    let scripts = [
        ("public DER", "jeton token verify @t.jwt --key public.der --alg RS256"),
        ("private key", "jeton token verify @t.jwt --key rsa.pem --alg RS256"),
        (
            "P-521",
            "mint p521.pem --alg ES512 > e; jeton token verify @e --key p521.pem --alg ES512 -q",
        ),
        ("certificate", "mint ec.pem | jeton token verify - --key ec.crt --alg ES256"),
        (
            "public key beside its certificate",
            "mint ec.pem > e; cat ec.pub ec.crt > both
            jeton token verify @e --key both --alg ES256",
        ),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @"
    public DER
    valid
    private key
    valid
    --- stderr
    note: found a private key, used its public part
    P-521
    valid
    certificate
    valid
    public key beside its certificate
    valid
    ");
}

#[test]
fn error_describes_key_file_that_cannot_sign() {
    let inputs = Inputs::new();
    let xml = "<RSAKeyValue><Modulus>abc</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>";
    inputs.write("key.xml", xml);
    inputs.write("half.pem", RSA.get(..400).unwrap());
    inputs.write_json("vars.json", &json!({"JWT_PRIVATE_KEY": RSA}));
    inputs.write("empty", "");
    let scripts = [
        ("XML of .NET", "mint key.xml"),
        ("first lines of a PEM", "mint half.pem"),
        ("JSON of variables", "mint vars.json"),
        ("empty file", "mint empty"),
        ("public key", "mint rsa.pub"),
        ("certificate", "mint ec.crt"),
        ("published JWK Set", "mint jwks.json"),
    ];
    assert_snapshot!(inputs.shell_each(&scripts), @r#"
    XML of .NET
    --- exit code 65, stderr
    error: unsupported key format: found an RSA key in XML, expected PEM, DER, JWK or JWK Set
    first lines of a PEM
    --- exit code 65, stderr
    error: key: the PEM is damaged
    JSON of variables
    --- exit code 65, stderr
    error: unsupported key format: found a JSON document with a key in a member, expected PEM, DER, JWK or JWK Set
    hint: extract the key: (umask 077; jq -r '."JWT_PRIVATE_KEY"' vars.json > key.txt)
    empty file
    --- exit code 65, stderr
    error: key empty: found no content, expected PEM, DER, JWK or JWK Set
    hint: generate a key: openssl genpkey -algorithm ed25519 -out new-key.pem
    public key
    --- exit code 65, stderr
    error: key: found a public key, expected a private key
    certificate
    --- exit code 65, stderr
    error: key: found a certificate, expected a private key
    published JWK Set
    --- exit code 65, stderr
    error: key: missing private part (`d`), which signing requires
    "#);
}

#[test]
fn document_about_keys_is_refused_as_secret() {
    let inputs = Inputs::new();
    let jwk = private_ec_jwk();
    for (name, content) in [
        ("array of JWKs", json!([jwk]).to_string()),
        ("JWKs, one per line", format!("{jwk}\n{jwk}\n")),
        ("certificates of Firebase", json!({"k1": EC_CERTIFICATE}).to_string()),
        ("discovery document", json!({"jwks_uri": "https://x/jwks"}).to_string()),
        ("Kubernetes Secret", format!("data:\n  tls.key: {}\n", STANDARD.encode(RSA))),
        ("XML of .NET", "<RSAKeyValue><Modulus>abc</Modulus></RSAKeyValue>".to_owned()),
        ("percent-encoded PEM", RSA_PUBLIC.replace(' ', "%20").replace('\n', "%0A")),
    ] {
        inputs.write("key", &content);
        for encoding in ["", " --encoding text", " --encoding base64", " --encoding raw"] {
            for script in [
                "mint key --alg HS256",
                "export K=\"$(cat key)\"; jeton token mint --sub a --secret-env K --alg HS256",
                "jeton keys import --from-file key --purpose test --alg HS256",
                "jeton token verify @t.jwt --key key --alg HS256",
            ] {
                let output = inputs.shell(&format!("{script}{encoding}"));
                let is_refused = output.code == 65 && output.stdout.is_empty();
                assert!(is_refused, "{name}: {script}{encoding}: {output:?}");
            }
        }
    }
    assert_snapshot!(inputs.shell("mint one.jwk --alg HS256"), @"
    --- exit code 65, stderr
    error: found a JWK or JWK Set, expected a shared secret
    hint: use the algorithm of the key: --alg ES256
    ");
}
