#include "engine/heads.h"

#include <map>

namespace switchback {

std::vector<std::string> keep_head(Shell& shell, Clock& clock, Store& store,
                                   const std::string& application, const std::vector<Host>& hosts,
                                   const std::string& body, Milliseconds bound) {
  std::vector<std::string> kept;
  const auto head = store.head(application);
  if (!head) return kept;
  shell.connect(hosts);
  std::map<RequestId, std::string> waiting;
  for (const Host& host : hosts) {
    ShellRequest request;
    request.host = host.key;
    request.application = application;
    request.step = "journal_head";
    request.apply.script = "journal_head";
    request.apply.body = body;
    request.apply.arguments = {store.store_id(), std::to_string(head->run),
                               std::to_string(head->sequence), head->hash};
    request.bound = bound;
    waiting[shell.start(request)] = host.key;
  }
  const Instant deadline = clock.now() + bound;
  while (!waiting.empty()) {
    const auto event = shell.next_event(deadline);
    if (!event) break;
    const auto found = waiting.find(event->request);
    if (found == waiting.end() || event->kind != ShellEvent::Kind::answer) continue;
    if (event->answer.status == AnswerStatus::ended && event->answer.exit_code == 0) {
      kept.push_back(found->second);
    }
    waiting.erase(found);
  }
  for (const auto& [id, host] : waiting) shell.cancel(id);
  return kept;
}

}  // namespace switchback
