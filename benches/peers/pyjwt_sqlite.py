"""Prints HS256 tokens, signed with PyJWT and recorded in a new SQLite file in one transaction:
pyjwt_sqlite.py SECRET FILE COUNT"""

import sqlite3
import sys
import time
import uuid

import jwt

secret, path, count = sys.argv[1:]
store = sqlite3.connect(path)
store.execute("PRAGMA journal_mode = WAL")
store.execute("PRAGMA synchronous = FULL")
store.execute(
    "CREATE TABLE tokens (id INTEGER PRIMARY KEY, jti BLOB NOT NULL UNIQUE,"
    " issued_at INTEGER NOT NULL, expires_at INTEGER NOT NULL)"
)
lines = []
for _ in range(int(count)):
    now = int(time.time())
    jti = uuid.uuid4()
    claims = {"sub": "alice", "iat": now, "exp": now + 3600, "jti": str(jti)}
    lines.append(jwt.encode(claims, secret, algorithm="HS256"))
    store.execute(
        "INSERT INTO tokens (jti, issued_at, expires_at) VALUES (?, ?, ?)",
        (jti.bytes, now, now + 3600),
    )
store.commit()
print("\n".join(lines))
