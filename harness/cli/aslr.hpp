// Fixed addresses: everything the tool shows and decides is independent of them, but a program
// under test may order by address (std::less over pointers, hashing), and its runs should not
// differ for that.
#pragma once

namespace harness::cli {

// Starts this program anew without address space randomisation, once; returns where it is off
// already, or where it may not be switched off.
void without_address_randomization(char** arguments);

}  // namespace harness::cli
