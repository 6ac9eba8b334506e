#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "harness/record/csv.h"
#include "harness/record/files.h"
#include "kernels/api/error.h"

namespace roofgap {
namespace {
namespace fs = std::filesystem;

template <class Row>
bool Same(const Row& a, const Row& b) {
  return CsvLine(a) == CsvLine(b);
}

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

std::string ErrorOf(const std::string& text) {
  try {
    ParseCsv<Record>(text, "m.csv");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string RandomText(std::mt19937_64& random) {
  static const std::vector<std::string> kPieces = {"\"", ",",  "\n", "\r", "\r\n", "\"\"", " ",  "a", "é",
                                                   "漢", "; ", "'",  "\t", "x=1",  "",     "\\", "#", "\xEF\xBB\xBF"};
  std::string text;
  for (uint64_t length = random() % 9; length > 0; --length) text += kPieces[random() % kPieces.size()];
  return text;
}

Number RandomNumber(std::mt19937_64& random) {
  static const std::vector<double> kExtremes = {0.0,
                                                -0.0,
                                                0.1,
                                                std::numeric_limits<double>::denorm_min(),
                                                std::numeric_limits<double>::min(),
                                                std::numeric_limits<double>::max(),
                                                std::numeric_limits<double>::lowest(),
                                                std::numeric_limits<double>::epsilon(),
                                                std::numeric_limits<double>::infinity(),
                                                9007199254740993.0,
                                                1e22,
                                                1.0 / 3};
  if (random() % 4 == 0) return {};
  if (random() % 2 == 0) return kExtremes[random() % kExtremes.size()];
  const double any = std::bit_cast<double>(random());
  return std::isnan(any) ? Number(1.5) : Number(any);
}

template <class Row>
Row RandomRow(std::mt19937_64& random) {
  Row row;
  VisitFields(row, [&]<class Value>(const Field& field, Value& value) {
    if (field.name == "schema_version") return;
    if constexpr (std::same_as<Value, Number>) {
      value = RandomNumber(random);
    } else if constexpr (std::integral<Value>) {
      value = static_cast<Value>(random());
    } else if constexpr (std::same_as<Value, std::vector<double>>) {
      for (uint64_t count = random() % 4; count > 0; --count) value.push_back(std::ldexp(random() % 9999, -7));
    } else if (!field.allowed.empty()) {
      value = field.allowed.substr(0, field.allowed.find(' '));
    } else {
      value = RandomText(random) + (field.required ? "!" : "");
    }
  });
  return row;
}

template <class Row>
void ExpectRandomRowsSurvive() {
  std::mt19937_64 random(20);
  std::vector<Row> rows;
  for (int i = 0; i < 2000; ++i) rows.push_back(RandomRow<Row>(random));
  const std::vector<Row> read = ParseCsv<Row>(CsvText<Row>(rows), "random.csv");
  ASSERT_EQ(read.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> written;
    VisitFields(rows[i], [&]<class Value>(const Field&, const Value& value) {
      if constexpr (std::same_as<Value, std::string>) written.push_back(value);
    });
    size_t next = 0;
    VisitFields(read[i], [&]<class Value>(const Field& field, const Value& value) {
      if constexpr (std::same_as<Value, std::string>) {
        EXPECT_EQ(value, written[next++]) << field.name;
      }
    });
    EXPECT_TRUE(Same(read[i], rows[i])) << "row " << i;
  }
}

TEST(RecordCsv, RandomRecordsReadBackAsWritten) { ExpectRandomRowsSurvive<Record>(); }

TEST(RecordCsv, RandomCeilingsReadBackAsWritten) { ExpectRandomRowsSurvive<Ceiling>(); }

TEST(RecordCsv, RandomCurvesReadBackAsWritten) { ExpectRandomRowsSurvive<CurveRow>(); }

TEST(RecordCsv, AColumnThatWasAddedLaterMayBeMissingAndNoOther) {
  Ceiling row;
  row.machine_id = "0123456789ab";
  row.kind = "compute";
  row.unit = "GFLOP/s";
  row.flop_per_cycle = 32;
  const std::string text = CsvText<Ceiling>(std::vector<Ceiling>{row});
  const auto without = [&](const std::string& column) {
    std::string renamed = text;
    return renamed.replace(renamed.find(column), column.size(), "x");
  };
  EXPECT_EQ(ParseCsv<Ceiling>(text, "c.csv").front().flop_per_cycle, 32);
  EXPECT_FALSE(ParseCsv<Ceiling>(without("flop_per_cycle"), "c.csv").front().flop_per_cycle.has_value());
  EXPECT_THROW(ParseCsv<Ceiling>(without("clock_ghz"), "c.csv"), Error);
}

TEST(RecordCsv, DoublesReadBackBitByBit) {
  std::mt19937_64 random(21);
  std::vector<Record> rows(5000, Valid());
  for (Record& row : rows) row.flops = RandomNumber(random);
  const std::vector<Record> read = ParseCsv<Record>(CsvText<Record>(rows), "m.csv");
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(read[i].flops.has_value(), rows[i].flops.has_value());
    if (rows[i].flops) {
      ASSERT_EQ(std::bit_cast<uint64_t>(*read[i].flops), std::bit_cast<uint64_t>(*rows[i].flops));
    }
  }
}

TEST(RecordCsv, NumbersAreWrittenShortAndMissingOnesEmpty) {
  EXPECT_EQ(csv::Format(0.1), "0.1");
  EXPECT_EQ(csv::Format(231211008.0), "231211008");
  EXPECT_EQ(csv::Format(Number()), "");
  EXPECT_EQ(csv::Format(std::nan("")), "") << "NaN is not available, and no reader would take it";
}

TEST(RecordCsv, OnlyFieldsThatNeedItAreQuoted) {
  EXPECT_EQ(csv::Quote("plain; text"), "plain; text");
  EXPECT_EQ(csv::Quote("a,b"), "\"a,b\"");
  EXPECT_EQ(csv::Quote("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv::Quote("two\nlines"), "\"two\nlines\"");
}

TEST(RecordCsv, CrLfLineEndsAndByteOrderMarkAreRead) {
  std::string text = File(Valid());
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) text.replace(at, 1, "\r\n");
  EXPECT_TRUE(Same(ParseCsv<Record>("\xEF\xBB\xBF" + text, "m.csv").at(0), Valid()));
}

TEST(RecordCsv, ColumnsAreFoundByNameAndUnknownOnesIgnored) {
  const csv::Table table = csv::Parse(File(Valid()), "m.csv");
  std::string header = "tomorrow", row = "\"any,thing\"";
  for (size_t i = table.header.size(); i-- > 0;) {
    header += ',' + table.header[i];
    row += ',' + csv::Quote(table.lines[0].fields[i]);
  }
  EXPECT_TRUE(Same(ParseCsv<Record>(header + '\n' + row + '\n', "m.csv").at(0), Valid()));
}

TEST(RecordCsv, ErrorsNameFileLineColumnGotAndAllowed) {
  Record record = Valid();
  record.label = "two\nlines";
  const std::string good = File(record);
  record.status = "fine";
  EXPECT_EQ(ErrorOf(good + CsvLine(record)),
            "m.csv:4: column 'status' is 'fine'; allowed is one of: measured unstable skipped wrong");
  std::string text = File(Valid());
  text.replace(text.rfind("measured"), 8, "");
  EXPECT_EQ(ErrorOf(text), "m.csv:2: column 'status' is ''; allowed is a text that is not empty");
}

TEST(RecordCsv, NumbersThatAreNoneAreRefused) {
  const std::string header = CsvHeader<Record>();
  Record record = Valid();
  record.flops = 4096;
  for (const char* bad : {"nan", "-nan", "1e", "0x10", "12 ", "1,5", "1e999", "many"}) {
    std::string line = CsvLine(record);
    line.replace(line.find("4096"), 4, csv::Quote(bad));
    EXPECT_EQ(ErrorOf(header + line),
              "m.csv:2: column 'flops' is '" + std::string(bad) + "'; allowed is a number or nothing");
  }
  record.threads = 77;
  for (const char* bad : {"", "7.5", "99999999999", "x"}) {
    std::string line = CsvLine(record);
    line.replace(line.find("77"), 2, bad);
    EXPECT_EQ(ErrorOf(header + line), "m.csv:2: column 'threads' is '" + std::string(bad) + "'; allowed is an integer");
  }
}

TEST(RecordCsv, MissingAndDoubledColumnsAreRefused) {
  std::string text = File(Valid());
  const size_t at = text.find("variant");
  EXPECT_EQ(ErrorOf(std::string(text).replace(at, 7, "contender")), "m.csv:1: column 'variant' is missing");
  EXPECT_EQ(ErrorOf(std::string(text).replace(at, 7, "problem")),
            "m.csv:1: column 'problem' stands twice; allowed is once");
}

TEST(RecordCsv, OtherSchemaVersionIsRefusedBeforeAnythingElse) {
  Record record = Valid();
  record.schema_version = 99;
  std::string text = File(record);
  text.replace(text.find("variant"), 7, "contender");
  EXPECT_EQ(ErrorOf(text), "m.csv:2: column 'schema_version' is '99'; allowed is 1, which this program writes");
}

TEST(RecordCsv, EveryCutInsideTheLastRowIsATornRow) {
  Record record = Valid();
  record.label = "two\nlines, \"quoted\"";
  const std::string first = File(Valid());
  const std::string second = CsvLine(record);
  EXPECT_EQ(ErrorOf(first), "");
  for (size_t kept = 1; kept < second.size(); ++kept) {
    const std::string error = ErrorOf(first + second.substr(0, kept));
    EXPECT_TRUE(error.starts_with("m.csv:3: the last row is torn")) << kept << ": " << error;
  }
}

TEST(RecordCsv, BrokenQuotingAndRowLengthAreRefused) {
  const std::string header = CsvHeader<Record>();
  EXPECT_NE(ErrorOf(header + "1,ru\"n,\n").find("m.csv:2: a quote inside an unquoted field"), std::string::npos);
  EXPECT_NE(ErrorOf(header + "1,\"run\"x,\n").find("m.csv:2: text after a closing quote"), std::string::npos);
  EXPECT_NE(ErrorOf(header + "1,run\n").find("m.csv:2: the row has 2 fields; allowed are "), std::string::npos);
  EXPECT_NE(ErrorOf(header + "\n").find("m.csv:2: the row has 1 fields"), std::string::npos);
  EXPECT_NE(ErrorOf("").find("m.csv:1: the file is empty"), std::string::npos);
}

TEST(RecordCsv, AnyBytesAreReadOrRefusedButNeverCrash) {
  std::mt19937_64 random(22);
  const std::string good = File(Valid());
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = good;
    for (uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
      const size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 20);
      } else {
        text[at] = "\",\n\r\0x1"[random() % 7];
      }
    }
    refused += ErrorOf(text).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, 0);
}

