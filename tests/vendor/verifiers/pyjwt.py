"""PyJWT with all its checks, with a secret or with the keys that the issuer publishes."""

import jwt
from answer import answer


def by_secret(question):
    options = {"require": ["exp", "iat"]}
    return lambda token: jwt.decode(token, question["secret"], algorithms=["HS256"], options=options)


def by_keys(question):
    keys = jwt.PyJWKClient(question["jwks_uri"])

    def verify(token):
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["RS256"],
            issuer=question["issuer"],
            audience=question["audience"],
            subject="repo:octo-org/octo-repo:environment:prod",
            options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub"]},
        )

    return verify


answer(lambda question: by_keys(question) if "jwks_uri" in question else by_secret(question))
