// The bounded walk as a C++ programmer would write it: the floor our kernels are measured against.
// Same CSR graph and the same float64 sums as geo/kernels.py; std::priority_queue, stale entries skipped.
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

extern "C" int64_t walk_bounded(const int64_t* indptr, const int32_t* indices, const double* weights,
                                const int64_t* seed_nodes, const double* seed_costs, int64_t seeds, double limit,
                                double* best, double unreached, int32_t* out_nodes, double* out_costs) {
  using Entry = std::pair<double, int32_t>;
  std::vector<Entry> room;
  room.reserve(256);
  std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> queue(std::greater<Entry>(), std::move(room));
  for (int64_t k = 0; k < seeds; ++k) {
    const int64_t at = seed_nodes[k];
    if (seed_costs[k] <= limit && seed_costs[k] < best[at]) {
      best[at] = seed_costs[k];
      queue.emplace(seed_costs[k], static_cast<int32_t>(at));
    }
  }
  int64_t found = 0;
  while (!queue.empty()) {
    const auto [cost, at] = queue.top();
    queue.pop();
    if (cost > best[at]) continue;
    out_nodes[found] = at;
    out_costs[found++] = cost;
    for (int64_t arc = indptr[at]; arc < indptr[at + 1]; ++arc) {
      const double reached = cost + weights[arc];
      const int32_t to = indices[arc];
      if (reached <= limit && reached < best[to]) {
        best[to] = reached;
        queue.emplace(reached, to);
      }
    }
  }
  for (int64_t k = 0; k < found; ++k) best[out_nodes[k]] = unreached;
  return found;
}
