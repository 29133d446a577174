"""Whether a PostgreSQL server is as the shepherd needs it (docs/postgresql.md#what-doctor-looks-at)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from shepherd.errors import ShepherdError
from shepherd.running.doctor.checking import Finding, fail, ok, warn
from shepherd.settings import Settings
from shepherd.values import age

OLDEST = 12
"""The first release whose server notices a host that is gone while an answer is on its way to it
(tcp_user_timeout)."""
AHEAD = 120
"""Seconds by which the two clocks may differ."""
ROOM = 10
"""Connections that should be free: two for each branch that is read at once, and those of people."""
LEAST_SECONDS = 60
"""A limit that ends transactions or statements sooner may end ours: the first archive takes that long."""

_FACTS = """
SELECT row_to_json(facts) FROM (
SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS version_name,
       current_user AS role, current_schema() AS schema, current_database() AS name,
       pg_size_pretty(pg_database_size(current_database())) AS size,
       pg_encoding_to_char(encoding) AS encoding,
       pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool AS read_only,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS creates,
       to_regclass('journal') IS NOT NULL AS begun,
       pg_backend_pid() AS pid,
       extract(epoch FROM clock_timestamp())::float8 AS clock,
       current_setting('fsync')::bool AS synced,
       current_setting('synchronous_commit') <> 'off' AS waits,
       current_setting('max_connections')::int
         - current_setting('superuser_reserved_connections')::int
         - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS room,
       (SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user) AS role_room
FROM pg_database WHERE datname = current_database()) facts
"""
_STRANGE_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())
AND relname IN ('journal', 'cache_layout', 'landings', 'facts', 'archives', 'older', 'older_names', 'shared')
AND NOT pg_has_role(relowner, 'USAGE') ORDER BY relname
"""
_LIMITS = """
SELECT name, setting::bigint / 1000.0 FROM pg_settings WHERE setting <> '0' AND unit = 'ms'
AND name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')
"""


def server(settings: Settings) -> Iterator[Finding]:
    """What is not well with it, or one line of what it is."""
    from shepherd.store.postgresql import POOLED, Session

    try:
        session = Session(settings.database_url, settings.database_password, "doctor")
    except ShepherdError as error:
        yield fail("database", str(error))
        return
    try:
        answer = session.ask(_FACTS)
        facts, here = answer[0][0], time.time()
        found = [*_of_server(facts), *_of_rights(facts, session.ask(_STRANGE_TABLES))]
        if facts["pid"] != session.server_process:
            found.append(fail("database", POOLED))
        difference = here - facts["clock"]
        if abs(difference) > AHEAD:
            which = "behind" if difference > 0 else "ahead of"
            what = f"the clock of the server is {age(abs(difference))} {which} that of this host"
            found.append(warn("database", what, "set the one that is wrong (timedatectl)"))
        for name, seconds in session.ask(_LIMITS):
            if seconds < LEAST_SECONDS:
                what = f"{name} is {float(seconds):g} s here, which may end a transaction that has to do much"
                found.append(warn("database", what, f"ALTER ROLE \"{facts['role']}\" SET {name} = '10min'"))
    except ShepherdError as error:
        yield fail("database", str(error))
        return
    finally:
        session.close()
    yield from found
    if not found:
        place = f"database {facts['name']} as {facts['role']}"
        yield ok("database", f"PostgreSQL {facts['version_name']}, {place}, {facts['size']}")


def _of_server(facts: dict[str, Any]) -> Iterator[Finding]:
    if facts["version"] < OLDEST * 10_000:
        what = f"the server is PostgreSQL {facts['version_name']}, {OLDEST} is needed"
        yield fail("database", what, "use a newer server")
    if facts["encoding"] != "UTF8":
        what = f"the database {facts['name']} has encoding {facts['encoding']}, which cannot hold every name"
        yield fail("database", what, f"createdb --encoding=UTF8 --template=template0 {facts['name']}")
    if facts["read_only"]:
        what = "the server takes no writes: it is a standby, or default_transaction_read_only is on"
        yield fail("database", what, "name the primary in `database` (docs/postgresql.md#failover)")
    if not facts["synced"]:
        what = "fsync is off: what the server said it kept is lost when its machine stops"
        yield warn("database", what, "fsync = on in postgresql.conf")
    if not facts["waits"]:
        what = "synchronous_commit is off: the last entries of the journal are lost when the server crashes"
        remedy = f'ALTER ROLE "{facts["role"]}" SET synchronous_commit = on'
        yield warn("database", what, remedy)
    room = facts["room"] if facts["role_room"] < 0 else min(facts["room"], facts["role_room"])
    if room < ROOM:
        what = f"{max(room, 0)} more connections are possible: branches that are read side by side need some"
        yield warn(
            "database", what, f"leave {ROOM} for us (max_connections, or CONNECTION LIMIT of the role)"
        )


def _of_rights(facts: dict[str, Any], strange: list[tuple[Any, ...]]) -> Iterator[Finding]:
    role, schema = facts["role"], facts["schema"]
    if schema is None:
        what = f"no schema of search_path is there for {role}, so there is no place for tables"
        yield fail("database", what, f'ALTER ROLE "{role}" SET search_path = public')
    elif not facts["creates"]:
        # since PostgreSQL 15 only the owner of a database may
        what = f"{role} may not create tables in schema {schema} of {facts['name']}"
        yield fail("database", what, f'as its owner: ALTER DATABASE "{facts["name"]}" OWNER TO "{role}"')
    elif strange:
        names = ", ".join(name for (name,) in strange)
        what = f"{role} does not own {names}, and cannot rebuild the cache"
        yield fail("database", what, f'ALTER TABLE {strange[0][0]} OWNER TO "{role}", and so on')
    elif not facts["begun"]:
        yield warn("database", f"there is no table in {facts['name']} yet", "inv find makes them")
