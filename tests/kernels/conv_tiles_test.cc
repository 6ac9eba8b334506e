// The tiles of a convolution: every output once, with each of its taps once and no other.
#include "kernels/simd/conv_tiles.h"

#include <gtest/gtest.h>

#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace roofgap {
namespace {

constexpr int64_t kIc = 3;
constexpr int64_t kOc = 5;

// One row of a tile in one run: which output, and the k that it covers in src and in the weights.
using Term = std::tuple<int64_t, int64_t, int64_t>;  // dst, src, weight

std::map<Term, int> TermsOf(const ConvTiles& tiles) {
  std::map<Term, int> terms;
  for (int64_t t = 0; t < tiles.count(); ++t) {
    const GemmRow& place = tiles.places[t];
    const std::vector<GemmRow>& rows = tiles.patterns[tiles.forms[t].pattern];
    for (const ConvPhase& phase : tiles.sums[tiles.forms[t].sum]) {
      for (int64_t i = 0; i < static_cast<int64_t>(rows.size()) - phase.without; ++i) {
        for (const GemmRun& run : phase.runs) {
          for (int64_t k = 0; k < run.k; ++k) {
            ++terms[{place.c + rows[i].c, place.a + rows[i].a + run.a + k, run.b + k}];
          }
        }
      }
    }
  }
  return terms;
}

std::map<Term, int> TermsByDefinition(const ConvMap& map) {
  std::map<Term, int> terms;
  for (int64_t oh = 0; oh < map.rows.outputs(); ++oh) {
    for (int64_t ow = 0; ow < map.columns.outputs(); ++ow) {
      for (int64_t kh = 0; kh < map.rows.taps; ++kh) {
        for (int64_t kw = 0; kw < map.columns.taps; ++kw) {
          const int64_t ih = oh * map.rows.stride - map.rows.pad + kh * map.rows.dilation;
          const int64_t iw = ow * map.columns.stride - map.columns.pad + kw * map.columns.dilation;
          if (ih < 0 || ih >= map.rows.in || iw < 0 || iw >= map.columns.in) continue;
          for (int64_t c = 0; c < map.ic; ++c) {
            terms[{(oh * map.columns.outputs() + ow) * map.dst_pitch, (ih * map.columns.in + iw) * map.src_pitch + c,
                   (kh * map.columns.taps + kw) * map.ic + c}] = 1;
          }
        }
      }
    }
  }
  return terms;
}

ConvMap Map(Window rows, Window columns) {
  return {.rows = rows,
          .columns = columns,
          .ic = kIc,
          .src_pitch = kIc,
          .dst_pitch = kOc,
          .contiguous = columns.dilation == 1};
}

ConvMap Square(int64_t in, int64_t taps, int64_t stride, int64_t pad, int64_t dilation = 1) {
  const Window window = {.in = in, .taps = taps, .stride = stride, .pad = pad, .dilation = dilation};
  return Map(window, window);
}

const ConvMap kMaps[] = {
    Square(7, 1, 1, 0),
    Square(9, 1, 2, 0),
    Square(1, 1, 2, 1),  // every output lies on padding
    Square(1, 3, 1, 1),
    Square(2, 3, 1, 1),
    Square(3, 3, 1, 2),
    Square(7, 3, 1, 1),
    Square(14, 3, 1, 1),
    Square(15, 3, 2, 1),
    Square(8, 3, 1, 2, 2),
    Square(11, 5, 1, 2),
    Square(4, 5, 1, 2),
    Square(21, 7, 2, 3),
    Map({.in = 5, .taps = 1}, {.in = 17, .taps = 7, .pad = 3}),
    Map({.in = 17, .taps = 7, .pad = 3}, {.in = 5, .taps = 1}),
    Map({.in = 6, .taps = 3, .pad = 1}, {.in = 9, .taps = 5, .stride = 2, .pad = 4, .dilation = 2}),
};

TEST(ConvTilesTest, SumEveryTapOfEveryOutputOnce) {
  for (const ConvMap& map : kMaps) {
    for (const int64_t mr : {1, 2, 6, 8, 14}) {
      SCOPED_TRACE("in " + std::to_string(map.rows.in) + "x" + std::to_string(map.columns.in) + " taps " +
                   std::to_string(map.rows.taps) + "x" + std::to_string(map.columns.taps) + " mr " +
                   std::to_string(mr));
      EXPECT_EQ(TermsOf(MakeConvTiles(map, mr)), TermsByDefinition(map));
    }
  }
}

TEST(ConvTilesTest, WriteEveryOutputInOneTileOfAtMostMrRows) {
  for (const ConvMap& map : kMaps) {
    for (const int64_t mr : {1, 6, 14}) {
      const ConvTiles tiles = MakeConvTiles(map, mr);
      std::map<int64_t, int> written;
      for (int64_t t = 0; t < tiles.count(); ++t) {
        const std::vector<GemmRow>& rows = tiles.patterns[tiles.forms[t].pattern];
        ASSERT_GE(rows.size(), 1u);
        ASSERT_LE(static_cast<int64_t>(rows.size()), mr);
        for (const GemmRow& row : rows) ++written[tiles.places[t].c + row.c];
      }
      EXPECT_EQ(static_cast<int64_t>(written.size()), map.rows.outputs() * map.columns.outputs());
      for (const auto& [dst, times] : written) EXPECT_EQ(times, 1) << dst;
    }
  }
}

TEST(ConvTilesTest, CountTheMultiplyAccumulatesOfTheTapsInsideTheMap) {
  for (const ConvMap& map : kMaps) {
    EXPECT_EQ(MakeConvTiles(map, 14).macs.back(), map.rows.ValidPairs() * map.columns.ValidPairs() * map.ic);
  }
}

// 7x7: two tiles of the inside, and four edges of 5 pixels, each with a corner. Without guests it would be ten tiles.
TEST(ConvTilesTest, CornersJoinTheEdges) { EXPECT_EQ(MakeConvTiles(Square(7, 3, 1, 1), 14).count(), 6); }

// 56 pixels a row in tiles of 14: all of the same form.
TEST(ConvTilesTest, TilesOfOneFormShareAPattern) {
  const ConvTiles tiles = MakeConvTiles(Square(56, 1, 1, 0), 14);
  EXPECT_EQ(tiles.count(), 224);
  EXPECT_EQ(tiles.patterns.size(), 1u);
}

}  // namespace
}  // namespace roofgap
