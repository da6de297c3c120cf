"""Keeps lookups of missing users away from a database: after two misses it is not asked for a while."""

import os
import sqlite3

import zkcoord

hosts = os.environ.get("ZKCOORD_HOSTS", "localhost:2181")

database = sqlite3.connect(":memory:")
database.execute("create table users (name text primary key, mail text not null)")
database.execute("insert into users values ('ada', 'ada@example.org')")
cache: dict[str, str] = {}


def query(name: str) -> str | None:
    """Asks the database, which is slow. In all processes together, one at a time asks for a name."""
    print(f"  the database is asked for {name}")
    found = database.execute("select mail from users where name = ?", (name,)).fetchone()
    return None if found is None else found[0]


def mail_of(name: str, misses: zkcoord.MissGuard) -> str | None:
    """Looks up a mail address. The cache keeps those that exist; ZooKeeper keeps the misses, for all processes."""
    if name in cache:
        return cache[name]
    mail = misses.load(name, query, timeout=10)
    if mail is not None:
        cache[name] = mail
    return mail


with zkcoord.connect(hosts) as client:
    misses = client.miss_guard("/examples/absent-users", threshold=2, window=60, hold=30)
    for name in ("ada", "ada", "grace", "grace", "grace", "grace"):
        print(f"{name}: {mail_of(name, misses)}")

    # Grace signs up. After forget() she is found before the end of the hold.
    database.execute("insert into users values ('grace', 'grace@example.org')")
    misses.forget("grace")
    print(f"grace: {mail_of('grace', misses)}")
