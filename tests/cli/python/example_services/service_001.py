"""Registers users, logs in by e-mail, refreshes, and revokes access and refresh tokens."""

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from werkzeug.security import check_password_hash, generate_password_hash


def create_app(secret):
    app = Flask("main")
    app.config["JWT_SECRET_KEY"] = secret
    jwt = JWTManager(app)
    users, block_list = {}, set()

    @jwt.token_in_blocklist_loader
    def is_blocked(header, payload):
        return payload["jti"] in block_list

    @app.post("/auth/register")
    def register():
        body = request.get_json()
        password = generate_password_hash(body["password"])
        users[body["email"]] = {"username": body["username"], "password": password}
        return jsonify(message="User created"), 201

    @app.post("/auth/login")
    def login():
        body = request.get_json()
        user = users.get(body["email"])
        if user is None or not check_password_hash(user["password"], body["password"]):
            return jsonify(error="wrong e-mail or password"), 401
        return jsonify(
            access_token=create_access_token(identity=body["email"]),
            refresh_token=create_refresh_token(identity=body["email"]),
        )

    @app.get("/protected")
    @jwt_required()
    def protected():
        user = users.get(get_jwt_identity())
        return (jsonify(username=user["username"]), 200) if user else (jsonify(error="unknown"), 401)

    @app.post("/auth/refresh")
    @jwt_required(refresh=True)
    def refresh():
        return jsonify(access_token=create_access_token(identity=get_jwt_identity()))

    @app.post("/auth/revoke_token")
    @jwt_required(verify_type=False)
    def revoke():
        block_list.add(get_jwt()["jti"])
        return jsonify(message="revoked")

    return app
