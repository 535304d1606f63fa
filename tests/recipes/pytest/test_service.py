"""The service accepts the good token and refuses every other token."""

import os

import jwt
import pytest
from service import create_app, fetch_keys


@pytest.fixture(scope="session")
def client(manifest):
    issuer = manifest["iss"]
    revoked = {item["jti"] for item in manifest["fixtures"] if item["defect"] == "revoked"}
    # With a site (site.sh) the service fetches the keys from the issuer.
    has_site = "ISSUER" in os.environ
    key_of = fetch_keys(issuer) if has_site else jwt.PyJWKSet.from_dict(manifest["jwks"]).__getitem__
    return create_app(key_of, issuer, revoked).test_client()


def get(client, token):
    return client.get("/", headers={"Authorization": f"Bearer {token}"})


def test_good_token_is_accepted(client, manifest):
    response = get(client, manifest["tokens"]["good"]["token"])
    assert (response.status_code, response.json) == (200, {"sub": "alice"})


def test_token_with_other_claims_is_accepted(client, token):
    response = get(client, token(sub="bob", roles=["admin"]))
    assert (response.status_code, response.json) == (200, {"sub": "bob"})


def test_missing_token_is_refused(client):
    assert client.get("/").status_code == 401


def test_broken_token_is_refused(client, broken):
    status = 403 if broken["name"] == "missing_permission" else 401
    assert get(client, broken["token"]).status_code == status, broken["why"]
