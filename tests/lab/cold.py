"""After a loss of power of both sites: what waits for a person, and how a person starts it."""

import lab
import switchback
from lab import expect

CONFIGURATION = "/etc/switchback/serviceops.yaml"


def answer(operation, *words):
    """Performs it and says yes to whatever is asked; the run."""
    said = switchback.operate(operation, *words, code=None)
    code = said.code
    run = switchback.newest_run()
    if code == 3:
        code = switchback.answer_gates(run, "Dana")
    expect(code == 0, f"the {operation} ended with {code}: {said.text[-600:]}")
    return run


def expect_all_down(site):
    running = [unit for unit in lab.UNITS if lab.on(
        f"{site}-app", "systemctl", "is-active", unit, code=None).out.strip() != "inactive"]
    expect(not running, f"{site} has started {running} by itself")


def only_the_active_site_comes_back_and_a_start_brings_it_up_without_losing_anything():
    switchback.sync()
    lab.start_load("dc")
    epoch = switchback.claim_epoch()
    lab.verb("power-off", "dc")
    lab.verb("power-off", "dr")
    lab.power_on("dc")
    expect_all_down("dc")
    words = switchback.command("status", "serviceops").out
    expect("switchback start serviceops" in words, "status does not say how dc is started")
    refused = switchback.operate("start", "--to", "dr", code=1)
    expect("dr/db answers; it did not" in refused.text, "a dead side was not refused by name")
    plan = switchback.command("plan", "start", "serviceops").out
    expect("The higher side is dc" in plan and "timeline" in plan,
           "the plan does not show how far each side reaches")
    run = answer("start")
    people = switchback.report(run)["people"]
    expect(any(person["who"] == "Dana" for person in people), "nobody attested that dr is silent")
    lab.wait_for_acks("dc")
    held = lab.shell("dc-db", f"head -n 1 {lab.HOST_STATE}/claim").split()[0]
    expect(int(held) == epoch + 1, f"dc holds claim {held} instead of {epoch + 1}")

    lab.power_on("dr")
    expect_all_down("dr")
    record = switchback.report(answer("reprotect"))
    for step in ("database.rewind", "database.rebuild"):
        expect(switchback.step_of(record, step)["status"] == "passed",
               f"a standby that was only lost was not left alone: {step}")
    switchback.expect_protected("dc")
    tickets = lab.expect_nothing_lost("dc")
    return f"{tickets} tickets, none lost"


def where_a_person_confirms_a_start_opens_what_waits_after_a_boot():
    switchback.sync()
    lab.shell("ctl", f"cp {CONFIGURATION} /root/before.yaml && "
                     f"sed -i '/^after_reboot:/d' {CONFIGURATION} && "
                     f"echo 'after_reboot: confirm' >>{CONFIGURATION}")
    try:
        switchback.operate("adopt")
        lab.start_load("dc")
        lab.verb("power-off", "dc")
        lab.verb("power-off", "dr")
        lab.power_on("dr")
        lab.power_on("dc")
        expect_all_down("dc")
        expect_all_down("dr")
        words = switchback.command("status", "serviceops").out
        expect("a person confirms" in words and "switchback start serviceops" in words,
               "status does not say what waits, and for what")
        switchback.operate("start")
        lab.wait_for_acks("dc")
        record = switchback.report(answer("reprotect"))
        expect(switchback.step_of(record, "database.rewind")["status"] == "passed",
               "a standby that had only been stopped was rewound")
    finally:
        lab.shell("ctl", f"mv /root/before.yaml {CONFIGURATION}")
    switchback.operate("adopt")
    switchback.expect_protected("dc")
    lab.expect_nothing_lost("dc")


SCENARIOS = [
    only_the_active_site_comes_back_and_a_start_brings_it_up_without_losing_anything,
    where_a_person_confirms_a_start_opens_what_waits_after_a_boot,
]
