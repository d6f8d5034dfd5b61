#include "hook_file.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

namespace switchhook::store_file {

namespace {

using Json = nlohmann::ordered_json;  // keys stay in the order in which they are written

constexpr std::string_view kBlank = " \t\r\n";
constexpr int kMaxDepth = 4;           // array, row, events
constexpr std::size_t kMaxKeys = 16;   // of a row, known or not
constexpr std::size_t kMaxNames = 64;  // of an object in a row: max_age_ms

Status corrupt(const std::string& what) {
    return {Code::corrupt, what};
}

std::string row_name(std::size_t index) {
    return "entry " + std::to_string(index + 1);
}

// A text of that key into `out`; `fallback` when it is missing, an error when there is none.
Status text(const Json& row, std::size_t index, const char* key, std::string& out, const char* fallback) {
    const auto found = row.find(key);
    if (found == row.end()) {
        if (fallback == nullptr) return corrupt(row_name(index) + " has no \"" + key + "\"");
        out = fallback;
        return {};
    }
    if (!found->is_string()) return corrupt(row_name(index) + ": \"" + key + "\" is not a text");
    out = found->get<std::string>();
    return {};
}

// A whole number from 1 up to what the type of `out` holds.
template <typename Number>
Status number(const Json& value, std::size_t index, const std::string& key, Number& out) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() < 1 ||
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<Number>::max()))
        return corrupt(row_name(index) + ": \"" + key.substr(0, 64) + "\" is not a whole number of 1 or more");
    out = value.get<Number>();
    return {};
}

Status read_rate(const Json& value, std::size_t index, Rate& rate) {
    const bool whole =
        value.is_object() && value.size() == 2 && value.contains("per_second") && value.contains("burst");
    if (!whole) return corrupt(row_name(index) + ": \"rate\" is not an object of per_second and burst");
    if (Status status = number(value["per_second"], index, "rate.per_second", rate.per_second); !status) return status;
    return number(value["burst"], index, "rate.burst", rate.burst);
}

// What an older version did not write is the delivery block's.
Status read_pace(const Json& row, std::size_t index, Hook& hook) {
    if (Status status = text(row, index, "retry", hook.retry, ""); !status) return status;
    if (const auto found = row.find("concurrency"); found != row.end())
        if (Status status = number(*found, index, "concurrency", hook.concurrency); !status) return status;
    if (const auto found = row.find("rate"); found != row.end())
        if (Status status = read_rate(*found, index, hook.rate.emplace()); !status) return status;
    const auto ages = row.find("max_age_ms");
    if (ages == row.end()) return {};
    if (!ages->is_object()) return corrupt(row_name(index) + ": \"max_age_ms\" is not an object");
    for (const auto& [event, age] : ages->items()) {
        std::int64_t milliseconds = 0;
        if (Status status = number(age, index, "max_age_ms." + event, milliseconds); !status) return status;
        hook.max_age.emplace(event, milliseconds);
    }
    return {};
}

Result<Hook> read_row(const Json& row, std::size_t index) {
    if (!row.is_object()) return corrupt(row_name(index) + " is not an object");
    static constexpr std::array<std::string_view, 9> kKnown{"host",  "url",         "auth_id", "dialect",   "events",
                                                            "retry", "concurrency", "rate",    "max_age_ms"};
    for (const auto& [key, _] : row.items())
        if (std::ranges::find(kKnown, key) == kKnown.end())
            // The next write would lose it.
            return corrupt(row_name(index) + " has the unknown key \"" + key.substr(0, 64) + "\"");
    Hook hook;
    if (Status status = text(row, index, "host", hook.host, nullptr); !status) return status;
    if (Status status = text(row, index, "url", hook.url, nullptr); !status) return status;
    if (Status status = text(row, index, "auth_id", hook.auth_id, "default"); !status) return status;
    if (Status status = text(row, index, "dialect", hook.dialect, ""); !status) return status;
    if (hook.host.empty()) return corrupt(row_name(index) + " has an empty host");
    for (char& letter : hook.host)  // hosts have no case; a file edited by hand may
        if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    if (Status status = read_pace(row, index, hook); !status) return status;
    const auto events = row.find("events");
    if (events == row.end()) return hook;
    if (!events->is_array()) return corrupt(row_name(index) + ": \"events\" is not a list");
    for (const auto& event : *events) {
        if (!event.is_string()) return corrupt(row_name(index) + ": \"events\" holds something that is not a text");
        hook.events.push_back(event.get<std::string>());
    }
    return hook;
}

