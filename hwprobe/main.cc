#include "hwprobe/cli.h"

int main(int argc, char** argv) { return roofgap::HwprobeMain(argc, argv); }
