// The files scripts (components/files/*.sh): a tree is a map from file to content. Data never flows
// from a lower claim to a higher one, nor from a side that the claim does not call active.
#include <fmt/format.h>

#include <cstdlib>

#include "world/sim/units.h"

namespace switchback {
namespace {

// MODE RUN COMPONENT SOURCE PEER PORT BECOME KEY SHRINK NEXCLUDES EXCLUDE… PATH…
struct FilesCall {
  std::string mode, run, component, source;
  SimulatedHost* peer = nullptr;  // null: beyond reach
  std::vector<std::string> paths;
  SimulatedAppState& state;

  std::string& record(const std::string& name) { return state.files[component + "." + name]; }
};

FilesCall files_call(ScriptCall& call) {
  FilesCall files{call.argument(0),
                  call.argument(1),
                  call.argument(2),
                  call.argument(3),
                  nullptr,
                  {},
                  call.host.apps[call.application]};
  const std::string& peer = call.argument(4);
  SimulatedHost* there = call.world.host_at(peer.substr(peer.find('@') + 1));
  if (there != nullptr && call.world.talk(call.host.key, there->key)) files.peer = there;
  const auto excludes = static_cast<size_t>(std::atoi(call.argument(9).c_str()));
  for (size_t i = 10 + excludes; i < call.arguments.size(); ++i) {
    files.paths.push_back(call.arguments[i]);
  }
  return files;
}

// Why data may not flow from the peer to this host; empty when it may.
std::string direction_refusal(const ScriptCall& call, FilesCall& files) {
  const auto& mine = files.state.claim;
  const auto& theirs = files.peer->apps[call.application].claim;
  const int64_t epoch = mine ? mine->epoch : 0;
  const int64_t their_epoch = theirs ? theirs->epoch : 0;
  if (their_epoch < epoch) return "the peer holds an older claim";
  if (theirs && mine && their_epoch == epoch && theirs->claim_id != mine->claim_id) {
    return "the peer holds another claim";
  }
  if (theirs) {
    const auto active = theirs->active.find(files.component);
    if (active != theirs->active.end() && active->second != files.source) {
      return "the component is active elsewhere";
    }
  }
  return call.host.site == files.source ? "this host belongs to the source itself" : "";
}

std::string claim_epoch(const FilesCall& files) {
  return std::to_string(files.state.claim ? files.state.claim->epoch : 0);
}

void record_origin(ScriptCall& call, FilesCall& files) {
  files.record("origin") = files.source + " " + claim_epoch(files);
  files.record("at") = std::to_string(call.world.now().time_since_epoch().count());
}

ScriptResult access(ScriptCall& call) {
  FilesCall files = files_call(call);
  if (files.peer == nullptr) return {1, "", "this host cannot log in to its peer", {}, ""};
  const std::string refusal = direction_refusal(call, files);
  return {refusal.empty() ? 0 : 1, "", refusal, {}, ""};
}

ScriptResult pull(ScriptCall& call) {
  FilesCall files = files_call(call);
  if (files.peer == nullptr) return {1, "", "no connection", {}, ""};
  if (const auto refusal = direction_refusal(call, files); !refusal.empty()) {
    return {1, "", refusal, {}, ""};
  }
  if (call.host.disk_full) return {1, "", "rsync ended with 11", {}, ""};
  if (call.stage == 0) files.record("synced").clear();
  const auto stage = static_cast<size_t>(call.stage);
  if (stage < files.paths.size()) {
    // One tree after the other: a crash between leaves the rest as it was.
    call.host.trees[files.paths[stage]] = files.peer->trees[files.paths[stage]];
    return {0, "", "", Milliseconds(40), files.paths[stage]};
  }
  record_origin(call, files);
  files.record("synced") = files.mode + " " + files.run;
  return {0, "changed=0\ndeleted=0\nbytes=0\n", "", {}, ""};
}

ScriptResult equal(ScriptCall& call) {
  FilesCall files = files_call(call);
  if (files.record("synced") != files.mode + " " + files.run) {
    return {1, "", "no pass of this run yet", {}, ""};
  }
  if (files.peer == nullptr) return {2, "", "no connection", {}, ""};
  if (files.mode == "final") {
    for (const std::string& path : files.paths) {
      if (call.host.trees[path] != files.peer->trees[path]) {
        return {1, "", "not equal below " + path, {}, ""};
      }
    }
  }
  return {0, "files=1\nchanged=0\nbytes=0\n", "", {}, ""};
}

ScriptResult last_sync(ScriptCall& call) {
  FilesCall files = files_call(call);
  const bool safe = files.peer != nullptr && direction_refusal(call, files).empty();
  if (safe) {
    for (const std::string& path : files.paths) {
      // Nothing is deleted: the other side may be half dead.
      for (const auto& [file, content] : files.peer->trees[path]) {
        call.host.trees[path][file] = content;
      }
    }
    record_origin(call, files);
  }
  return {0,
          fact_line("synced", safe ? "yes" : "no") +
              "reason=-\nloss_upper_bound_s=" + (safe ? "0" : "60") + "\n",
          "",
          {},
          ""};
}

ScriptResult compare(ScriptCall& call) {
  if (files_call(call).peer == nullptr) return {2, "", "no connection", {}, ""};
  return {0, "compared=1\ndamaged=0\nmissing=0\n", "", {}, ""};
}

ScriptResult follow(ScriptCall& call) {
  FilesCall files = files_call(call);
  if (files.peer == nullptr) return {1, "", "no connection", {}, ""};
  if (const auto refusal = direction_refusal(call, files); !refusal.empty()) {
    return {1, "", refusal, {}, ""};
  }
  record_origin(call, files);
  return {};
}

ScriptResult follows(ScriptCall& call) {
  FilesCall files = files_call(call);
  const bool so = files.record("origin") == files.source + " " + claim_epoch(files);
  return {so ? 0 : 1, "", "", {}, ""};
}

ScriptResult salvage(ScriptCall& call) {
  FilesCall files = files_call(call);
  if (files.peer == nullptr) return {1, "", "no connection", {}, ""};
  if (const auto refusal = direction_refusal(call, files); !refusal.empty()) {
    return {1, "", refusal, {}, ""};
  }
  if (call.host.disk_full) return {1, "", "make room", {}, ""};
  std::string saved = "files ";
  for (const std::string& path : files.paths) {
    for (const auto& [file, content] : call.host.trees[path]) {
      const auto there = files.peer->trees[path].find(file);
      const bool same = there != files.peer->trees[path].end() && there->second == content;
      if (!same) saved += file + " ";
    }
  }
  files.state.files["salvage." + files.run + "." + files.component] = saved + "end";
  return {};
}

ScriptResult salvaged(ScriptCall& call) {
  FilesCall files = files_call(call);
  const auto found = files.state.files.find("salvage." + files.run + "." + files.component);
  if (found == files.state.files.end()) return {1, "", "nothing salvaged yet", {}, ""};
  return {0, "files=0\nbytes=0\npath=/var/lib/switchback/salvage\nsha256=0123abcd\n", "", {}, ""};
}

ScriptResult observe(ScriptCall& call) {
  FilesCall files = files_call(call);
  std::string out = fact_line("paths", std::to_string(files.paths.size()));
  int n = 0;
  for (const std::string& path : files.paths) {
    const std::string prefix = fmt::format("path.{}", ++n);
    out += fact_line(prefix, path) + fact_line(prefix + ".state", "present") +
           fact_line(prefix + ".mount", "/") +
           fact_line(prefix + ".files", std::to_string(call.host.trees[path].size())) +
           fact_line(prefix + ".bytes", "1000") + fact_line(prefix + ".free_kb", "90000000") +
           fact_line(prefix + ".there", "/");
  }
  const std::string& origin = files.record("origin");
  out += fact_line("origin_source", origin.substr(0, origin.find(' ')));
  if (!origin.empty())
    out += "last_good_s=1\nlast_good_age_s=10\nlast_age_s=10\nlast_result=done\n";
  out += fact_line("access", files.peer == nullptr ? "no connection" : "yes");
  return {0, out + "clock_offset_ms=0\n", "", {}, ""};
}

}  // namespace

ScriptTable files_models() {
  return {{"files_access", {Milliseconds(60), access}},
          {"files_pull", {Milliseconds(80), pull}},
          {"files_equal", {Milliseconds(60), equal}},
          {"files_last_sync", {Milliseconds(100), last_sync}},
          {"files_compare", {Milliseconds(200), compare}},
          {"files_follow", {Milliseconds(60), follow}},
          {"files_follows", {Milliseconds(5), follows}},
          {"files_salvage", {Milliseconds(100), salvage}},
          {"files_salvaged", {Milliseconds(10), salvaged}},
          {"files_observe", {Milliseconds(80), observe}}};
}

}  // namespace switchback
