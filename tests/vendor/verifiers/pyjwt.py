"""PyJWT, told every check that it has, with a secret or with the keys that the issuer publishes."""

import jwt
from answer import answer


def by_secret(asked):
    options = {"require": ["exp", "iat"]}
    return lambda token: jwt.decode(token, asked["secret"], algorithms=["HS256"], options=options)


def by_keys(asked):
    keys = jwt.PyJWKClient(asked["jwks_uri"])

    def verify(token):
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["RS256"],
            issuer=asked["issuer"],
            audience=asked["audience"],
            subject="repo:octo-org/octo-repo:environment:prod",
            options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub"]},
        )

    return verify


answer(lambda asked: by_keys(asked) if "jwks_uri" in asked else by_secret(asked))
