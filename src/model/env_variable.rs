//! Names of environment variables.

use super::InvalidValue;

/// Names of variables that change the behaviour of the dynamic loader, a shell, a runtime or
/// another common program. The names are in capital letters and separated by spaces. Most of these
/// variables select code, libraries, options, certificates or proxies. The list cannot be complete.
const RESERVED_NAMES: [&str; 6] = [
    // Shells and all programs.
    "BASHOPTS BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH BASH_XTRACEFD CDPATH CI COLUMNS \
     DISPLAY EDITOR ENV EUID EXECIGNORE FCEDIT FIGNORE FPATH GLOBIGNORE HISTFILE HOME HOST \
     HOSTNAME IFS INPUTRC LANG LANGUAGE LESS LESSCLOSE LESSEDIT LESSKEY LESSOPEN LINES \
     LOGNAME LS_COLORS MAIL MAILPATH MANOPT MANPAGER MODULE_PATH NULLCMD OLDPWD OPTIND PAGER \
     PATH POSIXLY_CORRECT PPID PROMPT PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 PWD READNULLCMD \
     SHELL SHELLOPTS SHLVL TEMP TERM TERMCAP TERMINFO TERMINFO_DIRS TMP TMPDIR TMPPREFIX TZ \
     TZDIR UID USER VISUAL XAUTHORITY ZDOTDIR",
    // The C library and other libraries.
    "ASAN_OPTIONS GCONV_PATH GETCONF_DIR GIO_EXTRA_MODULES GLIBC_TUNABLES GTK_MODULES \
     GTK_PATH HOSTALIASES LIBPATH LOCALDOMAIN LOCPATH LSAN_OPTIONS MSAN_OPTIONS NLSPATH \
     QT_PLUGIN_PATH RESOLV_HOST_CONF RES_OPTIONS SHLIB_PATH TSAN_OPTIONS UBSAN_OPTIONS",
    // Network and TLS.
    "ALL_PROXY AWS_CA_BUNDLE AWS_CONFIG_FILE AWS_ENDPOINT_URL AWS_SHARED_CREDENTIALS_FILE \
     CURL_CA_BUNDLE CURL_HOME DBUS_SESSION_BUS_ADDRESS DOCKER_CERT_PATH DOCKER_CONFIG \
     DOCKER_CONTEXT DOCKER_HOST DOCKER_TLS_VERIFY FTP_PROXY HTTPS_PROXY HTTP_PROXY \
     KRB5_CONFIG KUBECONFIG NETRC NO_PROXY OPENSSL_CONF OPENSSL_ENGINES OPENSSL_MODULES \
     PGSERVICEFILE PGSSLROOTCERT REQUESTS_CA_BUNDLE SSLKEYLOGFILE SSL_CERT_DIR SSL_CERT_FILE \
     WGETRC",
    // Programs that start other programs.
    "BROWSER CVS_RSH GH_BROWSER GH_CONFIG_DIR GH_EDITOR GH_HOST GH_PAGER GH_PATH GIT_ASKPASS \
     GIT_DIR GIT_EDITOR GIT_EXEC_PATH GIT_EXTERNAL_DIFF GIT_INDEX_FILE GIT_PAGER \
     GIT_PROXY_COMMAND GIT_SEQUENCE_EDITOR GIT_SSH GIT_SSH_COMMAND GIT_TEMPLATE_DIR \
     GIT_WORK_TREE GREP_OPTIONS GZIP HGRCPATH RSYNC_RSH SSH_ASKPASS SSH_AUTH_SOCK \
     SUDO_ASKPASS SVN_SSH TAR_OPTIONS XZ_DEFAULTS XZ_OPT ZIPOPT",
    // Compilers and build tools.
    "AR AS CC CFLAGS COMPILER_PATH CPATH CPLUS_INCLUDE_PATH CPP CPPFLAGS CXX CXXFLAGS \
     C_INCLUDE_PATH GCC_EXEC_PREFIX GNUMAKEFLAGS LD LDFLAGS LIBRARY_PATH LIBS MAKE MAKEFILES \
     MAKEFLAGS MAKELEVEL MFLAGS PKG_CONFIG_PATH",
    // Runtimes and their tools.
    "ANT_OPTS BUNDLER_SETUP BUNDLE_BIN_PATH BUNDLE_GEMFILE BUNDLE_PATH BUN_INSTALL \
     BUN_OPTIONS CARGO CARGO_HOME CATALINA_OPTS CLASSPATH COMPLETE COMPOSER_HOME CONDA_PREFIX \
     DENO_CERT DENO_DIR DJANGO_SETTINGS_MODULE ELECTRON_RUN_AS_NODE ELIXIR_ERL_OPTIONS \
     FLASK_APP FLASK_DEBUG FLASK_ENV GEM_HOME GEM_PATH GOBIN GODEBUG GOENV GOFLAGS GOINSECURE \
     GOMODCACHE GONOSUMDB GOPATH GOPROXY GOROOT GOSUMDB GOTMPDIR GOTOOLCHAIN GRADLE_OPTS \
     GRADLE_USER_HOME IBM_JAVA_OPTIONS JAVA_HOME JAVA_OPTS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS \
     MAVEN_ARGS MAVEN_OPTS MIX_ENV NODE_COMPILE_CACHE NODE_DEBUG NODE_ENV NODE_EXTRA_CA_CERTS \
     NODE_ICU_DATA NODE_OPTIONS NODE_PATH NODE_REDIRECT_WARNINGS NODE_REPL_EXTERNAL_MODULE \
     NODE_TLS_REJECT_UNAUTHORIZED NODE_V8_COVERAGE OPENJ9_JAVA_OPTIONS PERLLIB PHPRC \
     PHP_INI_SCAN_DIR RACK_ENV RAILS_ENV RUBYLIB RUBYOPT RUBYPATH RUBYSHELL RUSTC \
     RUSTC_WORKSPACE_WRAPPER RUSTC_WRAPPER RUSTDOC RUSTDOCFLAGS RUSTFLAGS R_ENVIRON R_HOME \
     R_LIBS R_PROFILE UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_PYTHON VIRTUAL_ENV \
     _JAVA_OPTIONS",
];

