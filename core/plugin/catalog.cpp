#include "core/plugin/catalog.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <utility>

#include "core/config/values.hpp"
#include "core/plugin/door.hpp"
#include "core/plugin/guards/guards.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/settings_check.hpp"

namespace switchhook::plugin {
namespace {

namespace fs = std::filesystem;

struct Identity {
    dev_t device;
    ino_t inode;
    friend bool operator==(const Identity&, const Identity&) = default;
};

// The manifest function is the first code of the plugin's that runs by our will.
Result<const Manifest*> manifest_of(const fs::path& file) {
    auto library = open_library(file);
    if (!library) return library.status();
    try {
        return library->manifest();
    } catch (const std::exception& failure) {
        return Status(Code::invalid, std::string("threw from its manifest function: ") + failure.what() +
                                         "; return a manifest that needs no work, as SWITCHHOOK_PLUGIN does");
    } catch (...) {
        return Status(Code::invalid,
                      "threw from its manifest function; return a manifest that needs no work, as "
                      "SWITCHHOOK_PLUGIN does");
    }
}

std::vector<fs::path> libraries_in(const fs::path& folder, std::error_code& error) {
    std::vector<fs::path> found;
    for (fs::directory_iterator each(folder, error), end; !error && each != end; each.increment(error))
        if (each->path().extension() == ".so") found.push_back(each->path());
    std::sort(found.begin(), found.end());
    return found;
}

std::string component_name(Contract contract, std::string_view name) {
    return std::string(contract_name(contract)) + " " + std::string(name);
}

}  // namespace

struct Catalog::Impl {
    struct Found {
        const Opened* plugin = nullptr;
        const ComponentEntry* entry = nullptr;
    };

    Found find(Contract contract, std::string_view name) const;
    void open_file(const fs::path& file, const std::string& place, std::vector<Problem>& problems);
    std::string add(const fs::path& file, const Manifest& manifest);
    Problem not_known(Contract contract, const config::Instance& use) const;

    // `matcher`, `outbox`, ...: from a configured use to the guard around the plugin's object.
    template <typename Base>
    std::unique_ptr<Base> make(Contract contract, const config::Instance& use, Host& host,
                               std::vector<Problem>& problems) const;

    std::vector<Opened> opened;
    std::vector<Identity> seen;  // also of what was refused: it is complained of once
};

Catalog::Impl::Found Catalog::Impl::find(Contract contract, std::string_view name) const {
    for (const Opened& plugin : opened)
        for (const ComponentEntry& entry : plugin.components)
            if (entry.contract == contract && entry.name == name) return {&plugin, &entry};
    return {};
}

void Catalog::Impl::open_file(const fs::path& file, const std::string& place, std::vector<Problem>& problems) {
    const auto complain = [&](const std::string& fault) {
        problems.push_back({place, "plugin " + file.string() + " " + fault});
    };
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0)
        return complain("cannot be found or reached (" + std::error_code(errno, std::generic_category()).message() +
                        "); correct the path");
    const Identity identity{facts.st_dev, facts.st_ino};
    if (std::find(seen.begin(), seen.end(), identity) != seen.end()) return;
    seen.push_back(identity);

    if (const auto fault = file_fault(facts.st_mode, facts.st_uid, trusted_owners()); !fault.empty())
        return complain(fault);
    const auto manifest = manifest_of(file);
    if (!manifest) return complain(manifest.status().message());
    if (const auto fault = manifest_fault(*manifest, HostSide{}); !fault.empty()) return complain(fault);
    if (const auto fault = add(file, **manifest); !fault.empty())
        complain("(" + std::string((*manifest)->name) + " " + (*manifest)->version + ") " + fault);
}

// All components of a library or none: half a plugin would be a riddle. Answers the first fault.
std::string Catalog::Impl::add(const fs::path& file, const Manifest& manifest) {
    Opened plugin{file, &manifest, components_of(manifest)};
    const auto& entries = plugin.components;
    for (auto entry = entries.begin(); entry != entries.end(); ++entry) {
        if (auto fault = component_fault(*entry); !fault.empty()) return fault;
        const std::string name = component_name(entry->contract, entry->name);
        if (const Found other = find(entry->contract, entry->name); other.entry != nullptr)
            return "offers the " + name + ", which is already offered by " + other.plugin->file.string() +
                   "; rename the component or take one of the two away";
        const auto same = [&](const ComponentEntry& each) {
            return each.contract == entry->contract && std::string_view(each.name) == entry->name;
        };
        if (std::any_of(entries.begin(), entry, same)) return "offers the " + name + " twice; rename one of the two";
    }
    opened.push_back(std::move(plugin));
    return {};
}

Problem Catalog::Impl::not_known(Contract contract, const config::Instance& use) const {
    std::vector<std::string_view> known;
    for (const Opened& plugin : opened)
        for (const ComponentEntry& entry : plugin.components)
            if (entry.contract == contract) known.emplace_back(entry.name);
    std::sort(known.begin(), known.end());
    const std::string what = contract_name(contract);

    std::string text =
        use.use.empty() ? what + " is not named; write use: NAME" : "there is no " + what + " '" + use.use + "'";
    if (const std::string near = config::nearest(use.use, known); !near.empty())
        text += "; did you mean '" + near + "'?";
    if (known.empty())
        return {use.place, text + "; no plugin offers one, see `switchhook plugins` and the key `plugins`"};
    text += "; known: ";
    for (std::size_t i = 0; i < known.size(); ++i) text.append(i == 0 ? "" : ", ").append(known[i]);
    return {use.place, text};
}

