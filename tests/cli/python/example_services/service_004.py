"""Users with roles; a logout adds the token to the blocklist."""

from flask import Flask, jsonify, request
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    current_user,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from werkzeug.security import check_password_hash, generate_password_hash


def create_app(secret):
    app = Flask("app")
    app.config["JWT_SECRET_KEY"] = secret
    jwt = JWTManager(app)
    users, blacklist = {}, set()

    @jwt.token_in_blocklist_loader
    def is_blacklisted(header, payload):
        return payload["jti"] in blacklist

    @jwt.user_lookup_loader
    def user_of(header, payload):
        return users.get(payload["sub"])

    @app.post("/signup")
    def signup():
        body = request.get_json()
        user = {"username": body["username"], "role": body["role"]}
        users[body["username"]] = {**user, "password": generate_password_hash(body["password"])}
        return jsonify(message="User created"), 201

    @app.post("/login")
    def login():
        body = request.get_json()
        user = users.get(body["username"])
        if user is None or not check_password_hash(user["password"], body["password"]):
            return jsonify(message="Invalid credentials"), 401
        return jsonify(
            access_token=create_access_token(identity=user["username"]),
            refresh_token=create_refresh_token(identity=user["username"]),
            user={"username": user["username"], "role": user["role"]},
        )

    @app.get("/dashboard")
    @jwt_required()
    def dashboard():
        return jsonify(username=current_user["username"], role=current_user["role"])

    @app.get("/admin")
    @jwt_required()
    def admin():
        if current_user["role"] != "admin":
            return jsonify(message="Admins only"), 403
        return jsonify(message="Welcome")

    @app.post("/refresh")
    @jwt_required(refresh=True)
    def refresh():
        return jsonify(access_token=create_access_token(identity=get_jwt_identity()))

    @app.post("/logout")
    @jwt_required()
    def logout():
        blacklist.add(get_jwt()["jti"])
        return jsonify(message="Logged out")

    return app