class RecordCsvFile : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(dir_); }
  void TearDown() override { fs::remove_all(dir_); }

  std::vector<Record> Written() const { return ParseCsv<Record>(ReadFile(file_), file_.string()); }

  fs::path dir_ = fs::path(testing::TempDir()) / ("record_csv_" + std::to_string(getpid()));
  fs::path file_ = dir_ / "measurements.csv";
};

TEST_F(RecordCsvFile, EachRowIsInTheFileAsSoonAsItIsWritten) {
  CsvWriter<Record> writer(file_);
  EXPECT_EQ(Written().size(), 0u);
  writer.Write(Valid());
  EXPECT_EQ(Written().size(), 1u);
  writer.Write(Valid());
  EXPECT_EQ(Written().size(), 2u);
}

TEST_F(RecordCsvFile, ExistingFileIsNeverOverwritten) {
  ReplaceFile(file_, "precious");
  EXPECT_THROW(CsvWriter<Record>{file_}, Error);
  EXPECT_EQ(ReadFile(file_), "precious");
}

// While it lives, no file of this process grows beyond `bytes`: the same short write and error as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST_F(RecordCsvFile, FullDiskLeavesTheRowsWrittenSoFarWhole) {
  CsvWriter<Record> writer(file_);
  writer.Write(Valid());
  writer.Write(Valid());
  const std::string before = ReadFile(file_);
  std::string message;
  {
    FileSizeLimit full(before.size() + 10);
    try {
      writer.Write(Valid());
    } catch (const Error& error) {
      message = error.what();
    }
  }
  EXPECT_NE(message.find("cannot write " + file_.string()), std::string::npos) << message;
  EXPECT_NE(message.find("the 2 rows before it are whole"), std::string::npos) << message;
  EXPECT_EQ(ReadFile(file_), before) << "the part of the row that fitted is taken back";
  writer.Write(Valid());
  EXPECT_EQ(Written().size(), 3u) << "and writing goes on once there is room";
}

