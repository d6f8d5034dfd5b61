// The one without fault: a setting of each type, which the log shows so that a test can see what arrived.
#include <string>

#include "faulty.hpp"

namespace {

using namespace switchhook;

constexpr Setting kSettings[] = {
    {"name", SettingType::text, nullptr, "Whom to greet.", 1, 20},
    {"password", SettingType::secret, "", "What to whisper."},
    {"folder", SettingType::path, "/tmp", "Where to look."},
    {"loud", SettingType::boolean, "false", "Whether to shout."},
    {"limit", SettingType::integer, "5", "How many.", 1, 10},
    {"pause", SettingType::duration, "500ms", "How long.", 100, 60'000},
    {"memory", SettingType::bytes, "1MiB", "How much.", 1, 1 << 30},
    {"headers", SettingType::text_list, "x-to-ip,to", "Which headers."},
};

class Greeter final : public Matcher {
public:
    Greeter(const Settings& settings, Host& host) {
        std::string headers;
        for (const auto& each : settings.list("headers")) headers += each + ";";
        const std::string limit = std::to_string(settings.integer("limit"));
        const std::string pause = std::to_string(settings.duration("pause").count());
        const std::string memory = std::to_string(settings.integer("memory"));
        host.log().info("made", {{"name", settings.text("name")},
                                 {"password", settings.text("password")},
                                 {"folder", settings.text("folder")},
                                 {"loud", settings.boolean("loud") ? "yes" : "no"},
                                 {"limit", limit},
                                 {"pause", pause},
                                 {"memory", memory},
                                 {"headers", headers}});
    }
    std::unique_ptr<const HookIndex> index(std::span<const Hook> hooks) override {
        return std::make_unique<First>(hooks.empty() ? 0 : hooks.front().id);
    }
    bool accepts(std::string_view host) const override { return host == "example.com"; }

private:
    class First final : public HookIndex {
    public:
        explicit First(HookId id) : id_(id) {}
        void find(const Event&, Matches& matches) const override { matches.hooks.push_back(id_); }

    private:
        HookId id_;
    };
};

}  // namespace

SWITCHHOOK_PLUGIN("good", "1.2.3", component<Greeter>("greeter", "Finds the first hook, whatever happens.", kSettings))
