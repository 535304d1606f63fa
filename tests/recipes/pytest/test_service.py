"""The service lets in whom it should, and nobody else."""

import os

import jwt
import pytest
from service import create_app, published


@pytest.fixture(scope="session")
def client(issued):
    issuer = issued["issuer"]
    revoked = {item["jti"] for item in issued["fixtures"] if item["defect"] == "revoked"}
    # Where a site has the keys (site.sh), the service finds them by itself.
    has_site = "ISSUER" in os.environ
    key_of = published(issuer) if has_site else jwt.PyJWKSet.from_dict(issued["jwks"]).__getitem__
    return create_app(key_of, issuer, revoked).test_client()


def get(client, token):
    return client.get("/", headers={"Authorization": f"Bearer {token}"})


def test_good_token_is_let_in(client, issued):
    answer = get(client, issued["tokens"]["good"]["token"])
    assert (answer.status_code, answer.json) == (200, {"sub": "alice"})


def test_without_a_token_nobody_is_let_in(client):
    assert client.get("/").status_code == 401


def test_broken_token_is_refused(client, broken):
    status = 403 if broken["name"] == "missing_permission" else 401
    assert get(client, broken["token"]).status_code == status, broken["why"]
