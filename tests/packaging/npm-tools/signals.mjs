// A signal to the command ends the program, and the command ends in the same way. A signal to `jeton run` ends its
// command, and `jeton run` exits with a code: signals.mjs COMMAND...
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";

const [command, ...start] = process.argv.slice(2);

function isProgram(pid) {
  try {
    return readlinkSync(`/proc/${pid}/exe`).includes("/@jeton/");
  } catch {
    // A child that has just ended.
    return false;
  }
}

/** Returns the process ID of the program, which is the process or its child. */
async function findProgram(pid) {
  for (;;) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
    const program = [pid, ...children].find(isProgram);
    if (program) return program;
    await setTimeout(10);
  }
}

// A program that waits for input has no handlers.
for (const signal of ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGKILL"]) {
  const child = spawn(command, [...start, "token", "verify", "-"], { stdio: ["pipe", "ignore", "inherit"] });
  const program = await findProgram(child.pid);
  // KILL cannot be forwarded.
  process.kill(signal === "SIGKILL" ? program : child.pid, signal);
  assert.deepEqual(await once(child, "exit"), [null, signal]);
  assert.ok(!existsSync(`/proc/${program}`), `program ended by ${signal}`);
}

// `jeton run` forwards signals to its command, and exits with 128 plus the number.
const child = spawn(command, [...start, "run", "--", "sh", "-c", "echo $$; exec sleep 60"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const pid = Number(await once(child.stdout, "data"));
child.kill("SIGTERM");
assert.deepEqual(await once(child, "exit"), [143, null]);
assert.ok(!existsSync(`/proc/${pid}`), "command ended by SIGTERM");
