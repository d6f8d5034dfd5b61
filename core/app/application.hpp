// The program as Poco sees it: options in, one command, an exit code out.
#pragma once

#include <Poco/Util/ServerApplication.h>

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
    GivenOptions options_;
    bool help_ = false;
};

// The whole program, from arguments to exit code. Errors go to stderr, answers to stdout.
int run_program(int argc, char** argv);

}  // namespace switchhook::app
