"""Switchback as a person at the controller uses it: commands, following a run, its report, its
executor's process, the receipts on the hosts."""

import collections
import json
import os
import re
import signal
import subprocess
import threading
import time

import lab
from lab import Failed, expect, wait_for


def command(*words, code=0, timeout=180):
    return lab.on("ctl", "switchback", *words, code=code, timeout=timeout)


def operate(operation, *words, code=0, timeout=180):
    """Performs an operation and waits until it ends, waits for a person or is held."""
    return command(operation, "serviceops", "--yes", *words, code=code, timeout=timeout)


def start_past_guard(host, unit):
    """As docs/fencing.md tells a person to who means it."""
    lab.shell(host, 'mkdir -p "$2" && touch "$2/$1.service" && systemctl reset-failed "$1"; '
              'systemctl start "$1"', unit, "/run/switchback/serviceops/open")


def newest_run():
    """Zero when there is none, or not even a store."""
    answer = command("runs", "serviceops", "--json", code=None)
    runs = json.loads(answer.out)["runs"] if answer.code == 0 else []
    return max((run["run"] for run in runs), default=0)


def report(run):
    return json.loads(command("run", "show", str(run), "--json").out)


def answer_gates(run, who):
    """Says yes to every open gate, one after another; the exit code of the last answer."""
    code = 3
    while code == 3:
        gate = report(run)["waits_for"][0]["gate"]
        code = command("run", "confirm", str(run), gate, "--as", who, code=None).code
    return code


def resolve(active):
    """Takes the application over under a new claim; the run's number."""
    operate("resolve", "--to", active, code=3)
    run = newest_run()
    expect(answer_gates(run, "Dana") == 0, "the resolution did not end")
    expect_protected(active)
    return run


def step_of(record, name):
    for step in record["steps"]:
        if step["step"] == name:
            return step
    raise Failed(f"run {record['run']} has no step {name}")


def status():
    return json.loads(command("status", "serviceops", "--json").out)


def expect_audited():
    """The journal is what was written, and every host keeps a head that agrees with it. The hosts
    may keep heads of an earlier store, too, which nothing of this journal can agree with."""
    answer = command("audit", "verify", "serviceops", "--hosts", "--json")
    record = json.loads(answer.out)
    store = json.loads(lab.shell("ctl", "switchback audit export serviceops | head -n 1"))["store_id"]
    kept = {host: int(lab.shell(host, 'grep -c "^$1 " "$2" || :', store,
                                f"{lab.HOST_STATE}/journal.heads")) for host in lab.SITE_HOSTS}
    expect(record["intact"] and all(kept.values()) and record["kept_heads"] == sum(kept.values()),
           f"the hosts keep heads: {kept}; the audit compared {record['kept_heads']} of them and "
           f"found {record['findings']}; {answer.err}")


def claim_epoch():
    """As the hosts hold it: the store may say what it likes."""
    found = {host: lab.shell(host, f"head -n 1 {lab.HOST_STATE}/claim").split()[0]
             for host in lab.SITE_HOSTS}
    expect(len(set(found.values())) == 1, f"the hosts hold different claims: {found}")
    return int(found["dc-app"])


# What every scenario finds and leaves.

WORDS = {"dc": {"dc": "production", "dr": "standby"},
         "dr": {"dc": "production_as_standby", "dr": "standby_as_production"}}


def facts_of(record, host, component):
    for each in record["hosts"]:
        if each["host"] != host:
            continue
        for part in each["components"]:
            if part["component"] == component:
                return part["facts"]
    return {}


def differences(active):
    """What is not as it has to be when `active` is active and the other site stands by."""
    other = "dr" if active == "dc" else "dc"
    record, wrong = status(), []

    def demand(what, found, wanted):
        if found != wanted:
            wrong.append(f"{what} is {found}, not {wanted}")

    demand("the active site", record["active"], active)
    demand("the open run", record["open_run"], None)
    for host in record["hosts"]:
        site = host["host"].partition("/")[0]
        demand(f"status of {host['host']}", host["status"], WORDS[active][site])
    demand(f"running at {active}", facts_of(record, f"{active}/app", "services").get("running"), "3")
    demand(f"running at {other}", facts_of(record, f"{other}/app", "services").get("running"), "0")
    demand(f"database of {active} in recovery",
           facts_of(record, f"{active}/db", "database").get("in_recovery"), "no")
    demand(f"receiver of {other}",
           facts_of(record, f"{other}/db", "database").get("receiver"), "streaming")
    for server in ("ns1", "ns2"):
        demand(f"the address at {server}", lab.names(server), lab.ADDRESS[f"{active}-app"])
    return wrong


def expect_protected(active, seconds=30):
    """That site is active, everything of it runs, the other follows, everybody says the same."""
    last = []

    def holds():
        last[:] = differences(active)
        return not last
    try:
        wait_for("protected", seconds, holds, 0.5)
    except Failed as late:
        raise Failed(f"{active} is not active and protected: " + "; ".join(last)) from late


