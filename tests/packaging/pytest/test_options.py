"""Suites with other options than this one, run in a separate directory."""

import pytest


@pytest.fixture
def run_suite(pytester):
    """Runs the tests of a text with `jeton_options`; the tests can call `decode`."""

    def run(options, text):
        pytester.makeini(f"[pytest]\njeton_options = {options}\n")
        decode = 'def decode(text):\n    return jwt.decode(text, options={"verify_signature": False})\n'
        pytester.makepyfile(f"import jwt\nimport pytest\n\n\n{decode}\n\n{text}")
        return pytester.runpytest("-p", "no:cacheprovider")

    return run


def test_claims_override_options(run_suite):
    options = "--preset flask --aud api --scope read --claim role=user --claim=plan=free --claim-json level=1 --no-iat"
    text = """
def test_claims(token):
    claims = decode(token(aud="other", scope="write", role=["admin"], plan=None))
    names = "aud", "scope", "role", "plan", "level"
    assert [claims[name] for name in names] == ["other", "write", ["admin"], None, 1]
    assert "iat" not in claims
    claims = decode(token(level=-1))
    assert [claims[name] for name in names] == ["api", "read", "user", "free", -1]
"""
    run_suite(options, text).assert_outcomes(passed=1)


def test_refused_claims_fail_only_their_test(run_suite):
    text = """
def test_too_large(token):
    token(x="a" * 70000)


def test_expected_error(token):
    from jeton_cli.pytest_plugin import JetonError

    with pytest.raises(JetonError, match="^jeton token mint: error: token too large"):
        token(x="a" * 70000)


def test_next(token):
    assert decode(token(sub="alice"))["sub"] == "alice"
"""
    result = run_suite("--aud api", text)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*JetonError: jeton token mint: error: token too large*"])


@pytest.mark.parametrize("option", ["--at 2030-01-01T00:00:00Z", "--at=2030-01-01T00:00:00Z"])
def test_issue_time_is_that_of_the_fixtures(run_suite, option):
    text = """
def test_times(token, token_manifest):
    claims = decode(token(sub="alice"))
    assert (claims["iat"], claims["exp"]) == (1893456000, 1893456060)
    assert token_manifest["issued_at"] == "2030-01-01T00:00:00Z"
"""
    run_suite(f"--ttl 1m {option} --aud api", text).assert_outcomes(passed=1)


def test_relative_path_starts_in_the_directory_of_the_invocation(run_suite, pytester):
    secret = "a secret that is as long as the hash"
    pytester.makefile(".txt", secret=secret)
    text = f"""
def test_other_directory(monkeypatch, tmp_path, token):
    for name in "first", "second":
        tmp_path.joinpath(name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert jwt.decode(token(sub="alice"), "{secret}", algorithms=["HS256"])["sub"] == "alice"
"""
    run_suite("--key-file secret.txt --alg HS256", text).assert_outcomes(passed=1)


def test_unknown_option_ends_the_run(run_suite):
    text = """
def test_one(token):
    token()


def test_two(token):
    token()
"""
    result = run_suite("--nonsense", text)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stdout.fnmatch_lines(["*jeton token fixtures: error: unexpected argument '--nonsense' found*"])
    result.stdout.no_fnmatch_line("*Traceback*")
