// The verifier recommended by the documentation of Amazon Cognito. Usually the verifier finds
// the keys by the id of the user pool; here the keys are preloaded, as the README of the package
// describes for services without Internet access.

import { CognitoJwtVerifier } from "aws-jwt-verify";
import { verifyTokens } from "./harness.mjs";

const services = {
  cognito: { tokenUse: "access", scope: "resourceserver.1/appclient2", groups: "testgroup" },
  "cognito-id": { tokenUse: "id", groups: "testgroup" },
};

await verifyTokens(({ preset, issuer, audience, parameters, jwks }) => {
  const userPoolId = issuer.split("/").at(-1);
  const clientId = audience ?? parameters.client_id;
  const verifier = CognitoJwtVerifier.create({ userPoolId, clientId, ...services[preset] });
  verifier.cacheJwks(jwks);
  return (token) => verifier.verifySync(token);
});
