// Verifies a token of each algorithm with jose, and signs the claims again with the same key.
//
// Standard input: [{"alg": "...", "kid": "...", "token": "...", "tampered": "...", "public": key,
// "private": key}], keys as PEM, symmetric keys as JWK.
// Standard output: [{"claims": {...}, "refused": code, "signed": token}].

import { webcrypto } from "node:crypto";
import { json } from "node:stream/consumers";
import { SignJWT, importJWK, importPKCS8, importSPKI, jwtVerify } from "jose";

// Node 18 has no global Web Crypto API.
globalThis.crypto ??= webcrypto;

async function importKey(text, alg, importPem) {
  return text.startsWith("{") ? importJWK(JSON.parse(text), alg) : importPem(text, alg);
}

async function checkAlgorithm({ alg, kid, token, tampered, ...keys }) {
  const publicKey = await importKey(keys.public, alg, importSPKI);
  const privateKey = await importKey(keys.private, alg, importPKCS8);
  const { payload } = await jwtVerify(token, publicKey, { algorithms: [alg] });
  const refused = await jwtVerify(tampered, publicKey, { algorithms: [alg] }).then(
    () => null,
    (error) => error.code ?? String(error),
  );
  const signed = await new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(privateKey);
  return { claims: payload, refused, signed };
}

const cases = await json(process.stdin);
process.stdout.write(JSON.stringify(await Promise.all(cases.map(checkAlgorithm))));
