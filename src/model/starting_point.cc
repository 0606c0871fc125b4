#include "model/starting_point.h"

namespace switchback {

std::string_view starting_point() {
  return R"(# One application on two sites. Replace names and addresses by yours, then:
#
#   switchback check THIS_FILE     is every line right?
#   switchback ready shop          read-only: would a failover work, and what would it lose?
#
# Any option of a component may differ by site: `paths: {east: [/srv/a], west: [/data/a]}`.
# Durations have a unit: 500ms, 30s, 5m, 2h, 7d.
application: shop

# What you promise. Reports compare the measured values with these.
objectives: {data_loss: 60s, recovery_time: 10m}

# Exactly two sites. `home` never changes; which site is active does.
sites:
  east:
    home: primary
    hosts:
      # The role (app, db) is your word; components name it. The user needs ssh with a key, and
      # `sudo` without a password where it is not root. Also possible: port: 2222
      app: {address: 192.0.2.10, user: ops, become: sudo}
      db: {address: 192.0.2.20}
  west:
    home: secondary
    hosts:
      app: {address: 198.51.100.10, user: ops, become: sudo}
      db: {address: 198.51.100.20}

# The parts of the application. `needs` names what must run before a part; a part that needs data
# counts as its writer and is stopped before the data's last copy. A writer that does not need it
# is named with `writers: [name]` at the data.
components:
  database:
    type: postgresql
    host: db
    replication: streaming

  uploads:
    type: files
    host: app
    paths: [/srv/shop/uploads]
    every: 5m

  services:
    type: systemd
    host: app
    units: [shop-web, shop-worker]
    needs: [database, uploads]

  # Proves that it really works, before users are sent there.
  login:
    type: http
    host: app
    check: {url: "http://127.0.0.1:8080/login", status: 200, contains: Shop}
    needs: [services]

  # The name that users know. Remove this part when you move an address by other means.
  address:
    type: dns
    servers: [203.0.113.53, 203.0.113.54]   # every authoritative server of the zone
    zone: example.test
    record: shop
    value: {east: 192.0.2.10, west: 198.51.100.10}
    ttl: 30s
    key: file:/etc/switchback/shop-dns.key  # never the secret itself, only where it lies
    needs: [login]

# How the other site is kept from acting in a failover, tried in this order.
fencing:
  - stop: all
  # - firewall:
  #     engage: [/usr/local/sbin/site-firewall, close, "{site}"]
  #     prove: [/usr/local/sbin/site-firewall, is-closed, "{site}"]
  #     lift: [/usr/local/sbin/site-firewall, open, "{site}"]
  - attestation: {people: 1}                # last resort: a named person's word

# What people (or commands on the controller) confirm before and after an operation.
# checklists:
#   failover:
#     before:
#       - {text: "Management approved the failover", by: approver}
#       - {text: "The ticket system answers", check: [curl, -fsS, "https://tickets.example/"]}
#     after:
#       - {text: "The end of the outage is announced"}

# approvals: {people: 1}                    # besides the one who asks
# failback: {stable_for: 24h, windows: ["Sat 22:00-02:00 Europe/Berlin"]}
# notify:
#   - webhook: file:/etc/switchback/shop-webhook
#   - command: [/usr/local/bin/page-the-team]
# last_backup: {host: db, glob: "/var/backups/shop/DB_*.zip", max_age: 24h, count: 3}

# After a boot, units stay down until: the other site confirms the claim (peer), a person does
# (confirm), or at once (open: two sites may then be active).
after_reboot: peer
)";
}

}  // namespace switchback
