// What the files of the component type `postgresql` share: its options as the scripts take them,
// and its findings. For those files only.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "components/component.h"

namespace switchback::postgresql {

// Every script, with its body.
std::span<const NamedScript> scripts();

// The options of one side, defaults that depend on other options filled in.
struct Side {
  std::string site;
  std::string where;    // host key
  std::string address;  // at which the other side reaches this server
  std::string port;
  std::string unit;
  std::string database;
  std::string replication_user;
  std::string rewind_user;
  std::vector<std::string> cluster;  // the first eight parameters of every script
  Json options;

  int64_t integer(std::string_view name, int64_t otherwise) const;
  Milliseconds duration(std::string_view name, int64_t otherwise_ms) const;
};

Side side_of(const Application& application, const Component& component, std::string_view site);

// The unit's full name at that site: "postgresql@15-main.service".
std::string unit_of(const Component& component, std::string_view site);

// Parameters in the making: literal words and values of earlier steps.
struct Words {
  std::vector<Argument> arguments;
  Words literal(std::string word) && {
    arguments.push_back(Argument::literal(std::move(word)));
    return std::move(*this);
  }
  Words capture(std::string reference) && {
    arguments.push_back(Argument::capture(std::move(reference)));
    return std::move(*this);
  }
};

// A command about the cluster of that side; more parameters follow in `words`.
Command on(const Side& side, std::string_view script, Words words = {});

// Whole seconds for a script's bound, rounded up, at least 1.
std::string seconds(Milliseconds duration);

constexpr int64_t minute_ms = 60'000;
// What an exchange may take on top of the waiting that its script bounds itself.
constexpr Milliseconds margin{15'000};

// The steps of one hook, with what all of them need.
struct Maker {
  Hook hook;
  const HookContext& context;
  Side from;
  Side to;

  std::string id(std::string_view name) const;
  std::string capture(std::string_view step, std::string_view name) const;
  Step step(const Side& side, std::string_view name, std::string title) const;
  // The database's identity, as far as somebody has looked already; "-" compares with nothing.
  std::string known_identifier() const;
};

// lsn, timeline, system_identifier
std::vector<Capture> position();

// postgresql_move.cc: the hooks of a move, planned or not.
std::vector<Step> prepare_steps(const Maker& make);
std::vector<Step> stop_steps(const Maker& make);
std::vector<Step> sync_steps(const Maker& make);
std::vector<Step> promote_steps(const Maker& make);
std::vector<Step> compare_steps(const Maker& make);
std::vector<Step> bring_up_steps(const Maker& make);
std::vector<Step> verify_steps(const Maker& make);
std::vector<Step> finish_steps(const Maker& make);

// postgresql_return.cc: how a side becomes standby. In `salvage_steps` and `rebuild_steps` `from`
// is active and `to` lies stopped. `follow_steps`: `standby` starts, and is done when it has
// replayed what `active` wrote after the start.
std::vector<Step> follow_steps(const Maker& make, const Side& active, const Side& standby,
                               std::vector<std::string> needs);
std::vector<Step> salvage_steps(const Maker& make);
std::vector<Step> rebuild_steps(const Maker& make);

// postgresql_ready.cc
std::vector<Finding> ready(const HookContext& context);

}  // namespace switchback::postgresql
