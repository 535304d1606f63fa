// Serves a directory on the loopback interface, and verifies tokens like a service that knows only
// the origin of the issuer: with OpenID Connect Discovery and jose's remote JWK Set.
//
// Standard output, first line: the origin, which is the issuer.
// Standard input, one line for each batch: {"directory": "...", "tokens": {name: token}}.
// Standard output, one line for each batch: {"results": {name: {"claims": {...}} or {"refused": code}},
// "requests": [path]}. Later batches use the keys that were fetched for earlier batches.

import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { createInterface } from "node:readline";
import { createRemoteJWKSet, jwtVerify } from "jose";

// Node 18 has no global Web Crypto API.
globalThis.crypto ??= webcrypto;

let directory;
let requests = [];

async function serve(request, response) {
  const { pathname } = new URL(request.url, "http://localhost");
  requests.push(pathname);
  try {
    const content = await readFile(path.join(directory, pathname));
    response.writeHead(200, { "content-type": "application/json" }).end(content);
  } catch {
    response.writeHead(404).end();
  }
}

async function discover(issuer) {
  const response = await fetch(`${issuer}/.well-known/openid-configuration`);
  if (!response.ok) throw new Error(`discovery: ${response.status}`);
  const configuration = await response.json();
  if (configuration.issuer !== issuer) throw new Error(`issuer: ${configuration.issuer}`);
  return createRemoteJWKSet(new URL(configuration.jwks_uri));
}

const server = createServer(serve);
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);

let keys;
for await (const line of createInterface({ input: process.stdin })) {
  const batch = JSON.parse(line);
  directory = batch.directory;
  requests = [];
  keys ??= await discover(issuer);
  const results = {};
  for (const [name, token] of Object.entries(batch.tokens)) {
    results[name] = await jwtVerify(token, keys, { issuer }).then(
      ({ payload }) => ({ claims: payload }),
      (error) => ({ refused: error.code ?? String(error) }),
    );
  }
  console.log(JSON.stringify({ results, requests }));
}
server.closeAllConnections();
server.close();
