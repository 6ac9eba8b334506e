#include <gtest/gtest.h>
#include <unistd.h>

#include <limits>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {
namespace fs = std::filesystem;

Record Valid() {
  Record record;
  record.machine_id = "0123456789ab";
  record.op = "fc";
  record.problem = "fc:ic2048oc1000";
  record.variant = "gemm";
  record.status = kMeasured;
  return record;
}

std::string File(const Record& record) { return CsvHeader<Record>() + CsvLine(record); }

class RecordMeasurements : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }

  // What ReadMeasurements says of a file with this text; "" when it takes it.
  std::string ErrorOf(const std::string& text) {
    ReplaceFile(file_, text);
    return ErrorOf(file_);
  }
  static std::string ErrorOf(const fs::path& file) {
    try {
      ReadMeasurements(file);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  fs::path dir_ = fs::path(testing::TempDir()) / ("record_measurements_" + std::to_string(getpid()));
  fs::path file_ = dir_ / "measurements.csv";
};

TEST_F(RecordMeasurements, WhatIsNoRunDirectoryIsSaid) {
  EXPECT_EQ(ErrorOf(dir_ / "nowhere" / "measurements.csv"),
            (dir_ / "nowhere").string() + ": there is no such directory; allowed is a run directory");
  EXPECT_EQ(ErrorOf(file_), dir_.string() + ": it holds no measurements.csv; allowed is a run directory");
  ReplaceFile(dir_ / "file", "");
  EXPECT_EQ(ErrorOf(dir_ / "file" / "measurements.csv"),
            (dir_ / "file").string() + ": it is a file; allowed is a run directory");
}

TEST_F(RecordMeasurements, ATornLastRowNamesResume) {
  const std::string whole = File(Valid());
  EXPECT_EQ(ErrorOf(whole), "");
  for (const std::string torn : {"1,2", "1,\"2"}) {
    const std::string error = ErrorOf(whole + torn);
    EXPECT_TRUE(error.starts_with(file_.string() + ":3: the last row is torn")) << error;
    EXPECT_TRUE(error.ends_with("`roofgap run --resume " + dir_.string() + "` drops it and goes on")) << error;
  }
}

TEST_F(RecordMeasurements, ACaseHasOneRow) {
  const std::string error = ErrorOf(File(Valid()) + CsvLine(Valid()));
  EXPECT_TRUE(error.starts_with(file_.string() + ":3: a second row of fc:ic2048oc1000 gemm")) << error;
  EXPECT_NE(error.find("after line 2"), std::string::npos) << error;
  Record other = Valid();
  other.threads = 2;
  EXPECT_EQ(ErrorOf(File(Valid()) + CsvLine(other)), "");
}

TEST_F(RecordMeasurements, AFileIsOfOneMachine) {
  Record other = Valid();
  other.threads = 2;
  other.machine_id = "ba9876543210";
  EXPECT_EQ(ErrorOf(File(Valid()) + CsvLine(other)),
            file_.string() +
                ":3: column 'machine_id' is 'ba9876543210', but '0123456789ab' in line 2; allowed is one "
                "machine in a file");
}

TEST_F(RecordMeasurements, TimesAreAboveZero) {
  Record record = Valid();
  record.median_ns = 0;
  EXPECT_EQ(ErrorOf(File(record)), file_.string() + ":2: column 'median_ns' is '0'; allowed is a time above 0");
  record = Valid();
  record.turns_ns = {1, -2};
  EXPECT_NE(ErrorOf(File(record)).find("column 'turns_ns' is '-2'"), std::string::npos);
  record = Valid();
  record.ci_low_ns = std::numeric_limits<double>::infinity();
  EXPECT_NE(ErrorOf(File(record)).find("column 'ci_low_ns' is 'inf'"), std::string::npos);
}

TEST_F(RecordMeasurements, TurnsReadBackAndNothingElse) {
  Record record = Valid();
  record.turns_ns = {1886810, 0.1, 3e-7};
  EXPECT_NE(File(record).find(",1886810 0.1 3e-07,"), std::string::npos) << File(record);
  EXPECT_EQ(ParseCsv<Record>(File(record), "m.csv")[0].turns_ns, record.turns_ns);
  for (const std::string bad : {"1886810  0.1", "1886810 x", "1886810 nan", "1886810,", "1886810 inf"}) {
    std::string text = File(record);
    text.replace(text.find("1886810 0.1"), 11, bad);
    EXPECT_FALSE(ErrorOf(text).empty()) << bad;
  }
}

}  // namespace
}  // namespace roofgap
