// The configuration source `file`: one YAML file.
#pragma once

#include <memory>
#include <string>

#include <switchhook/config_source.hpp>
#include <switchhook/host.hpp>
#include <switchhook/settings.hpp>

namespace switchhook::config_file {

class FileWatch;

// One thread.
class FileSource final : public ConfigSource {
public:
    FileSource(const Settings& settings, Host& host);
    explicit FileSource(std::string path);
    ~FileSource() override;

    // A Status when there is no such file (not_found), it cannot be read, is no regular file or is larger than 16 MiB.
    Result<Document> load() override;
    // Notices a file that is written, replaced (rename, as editors and package managers do) or, as in a mounted
    // Kubernetes volume, reached through a symbolic link in its folder that is replaced.
    Status watch(std::function<void()> changed) override;
    void stop() override;

private:
    std::string path_;
    std::unique_ptr<FileWatch> watch_;
};

}  // namespace switchhook::config_file
