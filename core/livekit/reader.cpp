#include "core/livekit/reader.hpp"

#include <openssl/sha.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/livekit/json_span.hpp"

namespace switchhook::livekit {
namespace {

namespace json = simdjson::dom;

constexpr std::size_t kMaxDepth = 128;     // egress events nest 6 deep
constexpr std::size_t kMaxId = 255;        // LiveKit's are "EV_" and 12 characters
constexpr std::size_t kKeptBody = 65'536;  // parsing takes about 12 times the body; after a larger one it is given back

// A member that may come once. `present`: it came, and was not null.
template <typename T>
struct Once {
    T value{};
    bool given = false;
    bool present = false;
};
using Text = Once<std::string_view>;
using Object = Once<json::object>;

// protojson writes int64 as text and reads both.
struct Seconds {
    std::int64_t count = 0;
};
// An enum value that the sender's build does not know comes as a number.
struct EnumName {
    std::string_view name;
    std::array<char, 20> digits{};
};

bool read(const json::element& element, std::string_view& into) {
    return element.get(into) == simdjson::SUCCESS;
}
bool read(const json::element& element, json::object& into) {
    return element.get(into) == simdjson::SUCCESS;
}
bool read(const json::element& element, Seconds& into) {
    if (element.is_int64()) return element.get(into.count) == simdjson::SUCCESS;
    std::string_view text;
    if (!read(element, text)) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into.count);
    return error == std::errc{} && end == text.data() + text.size();
}
bool read(const json::element& element, EnumName& into) {
    std::int64_t number = 0;
    if (!element.is_int64()) return read(element, into.name);
    if (element.get(number) != simdjson::SUCCESS) return false;
    auto* const begin = into.digits.data();
    into.name = {begin, std::to_chars(begin, begin + into.digits.size(), number).ptr};
    return true;
}

// The turnPasswords of a room: their positions among its members.
using Passwords = std::vector<std::size_t>;

// What a body says, as views into the parser. The first fault stays.
class Fields {
public:
    explicit Fields(const json::object& top) { read_top(top); }
    Fields(const Fields&) = delete;
    Fields& operator=(const Fields&) = delete;

    std::string fault;
    Text event, id, room_sid, room_name, room_metadata, participant_sid, participant_identity, participant_name;
    Once<Seconds> created_at;
    Once<EnumName> kind;
    std::vector<Attribute> attributes;

    // The bytes of every turnPassword, in ascending order.
    std::vector<Span> passwords(std::string_view body) const {
        std::vector<Span> found;
        const auto top = body.find('{');
        if (!in_room_.empty()) found = member_values(body, member_values(body, top, {&room_at_, 1})[0].begin, in_room_);
        if (!in_job_.empty()) {
            const auto job = member_values(body, top, {&job_at_, 1})[0].begin;
            const auto more = member_values(body, member_values(body, job, {&job_room_at_, 1})[0].begin, in_job_);
            found.insert(found.end(), more.begin(), more.end());
        }
        std::ranges::sort(found, {}, &Span::begin);
        return found;
    }

private:
    template <typename T>
    void take(std::string_view name, const json::element& element, Once<T>& into) {
        if (std::exchange(into.given, true)) return refuse(name, "is given twice");
        if (element.is_null()) return;
        into.present = true;
        if (!livekit::read(element, into.value)) {
            into.present = false;
            refuse(name, "has an unexpected type");
        }
    }
    void refuse(std::string_view name, std::string_view why) {
        if (fault.empty()) fault.append("'").append(name).append("' ").append(why);
    }

    void read_top(const json::object& top) {
        Object room, participant, egress, ingress, job;
        std::size_t at = 0;
        for (const auto& [key, value] : top) {
            if (key == "event")
                take("event", value, event);
            else if (key == "id")
                take("id", value, id);
            else if (key == "createdAt" || key == "created_at")
                take("createdAt", value, created_at);
            else if (key == "participant")
                take("participant", value, participant);
            else if (key == "egressInfo" || key == "egress_info")
                take("egressInfo", value, egress);
            else if (key == "ingressInfo" || key == "ingress_info")
                take("ingressInfo", value, ingress);
            else if (key == "room")
                take("room", value, room), room_at_ = at;
            else if (key == "job")
                take("job", value, job), job_at_ = at;
            ++at;
        }
        if (room.present) read_room(room.value);
        if (participant.present) read_participant(participant.value);
        if (egress.present) read_side_room(egress.value);
        if (ingress.present) read_side_room(ingress.value);
        if (job.present) read_job(job.value);
    }

