// Chooses keys in JWK Sets with jose, and tries every key that jose names if several keys match.
//
// Standard input: [{"set": {...}, "token": "..."}]. Standard output: ["valid" or an error code].

import { webcrypto } from "node:crypto";
import { json } from "node:stream/consumers";
import { createLocalJWKSet, jwtVerify } from "jose";

// Node 18 has no global Web Crypto API.
globalThis.crypto ??= webcrypto;

async function verify({ set, token }) {
  try {
    await jwtVerify(token, createLocalJWKSet(set));
    return "valid";
  } catch (error) {
    if (error?.code !== "ERR_JWKS_MULTIPLE_MATCHING_KEYS") {
      return error?.code ?? String(error);
    }
    for await (const key of error) {
      try {
        await jwtVerify(token, key);
        return "valid";
      } catch (inner) {
        if (inner?.code !== "ERR_JWS_SIGNATURE_VERIFICATION_FAILED") {
          return inner?.code ?? String(inner);
        }
      }
    }
    return "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
  }
}

const cases = await json(process.stdin);
process.stdout.write(JSON.stringify(await Promise.all(cases.map(verify))));
