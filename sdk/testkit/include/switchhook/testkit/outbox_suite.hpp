// The contract of an outbox. Include it in one file of a test program and instantiate OutboxSuite (see
// outbox_driver.hpp).
#pragma once

#include <switchhook/testkit/outbox_calls.hpp>         // the rules of streams and calls
#include <switchhook/testkit/outbox_dead_letters.hpp>  // their bounds; pauses, backup
#include <switchhook/testkit/outbox_keeping.hpp>       // durability, claims, settling, housekeeping
#include <switchhook/testkit/outbox_log.hpp>           // listing, one delivery
#include <switchhook/testkit/outbox_random.hpp>        // random calls against an independent model
#include <switchhook/testkit/outbox_requeue.hpp>       // requeue and its jobs