template <typename Base>
std::unique_ptr<Base> Catalog::Impl::make(Contract contract, const config::Instance& use, Host& host,
                                          std::vector<Problem>& problems) const {
    const auto [plugin, entry] = find(contract, use.use);
    if (entry == nullptr) {
        problems.push_back(not_known(contract, use));
        return nullptr;
    }
    const std::string name = component_name(contract, entry->name);
    std::vector<Problem> warnings;
    const auto settings =
        check_settings(use.settings, use.place, {entry->settings, entry->settings_count}, name, problems, warnings);
    for (const Problem& each : warnings) host.log().warning(each.text, {{"place", each.place}});
    if (!settings) return nullptr;

    const auto refuse = [&](const std::string& why) {
        problems.push_back(
            {use.place, name + " (plugin " + plugin->manifest->name + ", " + plugin->file.string() + ") " + why});
        return nullptr;
    };
    Component* object = nullptr;
    std::string error;
    try {
        object = entry->create(*settings, host, error);
    } catch (const std::exception& failure) {
        error = failure.what();
    } catch (...) {
        error = "an exception of unknown type";
    }
    if (object == nullptr)
        return refuse("could not be made: " + (error.empty() ? "it gave no reason" : error) + "; correct its settings");

    const std::string label = "plugin " + std::string(plugin->manifest->name) + " (" + name + ")";
    auto instance = std::make_shared<const Instance>(object, *entry, label, host);
    Base* const typed = dynamic_cast<Base*>(object);
    if (typed == nullptr)
        return refuse("made an object that is no " + std::string(contract_name(contract)) +
                      "; declare it with switchhook::component<T>(...)");
    return guard(std::move(instance), *typed);
}

Catalog::Catalog() : impl_(std::make_unique<Impl>()) {}
Catalog::~Catalog() = default;

void Catalog::open(const fs::path& library_or_folder, const std::string& place, std::vector<Problem>& problems) {
    std::error_code error;
    const fs::path path = fs::absolute(library_or_folder, error).lexically_normal();
    if (library_or_folder.empty() || error) {
        problems.push_back(
            {place, "plugin '" + library_or_folder.string() + "' is no path; name a library or a folder"});
        return;
    }
    if (!fs::is_directory(path, error)) return impl_->open_file(path, place, problems);
    const auto libraries = libraries_in(path, error);
    if (error)
        problems.push_back({place, "plugin folder " + path.string() + " cannot be read (" + error.message() +
                                       "); let the user that runs switchhook read it"});
    for (const fs::path& library : libraries) impl_->open_file(library, place, problems);
}

const std::vector<Opened>& Catalog::opened() const {
    return impl_->opened;
}

const ComponentEntry* Catalog::find(Contract contract, std::string_view name) const {
    return impl_->find(contract, name).entry;
}

std::unique_ptr<ConfigSource> Catalog::config_source(const config::Instance& use, Host& host,
                                                     std::vector<Problem>& problems) const {
    return impl_->make<ConfigSource>(Contract::config_source, use, host, problems);
}

std::unique_ptr<HookStore> Catalog::hook_store(const config::Instance& use, Host& host,
                                               std::vector<Problem>& problems) const {
    return impl_->make<HookStore>(Contract::hook_store, use, host, problems);
}

std::unique_ptr<Outbox> Catalog::outbox(const config::Instance& use, Host& host, std::vector<Problem>& problems) const {
    return impl_->make<Outbox>(Contract::outbox, use, host, problems);
}

std::unique_ptr<Matcher> Catalog::matcher(const config::Instance& use, Host& host,
                                          std::vector<Problem>& problems) const {
    return impl_->make<Matcher>(Contract::matcher, use, host, problems);
}

std::unique_ptr<Dialect> Catalog::dialect(const config::Instance& use, Host& host,
                                          std::vector<Problem>& problems) const {
    return impl_->make<Dialect>(Contract::dialect, use, host, problems);
}

std::unique_ptr<Forwarder> Catalog::forwarder(const config::Instance& use, Host& host,
                                              std::vector<Problem>& problems) const {
    return impl_->make<Forwarder>(Contract::forwarder, use, host, problems);
}

std::unique_ptr<Provisioner> Catalog::provisioner(const config::Instance& use, Host& host,
                                                  std::vector<Problem>& problems) const {
    return impl_->make<Provisioner>(Contract::provisioner, use, host, problems);
}

std::unique_ptr<CallControl> Catalog::call_control(const config::Instance& use, Host& host,
                                                   std::vector<Problem>& problems) const {
    return impl_->make<CallControl>(Contract::call_control, use, host, problems);
}

fs::path own_plugin_folder() {
    std::error_code error;
    const fs::path binary = fs::read_symlink("/proc/self/exe", error);
    return (binary.parent_path() / ".." / "lib" / "switchhook" / "plugins").lexically_normal();
}

}  // namespace switchhook::plugin
