// Okta's verifier of access tokens. `jwksUri` replaces the default location of the keys, `/v1/keys`
// at the issuer.

import OktaJwtVerifier from "@okta/jwt-verifier";
import { verifyTokens } from "./harness.mjs";

await verifyTokens(({ issuer, audience, jwks_uri: jwksUri, parameters }) => {
  const assertClaims = { cid: parameters.client_id, "scp.includes": ["email", "flights"] };
  const verifier = new OktaJwtVerifier({ issuer, jwksUri, assertClaims });
  return (token) => verifier.verifyAccessToken(token, audience);
});
