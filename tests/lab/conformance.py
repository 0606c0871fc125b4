"""The conformance table (tests/sim/conformance.cc) on the real hosts."""

import lab
import switchback

CONFIGURATION = "/root/conformance.yaml"
TESTS = "/opt/switchback/switchback_tests"
CLAIM_NAME = "serviceops.example.test"
KEY = "/etc/switchback/serviceops-dns.key"


def make_dns_new():
    """As the example's zone begins: the suite has a store of its own, so the name must not hold a claim of
    another one, and not the short time to live that other scenarios leave behind."""
    lab.shell("ctl", f"printf 'server {lab.ADDRESS['ns1']}\\nzone example.test\\n"
                     f"update delete _switchback.{CLAIM_NAME} TXT\\nupdate delete {CLAIM_NAME} A\\n"
                     f"update add {CLAIM_NAME} 30 A {lab.ADDRESS['dc-app']}\\nsend\\n' | nsupdate -k {KEY}")


def the_conformance_table_holds_on_the_hosts():
    # The time to live as the example has it: the suite's other scenarios keep it short, and lower nothing.
    lab.shell("ctl", f"sed 's/ttl: 5s/ttl: 30s/' /etc/switchback/serviceops.yaml >{CONFIGURATION}")
    switchback.operate("release")
    make_dns_new()
    try:
        answer = lab.on("ctl", "env", f"SWITCHBACK_LAB_CONFIG={CONFIGURATION}", TESTS,
                        "--gtest_filter=Conformance.the_table_holds_on_real_hosts", code=None, timeout=500)
        lab.expect("[  PASSED  ] 1 test." in answer.out, f"the table does not hold:\n{answer.out[-16000:]}")
    finally:
        make_dns_new()
        switchback.operate("adopt")
    return "every step of adopt, abort, switchover, failback and release"
