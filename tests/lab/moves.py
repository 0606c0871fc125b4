"""The four operations under write load, as the demo tells them, but with every claim checked."""

import contextlib
import json
import os
import subprocess
import tempfile

import lab
import switchback
from lab import expect

SALVAGE = f"{lab.HOST_STATE}/salvage"
SCRATCH = tempfile.TemporaryDirectory(prefix="switchback-lab-")  # gone with this program


def report_is_whole(run, operation, result="done"):
    """What every report has to say, in JSON and for people."""
    record = switchback.report(run)
    expect(record["operation"] == operation and record["result"] == result,
           f"run {run} is {record['operation']}, {record['result']}: {record['message']}")
    expect(record["steps"] and all(step["status"] != "pending" for step in record["steps"]),
           f"the report of run {run} has steps that never came to a decision")
    expect(record["timeline"] and record["people"], f"the report of run {run} names nobody")
    words = switchback.command("run", "show", str(run), "--markdown").out
    expect("## Timeline" in words and operation in words, "the report for people has no timeline")
    return record


def a_switchover_and_a_failback_under_write_load_lose_nothing():
    lab.start_load("dc")
    ttl_before = lab.record_ttl()
    follower = switchback.follow("switchover", "--ticket", "CHG-1", "--reason", "yearly test")
    expect(follower.finish() == 0, "the switchover did not end well")
    record = report_is_whole(follower.run, "switchover")
    expect(record["ticket"] == "CHG-1" and record["reason"] == "yearly test",
           "ticket or reason are not in the report")
    outage = record["outage"]["milliseconds"]
    expect(0 < outage < 60_000, f"the outage of the report is {outage} ms")
    if ttl_before > 5:
        waited = switchback.step_of(record, "services.stop")
        expect(waited["status"] == "done" and lab.record_ttl() == 5,
               "the address was not given its own TTL")
    lab.wait_for_acks("dr", seconds=90)
    switchback.expect_protected("dr")
    switchback.expect_audited()
    switchback.operate("failback")
    report_is_whole(switchback.newest_run(), "failback")
    lab.wait_for_acks("dc")
    switchback.expect_protected("dc")
    moves = lab.client_outages()
    counts = lab.judge("dc")
    expect(len(moves) == 2, f"the clients saw {len(moves)} moves")
    expect(counts["acknowledged"] == counts["present"], f"tickets: {counts}")
    return f"clients' outages {moves[0]:.1f} s and {moves[1]:.1f} s, " \
           f"{counts['acknowledged']} tickets, none lost"


def tickets_in_the_kept_copy(name):
    """Every ticket with its transaction, read from the diverged directory that the salvage kept:
    it is started on its own, reachable through no network, and removed afterwards."""
    return dict(line.split("|") for line in lab.shell("dc-db", r"""
        bin=/usr/lib/postgresql/15/bin
        copy=$(echo /var/lib/postgresql/15/main.diverged.$1); [ -d "$copy" ] || exit 1
        room=$(mktemp -d) && chown postgres "$room" && cd "$room" || exit 1
        rm -f "$copy/postmaster.pid" "$copy/standby.signal"
        set -- runuser -u postgres --
        "$@" "$bin/pg_ctl" -D "$copy" -w -t 60 -l "$room/log" start -o "-p 5499 -c listen_addresses= \
          -c config_file=/etc/postgresql/15/main/postgresql.conf -c data_directory=$copy \
          -c unix_socket_directories=$room -c external_pid_file= -c primary_conninfo= \
          -c autovacuum=off -c default_transaction_read_only=on" >&2 || { cat "$room/log" >&2; exit 1; }
        "$@" "$bin/psql" -h "$room" -p 5499 -XAtqc 'select token, xmin from tickets' flotoitsmdb
        code=$?
        "$@" "$bin/pg_ctl" -D "$copy" -m immediate stop >&2
        rm -rf "$room"
        exit $code""", name, timeout=120).split())


