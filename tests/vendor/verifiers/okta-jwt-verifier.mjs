// Okta's verifier of access tokens. `jwksUri` replaces the default location of the keys, the issuer's
// /v1/keys.

import OktaJwtVerifier from "@okta/jwt-verifier";
import { answer } from "./answer.mjs";

await answer(({ issuer, audience, jwks_uri: jwksUri, parameters }) => {
  const assertClaims = { cid: parameters.client_id, "scp.includes": ["email", "flights"] };
  const verifier = new OktaJwtVerifier({ issuer, jwksUri, assertClaims });
  return (token) => verifier.verifyAccessToken(token, audience);
});
