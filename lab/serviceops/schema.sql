-- The application's tables. `token` is what the client sent, so that a judge can find its ticket.
create table tickets (
    id          bigserial primary key,
    token       text not null unique,
    title       text not null,
    attachment  text,                     -- path below /opt/flotomate/filestore
    sha256      text,
    size_bytes  bigint,
    site        text not null,            -- which site took it
    created     timestamptz not null default clock_timestamp()
);
create table tickets_per_minute (
    minute timestamptz primary key,
    tickets bigint not null,
    counted timestamptz not null
);
create table plugin_runs (
    plugin  text primary key,
    site    text not null,
    last_id bigint not null,
    at      timestamptz not null
);
