"""SIP user agents by sipp: its scenario files are put together here from a few messages."""
import os
import pathlib
import subprocess
import tempfile

_VIA = "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}"
_FROM = 'From: "Caller" <sip:[from]@pbx.example.net:5060>;tag=[pid]t[call_number]'
_SDP = """v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
"""
_FIXED_BRANCH = "z9hG4bKe2e[pid]c[call_number]"  # a CANCEL and the ACK of a refusal carry the INVITE's


def _send(lines, body="", retransmit=True):
    text = "\n".join([*lines, "Content-Length: [len]" if body else "Content-Length: 0", "", body])
    return f'<send{" retrans=" + chr(34) + "500" + chr(34) if retransmit else ""}><![CDATA[\n{text}\n]]></send>'


def _receive(response=None, request=None, more=""):
    what = f'response="{response}"' if response else f'request="{request}"'
    return f"<recv {what}{more}/>"


def _optional(*responses):
    return [_receive(response, more=' optional="true"') for response in responses]


def _request(method, sequence, target="[next_url]", branch="[branch]", to="[last_To:]", more=()):
    return [f"{method} {target} SIP/2.0", _VIA.format(branch=branch), _FROM, to, *more, "Call-ID: [call_id]", f"CSeq: {sequence} {method}",
            "Contact: <sip:[from]@[local_ip]:[local_port]>", "Max-Forwards: 70"]


def _answer(status, more=(), body="", tag=""):
    return _send([f"SIP/2.0 {status}", "[last_Via:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]", "[last_CSeq:]",
                  "Contact: <sip:[local_ip]:[local_port];transport=[transport]>", *more], body, retransmit=bool(body))


def _invite(headers):
    return _send(_request("INVITE", 1, "sip:[service]@[remote_ip]:[remote_port]", _FIXED_BRANCH, "To: [to]",
                          ["User-Agent: sipp-e2e", *headers, "Content-Type: application/sdp"]), _SDP)


def _answered(headers):
    # The bridge repeats its 180 every second.
    return [_invite(headers), *_optional(100, 180, 183), _receive(200, more=' rrs="true"'), _send(_request("ACK", 1, more=["[routes]"]), retransmit=False)]


def call(headers=()):
    """INVITE, 200, talk for -d ms, BYE."""
    return [*_answered(headers), "<pause/>", _send(_request("BYE", 2, more=["[routes]"])), _receive(200)]


def cancelled(headers=()):
    """INVITE, ring for -d ms, CANCEL."""
    target = "sip:[service]@[remote_ip]:[remote_port]"
    return [_invite(headers), *_optional(100), _receive(180), "<pause/>",
            _send(_request("CANCEL", 1, target, _FIXED_BRANCH, "To: [to]")), *_optional(180), _receive(200), _receive(487),
            _send(_request("ACK", 1, target, _FIXED_BRANCH), retransmit=False)]


def refused(status):
    """INVITE, and that final answer. An INVITE that the bridge drops is never answered: give it a time limit."""
    return [_invite(()), *_optional(100, 180), _receive(status),
            _send(_request("ACK", 1, "sip:[service]@[remote_ip]:[remote_port]", _FIXED_BRANCH), retransmit=False)]


def transferred(headers=()):
    """INVITE, 200; then takes a REFER, says 202, reports 100 and 200 by NOTIFY, and waits for the BYE."""
    steps = _answered(headers)
    steps[-2] = '<recv response="200" rrs="true"><action><ereg regexp=".*" search_in="hdr" header="To:" assign_to="peer"/></action></recv>'
    steps += [_receive(request="REFER"), _answer("202 Accepted")]
    for sequence, state, fragment in ((2, "active;expires=60", "100 Trying"), (3, "terminated;reason=noresource", "200 OK")):
        steps += [_send(_request("NOTIFY", sequence, to="To: [$peer]", more=[
            "Event: refer", f"Subscription-State: {state}", "Content-Type: message/sipfrag;version=2.0"]), f"SIP/2.0 {fragment}\n"), _receive(200)]
    return [*steps, _receive(request="BYE"), _answer("200 OK")]


def callee():
    """Rings, answers, talks for -d ms, hangs up."""
    tag = ";tag=[pid]uas[call_number]"
    bye = ["BYE [next_url] SIP/2.0", _VIA.format(branch="[branch]"), "From: [$me]" + tag, "To: [$peer]", "Call-ID: [call_id]", "CSeq: 2 BYE",
           "Contact: <sip:[local_ip]:[local_port]>", "Max-Forwards: 70"]
    invited = ('<recv request="INVITE" rrs="true"><action><ereg regexp=".*" search_in="hdr" header="From:" assign_to="peer"/>'
               '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="me"/></action></recv>')
    return [invited, _answer("180 Ringing", tag=tag), _answer("200 OK", ["Content-Type: application/sdp"], _SDP, tag), _receive(request="ACK"),
            "<pause/>", _send(bye), _receive(200)]


class Sipp:
    """One sipp process, of one call. `target`: whom it calls; none: it is called, at `port`."""

    def __init__(self, steps, port, target=None, keys=None, service=None, hold=0.0, ip="127.0.0.1"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sipp-"))
        scenario = self.folder / "scenario.xml"
        scenario.write_bytes(('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="e2e">\n'
                              + "\n".join(steps) + "\n</scenario>\n").encode())
        words = ["sipp", *([target] if target else []), "-sf", scenario, "-i", ip, "-p", port, "-mi", ip, "-mp", 30000 + port % 1000 * 4,
                 "-m", 1, "-r", 20,  # its first call comes 1/rate seconds after the start
                 "-d", round(hold * 1000), "-nostdin", "-nd", "-trace_err", "-error_file", self.folder / "errors",
                 "-trace_msg", "-message_file", self.folder / "messages"]
        if service:
            words += ["-s", service]
        for name, value in (keys or {}).items():
            words += ["-key", name, value]
        with open(self.folder / "out", "wb") as out:
            self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder,
                                            env={**os.environ, "TERM": "xterm"})

    def wait(self, timeout=60):
        """Raises unless the call went as its scenario says."""
        code = self.process.wait(timeout)
        if code != 0:
            raise RuntimeError(f"sipp ended with {code}: {self.messages()[-3000:]}")

    def messages(self):
        path = self.folder / "messages"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
