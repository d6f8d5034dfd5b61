// A disk that fails when it is told to: SQLite's own file layer with faults, the default one while this object lives.
#pragma once

namespace switchhook::store_sqlite {

class FaultyDisk final {
public:
    FaultyDisk();
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;
    ~FaultyDisk();

    void heal();
    void fill();            // every write beyond the end of a file answers SQLITE_FULL
    void break_writes();    // every write answers an I/O error
    void break_syncs();     // every fsync answers an I/O error; what was written is there
    void make_read_only();  // every open for writing and every write is refused
    // Every read by another thread than the caller's answers SQLITE_FULL, or an I/O error.
    void refuse_other_readers(bool full);
    static long syncs();  // made so far by this thread
};

}  // namespace switchhook::store_sqlite
