#include "core/config/values.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>
#include <system_error>

namespace switchhook::config {
namespace {

constexpr std::size_t kLargestSecret = 64UL * 1024;

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array kDurations{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"min", 60'000}, Unit{"h", 3'600'000},
                                Unit{"d", 86'400'000}};
constexpr std::array kSizes{Unit{"", 1}, Unit{"KiB", std::int64_t{1} << 10}, Unit{"MiB", std::int64_t{1} << 20},
                            Unit{"GiB", std::int64_t{1} << 30}, Unit{"TiB", std::int64_t{1} << 40}};

Status not_a(std::string_view what, std::string_view text) {
    constexpr std::size_t kShown = 60;  // what was written may be anything, also very long
    std::string shown(text.substr(0, kShown));
    if (text.size() > kShown) shown += "...";
    return {Code::invalid, "'" + shown + "' is not " + std::string(what)};
}

// The number at the start of the text, and the rest of it. Nothing when there is none, or it does not fit.
std::optional<std::int64_t> leading_number(std::string_view& text) {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{}) return std::nullopt;
    const auto length = static_cast<std::size_t>(rest - text.data());
    const std::string_view digits = text.substr(text.front() == '-' ? 1 : 0, length - (text.front() == '-' ? 1 : 0));
    if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
    text.remove_prefix(length);
    return number;
}

std::optional<std::int64_t> number_with_unit(std::string_view text, std::span<const Unit> units) {
    const auto number = leading_number(text);
    if (!number || *number < 0) return std::nullopt;
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& each) { return each.name == text; });
    if (unit == units.end() || *number > std::numeric_limits<std::int64_t>::max() / unit->factor) return std::nullopt;
    return *number * unit->factor;
}

struct File {
    explicit File(const std::string& path) : descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int descriptor;
};

Result<std::string> read_secret_file(const std::string& path, const std::string& place,
                                     std::vector<Problem>& warnings) {
    const File file(path);
    struct stat facts {};
    if (file.descriptor < 0 || ::fstat(file.descriptor, &facts) != 0)
        return Status(Code::invalid,
                      "secret file " + path + " cannot be read: " + std::generic_category().message(errno));
    if (!S_ISREG(facts.st_mode)) return Status(Code::invalid, "secret file " + path + " is not a regular file");

    std::string text;
    std::array<char, 4096> piece{};
    for (;;) {
        const ssize_t got = ::read(file.descriptor, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return Status(Code::invalid,
                          "secret file " + path + " cannot be read: " + std::generic_category().message(errno));
        if (got == 0) break;
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.size() > kLargestSecret)
            return Status(Code::invalid, "secret file " + path + " is larger than 64 KiB");
    }
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if ((facts.st_mode & S_IROTH) != 0)
        warnings.push_back({place, "secret file " + path + " can be read by every user of this machine; chmod o-r it"});
    return text;
}

Result<std::string> read_variable(const std::string& name) {
    // Read while starting or reloading; nothing in this process changes the environment.
    const char* const value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr)
        return Status(Code::invalid, "environment variable " + name + ", named as a secret, is not set");
    return std::string(value);
}

// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours cost one each.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last;
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = last;
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& each : result)
        if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    return result;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto number = number_with_unit(text, kDurations);
    if (!number) return not_a("a duration; write a whole number with ms, s, min, h or d, such as 10s", text);
    return std::chrono::milliseconds(*number);
}

std::string duration_text(std::chrono::milliseconds time) {
    const Unit* unit = kDurations.data();
    for (const Unit& each : kDurations)
        if (time.count() != 0 && time.count() % each.factor == 0) unit = &each;
    return std::to_string(time.count() / unit->factor).append(unit->name);
}

Result<std::int64_t> parse_bytes(std::string_view text) {
    const auto number = number_with_unit(text, kSizes);
    if (!number)
        return not_a("a size; write a whole number of bytes, or one with KiB, MiB, GiB or TiB, such as 2MiB", text);
    return *number;
}

Result<std::int64_t> parse_integer(std::string_view text) {
    std::string_view rest = text;
    const auto number = leading_number(rest);
    if (!number || !rest.empty()) return not_a("a whole number", text);
    return *number;
}

Result<bool> parse_boolean(std::string_view text) {
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    return not_a("true or false", text);
}

Result<std::string> resolve_secret(const Node& node, std::vector<Problem>& warnings) {
    constexpr std::string_view kEnv = "env:";
    constexpr std::string_view kFile = "file:";
    constexpr std::string_view kCredential = "credential:";
    if (node.kind != NodeKind::scalar)
        return Status(Code::invalid, "must be text, or env:NAME, file:/path or credential:NAME");
    const std::string& text = node.text;
    if (text.starts_with(kEnv)) {
        const std::string name = text.substr(kEnv.size());
        if (name.empty()) return Status(Code::invalid, "env: must be followed by the name of an environment variable");
        return read_variable(name);
    }
    if (text.starts_with(kFile)) {
        const std::string path = text.substr(kFile.size());
        if (!path.starts_with('/')) return Status(Code::invalid, "file: must be followed by an absolute path");
        return read_secret_file(path, node.place, warnings);
    }
    if (text.starts_with(kCredential)) {
        const std::string name = text.substr(kCredential.size());
        if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..")
            return Status(Code::invalid, "credential: must be followed by the name of a systemd credential");
        const auto folder = read_variable("CREDENTIALS_DIRECTORY");
        if (!folder)
            return Status(Code::invalid, "credential:" + name +
                                             " needs $CREDENTIALS_DIRECTORY, which systemd sets for services with "
                                             "LoadCredential= or SetCredential=");
        return read_secret_file(*folder + "/" + name, node.place, warnings);
    }
    return text;
}

Status known_name(const std::string& name, std::span<const std::string_view> known) {
    if (std::ranges::find(known, name) != known.end()) return {};
    if (known.empty()) return {Code::invalid, "is not known: there is none to choose from"};
    std::string expected;
    for (const std::string_view each : known) expected.append(expected.empty() ? "" : ", ").append(each);
    std::string message = "must be " + std::string(known.size() > 1 ? "one of " : "") + expected;
    if (const std::string near = nearest(name, known); !near.empty()) message += "; did you mean '" + near + "'?";
    return {Code::invalid, message};
}

Status check_secret_form(std::string_view secret) {
    constexpr std::string_view kPrefix = "whsec_";
    constexpr std::size_t kShortestKey = 16;
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!secret.starts_with(kPrefix)) return {};
    secret.remove_prefix(kPrefix.size());
    const bool whole = secret.size() % 4 == 0;
    const std::size_t padding = secret.ends_with("==") ? 2 : secret.ends_with('=') ? 1 : 0;
    secret.remove_suffix(padding);
    if (!whole || secret.find_first_not_of(kLetters) != std::string_view::npos)
        return {Code::invalid, "begins with whsec_ and is no Base64 after it"};
    if (const std::size_t bytes = secret.size() * 3 / 4; bytes < kShortestKey)
        return {Code::invalid, "must hold at least 16 bytes after whsec_ (got " + std::to_string(bytes) + ")"};
    return {};
}

std::string nearest(std::string_view word, std::span<const std::string_view> known) {
    constexpr std::size_t kLongest = 64;
    if (word.empty() || word.size() > kLongest) return {};
    const std::string wanted = lower(word);
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string_view each : known) {
        if (each.empty() || each.size() > kLongest) continue;
        const std::size_t here = distance(wanted, lower(each));
        if (here >= best_distance || here >= each.size()) continue;
        best = each;
        best_distance = here;
    }
    return std::string(best);
}

}  // namespace switchhook::config
