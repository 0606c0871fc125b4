#include "components/component.h"

#include "base/check.h"

namespace switchback {

std::string_view hook_text(Hook hook) {
  switch (hook) {
    case Hook::prepare:
      return "prepare";
    case Hook::stop:
      return "stop";
    case Hook::sync:
      return "sync";
    case Hook::promote:
      return "promote";
    case Hook::start:
      return "start";
    case Hook::verify:
      return "verify";
    case Hook::follow:
      return "follow";
    case Hook::salvage:
      return "salvage";
    case Hook::rebuild:
      return "rebuild";
    case Hook::refresh:
      return "refresh";
    case Hook::finish:
      return "finish";
  }
  return "unknown";
}

std::string HookContext::host(std::string_view site) const {
  const Host* found = application.find_host(site, json_text(options(site), "host"));
  SWITCHBACK_CHECK(found != nullptr, "the configuration's host roles were checked by its reader");
  return found->key;
}

}  // namespace switchback
