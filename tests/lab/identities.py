"""Machines and data that are not what the configuration takes them for: refused before anything is
touched, with the reason, and everything as it was."""

import contextlib

import cold
import lab
import moves
import switchback
from disagreement import DATA, promote_dr_by_hand
from lab import expect
from refusals import nothing_has_changed, situation

UNIT = "postgresql@15-main"


def refused_by(operation, *words):
    said = switchback.operate(operation, code=1, timeout=60).text
    for word in words:
        expect(word in said, f"the {operation} was refused without saying `{word}`")


@contextlib.contextmanager
def configuration_with(edit):
    """The configuration after that `sed` program, until the end of the block."""
    path = cold.CONFIGURATION
    lab.shell("ctl", 'cp -p "$1" /root/kept.yaml && sed -i "$2" "$1"', path, edit)
    try:
        yield
    finally:
        lab.shell("ctl", 'mv /root/kept.yaml "$1"', path)


def swapped_addresses_are_refused():
    """Somebody has entered the address of one database under the name of the other."""
    before = situation()
    swap = "s/10.77.1.20/SWAP/; s/10.77.2.20/10.77.1.20/; s/SWAP/10.77.2.20/"
    with configuration_with(swap):
        for operation in ("switchover", "failover", "reprotect"):
            refused_by(operation, "dc/db is a host of dr by its own word",
                       "dr/db is a host of dc by its own word")
        ready = switchback.command("ready", "serviceops", code=1).text
        expect("is a host of dr by its own word" in ready, "ready does not speak of the addresses")
    nothing_has_changed(before)


def a_cloned_machine_is_refused():
    before = situation()
    own = lab.shell("dr-db", "cat /etc/machine-id").strip()
    other = lab.shell("dc-db", "cat /etc/machine-id").strip()
    put = 'umount /etc/machine-id 2>/dev/null; echo "$1" >/etc/machine-id'
    lab.shell("dr-db", put, other)
    try:
        for operation in ("switchover", "failover"):
            refused_by(operation, "dr/db has the machine id of dc/db")
        ready = switchback.command("ready", "serviceops", code=1).text
        expect("has the machine id of dc/db" in ready, "ready does not speak of a clone")
    finally:
        lab.shell("dr-db", put, own)
    nothing_has_changed(before)


def a_foreign_database_on_the_standby_is_never_promoted_or_overwritten():
    """Somebody has made a new cluster where the standby was. It is neither promoted nor, what would
    be worse, overwritten without a word: nobody knows whose it is."""
    before = situation()
    kept = f"{DATA}.kept"
    lab.shell("dr-db", f"""systemctl stop {UNIT} && mv {DATA} {kept} && cd / &&
        runuser -u postgres -- /usr/lib/postgresql/15/bin/initdb -D {DATA} >/dev/null""")
    switchback.start_past_guard("dr-db", UNIT)
    identity = lab.query("dr-db", "select system_identifier from pg_control_system()")
    try:
        refused_by("switchover", "the two sides are not copies of one database")
        for operation in ("failover", "reprotect"):
            refused_by(operation, "database accepts writes at dr/db")
        ready = switchback.command("ready", "serviceops", code=1).text
        expect("the two sides are not copies of one database" in ready,
               "ready does not say that the data are somebody else's")
        lies = lab.shell("dr-db", "TZ=UTC /usr/lib/postgresql/15/bin/pg_controldata -D "
                         f"{DATA} | sed -n 's/^Database system identifier: *//p'").strip()
        expect(lies == identity, "the foreign database was overwritten")
    finally:
        lab.shell("dr-db", f"systemctl stop {UNIT}; rm -rf {DATA} && mv {kept} {DATA}")
        switchback.start_past_guard("dr-db", UNIT)
    nothing_has_changed(before)


def two_sides_on_the_same_timeline_number_are_seen_as_a_fork():
    """Both were promoted from the same timeline, so that both number the next one alike. pg_rewind
    sees no difference there, and would leave a standby that can never follow."""
    switchback.sync()
    # Without the judge, who would rightly say that two sides write: here people have made it so.
    lab.verb("load", "start", "--rate", "20")
    lab.wait_for_acks("dc")
    before = lab.timeline("dc-db")
    promote_dr_by_hand("fork")
    # Somebody recovers "the last good state" at dc, from an archive that holds nothing: PostgreSQL
    # ends such a recovery by a new timeline, and knows nothing of the one that dr has taken.
    lab.shell("dc-db", f"""set -e; cd {DATA}; cp -p postgresql.auto.conf /root/auto.conf
        echo "restore_command = '/bin/false'" >>postgresql.auto.conf
        runuser -u postgres -- touch recovery.signal
        systemctl restart {UNIT}; cp -p /root/auto.conf postgresql.auto.conf""")
    lab.wait_for("dc accepts writes", 30,
                 lambda: lab.query("dc-db", "select pg_is_in_recovery()") == "f")
    expect(lab.timeline("dc-db") == lab.timeline("dr-db") == before + 1,
           "the two do not stand on the same timeline number: the scenario proves nothing")
    lab.wait_for_acks("dc")
    told = switchback.command("status", "serviceops").out
    expect("split brain" in told, "status does not see two active databases")
    refused_by("switchover", "split brain")
    cold.answer("start", "--to", "dc")
    lab.wait_for_acks("dc")
    record = switchback.report(cold.answer("reprotect"))
    look = switchback.step_of(record, "database.look")["captures"]
    expect(look["relation"] == "diverged", f"the fork was not seen: {look}")
    expect(any("transactions" in step["captures"] for step in record["salvage"]),
           "what only dr had was not looked for")
    switchback.expect_protected("dc")
    kept = lab.query("dr-db", "select count(*) from tickets where token = 'fork'", "flotoitsmdb")
    expect(kept == "0", "dr still holds what only it had")
    lab.verb("load", "stop")
    moves.forget_salvage("dr")
    return f"timeline {before + 1} twice, {switchback.step_of(record, 'database.method')['captures']}"


SCENARIOS = [
    swapped_addresses_are_refused,
    a_cloned_machine_is_refused,
    a_foreign_database_on_the_standby_is_never_promoted_or_overwritten,
    two_sides_on_the_same_timeline_number_are_seen_as_a_fork,
]
