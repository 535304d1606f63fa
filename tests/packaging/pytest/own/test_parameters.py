"""A parameter takes precedence over the plugin, also without a fixture of the suite; `token` works in session fixtures."""

import pytest


@pytest.mark.parametrize("invalid_token", ["", "x"])
def test_parameter_is_used(invalid_token):
    assert invalid_token in ("", "x")


@pytest.fixture(scope="session")
def login(token):
    return token(sub="alice")


def test_session_fixture_can_create_a_token(login):
    assert login.startswith("ey")
