"""Calls, from the first ring to what the tenants received."""
from tests.e2e.case import Case
from tests.e2e.phone import TO_CUSTOMER_A


class Calls(Case):
    def test_a_call_to_a_host_with_a_hook_reaches_its_tenant_whole(self):
        self.tenant("tenant-a")
        self.switchhook(self.hook("tenant-a"))
        call = self.phone.dial(TO_CUSTOMER_A)
        call.wait_finished()
        self.assert_delivered()
        self.assert_like_the_recording("bridge_double", "a live call", call.room)
        self.assert_like_the_recording("simple_call", "a live call", call.room)
