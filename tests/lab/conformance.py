"""The conformance table (tests/sim/conformance.cc) on the real hosts."""

import lab
import switchback

CONFIGURATION = "/root/conformance.yaml"
TESTS = "/opt/switchback/switchback_tests"
CLAIM_NAME = "serviceops.example.test"
KEY = "/etc/switchback/serviceops-dns.key"


def forget_the_claim_in_dns():
    """The suite has a store of its own, so the name must not hold a claim of another one."""
    lab.shell("ctl", f"printf 'server {lab.ADDRESS['ns1']}\\nzone example.test\\n"
                     f"update delete _switchback.{CLAIM_NAME} TXT\\nsend\\n' | nsupdate -k {KEY}")


def the_conformance_table_holds_on_the_hosts():
    # The time to live as the example has it: the suite's other scenarios keep it short, and lower nothing.
    lab.shell("ctl", f"sed 's/ttl: 5s/ttl: 30s/' /etc/switchback/serviceops.yaml >{CONFIGURATION}")
    switchback.operate("release")
    forget_the_claim_in_dns()
    try:
        answer = lab.on("ctl", "env", f"SWITCHBACK_LAB_CONFIG={CONFIGURATION}", TESTS,
                        "--gtest_filter=Conformance.the_table_holds_on_real_hosts", code=None, timeout=500)
        lab.expect("[  PASSED  ] 1 test." in answer.out, f"the table does not hold:\n{answer.out[-4000:]}")
    finally:
        forget_the_claim_in_dns()
        switchback.operate("adopt")
    return "every step of adopt, abort, switchover, failback and release"
