"""Signs up and logs in by e-mail; renews tokens before they expire, except revoked tokens."""

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from werkzeug.security import check_password_hash, generate_password_hash


def create_app(secret):
    app = Flask("app")
    app.config["JWT_SECRET_KEY"] = secret
    jwt = JWTManager(app)
    users, revoked = {}, set()

    @jwt.token_in_blocklist_loader
    def is_revoked(header, payload):
        return payload["jti"] in revoked

    @app.post("/signup")
    def signup():
        body = request.get_json()
        users[body["email"]] = generate_password_hash(body["password"])
        return jsonify(message="User created"), 201

    @app.post("/signin")
    def signin():
        body = request.get_json()
        password = users.get(body["email"])
        if password is None or not check_password_hash(password, body["password"]):
            return jsonify(message="Invalid credentials"), 401
        return jsonify(access_token=create_access_token(identity=body["email"]))

    @app.get("/protected")
    @jwt_required()
    def protected():
        return jsonify(email=get_jwt_identity())

    @app.post("/revoke")
    @jwt_required()
    def revoke():
        revoked.add(get_jwt()["jti"])
        return jsonify(message="Token revoked")

    @app.post("/refresh")
    @jwt_required()
    def refresh():
        return jsonify(access_token=create_access_token(identity=get_jwt_identity()))

    return app
