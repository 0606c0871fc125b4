// The break-glass bundle: one runbook for each situation, the same bytes from the same
// configuration, stored whole on a host, and missed by `ready` when it is not the current one.
#include "planner/bundle.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "components/script_runner.h"
#include "components/site.h"
#include "planner/recorder.h"

namespace switchback {
namespace {

Bundle bundle_of(const Application& application) {
  auto bundle = make_bundle(recorder_catalogue(), application);
  EXPECT_TRUE(bundle) << bundle.error().message;
  return bundle.value_or(Bundle{});
}

TEST(Bundle, has_a_runbook_for_each_situation_and_a_page_that_names_them) {
  const Bundle bundle = bundle_of(recorder_application());
  ASSERT_EQ(bundle.files.size(), 7u);
  const std::string& page = bundle.files.back().text;
  EXPECT_EQ(bundle.files.back().name, "README.md");
  for (const char* name : {"switchover-to-dr.sh", "failback-to-dc.sh", "failover-to-dr.sh",
                           "failover-to-dc.sh", "reprotect-dc.sh", "reprotect-dr.sh"}) {
    EXPECT_NE(std::ranges::find(bundle.files, name, &BundleFile::name), bundle.files.end()) << name;
    EXPECT_NE(page.find(name), std::string::npos) << name;
  }
  EXPECT_NE(page.find("ssh -p 22 ops@10.77.1.10"), std::string::npos);
  EXPECT_EQ(bundle_of(recorder_application()).manifest, bundle.manifest);
}

TEST(Bundle, ready_is_red_while_a_host_holds_none_or_another) {
  Application application = recorder_application();
  const std::string manifest = bundle_of(application).manifest;
  Snapshot snapshot = recorder_snapshot(application);
  for (const Host& host : application.all_hosts()) {
    Facts& facts = snapshot.facts[observation_key("host", host.key)];
    facts.values["guard"] = guard_version();
    facts.values["runbook"] = manifest;
  }
  const auto findings = [&] {
    return runbook_findings(recorder_catalogue(), application, snapshot);
  };
  EXPECT_TRUE(findings().empty());
  snapshot.facts[observation_key("host", "dr/db")].values.erase("runbook");
  ASSERT_EQ(findings().size(), 1u);
  EXPECT_EQ(findings()[0].finding.level, Finding::Level::blocking);
  EXPECT_EQ(findings()[0].finding.fix, "switchback runbook serviceops --publish");
  snapshot.facts[observation_key("host", "dr/db")].values["runbook"] = manifest;
  application.config_hash = "another";
  ASSERT_EQ(findings().size(), 4u);
  EXPECT_NE(findings()[0].finding.text.find("another configuration"), std::string::npos);
  // A host that is not adopted, or does not answer, is another finding's.
  snapshot.facts[observation_key("host", "dc/db")].reachable = false;
  snapshot.facts[observation_key("host", "dc/app")].values.erase("guard");
  EXPECT_EQ(findings().size(), 2u);
}

TEST(Bundle, is_stored_whole_or_not_at_all) {
  const TemporaryFolder folder;
  const std::map<std::string, std::string> environment{{"SB_STATE", folder.path() + "/state"}};
  const Bundle bundle = bundle_of(recorder_application());
  const std::string stream = bundle_stream(bundle);
  EXPECT_EQ(run_script("site_runbook_is", {bundle.manifest}, environment).exit_code, 1);
  EXPECT_EQ(run_script("site_runbook", {bundle.manifest}, environment,
                       stream.substr(0, stream.size() - 200))
                .exit_code,
            1);
  EXPECT_EQ(run_script("site_runbook_is", {bundle.manifest}, environment).exit_code, 1);
  const auto stored = run_script("site_runbook", {bundle.manifest}, environment, stream);
  EXPECT_EQ(stored.exit_code, 0) << stored.err;
  EXPECT_EQ(run_script("site_runbook_is", {bundle.manifest}, environment).exit_code, 0);
  const auto same = run_words({"cat", folder.path() + "/state/runbook/failover-to-dr.sh"}, {});
  EXPECT_EQ(same.out, bundle.files[2].text);
  EXPECT_EQ(
      run_words({"test", "-x", folder.path() + "/state/runbook/failover-to-dr.sh"}, {}).exit_code,
      0);
}

}  // namespace
}  // namespace switchback
