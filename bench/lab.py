#!/usr/bin/python3
"""The figures that need two real hosts: brings the lab up, prints rows of bench/run's table, takes
the lab down. SWITCHBACK_BIN_DIR is the folder with `switchback` and `switchback_bench`."""

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))
sys.dont_write_bytecode = True

import lab  # noqa: E402
import outage  # noqa: E402

HOSTS = {"dc/db": "10.77.1.20", "dr/db": "10.77.2.20"}
MASTERS = ("-o BatchMode=yes -o ControlMaster=auto -o ControlPath=/run/bench-%C "
           "-o ControlPersist=300")


def row(what, measured, beside, target=""):
    print(f"| {what} | {measured} | {beside} | {target} |", flush=True)


def timed_in_ctl(script, runs=5):
    """Median wall milliseconds of a bash script that runs inside the controller; its own start is
    not counted."""
    text = lab.on("ctl", "bash", "-c", f"""
        for i in $(seq {runs}); do a=$EPOCHREALTIME; {{ {script}
        }} >/dev/null || exit 1; b=$EPOCHREALTIME
        echo $(( (${{b/./}} - ${{a/./}}) )); done""", timeout=300).out
    return statistics.median(int(line) for line in text.split()) / 1000


def ssh_cost():
    for address in HOSTS.values():
        lab.on("ctl", "bash", "-c", f"ssh {MASTERS} root@{address} true </dev/null >/dev/null 2>&1")
    return timed_in_ctl(f"ssh {MASTERS} root@10.77.1.20 true", 40)


def bash_noop():
    addresses = list(HOSTS.values())
    lines = "\n".join(f"ssh {MASTERS} root@{addresses[i % 2]} true" for i in range(30))
    return timed_in_ctl(lines)


