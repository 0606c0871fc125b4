#include "planner/price.h"

#include <algorithm>

namespace switchback {
namespace {

constexpr Milliseconds guessed_rewind{10'000};
constexpr Milliseconds guessed_copy{30'000};
constexpr int64_t guessed_bytes_per_second = 50 << 20;

bool is(const Facts& facts, std::string_view name, std::string_view value) {
  return facts.get(name) == std::optional<std::string>(value);
}

// From there the other side was reached, just then.
bool reached_the_active_side(const Facts& look) {
  return look.reachable && (is(look, "replication_access", "yes") || is(look, "access", "yes"));
}

std::vector<Vantage> vantages_of(const Application& application, const Snapshot& snapshot,
                                 const std::string& active) {
  std::vector<Vantage> vantages;
  const auto age = [&](const Facts& facts) {
    return Milliseconds(std::max<int64_t>(0, snapshot.now_ms - facts.looked_at_ms));
  };
  for (const Host& host : application.site(active).hosts) {
    const Facts& facts = snapshot.of("host", host.key);
    if (facts.looked_at_ms == 0 && facts.observed_at_ms == 0) continue;
    vantages.push_back(
        {"controller", host.key, host_answers(snapshot, host.key), age(facts), facts.why});
  }
  for (const Component& component : application.components) {
    for (const Host& host : application.other_site(active).hosts) {
      const Facts& facts = snapshot.of(component.name, host.key);
      const auto access =
          facts.get("replication_access") ? facts.get("replication_access") : facts.get("access");
      // What that host saw earlier says nothing about now.
      if (!facts.reachable || !access) continue;
      vantages.push_back({host.key, active + "'s " + component.name, *access == "yes", age(facts),
                          *access == "yes" || *access == "no" ? "" : *access});
    }
  }
  return vantages;
}

ActiveState state_of(const Application& application, const Snapshot& snapshot, const Price& price) {
  size_t answering = 0;
  bool known = false;
  bool heard = false;
  const auto& hosts = application.site(price.active).hosts;
  for (const Host& host : hosts) {
    const Facts& facts = snapshot.of("host", host.key);
    answering += host_answers(snapshot, host.key);
    known = known || facts.observed_at_ms != 0;
  }
  for (const Vantage& vantage : price.vantages) {
    heard = heard || (vantage.answers && vantage.from != "controller");
  }
  if (answering == hosts.size()) return ActiveState::answers;
  if (answering > 0) return ActiveState::partly;
  if (heard) return ActiveState::cut_off;
  return known ? ActiveState::silent : ActiveState::unknown;
}

std::optional<Outage> outage_of(const Application& application, const Snapshot& snapshot,
                                const Price& price) {
  if (price.state == ActiveState::answers || price.state == ActiveState::unknown) {
    return std::nullopt;
  }
  Outage outage;
  for (const Host& host : application.site(price.active).hosts) {
    const Facts& facts = snapshot.of("host", host.key);
    if (host_answers(snapshot, host.key)) continue;
    outage.last_answer_ms = std::max(outage.last_answer_ms, facts.observed_at_ms);
    outage.since_ms = std::max(outage.since_ms, facts.away_since_ms);
  }
  const auto since = [&](int64_t ms) {
    return Milliseconds(std::max<int64_t>(0, snapshot.now_ms - ms));
  };
  if (outage.since_ms != 0) outage.at_least = since(outage.since_ms);
  if (outage.last_answer_ms != 0) outage.at_most = since(outage.last_answer_ms);
  return outage;
}

// Until which moment of the active side one look proves that the standby has everything; 0: it
// proves nothing. `live`: the active side was reached in the same look.
int64_t current_until(const Facts& look, bool live) {
  int64_t until = 0;
  if (const auto age = look.integer("last_good_age_s")) until = look.observed_at_ms - *age * 1000;
  if (const auto age = look.integer("replay_age_ms")) {
    until = std::max(until, look.observed_at_ms - *age);
  }
  const auto lag = look.integer("lag_ms");
  const auto receiver = look.get("receiver");
  // Without a stream the lag only says that what had come is replayed.
  if (!lag || (receiver && *receiver != "streaming")) return until;
  // A stream whose source died in silence calls itself streaming for a minute.
  const auto heard = look.integer("heard_ms");
  const int64_t behind = live || !heard ? *lag : std::max(*lag, *heard);
  return std::max(until, look.observed_at_ms - behind);
}

int64_t proven_until(const Snapshot& snapshot, const std::string& component,
                     const std::string& host) {
  const Facts& facts = snapshot.of(component, host);
  if (facts.observed_at_ms == 0) return 0;
  int64_t until = current_until(facts, reached_the_active_side(facts));
  for (const Facts& look : snapshot.past_of(component, host)) {
    if (reached_the_active_side(look)) until = std::max(until, current_until(look, true));
  }
  return until;
}

std::optional<int64_t> files_of(const Application& application, const Snapshot& snapshot,
                                const Component& component, const std::string& site) {
  std::optional<int64_t> files;
  for (const Host& host : application.site(site).hosts) {
    const Facts& facts = snapshot.of(component.name, host.key);
    for (int64_t n = 1; n <= facts.integer("paths").value_or(0); ++n) {
      const auto count = facts.integer("path." + std::to_string(n) + ".files");
      if (count) files = files.value_or(0) + *count;
    }
  }
  return files;
}

// Nothing reaches the standby any more, though somebody may still write at the active side.
bool is_held_up(const Component& component, const Facts& facts, const Loss& loss,
                const std::string& standby) {
  const auto receiver = facts.get("receiver");
  if (receiver && *receiver != "streaming") return true;
  const auto access = facts.get("access");
  if (access && *access != "yes") return true;
  const auto every = component.options.at(standby).find("every");
  if (every == component.options.at(standby).end() || !every->is_number_integer()) return false;
  return loss.age && loss.age->count() > 2 * every->get<int64_t>();
}

struct Currency {
  std::string component;
  int64_t until_ms = 0;
};

Loss loss_of(const Application& application, const Component& component, const Snapshot& snapshot,
             const Price& price, std::vector<Currency>& currencies) {
  Loss loss;
  loss.component = component.name;
  const bool dead = price.state == ActiveState::silent && price.outage->since_ms != 0;
  // Whoever is dead writes nothing: the loss ends with the first look that found it silent.
  const int64_t end = dead ? price.outage->since_ms : snapshot.now_ms;
  for (const Host& host : application.site(price.standby).hosts) {
    const Facts& facts = snapshot.of(component.name, host.key);
    if (facts.observed_at_ms == 0) continue;
    loss.seen = Milliseconds(std::max<int64_t>(0, snapshot.now_ms - facts.observed_at_ms));
    if (const auto bytes = facts.integer("lag_bytes")) loss.bytes = *bytes;
    const int64_t until = proven_until(snapshot, component.name, host.key);
    if (until == 0) continue;
    loss.age = Milliseconds(std::max<int64_t>(0, end - until));
    currencies.push_back({component.name, std::min(until, end)});
    loss.grows = !dead && is_held_up(component, facts, loss, price.standby);
  }
  const auto here = files_of(application, snapshot, component, price.standby);
  const auto there = files_of(application, snapshot, component, price.active);
  if (here && there) loss.files = std::max<int64_t>(0, *there - *here);
  return loss;
}

void add_losses(const Catalogue& catalogue, const Application& application,
                const Snapshot& snapshot, Price& price) {
  std::vector<Currency> currencies;
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type == nullptr || !type->schema.holds_data) continue;
    price.losses.push_back(loss_of(application, component, snapshot, price, currencies));
  }
  if (currencies.size() < 2) return;
  const auto [older, newer] = std::minmax_element(
      currencies.begin(), currencies.end(),
      [](const Currency& a, const Currency& b) { return a.until_ms < b.until_ms; });
  if (newer->until_ms == older->until_ms) return;
  price.gap =
      Gap{newer->component, older->component, Milliseconds(newer->until_ms - older->until_ms)};
}

Span span_of_past(std::vector<Milliseconds> past) {
  std::sort(past.begin(), past.end());
  return {past.front(), past[past.size() / 2], past.back()};
}

WayBack way_back_of(const Application& application, const Snapshot& snapshot,
                    const Durations& history, const std::string& active,
                    const std::string& component, const std::string& method) {
  WayBack way{component, method, std::nullopt, {}, 0, ""};
  for (const Host& host : application.site(active).hosts) {
    const Facts& facts = snapshot.of(component, host.key);
    if (const auto bytes = facts.integer("data_bytes")) way.bytes = *bytes;
    for (int64_t n = 1; n <= facts.integer("paths").value_or(0); ++n) {
      const auto bytes = facts.integer("path." + std::to_string(n) + ".bytes");
      if (bytes) way.bytes = way.bytes.value_or(0) + *bytes;
    }
  }
  const auto past = history.find(component + (method == "rewind" ? ".rewind" : ".rebuild"));
  if (past != history.end() && !past->second.empty()) {
    way.time = span_of_past(past->second);
    way.past_runs = static_cast<int>(past->second.size());
    return way;
  }
  Milliseconds guess = method == "rewind" ? guessed_rewind : guessed_copy;
  if (method == "rebuild" && way.bytes) {
    guess = Milliseconds(1'000 + *way.bytes * 1000 / guessed_bytes_per_second);
  }
  way.time = {guess / 2, guess, guess * 2};
  return way;
}

void add_way_back(const Catalogue& catalogue, const Application& application,
                  const Snapshot& snapshot, const std::vector<Finding>& findings,
                  const Durations& history, Price& price) {
  for (const Component& component : application.components) {
    const ComponentType* type = catalogue.find_type(component.type);
    if (type == nullptr || !type->schema.holds_data) continue;
    std::string method;
    for (const Finding& finding : findings) {
      if (finding.subject == component.name && !finding.way_back.empty()) method = finding.way_back;
    }
    if (method.empty()) continue;
    price.way_back.push_back(
        way_back_of(application, snapshot, history, price.active, component.name, method));
  }
}

}  // namespace

std::string_view active_state_text(ActiveState state) {
  switch (state) {
    case ActiveState::answers:
      return "answers";
    case ActiveState::partly:
      return "partly";
    case ActiveState::cut_off:
      return "cut_off";
    case ActiveState::silent:
      return "silent";
    case ActiveState::unknown:
      return "unknown";
  }
  return "unknown";
}

bool host_answers(const Snapshot& snapshot, const std::string& host) {
  for (const auto& [key, facts] : snapshot.facts) {
    if (facts.reachable && key.ends_with("@" + host)) return true;
  }
  return false;
}

Price price_of(const Catalogue& catalogue, const Application& application, const Snapshot& snapshot,
               const std::string& active, const std::optional<Prediction>& failover,
               const std::vector<Finding>& findings, const Durations& history) {
  Price price;
  price.active = active;
  price.standby = application.other_site(active).name;
  price.vantages = vantages_of(application, snapshot, active);
  price.state = state_of(application, snapshot, price);
  price.outage = outage_of(application, snapshot, price);
  if (failover) {
    price.recovery = failover->outage;
    price.guesses = failover->guesses;
    price.gates = failover->gates;
  }
  add_losses(catalogue, application, snapshot, price);
  add_way_back(catalogue, application, snapshot, findings, history, price);
  put_into_words(application, snapshot.now_ms, price);
  return price;
}

}  // namespace switchback
