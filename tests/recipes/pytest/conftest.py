# conftest.py
"""Fixtures for service tests: a token to accept and tokens to refuse, created once per run."""

import functools
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

# Options for tokens that the service accepts; for tokens of Auth0, for example, add `--preset auth0`.
TOKENS = ["--iss", "https://id.example", "--aud", "api", "--scope", "read", "--sub", "alice"]


def create_tokens(home):
    """Creates the tokens with a store in `home`, regardless of the environment."""
    settings = {"JETON_STORE": f"{home}/jeton.db", "JETON_CONFIG_DIR": home, "CI": "true"}
    env = {**os.environ, **settings, "JETON_TOKEN": "", "JETON_TOKEN_FILE": ""}
    directory = f"{home}/fixtures"
    for arguments in ["init", "ci"], ["token", "fixtures", *TOKENS, "--out", directory]:
        subprocess.run(["jeton", *arguments, "--quiet"], env=env, check=True)
    return directory


@functools.cache
def load_manifest():
    """Returns manifest.json with the tokens. FIXTURES may name a directory with existing tokens."""
    with tempfile.TemporaryDirectory() as home:
        directory = Path(os.environ.get("FIXTURES") or create_tokens(home))
        manifest = json.loads((directory / "manifest.json").read_text())
        for item in manifest["fixtures"]:
            item["token"] = (directory / item["file"]).read_text().strip()
    return manifest


@pytest.fixture(scope="session")
def manifest():
    """The manifest, with the fixtures by name in `tokens`."""
    loaded = load_manifest()
    return {**loaded, "tokens": {item["name"]: item for item in loaded["fixtures"]}}


def pytest_generate_tests(metafunc):
    """Runs a test with the argument `broken` once for each token that the service must refuse."""
    if "broken" in metafunc.fixturenames:
        broken = [item for item in load_manifest()["fixtures"] if item["defect"]]
        metafunc.parametrize("broken", broken, ids=lambda item: item["name"])
