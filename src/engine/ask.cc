#include "engine/ask.h"

#include <fmt/format.h>

namespace switchback {

ShellRequest question(const std::string& host, const std::string& application,
                      const std::string& script, const std::string& body,
                      std::vector<std::string> arguments, Milliseconds bound) {
  ShellRequest request;
  request.host = host;
  request.application = application;
  request.step = script;
  request.apply.script = script;
  request.apply.body = body;
  request.apply.arguments = std::move(arguments);
  request.bound = bound;
  return request;
}

std::vector<Answer> ask(Shell& shell, Clock& clock, const std::vector<ShellRequest>& requests,
                        Milliseconds bound) {
  std::vector<Answer> answers(requests.size());
  std::map<RequestId, size_t> waiting;
  for (size_t i = 0; i < requests.size(); ++i) {
    answers[i].err = fmt::format("no answer within {}", duration_text(bound));
    waiting[shell.start(requests[i])] = i;
  }
  const Instant deadline = clock.now() + bound;
  while (!waiting.empty()) {
    const auto event = shell.next_event(deadline);
    if (!event) break;
    const auto found = waiting.find(event->request);
    if (found == waiting.end() || event->kind != ShellEvent::Kind::answer) continue;
    answers[found->second] = event->answer;
    waiting.erase(found);
  }
  for (const auto& [id, place] : waiting) shell.cancel(id);
  return answers;
}

}  // namespace switchback
