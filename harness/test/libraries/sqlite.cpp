// SQLite as Debian builds it, threadsafe and without instrumentation: two connections to one
// database in memory, and one connection that two threads share. Its mutexes are seen, its memory
// is not.
#include <sqlite3.h>

#include <cassert>
#include <string_view>
#include <thread>

namespace {

sqlite3* opened(int mutex) {
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | mutex;
  assert(sqlite3_open_v2("file:shared?mode=memory&cache=shared", &database, flags, nullptr) ==
         SQLITE_OK);
  return database;
}

int run(sqlite3* database, const char* statement) {
  return sqlite3_exec(database, statement, nullptr, nullptr, nullptr);
}

int count(sqlite3* database) {
  sqlite3_stmt* statement = nullptr;
  assert(sqlite3_prepare_v2(database, "select coalesce(sum(n), 0) from t", -1, &statement,
                            nullptr) == SQLITE_OK);
  assert(sqlite3_step(statement) == SQLITE_ROW);
  const int result = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  return result;
}

void one_connection() {
  sqlite3* const database = opened(SQLITE_OPEN_FULLMUTEX);
  assert(run(database, "create table t(n)") == SQLITE_OK);
  std::thread other([&] { assert(run(database, "insert into t values(1)") == SQLITE_OK); });
  assert(run(database, "insert into t values(2)") == SQLITE_OK);
  other.join();
  assert(count(database) == 3);
  sqlite3_close(database);
}

void insert(sqlite3* database, const char* statement) {
  int result;
  while ((result = run(database, statement)) == SQLITE_LOCKED || result == SQLITE_BUSY)
    std::this_thread::yield();
  assert(result == SQLITE_OK);
}

void two_connections() {
  sqlite3* const database = opened(SQLITE_OPEN_NOMUTEX);
  assert(run(database, "create table t(n)") == SQLITE_OK);
  std::thread other([] {
    sqlite3* const mine = opened(SQLITE_OPEN_NOMUTEX);
    insert(mine, "insert into t values(1)");
    sqlite3_close(mine);
  });
  insert(database, "insert into t values(2)");
  other.join();
  assert(count(database) == 3);
  sqlite3_close(database);
}

}  // namespace

int main(int, char** arguments) {
  assert(sqlite3_threadsafe() != 0);
  if (std::string_view(arguments[1]) == "one-connection")
    one_connection();
  else
    two_connections();
}