def go_to(site):
    """A move that a scenario needs, but does not test."""
    operate("failback" if site == "dc" else "switchover")


def come_home():
    """From dr, with the load and the judge at work. The number of tickets, none of them lost."""
    go_to("dc")
    lab.wait_for_acks("dc")
    return lab.expect_nothing_lost("dc")


def sync():
    """Brings the files to dr: without that a failover has to be confirmed without them."""
    operate("sync")
    expect(facts_of(status(), "dr/app", "attachments").get("last_good_s"),
           "after a sync dr/app knows of no good one")


class Follower:
    """One `switchback … --json`, whose events are read as they come. PROGRAM stands in its place."""

    def __init__(self, *words, program="switchback"):
        self.events, self.words = [], []
        self._changed = threading.Condition()
        self._over = False
        self._process = subprocess.Popen(
            [lab.LAB, "exec", "serviceops", "ctl", "--", program, *words, "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._process.stdout:
            with self._changed:
                try:
                    self.events.append(json.loads(line))
                except ValueError:
                    self.words.append(line)
                self._changed.notify_all()
        with self._changed:
            self._over = True
            self._changed.notify_all()

    @property
    def run(self):
        return self.events[0]["run"]

    def _find(self, kind, step, after):
        for event in self.events[after:]:
            if event.get("kind") == kind and step in (None, event["body"].get("step")):
                return event
        return None

    def until(self, kind, step=None, seconds=90, after=0):
        """The first event of this kind (and step) behind the `after` first ones."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = self._find(kind, step, after)
                if found:
                    return found
                left = deadline - time.monotonic()
                if self._over or left <= 0:
                    self._keep()
                    raise Failed(f"no {kind} of {step or 'the run'} "
                                 f"{'before the end' if self._over else f'within {seconds} s'}")
                self._changed.wait(left)

    def finish(self, seconds=180):
        """The exit code."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired as late:
            self._keep()
            self._process.kill()
            raise Failed(f"the run did not end within {seconds} s") from late
        self._thread.join(5)
        self._keep()
        return code

    def _keep(self):
        lines = [f"{event['kind']} {event['body'].get('step', '')} "
                 f"{event['body'].get('outcome', '')} {event['body'].get('message', '')}"
                 for event in self.events[-25:] if "kind" in event]
        lab.spoken.append(f"$ {' '.join(self._process.args[5:])}\n" + "\n".join(lines) + "\n" +
                          "".join(self.words)[-2000:])


def follow(operation, *words, program="switchback"):
    follower = Follower(operation, "serviceops", "--yes", *words, program=program)
    follower.until("run_created", seconds=60)
    return follower


def executor_pid(run):
    """As this machine sees the process that performs the run, or None."""
    inside = lab.shell("ctl", 'cat "/var/lib/switchback/runs/$1.lock"', str(run), code=None).strip()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                known_as = next(line for line in file if line.startswith("NSpid:")).split()[-1]
            same_host = os.path.samefile(f"/proc/{pid}/ns/net", "/run/netns/ctl")
        except OSError:
            continue
        if same_host and b"execute-run" in words and known_as == inside:
            return int(pid)
    return None


def kill_executor(run):
    """kill -9; comes back when the process is gone."""
    pid = executor_pid(run)
    expect(pid, f"nobody performs run {run}")
    os.kill(pid, signal.SIGKILL)
    wait_for("the executor is gone", 10, lambda: executor_pid(run) is None, 0.01)


def kill_at(operation, kind, step):
    """Starts the operation and kills its executor at the first such event. Returns the run."""
    follower = follow(operation)
    follower.until(kind, step)
    kill_executor(follower.run)
    expect(follower.finish(30) == 4, "whoever watched was not told that nobody performs the run")
    return follower.run


def carry_on(run, who=None, rounds=6):
    """What a person does once the cause is mended: asks again for what is stuck, until the run
    ends; `who` says yes to what is asked. Returns its report."""
    for _ in range(rounds):
        record = report(run)
        if record["result"]:
            return record
        if who and record["waits_for"]:
            answer_gates(run, who)
            continue
        stuck = [step["step"] for step in record["steps"] if step["status"] in ("failed", "unknown")]
        words = ("retry", str(run), stuck[0]) if stuck else ("resume", str(run))
        command("run", *words, code=None, timeout=300)
    raise Failed(f"run {run} does not come to an end")


def starts_of(run):
    """How often each step of the run was started on each host, and how often each attempt: the
    start lines of the receipts, as two counters of (host, name)."""
    steps, attempts = collections.Counter(), collections.Counter()
    for host in lab.SITE_HOSTS:
        lines = lab.shell(host, f"cd {lab.HOST_STATE}/receipts && grep -H '^start ' *.log")
        for line in lines.splitlines():
            found = re.fullmatch(r"[^.]+\.\d+\.[0-9a-f]{6}\.([^:]+)\.log:start (\S+) \d+ (\d+) \.", line)
            if found and int(found[3]) == run:
                steps[host, found[1]] += 1
                attempts[host, found[2]] += 1
    return steps, attempts
