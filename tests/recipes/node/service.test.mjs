// The service lets in whom it should, and nobody else.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createLocalJWKSet } from "jose";
import { broken, manifest, tokens } from "./fixtures.mjs";
import { createService } from "./service.mjs";

const keys = createLocalJWKSet(manifest.jwks);
const revoked = broken.filter((item) => item.defect === "revoked").map((item) => item.jti);
const service = createService(keys, manifest.issuer, new Set(revoked));

before(() => new Promise((listens) => service.listen(0, "127.0.0.1", listens)));
after(() => {
  service.closeAllConnections();
  service.close();
});

async function get(headers) {
  const answer = await fetch(`http://127.0.0.1:${service.address().port}/`, { headers });
  return [answer.status, await answer.json().catch(() => null)];
}

const bearing = (token) => get({ authorization: `Bearer ${token}` });

test("the good token is let in", async () => {
  assert.deepEqual(await bearing(tokens.good.token), [200, { sub: "alice" }]);
});

test("without a token nobody is let in", async () => {
  assert.deepEqual(await get({}), [401, { error: "invalid_token" }]);
});

const statuses = { missing_permission: 403, oversized: 431 };

for (const { name, token, why } of broken) {
  test(`${name} is refused`, async () => {
    // The server refuses a header as long as `oversized` itself, and may hang up in the middle of it.
    const [status] = await bearing(token).catch((error) => {
      if (name !== "oversized") throw error;
      return [431];
    });
    assert.equal(status, statuses[name] ?? 401, why);
  });
}
