//! Names of environment variables.

use super::InvalidValue;

/// Names, in capital letters, of variables that change the behaviour of the loader, a shell or a
/// runtime. The list cannot be complete: it contains the variables that tell common programs which
/// code, libraries, options, certificates or proxies to use.
const RESERVED_NAMES: [&str; 5] = [
    // Shells and all programs.
    "BASHOPTS BASH_ENV CDPATH EDITOR ENV FPATH GLOBIGNORE HOME IFS INPUTRC LANG LANGUAGE \
     LESSCLOSE LESSOPEN LOGNAME MAKEFLAGS OLDPWD PAGER PATH PROMPT_COMMAND PS4 PWD SHELL \
     SHELLOPTS TERM TERMCAP TERMINFO TMPDIR TZ TZDIR USER VISUAL ZDOTDIR",
    // The C library.
    "GCONV_PATH GETCONF_DIR GLIBC_TUNABLES HOSTALIASES LOCALDOMAIN LOCPATH NLSPATH \
     RESOLV_HOST_CONF RES_OPTIONS",
    // Network and TLS.
    "ALL_PROXY CURL_CA_BUNDLE CURL_HOME FTP_PROXY HTTPS_PROXY HTTP_PROXY NO_PROXY \
     OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES REQUESTS_CA_BUNDLE SSLKEYLOGFILE \
     SSL_CERT_DIR SSL_CERT_FILE",
    // Programs that start other programs.
    "BROWSER GIT_ASKPASS GIT_EDITOR GIT_EXEC_PATH GIT_EXTERNAL_DIFF GIT_PAGER \
     GIT_PROXY_COMMAND GIT_SEQUENCE_EDITOR GIT_SSH GIT_SSH_COMMAND GIT_TEMPLATE_DIR \
     SSH_ASKPASS SSH_AUTH_SOCK SUDO_ASKPASS",
    // Runtimes and their tools.
    "CARGO_HOME CLASSPATH COMPLETE GEM_HOME GEM_PATH GODEBUG GOENV GOFLAGS GOPATH GOPROXY \
     GOROOT GOTOOLCHAIN JAVA_HOME JAVA_OPTS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS \
     NODE_EXTRA_CA_CERTS NODE_OPTIONS NODE_PATH NODE_TLS_REJECT_UNAUTHORIZED PERLLIB PHPRC \
     PHP_INI_SCAN_DIR RUBYLIB RUBYOPT RUBYPATH RUBYSHELL RUSTC RUSTC_WRAPPER RUSTFLAGS \
     VIRTUAL_ENV _JAVA_OPTIONS",
];

/// Prefixes of reserved names.
const RESERVED_PREFIXES: &str = "ACTIONS_ BASH_FUNC_ COMPLUS_ CORECLR_ COR_ DOTNET_ DYLD_ GITHUB_ \
    GIT_CONFIG LC_ LD_ LUA_CPATH LUA_INIT LUA_PATH MALLOC_ NPM_CONFIG_ PERL5 PIP_ PYTHON RUNNER_ \
    XDG_";

/// Rejects text that cannot be the name of an environment variable. The error does not repeat the
/// text, which may be a secret in the wrong place.
pub(crate) fn check_variable_name(text: &str) -> Result<(), InvalidValue> {
    let is_word = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !is_word || text.is_empty() || text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(InvalidValue::new(
            "variable",
            "expected letters, digits and `_`, not starting with a digit",
        ));
    }
    Ok(())
}

/// Rejects the name of a variable that must not hold a token: variables of jeton, and variables
/// that change the behaviour of the loader, a shell or a runtime. Upper and lower case are not
/// distinguished (`http_proxy`, `npm_config_*`).
pub(crate) fn check_token_variable(text: &str) -> Result<(), InvalidValue> {
    check_variable_name(text)?;
    let name = text.to_ascii_uppercase();
    if name.starts_with("JETON_") {
        return Err(InvalidValue::new("variable", "reserved for jeton"));
    }
    let mut reserved_names = RESERVED_NAMES.iter().flat_map(|names| names.split(' '));
    if reserved_names.any(|reserved| reserved == name)
        || RESERVED_PREFIXES.split(' ').any(|prefix| name.starts_with(prefix))
    {
        let reason =
            "reserved for the loader, a shell or a runtime; use a name such as `API_TOKEN`";
        return Err(InvalidValue::new("variable", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_variable_is_refused() {
        let names = "PATH LD_PRELOAD LD_AUDIT DYLD_INSERT_LIBRARIES IFS BASH_ENV ENV NODE_OPTIONS \
            PYTHONSTARTUP PYTHONPATH RUBYOPT PERL5OPT PERL5LIB JAVA_TOOL_OPTIONS GITHUB_ENV \
            GITHUB_TOKEN http_proxy npm_config_prefix JETON_TOKEN JETON_STORE jeton_x \
            GIT_CONFIG_COUNT LC_ALL COMPLETE";
        for name in names.split(' ') {
            assert!(check_token_variable(name).is_err(), "{name}");
        }
    }

    #[test]
    fn credential_variable_is_accepted() {
        let names = "API_TOKEN TOKEN _t a1 JETON GH_TOKEN GITLAB_TOKEN NPM_TOKEN NODE_AUTH_TOKEN \
            CARGO_REGISTRY_TOKEN PGPASSWORD GIT_TOKEN ENVIRONMENT PATH_TOKEN \
            RUBYGEMS_API_KEY";
        for name in names.split(' ') {
            assert!(check_token_variable(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn reserved_names_are_uppercase_variable_names() {
        for name in
            RESERVED_NAMES.iter().chain([&RESERVED_PREFIXES]).flat_map(|names| names.split(' '))
        {
            assert!(
                check_variable_name(name).is_ok() && name == name.to_ascii_uppercase(),
                "{name}"
            );
        }
    }
}
