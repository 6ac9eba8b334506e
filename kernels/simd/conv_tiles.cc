#include "kernels/simd/conv_tiles.h"

#include <algorithm>

#include "kernels/api/parallel.h"

namespace roofgap {
namespace {

int64_t Size(Range r) { return r.end - r.begin; }
bool Contains(Range outer, Range inner) {
  return Size(inner) > 0 && outer.begin <= inner.begin && inner.end <= outer.end;
}

// Consecutive outputs of one dimension that see the same taps.
struct Band {
  Range outputs;
  Range taps;
};

std::vector<Band> Bands(const Window& window) {
  std::vector<Band> bands;
  for (int64_t o = 0; o < window.outputs(); ++o) {
    const Range taps = window.TapsAt(o);
    if (!bands.empty() && bands.back().taps.begin == taps.begin && bands.back().taps.end == taps.end) {
      ++bands.back().outputs.end;
    } else {
      bands.push_back({{o, o + 1}, taps});
    }
  }
  return bands;
}

struct Pixel {
  int64_t oh, ow;
};

// The pixels of a band of rows and one of columns.
struct PixelClass {
  Band rows, columns;

  int64_t size() const { return Size(rows.outputs) * Size(columns.outputs); }
  Pixel at(int64_t i) const {
    const int64_t width = Size(columns.outputs);
    return {rows.outputs.begin + i / width, columns.outputs.begin + i % width};
  }
  bool Contains(const PixelClass& guest) const {
    return roofgap::Contains(rows.taps, guest.rows.taps) && roofgap::Contains(columns.taps, guest.columns.taps);
  }
};

class Builder {
 public:
  Builder(const ConvMap& map, int64_t mr) : map_(map), mr_(mr), rows_(Bands(map.rows)), columns_(Bands(map.columns)) {
    tiles_.macs.push_back(0);
    const auto widest = [](const std::vector<Band>& bands) {
      return std::ranges::max_element(bands, {}, [](const Band& band) { return Size(band.outputs); }) - bands.begin();
    };
    inner_row_ = widest(rows_);
    inner_column_ = widest(columns_);
  }

  ConvTiles Build() && {
    // Corners join edges turn by turn: top left the top, top right the right, bottom right the bottom, bottom left the
    // left one. `taken` are the classes that have joined.
    std::vector<bool> taken(rows_.size() * columns_.size());
    std::vector<std::vector<PixelClass>> guests(taken.size());
    for (int64_t r = 0; r < Count(rows_); ++r) {
      for (int64_t c = 0; c < Count(columns_); ++c) {
        if (r < inner_row_ && c == inner_column_) Invite(r, c, 0, -1, &taken, &guests);
        if (r == inner_row_ && c > inner_column_) Invite(r, c, -1, 0, &taken, &guests);
        if (r > inner_row_ && c == inner_column_) Invite(r, c, 0, +1, &taken, &guests);
        if (r == inner_row_ && c < inner_column_) Invite(r, c, +1, 0, &taken, &guests);
      }
    }
    for (int64_t r = 0; r < Count(rows_); ++r) {
      for (int64_t c = 0; c < Count(columns_); ++c) {
        if (!taken[Index(r, c)]) AddClass(At(r, c), guests[Index(r, c)]);
      }
    }
    return std::move(tiles_);
  }

 private:
  static int64_t Count(const std::vector<Band>& bands) { return static_cast<int64_t>(bands.size()); }
  size_t Index(int64_t r, int64_t c) const { return static_cast<size_t>(r * Count(columns_) + c); }
  PixelClass At(int64_t r, int64_t c) const { return {rows_[r], columns_[c]}; }
  int64_t Tiles(int64_t pixels) const { return (pixels + mr_ - 1) / mr_; }

  // The guests of class (r, c): its neighbours in the direction (dr, dc), each of which sees a part of the taps of the
  // one before, as long as there is room in the last tile.
  void Invite(int64_t r, int64_t c, int64_t dr, int64_t dc, std::vector<bool>* taken,
              std::vector<std::vector<PixelClass>>* guests) const {
    const PixelClass host = At(r, c);
    std::vector<PixelClass>& joined = (*guests)[Index(r, c)];
    PixelClass last = host;
    int64_t pixels = 0;
    for (r += dr, c += dc; r >= 0 && r < Count(rows_) && c >= 0 && c < Count(columns_); r += dr, c += dc) {
      const PixelClass guest = At(r, c);
      pixels += guest.size();
      const int64_t all = host.size() + pixels;
      if (!last.Contains(guest) || pixels >= all / Tiles(all)) return;
      joined.push_back(guest);
      (*taken)[Index(r, c)] = true;
      last = guest;
    }
  }

