// Example service that returns the subject of the token; replace it with your service.

import { createServer } from "node:http";
import { jwtVerify } from "jose";

export function createService(keys, issuer, revoked) {
  const checks = { algorithms: ["ES256"], issuer, audience: "api", requiredClaims: ["exp", "jti"] };

  async function respond(request) {
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    const verified = await jwtVerify(scheme === "Bearer" ? token : "", keys, checks).catch(() => null);
    const claims = verified?.payload;
    if (!claims || revoked.has(claims.jti)) return [401, { error: "invalid_token" }];
    if (!(claims.scope ?? "").split(" ").includes("read")) return [403, { error: "insufficient_scope" }];
    return [200, { sub: claims.sub }];
  }

  return createServer(async (request, response) => {
    const [status, body] = await respond(request);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
}
