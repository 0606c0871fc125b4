# Parameters: CLUSTER
ask_held 2 'select 1;' && [ "$reply" = 1 ] || exit 1
