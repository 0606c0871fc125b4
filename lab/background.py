"""Starting and stopping the lab's two background programs (load, oracle)."""

import os
import signal
import subprocess
import sys
import time


def pid_of(state, script):
    """The process id of a running `script`, or None; a recycled id is recognised."""
    try:
        with open(os.path.join(state, "pid"), encoding="ascii") as file:
            pid = int(file.read())
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return pid if os.path.abspath(script).encode() in file.read().split(b"\0") else None
    except (OSError, ValueError):
        return None


def start(state, script, arguments):
    """Starts `script arguments` in a session of its own; its words go to state/log."""
    if pid_of(state, script):
        sys.exit(f"{os.path.basename(script)} is running already; stop it first")
    os.makedirs(state, exist_ok=True)
    with open(os.path.join(state, "log"), "ab") as log:
        process = subprocess.Popen(
            [sys.executable, os.path.abspath(script), *arguments], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True, cwd="/")
    with open(os.path.join(state, "pid"), "w", encoding="ascii") as file:
        file.write(str(process.pid))


def stop(state, script):
    """Asks for the end and waits for it, at most ten seconds. Harmless when nothing runs."""
    pid = pid_of(state, script)
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 10
    while pid_of(state, script) == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    os.unlink(os.path.join(state, "pid"))
