"""Switchback is gone: the runbooks that it left on the hosts move the application alone, and what
they do passes the same checks as its own operations."""

import lab
import moves
import switchback
from lab import expect

FOLDER = "/root/runbook"
# Nothing of Switchback may be found: neither the program nor its folder.
ALONE = ["env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]


def fetch_from(host):
    """To the controller, from the copy that the adoption left on that host."""
    lab.shell("ctl", f"""rm -rf {FOLDER} /root/switchback-runbook && mkdir {FOLDER} &&
        ssh root@{lab.ADDRESS[host]} tar -C {lab.HOST_STATE}/runbook -cf - . | tar -xf - -C {FOLDER}""")
    found = lab.on("ctl", *ALONE, "sh", "-c", "command -v switchback", code=None)
    expect(found.code != 0, f"switchback is still within reach: {found.out}")


def perform(name, *answers, code=0):
    """What a person types, line by line. Says what the script said."""
    typed = "".join(f"{answer}\n" for answer in ("serviceops", *answers))
    return lab.on("ctl", *ALONE, "sh", "-c", f'printf %s "$1" | sh {FOLDER}/{name}.sh', "sh", typed,
                  timeout=300, code=code).text


def expect_words(active):
    """The status files, and one claim of the runbooks' own on every host."""
    for host in lab.SITE_HOSTS:
        word = lab.shell(host, f"cat {lab.HOST_STATE}/status").strip()
        expect(word == switchback.WORDS[active][host[:2]], f"{host} says {word}")
        claim = lab.shell(host, f"cat {lab.HOST_STATE}/claim").split("\n")
        expect(claim[0].split()[2] == "runbook", f"{host} holds {claim[0]}")
        expect(claim[1].endswith(f" {active}"), f"{host} holds {claim[1]}")


def expect_streaming(active):
    other = "dr" if active == "dc" else "dc"
    lab.wait_for(f"{other} follows {active}", 60, lambda: lab.query(
        f"{other}-db", "select count(*) from pg_stat_wal_receiver where status='streaming'") == "1")


def come_back_to_switchback():
    """The store still holds the claim of before. A person says who is active; the logs come along."""
    told = switchback.command("resolve", "serviceops", code=1)
    expect("store behind hosts" in told.out and "--to dc" in told.out, "resolve does not say why, or how")
    run = switchback.resolve("dc")
    notes = " ".join(note["who"] for note in switchback.report(run)["notes"])
    for name in ("switchover-to-dr", "failover-to-dr", "reprotect-dc", "failback-to-dc"):
        expect(f"runbook {name}" in notes, f"the log of {name} is not in the journal: {notes}")


def planned():
    lab.start_load("dc")
    dry = lab.on("ctl", *ALONE, "sh", f"{FOLDER}/switchover-to-dr.sh", "--dry-run").out
    expect("Nothing was done" in dry, "--dry-run does not end well")
    perform("switchover-to-dr")
    lab.wait_for_acks("dr", seconds=90)
    expect_words("dr")
    expect_streaming("dr")
    perform("failback-to-dc")
    lab.wait_for_acks("dc", seconds=90)
    expect_words("dc")
    expect_streaming("dc")
    outages = lab.client_outages()
    lab.expect_nothing_lost("dc")
    return outages


def emergency():
    lab.start_load("dc")
    lab.verb("cut", "--both", "dc-db", "dr-db")
    lab.wait_for_acks("dc")
    lab.verb("power-off", "dc")
    refused = perform("failover-to-dr", "Dana", "not so sure", code=4)
    expect("STOPPED" in refused, "nothing says that it stopped")
    epoch = lab.shell("dr-db", f"head -n 1 {lab.HOST_STATE}/claim").split()[0]
    answer = lab.on("ctl", *ALONE, "sh", "-c",
                    f"printf 'Dana\\nI attest\\n' | sh {FOLDER}/failover-to-dr.sh", timeout=300)
    expect("confirmed by Dana" in answer.text, "nobody was asked to attest")
    expect(int(lab.shell("dr-db", f"head -n 1 {lab.HOST_STATE}/claim").split()[0]) ==
           int(epoch) + 1, "the claim did not move by one")
    lab.wait_for_acks("dr", seconds=90)
    lab.verb("heal", "all")
    lab.power_on("dc")
    down = moves.units_of_dc_are_down()
    expect(set(down.values()) == {"inactive"}, f"units of the old side after its return: {down}")
    # As many acceptances as there are things to overwrite.
    perform("reprotect-dc", *(["Dana", "overwrite"] * 6))
    expect_words("dr")
    expect_streaming("dr")
    perform("failback-to-dc")
    lab.wait_for_acks("dc", seconds=90)
    expect_words("dc")
    expect_streaming("dc")
    path, tickets, attachments = moves.loss_report()
    expect(tickets > 0, "nothing was lost: the cut did not do its work")
    counts = lab.judge("dc", path)
    moves.forget_salvage()
    return tickets, attachments, counts


def the_runbooks_alone_move_fail_over_and_come_home():
    switchback.sync()
    fetch_from("dr-db")
    outages = planned()
    tickets, attachments, counts = emergency()
    for host in lab.SITE_HOSTS:
        lab.shell(host, f"grep -q 'done$' {lab.HOST_STATE}/runbook-log/failback*")
    come_back_to_switchback()
    return (f"clients' outages {', '.join(f'{each:.1f} s' for each in outages)}; emergency: "
            f"{tickets} tickets and {attachments} attachments salvaged, {counts}")
