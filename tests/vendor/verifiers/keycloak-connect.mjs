// Keycloak's adapter for Express. It accepts http, so the suite's server acts as the realm's server,
// with the keys at Keycloak's paths.

import Keycloak from "keycloak-connect";
import { answer, service } from "./answer.mjs";

await answer(({ site: serverUrl, audience: [clientId], parameters: { realm } }) => {
  const config = { clientId, bearerOnly: true, serverUrl, realm, verifyTokenAudience: true };
  const keycloak = new Keycloak({}, config);
  return service(...keycloak.middleware(), keycloak.protect("realm:user"));
});
