#include "file_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "file_watch.hpp"
#include "yaml_reader.hpp"

namespace switchhook::config_file {
namespace {

class File {
public:
    // Not blocking: opening a named pipe that nobody writes to would hang the start.
    explicit File(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
};

Status failure(const std::string& path, const std::string& why, Code code = Code::invalid) {
    return {code, "Failed to read config file " + path + ": " + why};
}

}  // namespace

FileSource::FileSource(const Settings& settings, Host& /*host*/) : FileSource(settings.text("argument")) {}
FileSource::FileSource(std::string path) : path_(std::move(path)) {}
FileSource::~FileSource() = default;

Status FileSource::watch(std::function<void()> changed) {
    auto watch = FileWatch::begin(path_, std::move(changed));
    if (!watch) return watch.status();
    watch_ = std::move(watch).value();
    return {};
}

void FileSource::stop() {
    watch_.reset();
}

Result<Document> FileSource::load() {
    if (path_.empty() || path_.find('\0') != std::string::npos) return failure(path_, "name a file, as in file:PATH");
    const File file(path_);
    struct stat facts {};
    if (file.descriptor() < 0 || ::fstat(file.descriptor(), &facts) != 0)
        return failure(path_, std::generic_category().message(errno),
                       errno == ENOENT ? Code::not_found : Code::invalid);
    if (!S_ISREG(facts.st_mode)) return failure(path_, "not a regular file");

    std::string text;
    std::vector<char> piece(64UL * 1024);
    for (;;) {
        const ssize_t got = ::read(file.descriptor(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failure(path_, std::generic_category().message(errno));
        if (got == 0) break;
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.size() > kMostBytes) return failure(path_, "larger than 16 MiB");
    }
    return read_yaml(text, path_);
}

}  // namespace switchhook::config_file
