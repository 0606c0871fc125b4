# In one update, if the claim is still the one that was read: the record becomes VALUE and the text
# record this run's claim.
read_update_server && claim_permits "$text" || exit 1
send_update <<EOF
update delete $name A
update delete $name AAAA
update delete $name CNAME
update add $name $ttl $type $value
update delete $mark TXT
update add $mark $ttl TXT "$epoch $claim"
EOF
