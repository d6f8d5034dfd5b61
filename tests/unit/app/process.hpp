// Runs the real program and talks to it from outside.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace switchhook::app {

struct Ended {
    int code = -1;  // 128 + n when signal n ended it
    std::string out;
    std::string err;
};

// A folder that ends with the object.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    // Writes a file; its full name.
    std::string write(const std::string& name, const std::string& text) const;

private:
    std::filesystem::path path_;
};

// One run of `switchhook WORDS`. The environment is empty but for `variables`. A run that is not over when the object
// ends is killed.
class Process {
public:
    Process(const Folder& folder, std::vector<std::string> words, std::vector<std::string> variables = {});
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void signal(int number) const;
    // False: the text has not come on stderr within the deadline, or the program ended before.
    bool wait_for(const std::string& text, std::chrono::seconds deadline = std::chrono::seconds(30)) const;
    std::string err() const;
    // Waits for the end.
    Ended end();

    // Of the line that says where it listens; 0: not said.
    std::uint16_t port(const std::string& listener) const;

private:
    bool over();

    std::filesystem::path out_;
    std::filesystem::path err_;
    pid_t pid_ = -1;
    int code_ = -1;
};

Ended run(std::vector<std::string> words, std::vector<std::string> variables = {});

// The whole answer, head and body, to one request with `Connection: close`.
std::string ask(std::uint16_t port, const std::string& method, const std::string& path, const std::string& body = {});

}  // namespace switchhook::app
