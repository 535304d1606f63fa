// Common code of the verifiers: reads the question, writes the answers, and sends tokens to
// middleware by HTTP.

import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import express from "express";

// Node 18 has no global Web Crypto API.
globalThis.crypto ??= webcrypto;

// Verifies each token of the question, in order. Answers are null for accepted tokens, else the
// reason of the refusal. `verifier` returns a function for the question, which throws to refuse a
// token.
export async function answer(verifier) {
  const question = await json(process.stdin);
  const verify = await verifier(question);
  const answers = {};
  for (const [name, token] of Object.entries(question.tokens)) {
    answers[name] = await Promise.race([refusalOf(verify, token), crash()]);
  }
  // Open connections and caches would keep the process alive.
  process.stdout.write(JSON.stringify(answers), () => process.exit());
}

async function refusalOf(verify, token) {
  try {
    await verify(token);
    return null;
  } catch (refusal) {
    return String(refusal.message ?? refusal);
  }
}

// Reports an uncaught exception, which would end the process of a service.
async function crash() {
  process.removeAllListeners("uncaughtException");
  const [error] = await once(process, "uncaughtException");
  return `crashed: ${error}`;
}

// Starts a service behind the guards. Returns a function that sends a token to the service.
export async function service(...guards) {
  const app = express();
  app.get("/", ...guards, (_, response) => response.sendStatus(204));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/`;
  return async (token) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const reason = response.headers.get("www-authenticate") ?? response.statusText;
    if (!response.ok) throw new Error(`${response.status} ${reason}`);
  };
}
