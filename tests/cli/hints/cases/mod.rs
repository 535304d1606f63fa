//! The cases of the tests of hints, and the hints without a case.

mod accounts;
mod command_line;
mod key_ids;
mod named_tokens;
mod stores;
mod values;

/// A hint, the shell commands that produce the hint, and a command that applies the hint. The
/// commands use the shell definitions of `PRELUDE` in `hints/mod.rs`.
pub(super) struct Case {
    /// Text of the hint as in the source code, with the placeholders of `format!`.
    pub(crate) hint: &'static str,
    /// Commands that run before `failing_command`.
    pub(crate) setup: &'static str,
    /// Command that fails with the hint.
    pub(crate) failing_command: &'static str,
    /// Command that applies the hint and succeeds. Shell variables: `HINT` is the printed hint;
    /// `CMD` is the text after the first colon of the hint (for example, a command or options);
    /// `W1`, `W2`, ... are the texts in backticks in the hint.
    pub(crate) corrected_command: &'static str,
}

/// Returns a case; the parameters are the fields of [`Case`].
pub(super) const fn case(
    hint: &'static str,
    setup: &'static str,
    failing_command: &'static str,
    corrected_command: &'static str,
) -> Case {
    Case { hint, setup, failing_command, corrected_command }
}

/// Returns all cases.
pub(super) fn all() -> Vec<&'static Case> {
    let groups = [
        values::CASES,
        command_line::CASES,
        accounts::CASES,
        stores::CASES,
        key_ids::CASES,
        named_tokens::CASES,
    ];
    groups.into_iter().flatten().collect()
}

/// Reason for hints about stores on PostgreSQL servers.
const NEEDS_POSTGRES: &str = "needs a PostgreSQL server, or an address of a server";

/// Reason for hints about results that could not be written.
const NEEDS_FULL_DEVICE: &str = "needs a full device as standard output";

