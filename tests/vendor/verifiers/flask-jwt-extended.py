"""A Flask-JWT-Extended service with a blocklist, as its documentation has one."""

import flask_jwt_extended as jwt_extended
from answer import answer
from flask import Flask


def service(asked):
    app = Flask("service")
    app.config["JWT_SECRET_KEY"] = asked["secret"]
    manager = jwt_extended.JWTManager(app)
    manager.token_in_blocklist_loader(lambda header, claims: claims["jti"] in asked["revoked"])

    @app.get("/")
    @jwt_extended.jwt_required(refresh=asked["preset"] == "flask-refresh")
    def protected():
        return "", 204

    client = app.test_client()

    def verify(token):
        response = client.get("/", headers={"Authorization": f"Bearer {token}"})
        if response.status_code != 204:
            raise PermissionError(f"{response.status_code} {response.text.strip()}")

    return verify


answer(service)
