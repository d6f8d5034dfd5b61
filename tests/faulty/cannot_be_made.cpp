// Components that pass the door and cannot be made, each in its own way.
#include <stdexcept>

#include "faulty.hpp"

namespace {

using namespace switchhook;

class Unlucky : public std::runtime_error {  // known to this library alone
public:
    Unlucky() : std::runtime_error("the moon is in the wrong phase") {}
};

class ThrowsStandard final : public Matcher {
public:
    ThrowsStandard(const Settings&, Host&) { throw Unlucky(); }
    std::unique_ptr<const HookIndex> index(std::span<const Hook>) override { return nullptr; }
    bool accepts(std::string_view) const override { return false; }
};

class ThrowsInt final : public Matcher {
public:
    ThrowsInt(const Settings&, Host&) { throw 42; }
    std::unique_ptr<const HookIndex> index(std::span<const Hook>) override { return nullptr; }
    bool accepts(std::string_view) const override { return false; }
};

// Asks for a setting that it did not declare.
class AsksTooMuch final : public Matcher {
public:
    AsksTooMuch(const Settings& settings, Host&) : limit_(settings.integer("limit")) {}
    std::unique_ptr<const HookIndex> index(std::span<const Hook>) override { return nullptr; }
    bool accepts(std::string_view) const override { return limit_ != 0; }

private:
    std::int64_t limit_;
};

constexpr ComponentEntry spoiled(const char* name,
                                 Component* (*create)(const Settings& settings, Host& host, std::string& error)) {
    auto entry = component<faulty::Plain>(name, "Cannot be made.");
    entry.create = create;
    return entry;
}

// Declared as a matcher, and is a dialect.
class Liar final : public Dialect {
public:
    Result<Written> write(const switchhook::Delivery&, const Signing&) const override { return Written{}; }
};

Component* lie(const Settings&, Host&, std::string&) {
    return new Liar;
}
Component* throw_standard(const Settings&, Host&, std::string&) {
    throw Unlucky();
}
Component* throw_int(const Settings&, Host&, std::string&) {
    throw 42;
}
Component* give_nothing(const Settings&, Host&, std::string&) {
    return nullptr;
}

}  // namespace

SWITCHHOOK_PLUGIN("cannot_be_made", "1.0.0", component<ThrowsStandard>("throws_standard", "Its constructor throws."),
                  component<ThrowsInt>("throws_int", "Its constructor throws an int."),
                  component<AsksTooMuch>("asks_too_much", "Reads an undeclared setting."), spoiled("liar", lie),
                  spoiled("create_throws_standard", throw_standard), spoiled("create_throws_int", throw_int),
                  spoiled("gives_nothing", give_nothing))
