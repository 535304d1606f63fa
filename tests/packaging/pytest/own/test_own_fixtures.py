"""Fixtures and parameters of a suite take precedence over the plugin."""

import pytest


@pytest.fixture
def invalid_token():
    return "own"


def test_fixture_of_the_suite_is_used(invalid_token):
    assert invalid_token == "own"


@pytest.mark.parametrize("number, invalid_token", [(1, ""), (2, "x")])
def test_parameters_of_the_suite_are_used(number, invalid_token):
    assert invalid_token == ["", "x"][number - 1]
