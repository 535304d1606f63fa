// Tokens for the tests of a service: one to let in, and many to refuse. They are made once for a test
// file; for several files, once for all of them: name where they are in FIXTURES.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

// The tokens that the service takes; `--preset auth0`, say, makes them as Auth0 does.
const TOKENS = ["--iss", "https://id.example", "--aud", "api", "--scope", "read", "--sub", "alice"];

// Makes them with a store that is in `home`, whatever the environment says.
function make(home) {
  const own = { JETON_STORE: path.join(home, "jeton.db"), JETON_CONFIG_DIR: home, CI: "true" };
  const env = { ...process.env, ...own, JETON_TOKEN: "", JETON_TOKEN_FILE: "" };
  const directory = path.join(home, "fixtures");
  for (const words of [["init", "ci"], ["token", "fixtures", ...TOKENS, "--out", directory]]) {
    execFileSync("jeton", [...words, "--quiet"], { env, stdio: ["ignore", "ignore", "inherit"] });
  }
  return directory;
}

function read(directory) {
  const text = (file) => readFileSync(path.join(directory, file), "utf8").trim();
  const found = JSON.parse(text("manifest.json"));
  for (const item of found.fixtures) item.token = text(item.file);
  return found;
}

function made() {
  const home = mkdtempSync(path.join(tmpdir(), "jeton-"));
  try {
    return read(make(home));
  } finally {
    rmSync(home, { recursive: true });
  }
}

// What jeton says of the tokens, and the tokens.
export const manifest = process.env.FIXTURES ? read(process.env.FIXTURES) : made();
export const tokens = Object.fromEntries(manifest.fixtures.map((item) => [item.name, item]));
export const broken = manifest.fixtures.filter((item) => item.defect);
