// Products inside the loop over time: how their matrices are packed, and where their operands are.
#pragma once

#include <vector>

#include "direct_tile.h"
#include "int8.h"
#include "memory_layout.h"
#include "work_division.h"

namespace recur {

template <class P>
class Products : public WorkDivision<typename P::T> {
 public:
  using T = typename P::T;
  using E = typename P::E;
  static constexpr int64_t L = Lane<T>::count;

  Products(const RecurCell& cell, RecurCall& call, const RecurProgram& program) : WorkDivision<T>(cell, call, program) {
    plan_groups();
  }

 protected:
  using Base = WorkDivision<T>;
  using Base::call_, Base::cell_, Base::padded, Base::program_, Base::size, Base::units_of;

  struct PackedGroup {
    int64_t K = 0;                   // elements of all operands, each rounded up to whole pairs
    std::vector<int64_t> operand_k;  // where each operand begins
    std::vector<int64_t> operand_copy;
    int64_t offset = 0;  // in the packed memory
    int64_t row = 0;     // in a row of rounded operands
  };

  void plan_groups() {
    int64_t offset = 0;
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      const RecurStage& stage = program_.stages[k];
      std::vector<PackedGroup> groups;
      int64_t row = 0;
      for (int32_t g = 0; g < stage.group_count; ++g) {
        const RecurGroup& group = stage.groups[g];
        PackedGroup packed;
        for (int32_t m = 0; m < group.operand_count; ++m) {
          packed.operand_k.push_back(packed.K);
          packed.operand_copy.push_back(copy_column(group.operands[m]));
          packed.K += padded_k<P>(size(group.operands[m].columns_size));
        }
        packed.offset = offset;
        offset += (packed.K + P::head) * padded(stage.units_size) * group.product_count;
        packed.row = row;
        row += packed.K + pad<E>();
        groups.push_back(packed);
      }
      groups_.push_back(groups);
      rounded_row_ = std::max(rounded_row_, row);
    }
    packed_elements_ = offset + 256;
    copy_.close();
  }

  // the column of an operand in the converted copies; a state before and after the step is the same operand
  int64_t copy_column(const RecurOperand& operand) {
    if (!P::copies) return 0;
    const int32_t place = operand.place == RECUR_FRESH ? int32_t{RECUR_STATE} : operand.place;
    for (size_t n = 0; n < copies_.size(); ++n) {
      if (copies_[n].place == place && copies_[n].index == operand.index) return static_cast<int64_t>(n);
    }
    copies_.push_back({place, operand.index, operand.columns_size, 0});
    copy_.add(size(operand.columns_size) + 1);
    return static_cast<int64_t>(copies_.size()) - 1;
  }

  // the number of products per chunk of a panel: as many vectors as a tile is wide
  static int chunk_products(int32_t products, int32_t panel_vectors) {
    if (panel_vectors > 1) return 1;
    if (P::whole) return std::min<int32_t>(4, products);
    return products == 3 ? 3 : std::min<int32_t>(2, products);
  }

  // Some products of a panel: its first unit, and how many units there are
  struct PanelChunk {
    const RecurStage& stage;
    const RecurGroup& group;
    int32_t first, count;
    int64_t unit, width;
    int vectors() const { return count * static_cast<int>(width / L); }
  };

  // The products of a chunk with operands m to end, which are contiguous and `depth` deep, for `rows` rows: with the
  // packed panel B, or with the matrices as they are
  void multiply(const PanelChunk& chunk, int32_t m, int32_t end, int64_t rows, int64_t depth, const E* A,
                int64_t stride, const E* B, T* to, int64_t to_stride) const {
    const int vectors = chunk.vectors();
    if (!direct_) return multiply_panel<P>(rows, depth, A, stride, B, vectors, to, to_stride, m > 0);
    if constexpr (most_direct_rows<P>() > 0) {
      const int64_t units = size(chunk.stage.units_size), each = chunk.width / L;
      DirectPart<T> parts[kMostDirectParts];
      for (int v = 0; v < vectors; ++v) {
        const int64_t u = chunk.unit + v % each * L, lanes = std::max<int64_t>(0, std::min<int64_t>(L, units - u));
        const RecurBlock* blocks = chunk.group.blocks + (chunk.first + v / each) * chunk.group.operand_count;
        for (int32_t n = m; n < end; ++n) parts[n - m] = direct_part(blocks[n], u);
        multiply_direct<P>(rows, parts, end - m, lanes, A, stride, vectors, to + v * L, to_stride, m > 0);
      }
    }
  }

