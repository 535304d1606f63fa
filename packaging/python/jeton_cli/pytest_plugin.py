"""pytest fixtures: a token that the service accepts, and tokens that it must refuse.

The setting `jeton_options` (in pytest.ini or pyproject.toml) describes the tokens of the service, with
options of `jeton token fixtures`, and paths relative to the directory in which pytest starts:

    [pytest]
    jeton_options = --iss https://id.example --aud api --scope read
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from jeton_cli import find_jeton


class InvalidToken(str):
    """A token that the service must refuse.

    `name` is the name of the defect, such as `expired`; `why` states the violated rule.
    """

    def __new__(cls, fixture, token):
        self = super().__new__(cls, token)
        self.name, self.why = fixture["name"], fixture["why"]
        return self


class JetonError(Exception):
    """A command of jeton that failed, with the message of jeton."""


def to_mint_options(options, claims):
    """Returns the options of `token mint` for options of `token fixtures` and claims that take precedence."""
    mint_options = []
    rest = iter(options)
    for option in rest:
        name, separator, value = option.partition("=")
        if name not in ("--at", "--claim", "--claim-json"):
            mint_options.append(option)
            continue
        value = value if separator else next(rest, "")
        if name == "--at":
            mint_options.append(f"--issued-at={value}")
        elif value.partition("=")[0] not in claims:
            mint_options.append(f"{name}={value}")
    # `--claim-json` overrides all other options, but a name may occur only once.
    return mint_options + [f"--claim-json={name}={json.dumps(value)}" for name, value in claims.items()]


class TokenStore:
    """A store in a temporary directory, with a key for the tokens of this test run.

    `directory` is the directory of relative paths in the options, also after a test has changed its directory.
    """

    def __init__(self, options, directory):
        self._options = options
        self._working_directory = directory
        self._directory = tempfile.TemporaryDirectory(prefix="jeton-pytest-")
        home = self._directory.name
        settings = {"JETON_STORE": f"{home}/jeton.db", "JETON_CONFIG_DIR": home, "CI": "true"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("JETON_")}
        self._environment = {**inherited, **settings}
        self._run("init", "pytest", "--quiet")
        self._fixtures = Path(home, "fixtures")
        self._run("token", "fixtures", *options, "--out", str(self._fixtures), "--quiet")
        self.manifest = json.loads((self._fixtures / "manifest.json").read_text())

    def _run(self, *arguments):
        command = [find_jeton(), *arguments]
        result = subprocess.run(
            command, cwd=self._working_directory, env=self._environment, capture_output=True, text=True
        )
        if result.returncode != 0:
            raise JetonError(f"jeton {' '.join(arguments[:2])}: {result.stderr.strip()}")
        return result.stdout.strip()

    def mint(self, claims):
        return self._run("token", "mint", *to_mint_options(self._options, claims))

    def invalid_tokens(self):
        fixtures = [item for item in self.manifest["fixtures"] if item["defect"]]
        return [InvalidToken(item, (self._fixtures / item["file"]).read_text().strip()) for item in fixtures]

    def close(self):
        self._directory.cleanup()


STORE = pytest.StashKey[TokenStore]()


def get_store(config):
    """Returns the store of this test run. The first call creates the store, at collection or in a test."""
    if STORE not in config.stash:
        try:
            config.stash[STORE] = TokenStore(config.getini("jeton_options"), config.invocation_params.dir)
        except JetonError as error:
            raise pytest.exit.Exception(str(error), returncode=pytest.ExitCode.USAGE_ERROR) from None
    return config.stash[STORE]


def pytest_addoption(parser):
    description = "Options of `jeton token fixtures` for the tokens that the service accepts."
    parser.addini("jeton_options", description, type="args", default=[])


def pytest_unconfigure(config):
    if STORE in config.stash:
        config.stash[STORE].close()


def is_own_fixture(metafunc, name):
    """Returns whether the test gets the fixture of this module, not a fixture or parameter of the suite."""
    definitions = metafunc._arg2fixturedefs.get(name, ())
    if not definitions or definitions[-1].func.__module__ != __name__:
        return False
    markers = metafunc.definition.iter_markers("parametrize")
    names = [marker.args[0] if marker.args else marker.kwargs.get("argnames", "") for marker in markers]
    lists = [text.split(",") if isinstance(text, str) else text for text in names]
    return name not in [item.strip() for items in lists for item in items]


def pytest_generate_tests(metafunc):
    if is_own_fixture(metafunc, "invalid_token"):
        tokens = get_store(metafunc.config).invalid_tokens()
        metafunc.parametrize("invalid_token", tokens, ids=lambda token: token.name, indirect=True)


@pytest.fixture
def invalid_token(request):
    """A token that the service must refuse: the test runs once for each defect."""
    return request.param


@pytest.fixture(scope="session")
def token(pytestconfig):
    """Creates a token that the service accepts: `token(sub="alice")`. The claims override `jeton_options`."""
    return lambda **claims: get_store(pytestconfig).mint(claims)


@pytest.fixture(scope="session")
def token_manifest(pytestconfig):
    """The manifest of the tokens: `jwks` has the keys that the service needs, `iss` the issuer."""
    return get_store(pytestconfig).manifest
