#!/usr/bin/python3
"""A planned move of a PostgreSQL pair by repmgr and by Patroni (Debian's packages, their defaults),
each beside `pg_ctl stop` and `pg_promote` on the same kind of pair: rows of bench/run's table. The
pairs live on loopback, without hosts in between: compare ratios, not milliseconds. As root."""

import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))
sys.dont_write_bytecode = True

from lab import wait_for  # noqa: E402

import outage  # noqa: E402

BIN = max(glob.glob("/usr/lib/postgresql/*/bin"))
PORTS = (24500, 24501)
SSH_PORT, ETCD_PORT, REST_PORT = 24510, 24520, 24530
WORK = tempfile.mkdtemp(prefix="switchback-peers.", dir="/var/tmp")
ENVIRONMENT = {"PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": WORK, "LC_ALL": "C.UTF-8",
               "PGHOST": "127.0.0.1", "PGUSER": "postgres", "PGDATABASE": "postgres"}
AS_POSTGRES = ("setpriv", "--reuid", "postgres", "--regid", "postgres", "--init-groups")
SETTINGS = """listen_addresses = '127.0.0.1'
unix_socket_directories = '{work}'
wal_log_hints = on
wal_keep_size = 512MB
"""
ACCESS = ["local all all trust", "host all all 127.0.0.1/32 trust",
          "host replication all 127.0.0.1/32 trust"]
started, clusters = [], []


def path(*parts):
    return os.path.join(WORK, *parts)


def write(name, text, mode="w"):
    with open(path(name), mode, encoding="utf-8") as file:
        file.write(text)
    shutil.chown(path(name), "postgres", "postgres")
    os.chmod(path(name), 0o600)


def run(*words):
    done = subprocess.run([*AS_POSTGRES, *words], cwd=WORK, env=ENVIRONMENT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          stdin=subprocess.DEVNULL, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout[-600:]}")
    return done.stdout.strip()


def start(name, *words):
    with open(path(f"{name}.log"), "ab") as log:
        process = subprocess.Popen([*AS_POSTGRES, *words], cwd=WORK, env=ENVIRONMENT, stdout=log,
                                   stderr=log, stdin=subprocess.DEVNULL)
    started.append(process)


def stop_all():
    while started:
        process = started.pop()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    while clusters:
        directory = clusters.pop()
        if os.path.exists(path(directory, "postmaster.pid")):
            run("pg_ctl", "-D", path(directory), "-m", "immediate", "stop")


def query(port, sql):
    return run("psql", "-XAtqp", str(port), "-c", sql)


def answers(*words):
    try:
        return run(*words) or "yes"
    except RuntimeError:
        return ""


def streams(port):
    return query(port, "select count(*) from pg_stat_replication where state = 'streaming'") == "1"


def start_server(directory):
    clusters.append(directory)
    run("pg_ctl", "-D", path(directory), "-w", "-l", path(f"{directory}.log"), "start")


def make_primary(directory, more="", segment_mb=16):
    run("initdb", "-D", path(directory), "-U", "postgres", "-A", "trust", "-k",
        f"--wal-segsize={segment_mb}")
    write(f"{directory}/postgresql.conf",
          f"port = {PORTS[0]}\n{SETTINGS.format(work=WORK)}{more}", "a")
    write(f"{directory}/pg_hba.conf", "\n".join(ACCESS) + "\n")
    start_server(directory)
    query(PORTS[0], outage.SCHEMA)


def start_copy(directory):
    """Of the primary, on the second port."""
    write(f"{directory}/postgresql.conf", f"port = {PORTS[1]}\n", "a")
    start_server(directory)


def there_and_back(move, rounds, ready=streams, retry=outage.RETRY_S):
    """Outages of moves to the other side and back; `move(old, new)` takes 0 or 1."""
    found = []
    for old, new in ((0, 1), (1, 0)) * rounds:
        wait_for(f"a standby of port {PORTS[old]}", 60, lambda old=old: ready(PORTS[old]))
        time.sleep(1)
        found.append(outage.outage_ms(lambda old=old, new=new: move(old, new),
                                      f"127.0.0.1:{PORTS[old]}", f"127.0.0.1:{PORTS[new]}",
                                      path("writer.log"), retry=retry))
    return found


