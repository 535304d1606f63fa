//! Hints for wrapped keys. A wrapped key is in an unsupported format, and is also encoded or
//! surrounded by other text. Either the commands in the hints extract the right key, or the last
//! hint contains no command.

use super::conversions::{require_programs, shell};
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::fs;

/// The hint without a command.
const SAVE_HINT: &str =
    "hint: save the key in a file of its own, without the encoding, quotes and text around it";

/// Wrappings from which the commands in the hints must extract the key.
const EXTRACTED_WRAPPINGS: [&str; 6] = [
    "unchanged",
    "base64",
    "base64 in lines",
    "base64 twice",
    "in a service account",
    "in a JSON member",
];

/// Returns the content of a key file in the forms in which environment variables, secret stores and
/// editors contain it. Each pair is the name of the wrapping and the wrapped content.
fn wrappings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let base64 = STANDARD.encode(bytes);
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let mut wrapped = vec![
        ("unchanged", bytes.to_vec()),
        ("base64", base64.clone().into_bytes()),
        ("base64 in lines", lines.join("\n").into_bytes()),
        ("base64 in lines with CR LF", lines.join("\r\n").into_bytes()),
        ("base64 twice", STANDARD.encode(&base64).into_bytes()),
        ("base64 without padding", base64.trim_end_matches('=').as_bytes().to_vec()),
        ("base64 in quotes", format!("'{base64}'").into_bytes()),
        ("base64 in an assignment", format!("KEY={base64}").into_bytes()),
    ];
    let Ok(text) = std::str::from_utf8(bytes) else { return wrapped };
    wrapped.extend([
        ("with escaped line breaks", text.replace('\n', "\\n").into_bytes()),
        ("with CR LF", text.replace('\n', "\r\n").into_bytes()),
        ("on one line", text.replace('\n', "").into_bytes()),
        ("indented", text.replace('\n', "\n  ").into_bytes()),
        ("after a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("in single quotes", format!("'{text}'").into_bytes()),
        ("in an assignment", format!("KEY='{text}'").into_bytes()),
        ("as a JSON string", json!(text).to_string().into_bytes()),
        ("in a service account", json!({"private_key": text}).to_string().into_bytes()),
        ("in a JSON member", json!({"my FILE": {"a": text}}).to_string().into_bytes()),
    ]);
    wrapped
}

/// Imports the file `key.in`. If the import fails, executes the command in the hint (with the
/// password of the key) and imports the resulting file, until an import succeeds or a hint has no
/// command. Returns whether an import succeeded. Asserts that the id of the imported key is `kid`.
fn follow_hints(sandbox: &Sandbox, kid: &str) -> bool {
    let mut file = "key.in".to_owned();
    for _ in 0..4 {
        let words = ["keys", "import", "--purpose", "test", "--from-file", &file];
        let output = sandbox.run(&words);
        if output.code == 0 {
            assert_eq!(output.stdout.trim(), kid);
            return true;
        }
        assert_eq!(output.code, 65, "{output}");
        let hint =
            output.stderr.lines().find(|line| line.starts_with("hint: ")).expect(&output.stderr);
        if hint == SAVE_HINT {
            return false;
        }
        let command = hint.split_once(": ").unwrap().1.split_once(": ").unwrap().1;
        let password_replacement =
            |name: &str| (format!("{name} -in"), format!("{name} -passin pass:abcd -in"));
        let mut command = command.to_owned();
        for (from, to) in [password_replacement("pkey"), password_replacement("pkcs12")] {
            command = command.replace(&from, &to);
        }
        let list_files = |sandbox: &Sandbox| -> Vec<String> {
            let entries = fs::read_dir(sandbox.home()).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        let previous_files = list_files(sandbox);
        shell(sandbox, &command);
        let mut new_files = list_files(sandbox);
        new_files.retain(|name| !previous_files.contains(name));
        assert_eq!(new_files.len(), 1, "{command}: {new_files:?}");
        file = new_files.remove(0);
        assert!(hint.contains(&file));
    }
    panic!("no key after four hints");
}

#[test]
#[ignore = "needs openssl, ssh-keygen and jq"]
fn hints_for_wrapped_keys_extract_the_right_key_or_no_key() {
    require_programs(&["openssl", "ssh-keygen", "jq", "base64"]);
    let sandbox = Sandbox::with_admin();
    shell(
        &sandbox,
        "mkdir made && cd made
        openssl genpkey -quiet -algorithm ed25519 -out ed.pem
        openssl pkcs8 -topk8 -in ed.pem -passout pass:abcd -out encrypted
        openssl req -x509 -new -key ed.pem -subj /CN=t -out c.pem
        openssl pkcs12 -export -inkey ed.pem -in c.pem -passout pass:abcd -out pkcs12
        ssh-keygen -q -t ed25519 -N '' -C ssh-rsa -f ssh-ed25519
        ssh-keygen -q -t ecdsa -N '' -C ssh-ed25519 -f ssh-ecdsa
        cp ssh-ecdsa ec.pem && ssh-keygen -q -p -N '' -m PKCS8 -f ec.pem",
    );
    let made = |name: &str| sandbox.home().join("made").join(name);
    let import = |name: &str| {
        let words = ["keys", "import", "--purpose", "test", "--from-file"];
        sandbox.stdout_of(&[&words, &[name][..]].concat())
    };
    let (ed25519_kid, ecdsa_kid) = (import("made/ed.pem"), import("made/ec.pem"));
    // The seed of the private key is at a fixed position in the OpenSSH file. An Ed25519
    // key in PKCS#8 is `prefix` and the seed.
    let ssh = fs::read_to_string(made("ssh-ed25519")).unwrap();
    let body: String = ssh.lines().filter(|line| !line.starts_with('-')).collect();
    let blob = STANDARD.decode(body).unwrap();
    let prefix = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20];
    let seed = &blob[161..193];
    assert_eq!(blob[193..225], blob[62..94], "the public key follows the seed");
    fs::write(made("ssh.der"), [&prefix, seed].concat()).unwrap();
    let ssh_ed25519_kid = import("made/ssh.der");
    for (name, kid) in [
        ("encrypted", &ed25519_kid),
        ("pkcs12", &ed25519_kid),
        ("ssh-ed25519", &ssh_ed25519_kid),
        ("ssh-ecdsa", &ecdsa_kid),
    ] {
        for (wrapping, bytes) in wrappings(&fs::read(made(name)).unwrap()) {
            fs::write(sandbox.home().join("key.in"), bytes).unwrap();
            let is_imported = follow_hints(&sandbox, kid);
            assert!(is_imported || !EXTRACTED_WRAPPINGS.contains(&wrapping), "{name} {wrapping}");
            shell(&sandbox, "rm -f key.* key-*");
        }
    }
}
