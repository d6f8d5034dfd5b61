#include "resolver.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

namespace switchhook::https {
namespace {

constexpr std::size_t kKnownToHang = 4096;  // names that are remembered

std::string domain_of(const std::string& host) {
    const auto end = host.find_last_not_of('.');
    const auto last = end == std::string::npos ? end : host.rfind('.', end);
    const auto before = last == std::string::npos || last == 0 ? std::string::npos : host.rfind('.', last - 1);
    return before == std::string::npos ? host : host.substr(before + 1);
}

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
    struct Question {
        std::string host;
        std::string domain;
        bool hangs = false;  // has hung before
    };
    std::deque<Question> questions;
    // Look-ups under way: by domain, those of names that hang apart, which are few; and these together.
    std::map<std::pair<std::string, bool>, std::size_t> busy;
    std::size_t hanging = 0;
    std::set<std::string> hung;
    std::chrono::milliseconds hangs_after{};
    struct Worker {
        std::thread thread;
        bool looking_up = false;
        std::string host;  // looked up, since `began`
        std::chrono::steady_clock::time_point began;
    };
    std::deque<Worker> workers;  // a deque: workers keep references into it
    std::size_t idle = 0;
    bool stopping = false;
    Lookup lookup;
    std::function<void(Answer)> answered;

    void work(Worker& self);
    std::deque<Question>::iterator next();
    void begun(const Question& question);
    void ended(const Question& question, std::chrono::steady_clock::duration took);
};

// The first that may be asked now.
std::deque<Resolver::State::Question>::iterator Resolver::State::next() {
    return std::find_if(questions.begin(), questions.end(), [this](const Question& each) {
        if (each.hangs && hanging >= kHanging) return false;
        const auto found = busy.find({each.domain, each.hangs});
        return found == busy.end() || found->second < kOfOneDomain;
    });
}

void Resolver::State::begun(const Question& question) {
    ++busy[{question.domain, question.hangs}];
    if (question.hangs) ++hanging;
}

void Resolver::State::ended(const Question& question, std::chrono::steady_clock::duration took) {
    const auto found = busy.find({question.domain, question.hangs});
    if (--found->second == 0) busy.erase(found);
    if (question.hangs) --hanging;
    if (took < hangs_after) {
        hung.erase(question.host);
        return;
    }
    if (hung.size() >= kKnownToHang) hung.clear();
    hung.insert(question.host);
}

void Resolver::State::work(Worker& self) {
    std::unique_lock lock(mutex);
    while (true) {
        ++idle;
        wake.wait(lock, [this] { return stopping || next() != questions.end(); });
        --idle;
        if (stopping) return;
        const auto chosen = next();
        const Question question = std::move(*chosen);
        const std::string& host = question.host;
        questions.erase(chosen);
        begun(question);
        self.looking_up = true;
        self.host = host;
        self.began = std::chrono::steady_clock::now();
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
        ended(question, std::chrono::steady_clock::now() - self.began);
        // Under the lock, so that stop() is a barrier: `answered` only queues.
        answered(std::move(answer));
    }
}

Resolver::Resolver(Lookup lookup, std::function<void(Answer)> answered, std::chrono::milliseconds hangs)
    : state_(std::make_shared<State>()) {
    state_->hangs_after = hangs;
    state_->lookup = std::move(lookup);
    state_->answered = std::move(answered);
}

Resolver::~Resolver() {
    stop();
}

bool Resolver::ask(std::string host) {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping || state_->questions.size() >= kQueue) return false;
    auto domain = domain_of(host);
    if (state_->questions.size() >= kQueue / 2) {
        const auto of_domain = std::count_if(state_->questions.begin(), state_->questions.end(),
                                             [&](const auto& each) { return each.domain == domain; });
        if (static_cast<std::size_t>(of_domain) >= kQueueOfOneDomain) return false;
    }
    const bool hangs = state_->hung.contains(host);
    state_->questions.push_back({std::move(host), std::move(domain), hangs});
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

std::optional<std::chrono::steady_clock::time_point> Resolver::began(const std::string& host) const {
    const std::lock_guard lock(state_->mutex);
    for (const auto& worker : state_->workers)
        if (worker.looking_up && worker.host == host) return worker.began;
    return std::nullopt;
}

bool Resolver::forget(const std::string& host) {
    const std::lock_guard lock(state_->mutex);
    return std::erase_if(state_->questions, [&](const auto& each) { return each.host == host; }) > 0;
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
