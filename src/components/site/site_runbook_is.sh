# MANIFEST
# Done when this host holds that break-glass bundle.
[ "$(cat "$SB_STATE/runbook/manifest" 2>/dev/null)" = "$1" ] ||
  { echo "$SB_STATE/runbook is missing or another one" >&2; exit 1; }
