"""Prints one HS256 token, signed with PyJWT: pyjwt_script.py SECRET"""

import sys
import time
import uuid

import jwt

now = int(time.time())
claims = {"sub": "alice", "iat": now, "exp": now + 3600, "jti": str(uuid.uuid4())}
print(jwt.encode(claims, sys.argv[1], algorithm="HS256"))
