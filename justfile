# Lists the recipes.
default:
    @just --list

# Format, spelling, language and lints.
check:
    cargo fmt --check
    cargo fmt --check --manifest-path tests/fuzz/Cargo.toml
    typos
    .ci/prose --check
    cargo clippy --all-targets --locked -- -D warnings
    cargo clippy --all-targets --locked --no-default-features -- -D warnings

# The fast tests, or the tests of the profile `ci` that match a nextest filter: just test sessions::
test *FILTER:
    cargo nextest run --locked {{ if FILTER == "" { "" } else { "--profile ci " + FILTER } }}

# Each parser, fuzzed for this number of seconds.
fuzz SECONDS='60':
    .ci/fuzz {{SECONDS}}

# Speed, memory and size of the static program against their goals: jeton help performance.
bench *OPTIONS:
    cargo build --locked --release
    packaging/static cargo bench --locked --bench table -- --dynamic "${CARGO_TARGET_DIR:-target}/release/jeton" {{ OPTIONS }}

# Speed of a store on a PostgreSQL server, directly and through PgBouncer, beside a SQLite file.
bench-server *OPTIONS:
    packaging/static cargo bench --locked --bench server -- {{ OPTIONS }}

# The checks of CI, except the oldest Rust, advisories and the long tests.
ci:
    .ci/run
