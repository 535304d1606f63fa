// The verifier recommended by the documentation of Amazon Cognito. Usually a pool's id locates its
// keys; here they are preloaded, as its README describes for services without Internet access.

import { CognitoJwtVerifier } from "aws-jwt-verify";
import { answer } from "./answer.mjs";

const services = {
  cognito: { tokenUse: "access", scope: "resourceserver.1/appclient2", groups: "testgroup" },
  "cognito-id": { tokenUse: "id", groups: "testgroup" },
};

await answer(({ preset, issuer, audience, parameters, jwks }) => {
  const userPoolId = issuer.split("/").at(-1);
  const clientId = audience ?? parameters.client_id;
  const verifier = CognitoJwtVerifier.create({ userPoolId, clientId, ...services[preset] });
  verifier.cacheJwks(jwks);
  return (token) => verifier.verifySync(token);
});
