"""A Flask-JWT-Extended service with a blocklist, as in the documentation of the package."""

import flask_jwt_extended as jwt_extended
from flask import Flask
from harness import verify_tokens


def create_verifier(task):
    app = Flask("service")
    app.config["JWT_SECRET_KEY"] = task["secret"]
    manager = jwt_extended.JWTManager(app)
    manager.token_in_blocklist_loader(lambda header, claims: claims["jti"] in task["revoked"])

    @app.get("/")
    @jwt_extended.jwt_required(refresh=task["preset"] == "flask-refresh")
    def protected():
        return "", 204

    client = app.test_client()

    def verify(token):
        response = client.get("/", headers={"Authorization": f"Bearer {token}"})
        if response.status_code != 204:
            raise PermissionError(f"{response.status_code} {response.text.strip()}")

    return verify


verify_tokens(create_verifier)
