# Parameters: CLUSTER RUN
out=$SB_STATE/salvage/$1/${unit%.service}
[ -r "$out/report" ] || exit 1
(cd "$out" && sha256sum --quiet -c SHA256SUMS >&2) || quit 1 "$out is damaged"
cat "$out/report"
