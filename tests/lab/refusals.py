"""What Switchback does not do: it says why, names the next step, and leaves everything as it was."""

import json
import time

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


def a_frozen_host_is_refused_in_time_and_nothing_has_changed():
    before = situation()
    lab.verb("freeze", "dr-db")
    try:
        answer = switchback.operate("switchover", code=1, timeout=60)
    finally:
        lab.verb("thaw", "dr-db")
    expect("dr/db" in answer.err, "the refusal does not name the host that does not answer")
    nothing_has_changed(before)


def a_host_that_babbles_is_refused_in_time_and_nothing_has_changed():
    """Its logins answer words without an end, zeroes without an end, a little noise, or nothing."""
    before = situation()
    kept = "/etc/ssh/sshd_config.d/babble.conf"
    took = []
    try:
        for words in ("yes garbage", "cat /dev/zero", "head -c 300 /dev/urandom", "sleep 3600"):
            lab.shell("dr-db", 'echo "ForceCommand $1" >"$2" && systemctl reload ssh', words, kept)
            since = time.monotonic()
            # In a tenth of the memory that gigabytes would take.
            limited = lab.on("ctl", "prlimit", "--as=400000000", "switchback", "switchover",
                             "serviceops", "--yes", timeout=60, code=1)
            took.append(time.monotonic() - since)
            expect("dr/db" in limited.text, f"`{words}`: the refusal does not name the host")
            ready = switchback.command("ready", "serviceops", code=1, timeout=60)
            expect("dr/db" in ready.text, f"`{words}`: ready does not name the host")
            nothing_has_changed(before)
    finally:
        lab.shell("dr-db", 'rm -f "$1" && systemctl reload ssh', kept)
    switchback.expect_protected("dc")
    return "refused after " + ", ".join(f"{seconds:.1f} s" for seconds in took)


BAD_USAGE = (
    "fly serviceops", "up", "up mars", "status serviceops --xml", "exec serviceops mars -- true",
    "exec serviceops ctl", "cut serviceops dc", "cut serviceops dc mars", "heal serviceops",
    "power-off serviceops", "power-on serviceops mars", "freeze serviceops dc", "thaw serviceops",
    "fill serviceops dc-app /usr", "unfill serviceops dc-app",
)


def the_lab_answers_bad_usage_with_where_help_is():
    for words in BAD_USAGE:
        answer = lab.say([lab.LAB, *words.split()], code=2)
        expect("try: lab help" in answer.err, f"`lab {words}` does not say where help is")
    words = lab.say([lab.LAB, "help"]).out
    for name in ("up", "down", "status", "exec", "cut", "heal", "power-off", "power-on", "freeze",
                 "fill"):
        expect(f"\n  {name} " in words, f"`lab help` does not name {name}")
    up = json.loads(lab.verb("status", "--json").out)
    expect(up["up"] and not up["cuts"], f"the lab's status is {up}")


def an_unreachable_name_server_is_named_and_the_run_goes_on_without_the_cut():
    lab.start_load("dc")
    before = situation()
    lab.verb("cut", "--both", "ctl", "ns2")
    answer = switchback.operate("switchover", code=1)
    expect(f"{lab.ADDRESS['ns2']} does not answer; next: " in answer.text,
           "the refusal does not name the server and the next step")
    nothing_has_changed(before)
    lab.verb("heal", "all")

    follower = switchback.follow("switchover")
    follower.until("step_started", "services.stop")
    lab.verb("cut", "--both", "ctl", "ns2")
    expect(follower.finish(300) == 4, "the run was not held")
    watch = switchback.command("run", "watch", str(follower.run), code=4)
    expect(lab.ADDRESS["ns2"] in watch.text, "the words do not name the server")
    expect(f"run retry {follower.run} address.point" in watch.text,
           "the words do not name the next step")
    lab.verb("heal", "all")
    switchback.command("run", "retry", str(follower.run), "address.point")
    expect(switchback.report(follower.run)["result"] == "done", "the run did not end")
    switchback.expect_protected("dr")
    switchback.come_home()


