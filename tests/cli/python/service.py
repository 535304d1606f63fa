"""A Flask-JWT-Extended service in its default configuration, but for the algorithm and the key.

Standard input: {"jwks": {...}, "requests": [[route, token or null], ...]}, or a "secret" in the place
of the set.
Standard output: [{"status": ..., "answer": {...}}, ...] in the same order.
"""

import json
import sys

import flask_jwt_extended as jwt_extended
from cryptography.hazmat.primitives import serialization
from flask import Flask, jsonify
from jwt import PyJWKSet


def public_pem(jwks):
    (key,) = PyJWKSet.from_dict(jwks).keys
    return key.key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def service(asked):
    app = Flask("service")
    if "secret" in asked:
        app.config["JWT_SECRET_KEY"] = asked["secret"]
    else:
        app.config["JWT_ALGORITHM"] = "ES256"
        app.config["JWT_PUBLIC_KEY"] = public_pem(asked["jwks"])
    jwt_extended.JWTManager(app)

    def identity():
        return jsonify(identity=jwt_extended.get_jwt_identity())

    def route(path, **wanted):
        guarded = jwt_extended.jwt_required(**wanted)(identity)
        app.add_url_rule(path, endpoint=path, view_func=guarded)

    route("/protected")
    route("/fresh", fresh=True)
    route("/any", verify_type=False)
    route("/refresh", refresh=True)
    return app


def main():
    asked = json.load(sys.stdin)
    client = service(asked).test_client()
    answers = []
    for route, token in asked["requests"]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = client.get(route, headers=headers)
        answers.append({"status": response.status_code, "answer": response.get_json()})
    json.dump(answers, sys.stdout)


main()
