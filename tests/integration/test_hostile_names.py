"""Names whose answers change, mix or fail: the address that is connected to is the one that was judged."""
import time
import unittest

from tests.harness.dns import A, AAAA, Dns
from tests.harness.hostile import good, server_context
from tests.integration.hostile_case import HostileCase

NAME = "hooks.switchhook.test"
WHY_NOT = Dns.possible()
TRAP = "127.0.0.9"  # forbidden in these tests, and we would see whoever comes


@unittest.skipIf(WHY_NOT, WHY_NOT)
class Names(HostileCase):
    def setUp(self):
        super().setUp()
        self.context = server_context(*self.authority.certificate("named", f"DNS:{NAME},DNS:localhost"))
        self.dns = Dns(lambda name, kind: ["127.0.0.1"] if kind == A else [])
        self.addCleanup(self.dns.close)

    def serve_named(self, receiver, **blocks):
        self.serve(receiver, receiver.url(NAME), wrapper=self.dns.wrapper(self.folder), forwarder={"allow": ["127.0.0.1/32"]}, **blocks)

    def trap(self, receiver):
        return self.hostile(good, address=TRAP, port=receiver.port)

    def becomes_dead_letters(self, calls, trap):
        self.assertTrue(self.running.wait_metric("switchhook_deliveries_dead_total", sum(map(len, calls))), self.running.log()[-3000:])
        self.assertIn("forbidden_address", self.running.log())
        self.assertEqual((trap.connections, self.sick.taken), (0, []))
        self.did_not_grow()

    def test_a_name_reaches_the_address_that_our_server_said(self):
        self.serve_named(self.hostile(good))
        self.all_delivered(self.calls())
        self.assertIn((NAME, A), self.dns.questions)

    def test_a_name_that_leads_to_a_forbidden_address_is_refused(self):
        receiver = self.hostile(good)
        trap = self.trap(receiver)
        self.dns.answer = lambda name, kind: [TRAP] if kind == A else []
        self.serve_named(receiver)
        self.becomes_dead_letters(self.calls(), trap)

    def test_a_name_with_one_forbidden_answer_is_refused_whole(self):
        for answers in ({A: ["127.0.0.1", TRAP]}, {A: ["127.0.0.1"], AAAA: ["::1"]}, {A: ["127.0.0.1", "169.254.169.254"]},
                        {A: ["127.0.0.1"], AAAA: ["::ffff:10.0.0.1"]}):
            with self.subTest(answers=answers):
                receiver = self.hostile(good)
                trap = self.trap(receiver)
                self.dns.answer = lambda name, kind, answers=answers: answers.get(kind, [])
                self.serve_named(receiver)
                self.becomes_dead_letters(self.calls(2), trap)
                self.running.kill()
                for file in self.folder.glob("switchhook.*"):
                    file.unlink()

    def test_a_name_that_changes_with_every_question_never_leads_to_the_forbidden_address(self):
        receiver = self.hostile(good)
        trap, asked = self.trap(receiver), []

        def flip(_, kind):
            if kind != A:
                return []
            asked.append(kind)
            return ["127.0.0.1"] if len(asked) % 2 else [TRAP]
        self.dns.answer = flip
        self.serve_named(receiver)
        calls = [call for _ in range(4) for call in self.calls_again()]
        self.settled()
        dead = int(self.running.metric("switchhook_dead_letters"))
        self.assertEqual(len(receiver.taken) + dead, sum(map(len, calls)), self.running.log()[-3000:])
        self.assertEqual(trap.connections, 0)

    def calls_again(self):
        """New connections and a new question: kept ones are cut, and another life of the server has asked nobody yet."""
        self.again = getattr(self, "again", 0) + 1
        if self.again > 1:
            self.settled()
            self.sick.cut()
            self.running.kill()
            self.running.start()
        return [self.call(f"again{self.again}-{number}", "sick.example") for number in range(3)]

    def test_a_name_that_changes_to_a_forbidden_address_while_the_server_runs_is_refused_from_then_on(self):
        receiver = self.hostile(good)
        trap = self.trap(receiver)
        self.serve_named(receiver)
        self.all_delivered(self.calls(2))
        self.dns.answer = lambda name, kind: [TRAP] if kind == A else []
        # An answer is used for some seconds (30): until then the address that was judged is used, never the new one.
        taken, number, deadline = [], 0, time.monotonic() + 90
        while not self.running.metric("switchhook_deliveries_dead_total") and time.monotonic() < deadline:
            number += 1
            taken += self.call(f"later-{number}", "sick.example")
            receiver.cut()
            time.sleep(1)  # the life of an answer is the server's own, and cannot be waited for
        self.assertIn("forbidden_address", self.running.log())
        self.assertEqual(trap.connections, 0)
        self.settled()
        self.assertEqual(len(set(receiver.taken)) + self.running.metric("switchhook_dead_letters"), 4 + len(taken))

    def test_a_name_server_that_fails_holds_up_only_its_own_hook(self):
        self.dns.answer = lambda name, kind: None
        self.serve_named(self.hostile(good))
        calls = self.calls()
        self.fails_as("dns_unavailable")
        self.dns.answer = lambda name, kind: ["127.0.0.1"] if kind == A else []
        self.all_delivered(calls)
        self.did_not_grow()

    def test_a_name_server_that_does_not_answer_holds_up_only_its_own_hook(self):
        self.dns.silent = True
        self.serve_named(self.hostile(good))
        calls = self.calls()
        self.fails_as("dns_unavailable")
        self.dns.silent = False
        self.all_delivered(calls)
        self.did_not_grow()

    def test_names_of_one_tenant_that_hang_do_not_delay_another_tenants_new_name(self):
        hanging = [f"h{number}.hang{number % 4}.test" for number in range(12)]
        self.dns.silent = lambda name: ".hang" in name
        self.dns.answer = lambda name, kind: ["127.0.0.1"] if kind == A else []
        receiver = self.hostile(good)
        hooks = [{"host": f"sick{number}.example", "url": receiver.url(name), "auth_id": "tenant-sick"} for number, name in enumerate(hanging)]
        fresh = self.well_receiver()
        hooks.append({"host": "fresh.example", "url": fresh.url(NAME), "auth_id": "tenant-well"})
        forwarder = {"use": "https", "allow": ["127.0.0.1/32"], "ca_file": str(self.authority.ca_file)}
        self.running = self.server(hooks, wrapper=self.dns.wrapper(self.folder), forwarder=forwarder,
                                   delivery={"timeout": "10s", "max_age": "10min"})
        for turn in range(3):  # new names first, then names that are known to hang
            for number in range(len(hanging)):
                self.call(f"hang-{turn}", f"sick{number}.example")
        self.assertTrue(self.running.wait_metric("switchhook_attempts_total", 3, 60), self.running.log()[-3000:])
        self.well = fresh
        self.well_is_served(self.call("fresh", "fresh.example"))
        self.assertEqual(receiver.taken, [])


if __name__ == "__main__":
    unittest.main()