/// Hints without a case, each with the reason: a case cannot execute the hint in its sandbox, the
/// hint contains no command, or another test executes the hint.
pub(super) const EXEMPT_HINTS: &[(&str, &str)] = &[
    ("add `schema=NAME` to the address to use another schema", NEEDS_POSTGRES),
    ("use the address of a primary server that permits changes", NEEDS_POSTGRES),
    (
        "try again, or increase `statement_timeout` or `transaction_timeout` of the database user",
        NEEDS_POSTGRES,
    ),
    (
        "import the keys one by one, each with `--kid ID`",
        "names no command; tested by `keys::key_sources`",
    ),
    ("usage: {}", "shows a syntax, which cannot be executed"),
    ("set the path with `--store` or `JETON_STORE`", "needs a user without a home directory"),
    ("use `--dir DIR`", "needs a user without a home directory"),
    ("set `JETON_CONFIG_DIR`", "needs a user without a home directory"),
    ("give a username or an e-mail address: jeton login LOGIN", "needs an OS user without a name"),
    ("run jeton as the owner of the file", "needs a second OS user"),
    ("run `jeton refresh` with write access to the store", "needs a read-only mount"),
    ("make the store file and its directory writable", "needs a read-only mount"),
    ("copy the store and its `-wal` file to a writable directory", "needs a read-only mount"),
    ("mount the directory of the store, not the file", "needs a mount"),
    ("create the database with `createdb`", NEEDS_POSTGRES),
    (
        "check the user name, and the password in `PGPASSWORD`, `~/.pgpass` or `JETON_STORE`",
        NEEDS_POSTGRES,
    ),
    ("start the server, or use the directory of its socket as `host`", NEEDS_POSTGRES),
    ("use a host name that resolves to an IP address", NEEDS_POSTGRES),
    ("enable TLS on the server, or use `sslmode=disable` on a trusted network", NEEDS_POSTGRES),
    (
        "set `sslrootcert` to a file with the certificate of the certificate authority",
        NEEDS_POSTGRES,
    ),
    ("in the address, use a host name for which the server's certificate is valid", NEEDS_POSTGRES),
    ("set the password in `PGPASSWORD` or in `~/.pgpass`", NEEDS_POSTGRES),
    (
        "percent-encode special characters of the user name and the password: `%40` for `@`",
        NEEDS_POSTGRES,
    ),
    ("write each parameter as `NAME=VALUE`, with `%26` for `&` in a value", NEEDS_POSTGRES),
    ("use `schema` to set the schema", NEEDS_POSTGRES),
    ("use `sslmode=verify-full`, or `sslmode=disable` on a trusted network", NEEDS_POSTGRES),
    ("set `PGSERVICEFILE` to the file with the service", NEEDS_POSTGRES),
    ("add a user name to the address", "needs an OS user without a name"),
    ("remove the permissions: chmod 600 {path}", NEEDS_POSTGRES),
    ("install a build of jeton with the feature `postgres`", "needs a build without the feature"),
    ("free disk space and retry", "needs a full disk"),
    ("check the contents of the store before you retry", "needs a failed fsync"),
    ("try again, or wait longer with `--wait`", "needs a second process with a lock"),
    ("curl -fsS {}", "executed by `keys::curl_hints`"),
    (
        "download the document, and pass the document on standard input with the argument `-`",
        "needs a web server",
    ),
    (
        "download the document, then use `{option}{name}`: curl -fsSo {name} {url}",
        "executed by `keys::curl_hints`",
    ),
    ("pipe the document: {fetch} | jeton {}", "executed by `keys::curl_hints`"),
    (
        "check the system clock; if it is right, log in again: jeton login",
        "needs a changed system clock",
    ),
    ("install a newer jeton", "needs a later version"),
    (
        "list the rights and addresses of database users: jeton store roles --help",
        "needs a PostgreSQL server that refuses a statement; `server::roles` tests the refusals",
    ),
    (
        "migrate the store: jeton store migrate",
        "needs a store of an earlier version; `store::migration` migrates such a store",
    ),
    (
        "copy the original store again with `store backup`, or create a new store: jeton init",
        "needs a copy without its write-ahead log",
    ),
    (
        "revoke the {noun}: jeton token revoke {list}",
        "needs a store that fails while a command runs",
    ),
    ("the login succeeded; end the session with: jeton logout", NEEDS_FULL_DEVICE),
    (
        "end the session: jeton sessions revoke {sid}",
        "needs a full device as standard output, and a locked store",
    ),
    ("the account was created; set a password with: {recover_command}", NEEDS_FULL_DEVICE),
    (
        "convert a copy of the key: install -m 600 FILE key.pem && ssh-keygen -p -N '' -m PKCS8 -f key.pem",
        "executed by `keys::conversions`",
    ),
    (
        "convert a copy of the key: install -m 600 FILE key.ssh && ssh-keygen -p -N '' -f key.ssh && {command}",
        "executed by `keys::conversions`",
    ),
    (
        "convert the certificates: openssl pkcs7 -in FILE -print_certs -out cert.pem",
        "executed by `keys::conversions`",
    ),
    (
        "convert the certificates: openssl cms -cmsout -inform PEM -in FILE -certsout cert.pem -noout",
        "executed by `keys::conversions`",
    ),
    (
        "convert the certificates: openssl pkcs7 -inform DER -in FILE -print_certs -out cert.pem",
        "executed by `keys::conversions`",
    ),
    (
        "convert the key, then use `--alg PS256`: openssl rsa -in FILE -traditional -outform DER -out key.der",
        "executed by `keys::conversions`",
    ),
    (
        "convert the key, then use `--alg PS256`: openssl rsa -pubin -in FILE -RSAPublicKey_out -outform DER -out key.der",
        "executed by `keys::conversions`",
    ),
    (
        "convert the key: (printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; grep -o 'AAAA[^ ]*' FILE | base64 -d | tail -c 32) > key.der",
        "executed by `keys::conversions`",
    ),
    (
        "convert the key: openssl pkcs12 -in FILE -nodes -out key.pem",
        "executed by `keys::conversions`",
    ),
    (
        "convert the key: ssh-keygen -e -m PKCS8 -f FILE > key.pem",
        "executed by `keys::conversions`",
    ),
    ("convert the key: {}", "executed by `keys::conversions`"),
    ("decrypt the key: openssl pkey -in FILE -out key.pem", "executed by `keys::conversions`"),
    (
        "decode the file first: (umask 077; base64 -d FILE > key.txt)",
        "executed by `keys::wrapped_keys`",
    ),
    ("extract the key: jq -r .public_key FILE > key.txt", "executed by `keys::conversions`"),
    (
        "extract the key: (umask 077; jq{raw} '{root}{path}' FILE > key.txt)",
        "executed by `keys::conversions`",
    ),
    (
        "fetch the keys: curl -fsS --proto =https --url \"$(jq -r .jwks_uri FILE)\" > jwks.json",
        "executed by `keys::curl_hints`",
    ),
    (
        "save the key in a file of its own, without the encoding, quotes and text around it",
        "names no command; tested by `keys::wrapped_keys`",
    ),
    (
        "export the key as an OpenSSH key: puttygen FILE -O private-openssh -o key.pem",
        "needs PuTTY",
    ),
    ("select a single key: (umask 077; jq '{path}' FILE > key.json)", "needs jq"),
    ("decode the key first: (umask 077; xxd -r -p FILE > key.txt)", "needs xxd"),
    (
        "convert the keystore: keytool -importkeystore -srckeystore FILE -destkeystore key.p12 -deststoretype PKCS12 && openssl pkcs12 -in key.p12 -nodes -out key.pem",
        "needs Java",
    ),
];