// Looks at the file before it is built: nlohmann-json keeps the last of two equal keys, which are an error here, and
// its parser with a callback compares each element with all others of its list (2 s for 100 000 hooks).
class Shape final : public nlohmann::json_sax<Json> {
public:
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override {
        keys_.emplace_back();
        return enter();
    }
    bool end_object() override {
        keys_.pop_back();
        --depth_;
        return true;
    }
    bool start_array(std::size_t) override { return enter(); }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool key(string_t& name) override {
        auto& keys = keys_.back();
        twice_ = twice_ || std::ranges::find(keys, name) != keys.end();
        keys.push_back(name);
        many_ = keys.size() > (keys_.size() == 1 ? kMaxKeys : kMaxNames);
        return !twice_ && !many_;
    }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

    Status fault() const {
        if (deep_) return corrupt("it is nested deeper than rows of hooks are");
        if (twice_) return corrupt("an entry has the same key twice");
        if (many_) return corrupt("an entry has more keys than a row of hooks");
        return {};
    }

private:
    bool enter() {
        deep_ = depth_++ >= kMaxDepth;
        return !deep_;
    }

    std::vector<std::vector<std::string>> keys_;
    int depth_ = 0;
    bool deep_ = false;
    bool twice_ = false;
    bool many_ = false;
};

}  // namespace

Result<HookTable> parse(std::string_view text) {
    if (text.size() > kMaxBytes) return corrupt("it is larger than 64 MiB");
    if (text.find_first_not_of(kBlank) == std::string_view::npos) return HookTable();
    Shape shape;
    Json document;
    try {
        static_cast<void>(Json::sax_parse(text, &shape));
        if (Status fault = shape.fault(); !fault) return fault;
        document = Json::parse(text);
    } catch (const Json::parse_error& error) {
        return corrupt("it is not JSON: at byte " + std::to_string(error.byte));
    } catch (const Json::exception& error) {  // a number that no double holds
        return corrupt(std::string("it is not JSON: ") + error.what());
    }
    if (!document.is_array()) return corrupt("it is not a list of hooks");
    HookTable table;
    table.reserve(document.size());
    for (std::size_t i = 0; i < document.size(); ++i) {
        auto hook = read_row(document[i], i);
        if (!hook) return hook.status();
        table.push_back(std::move(*hook));
    }
    std::ranges::sort(table, {}, &Hook::host);
    const auto twice = std::ranges::adjacent_find(table, {}, &Hook::host);
    if (twice != table.end()) return corrupt("the host \"" + twice->host + "\" is there twice");
    return table;
}

Result<std::string> write(const HookTable& table) {
    Json document = Json::array();
    for (const auto& hook : table) {
        Json row = {{"host", hook.host}, {"url", hook.url}, {"auth_id", hook.auth_id}};
        if (!hook.dialect.empty()) row["dialect"] = hook.dialect;
        if (!hook.events.empty()) row["events"] = hook.events;
        if (!hook.retry.empty()) row["retry"] = hook.retry;
        if (hook.concurrency != 0) row["concurrency"] = hook.concurrency;
        if (hook.rate) row["rate"] = {{"per_second", hook.rate->per_second}, {"burst", hook.rate->burst}};
        for (const auto& [event, age] : hook.max_age) row["max_age_ms"][event] = age.count();
        document.push_back(std::move(row));
    }
    try {
        return document.dump(2) + "\n";
    } catch (const Json::type_error&) {
        return Status(Code::invalid, "a hook holds bytes that are not UTF-8");
    }
}

Result<HookTable> changed(const HookTable& table, const HookChange& change) {
    std::map<std::string_view, const Hook*> rows;
    for (const auto& hook : table) rows[hook.host] = &hook;
    for (const auto& host : change.remove) rows.erase(host);
    std::set<std::string_view> put;
    for (const auto& hook : change.put) {
        if (hook.host.empty()) return Status(Code::invalid, "a hook has an empty host");
        if (!put.insert(hook.host).second) return Status(Code::invalid, "the host \"" + hook.host + "\" is put twice");
        rows[hook.host] = &hook;
    }
    HookTable out;
    out.reserve(rows.size());
    for (const auto& [_, hook] : rows) {
        Hook& kept = out.emplace_back(*hook);
        kept.id = 0;
        kept.secrets.clear();
        kept.configured = false;
    }
    return out;
}

}  // namespace switchhook::store_file
