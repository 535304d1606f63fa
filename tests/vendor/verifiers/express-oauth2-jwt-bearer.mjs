// Auth0's middleware for Express; strict, it asks for what RFC 9068 asks for. Its users give the
// issuer's URL, from which it finds the keys; here, where there is no such host, it is told both
// `issuer` and `jwksUri`.

import bearer from "express-oauth2-jwt-bearer";
import { answer, service } from "./answer.mjs";

const apis = {
  auth0: { scopes: "read:patients read:admin" },
  rfc9068: { scopes: "reademail", strict: true },
};

await answer(({ preset, issuer, audience: audiences, jwks_uri: jwksUri }) => {
  const { scopes, strict = false } = apis[preset];
  const [audience] = [audiences].flat();
  const options = { issuer, jwksUri, audience, tokenSigningAlg: "RS256", strict };
  return service(bearer.auth(options), bearer.requiredScopes(scopes));
});
