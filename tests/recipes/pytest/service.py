"""A service that says who is calling. It stands for yours."""

import json
from urllib.request import urlopen

import jwt
from flask import Flask, request

# As servers of HTTP limit it.
LONGEST = 8 * 1024


def published(issuer):
    """Gives the keys that the issuer publishes, by key id (OpenID Connect Discovery)."""
    with urlopen(f"{issuer}/.well-known/openid-configuration") as answer:
        return jwt.PyJWKClient(json.load(answer)["jwks_uri"]).get_signing_key


def create_app(key_of, issuer, revoked):
    app = Flask(__name__)

    def claims_of(token):
        if len(token) > LONGEST:
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
    def who():
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = claims_of(token if scheme == "Bearer" else "")
        except (jwt.PyJWTError, KeyError):
            return {"error": "invalid_token"}, 401
        if "read" not in claims.get("scope", "").split():
            return {"error": "insufficient_scope"}, 403
        return {"sub": claims["sub"]}

    return app
