"""A store made older, as the first version would have written it, or marked as a newer one."""
import contextlib
import sqlite3

# What schemas 2 and 3 added (plugins/store_sqlite/migration.cpp), and the table of ids that 3 took away.
TABLES = ("attempt", "tenant", "dead", "owner", "block", "job", "paused", "ids")
COLUMNS = {"event": ("call",), "delivery": ("tenant", "name", "call"), "hook": ("retry", "concurrency", "per_second", "burst", "max_age")}
SEEN = "CREATE TABLE seen(seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, high INTEGER NOT NULL, low INTEGER NOT NULL)"


def pragma(file, name, value=None):
    with contextlib.closing(sqlite3.connect(file)) as database:
        if value is not None:
            database.execute(f"PRAGMA {name} = {value}")
        return database.execute(f"PRAGMA {name}").fetchone()[0]


def make_schema_1(file):
    """Takes away what later schemas added. The file keeps its owner; its server must be stopped."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as database:
        dead = database.execute("SELECT count(*) FROM delivery WHERE state=3").fetchone()[0]
        database.execute("BEGIN")
        database.execute("DROP INDEX waiting")
        database.execute(SEEN)
        for table in TABLES:
            database.execute(f"DROP TABLE {table}")
        for table, columns in COLUMNS.items():
            for column in columns:
                database.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        database.execute("INSERT OR REPLACE INTO meta VALUES(4,?)", (dead,))
        database.execute("PRAGMA user_version = 1")
        database.execute("COMMIT")