def loss_report(name="*"):
    """What the salvage of the run of that name (a pattern) says is lost, as the judge reads it: the tokens
    of the tickets that its transactions wrote, and the names of the attachments that it saved."""
    transactions = {line.split("\t")[0] for line in lab.shell(
        "dc-db", f"tail -q -n +2 {SALVAGE}/{name}/*/transactions.tsv").splitlines()}
    tickets = tickets_in_the_kept_copy(name)
    lost = sorted(token for token, writer in tickets.items() if writer in transactions)
    attachments = lab.shell("dc-app", f"cat {SALVAGE}/{name}/files-*/SUMS || true").splitlines()
    path = os.path.join(SCRATCH.name, "loss.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump({"tickets": lost, "attachments": attachments}, out)
    return path, len(lost), len(attachments)


def listed_one_by_one(emergency, reprotect, salvage):
    """The emergency's report has the amendment, and `run loss` lists what the salvage counted."""
    amendments = switchback.report(emergency)["amendments"]
    expect([each["run"] for each in amendments] == [reprotect],
           f"the report of run {emergency} is amended by {amendments}")
    words = switchback.command("run", "show", str(emergency), "--markdown").out
    expect(f"amended by run {reprotect}" in words, "the report for people has no amendment")
    loss = json.loads(switchback.command("run", "loss", str(emergency), "--json").out)
    expect(loss["salvaged_by"] == reprotect, f"the loss was salvaged by {loss['salvaged_by']}")
    listed = {part["component"]: part["items"] for part in loss["components"]}
    # Of a transaction that wrote before the fork, and only committed behind it, no table is touched.
    named = {name for item in listed.get("database", []) if item["relations"]
             for name in item["tables"].split(", ")}
    expect(named and not any(name[0].isdigit() for name in named),
           f"`run loss` names the tables {named}")
    for component, counted in (("database", "transactions"), ("attachments", "files")):
        said = [int(step["captures"][counted]) for step in salvage if counted in step["captures"]]
        expect(said == [len(listed.get(component, []))],
               f"the salvage counts {said} {counted}, `run loss` lists "
               f"{len(listed.get(component, []))}")


def forget_salvage(site="dc"):
    """The lab's disks are small: what this scenario saved must not fill them for the next."""
    lab.shell(f"{site}-db", f"rm -rf {SALVAGE} /var/lib/postgresql/15/main.diverged.*")
    lab.shell(f"{site}-app", f"rm -rf {SALVAGE}")


def units_of_dc_are_down():
    return {unit: lab.on("dc-app", "systemctl", "is-active", unit, code=None).out.strip()
            for unit in lab.UNITS}


def after_a_power_off_the_other_site_takes_over_and_what_is_lost_is_listed():
    switchback.sync()
    lab.start_load("dc")
    # What is acknowledged from here on cannot reach dr.
    lab.verb("cut", "--both", "dc-db", "dr-db")
    lab.wait_for_acks("dc")
    lab.verb("power-off", "dc")
    epoch = int(lab.shell("dr-db", f"head -n 1 {lab.HOST_STATE}/claim").split()[0])

    answer = switchback.operate("failover", "--ticket", "INC-7", code=3)
    run = switchback.newest_run()
    expect("run confirm" in answer.text, "nothing says how to confirm")
    asked = switchback.command("run", "watch", str(run), code=3).out
    for words in ("loss", "database: at most the last", "when the run began", "run confirm"):
        expect(words in asked, f"beside the attestation nothing says `{words}`")
    expect(int(lab.shell("dr-db", f"head -n 1 {lab.HOST_STATE}/claim").split()[0]) == epoch,
           "dr was claimed before anybody attested that dc is fenced")
    switchback.command("run", "confirm", str(run), "--as", "Dana", "--text", "seen from the door")
    emergency = run
    record = report_is_whole(run, "failover")
    expect(record["amendments"] == [], "the loss is called known before anything was salvaged")
    expect(any(person["who"] == "Dana" for person in record["people"]), "the report omits Dana")
    expect(any("reprotect" in line for line in record["unprotected"]),
           "the report does not say that nothing stands by")
    lab.wait_for_acks("dr")

    lab.verb("heal", "all")
    lab.power_on("dc")
    down = units_of_dc_are_down()
    expect(set(down.values()) == {"inactive"}, f"units of the old side after its return: {down}")
    words = switchback.command("status", "serviceops").out
    expect("not started" in words and "newer" in words, "status does not say why dc stays down")
    switchback.operate("reprotect", code=3)
    run = switchback.newest_run()
    expect(switchback.answer_gates(run, "Dana") == 0, "the reprotect did not end well")
    record = report_is_whole(run, "reprotect")
    saved = [step for step in record["salvage"] if "transactions" in step["captures"]]
    expect(saved and int(saved[0]["captures"]["transactions"]) > 0,
           "the salvage names no transaction")
    listed_one_by_one(emergency, run, record["salvage"])
    names = [step["captures"]["names"] for step in record["salvage"] if "names" in step["captures"]]
    expect(names and "flotoitsmdb.tickets" in names[0].split(", "),
           f"the report does not say that tickets were lost: {names}")
    switchback.expect_protected("dr")
    switchback.operate("failback")
    lab.wait_for_acks("dc")
    switchback.expect_protected("dc")
    path, tickets, attachments = loss_report(f"*.{run}.*")
    expect(tickets > 0, "nothing was lost: the cut did not do its work")
    counts = lab.judge("dc", path)
    forget_salvage()
    return f"{tickets} tickets and {attachments} attachments salvaged, {counts}"


@contextlib.contextmanager
def held_up(host, step):
    """Holds the step's lock on its host: the run gets to this step, and no further. A publication has
    no lock but the claim's, which other steps share."""
    kind, lock = ("-s", ".claim") if step.startswith("claim.publish.") else ("-x", f"{step}.lock")
    holder = subprocess.Popen(
        [lab.LAB, "exec", "serviceops", host, "--", "sh", "-c",
         """d=/run/switchback/serviceops/locks; mkdir -p $d
         flock $1 $d/$2 sh -c 'echo held; read -r _'""", "sh", kind, lock],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        expect(holder.stdout.readline() == b"held\n", f"the lock of {step} cannot be held")
        yield
    finally:
        holder.stdin.close()
        holder.wait(20)


# Every step with an effect before the point of no return, and where it acts; of the publications, for
# all of which the promotion waits, one.
BEFORE_PROMOTION = {
    "database.checkpoint": "dc-db", "database.hold": "dr-db", "attachments.bulk": "dr-app",
    "services.stop": "dc-app", "database.stop": "dc-db", "attachments.sync": "dr-app",
    "claim.publish.dr.db": "dr-db"}


def an_abort_after_each_step_of_a_planned_move_brings_the_old_side_back():
    lab.start_load("dc")
    undone = {}
    for step, host in BEFORE_PROMOTION.items():
        with held_up(host, step):
            follower = switchback.follow("switchover")
            follower.until("step_started", step)
            abort = switchback.Follower("run", "abort", str(follower.run), "--reason", "changed minds")
            abort.until("abort_asked")
        abort.finish()
        record = switchback.carry_on(follower.run)
        follower.finish()
        expect(record["result"] == "aborted", f"after {step} the abort ended as {record['result']}")
        status = {entry["step"]: entry["status"] for entry in record["steps"]}
        expect(status[step] in ("done", "undone"), f"{step} itself was {status[step]}")
        expect(status["database.promote"] == "pending", f"the promotion: {status}")
        undone[step] = [name for name in status if status[name] == "undone"]
        lab.wait_for_acks("dc")
        switchback.expect_protected("dc")
    for step in ("services.stop", "database.stop"):
        expect(step in undone["claim.publish.dr.db"], f"{step} was not undone: {undone}")
    lab.expect_nothing_lost("dc")
    return "; ".join(f"{step}: {len(names)} undone" for step, names in undone.items())


def an_old_side_that_dies_after_its_stop_leaves_the_way_open_for_a_failover():
    """Nothing can be undone there, and nothing is promoted without it: the abort skips what its hosts
    cannot do, and does not keep the failover waiting."""
    lab.start_load("dc")
    with held_up("dc-db", "claim.publish.dc.db"):
        follower = switchback.follow("switchover")
        follower.until("step_ended", "claim.publish.dr.db")
        lab.verb("power-off", "dc")
    expect(follower.finish(120) == 4, "the move went on without its old side")
    expect(lab.query("dr-db", "select pg_is_in_recovery()") == "t", "dr was promoted")
    run = str(follower.run)
    said = switchback.command("run", "abort", run, "--reason", "dc is dark", code=4).text
    expect("retry or skip" in said, f"the abort does not say how it goes on: {said}")
    while not (record := switchback.report(run))["result"]:
        stuck = [step["step"] for step in record["steps"] if step["status"] in ("failed", "unknown")]
        switchback.command("run", "skip", run, stuck[0], "--reason", "dc has no power", code=None)
    expect(record["result"] == "aborted" and "database.stop" in record["message"],
           f"the abort ended as {record['result']}: {record['message']}")

    switchback.operate("failover", code=3)
    switchback.command("run", "confirm", str(switchback.newest_run()), "--as", "Dana", "--text", "seen")
    lab.wait_for_acks("dr")
    lab.power_on("dc")
    expect(set(units_of_dc_are_down().values()) == {"inactive"}, "dc came back by itself")
    switchback.operate("reprotect", code=None)
    expect(switchback.answer_gates(switchback.newest_run(), "Dana") == 0, "the reprotect did not end well")
    switchback.come_home()
    return f"left as it was: {record['message'].partition('as it is: ')[2]}"


def a_service_started_behind_the_runs_back_keeps_the_claim_from_being_taken():
    """Whoever starts it the usual way finds the guard closed; somebody who opens that, too, is seen by
    the second proof right before the claim. dr's database cannot be asked meanwhile, so that the run
    has to wait with all but the claim done."""
    epoch = switchback.claim_epoch()
    follower = switchback.follow("switchover")
    follower.until("step_started", "services.stop")
    lab.verb("freeze", "dr-db")
    follower.until("step_ended", "attachments.sync")
    lab.on("dc-app", "systemctl", "start", "ft-main-server", code=None)
    expect(units_of_dc_are_down()["ft-main-server"] != "active", "the closed guard let it start")
    switchback.start_past_guard("dc-app", "ft-main-server")
    expect(units_of_dc_are_down()["ft-main-server"] == "active", "the override did not work")
    lab.verb("thaw", "dr-db")
    expect(follower.finish(120) == 4, "the run went on beside a running service")
    record = switchback.report(follower.run)
    again = switchback.step_of(record, "fence.again.services.stop")
    expect(again["status"] == "failed" and "ft-main-server" in again["message"],
           f"the second proof: {again['status']}, {again['message']}")
    expect(switchback.claim_epoch() == epoch, "the claim was taken beside a running service")
    lab.shell("dc-app", """rm /run/switchback/serviceops/open/ft-main-server.service
        systemctl stop ft-main-server""")
    record = switchback.carry_on(follower.run)
    expect(record["result"] == "done", f"the run ended as {record['result']}")
    switchback.expect_protected("dr")
    switchback.go_to("dc")


def an_attestation_is_refused_while_anything_at_the_old_side_answers():
    switchback.sync()
    lab.start_load("dc")
    epoch = switchback.claim_epoch()
    for host in ("dc-app", "dc-db"):
        lab.verb("cut", "--both", "ctl", host)
    answer = switchback.operate("failover", code=4, timeout=300)
    run = switchback.newest_run()
    expect("answers" in answer.text or "receives" in answer.text,
           "nothing says that the old side still answers")
    refused = switchback.command("run", "confirm", str(run), "fence.2.attestation", "--as", "Dana",
                                 code=1)
    expect("is not open" in refused.text, "the refusal does not say why")
    record = switchback.report(run)
    expect(switchback.step_of(record, "claim")["status"] == "pending", "a claim was taken")
    expect(switchback.step_of(record, "fence.silence.dc.db.from.dr.db")["status"] == "failed",
           "dr took a serving site for a silent one")
    lab.wait_for_acks("dc")
    lab.verb("heal", "all")
    switchback.command("run", "abort", str(run), "--reason", "dc lives", code=None)
    record = switchback.carry_on(run)
    expect(record["result"] == "aborted", f"the abort ended as {record['result']}")
    switchback.expect_protected("dc")
    expect(switchback.claim_epoch() == epoch, "the claim has changed")
    lab.expect_nothing_lost("dc")
    expect(not lab.client_outages(), "the clients saw a move")
