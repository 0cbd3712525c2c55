// A shared object, instrumented, that registers nothing.
int nothing_of_interest(int number);
int nothing_of_interest(int number) { return number + 1; }