    void read_room(const json::object& room) {
        for (const auto& [key, value] : room) {
            if (key == "sid")
                take("room.sid", value, room_sid);
            else if (key == "name")
                take("room.name", value, room_name);
            else if (key == "metadata")
                take("room.metadata", value, room_metadata);
        }
        in_room_ = passwords_in(room);
    }

    void read_participant(const json::object& participant) {
        Object map;
        for (const auto& [key, value] : participant) {
            if (key == "sid")
                take("participant.sid", value, participant_sid);
            else if (key == "identity")
                take("participant.identity", value, participant_identity);
            else if (key == "name")
                take("participant.name", value, participant_name);
            else if (key == "kind")
                take("participant.kind", value, kind);
            else if (key == "attributes")
                take("participant.attributes", value, map);
        }
        if (map.present) read_attributes(map.value);
    }

    void read_attributes(const json::object& map) {
        attributes.reserve(map.size());
        std::vector<std::string_view> keys;
        keys.reserve(map.size());
        for (const auto& [key, value] : map) {
            std::string_view text;
            if (!livekit::read(value, text)) refuse("participant.attributes", "has a value that is no text");
            attributes.push_back({key, text});
            keys.push_back(key);
        }
        std::ranges::sort(keys);
        if (std::ranges::adjacent_find(keys) != keys.end()) refuse("participant.attributes", "has a name twice");
    }

    // Egress and ingress events of LiveKit up to 1.13 carry no room.
    void read_side_room(const json::object& info) {
        Text name, sid;
        for (const auto& [key, value] : info) {
            if (key == "roomName" || key == "room_name")
                take("roomName", value, name);
            else if (key == "roomId" || key == "room_id")
                take("roomId", value, sid);
        }
        if (!room_name.value.empty()) return;
        room_name.value = name.value;
        if (room_sid.value.empty()) room_sid.value = sid.value;
    }

    // job.room is a full room as well (livekit_agent.proto).
    void read_job(const json::object& job) {
        Object room;
        std::size_t at = 0;
        for (const auto& [key, value] : job) {
            if (key == "room") {
                take("job.room", value, room);
                job_room_at_ = at;
            }
            ++at;
        }
        if (room.present) in_job_ = passwords_in(room.value);
    }

    // All that are not empty yet, also one that is no text or comes twice: nothing of it may reach a tenant.
    static Passwords passwords_in(const json::object& room) {
        Passwords found;
        std::size_t at = 0;
        for (const auto& [key, value] : room) {
            std::string_view text;
            const bool empty = livekit::read(value, text) && text.empty();
            if (!empty && (key == "turnPassword" || key == "turn_password")) found.push_back(at);
            ++at;
        }
        return found;
    }

    std::size_t room_at_ = 0, job_at_ = 0, job_room_at_ = 0;  // positions among the members around them
    Passwords in_room_, in_job_;
};

std::string without(const std::string& body, const std::vector<Span>& spans) {
    std::string rest;
    rest.reserve(body.size() + spans.size() * 2);
    std::size_t from = 0;
    for (const auto& span : spans) {
        rest.append(body, from, span.begin - from).append("\"\"");
        from = span.end;
    }
    return rest.append(body, from);
}

// What may stand in a header: `webhook-id` carries it to the tenant.
bool is_sound_id(std::string_view id) {
    return id.size() <= kMaxId && std::ranges::all_of(id, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string hex_sha256(std::string_view body) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), hash.data());
    std::string text;
    for (const unsigned char byte : hash) {
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
    }
    return text;
}

// Copies texts into one string whose views stay valid.
class Copier {
public:
    Copier(std::string& into, std::size_t size) : into_(into) { into_.reserve(size); }
    std::string_view operator()(std::string_view text) {
        const auto begin = into_.size();
        into_.append(text);
        return std::string_view(into_).substr(begin);
    }

private:
    std::string& into_;
};

Status invalid(std::string why) {
    return {Code::invalid, "the webhook's body cannot be read: " + std::move(why)};
}

}  // namespace