def a_full_disk_at_the_target_stops_the_move_before_anything_is_stopped():
    """Seen beforehand where the sizes tell; noticed by the copy itself where they do not: files of
    2 KiB take a block of 4 KiB each."""
    # The system's own cron line copies the same files every five minutes, and would make them fit.
    lab.on("dc-app", "systemctl", "stop", "cron")
    switchback.sync()
    before = situation()
    lab.verb("fill", "dr-app", "/opt/flotomate")
    try:
        lab.start_load("dc", rate=40)
        lab.wait_for_acks("dc", 300)
        answer = switchback.operate("switchover", code=1)
        expect("dr/app lacks" in answer.text, "the refusal does not speak of room")
        new_bytes = lab.acks()["dc"] * 2048
        lab.shell("dr-app", f"truncate -s -{new_bytes * 7 // 5} /opt/flotomate/.lab-fill")
        answer = switchback.operate("switchover", code=4, timeout=300)
        run = switchback.newest_run()
        expect("attachments.bulk is failed" in answer.text and "No space" in answer.text,
               "nothing says that the files could not be copied, and why: " + answer.text[-1500:])
        stopped = switchback.step_of(switchback.report(run), "services.stop")
        expect(stopped["status"] == "pending", f"services.stop is {stopped['status']}")
        nothing_has_changed(before)
        lab.wait_for_acks("dc")
    finally:
        lab.verb("unfill", "dr-app", "/opt/flotomate")
        lab.on("dc-app", "systemctl", "start", "cron")
    switchback.command("run", "retry", str(run), "attachments.bulk")
    expect(switchback.report(run)["result"] == "done", "the run does not go on with room")
    switchback.expect_protected("dr")
    switchback.come_home()


def keep_store(folder):
    """As somebody would back it up, while nobody performs a run."""
    lab.shell("ctl", 'rm -rf "$1" && cp -a /var/lib/switchback "$1" && rm -f "$1"/runs/*', folder)


def a_controller_with_an_old_store_is_refused():
    """The store as it was before a move and the way back, so that the words on the hosts match it
    again; and as it was in the middle of that move. Once a person has resolved it, the old store is
    an ordinary one again, and the newer one is refused."""
    keep_store("/root/before")
    run = switchback.kill_at("switchover", "step_started", "services.stop")
    keep_store("/root/amid")
    switchback.command("run", "resume", str(run))
    switchback.expect_protected("dr")
    switchback.go_to("dc")
    switchback.expect_protected("dc")
    before = situation()
    for folder, words in (("/root/before", ("switchover", "serviceops", "--yes")),
                          ("/root/before", ("sync", "serviceops", "--yes")),
                          ("/root/amid", ("run", "resume", str(run)))):
        refused = switchback.command(*words, "--state", folder, code=1, timeout=30)
        expect(f"holds {before[0]} (" in refused.err or f"holds claim {before[0]} (" in refused.err,
               f"`{' '.join(words)}` with an old store does not name the claim of the hosts")
        expect("switchback resolve serviceops" in refused.err,
               f"`{' '.join(words)}` with an old store names no next step")
        nothing_has_changed(before)
    keep_store("/root/newer")
    lab.shell("ctl", "find /var/lib/switchback -mindepth 1 -delete && "
              "cp -a /root/before/. /var/lib/switchback/")
    resolution = switchback.resolve("dc")
    expect(resolution > run, f"run {resolution} is below run {run}, which the hosts have seen")
    expect((lab.main_pids("dc-app"), lab.timeline("dc-db")) == before[1:],
           "the resolution has touched what runs")
    switchback.go_to("dr")
    switchback.command("sync", "serviceops", "--yes", "--state", "/root/newer", code=1, timeout=30)
    switchback.go_to("dc")
    switchback.expect_protected("dc")
    switchback.expect_audited()
    lab.shell("ctl", "rm -rf /root/before /root/amid /root/newer")
