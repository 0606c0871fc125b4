"""Guards, and the proof that what is stopped is stopped."""

import threading
import time

import lab
import os
import switchback
from lab import expect

DROPINS = "/etc/systemd/system/*.d/50-switchback.conf"
DROPIN_OF_CHILD = "/etc/systemd/system/ft-analytics-server.service.d/90-leaves-a-child.conf"


class Death(threading.Thread):
    """Notes when a process is gone, as wall time in milliseconds."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self._pid, self.at_ms = pid, None
        self.start()

    def run(self):
        while os.path.exists(f"/proc/{self._pid}"):
            time.sleep(0.002)
        self.at_ms = time.time() * 1000


def a_process_that_outlives_its_unit_is_gone_before_the_stop_counts_as_done():
    lab.shell("dc-app", r"""mkdir -p "${1%/*}" && printf '%s\n' '[Service]' 'KillMode=process' \
        "ExecStartPost=/bin/sh -c 'trap \"\" TERM; sleep 123456 &'" >"$1" &&
        systemctl daemon-reload && systemctl restart ft-analytics-server""", DROPIN_OF_CHILD)
    child = lab.wait_for("the child runs", 10,
                         lambda: lab.processes("dc-app", "sleep", "123456"))[0]
    death = Death(child)
    try:
        follower = switchback.follow("switchover")
        stop = follower.until("step_ended", "services.stop")
        database = follower.until("step_started", "database.stop")
        expect(death.at_ms, "the services count as stopped, and a process of theirs lives")
        expect(death.at_ms <= stop["at"] <= database["at"],
               "the stop was called done before the process was gone")
        expect(follower.finish() == 0, "the switchover did not end well")
    finally:
        lab.shell("dc-app", r"""rm -f "$1"; rmdir "${1%/*}" 2>/dev/null
            systemctl daemon-reload""", DROPIN_OF_CHILD)
    switchback.expect_protected("dr")
    switchback.go_to("dc")
    return f"stopped after {stop['body']['elapsed_ms']} ms"


def traces(host):
    """Everything that adopting leaves on a host, but the claim, which grows."""
    return lab.shell(host, f"""
        for file in {DROPINS} /usr/local/lib/switchback/guard {lab.HOST_STATE}/units \
            {lab.HOST_STATE}/site {lab.HOST_STATE}/peers {lab.HOST_STATE}/adopted/* \
            {lab.HOST_STATE}/status; do
          [ ! -e "$file" ] || sha256sum "$file"
        done
        ls {lab.HOST_STATE}/claim 2>/dev/null
        true""")


def enablement(host):
    return lab.on(host, "systemctl", "is-enabled", *lab.UNITS, code=None).out.split()


def adopting_twice_changes_nothing_and_releasing_takes_everything_out():
    running = lab.main_pids("dc-app")
    before = {host: traces(host) for host in lab.SITE_HOSTS}
    switchback.operate("adopt")
    expect({host: traces(host) for host in lab.SITE_HOSTS} == before, "adopting twice differs")
    expect(lab.main_pids("dc-app") == running, "adopting restarted a unit")

    for unit in lab.UNITS:
        lab.on("dr-app", "systemctl", "start", unit)
        state = lab.on("dr-app", "systemctl", "is-active", unit, code=None).out.strip()
        expect(state == "inactive", f"{unit} at dr is {state} after `systemctl start`")
    reason = lab.shell("dr-app", "cat /run/switchback/serviceops/guard/ft-main-server.service")
    expect("not started" in reason, f"the guard's reason is {reason!r}")

    switchback.operate("release")
    for host in lab.SITE_HOSTS:
        left = traces(host)
        expect(not left, f"after the release {host} still has: {left}")
    expect(lab.main_pids("dc-app") == running, "releasing restarted a unit")
    expect(enablement("dc-app") == ["enabled"] * 3, "the units of dc are not enabled any more")
    expect(enablement("dr-app") == ["disabled"] * 3, "the units of dr were not disabled before")
    expect(lab.query("dr-db", "select status from pg_stat_wal_receiver") == "streaming",
           "the standby does not stream after the release")

    switchback.operate("adopt")
    expect({host: traces(host) for host in lab.SITE_HOSTS} == before, "adopting anew differs")
    expect(lab.main_pids("dc-app") == running, "adopting anew restarted a unit")