std::shared_ptr<const std::string> ReadEvent::body(std::shared_ptr<const ReadEvent> self) {
    const auto* const body = &self->body_;
    return {std::move(self), body};
}

struct Reader::Impl {
    json::parser parser;
    json::parser metadata_parser;
};

namespace {

// The tenant that a room's metadata names, as a view into the parser; empty when it is no JSON object or names none. A
// name that is given twice counts as other readers of JSON take it: the last one.
std::string_view tenant_in(std::string_view metadata, json::parser& parser) {
    if (metadata.empty()) return {};
    if (parser.capacity() < metadata.size() && parser.allocate(metadata.size(), kMaxDepth) != simdjson::SUCCESS)
        return {};
    json::object members;
    if (parser.parse(metadata.data(), metadata.size()).get(members) != simdjson::SUCCESS) return {};
    std::string_view tenant;
    for (const auto& [key, value] : members)
        if (key == "auth_id" && value.get(tenant) != simdjson::SUCCESS) tenant = {};
    return tenant;
}

}  // namespace

Reader::Reader() : impl_(std::make_unique<Impl>()) {}
Reader::~Reader() = default;

Result<std::shared_ptr<const ReadEvent>> Reader::read(std::string body, std::string_view id_if_missing) {
    struct GiveBack {
        json::parser& parser;
        bool large;
        ~GiveBack() {
            if (large) parser = json::parser();
        }
    };
    const GiveBack give_back{impl_->parser, body.size() > kKeptBody};
    auto& parser = impl_->parser;
    if (parser.capacity() < body.size() && parser.allocate(body.size(), kMaxDepth) != simdjson::SUCCESS)
        return Status{Code::full, "no memory to read a webhook"};
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    json::element root;
    if (const auto error = parser.parse(body.data(), body.size(), false).get(root); error != simdjson::SUCCESS)
        return invalid(simdjson::error_message(error));
    json::object top;
    if (root.get(top) != simdjson::SUCCESS) return invalid("it is no JSON object");

    const Fields fields(top);
    if (!fields.fault.empty()) return invalid(fields.fault);
    if (fields.event.value.empty()) return invalid("'event' is missing");
    std::string made_id;
    auto id = fields.id.value.empty() ? id_if_missing : fields.id.value;
    if (id.empty()) id = made_id = hex_sha256(body);
    if (!is_sound_id(id)) return invalid("'id' is no plain text of up to 255 characters");
    const auto kind = fields.kind.value.name == "STANDARD" ? std::string_view{} : fields.kind.value.name;

    const GiveBack give_back_too{impl_->metadata_parser, fields.room_metadata.value.size() > kKeptBody};
    const auto tenant = tenant_in(fields.room_metadata.value, impl_->metadata_parser);
    std::shared_ptr<ReadEvent> read(new ReadEvent);
    const std::array texts{id,
                           fields.event.value,
                           fields.room_name.value,
                           fields.room_sid.value,
                           tenant,
                           fields.participant_sid.value,
                           fields.participant_identity.value,
                           fields.participant_name.value,
                           kind};
    std::size_t size = 0;
    for (const auto text : texts) size += text.size();
    for (const auto& [key, value] : fields.attributes) size += key.size() + value.size();
    Copier copy(read->text_, size);
    read->attributes_.reserve(fields.attributes.size());
    for (const auto& [key, value] : fields.attributes) read->attributes_.push_back({copy(key), copy(value)});
    auto& event = read->event_;
    event = {.id = copy(id),
             .name = copy(fields.event.value),
             .created_at = fields.created_at.value.count,
             .room_name = copy(fields.room_name.value),
             .room_sid = copy(fields.room_sid.value),
             .room_tenant = copy(tenant),
             .participant_sid = copy(fields.participant_sid.value),
             .participant_identity = copy(fields.participant_identity.value),
             .participant_name = copy(fields.participant_name.value),
             .participant_kind = copy(kind),
             .attributes = read->attributes_,
             .body = {}};
    const auto passwords = fields.passwords(body);
    read->body_ = passwords.empty() ? std::move(body) : without(body, passwords);
    event.body = read->body_;
    return std::shared_ptr<const ReadEvent>(std::move(read));
}

}  // namespace switchhook::livekit
