#include "resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace switchhook::https {
namespace {

// A slow name server holds a thread for up to 10 s (resolv.conf's default), so there are more of them than cores.
constexpr std::size_t kThreads = 8;
constexpr std::size_t kQueue = 1024;

}  // namespace

Answer look_up(const std::string& host) {
    Answer answer;
    answer.host = host;
    addrinfo wanted{};
    wanted.ai_family = AF_UNSPEC;
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_ADDRCONFIG;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); error != 0) {
        answer.error = ::gai_strerror(error);
        answer.unavailable = error == EAI_AGAIN || error == EAI_SYSTEM || error == EAI_MEMORY;
        return answer;
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    for (const auto* each = found; each != nullptr; each = each->ai_next) {
        const auto address = Address::from(*each->ai_addr);
        if (!address) {
            answer.addresses.clear();
            answer.error = "an answer of an unknown address family";
            return answer;
        }
        if (std::find(answer.addresses.begin(), answer.addresses.end(), *address) == answer.addresses.end())
            answer.addresses.push_back(*address);
    }
    if (answer.addresses.empty()) answer.error = "no address";
    return answer;
}

struct Resolver::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::string> questions;
    struct Worker {
        std::thread thread;
        bool looking_up = false;
    };
    std::deque<Worker> workers;  // a deque: workers keep references into it
    std::size_t idle = 0;
    bool stopping = false;
    Lookup lookup;
    std::function<void(Answer)> answered;

    void work(Worker& self);
};

void Resolver::State::work(Worker& self) {
    std::unique_lock lock(mutex);
    while (true) {
        ++idle;
        wake.wait(lock, [this] { return stopping || !questions.empty(); });
        --idle;
        if (stopping) return;
        const std::string host = std::move(questions.front());
        questions.pop_front();
        self.looking_up = true;
        lock.unlock();
        Answer answer;
        try {
            answer = lookup(host);
        } catch (const std::exception& failure) {
            answer = {host, {}, failure.what(), true};
        }
        lock.lock();
        self.looking_up = false;
        if (stopping) return;
        // Under the lock, so that stop() is a barrier: `answered` only queues.
        answered(std::move(answer));
    }
}

Resolver::Resolver(Lookup lookup, std::function<void(Answer)> answered) : state_(std::make_shared<State>()) {
    state_->lookup = std::move(lookup);
    state_->answered = std::move(answered);
}

Resolver::~Resolver() {
    stop();
}

bool Resolver::ask(std::string host) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->questions.size() >= kQueue) return false;
    state_->questions.push_back(std::move(host));
    if (state_->idle < state_->questions.size() && state_->workers.size() < kThreads) {
        auto& worker = state_->workers.emplace_back();
        try {
            worker.thread = std::thread([state = state_, &worker] { state->work(worker); });
        } catch (const std::system_error&) {  // no more threads: those that run will answer, if there are any
            state_->workers.pop_back();
            if (state_->workers.empty()) {
                state_->questions.pop_back();
                return false;
            }
        }
    }
    state_->wake.notify_one();
    return true;
}

void Resolver::stop() {
    std::vector<std::thread> returning;
    {
        const std::lock_guard lock(state_->mutex);
        if (state_->stopping) return;
        state_->stopping = true;
        state_->questions.clear();
        for (auto& worker : state_->workers) {
            if (worker.looking_up)
                worker.thread.detach();  // the library is never unloaded, and the thread owns its state
            else
                returning.push_back(std::move(worker.thread));
        }
    }
    state_->wake.notify_all();
    for (auto& thread : returning) thread.join();
}

}  // namespace switchhook::https
