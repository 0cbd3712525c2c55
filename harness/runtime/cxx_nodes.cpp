// The nodes of std::list, std::map and std::set: libstdc++ links them in its shared library, which
// is not instrumented. What those functions read and write of them is looked at like plain accesses
// of the caller; of what balancing a tree moves about, the neighbours of the node that comes or
// goes.
#include <cstddef>

#include "harness/runtime/access.hpp"

namespace harness {
namespace {

struct ListNode {
  ListNode* next;
  ListNode* previous;
};

struct TreeNode {
  int colour;
  TreeNode* parent;
  TreeNode* left;
  TreeNode* right;
};

template <class T>
void reads(const T& field, std::uintptr_t where) {
  check_range(&field, sizeof field, false, where);
}
template <class T>
void writes(const T& field, std::uintptr_t where) {
  check_range(&field, sizeof field, true, where);
}

void links_between(const ListNode* before, const ListNode* after, std::uintptr_t where) {
  writes(before->next, where);
  writes(after->previous, where);
}

// The way from a node to its neighbour: down once and then all the way back, or up until it turns.
using Child = TreeNode* TreeNode::*;
void read_way(const TreeNode* node, Child down, Child back, std::uintptr_t where) {
  const bool is_end = node->colour == 0 && node->parent != nullptr && node->parent->parent == node;
  if (is_end && down == &TreeNode::left) return reads(node->right, where);
  reads(node->*down, where);
  if (node->*down != nullptr) {
    for (node = node->*down; node != nullptr; node = node->*back) reads(node->*back, where);
    return;
  }
  for (const TreeNode* child = nullptr; child == nullptr || child == node->*down;) {
    child = node;
    reads(node->parent, where);
    node = node->parent;
    reads(node->*down, where);
  }
}

}  // namespace
}  // namespace harness

using harness::active;
using harness::ListNode;
using harness::TreeNode;
namespace real = harness::real;

#define HARNESS_NODES(result, name, parameters, check, arguments)                            \
  HARNESS_EXPORT result name parameters {                                                    \
    static result(*found) parameters = nullptr;                                              \
    if (found == nullptr) found = reinterpret_cast<result(*) parameters>(real::find(#name)); \
    if (active != nullptr) {                                                                 \
      const std::uintptr_t where = HARNESS_CALLER;                                           \
      check;                                                                                 \
    }                                                                                        \
    return found arguments;                                                                  \
  }

// --- std::list: hook, unhook, transfer, reverse
HARNESS_NODES(void, _ZNSt8__detail15_List_node_base7_M_hookEPS0_, (ListNode * node, ListNode* at),
              (harness::writes(*node, where), harness::links_between(at->previous, at, where)),
              (node, at))
HARNESS_NODES(void, _ZNSt8__detail15_List_node_base9_M_unhookEv, (ListNode * node),
              (harness::reads(*node, where),
               harness::links_between(node->previous, node->next, where)),
              (node))
HARNESS_NODES(
    void, _ZNSt8__detail15_List_node_base11_M_transferEPS0_S1_,
    (ListNode * at, ListNode* first, ListNode* last),
    if (at != last && first != last) {
      harness::links_between(first->previous, last, where);
      harness::links_between(at->previous, at, where);
      harness::writes(first->previous, where);
      harness::writes(last->previous->next, where);
    },
    (at, first, last))
HARNESS_NODES(
    void, _ZNSt8__detail15_List_node_base10_M_reverseEv, (ListNode * node),
    {
      const ListNode* each = node;
      do {
        harness::writes(*each, where);
        each = each->next;
      } while (each != node);
    },
    (node))

// --- std::map, std::set and their relatives: one node further or back, one more, one less
#define HARNESS_NEIGHBOUR(name, down, back)         \
  HARNESS_NODES(TreeNode*, name, (TreeNode * node), \
                harness::read_way(node, &TreeNode::down, &TreeNode::back, where), (node))
HARNESS_NEIGHBOUR(_ZSt18_Rb_tree_incrementPSt18_Rb_tree_node_base, right, left)
HARNESS_NEIGHBOUR(_ZSt18_Rb_tree_incrementPKSt18_Rb_tree_node_base, right, left)
HARNESS_NEIGHBOUR(_ZSt18_Rb_tree_decrementPSt18_Rb_tree_node_base, left, right)
HARNESS_NEIGHBOUR(_ZSt18_Rb_tree_decrementPKSt18_Rb_tree_node_base, left, right)
HARNESS_NODES(
    void, _ZSt29_Rb_tree_insert_and_rebalancebPSt18_Rb_tree_node_baseS0_RS_,
    (bool is_left, TreeNode* node, TreeNode* parent, TreeNode* header),
    {
      harness::writes(*node, where);
      harness::writes(is_left ? parent->left : parent->right, where);
      if (parent == (is_left ? header->left : header->right))
        harness::writes(is_left ? header->left : header->right, where);
    },
    (is_left, node, parent, header))
HARNESS_NODES(
    TreeNode*, _ZSt28_Rb_tree_rebalance_for_erasePSt18_Rb_tree_node_baseRS_,
    (TreeNode * node, TreeNode* header),
    {
      harness::writes(*node, where);
      TreeNode* const parent = node->parent;
      TreeNode*& link = parent == header       ? header->parent
                        : parent->left == node ? parent->left
                                               : parent->right;
      harness::writes(link, where);
      for (const TreeNode* child : {node->left, node->right})
        if (child != nullptr) harness::writes(child->parent, where);
    },
    (node, header))
