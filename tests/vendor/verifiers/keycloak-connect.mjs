// Keycloak's adapter for Express. It takes http, so the realm's server is the suite's own and the
// keys come from where Keycloak has them.

import Keycloak from "keycloak-connect";
import { answer, service } from "./answer.mjs";

await answer(({ site: serverUrl, audience: [clientId], parameters: { realm } }) => {
  const config = { clientId, bearerOnly: true, serverUrl, realm, verifyTokenAudience: true };
  const keycloak = new Keycloak({}, config);
  return service(...keycloak.middleware(), keycloak.protect("realm:user"));
});
