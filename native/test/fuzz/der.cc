#include "der.h"

#include <algorithm>
#include <random>

namespace sslctx::fuzz {

namespace {

struct Node {
  std::uint8_t tag = 0;
  Bytes content;
  std::vector<Node> children;
};

constexpr std::uint8_t kConstructed = 0x20;
constexpr int kDeepest = 8;

bool Parse(ByteView bytes, int depth, std::vector<Node>* nodes) {
  while (!bytes.empty()) {
    if (bytes.size() < 2) return false;
    Node node;
    node.tag = bytes[0];
    std::size_t length = bytes[1];
    std::size_t head = 2;
    if (length >= 0x80) {
      const std::size_t width = length & 0x7f;
      if (width == 0 || width > 3 || bytes.size() < head + width) return false;
      length = 0;
      for (std::size_t i = 0; i < width; ++i) length = length << 8 | bytes[head++];
    }
    if (length > bytes.size() - head) return false;
    const ByteView content = bytes.subspan(head, length);
    const bool is_constructed = (node.tag & kConstructed) != 0 && depth < kDeepest;
    if (!is_constructed || !Parse(content, depth + 1, &node.children)) {
      node.children.clear();
      node.content.assign(content.begin(), content.end());
    }
    nodes->push_back(std::move(node));
    bytes = bytes.subspan(head + length);
  }
  return true;
}

Bytes Serialize(const std::vector<Node>& nodes) {
  Bytes out;
  for (const Node& node : nodes) {
    const Bytes content = node.children.empty() ? node.content : Serialize(node.children);
    out.push_back(node.tag);
    if (content.size() < 0x80) {
      out.push_back(static_cast<std::uint8_t>(content.size()));
    } else {
      const int width = content.size() < 0x100 ? 1 : content.size() < 0x10000 ? 2 : 3;
      out.push_back(static_cast<std::uint8_t>(0x80 | width));
      for (int i = width - 1; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(content.size() >> (8 * i)));
    }
    out.insert(out.end(), content.begin(), content.end());
  }
  return out;
}

void Collect(std::vector<Node>& nodes, std::vector<std::vector<Node>*>* lists, std::vector<Node*>* leaves) {
  lists->push_back(&nodes);
  for (Node& node : nodes) {
    if (node.children.empty()) leaves->push_back(&node);
    if (!node.children.empty()) Collect(node.children, lists, leaves);
  }
}

/// Where C's integers end.
Bytes Limit(std::mt19937& random) {
  const std::size_t width = std::size_t{1} << random() % 4;
  Bytes bytes(width, random() % 2 == 0 ? 0xff : 0x00);
  bytes.front() = random() % 2 == 0 ? 0x7f : 0x80;
  if (random() % 2 == 0) bytes.back() = static_cast<std::uint8_t>(random());
  // An unsigned one.
  if (random() % 4 == 0) bytes.insert(bytes.begin(), 0);
  return bytes;
}

void MutateLeaf(Node& leaf, std::mt19937& random) {
  constexpr std::size_t kGrowth = 64;
  constexpr std::uint8_t kInteger = 0x02;
  if (leaf.tag == kInteger && random() % 4 == 0) {
    leaf.content = Limit(random);
    return;
  }
  Bytes& content = leaf.content;
  const std::size_t size = content.size();
  content.resize(size + kGrowth);
  content.resize(LLVMFuzzerMutate(content.data(), size, random() % 8 == 0 ? size : content.size()));
  if (random() % 32 == 0) leaf.tag = static_cast<std::uint8_t>(random());
}

void MutateList(std::vector<Node>& list, std::mt19937& random) {
  const std::size_t at = random() % list.size();
  switch (random() % 4) {
    case 0:
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 1:
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(at), Node(list[random() % list.size()]));
      break;
    case 2:
      std::swap(list[at], list[random() % list.size()]);
      break;
    default: {
      // The optional fields of a session: [n] EXPLICIT, an integer or a string of bytes.
      Node field;
      field.tag = static_cast<std::uint8_t>(0xa0 | random() % 24);
      Node inner;
      inner.tag = random() % 2 == 0 ? 0x02 : 0x04;
      inner.content.resize(random() % 12);
      for (std::uint8_t& byte : inner.content) byte = static_cast<std::uint8_t>(random());
      field.children.push_back(std::move(inner));
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(at), std::move(field));
    }
  }
}

}  // namespace

std::size_t MutateDer(std::uint8_t* data, std::size_t size, std::size_t max, unsigned int seed) {
  std::mt19937 random(seed);
  std::vector<Node> nodes;
  if (random() % 8 == 0 || !Parse({data, size}, 0, &nodes) || nodes.empty()) return LLVMFuzzerMutate(data, size, max);
  std::vector<std::vector<Node>*> lists;
  std::vector<Node*> leaves;
  Collect(nodes, &lists, &leaves);
  if (leaves.empty() || random() % 4 == 0) {
    MutateList(*lists[random() % lists.size()], random);
  } else {
    MutateLeaf(*leaves[random() % leaves.size()], random);
  }
  const Bytes out = Serialize(nodes);
  if (out.size() > max) return LLVMFuzzerMutate(data, size, max);
  std::copy(out.begin(), out.end(), data);
  return out.size();
}

}  // namespace sslctx::fuzz
