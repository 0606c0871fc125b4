// What lies on a host's disk at the moment when its power is cut: seen in a copy of the disk, which
// lacks whatever only memory holds.
#include <sys/mount.h>

#include "world/runner_fixture.h"

namespace switchback {
namespace {

constexpr std::string_view claim_publish =
#include "shell/claim_publish.inc"
    ;

int sh(const std::string& line) {
  return std::system(line.c_str());
}

class PowerCut : public RunnerInShell {
 protected:
  void SetUp() override {
    if (sh("mkdir " + state + " " + found + " && truncate -s 16M " + disk + " && mkfs.ext4 -q " +
           disk + " && mount -o loop " + disk + " " + state) != 0) {
      GTEST_SKIP() << "NOT TESTED: a power cut needs root and loop devices, to copy a disk";
    }
  }
  void TearDown() override {
    host.real.reset();
    if (IsSkipped()) return;
    EXPECT_EQ(umount2(state.c_str(), MNT_DETACH), 0);
  }
  // From here on as on a file system that does not write through.
  void write_through_no_longer() {
    EXPECT_EQ(read_text(host.scratch / "run/shop/through"), "ext4\n");
    write_text(host.scratch / "run/shop/through", "");
    EXPECT_EQ(sh("chattr -S " + host.state("receipts")), 0);
  }
  std::string copy() const { return disk + ".cut"; }
  void cut() { EXPECT_EQ(sh("cp " + disk + " " + copy()), 0); }
  std::string after_the_cut(const std::string& file) {
    EXPECT_EQ(sh("mount -o loop " + copy() + " " + found), 0);
    const auto text = read_text(found + "/shop/" + file);
    EXPECT_EQ(sh("umount " + found), 0);
    return text;
  }

  // Publishes a claim, and looks for it on the disk right after the answer.
  void expect_durable_claim(int64_t epoch, const std::string& site) {
    auto request = host.effect("publishing", 1, "");
    request.guarding = Guarding::publish;
    request.epoch = epoch;
    request.apply = {"claim_publish",
                     std::string(claim_publish),
                     {std::to_string(epoch), "c5", "store", "7", "files=" + site},
                     ""};
    EXPECT_EQ(verdict(host.run(request)), "ended 0");
    cut();
    EXPECT_EQ(after_the_cut("claim"),
              std::to_string(epoch) + " c5 store 7\nactive files " + site + "\n");
  }

  const std::string disk = host.scratch / "disk";
  const std::string state = host.scratch / "state";
  const std::string found = host.scratch / "found";
};

INSTANTIATE_TEST_SUITE_P(Shells, PowerCut, each_shell(), shell_name);

TEST_P(PowerCut, finds_the_start_on_the_disk_before_the_command_begins) {
  for (const std::string step : {"through", "synced"}) {
    if (step == "synced") write_through_no_longer();
    const std::string log = "receipts/7." + step + ".log";
    auto request = host.effect(step, 1, "cp \"$1\" \"$2\"; echo out");
    request.apply.arguments = {disk, copy()};
    EXPECT_EQ(verdict(host.run(request)), "ended 0");
    EXPECT_EQ(after_the_cut(log), "\nstart 7." + step + ".1 5 7 .\n");
    EXPECT_TRUE(wait_until([&] {
      cut();
      return after_the_cut(log).find("\nend 7." + step + ".1 ended 0 1 ") != log.npos;
    })) << "the end follows the answer";
  }
}

TEST_P(PowerCut, finds_the_claim_on_the_disk_when_its_publication_has_answered) {
  // Over a file that was written through, ext4 writes a move through, too: hence twice without.
  for (int64_t epoch = 6; epoch <= 8; ++epoch) {
    if (epoch == 7) write_through_no_longer();
    expect_durable_claim(epoch, epoch % 2 == 0 ? "dr" : "dc");
  }
}

TEST_P(PowerCut, finds_the_claim_although_receipts_lie_on_a_disk_of_their_own) {
  const std::string receipts = host.state("receipts");
  const std::string other = disk + ".other";
  ASSERT_EQ(sh("mkdir -p " + receipts + " && truncate -s 16M " + other + " && mkfs.ext4 -q " +
               other + " && mount -o loop " + other + " " + receipts),
            0);
  expect_durable_claim(6, "dr");
  expect_durable_claim(7, "dc");
  host.real.reset();
  EXPECT_EQ(umount2(receipts.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace switchback
