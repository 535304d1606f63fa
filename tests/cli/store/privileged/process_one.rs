//! `jeton run` as process 1 of its own PID namespace, as in a container.

use crate::required::require;
use crate::run_output::RunOutput;
use crate::sandbox::Sandbox;
use std::process::Command;

const UNSHARE_OPTIONS: [&str; 2] = ["-rpf", "--mount-proc"];

/// Shell script that starts orphaned processes, ends the processes, and waits up to 10 seconds
/// until jeton has reaped them. Prints the number of remaining processes, and all zombies.
const SCRIPT: &str = r#"
set -eu
test $PPID = 1
pids=$(sh -c 'for n in 1 2 3 4 5; do (until [ -e go ]; do sleep 0.02; done) >&2 & echo $!; done')
for pid in $pids; do grep -q '^PPid:.1$' "/proc/$pid/status"; done
touch go
for attempt in $(seq 500); do
    remaining=0
    for pid in $pids; do
        if [ -e "/proc/$pid" ]; then remaining=$((remaining + 1)); fi
    done
    if [ $remaining = 0 ]; then break; fi
    sleep 0.02
done
echo "$remaining remain"
grep -h '^State:.Z' /proc/[0-9]*/status 2>/dev/null || echo 'no zombies'
exit 7
"#;

#[test]
#[ignore = "needs PID namespaces"]
fn orphaned_processes_are_reaped() {
    let sandbox = Sandbox::with_admin();
    let mut probe = Command::new("unshare");
    require(probe.args(UNSHARE_OPTIONS).arg("true"), "the permission to create a PID namespace");
    let jeton = sandbox.command(&["run", "--", "sh", "-c", SCRIPT]);
    let mut command = Command::new("unshare");
    command
        .args(UNSHARE_OPTIONS)
        .arg(jeton.get_program())
        .args(jeton.get_args())
        .env_clear()
        .env("HOME", sandbox.home())
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .current_dir(sandbox.home());
    let output = RunOutput::capture(command);
    assert_eq!(
        (output.code, output.stdout.as_str(), output.stderr.as_str()),
        (7, "0 remain\nno zombies\n", "")
    );
    let sql = "SELECT count(*) || ' created, ' || count(revoked_at) || ' revoked' FROM tokens";
    assert_eq!(sandbox.sql(sql), ["1 created, 1 revoked"]);
}
