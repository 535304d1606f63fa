// Fixtures for service tests: a token that the service must accept and tokens that it must refuse,
// created once per test file. To share the tokens between test files, create the tokens first and set
// FIXTURES to their directory.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

// Options for tokens that the service accepts; for tokens of Auth0, for example, add `--preset auth0`.
const TOKENS = ["--iss", "https://id.example", "--aud", "api", "--scope", "read", "--sub", "alice"];

// Creates the tokens with a store in `home`, regardless of the environment.
function createTokens(home) {
  const settings = { JETON_STORE: path.join(home, "jeton.db"), JETON_CONFIG_DIR: home, CI: "true" };
  const env = { ...process.env, ...settings, JETON_TOKEN: "", JETON_TOKEN_FILE: "" };
  const directory = path.join(home, "fixtures");
  for (const args of [["init", "ci"], ["token", "fixtures", ...TOKENS, "--out", directory]]) {
    execFileSync("jeton", [...args, "--quiet"], { env, stdio: ["ignore", "ignore", "inherit"] });
  }
  return directory;
}

function readManifest(directory) {
  const readText = (file) => readFileSync(path.join(directory, file), "utf8").trim();
  const manifest = JSON.parse(readText("manifest.json"));
  for (const item of manifest.fixtures) item.token = readText(item.file);
  return manifest;
}

function createAndRead() {
  const home = mkdtempSync(path.join(tmpdir(), "jeton-"));
  try {
    return readManifest(createTokens(home));
  } finally {
    rmSync(home, { recursive: true });
  }
}

// The manifest, the fixtures by name, and the broken fixtures.
export const manifest = process.env.FIXTURES ? readManifest(process.env.FIXTURES) : createAndRead();
export const tokens = Object.fromEntries(manifest.fixtures.map((item) => [item.name, item]));
export const broken = manifest.fixtures.filter((item) => item.defect);
