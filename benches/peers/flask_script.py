"""Prints one HS256 token, signed with Flask-JWT-Extended: flask_script.py SECRET"""

import sys

from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token

app = Flask("bench")
app.config["JWT_SECRET_KEY"] = sys.argv[1]
JWTManager(app)
with app.app_context():
    print(create_access_token("alice"))
