"""The program, its terminal and the hosts die in the middle of a move; the move ends well all the
same, and nothing happens twice."""

import fcntl
import os
import pty
import re
import select
import subprocess
import termios
import threading
import time

import lab
import switchback
from lab import expect, wait_for

# Where a second effect would do harm.
EFFECTS = ("services.stop", "database.stop", "database.promote", "services.start")


def other(site):
    return "dr" if site == "dc" else "dc"


def starts_in_the_log(host, since):
    """How often systemd says that it started the application's web server."""
    lines = lab.on(host, "journalctl", "-q", "-u", "ft-main-server", "--since", f"@{since:.0f}",
                   "-o", "cat").out.splitlines()
    return sum(line.startswith("Started ") for line in lines)


def nothing_happened_twice(run, target, timeline_before, since):
    expect(lab.timeline(f"{target}-db") == timeline_before + 1,
           f"the database of {target} was not promoted exactly once")
    started = starts_in_the_log(f"{target}-app", since)
    expect(started == 1, f"ft-main-server was started {started} times at {target}")
    steps, attempts = switchback.starts_of(run)
    twice = [name for name, count in attempts.items() if count > 1]
    expect(not twice, f"attempts that were started more than once: {twice}")
    for (host, step), count in steps.items():
        expect(step not in EFFECTS or count == 1, f"{step} was started {count} times at {host}")
    for effect in EFFECTS:
        expect(any(step == effect for _, step in steps), f"no receipt of {effect}")


def a_killed_executor_is_resumed_and_no_effect_happens_twice():
    lab.start_load("dc")
    active = "dc"
    for kind, step in (("step_started", "services.stop"), ("step_ended", "database.stop"),
                       ("step_started", "database.promote"), ("step_started", "services.start")):
        since, timeline = time.time(), lab.timeline(f"{active}-db")
        run = switchback.kill_at("failback" if active == "dr" else "switchover", kind, step)
        words = switchback.command("status", "serviceops").out
        expect(f"run watch {run}" in words, "status does not name the open run")
        switchback.command("run", "resume", str(run))
        active = other(active)
        record = switchback.report(run)
        expect(record["result"] == "done", f"run {run}, killed at {step}: {record['message']}")
        switchback.expect_protected(active)
        nothing_happened_twice(run, active, timeline, since)
        lab.wait_for_acks(active)
    tickets = lab.expect_nothing_lost("dc")
    return f"killed 4 times, {tickets} tickets, none lost"


def power_off_during(operation, kind, step, host):
    """The run's report once it has come to rest; how long that took, in seconds."""
    follower = switchback.follow(operation)
    follower.until(kind, step)
    lab.verb("power-off", host)
    began = time.monotonic()
    code = follower.finish(300)
    took = time.monotonic() - began
    expect(code in (1, 4), f"the run answered {code} though {host} lost its power")
    record = switchback.report(follower.run)
    stuck = [each for each in record["steps"] if each["status"] in ("failed", "unknown")]
    expect(record["result"] or stuck, "the run is open, and no step says why")
    lab.power_on(host)
    return record, took


def a_host_that_loses_its_power_during_a_move_holds_it_up_but_breaks_nothing():
    """The old application's, the new database's, the new application's and the old database's host,
    in turn; the last run is aborted instead of being continued."""
    lab.start_load("dc")
    pauses = []
    active = "dc"
    for step, host in (("services.stop", "dc-app"), ("database.promote", "dc-db"),
                       ("services.start", "dr-app")):
        record, took = power_off_during("failback" if active == "dr" else "switchover",
                                        "step_started", step, host)
        pauses.append(f"{host} {took:.0f} s")
        record = switchback.carry_on(record["run"])
        expect(record["result"] == "done", f"run {record['run']}, {host} off: {record['message']}")
        active = other(active)
        switchback.expect_protected(active, 60)
        lab.wait_for_acks(active)
    record, took = power_off_during("failback", "step_started", "database.stop", "dr-db")
    pauses.append(f"dr-db {took:.0f} s")
    switchback.command("run", "abort", str(record["run"]), "--reason", "dr-db failed", code=None,
                       timeout=300)
    record = switchback.carry_on(record["run"])
    expect(record["result"] == "aborted", f"the abort ended as {record['result']}")
    switchback.expect_protected("dr", 60)
    lab.wait_for_acks("dr")
    tickets = switchback.come_home()
    return f"came to rest after {', '.join(pauses)}; {tickets} tickets, none lost"


def a_promotion_whose_answer_is_lost_happens_once():
    """The connection breaks while dr promotes, and comes back half a minute later."""
    lab.start_load("dc")
    since, timeline = time.time(), lab.timeline("dc-db")
    follower = switchback.follow("switchover")
    follower.until("step_started", "database.promote")
    lab.verb("cut", "--both", "ctl", "dr-db")
    lab.wait_for("dr is promoted", 30,
                 lambda: lab.query("dr-db", "select pg_is_in_recovery()") == "f")
    time.sleep(25)  # longer than the controller takes to give the connection up
    lab.verb("heal", "all")
    follower.finish()
    record = switchback.carry_on(follower.run)
    expect(record["result"] == "done", f"the run ended as {record['result']}")
    lost = [event["body"]["message"] for event in follower.events
            if event.get("kind") == "step_ended" and event["body"]["step"] == "database.promote"]
    nothing_happened_twice(follower.run, "dr", timeline, since)
    switchback.expect_protected("dr")
    lab.wait_for_acks("dr")
    switchback.come_home()
    return f"the promotion ended as: {lost}"


