"""Where Switchback keeps things is full or cannot be written: it says so, begins nothing, loses
nothing, and goes on when there is room."""

import contextlib

import cold
import lab
import moves
import switchback
from disagreement import promote_dr_by_hand
from lab import expect
from refusals import nothing_has_changed, situation

STORE = "/var/lib/switchback"


@contextlib.contextmanager
def small_store():
    """The store on a file system of its own, until the end of the block; what happened there stays."""
    lab.shell("ctl", f"""mount -t tmpfs -o size=48M store /mnt && cp -a {STORE}/. /mnt/ &&
        mount --bind /mnt {STORE}""")
    try:
        yield
    finally:
        lab.shell("ctl", f"""mount -o remount,rw /mnt; rm -f /mnt/flood; umount {STORE} &&
            find {STORE} -mindepth 1 -delete && cp -a /mnt/. {STORE}/ && umount /mnt""")


def flood():
    lab.shell("ctl", "dd if=/dev/zero of=/mnt/flood bs=4k 2>/dev/null; :")


def a_store_that_cannot_be_written_begins_nothing_and_holds_what_has_begun():
    lab.start_load("dc")
    before = situation()
    with small_store():
        flood()
        full = switchback.operate("switchover", code=1)
        expect("the disk is full" in full.text, "nothing says that the disk is full")
        what_is_shown = switchback.command("status", "serviceops")
        expect("active at dc" in what_is_shown.out and "the disk is full" in what_is_shown.err,
               f"a full disk hides who is active: {what_is_shown.text}")
        nothing_has_changed(before)
        lab.shell("ctl", "rm /mnt/flood && mount -o remount,ro /mnt")
        only_read = switchback.operate("switchover", code=1)
        expect("it is read-only" in only_read.text, "nothing says that the store is read-only")
        expect("active at dc" in switchback.command("status", "serviceops").out,
               "a read-only disk hides who is active")
        nothing_has_changed(before)
        lab.shell("ctl", "mount -o remount,rw /mnt")

        follower = switchback.follow("switchover")
        follower.until("step_ended", "services.stop")
        flood()
        expect(follower.finish() == 4, "the run went on without a journal")
        run = follower.run
        expect(lab.query("dr-db", "select pg_is_in_recovery()") == "t",
               "dr was promoted though nothing could be written down")
        lab.shell("ctl", "rm /mnt/flood")
        record = switchback.carry_on(run)
        expect(record["result"] == "done", f"run {run} ended as {record['result']}")
    switchback.expect_protected("dr")
    switchback.expect_audited()
    lab.wait_for_acks("dr")
    tickets = switchback.come_home()
    return f"{full.text.strip().splitlines()[-1][:100]}; {tickets} tickets"


def nothing_is_overwritten_while_there_is_no_room_to_save_it():
    """dr comes back as the standby after it was written to; the place for what only it has is full."""
    switchback.sync()
    promote_dr_by_hand("room")
    cold.answer("start", "--to", "dc")
    # The host's own state has too little room anyway, and so the salvage goes beside the data.
    lab.verb("fill", "dr-db", "/var/lib/postgresql")
    said = switchback.operate("reprotect", code=4, timeout=300)
    run = switchback.newest_run()
    record = switchback.report(run)
    salvage = switchback.step_of(record, "database.salvage")
    expect(salvage["status"] == "failed" and "No space" in salvage["message"],
           f"the salvage without room: {salvage['status']}, {salvage['message']}")
    expect(switchback.step_of(record, "database.rewind")["status"] == "pending",
           "dr was overwritten though nothing could be saved")
    lab.verb("unfill", "dr-db", "/var/lib/postgresql")
    record = switchback.carry_on(run, "Dana")
    expect(record["result"] == "done", f"with room, run {run} ended as {record['result']}")
    saved = [int(step["captures"]["transactions"]) for step in record["salvage"]
             if "transactions" in step["captures"]]
    expect(sum(saved) >= 1, "what only dr had was not saved")
    switchback.expect_protected("dc")
    moves.forget_salvage("dr")
    return said.text.strip().splitlines()[-1][:120]


SCENARIOS = [
    a_store_that_cannot_be_written_begins_nothing_and_holds_what_has_begun,
    nothing_is_overwritten_while_there_is_no_room_to_save_it,
]
