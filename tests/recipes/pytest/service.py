"""Example service that returns the subject of the token; replace it with your service."""

import json
from urllib.request import urlopen

import jwt
from flask import Flask, request

# The usual header limit of HTTP servers.
MAX_TOKEN_BYTES = 8 * 1024


def fetch_keys(issuer):
    """Returns a function that finds a key of the issuer by key id (OpenID Connect Discovery)."""
    with urlopen(f"{issuer}/.well-known/openid-configuration") as response:
        return jwt.PyJWKClient(json.load(response)["jwks_uri"]).get_signing_key


def create_app(key_of, issuer, revoked):
    app = Flask(__name__)

    def verify(token):
        if len(token) > MAX_TOKEN_BYTES:
            raise jwt.InvalidTokenError("too long")
        claims = jwt.decode(
            token,
            key_of(jwt.get_unverified_header(token)["kid"]),
            algorithms=["ES256"],
            issuer=issuer,
            audience="api",
            options={"require": ["exp", "jti"]},
        )
        if claims["jti"] in revoked:
            raise jwt.InvalidTokenError("revoked")
        return claims

    @app.get("/")
    def subject():
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = verify(token if scheme == "Bearer" else "")
        except (jwt.PyJWTError, KeyError):
            return {"error": "invalid_token"}, 401
        if "read" not in claims.get("scope", "").split():
            return {"error": "insufficient_scope"}, 403
        return {"sub": claims["sub"]}

    return app
