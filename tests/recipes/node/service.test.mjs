// The service accepts the good token and refuses every other token.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createLocalJWKSet } from "jose";
import { broken, manifest, tokens } from "./fixtures.mjs";
import { createService } from "./service.mjs";

const keys = createLocalJWKSet(manifest.jwks);
const revoked = broken.filter((item) => item.defect === "revoked").map((item) => item.jti);
const service = createService(keys, manifest.iss, new Set(revoked));

before(() => new Promise((resolve) => service.listen(0, "127.0.0.1", resolve)));
after(() => {
  service.closeAllConnections();
  service.close();
});

async function get(headers) {
  const response = await fetch(`http://127.0.0.1:${service.address().port}/`, { headers });
  return [response.status, await response.json().catch(() => null)];
}

const getWithToken = (token) => get({ authorization: `Bearer ${token}` });

test("good token is accepted", async () => {
  assert.deepEqual(await getWithToken(tokens.good.token), [200, { sub: "alice" }]);
});

test("missing token is refused", async () => {
  assert.deepEqual(await get({}), [401, { error: "invalid_token" }]);
});

const statuses = { missing_permission: 403, oversized: 431 };

for (const { name, token, why } of broken) {
  test(`${name} is refused`, async () => {
    // The HTTP server itself refuses the long header with the `oversized` token, and may close the
    // connection early.
    const [status] = await getWithToken(token).catch((error) => {
      if (name !== "oversized") throw error;
      return [431];
    });
    assert.equal(status, statuses[name] ?? 401, why);
  });
}