TEST_F(RecordCsvFile, FullDiskCountsTheRowsThatWereThereBefore) {
  CsvWriter<Record>(file_).Write(Valid());
  auto writer = CsvWriter<Record>::Continue(file_, 1);
  writer.Write(Valid());
  FileSizeLimit full(ReadFile(file_).size() + 10);
  try {
    writer.Write(Valid());
    FAIL() << "there was no room";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("the 2 rows before it are whole"), std::string::npos) << error.what();
  }
}

TEST_F(RecordCsvFile, FullDiskAtTheHeaderLeavesNoFile) {
  std::string message;
  {
    FileSizeLimit full(10);
    try {
      CsvWriter<Record> writer(file_);
    } catch (const Error& error) {
      message = error.what();
    }
  }
  EXPECT_NE(message.find("cannot write"), std::string::npos);
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(RecordCsvFile, DirectoryThatTakesNoFileIsAnError) {
  ReplaceFile(file_, "a file, where a directory should be");
  EXPECT_THROW(CsvWriter<Record>{file_ / "measurements.csv"}, Error);
}

TEST_F(RecordCsvFile, CeilingsAreReplacedWhole) {
  Ceiling ceiling;
  ceiling.machine_id = "0123456789ab";
  ceiling.kind = "memory";
  ceiling.level = "L1";
  ceiling.pattern = "load";
  ceiling.unit = "GB/s";
  ceiling.best = 463.5;
  WriteCeilings(file_, {.rows = {ceiling, ceiling}});
  WriteCeilings(file_, {.rows = {ceiling}});
  const Ceilings read = ReadCeilings(file_);
  ASSERT_EQ(read.rows.size(), 1u);
  EXPECT_TRUE(Same(read.rows[0], ceiling));
  EXPECT_THROW(ReadMeasurements(file_), Error);
}

}  // namespace
}  // namespace roofgap
