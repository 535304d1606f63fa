// Common code of the verifiers: reads the task from standard input, writes the results to standard
// output, and sends tokens to middleware by HTTP.

import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import express from "express";

// Node 18 has no global Web Crypto API.
globalThis.crypto ??= webcrypto;

// Verifies each token of the task, in order. The result of a token is null if the token is accepted,
// else the reason of the refusal. `createVerifier` returns the function that verifies a token of the
// task, and throws to refuse the token.
export async function verifyTokens(createVerifier) {
  const task = await json(process.stdin);
  const verify = await createVerifier(task);
  const results = {};
  for (const [name, token] of Object.entries(task.tokens)) {
    results[name] = await Promise.race([refusalOf(verify, token), waitForCrash()]);
  }
  // Open connections and caches would keep the process alive.
  process.stdout.write(JSON.stringify(results), () => process.exit());
}

async function refusalOf(verify, token) {
  try {
    await verify(token);
    return null;
  } catch (error) {
    return String(error.message ?? error);
  }
}

// Reports an uncaught exception, which would end the process of a service.
async function waitForCrash() {
  process.removeAllListeners("uncaughtException");
  const [error] = await once(process, "uncaughtException");
  return `crashed: ${error}`;
}

// Starts a service that is protected by the middleware. Returns a function that sends a token to the service.
export async function startService(...middleware) {
  const app = express();
  app.get("/", ...middleware, (_, response) => response.sendStatus(204));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/`;
  return async (token) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const reason = response.headers.get("www-authenticate") ?? response.statusText;
    if (!response.ok) throw new Error(`${response.status} ${reason}`);
  };
}
