"""Verifies a token of each algorithm with PyJWT, and signs the claims again with the same key.

Standard input: [{"alg": "...", "kid": "...", "token": "...", "tampered": "...", "public": key,
"private": key}], keys as PEM, symmetric keys as JWK.
Standard output: [{"claims": {...}, "refused": exception, "signed": token}].
"""

import json
import sys

import jwt


def import_key(text):
    if text.startswith("{"):
        return jwt.PyJWK.from_dict(json.loads(text)).key
    return text


def refusal_of(token, public, alg):
    try:
        jwt.decode(token, public, algorithms=[alg])
    except jwt.InvalidTokenError as error:
        return type(error).__name__
    return None


def check_algorithm(case):
    alg = case["alg"]
    public, private = import_key(case["public"]), import_key(case["private"])
    claims = jwt.decode(case["token"], public, algorithms=[alg])
    refused = refusal_of(case["tampered"], public, alg)
    signed = jwt.encode(claims, private, algorithm=alg, headers={"kid": case["kid"]})
    return {"claims": claims, "refused": refused, "signed": signed}


json.dump([check_algorithm(case) for case in json.load(sys.stdin)], sys.stdout)
