"""A service with Flask and PyJWT, tested with the fixtures of the pytest plugin, without fixtures in conftest.py."""

import jwt
import pytest
from flask import Flask, request


@pytest.fixture(scope="session")
def client(token_manifest):
    keys = jwt.PyJWKSet.from_dict(token_manifest["jwks"])
    revoked = {item["jti"] for item in token_manifest["fixtures"] if item["defect"] == "revoked"}
    app = Flask(__name__)

    @app.get("/")
    def subject():
        text = request.headers["Authorization"].removeprefix("Bearer ")
        try:
            if len(text) > 8 * 1024:
                raise jwt.InvalidTokenError("too long")
            key = keys[jwt.get_unverified_header(text)["kid"]]
            claims = jwt.decode(
                text,
                key,
                algorithms=["ES256"],
                issuer="https://id.example",
                audience="api",
                options={"require": ["exp", "jti"]},
            )
        except (jwt.PyJWTError, KeyError):
            return {}, 401
        if claims["jti"] in revoked:
            return {}, 401
        if "read" not in claims.get("scope", "").split():
            return {}, 403
        return {key: claims[key] for key in ("sub", "roles") if key in claims}

    return app.test_client()


def get(client, token):
    return client.get("/", headers={"Authorization": f"Bearer {token}"})


def test_token_is_accepted(client, token):
    response = get(client, token(sub="alice", roles=["admin"]))
    assert (response.status_code, response.json) == (200, {"sub": "alice", "roles": ["admin"]})


def test_claims_differ_between_tokens(client, token):
    assert get(client, token(sub="bob")).json == {"sub": "bob"}


def test_invalid_token_is_refused(client, invalid_token):
    status = 403 if invalid_token.name == "missing_permission" else 401
    assert get(client, invalid_token).status_code == status, invalid_token.why