  // the columns of a block that are read from unit u on
  DirectPart<T> direct_part(const RecurBlock& b, int64_t u) const {
    return {this->first_of(b, u), size(cell_.matrix_columns[b.matrix]), b.transposed != 0, size(b.columns_size)};
  }

  // whether several operands can be multiplied as one without packing
  bool direct_operands(const RecurOperand* operands, int32_t count) const {
    if (count > kMostDirectParts) return false;
    for (int32_t m = 0; m + 1 < count; ++m) {
      if (size(operands[m].columns_size) % kTurned != 0) return false;
    }
    return true;
  }

  // shared: all threads read everything and share the packing; otherwise each packs its own units
  void pack_groups(E* packed, int thread, int threads, bool shared) const {
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      const RecurStage& stage = program_.stages[k];
      const int64_t whole = padded(stage.units_size), width = stage.panel_vectors * L;
      Units units = units_of(stage.units_size, thread, threads);
      if (shared) {
        const int64_t panels = (whole + width - 1) / width;
        units = {std::min(whole, panels * thread / threads * width),
                 std::min(whole, panels * (thread + 1) / threads * width)};
      }
      for (int32_t g = 0; g < stage.group_count; ++g) {
        for (int64_t u = units.first; u < units.last; u += width) {
          pack_panel(packed, stage, k, g, u, std::min(width, units.last - u));
        }
      }
    }
  }

  void pack_panel(E* packed, const RecurStage& stage, int32_t k, int32_t g, int64_t unit, int64_t width) const {
    const RecurGroup& group = stage.groups[g];
    const PackedGroup& plan = groups_[static_cast<size_t>(k)][static_cast<size_t>(g)];
    E* to = packed + plan.offset + unit * (plan.K + P::head) * group.product_count;
    const int64_t units = size(stage.units_size);
    for (int32_t n = 0; n < group.product_count;) {
      const int products =
          std::min<int>(chunk_products(group.product_count - n, stage.panel_vectors), group.product_count - n);
      const int64_t vectors = products * (width / L);
      for (int64_t v = 0; v < vectors; ++v) {
        const int32_t product = n + static_cast<int32_t>(v / (width / L));
        const int64_t u = unit + v % (width / L) * L;
        const RecurBlock* blocks = group.blocks + product * group.operand_count;
        if constexpr (P::whole) {
          pack_columns(to, vectors, v, plan.K, blocks, group.operand_count, u, units);
        } else {
          for (int32_t m = 0; m < group.operand_count; ++m) {
            const RecurBlock& b = blocks[m];
            pack_vector<P>(to + (plan.operand_k[static_cast<size_t>(m)] * vectors) * L + v * L * P::pair,
                           vectors * L * P::pair, this->first_of(b, u), size(cell_.matrix_columns[b.matrix]),
                           b.transposed != 0, size(b.columns_size),
                           std::max<int64_t>(0, std::min<int64_t>(L, units - u)));
          }
        }
      }
      to += vectors * L * (plan.K + P::head);
      n += products;
    }
  }

  // vector v of a panel of whole numbers: units u.. of a product that is the sum of these blocks
  void pack_columns(E* panel, int64_t vectors, int64_t v, int64_t K, const RecurBlock* blocks, int32_t count, int64_t u,
                    int64_t units) const {
    for (int64_t j = 0; j < L; ++j) {
      pack_whole(panel, vectors, v * L + j, K, u + j < units ? count : 0, [&](long m) -> WholePart {
        const RecurBlock& b = blocks[m];
        const T* from = this->first_of(b, u + j);
        return {from, size(b.columns_size), b.transposed != 0 ? size(cell_.matrix_columns[b.matrix]) : 1};
      });
    }
  }

  static constexpr int32_t kMostDirectParts = 4;

  bool direct_ = false;  // whether matrices are multiplied as they are, without packing: direct_tile.h
  Columns<T> copy_;
  std::vector<RecurOperand> copies_;
  std::vector<std::vector<PackedGroup>> groups_;
  int64_t packed_elements_ = 0, rounded_row_ = 0;
};

}  // namespace recur
