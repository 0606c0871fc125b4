"""Two sides that both act, and a side that knows nothing: what is seen, and how a person leads out."""

import cold
import lab
import moves
import switchback
from lab import expect

PG_CTL = "/usr/lib/postgresql/15/bin/pg_ctl"
DATA = "/var/lib/postgresql/15/main"
TOKEN = "written-at-dr-by-hand"


def promote_dr_by_hand(token):
    """Somebody promotes the standby on the console, and writes there."""
    lab.on("dr-db", "runuser", "-u", "postgres", "--", PG_CTL, "promote", "-s", "-D", DATA)
    lab.wait_for("dr accepts writes", 20,
                 lambda: lab.query("dr-db", "select pg_is_in_recovery()") == "f")
    lab.query("dr-db", "insert into tickets(token, title, site) "
                       f"values ('{token}', 'by hand', 'dr')", "flotoitsmdb")


def a_split_brain_blocks_everything_until_a_person_has_chosen_a_side():
    switchback.sync()
    lab.verb("load", "start", "--rate", "20")
    lab.wait_for_acks("dc")
    pids = lab.main_pids("dc-app")
    promote_dr_by_hand(TOKEN)
    for operation in ("switchover", "failover", "reprotect", "sync"):
        refused = switchback.operate(operation, code=1)
        expect("split brain" in refused.text, f"a {operation} was not refused for the split brain")
    told = switchback.command("resolve", "serviceops", code=1).out
    for words in ("split brain", "accepts writes at dc/db", "accepts writes at dr/db",
                  "switchback start serviceops --to dc"):
        expect(words in told, f"resolve does not say `{words}`")
    agreed = switchback.operate("resolve", "--to", "dc", code=1)
    expect("hold the same claim" in agreed.text, "resolve would renew a claim that nobody doubts")

    cold.answer("start", "--to", "dc")
    lab.wait_for_acks("dc")
    expect(lab.main_pids("dc-app") == pids, "the side that stays was restarted")
    # The power fails between the rewind and the start: what is rewound is no running standby yet.
    switchback.operate("reprotect", code=3)
    run, gate = switchback.newest_run(), ""
    while not gate.startswith("accept.database"):
        gate = switchback.report(run)["waits_for"][0]["gate"]
        follower = switchback.Follower("run", "confirm", str(run), gate, "--as", "Dana")
        if not gate.startswith("accept.database"):
            follower.finish()
    follower.until("step_ended", "database.rewind")
    lab.verb("power-off", "dr-db")
    follower.finish(300)
    lab.power_on("dr-db")
    record = switchback.carry_on(run, "Dana")
    expect(record["result"] == "done", f"the reprotect ended as {record['result']}")
    rewind = switchback.step_of(record, "database.rewind")
    expect(rewind["status"] == "done", f"the rewind: {rewind['status']}, {rewind['message']}")
    saved = [int(step["captures"]["transactions"]) for step in record["salvage"]
             if "transactions" in step["captures"]]
    expect(sum(saved) >= 1, f"what only dr had was not saved: {record['salvage']}")
    switchback.expect_protected("dc")
    kept = lab.query("dr-db", f"select count(*) from tickets where token = '{TOKEN}'", "flotoitsmdb")
    expect(kept == "0", "dr still holds what only it had")
    moves.forget_salvage("dr")
    return f"{sum(saved)} transactions of dr saved, dc not interrupted"


def a_standby_host_that_knows_nothing_is_built_from_nothing():
    switchback.sync()
    lab.start_load("dc")
    lab.shell("dr-db", f"systemctl stop postgresql@15-main && rm -rf {DATA}/* {lab.HOST_STATE} "
                       "/etc/systemd/system/postgresql@15-main.service.d/50-switchback.conf && "
                       "systemctl daemon-reload")
    told = switchback.command("status", "serviceops").out
    expect("standby lost" in told and "there is no database at dr/db yet" in told,
           "status does not say that dr holds nothing")
    refused = switchback.operate("switchover", code=1)
    expect("reprotect" in refused.text or "database" in refused.text, "nothing names what is missing")
    record = switchback.report(cold.answer("reprotect"))
    expect(switchback.step_of(record, "database.rebuild")["status"] == "done",
           "the database was not copied anew")
    switchback.expect_protected("dc")
    for path in ("/etc/systemd/system/postgresql@15-main.service.d/50-switchback.conf",
                 f"{lab.HOST_STATE}/runbook/manifest"):
        lab.shell("dr-db", f"test -s {path}")
    lab.expect_nothing_lost("dc")
    moves.forget_salvage("dr")


SCENARIOS = [
    a_split_brain_blocks_everything_until_a_person_has_chosen_a_side,
    a_standby_host_that_knows_nothing_is_built_from_nothing,
]