def ansible_noop(module):
    """Debian's ansible on this machine, inside the controller's network, its masters open."""
    key = os.path.join(lab.STATE, "hosts", "ctl", "root", "root", ".ssh", "id_ed25519")
    with tempfile.TemporaryDirectory(prefix="ab.", dir="/tmp") as folder:
        with open(f"{folder}/inv", "w", encoding="utf-8") as inventory:
            for name, address in zip("ab", HOSTS.values()):
                inventory.write(f"{name} ansible_host={address} ansible_user=root "
                                f"ansible_ssh_private_key_file={key}\n")
        with open(f"{folder}/ansible.cfg", "w", encoding="utf-8") as config:
            config.write(f"[defaults]\ninventory={folder}/inv\nhost_key_checking=False\n"
                         f"gathering=explicit\nlocal_tmp={folder}/t\n[ssh_connection]\n"
                         f"pipelining=True\ncontrol_path_dir={folder}/c\nssh_args=-F none "
                         "-o ControlMaster=auto -o ControlPersist=60s -o UserKnownHostsFile=/dev/null\n")
        with open(f"{folder}/p.yml", "w", encoding="utf-8") as play:
            play.write("- hosts: a\n  gather_facts: false\n  tasks:\n")
            for i in range(30):
                play.write(f"  - {module}: 'true'\n    delegate_to: {'ab'[i % 2]}\n"
                           "    changed_when: false\n")
        times = []
        for _ in range(4):
            begin = time.monotonic()
            done = subprocess.run(["nsenter", "--net=/run/netns/ctl", "ansible-playbook",
                                   f"{folder}/p.yml"], env={**os.environ, "HOME": folder,
                                   "ANSIBLE_CONFIG": f"{folder}/ansible.cfg"},
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return None, done.stdout[-300:] + done.stderr[-300:]
            times.append(time.monotonic() - begin)
        return statistics.median(times[1:]) * 1000, ""


def plans():
    ssh_ms = ssh_cost()
    hosts = [f"{name}={address}" for name, address in HOSTS.items()]
    said = lab.on("ctl", "/opt/switchback/switchback_bench", "hosts", f"{ssh_ms:.2f}", *hosts,
                  timeout=300).out
    ours = float(re.search(r"noop30_ms=([0-9.]+)", said)[1])
    bash = bash_noop()
    row("30-step plan in which nothing is to be done, over two hosts, connections open",
        f"{ours:.0f} ms", f"bash over ControlMaster ssh, masters open: {bash:.0f} ms, "
        f"ratio {ours / bash:.2f}", "met" if ours < bash else "MISSED")
    for module in ("raw", "command"):
        took, why = ansible_noop(module)
        row(f"the same with ansible `{module}`, its masters open",
            f"{took:.0f} ms" if took else f"not measured: {why!r}",
            f"{took / ours:.1f} x Switchback" if took else "")
    print("\n".join(line for line in said.splitlines() if line.startswith("|")), flush=True)


# The PostgreSQL part of a planned move: three ways, each there and back, under one writer.

DATA = "/var/lib/postgresql/15/main"
BIN = "/usr/lib/postgresql/15/bin"
AS_POSTGRES = "setpriv --reuid postgres --regid postgres --init-groups"
PSQL = f"cd / && {AS_POSTGRES} {BIN}/psql -XAtq"
CONFIGURATION = """application: benchpg
sites:
  dc: {home: primary, hosts: {db: {address: 10.77.1.20}}}
  dr: {home: secondary, hosts: {db: {address: 10.77.2.20}}}
components:
  database: {type: postgresql, host: db, replication: streaming}
fencing: [{stop: all}, {attestation: {people: 1}}]
"""
SWITCHBACK = ("switchback", "--config", "/root/bench/pg.yaml", "--state", "/root/bench/state")


def prepare_databases():
    # The lab's own application would take the processors that both hosts share.
    for host in ("dc-app", "dr-app"):
        lab.on(host, "systemctl", "stop", *lab.UNITS)
    lab.shell("ctl", 'mkdir -p /root/bench && printf %s "$1" >/root/bench/pg.yaml', CONFIGURATION)
    for host in ("dc-db", "dr-db"):
        lab.shell(host, f"""f=$({PSQL} -c 'show hba_file') &&
            echo 'host all bench 10.77.0.0/16 scram-sha-256' >>"$f" &&
            {PSQL} -c 'select pg_reload_conf()'""")
    lab.query("dc-db", outage.SCHEMA)
    lab.on("ctl", *SWITCHBACK, "adopt", "--yes", timeout=120)


def by_switchback(old, new):
    lab.on("ctl", *SWITCHBACK, "switchover" if new == "dr" else "failback", "--yes", timeout=180)


def by_hand(old, new, stop, promote):
    """One script at the controller, over connections that are open."""
    there, here = HOSTS[f"{old}/db"], HOSTS[f"{new}/db"]
    lab.on("ctl", "bash", "-c", f"""set -e
        o() {{ ssh {MASTERS} root@{there} "$@"; }}
        n() {{ ssh {MASTERS} root@{here} "$@"; }}
        o true; n true
        o "{PSQL} -c checkpoint"
        lsn=$(o "{stop} >/dev/null; {BIN}/pg_controldata -D {DATA} |
          sed -n 's/^Latest checkpoint location: *//p'")
        n {promote}
        o "touch {DATA}/standby.signal && chown postgres: {DATA}/standby.signal &&
           systemctl stop postgresql@15-main; systemctl start postgresql@15-main"
        """, timeout=120)


TUNED_STOP = (f"read -r p <{DATA}/postmaster.pid; kill -INT \\$p; "
              "tail --pid=\\$p -s 0.002 -f /dev/null")
TUNED_PROMOTE = f""""{PSQL} -c \\"set sb.lsn='$lsn'\\" -c '
          do \\$\\$ begin while coalesce(pg_last_wal_replay_lsn(), pg_lsn(\\$q\\$0/0\\$q\\$)) <=
          current_setting(\\$q\\$sb.lsn\\$q\\$)::pg_lsn loop perform pg_sleep(0.002); end loop; end \\$\\$'
          -c 'select pg_promote(false)' -c 'do \\$\\$ begin while pg_is_in_recovery() loop
          perform pg_sleep(0.002); end loop; end \\$\\$'" """
PLAIN_STOP = f"cd /; {AS_POSTGRES} {BIN}/pg_ctl -D {DATA} stop -m fast -w"
PLAIN_PROMOTE = (f""""until [ \\$({PSQL} -c \\"select pg_last_wal_replay_lsn() > '$lsn'\\") = t ]; """
                 f"""do sleep 0.1; done; {PSQL} -c 'select pg_promote(true)'" """)
WAYS = {
    "Switchback": by_switchback,
    "hand-tuned": lambda old, new: by_hand(old, new, TUNED_STOP, TUNED_PROMOTE.replace("\n", " ")),
    "pg_ctl": lambda old, new: by_hand(old, new, PLAIN_STOP, PLAIN_PROMOTE),
}


def outage_of(way, old, new, log):
    """Milliseconds without writes while `way` moves the database; see outage.py."""
    lab.wait_for(f"{new} streams", 60, lambda: lab.query(
        f"{new}-db", "select count(*) from pg_stat_wal_receiver where status='streaming'") == "1")
    return outage.outage_ms(lambda: WAYS[way](old, new), f"{HOSTS[f'{old}/db']}:5432",
                            f"{HOSTS[f'{new}/db']}:5432", log,
                            ["nsenter", "--net=/run/netns/client"])


def databases(rounds=8):
    prepare_databases()
    found = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for way in WAYS:
                for old, new in (("dc", "dr"), ("dr", "dc")):
                    found[way].append(outage_of(way, old, new, f"{folder}/log"))
    middle = {way: statistics.median(values) for way, values in found.items()}

    def said(way):
        return f"median {middle[way]:.0f} ms ({min(found[way]):.0f}-{max(found[way]):.0f})"

    row("PostgreSQL switchover, write outage, 16 MB segments, one writer that retries after 10 ms",
        said("Switchback"), f"at most 1.3 x hand-tuned ({said('hand-tuned')}): "
        f"{middle['Switchback'] / middle['hand-tuned']:.2f}",
        "met" if middle["Switchback"] <= 1.3 * middle["hand-tuned"] else "MISSED")
    row("the same", said("Switchback"), "below `pg_ctl stop -m fast -w` and `pg_promote(true)` "
        f"({said('pg_ctl')})", "met" if middle["Switchback"] < middle["pg_ctl"] else "MISSED")


def whole_runs():
    """What the switchovers above spent on their critical path outside their commands."""
    shares = []
    for record in json.loads(lab.on("ctl", *SWITCHBACK, "runs", "benchpg", "--json").out)["runs"]:
        report = json.loads(lab.on("ctl", *SWITCHBACK, "run", "show", str(record["run"]),
                                   "--json").out)
        if report["operation"] != "adopt":
            spent = report["critical_path"]
            shares.append(100 * spent["idle_ms"] / spent["commands_ms"])
    middle = statistics.median(shares)
    row("a whole run: time on its critical path between its commands",
        f"median {middle:.1f} % of them ({min(shares):.1f}-{max(shares):.1f}), {len(shares)} runs",
        "at most 5 %", "met" if middle <= 5 else "MISSED")


def main():
    lab.verb("down")
    lab.verb("up", timeout=600)
    try:
        plans()
        databases()
        whole_runs()
    finally:
        lab.verb("down", code=None)


if __name__ == "__main__":
    main()
