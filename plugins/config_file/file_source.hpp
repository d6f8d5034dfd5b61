// The configuration source `file`: one YAML file.
#pragma once

#include <string>

#include <switchhook/config_source.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

namespace switchhook::config_file {

// One thread.
class FileSource final : public ConfigSource {
public:
    FileSource(const Settings& settings, Host& host);
    explicit FileSource(std::string path) : path_(std::move(path)) {}

    // A Status when there is no such file (not_found), it cannot be read, is no regular file or is larger than 16 MiB.
    Result<Document> load() override;

private:
    std::string path_;
};

}  // namespace switchhook::config_file
