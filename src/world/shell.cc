#include "world/shell.h"

namespace switchback {

std::string_view answer_status_text(AnswerStatus status) {
  switch (status) {
    case AnswerStatus::ended:
      return "ended";
    case AnswerStatus::timed_out:
      return "timed_out";
    case AnswerStatus::stalled:
      return "stalled";
    case AnswerStatus::busy:
      return "busy";
    case AnswerStatus::stale:
      return "stale";
    case AnswerStatus::interrupted:
      return "interrupted";
    case AnswerStatus::no_receipt:
      return "no_receipt";
    case AnswerStatus::unreachable:
      return "unreachable";
    case AnswerStatus::lost:
      return "lost";
    case AnswerStatus::refused:
      return "refused";
  }
  return "lost";
}

}  // namespace switchback
