"""Checks a token of each algorithm with PyJWT, and signs one with the same key.

Standard input: [{"alg": "...", "kid": "...", "token": "...", "public": key, "private": key}], a
key as PEM, or as a JWK where it is symmetric.
Standard output: [{"claims": {...}, "signed": token}].
"""

import json
import sys

import jwt


def key(text):
    if text.startswith("{"):
        return jwt.PyJWK.from_dict(json.loads(text)).key
    return text


def answer(case):
    alg = case["alg"]
    claims = jwt.decode(case["token"], key(case["public"]), algorithms=[alg])
    private = key(case["private"])
    signed = jwt.encode(claims, private, algorithm=alg, headers={"kid": case["kid"]})
    return {"claims": claims, "signed": signed}


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
