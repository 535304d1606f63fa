// Keycloak's adapter for Express. The adapter accepts http URLs, so the server of the suite acts as
// the server of the realm, and serves the keys at the paths of Keycloak.

import Keycloak from "keycloak-connect";
import { startService, verifyTokens } from "./harness.mjs";

await verifyTokens(({ site: serverUrl, audience: [clientId], parameters: { realm } }) => {
  const config = { clientId, bearerOnly: true, serverUrl, realm, verifyTokenAudience: true };
  const keycloak = new Keycloak({}, config);
  return startService(...keycloak.middleware(), keycloak.protect("realm:user"));
});
