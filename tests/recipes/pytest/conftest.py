# conftest.py
"""Fixtures for service tests: tokens to accept and tokens to refuse, signed by a key for this run."""

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

# Options for tokens that the service accepts; for tokens of Auth0, for example, add `--preset auth0`.
TOKENS = ["--iss", "https://id.example", "--aud", "api", "--scope", "read", "--sub", "alice"]

# Directory of the store, removed when pytest exits.
HOME = tempfile.TemporaryDirectory(prefix="jeton-")


def jeton(*arguments):
    """Runs jeton with a store in `HOME`. FIXTURES may name existing tokens of another store."""
    settings = {"JETON_STORE": f"{HOME.name}/jeton.db", "JETON_CONFIG_DIR": HOME.name, "CI": "true"}
    own_store = {**settings, "JETON_TOKEN": "", "JETON_TOKEN_FILE": ""}
    env = {**os.environ, **({} if os.environ.get("FIXTURES") else own_store)}
    command = ["jeton", *arguments, "--quiet"]
    return subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@functools.cache
def load_manifest():
    """Returns manifest.json with the tokens, which the first call creates."""
    directory = Path(os.environ.get("FIXTURES") or f"{HOME.name}/fixtures")
    if not directory.exists():
        jeton("init", "ci")
        jeton("token", "fixtures", *TOKENS, "--out", str(directory))
    manifest = json.loads((directory / "manifest.json").read_text())
    for item in manifest["fixtures"]:
        item["token"] = (directory / item["file"]).read_text().strip()
    return manifest


@pytest.fixture(scope="session")
def manifest():
    """The manifest, with the fixtures by name in `tokens`."""
    loaded = load_manifest()
    return {**loaded, "tokens": {item["name"]: item for item in loaded["fixtures"]}}


@pytest.fixture(scope="session")
def token(manifest):
    """Creates a token that the service accepts: `token(sub="bob", roles=["admin"])`, with any claims."""
    issuer = {"iss": manifest["iss"]}
    return lambda **claims: jeton("token", "mint", *TOKENS, "--claims", json.dumps(issuer | claims))


def pytest_generate_tests(metafunc):
    """Runs a test with the argument `broken` once for each token that the service must refuse."""
    if "broken" in metafunc.fixturenames:
        broken = [item for item in load_manifest()["fixtures"] if item["defect"]]
        metafunc.parametrize("broken", broken, ids=lambda item: item["name"])
