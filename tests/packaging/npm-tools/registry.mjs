// Serves packages as a registry on a free port of 127.0.0.1: registry.mjs TARBALL... Prints the port, then a
// line for each request.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename } from "node:path";

const documents = new Map();
const tarballs = new Map();
const server = createServer((request, response) => {
  const path = decodeURIComponent(request.url);
  const body = documents.get(path) ?? tarballs.get(path);
  console.log(`${request.method} ${path} ${body ? 200 : 404}`);
  response.writeHead(body ? 200 : 404, documents.has(path) ? { "content-type": "application/json" } : {});
  response.end(body ?? "{}");
});

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  for (const file of process.argv.slice(2)) {
    const manifest = JSON.parse(execFileSync("tar", ["xOzf", file, "package/package.json"]));
    const { name, version } = manifest;
    const content = readFileSync(file);
    const path = `/${name}/-/${basename(file)}`;
    const integrity = `sha512-${createHash("sha512").update(content).digest("base64")}`;
    manifest.dist = { tarball: `http://127.0.0.1:${port}${path}`, integrity };
    tarballs.set(path, content);
    const document = {
      name,
      "dist-tags": { latest: version },
      versions: { [version]: manifest },
      // pnpm does not install versions that have just been published.
      time: { modified: "2020-01-01T00:00:00.000Z", [version]: "2020-01-01T00:00:00.000Z" },
    };
    documents.set(`/${name}`, JSON.stringify(document));
  }
  console.log(port);
});
