// Database and Statement: SQLite's handles as owned values, its result codes as Status. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <switchhook/result.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace switchhook::store_sqlite {

// A prepared statement that is kept. Texts are bound as bytes (they may hold NUL) and must live until step or run
// returns.
class Statement final {
public:
    Statement() = default;
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&& other) noexcept;
    ~Statement();

    Statement& integer(int index, std::int64_t value);
    Statement& bytes(int index, std::string_view value);
    Statement& null(int index);

    // True while there is a row. Call done() after the last use of a row.
    Result<bool> step();
    // For statements without rows: step and done in one.
    Status run();
    void done();

    std::int64_t integer_at(int column) const;
    std::string_view bytes_at(int column) const;  // valid until the next step or done
    bool null_at(int column) const;

private:
    friend class Database;
    sqlite3_stmt* statement_ = nullptr;
};

class Database final {
public:
    enum class Mode : std::uint8_t {
        write = 1,       // creates the file
        read,            // beside a writer: sees its write-ahead log
        look_immutable,  // reads what stands in the file itself; locks nothing, creates nothing, ignores a write-ahead
                         // log
    };

    Database() = default;
    Database(Database&& other) noexcept;
    Database& operator=(Database&& other) noexcept;
    ~Database();

    static Result<Database> open(const std::string& path, Mode mode);

    Status run(const char* sql);  // statements without parameters and without rows of interest
    Result<Statement> prepare(const char* sql);
    Result<std::int64_t> number(const char* sql);  // first column of the first row; 0 when there is none
    Result<std::string> text(const char* sql);

    // Ends a transaction if one is open; never fails in a way that matters.
    void roll_back();
    // Copies the write-ahead log into the file. Answers whether the log was copied whole.
    Result<bool> checkpoint(bool truncate);

    sqlite3* handle() const { return handle_; }
    const std::string& path() const { return path_; }

private:
    sqlite3* handle_ = nullptr;
    std::string path_;
};

// What a failed call of that connection means: full (space or a limit of the operating system), corrupt, unavailable.
Status failure(sqlite3* handle, int code, const std::string& path);

}  // namespace switchhook::store_sqlite
