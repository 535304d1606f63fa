"""Logs in by username, lists users in pages, and distinguishes three kinds of refusal."""

from uuid import uuid4

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    jwt_required,
)
from werkzeug.security import check_password_hash, generate_password_hash


def create_app(secret):
    app = Flask("main")
    app.config["JWT_SECRET_KEY"] = secret
    jwt = JWTManager(app)
    users = {}

    @app.post("/auth/register")
    def register_user():
        body = request.get_json()
        if body["username"] in users:
            return jsonify(error="user already exists"), 409
        password = generate_password_hash(body["password"])
        user = {"id": str(uuid4()), "username": body["username"], "email": body["email"]}
        users[body["username"]] = {**user, "password": password}
        return jsonify(message="User created"), 201

    @app.post("/auth/login")
    def login_user():
        body = request.get_json()
        user = users.get(body["username"])
        if user is None or not check_password_hash(user["password"], body["password"]):
            return jsonify(error="invalide username"), 400
        access = create_access_token(identity=user["username"])
        refresh = create_refresh_token(identity=user["username"])
        return jsonify(message="Logged in", tokens={"access": access, "refresh": refresh})

    @app.get("/api/users/all")
    @jwt_required()
    def get_all_users():
        page = request.args.get("page", default=1, type=int)
        per_page = request.args.get("per_page", default=3, type=int)
        shown = [{k: user[k] for k in ("id", "username", "email")} for user in users.values()]
        return jsonify(users=shown[(page - 1) * per_page : page * per_page])

    @jwt.expired_token_loader
    def expired(header, data):
        return jsonify(message="Token has expired", error="token_expired"), 401

    @jwt.invalid_token_loader
    def invalid(error):
        return jsonify(message="Signature verification failed", error="invalid_token"), 401

    @jwt.unauthorized_loader
    def missing(error):
        return jsonify(message="Request has no token", error="authorization_header"), 401

    return app