def by_pg_ctl(rounds, segment_mb=16, retry=outage.RETRY_S):
    names = [f"plain{n}.{segment_mb}.{retry}" for n in (0, 1)]

    def move(old, new):
        run("pg_ctl", "-D", path(names[old]), "-m", "fast", "-w", "stop")
        said = run("pg_controldata", path(names[old]))
        lsn = next(line.split()[-1] for line in said.splitlines()
                   if line.startswith("Latest checkpoint location"))
        wait_for("the replay", 60, lambda: query(
            PORTS[new], f"select pg_last_wal_replay_lsn() > '{lsn}'") == "t")
        query(PORTS[new], "select pg_promote(true)")
        write(f"{names[old]}/standby.signal", "")
        write(f"{names[old]}/postgresql.auto.conf",
              f"primary_conninfo = 'host=127.0.0.1 port={PORTS[new]} user=postgres'\n")
        start_server(names[old])

    make_primary(names[0], segment_mb=segment_mb)
    run("pg_basebackup", "-D", path(names[1]), "-p", str(PORTS[0]), "-R", "-c", "fast")
    start_copy(names[1])
    return there_and_back(move, rounds, retry=retry)


def start_sshd():
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("id"))
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path("hostkey"))
    shutil.copy(path("id.pub"), path("authorized_keys"))
    write("sshd.conf", f"Port {SSH_PORT}\nListenAddress 127.0.0.1\nHostKey {path('hostkey')}\n"
          f"AuthorizedKeysFile {path('authorized_keys')}\nPidFile none\nUsePAM no\nStrictModes no\n"
          f"PrintMotd no\nSetEnv PATH={ENVIRONMENT['PATH']}\n")
    write("ssh.conf", f"Host *\n Port {SSH_PORT}\n User postgres\n IdentityFile {path('id')}\n"
          f" StrictHostKeyChecking no\n UserKnownHostsFile {path('known_hosts')}\n BatchMode yes\n")
    os.makedirs("/run/sshd", exist_ok=True)
    start("sshd", "/usr/sbin/sshd", "-D", "-e", "-f", path("sshd.conf"))
    wait_for("ssh to loopback", 60, lambda: answers("ssh", "-F", path("ssh.conf"), "127.0.0.1", "true"))


def by_repmgr(rounds):
    names = ("repmgr0", "repmgr1")

    def repmgr(n, *words):
        return run("repmgr", "-f", path(f"repmgr{n}.conf"), *words)

    start_sshd()
    for n in (0, 1):
        write(f"repmgr{n}.conf", f"node_id={n + 1}\nnode_name='n{n}'\n"
              f"conninfo='host=127.0.0.1 port={PORTS[n]} user=postgres dbname=repmgr'\n"
              f"data_directory='{path(names[n])}'\npg_bindir='{BIN}'\n"
              f"ssh_options='-q -F {path('ssh.conf')}'\n")
    make_primary(names[0], "shared_preload_libraries = 'repmgr'\n")
    query(PORTS[0], "create database repmgr")
    repmgr(0, "primary", "register")
    run("repmgr", "-h", "127.0.0.1", "-p", str(PORTS[0]), "-U", "postgres", "-d", "repmgr",
        "-f", path("repmgr1.conf"), "standby", "clone", "--fast-checkpoint")
    start_copy(names[1])
    repmgr(1, "standby", "register")
    return there_and_back(lambda old, new: repmgr(new, "standby", "switchover"), rounds)


