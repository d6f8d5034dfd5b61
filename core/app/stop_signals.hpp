// Whether somebody wants the program to end.
#pragma once

namespace switchhook::app {

// SIGTERM or SIGINT came while all threads hold them blocked, and nobody has taken it yet. Any thread.
bool stop_asked_for();

}  // namespace switchhook::app
