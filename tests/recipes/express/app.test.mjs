// Each token of tokens.toml gives only the access that its claims permit; invalid tokens give none.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { app } from "./app.mjs";

let server;

before(() => new Promise((resolve) => (server = app.listen(0, "127.0.0.1", resolve))));
after(() => {
  server.closeAllConnections();
  server.close();
});

for (const [variable, path, status] of [
  ["ADMIN_TOKEN", "/admin", 200],
  ["USER_TOKEN", "/me", 200],
  ["USER_TOKEN", "/admin", 403],
  ["EXPIRED_TOKEN", "/me", 401],
  ["FOREIGN_TOKEN", "/me", 401],
]) {
  test(`${variable} at ${path}`, async () => {
    const headers = { authorization: `Bearer ${process.env[variable]}` };
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers });
    assert.equal(response.status, status);
  });
}
