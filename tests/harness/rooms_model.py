"""Whose an event is: ARCHITECTURE.md, "Streams and calls", rules 1 to 7, written down a second time. It shares nothing with the server.

One event matches at most one hook here, and nothing expires."""


class Hook:
    def __init__(self, host, tenant="", events=None):
        self.host, self.tenant, self.events = host, tenant, events

    def wants(self, name):
        return self.events is None or name in self.events


class Happening:
    """What the rules look at in an event."""

    def __init__(self, event_id, room, sid="", call="", host="", participant="", room_tenant=""):
        self.id, self.room, self.sid, self.call, self.host, self.participant, self.room_tenant = event_id, room, sid, call, host, participant, room_tenant

    def __str__(self):
        return " ".join(f"{name}={value}" for name, value in vars(self).items() if value and name not in ("id", "room"))


class _Record:
    def __init__(self):
        self.hook, self.unmatched, self.calls, self.people, self.parked = None, False, {}, {}, []


class Rooms:
    """hooks: {host: Hook}; a host may be a wildcard, "*.example.com". It may change while events are played."""

    def __init__(self, hooks):
        self.hooks = hooks
        self._records, self._calls, self._seen = {}, {}, set()

    def play(self, happening):
        """{event id: host of its hook, or None} for every event that is decided now; those that are parked come later."""
        if happening.id in self._seen:
            return {}
        self._seen.add(happening.id)
        record = self._record(happening)
        decided = {}
        if happening.call:
            if happening.call not in record.calls:
                decided = self._first(record, happening)
            if happening.participant:
                record.people[happening.participant] = happening.call
            decided[happening.id] = record.calls[happening.call]
        elif happening.participant in record.people:
            decided[happening.id] = record.calls[record.people[happening.participant]]
        elif record.hook is not None or record.unmatched:
            decided[happening.id] = record.hook
        else:
            record.parked.append(happening.id)
        return decided

    def _record(self, happening):
        records = self._records.setdefault(happening.room, {})
        if not happening.sid and records:
            return list(records.values())[-1]
        return records.setdefault(happening.sid, _Record())

    def _first(self, record, happening):
        """A call that this record sees for the first time decides."""
        known = happening.call in self._calls
        mine = self._calls[happening.call] if known else self._match(happening.host)
        foreign = not known and mine is not None and happening.room_tenant and self.hooks[mine].tenant not in ("", happening.room_tenant)
        decided = {}
        if mine is not None and record.hook is None and not foreign:
            decided = {parked: mine for parked in record.parked}
            record.hook, record.unmatched, record.parked = mine, False, []
        elif record.hook is None:
            decided = {parked: None for parked in record.parked}
            record.unmatched, record.parked = True, []
        elif mine is None and not known:
            mine = record.hook
        record.calls[happening.call] = mine
        self._calls.setdefault(happening.call, mine)
        return decided

    def _match(self, host):
        host = host.lower().rstrip(".")
        if host in self.hooks:
            return host
        while "." in host:
            host = host.partition(".")[2]
            if f"*.{host}" in self.hooks:
                return f"*.{host}"
        return None
