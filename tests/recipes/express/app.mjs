// Example service with Express and jose; replace it with your service.

import express from "express";
import { jwtVerify } from "jose";

const secret = new TextEncoder().encode(process.env.JWT_SECRET_KEY);
const checks = { algorithms: ["HS256"], audience: "api", requiredClaims: ["exp"] };

export const app = express();

app.use(async (request, response, next) => {
  const [scheme, token] = (request.headers.authorization ?? "").split(" ");
  const verified = await jwtVerify(scheme === "Bearer" ? token : "", secret, checks).catch(() => null);
  if (!verified) return response.status(401).json({ error: "invalid_token" });
  request.claims = verified.payload;
  next();
});

app.get("/me", (request, response) => response.json({ sub: request.claims.sub }));

app.get("/admin", (request, response) => {
  if (!request.claims.roles?.includes("admin")) {
    return response.status(403).json({ error: "insufficient_role" });
  }
  response.json({ sub: request.claims.sub });
});
