# conftest.py
"""Tokens for the tests of a service: one to let in, and many to refuse, made once for all tests."""

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

# The tokens that the service takes; `--preset auth0`, say, makes them as Auth0 does.
TOKENS = ["--iss", "https://id.example", "--aud", "api", "--scope", "read", "--sub", "alice"]


def make(home):
    """Makes them with a store that is in `home`, whatever the environment says."""
    own = {"JETON_STORE": f"{home}/jeton.db", "JETON_CONFIG_DIR": home, "CI": "true"}
    env = {**os.environ, **own, "JETON_TOKEN": "", "JETON_TOKEN_FILE": ""}
    directory = f"{home}/fixtures"
    for words in ["init", "ci"], ["token", "fixtures", *TOKENS, "--out", directory]:
        subprocess.run(["jeton", *words, "--quiet"], env=env, check=True)
    return directory


@functools.cache
def manifest():
    """What jeton says of the tokens, and the tokens. FIXTURES may name where they are already."""
    with tempfile.TemporaryDirectory() as home:
        directory = Path(os.environ.get("FIXTURES") or make(home))
        found = json.loads((directory / "manifest.json").read_text())
        for item in found["fixtures"]:
            item["token"] = (directory / item["file"]).read_text().strip()
    return found


@pytest.fixture(scope="session")
def issued():
    """The manifest, and in it the tokens by their names."""
    return {**manifest(), "tokens": {item["name"]: item for item in manifest()["fixtures"]}}


def pytest_generate_tests(metafunc):
    """Runs a test that asks for `broken` once for each token that is to be refused."""
    if "broken" in metafunc.fixturenames:
        broken = [item for item in manifest()["fixtures"] if item["defect"]]
        metafunc.parametrize("broken", broken, ids=lambda item: item["name"])
