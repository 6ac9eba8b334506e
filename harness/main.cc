#include "harness/cli.h"

int main(int argc, char** argv) { return roofgap::RunCli(argc, argv); }
