// jose with all its checks and the keys of the issuer's JWK Set, for services that do not use a verifier
// of the issuer.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { verifyTokens } from "./harness.mjs";

const services = {
  "github-actions": {
    algorithms: ["RS256"],
    typ: "JWT",
    subject: "repo:octo-org@65/octo-repo@74:environment:prod",
  },
  keycloak: { algorithms: ["RS256"], typ: "JWT" },
  rfc9068: { algorithms: ["RS256"], typ: "at+jwt" },
  supabase: { algorithms: ["ES256"], typ: "JWT" },
};

await verifyTokens(({ preset, issuer, audience: audiences, jwks_uri: uri }) => {
  const keys = createRemoteJWKSet(new URL(uri));
  const [audience] = [audiences].flat();
  const requiredClaims = ["exp", "iat", "sub"];
  const options = { issuer, audience, requiredClaims, ...services[preset] };
  return (token) => jwtVerify(token, keys, options);
});
