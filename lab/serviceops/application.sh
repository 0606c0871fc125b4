# shellcheck shell=bash
# The application hosts: user, three units, settings, the file store and one old cron line.

APP_UNITS=(ft-main-server ft-analytics-server ft-plugins-server)

write_applications() {
    local secret host
    secret=$(random_password)
    for host in dc-app dr-app; do write_application_host "$host" "$secret"; done
    write_cron_line dc-app
}

write_application_host() {
    local host=$1 site=${SITE_OF[$1]} root code=usr/local/lib/flotomate store
    root=$(host_root "$host")
    chroot "$root" useradd --create-home --shell /bin/bash flotomate
    install -d "$root/$code"
    install -m 644 "$LAB_SOURCE"/serviceops/app/common.py "$root/$code/"
    install -m 755 "$LAB_SOURCE"/serviceops/app/ft_*.py "$root/$code/"
    install -d "$root/etc/flotomate"
    cat >"$root/etc/flotomate/flotomate.conf" <<CONF
site = $site
database_host = ${ADDRESS_OF[$site-db]}
database_password = $(password_of flotomate)
session_secret = $2
CONF
    chroot "$root" chown root:flotomate /etc/flotomate/flotomate.conf
    chmod 640 "$root/etc/flotomate/flotomate.conf"
    store=$(disk_mount "$host" /opt/flotomate)
    install -d -m 750 "$store/filestore"
    chown -R "$(chroot "$root" id -u flotomate):$(chroot "$root" id -g flotomate)" "$store"
    local unit
    for unit in "${APP_UNITS[@]}"; do write_app_unit "$root" "$unit"; done
    systemctl --root="$root" --quiet enable cron.service
    [ "$site" = dr ] || systemctl --root="$root" --quiet enable "${APP_UNITS[@]}"
}

write_app_unit() {
    cat >"$1/etc/systemd/system/$2.service" <<UNIT
[Unit]
Description=ServiceOps ${2#ft-}
After=network.target

[Service]
Type=notify
User=flotomate
ExecStart=/usr/local/lib/flotomate/${2//-/_}.py
Restart=on-failure
RestartSec=1
TimeoutStartSec=60
TimeoutStopSec=10

[Install]
WantedBy=multi-user.target
UNIT
}

# Left over from the time before: `switchback adopt` has to find it.
write_cron_line() {
    local root
    root=$(host_root "$1")
    chroot "$root" install -d -o flotomate -g flotomate /home/flotomate/script
    install -m 755 "$LAB_SOURCE/serviceops/app/file_sync.sh" "$root/home/flotomate/script/"
    echo '*/5 * * * * flotomate /home/flotomate/script/file_sync.sh' >"$root/etc/cron.d/flotomate"
}
