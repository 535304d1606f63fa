"""Chooses keys in JWK Sets with PyJWT, as `PyJWKClient` does.

Standard input: [{"set": {...}, "token": "..."}].
Standard output: ["valid", "no key" or the name of an exception].
"""

import json
import sys

import jwt
from jwt import PyJWKSet


def verify(case):
    header = jwt.get_unverified_header(case["token"])
    keys = [key for key in PyJWKSet.from_dict(case["set"]).keys if key.public_key_use in ("sig", None)]
    for key in keys:
        if key.key_id is not None and key.key_id == header.get("kid"):
            jwt.decode(case["token"], key.key, algorithms=[header["alg"]], options={"verify_aud": False})
            return "valid"
    return "no key"


def outcome(case):
    try:
        return verify(case)
    except Exception as error:
        return type(error).__name__


json.dump([outcome(case) for case in json.load(sys.stdin)], sys.stdout)
