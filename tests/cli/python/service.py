"""Sends requests to a Flask-JWT-Extended service in the default configuration, except algorithm and
key.

Standard input: {"jwks": {...}, "requests": [[route, token or null], ...]}, or "secret"
instead of "jwks".
Standard output: [{"status": ..., "body": {...}}, ...] in the same order.
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


def create_service(task):
    app = Flask("service")
    if "secret" in task:
        app.config["JWT_SECRET_KEY"] = task["secret"]
    else:
        app.config["JWT_ALGORITHM"] = "ES256"
        app.config["JWT_PUBLIC_KEY"] = public_pem(task["jwks"])
    jwt_extended.JWTManager(app)

    def identity():
        return jsonify(identity=jwt_extended.get_jwt_identity())

    def route(path, **options):
        protected = jwt_extended.jwt_required(**options)(identity)
        app.add_url_rule(path, endpoint=path, view_func=protected)

    route("/protected")
    route("/fresh", fresh=True)
    route("/any", verify_type=False)
    route("/refresh", refresh=True)
    return app


def main():
    task = json.load(sys.stdin)
    client = create_service(task).test_client()
    responses = []
    for route, token in task["requests"]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        response = client.get(route, headers=headers)
        responses.append({"status": response.status_code, "body": response.get_json()})
    json.dump(responses, sys.stdout)


main()
