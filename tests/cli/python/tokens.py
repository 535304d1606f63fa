"""Judges tokens as PyJWT does, told to be strict.

Standard input: {"jwks": {...}, "issuer": "...", "tokens": {name: token}}.
Standard output: {name: {"claims": {...}} or {"refused": name of the exception}}.
"""

import json
import sys

import jwt


def judge(token, jwks, issuer):
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
    except (jwt.PyJWTError, KeyError) as refusal:
        return {"refused": type(refusal).__name__}
    return {"claims": claims}


def main():
    asked = json.load(sys.stdin)
    answers = {
        name: judge(token, asked["jwks"], asked["issuer"])
        for name, token in asked["tokens"].items()
    }
    json.dump(answers, sys.stdout)


main()
