#!/usr/bin/env python3
"""Writes the golden files: which tenant receives which recorded events, in which order.

An independent small model of the rules in ARCHITECTURE.md, "Streams and calls". It shares nothing with the server: hosts
are not parsed but looked up in a table that was written by hand from the recordings' `To` and `X-To-IP` values.

    tests/data/golden/model.py            compare the checked-in files with the model
    tests/data/golden/model.py --write    write them
"""
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
RECORDINGS = HERE.parent / "recordings"
PREFIX = "sip-"
HOOKS = {  # host of the hook -> tenant
    "customer-a.com": "tenant-a",
    "customer-b.com": "tenant-b",
    "*.customer-a.com": "tenant-sub",
    "[2001:db8::1]": "tenant-v6",
}
# (To without its tag, X-To-IP) -> host of the hook that it reaches, by hand. Missing: no hook.
A, B = "customer-a.com", "customer-b.com"
REACHES = {
    ("<sip:+15551230001@customer-a.com>", ""): A,
    ("<sip:+15551230001@customer-a.com>", "customer-b.com , customer-c.com"): A,  # a list yields no host: fall back to To
    ("<sip:100@customer-a.com>", ""): A,
    ('"Bob <bob@evil.example>, Sales" <sip:100@customer-a.com;user=phone>', ""): A,
    ('<sip:100@customer-a.com>;x-route="a;b>c"', ""): A,
    ('"Gr\ufffd\ufffde" <sip:100@customer-a.com>', ""): A,
    ("<sip:200@[2001:db8::1]:5060>", ""): "[2001:db8::1]",
    ("<sip:customer-a.com>", ""): A,
    ("<sip:customer-a.com:5070>", ""): A,
    ('"Desk \\"A>B\\" 1" <sip:100@Sales.Customer-A.com:5060;transport=udp>', ""): "*.customer-a.com",
    ("<sips:300@customer-a.com>", ""): A,
    ('"Front Desk" <sip:100@customer-a.com.>', ""): A,
    ("<sip:100@CUSTOMER-A.COM>", ""): A,
    ("<sip:+15551230001;npdi=yes:pw%40x@customer-a.com:5060;transport=tcp?X-Subject=hi%20there>", ""): A,
    ('"Gr\u00fc\u00dfe \u6771\u4eac \U0001f4de" <sip:100@customer-a.com>', ""): A,
    ("<sip:+15551230009@customer-b.com>", ""): B,
    ("<sip:+15551230002@customer-b.com>", ""): B,
    ("", "customer-b.com"): B,
    ("<sip:+15551230002@127.0.0.1:15060>", "customer-b.com"): B,
    # No hook: ("", ""), tel:, and the outbound calls' To at 127.0.0.1.
}


def tenant_of(attributes):
    to = re.sub(r";tag=SCL_\w+", "", attributes.get("sip.h.to", ""))
    host = REACHES.get((to, attributes.get("sip.h.x-to-ip", "")))
    return HOOKS[host] if host else None


class Room:
    def __init__(self):
        self.tenant, self.known, self.calls, self.people, self.parked = None, False, {}, {}, []


def play(lines):
    """lines: parsed recording -> {tenant: {room name: [label, ...]}}"""
    rooms, seen, out = {}, set(), {}

    def deliver(tenant, room_name, label):
        out.setdefault(tenant, {}).setdefault(room_name, []).append(label)

    for line in lines:
        event = json.loads(line["body"])
        label = f"{line['n']:02d}-{event['event']}"
        name, sid = event.get("room", {}).get("name", ""), event.get("room", {}).get("sid", "")
        if event["id"] in seen:
            continue
        if not name.startswith(PREFIX):
            continue  # not a SIP room
        seen.add(event["id"])
        room = rooms.setdefault((name, sid), Room())
        person = event.get("participant", {})
        attributes = person.get("attributes", {})
        call = attributes.get("sip.callID", "")
        if call:
            if call not in room.calls:
                found = tenant_of(attributes)
                if found and room.tenant is None:
                    room.tenant = found
                    for parked in room.parked:
                        deliver(found, name, parked)
                room.calls[call] = found or room.tenant
                room.known, room.parked = True, []
            room.people[person["sid"]] = call
            goes_to = room.calls[call]
        elif person.get("sid") in room.people:
            goes_to = room.calls[room.people[person["sid"]]]
        elif room.tenant:
            goes_to = room.tenant
        elif room.known:
            goes_to = None
        else:
            room.parked.append(label)
            continue
        if goes_to:
            deliver(goes_to, name, label)
    return out


def main():
    wrong = 0
    for recording in sorted(RECORDINGS.glob("*.jsonl")):
        lines = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
        text = json.dumps(play(lines), indent=1, sort_keys=True) + "\n"
        golden = HERE / (recording.stem + ".json")
        if "--write" in sys.argv:
            golden.write_text(text, encoding="utf-8")
        elif not golden.exists() or golden.read_text(encoding="utf-8") != text:
            wrong += 1
            print(f"{golden.name} differs from the model")
    print("golden files:", "written" if "--write" in sys.argv else f"{wrong} differ")
    return wrong != 0


if __name__ == "__main__":
    sys.exit(main())
