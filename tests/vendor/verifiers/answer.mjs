// What the verifiers have in common: the question comes in, the answers go out, and what is a
// middleware is asked by HTTP, as its users' clients do.

import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import express from "express";

// Node 18 keeps it to itself.
globalThis.crypto ??= webcrypto;

// Asks about each token of the question, in order: null where it is accepted, else why it is not.
// The verifier is made of the question, and throws at a token that it refuses.
export async function answer(verifier) {
  const question = await json(process.stdin);
  const verify = await verifier(question);
  const answers = {};
  for (const [name, token] of Object.entries(question.tokens)) {
    answers[name] = await Promise.race([asked(verify, token), crash()]);
  }
  // Connections and caches keep the process, and nobody needs them any more.
  process.stdout.write(JSON.stringify(answers), () => process.exit());
}

async function asked(verify, token) {
  try {
    await verify(token);
    return null;
  } catch (refusal) {
    return String(refusal.message ?? refusal);
  }
}

// What nobody caught would end the process of the verifier's users.
async function crash() {
  process.removeAllListeners("uncaughtException");
  const [error] = await once(process, "uncaughtException");
  return `crashed: ${error}`;
}

// A service behind the guards, as a function that asks it with a token.
export async function service(...guards) {
  const app = express();
  app.get("/", ...guards, (_, response) => response.sendStatus(204));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}/`;
  return async (token) => {
    const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
    const why = response.headers.get("www-authenticate") ?? response.statusText;
    if (!response.ok) throw new Error(`${response.status} ${why}`);
  };
}
