// Auth0's middleware for Express; strict mode applies the checks of RFC 9068. Usually the
// middleware finds the keys by the URL of the issuer; here the host of the issuer does not exist, so
// both `issuer` and `jwksUri` are set.

import bearer from "express-oauth2-jwt-bearer";
import { startService, verifyTokens } from "./harness.mjs";

const apis = {
  auth0: { scopes: "read:patients read:admin" },
  rfc9068: { scopes: "reademail", strict: true },
};

await verifyTokens(({ preset, issuer, audience: audiences, jwks_uri: jwksUri }) => {
  const { scopes, strict = false } = apis[preset];
  const [audience] = [audiences].flat();
  const options = { issuer, jwksUri, audience, tokenSigningAlg: "RS256", strict };
  return startService(bearer.auth(options), bearer.requiredScopes(scopes));
});