def a_controllers_clock_that_jumps_by_hours_holds_up_nothing_but_the_name_server():
    """Five hours ahead amid the stop, three hours back amid the start; the hosts keep their time. The
    name server takes no update that was signed minutes away (RFC 8945): the step says so, and goes on
    once the clock is right."""
    inside = os.path.join(lab.STATE, "hosts", "ctl", "root", "root")
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", f"{inside}/moved_clock.so",
                    os.path.join(lab.REPOSITORY, "tests", "lab", "moved_clock.c")], check=True)
    lab.shell("ctl", """cat >/root/elsewhen <<'EOF'
#!/bin/sh
export LD_PRELOAD=/root/moved_clock.so MOVED_CLOCK=/root/moved_clock
exec switchback "$@"
EOF
chmod 755 /root/elsewhen""")

    def set_clock(hours):
        lab.shell("ctl", 'echo "$1" >/root/moved_clock', str(hours * 3600))

    set_clock(0)
    lab.start_load("dc")
    since, timeline = time.time(), lab.timeline("dc-db")
    follower = switchback.follow("switchover", program="/root/elsewhen")
    follower.until("step_started", "services.stop")
    set_clock(5)
    follower.until("step_started", "services.start")
    set_clock(-3)
    said = follower.until("step_ended", "address.point")["body"]["message"]
    expect("BADTIME" in said and "clock" in said, f"the refused update is not explained: {said}")
    expect(follower.finish() == 4, "the run is not held")
    set_clock(0)
    switchback.command("run", "retry", str(follower.run), "address.point")
    expect(switchback.report(follower.run)["result"] == "done", "the run did not end well")
    times = [event["at"] / 1000 - since for event in follower.events if "at" in event]
    expect(max(times) > 4 * 3600 and min(times) < -2 * 3600, f"the clock did not jump: {times}")
    nothing_happened_twice(follower.run, "dr", timeline, since)
    switchback.expect_protected("dr")
    text = switchback.command("run", "show", str(follower.run)).text
    negative = re.findall(r"-[0-9.]+ (?:ms|s|min|h)\b", text)
    expect(not negative, f"the report speaks of negative times: {negative}")
    expect("clock was set back" in text, "the report does not say that its times are no measure")
    lab.wait_for_acks("dr")
    return f"held with: {said}; {switchback.come_home()} tickets"


class Terminal:
    """A command on a terminal of its own, as a person sees it. The terminal's first process is a
    shell that stays until the terminal is closed, as it does for a person."""

    def __init__(self, *words):
        self._master, slave = pty.openpty()
        self._words, self.seen, self._closed = words, b"", False
        self._process = subprocess.Popen(
            ["sh", "-c", 'trap : INT; "$@"; cat >/dev/null', "sh", lab.LAB, "exec", "serviceops",
             "ctl", "--", "switchback", *words], stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while not self._closed:
            if select.select([self._master], [], [], 0.05)[0]:
                try:
                    self.seen += os.read(self._master, 65536)
                except OSError:
                    return

    def until(self, text, seconds=60):
        try:
            wait_for(f"the terminal shows {text!r}", seconds, lambda: text.encode() in self.seen,
                     0.02)
        finally:
            lab.spoken.append(f"$ terminal: {' '.join(self._words)}\n" +
                              self.seen[-1500:].decode(errors="replace"))

    def press_interrupt(self):
        os.write(self._master, b"\x03")

    def close(self):
        """As a closed window or a broken ssh connection does it: the kernel sends SIGHUP."""
        self._closed = True
        self._thread.join()
        os.close(self._master)
        self._process.wait(20)


def a_run_outlives_the_terminal_that_started_it():
    before = switchback.newest_run()
    terminal = Terminal("switchover", "serviceops", "--yes")
    terminal.until(f"run {before + 1}: switchover")
    terminal.close()
    expect(switchback.executor_pid(before + 1), "the run ended with its terminal")
    watch = switchback.Follower("run", "watch", str(before + 1))
    expect(watch.finish() == 0, "the run did not go on to its end")
    switchback.expect_protected("dr")

    terminal = Terminal("failback", "serviceops", "--yes")
    terminal.until(f"run {before + 2}: failback")
    terminal.press_interrupt()
    terminal.until("The run goes on")
    expect(f"run watch {before + 2}".encode() in terminal.seen, "nothing says how to come back")
    expect(switchback.executor_pid(before + 2), "Ctrl-C ended the run")
    terminal.close()
    watch = switchback.command("run", "watch", str(before + 2))
    expect("ended: done" in watch.text, "watching shows no end")
