"""A Flask-JWT-Extended service with a blocklist as in its documentation."""

import flask_jwt_extended as jwt_extended
from answer import answer
from flask import Flask


def service(question):
    app = Flask("service")
    app.config["JWT_SECRET_KEY"] = question["secret"]
    manager = jwt_extended.JWTManager(app)
    manager.token_in_blocklist_loader(lambda header, claims: claims["jti"] in question["revoked"])

    @app.get("/")
    @jwt_extended.jwt_required(refresh=question["preset"] == "flask-refresh")
    def protected():
        return "", 204

    client = app.test_client()

    def verify(token):
        response = client.get("/", headers={"Authorization": f"Bearer {token}"})
        if response.status_code != 204:
            raise PermissionError(f"{response.status_code} {response.text.strip()}")

    return verify


answer(service)
