#include "tests/unit/app/process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace switchhook::app {
namespace {

constexpr char kProgram[] = SWITCHHOOK_BINARY_DIR "/bin/switchhook";

std::string content(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (auto& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

}  // namespace

Folder::Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "switchhook-app-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::write(const std::string& name, const std::string& text) const {
    const auto file = path_ / name;
    std::ofstream(file) << text;
    return file.string();
}

Process::Process(const Folder& folder, std::vector<std::string> words, std::vector<std::string> variables)
    : out_(folder.path() / "stdout"), err_(folder.path() / "stderr") {
    words.insert(words.begin(), kProgram);
    // What the sanitizers' runtime is told must reach the program too.
    for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"})
        if (const char* value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, err_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    EXPECT_EQ(::posix_spawn(&pid_, kProgram, &actions, nullptr, pointers(words).data(), pointers(variables).data()), 0);
    posix_spawn_file_actions_destroy(&actions);
}

Process::~Process() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
    ::kill(pid_, number);
}

std::string Process::err() const {
    return content(err_);
}

bool Process::wait_for(const std::string& text, std::chrono::seconds deadline) const {
    const auto until = std::chrono::steady_clock::now() + deadline;
    while (std::chrono::steady_clock::now() < until) {
        if (err().find(text) != std::string::npos) return true;
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
        if (info.si_pid == pid_) return err().find(text) != std::string::npos;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));  // a file tells nobody that it grew
    }
    return false;
}

Ended Process::end() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            .out = content(out_),
            .err = content(err_)};
}

std::uint16_t Process::port(const std::string& listener) const {
    const auto text = err();
    const auto line = text.find("listening");
    const auto address = text.find(" " + listener + "=", line);
    if (line == std::string::npos || address == std::string::npos) return 0;
    const auto word = text.substr(address + 1, text.find_first_of(" \n", address + 1) - address - 1);
    return static_cast<std::uint16_t>(std::atoi(word.substr(word.rfind(':') + 1).c_str()));
}

Ended run(std::vector<std::string> words, std::vector<std::string> variables) {
    const Folder folder;
    return Process(folder, std::move(words), std::move(variables)).end();
}

std::string ask(std::uint16_t port, const std::string& method, const std::string& path, const std::string& body) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
        std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        if (!body.empty()) request += "Content-Type: application/json\r\n";
        request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
        std::array<char, 4096> buffer{};
        for (auto got = ::recv(fd, buffer.data(), buffer.size(), 0); got > 0;
             got = ::recv(fd, buffer.data(), buffer.size(), 0))
            answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(fd);
    return answer;
}

}  // namespace switchhook::app
