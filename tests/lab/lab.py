"""The lab as the scenarios use it: its verbs, commands inside its hosts, the load and the judge.

Everything waits for a condition with a bound; nothing sleeps for luck. `Failed` says which sentence
does not hold; what programs said last is kept in `spoken` and printed beside it.
"""

import collections
import json
import os
import subprocess
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(REPOSITORY, "lab", "lab")
STATE = os.path.join(os.environ.get("SWITCHBACK_LAB_DIR", "/var/lib/switchback-lab"), "serviceops")

ADDRESS = {"dc-app": "10.77.1.10", "dc-db": "10.77.1.20", "dr-app": "10.77.2.10",
           "dr-db": "10.77.2.20", "ns1": "10.77.0.53", "ns2": "10.77.0.54"}
SITE_HOSTS = ("dc-app", "dc-db", "dr-app", "dr-db")
UNITS = ("ft-main-server", "ft-analytics-server", "ft-plugins-server")
HOST_STATE = "/var/lib/switchback/serviceops"

# The newest outputs, for a failure's last words.
spoken = collections.deque(maxlen=4)


class Failed(Exception):
    """A sentence that a scenario proves does not hold."""


class Answer:
    def __init__(self, words, code, out, err):
        self.words, self.code, self.out, self.err = words, code, out, err

    @property
    def text(self):
        return self.out + self.err


def expect(holds, why):
    if not holds:
        raise Failed(why)


def wait_for(what, seconds, holds, every=0.1):
    """Asks `holds` until it answers something true, which is returned."""
    deadline = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        expect(time.monotonic() < deadline, f"{what}: not within {seconds} s")
        time.sleep(every)


def say(words, timeout=120, code=0):
    """Runs a command to its end. `code` None: any exit code will do."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=timeout, check=False)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"`{' '.join(words[1:])}` did not end within {timeout} s") from late
    answer = Answer(words, done.returncode, done.stdout, done.stderr)
    spoken.append(f"$ {' '.join(words[1:])}  -> {answer.code}\n{answer.text[-3000:]}")
    expect(code is None or answer.code == code,
           f"`{' '.join(words[1:])}` answered {answer.code} instead of {code}: "
           f"{answer.text.strip()[-600:]}")
    return answer


def verb(name, *arguments, timeout=120, code=0):
    return say([LAB, name, "serviceops", *arguments], timeout, code)


def on(host, *command, timeout=60, code=0):
    """Runs a command as root inside the host, whatever the network does."""
    return verb("exec", host, "--", *command, timeout=timeout, code=code)


def shell(host, script, *arguments, timeout=60, code=0):
    return on(host, "sh", "-c", script, "sh", *arguments, timeout=timeout, code=code).out


def query(host, sql, database="postgres"):
    return on(host, "runuser", "-u", "postgres", "--", "/usr/lib/postgresql/15/bin/psql", "-XAtqc",
              sql, database).out.strip()


def power_on(host_or_site):
    """Until systemd has finished booting: what starts at boot by itself has done so."""
    verb("power-on", host_or_site)
    for host in SITE_HOSTS:
        if host.startswith(host_or_site):
            wait_for(f"{host} has booted", 60, lambda h=host: on(
                h, "systemctl", "is-system-running", code=None).out.strip() in
                ("running", "degraded"))


def timeline(host):
    """The timeline on which that active database writes; grows by one with each promotion."""
    return int(query(host, "select pg_walfile_name(pg_current_wal_lsn())")[:8], 16)


def main_pids(host):
    """The units' main processes: the same ones as long as nobody stopped or restarted them."""
    return on(host, "systemctl", "show", "-p", "MainPID", "--value", *UNITS).out.split()


def processes(host, *words):
    """As this machine sees them: the processes of that host with exactly this command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().split(b"\0")[:-1]
            if line[-len(words):] == [word.encode() for word in words] and \
                    os.path.samefile(f"/proc/{pid}/ns/net", f"/run/netns/{host}"):
                found.append(int(pid))
        except OSError:
            continue
    return found


def names(server):
    """The address that this name server gives for the application."""
    return on("ctl", "dig", "+short", "+time=1", f"@{ADDRESS[server]}",
              "serviceops.example.test").out.strip()


def record_ttl():
    answer = on("ctl", "dig", "+noall", "+answer", "+time=1", f"@{ADDRESS['ns1']}",
                "serviceops.example.test").out.split()
    return int(answer[1])


# The load and the judge.

def start_load(site, rate=20):
    """Both start anew; comes back when that site acknowledges tickets."""
    verb("oracle", "start")
    verb("load", "start", "--rate", str(rate))
    wait_for_acks(site)


def acks():
    """Acknowledged tickets so far, by site."""
    return json.loads(verb("load", "report", "--json").out)["acked_by_site"]


def wait_for_acks(site, more=20, seconds=60):
    """Until `more` further tickets are acknowledged by that site: its clients have followed."""
    before = acks().get(site, 0)
    wait_for(f"{more} tickets acknowledged by {site}", seconds,
             lambda: acks().get(site, 0) >= before + more, 0.3)


def judge(active, loss_report=None):
    """Stops the load, and demands the judge's verdict: never two active, nothing lost that the loss
    report does not name. Returns the counts of tickets."""
    verb("load", "stop")
    verb("oracle", "stop")
    arguments = ["--active", active, "--json"]
    if loss_report:
        arguments += ["--loss-report", loss_report]
    answer = verb("oracle", "verdict", *arguments, code=None)
    verdict = json.loads(answer.out)
    expect(verdict["ok"] and answer.code == 0,
           "the judge says: " + "; ".join(verdict["problems"][:5]))
    return verdict["tickets"]


def expect_nothing_lost(active):
    """The judge's verdict, and no acknowledged ticket is missing. Returns their number."""
    counts = judge(active)
    expect(counts["acknowledged"] == counts["present"], f"tickets: {counts}")
    return counts["acknowledged"]


def client_outages():
    return [move["outage_seconds"] for move in
            json.loads(verb("load", "report", "--json").out)["moves"]]


def settle():
    """What a scenario may have left on its way out, however it ended."""
    for name in ("load", "oracle"):
        verb(name, "stop", code=None)
    verb("heal", "all", code=None)
