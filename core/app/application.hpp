// The program as Poco sees it: options in, one command, an exit code out.
#pragma once

#include <Poco/Util/ServerApplication.h>

#include <optional>
#include <string>
#include <vector>

#include "core/app/command_line.hpp"

namespace switchhook::app {

class Application final : public Poco::Util::ServerApplication {
public:
    Application() { setUnixOptions(true); }
    using ServerApplication::run;

protected:
    void defineOptions(Poco::Util::OptionSet& options) override;
    void handleOption(const std::string& name, const std::string& value) override;
    int main(const std::vector<std::string>& words) override;
    const char* name() const override { return "switchhook"; }

private:
    int run_command(const CommandLine& line);

    std::vector<SourceName> sources_;
    Switches switches_;
    bool help_ = false;
    std::string wrong_;  // what was wrong with an option
};

// The whole program, from arguments to exit code. Errors go to stderr, answers to stdout.
int run_program(int argc, char** argv);

}  // namespace switchhook::app
