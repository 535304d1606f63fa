"""Each token of tokens.toml gives only the access that its claims permit; invalid tokens give none."""

import os

import pytest
from app import app


@pytest.mark.parametrize(
    ("variable", "path", "status"),
    [
        ("ADMIN_TOKEN", "/admin", 200),
        ("USER_TOKEN", "/me", 200),
        ("USER_TOKEN", "/admin", 403),
        ("EXPIRED_TOKEN", "/me", 401),
    ],
)
def test_status(variable, path, status):
    headers = {"Authorization": f"Bearer {os.environ[variable]}"}
    assert app.test_client().get(path, headers=headers).status_code == status