  void AddRuns(Range kh, Range kw, std::vector<GemmRun>* runs) const {
    const int64_t together = map_.contiguous ? Size(kw) : 1;
    if (Size(kw) == 0) return;
    for (int64_t h = kh.begin; h < kh.end; ++h) {
      for (int64_t w = kw.begin; w < kw.end; w += together) {
        runs->push_back({.a = (h * map_.rows.dilation * map_.columns.in + w * map_.columns.dilation) * map_.src_pitch,
                         .b = (h * map_.columns.taps + w) * map_.ic,
                         .k = together * map_.ic});
      }
    }
  }

  // The runs of `host` that its guest lacks. They differ in the taps of one dimension.
  std::vector<GemmRun> Without(const PixelClass& host, const PixelClass& guest) const {
    std::vector<GemmRun> runs;
    AddRuns({host.rows.taps.begin, guest.rows.taps.begin}, host.columns.taps, &runs);
    AddRuns({guest.rows.taps.end, host.rows.taps.end}, host.columns.taps, &runs);
    AddRuns(guest.rows.taps, {host.columns.taps.begin, guest.columns.taps.begin}, &runs);
    AddRuns(guest.rows.taps, {guest.columns.taps.end, host.columns.taps.end}, &runs);
    return runs;
  }

  // From the host's own taps to those that its last guest sees too.
  std::vector<ConvPhase> Phases(const PixelClass& host, const std::vector<PixelClass>& guests) const {
    std::vector<ConvPhase> phases;
    int64_t without = 0;
    for (const PixelClass& guest : guests) without += guest.size();
    PixelClass last = host;
    for (const PixelClass& guest : guests) {
      phases.push_back({without, Without(last, guest)});
      without -= guest.size();
      last = guest;
    }
    phases.push_back({0, {}});
    AddRuns(last.rows.taps, last.columns.taps, &phases.back().runs);
    return phases;
  }

  void AddClass(const PixelClass& host, const std::vector<PixelClass>& guests) {
    std::vector<Pixel> visitors;
    for (const PixelClass& guest : guests) {
      for (int64_t i = 0; i < guest.size(); ++i) visitors.push_back(guest.at(i));
    }
    const size_t sum = tiles_.sums.size();
    tiles_.sums.push_back(Phases(host, {}));
    if (!guests.empty()) tiles_.sums.push_back(Phases(host, guests));
    const auto strangers = static_cast<int64_t>(visitors.size());
    const int64_t all = host.size() + strangers;
    const int64_t tiles = Tiles(all);
    for (int64_t t = 0; t < tiles; ++t) {
      const int64_t begin = all * t / tiles;
      const int64_t end = t + 1 == tiles ? host.size() : all * (t + 1) / tiles;
      std::vector<Pixel> pixels;
      for (int64_t i = begin; i < end; ++i) pixels.push_back(host.at(i));
      const bool last = t + 1 == tiles && strangers > 0;
      if (last) pixels.insert(pixels.end(), visitors.begin(), visitors.end());
      AddTile(pixels, sum + (last ? 1 : 0));
    }
  }

  void AddTile(const std::vector<Pixel>& pixels, size_t sum) {
    const auto row = [this](Pixel p) {
      const int64_t ih = p.oh * map_.rows.stride - map_.rows.pad;
      const int64_t iw = p.ow * map_.columns.stride - map_.columns.pad;
      return GemmRow{(ih * map_.columns.in + iw) * map_.src_pitch,
                     (p.oh * map_.columns.outputs() + p.ow) * map_.dst_pitch};
    };
    const GemmRow first = row(pixels.front());
    std::vector<GemmRow> pattern;
    for (const Pixel p : pixels) pattern.push_back({row(p).a - first.a, row(p).c - first.c});
    const auto same = [](const GemmRow& x, const GemmRow& y) { return x.a == y.a && x.c == y.c; };
    const auto found = std::ranges::find_if(
        tiles_.patterns, [&](const std::vector<GemmRow>& known) { return std::ranges::equal(known, pattern, same); });
    const auto index = static_cast<size_t>(found - tiles_.patterns.begin());
    if (found == tiles_.patterns.end()) tiles_.patterns.push_back(pattern);
    tiles_.forms.push_back({index, sum});
    tiles_.places.push_back(first);
    int64_t macs = 0;
    for (const ConvPhase& phase : tiles_.sums[sum]) {
      for (const GemmRun& run : phase.runs) macs += (static_cast<int64_t>(pixels.size()) - phase.without) * run.k;
    }
    tiles_.macs.push_back(tiles_.macs.back() + macs);
  }

  const ConvMap map_;
  const int64_t mr_;
  const std::vector<Band> rows_, columns_;
  int64_t inner_row_ = 0, inner_column_ = 0;
  ConvTiles tiles_;
};

}  // namespace

ConvTiles MakeConvTiles(const ConvMap& map, int64_t mr) { return Builder(map, mr).Build(); }

}  // namespace roofgap