/// Prefixes of names that are also reserved, in capital letters and separated by spaces.
const RESERVED_PREFIXES: &str = "ACTIONS_ ASPNETCORE_ BASH_FUNC_ CARGO_ALIAS_ CARGO_BUILD_ \
    CARGO_ENCODED_ CARGO_TARGET_ CGO_ COMPLUS_ CORECLR_ COR_ DOTNET_ DYLD_ ERL_ FISH_ GITHUB_ \
    GIT_CONFIG INPUT_ LC_ LD_ LUA_CPATH LUA_INIT LUA_PATH MALLOC NPM_CONFIG_ PERL5 PERL_ PIP_ \
    PYTEST_ PYTHON RUNNER_ RUSTUP_ TS_NODE_ XDG_";

/// Rejects text that a shell does not accept as the name of a variable. The error does not repeat
/// the text, which may be a secret in the wrong place.
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

/// Rejects text that [`check_variable_name`] rejects. Also rejects variables that must not hold a
/// token: the variables of jeton, and the variables in [`RESERVED_NAMES`] and
/// [`RESERVED_PREFIXES`]. Case is ignored, because programs also read `http_proxy` or
/// `npm_config_*`.
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
        let reason = "reserved for other programs; use a name such as `API_TOKEN`";
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
            GIT_CONFIG_COUNT LC_ALL COMPLETE PS4 PROMPT_COMMAND MAKEFILES PYTEST_ADDOPTS \
            INPUT_TOKEN CI RUSTC_WRAPPER BUNDLE_GEMFILE DOCKER_HOST MallocStackLogging \
            fish_function_path ERL_FLAGS TS_NODE_PROJECT";
        for name in names.split(' ') {
            assert!(check_token_variable(name).is_err(), "{name}");
        }
    }

    #[test]
    fn variable_that_is_not_reserved_is_accepted() {
        let names = "API_TOKEN TOKEN _t a1 JETON GH_TOKEN GITLAB_TOKEN NPM_TOKEN NODE_AUTH_TOKEN \
            CARGO_REGISTRY_TOKEN PGPASSWORD GIT_TOKEN UV_PUBLISH_TOKEN CI_TOKEN ENVIRONMENT PATH_TOKEN \
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
