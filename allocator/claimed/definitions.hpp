// All of Core, for the files that instantiate it.
#pragma once

#include "allocator/claimed/accounts.hpp"
#include "allocator/claimed/caches.hpp"
#include "allocator/claimed/claiming.hpp"
#include "allocator/claimed/lifetime.hpp"
#include "allocator/claimed/policies.hpp"
#include "allocator/claimed/regions.hpp"
