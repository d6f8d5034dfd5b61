#include "core/app/logging.hpp"

#include <spdlog/async_logger.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <cstdio>
#include <ctime>
#include <mutex>
#include <nlohmann/json.hpp>

#include "core/app/journal.hpp"

namespace switchhook::app {
namespace {

using Json = nlohmann::ordered_json;

std::string_view level_name(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "error";
}

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::string rfc3339(std::int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                       parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, unix_ms % 1000);
}

std::string quoted(std::string_view value) {
    return Json(std::string(value)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool needs_no_quotes(std::string_view value) {
    for (const char c : value)
        if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return false;
    return !value.empty();
}

// spdlog 1.10's stderr_sink writes to its own stderr only; this one is the same with the file given.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit FileSink(std::FILE* out) : out_(out) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        // A log that cannot be written (full disk, closed pipe) must not stop calls: nothing is left to tell it to.
        static_cast<void>(std::fwrite(line.data(), 1, line.size(), out_));
        static_cast<void>(std::fflush(out_));
    }
    void flush_() override { static_cast<void>(std::fflush(out_)); }

    std::FILE* out_;
};

}  // namespace

std::string text_record(std::string_view instance, std::string_view text, std::span<const Field> fields) {
    std::string record;
    if (!instance.empty()) record.append("[").append(instance).append("] ");
    const std::string escaped = quoted(text);
    // The text itself reads better without its quotes; only what had to be escaped stays escaped.
    record.append(escaped.find('\\') == std::string::npos ? escaped.substr(1, escaped.size() - 2) : escaped);
    for (const auto& field : fields) {
        record.append(" ").append(field.name).append("=");
        record.append(needs_no_quotes(field.value) ? std::string(field.value) : quoted(field.value));
    }
    return record;
}

std::string json_record(std::int64_t unix_ms, Level level, std::string_view instance, std::string_view text,
                        std::span<const Field> fields) {
    Json record = {{"time", rfc3339(unix_ms)}, {"level", level_name(level)}};
    if (!instance.empty()) record["instance"] = instance;
    record["text"] = text;
    for (const auto& field : fields) record.emplace(std::string(field.name), field.value);
    return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Logging::Impl {
    const Clock& clock;
    LogFormat format;
    bool journal;  // it knows time and priority of a line by itself
    std::shared_ptr<spdlog::details::thread_pool> pool;
    std::shared_ptr<spdlog::async_logger> logger;
    std::unique_ptr<Log> own;
};

namespace {

class InstanceLog final : public Log {
public:
    InstanceLog(spdlog::async_logger& logger, const Clock& clock, LogFormat format, bool journal, std::string instance)
        : logger_(logger), clock_(clock), format_(format), journal_(journal), instance_(std::move(instance)) {}

    void write(Level level, std::string_view text, std::span<const Field> fields) override {
        if (!logger_.should_log(spdlog_level(level))) return;
        std::string record = format_ == LogFormat::json ? json_record(clock_.unix_ms(), level, instance_, text, fields)
                                                        : text_record(instance_, text, fields);
        if (journal_) record.insert(0, journal_prefix(level));
        logger_.log(spdlog_level(level), spdlog::string_view_t(record));
    }

private:
    spdlog::async_logger& logger_;
    const Clock& clock_;
    const LogFormat format_;
    const bool journal_;
    const std::string instance_;
};

}  // namespace

Logging::Logging(Level level, LogFormat format, const Clock& clock, std::FILE* out, std::size_t queued_lines)
    : impl_(std::make_unique<Impl>(Impl{clock,
                                        format,
                                        goes_to_journal(::fileno(out)),
                                        std::make_shared<spdlog::details::thread_pool>(queued_lines, 1U),
                                        {},
                                        {}})) {
    impl_->logger = std::make_shared<spdlog::async_logger>("switchhook", std::make_shared<FileSink>(out), impl_->pool,
                                                           spdlog::async_overflow_policy::overrun_oldest);
    impl_->logger->set_pattern(format == LogFormat::json || impl_->journal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %-7l %v");
    impl_->logger->set_level(spdlog_level(level));
    impl_->own = for_instance({});
}

Logging::~Logging() {
    impl_->pool.reset();  // first: writes what is queued and joins the writing thread, which also holds the logger
}

Log& Logging::log() {
    return *impl_->own;
}

std::unique_ptr<Log> Logging::for_instance(std::string name) {
    return std::make_unique<InstanceLog>(*impl_->logger, impl_->clock, impl_->format, impl_->journal, std::move(name));
}

void HeldLog::write(Level level, std::string_view text, std::span<const Field> fields) {
    Line line{.level = level, .text = std::string(text), .fields = {}};
    for (const auto& field : fields) line.fields.emplace_back(field.name, field.value);
    lines_.with([&](auto& lines) { lines.push_back(std::move(line)); });
}

void HeldLog::release_to(Log& log) {
    for (const auto& line : lines_.with([](auto& lines) { return std::exchange(lines, {}); })) {
        std::vector<Field> fields;
        fields.reserve(line.fields.size());
        for (const auto& [name, value] : line.fields) fields.push_back({.name = name, .value = value});
        log.write(line.level, line.text, fields);
    }
}

void Logging::set_level(Level level) {
    impl_->logger->set_level(spdlog_level(level));
}

std::size_t Logging::dropped() const {
    return impl_->pool->overrun_counter();
}

}  // namespace switchhook::app
