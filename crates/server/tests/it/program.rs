//! The program as a process: exit codes, and what stands on which stream.

use std::process::{Command, Output};

use cipher_ring::Key;

/// Runs the program with nothing in its environment but what is given.
pub(crate) fn run(args: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_integrations-server"));
    command.env_clear().envs(environment.iter().copied()).args(args).output().unwrap()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

#[test]
fn keygen_prints_a_fresh_key_and_nothing_else() {
    let keys = [run(&["keygen"], &[]), run(&["keygen"], &[])];
    for output in &keys {
        assert!(output.status.success());
        assert_eq!(stderr(output), "");
        assert_eq!(stdout(output).lines().count(), 1);
        Key::from_base64(stdout(output)).unwrap();
    }
    assert_ne!(stdout(&keys[0]), stdout(&keys[1]));
}

#[test]
fn help_names_the_commands_and_version_the_version() {
    let help = run(&["--help"], &[]);
    assert!(help.status.success());
    for command in ["demo", "serve", "keygen", "doctor", "migrate", "openapi"] {
        assert!(stdout(&help).contains(&format!("\n  {command} ")), "{command}");
    }
    assert!(!stdout(&help).contains("config-reference"));
    let version = run(&["--version"], &[]);
    assert_eq!(stdout(&version), concat!("integrations-server ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let output = run(&["secrets", "rotate"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("unrecognized subcommand 'secrets'"), "{}", stderr(&output));
    assert_eq!(run(&[], &[]).status.code(), Some(2));
}

#[test]
fn a_bad_configuration_is_one_line_and_exit_code_1() {
    let output = run(&["migrate"], &[("INTEGRATION_WORKER_CONCURRENCY", "many")]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        stderr(&output),
        "error: INTEGRATION_WORKER_CONCURRENCY: \"many\" is not a whole number from 1 to 1024; \
         example: INTEGRATION_WORKER_CONCURRENCY=64\n"
    );
    assert_eq!(stdout(&output), "");
}

#[test]
fn the_reference_has_every_setting() {
    let output = run(&["config-reference"], &[]);
    assert!(output.status.success());
    for entry in server::config::entries() {
        assert!(stdout(&output).contains(&format!("\n| `{}` | ", entry.name)), "{}", entry.name);
    }
}
