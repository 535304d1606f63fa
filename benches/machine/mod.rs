//! The machine and the measured program, as printed above the table of measures.

use crate::home::Outcome;
use std::fs::read_to_string;
use std::path::Path;
use std::process::Command;

/// Prints the machine, the kernel version, the measured program and the date. `jeton` is the path
/// of the program.
pub(crate) fn print_head(jeton: &Path, is_static: bool) -> Outcome<()> {
    let read_field = |path: &str, name: &str| -> Outcome<String> {
        let text = read_to_string(path)?;
        let line = text.lines().find(|line| line.starts_with(name));
        let line = line.ok_or_else(|| format!("no `{name}` in `{path}`"))?;
        Ok(line.split_once(':').map_or(line, |(_, value)| value).trim().to_owned())
    };
    let cores = std::thread::available_parallelism()?;
    let cpu =
        read_field("/proc/cpuinfo", "model name").unwrap_or_else(|_| "unknown CPU".to_owned());
    let memory = read_field("/proc/meminfo", "MemTotal")?;
    let kib: f64 = memory.trim_end_matches(" kB").parse()?;
    println!("machine  {cpu}, {cores} cores, {:.1} GiB of memory", kib / 1_048_576.0);
    println!("kernel   {}", read_to_string("/proc/sys/kernel/osrelease")?.trim());
    let version = Command::new(jeton).arg("--version").output()?.stdout;
    let link_mode = if is_static { "static" } else { "dynamic" };
    println!("program  {}, {link_mode}", String::from_utf8_lossy(&version).trim());
    println!("date     {}", jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC"));
    Ok(())
}

/// Returns whether a program is linked statically. The headers of a dynamically linked program name
/// a program interpreter (the dynamic linker).
pub(crate) fn is_static(program: &Path) -> Outcome<bool> {
    let output = Command::new("readelf").arg("-lW").arg(program).output()?;
    if !output.status.success() {
        return Err("`readelf` failed".into());
    }
    Ok(!String::from_utf8_lossy(&output.stdout).contains("program interpreter"))
}
