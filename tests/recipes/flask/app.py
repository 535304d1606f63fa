"""Example service with Flask-JWT-Extended; replace it with your service."""

import os

from flask import Flask
from flask_jwt_extended import JWTManager, get_jwt, get_jwt_identity, jwt_required

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET_KEY"]
JWTManager(app)


@app.get("/me")
@jwt_required()
def me():
    return {"sub": get_jwt_identity()}


@app.get("/admin")
@jwt_required()
def admin():
    if "admin" not in get_jwt().get("roles", []):
        return {"error": "insufficient_role"}, 403
    return {"sub": get_jwt_identity()}
