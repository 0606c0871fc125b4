"""What Switchback does not do: it says why, names the next step, and leaves everything as it was."""

import lab
import switchback
from lab import expect


def nothing_has_changed(before):
    after = (switchback.claim_epoch(), lab.main_pids("dc-app"), lab.timeline("dc-db"))
    expect(after == before, f"epoch, processes and timeline were {before} and are {after}")


def situation():
    return switchback.claim_epoch(), lab.main_pids("dc-app"), lab.timeline("dc-db")


def a_host_with_another_key_is_refused_before_anything_changes():
    before = situation()
    key = "/etc/ssh/ssh_host_ed25519_key"
    lab.shell("dr-db", f"mv {key} {key}.kept && ssh-keygen -q -t ed25519 -N '' -f {key} && "
                       "systemctl reload ssh")
    try:
        answer = switchback.operate("switchover", code=None)
        ready = switchback.command("ready", "serviceops", code=None)
    finally:
        lab.shell("dr-db", f"mv {key}.kept {key} && rm {key}.pub && systemctl reload ssh")
    expect(answer.code == 1, f"the switchover answered {answer.code} instead of 1")
    expect("host key" in answer.text.lower() and "dr/db" in answer.text,
           "the refusal does not speak of the host key of dr/db")
    expect(ready.code == 1, f"ready answered {ready.code} instead of 1")
    nothing_has_changed(before)


def an_unreachable_name_server_is_named_and_the_run_goes_on_without_the_cut():
    lab.start_load("dc")
    lab.verb("cut", "--both", "ctl", "ns2")
    answer = switchback.operate("switchover", code=4, timeout=300)
    run = switchback.newest_run()
    expect(lab.ADDRESS["ns2"] in answer.text, "the words do not name the server")
    expect(f"run retry {run} address.point" in answer.text, "the words do not name the next step")
    lab.verb("heal", "all")
    switchback.command("run", "retry", str(run), "address.point")
    expect(switchback.report(run)["result"] == "done", "the run did not end")
    switchback.expect_protected("dr")
    switchback.go_to("dc")
    lab.wait_for_acks("dc")
    lab.judge("dc")


def a_full_disk_at_the_target_stops_the_move_before_anything_is_stopped():
    before = situation()
    lab.verb("fill", "dr-app", "/opt/flotomate")
    try:
        lab.start_load("dc")
        answer = switchback.operate("switchover", code=None, timeout=300)
        run = switchback.newest_run()
        expect(answer.code in (1, 4), f"the switchover answered {answer.code}")
        expect("attachments.bulk" in answer.text, "nothing says that the files could not be copied")
        stopped = switchback.step_of(switchback.report(run), "services.stop")
        expect(stopped["status"] == "pending", f"services.stop is {stopped['status']}")
        nothing_has_changed(before)
        lab.wait_for_acks("dc")
    finally:
        lab.verb("unfill", "dr-app", "/opt/flotomate")
    if switchback.report(run)["result"]:
        switchback.go_to("dr")
    else:
        expect(switchback.carry_on(run)["result"] == "done", "the run does not go on with room")
    switchback.expect_protected("dr")
    switchback.go_to("dc")
    lab.wait_for_acks("dc")
    counts = lab.judge("dc")
    expect(counts["acknowledged"] == counts["present"], f"tickets: {counts}")


def a_controller_with_an_old_store_is_refused():
    """A copy of the store, taken in the middle of a run that the true store then brought to its
    end: neither that run nor a new one can be performed with it."""
    run = switchback.kill_at("switchover", "step_started", "attachments.bulk")
    lab.shell("ctl", "rm -rf /root/old && cp -a /var/lib/switchback /root/old && rm -f /root/old/runs/*")
    switchback.command("run", "resume", str(run))
    switchback.expect_protected("dr")
    before = (switchback.claim_epoch(), lab.main_pids("dr-app"), lab.timeline("dr-db"))
    resumed = switchback.command("run", "resume", str(run), "--state", "/root/old", code=None)
    expect(resumed.code in (1, 4), f"resuming the old store's run answered {resumed.code}")
    expect("epoch" in resumed.text or "claim" in resumed.text, "the refusal does not say why")
    again = switchback.command("switchover", "serviceops", "--yes", "--state", "/root/old", code=1)
    expect("claim" in again.text, "the refusal does not speak of the claim")
    after = (switchback.claim_epoch(), lab.main_pids("dr-app"), lab.timeline("dr-db"))
    expect(after == before, f"epoch, processes and timeline were {before} and are {after}")
    pid = switchback.executor_pid(run)
    if pid:
        switchback.kill_executor(run)
    lab.shell("ctl", "rm -rf /root/old")
    switchback.expect_protected("dr")
    switchback.go_to("dc")
