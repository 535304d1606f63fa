"""Clients register, log in, create up to three app tokens, and read the claims of a token."""

import time

import jwt
from flask import Flask, jsonify, request
from werkzeug.security import check_password_hash, generate_password_hash

WEEK = 7 * 24 * 3600
KNOWN_PERMISSIONS = {"read", "write"}


class TokenInvalidoException(Exception):
    pass


class LoginInvalidoException(Exception):
    pass


class QuantidadeExcedidaException(Exception):
    pass


def create_app(secret):
    app = Flask("gerencia")
    clients = {}

    def sign(claims):
        now = int(time.time())
        return jwt.encode({**claims, "iat": now, "exp": now + WEEK}, secret, "HS256")

    def verify(token):
        try:
            return jwt.decode(token, secret, ["HS256"], options={"require": ["exp", "iat"]})
        except jwt.InvalidTokenError as error:
            raise TokenInvalidoException from error

    def handle_error(kind, status):
        app.register_error_handler(kind, lambda error: (jsonify(error=kind.__name__), status))

    handle_error(TokenInvalidoException, 401)
    handle_error(LoginInvalidoException, 401)
    handle_error(QuantidadeExcedidaException, 403)

    @app.post("/clientes/cadastro")
    def register():
        body = request.get_json()
        password = generate_password_hash(body["senha"])
        clients[body["email"]] = {"id": len(clients) + 1, "password": password, "tokens": 0}
        return jsonify(Message="Cliente cadastrado com sucesso"), 201

    @app.post("/clientes/login")
    def login():
        body = request.get_json()
        client = clients.get(body["email"])
        if client is None or not check_password_hash(client["password"], body["senha"]):
            raise LoginInvalidoException
        return jsonify(token=sign({"id": client["id"], "email": body["email"], "bloqueado": True}))

    @app.post("/clientes/create/token")
    def create_token():
        user = verify(request.headers["Authorization"].removeprefix("Bearer "))
        client = clients.get(user.get("email"))
        if client is None or user.get("bloqueado") is not True:
            raise TokenInvalidoException
        if client["tokens"] == 3:
            raise QuantidadeExcedidaException
        client["tokens"] += 1
        permissions = request.get_json()["permissions"]
        claims = {"id": client["id"], "owner": "gerenciaToken", "target": "cliente"}
        return jsonify(token=sign({**claims, "permissions": permissions}))

    @app.post("/clientes/claims")
    def claims():
        verified = verify(request.get_json()["token"])
        if verified.get("bloqueado"):
            raise TokenInvalidoException
        if (verified.get("owner"), verified.get("target")) != ("gerenciaToken", "cliente"):
            raise TokenInvalidoException
        if not set(verified.get("permissions", [])) <= KNOWN_PERMISSIONS:
            raise TokenInvalidoException
        return jsonify(verified)

    return app
