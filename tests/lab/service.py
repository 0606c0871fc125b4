"""`switchback serve` as a service of the controller: systemd starts it, watches it and stops it."""

import time

import cold
import lab
import switchback
from lab import expect, wait_for

UNIT = "switchback.service"
FASTER = f"/etc/systemd/system/{UNIT}.d/lab.conf"


def shown(name):
    return lab.on("ctl", "systemctl", "show", "-p", name, "--value", UNIT).out.strip()


def said(words, since, seconds=40):
    def found():
        text = lab.on("ctl", "journalctl", "-q", "-u", UNIT, "--since", f"@{since:.0f}", "-o", "cat")
        return words in text.out
    wait_for(f"the service says `{words}`", seconds, found, 0.5)


def the_service_looks_by_itself_is_watched_and_stops_when_asked():
    lab.shell("ctl", f"""cp /opt/switchback/{UNIT} /etc/systemd/system/ && mkdir -p "${{1%/*}}" &&
        printf '[Service]\\nExecStart=\\nExecStart=/usr/local/bin/switchback serve --every 2s\\n' >"$1" &&
        systemctl daemon-reload && systemctl start {UNIT}""", FASTER)
    try:
        expect(shown("ActiveState") == "active", "the service is not active once it is started")
        pid = shown("MainPID")
        began = time.time()
        lab.verb("freeze", "dr-db")
        said("does not answer any more", began)
        lab.verb("thaw", "dr-db")
        said("answers again", began)

        # A broken file is named, and the service goes on with what it knew.
        lab.shell("ctl", f'cp -p "$1" /root/kept.yaml && echo "sites: 7" >>"$1" && systemctl reload {UNIT}',
                  cold.CONFIGURATION)
        said("serviceops.yaml", began)
        lab.shell("ctl", f'mv /root/kept.yaml "$1" && systemctl reload {UNIT}', cold.CONFIGURATION)
        expect(shown("MainPID") == pid, "a reload has made a new process")

        lab.shell("ctl", 'kill -9 "$1"', pid)
        wait_for("systemd has started it again", 30, lambda: shown("ActiveState") == "active" and
                 shown("MainPID") not in ("0", pid), 0.5)
        switchback.operate("switchover")  # beside the service, on the same store
        switchback.go_to("dc")
        began = time.monotonic()
        lab.on("ctl", "systemctl", "stop", UNIT)
        took = time.monotonic() - began
        expect(took < 10 and shown("Result") == "success",
               f"it took {took:.1f} s to stop, with the result {shown('Result')}")
    finally:
        lab.shell("ctl", f"""systemctl stop {UNIT}; rm -rf /etc/systemd/system/{UNIT} "${{1%/*}}"
            systemctl daemon-reload""", FASTER)
    return f"stopped within {took:.1f} s"
