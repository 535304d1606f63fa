"""PyJWT with all its checks, with a secret or with the keys that the issuer publishes."""

import jwt
from harness import verify_tokens


def verifier_with_secret(task):
    options = {"require": ["exp", "iat"]}
    return lambda token: jwt.decode(token, task["secret"], algorithms=["HS256"], options=options)


def verifier_with_keys(task):
    keys = jwt.PyJWKClient(task["jwks_uri"])

    def verify(token):
        return jwt.decode(
            token,
            keys.get_signing_key_from_jwt(token).key,
            algorithms=["RS256"],
            issuer=task["issuer"],
            audience=task["audience"],
            subject="repo:octo-org@65/octo-repo@74:environment:prod",
            options={"require": ["exp", "iat", "nbf", "iss", "aud", "sub"]},
        )

    return verify


def create_verifier(task):
    return verifier_with_keys(task) if "jwks_uri" in task else verifier_with_secret(task)


verify_tokens(create_verifier)
