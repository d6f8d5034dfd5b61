// What came of a reload, for the one who asked for it. A signal carries no answer, and systemd 252 cannot say that a
// reload failed unless the command of ExecReload= fails: `switchhook reload` leaves a mark in the folder that systemd
// made for the service ($RUNTIME_DIRECTORY), sends SIGHUP, and waits until the server has answered that mark there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace switchhook::app {

class ReloadAnswer {
public:
    // An empty folder: nobody asks, and nothing is answered.
    explicit ReloadAnswer(std::filesystem::path folder) : folder_(std::move(folder)) {}
    // The first folder of $RUNTIME_DIRECTORY. Called while there is one thread only.
    static std::filesystem::path runtime_directory();

    // The asking side. False: the folder cannot be written.
    bool ask(const std::string& mark) const;
    // What was answered to this mark, nothing yet: no value. Empty: the configuration was applied.
    std::optional<std::string> answer_to(const std::string& mark) const;

    // The server's side. The mark must be read before the configuration is: what is asked for later is for later.
    std::string asked() const;
    // `problems`: empty, or what stopped the reload, lines.
    void answer(const std::string& mark, const std::string& problems) const;

private:
    bool write(const char* name, const std::string& text) const;
    std::optional<std::string> read(const char* name) const;

    const std::filesystem::path folder_;
};

}  // namespace switchhook::app
