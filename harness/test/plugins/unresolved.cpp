// Wants a function that nobody has.
extern "C" int nobody_has_this_function(int number);

namespace {
const int answer = nobody_has_this_function(1);
}

int unresolved_answer();
int unresolved_answer() { return answer; }
