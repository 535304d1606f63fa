// Prints one HS256 token, signed with jose. The last argument is the secret.
import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";

const token = await new SignJWT({ sub: "alice" })
  .setProtectedHeader({ alg: "HS256", typ: "JWT" })
  .setIssuedAt()
  .setExpirationTime("1h")
  .setJti(randomUUID())
  .sign(new TextEncoder().encode(process.argv.at(-1)));
console.log(token);
