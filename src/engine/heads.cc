#include "engine/heads.h"

#include "engine/ask.h"

namespace switchback {

std::vector<std::string> keep_head(Shell& shell, Clock& clock, Store& store,
                                   const std::string& application, const std::vector<Host>& hosts,
                                   const std::string& body, Milliseconds bound) {
  const auto head = store.head(application);
  if (!head) return {};
  shell.connect(hosts);
  std::vector<ShellRequest> requests;
  for (const Host& host : hosts) {
    requests.push_back(question(
        host.key, application, "journal_head", body,
        {store.store_id(), std::to_string(head->run), std::to_string(head->sequence), head->hash},
        bound));
  }
  const auto answers = ask(shell, clock, requests, bound);
  std::vector<std::string> kept;
  for (size_t i = 0; i < hosts.size(); ++i) {
    const bool done = answers[i].status == AnswerStatus::ended && answers[i].exit_code == 0;
    if (done) kept.push_back(hosts[i].key);
  }
  return kept;
}

}  // namespace switchback
