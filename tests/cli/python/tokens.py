"""Verifies tokens with PyJWT in a strict configuration.

Standard input: {"jwks": {...}, "issuer": "...", "tokens": {name: token}}.
Standard output: {name: {"claims": {...}} or {"refused": name of the exception}}.
"""

import json
import sys

import jwt


def verify(token, jwks, issuer):
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        key = jwt.PyJWKSet.from_dict(jwks)[kid]
        claims = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            issuer=issuer,
            options={"require": ["exp", "iat", "iss", "sub", "jti"]},
        )
    except (jwt.PyJWTError, KeyError) as error:
        return {"refused": type(error).__name__}
    return {"claims": claims}


def main():
    task = json.load(sys.stdin)
    results = {
        name: verify(token, task["jwks"], task["issuer"])
        for name, token in task["tokens"].items()
    }
    json.dump(results, sys.stdout)


main()