def start_patroni(n):
    write(f"patroni{n}.yml", f"""scope: pair
name: n{n}
restapi: {{listen: "127.0.0.1:{REST_PORT + n}", connect_address: "127.0.0.1:{REST_PORT + n}"}}
etcd3: {{hosts: "127.0.0.1:{ETCD_PORT}"}}
bootstrap:
  dcs:
    postgresql: {{use_pg_rewind: true, parameters: {{wal_keep_size: 512MB, wal_log_hints: "on"}}}}
  initdb: [data-checksums, {{encoding: UTF8}}, {{auth: trust}}]
postgresql:
  listen: 127.0.0.1:{PORTS[n]}
  connect_address: 127.0.0.1:{PORTS[n]}
  data_dir: {path(f"patroni{n}")}
  bin_dir: {BIN}
  pgpass: {path(f"pgpass{n}")}
  authentication: {{superuser: {{username: postgres}}, replication: {{username: postgres}}}}
  parameters: {{unix_socket_directories: {WORK}}}
  pg_hba: {json.dumps(ACCESS)}
""")
    clusters.append(f"patroni{n}")
    start(f"patroni{n}", "patroni", path(f"patroni{n}.yml"))


def has_role(n, role):
    return answers("curl", "-sf", f"http://127.0.0.1:{REST_PORT + n}/{role}")


def by_patroni(rounds):
    url, peer = f"http://127.0.0.1:{ETCD_PORT}", f"http://127.0.0.1:{ETCD_PORT + 1}"
    start("etcd", "etcd", "--name", "one", "--data-dir", path("etcd"), "--listen-client-urls", url,
          "--advertise-client-urls", url, "--listen-peer-urls", peer,
          "--initial-advertise-peer-urls", peer, "--initial-cluster", f"one={peer}")
    wait_for("etcd", 60, lambda: answers("curl", "-sf", f"{url}/health"))
    start_patroni(0)
    wait_for("Patroni's primary", 120, lambda: has_role(0, "primary"))
    query(PORTS[0], outage.SCHEMA)
    start_patroni(1)
    wait_for("Patroni's replica", 120, lambda: has_role(1, "replica"))

    def move(old, new):
        run("patronictl", "-c", path("patroni0.yml"), "switchover", "pair", "--leader",
            f"n{old}", "--candidate", f"n{new}", "--force")

    return there_and_back(move, rounds, lambda port: streams(port) and has_role(
        1 - PORTS.index(port), "replica"))


def median_of(way, rounds):
    """The pair of each way has the ports to itself."""
    try:
        found = way(rounds)
    finally:
        stop_all()
    return statistics.median(found), found


def main(rounds=2):
    shutil.chown(WORK, "postgres", "postgres")
    os.chmod(WORK, 0o755)
    try:
        plain, _ = median_of(by_pg_ctl, rounds)
        for what, more in (("WAL segments of 64 MB instead of 16", {"segment_mb": 64}),
                           ("WAL segments of 256 MB", {"segment_mb": 256}),
                           ("a client that retries after 1 ms instead of 10", {"retry": 0.001}),
                           ("a client that retries after 100 ms", {"retry": 0.1})):
            middle, found = median_of(lambda n, more=more: by_pg_ctl(n, **more), rounds)
            print(f"| `pg_ctl` and `pg_promote(true)`, a pair on loopback, {what} | median "
                  f"{middle:.0f} ms ({min(found):.0f}-{max(found):.0f}) | {middle / plain:.2f} x "
                  f"the same with 16 MB and 10 ms ({plain:.0f} ms) | |", flush=True)
        for name, way in (("`repmgr standby switchover`", by_repmgr),
                          ("`patronictl switchover`", by_patroni)):
            middle, found = median_of(way, rounds)
            print(f"| PostgreSQL switchover by {name}, a pair on loopback | median {middle:.0f} ms "
                  f"({min(found):.0f}-{max(found):.0f}) | {middle / plain:.1f} x `pg_ctl stop -m "
                  f"fast -w` and `pg_promote(true)` there ({plain:.0f} ms) | |", flush=True)
    finally:
        shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
