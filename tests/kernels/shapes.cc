#include "tests/kernels/shapes.h"

namespace roofgap {
namespace {

constexpr std::string_view kShapes[] = {
    // One of everything, then channels around the vector width, with and without a tail.
    "conv2d:ic1ih1oc1kh1",
    "conv2d:ic3ih4oc1kh1bia1",
    "conv2d:ic17ih3iw5oc33kh1bia1act1",
    "conv2d:ic64ih7oc64kh1act2",
    "conv2d:mb3ic33ih2oc67kh1bia1act3",
    "conv2d:ic67ih1oc17kh1",
    "conv2d:mb2ic16ih6oc32kh1sh2bia1",
    "conv2d:ic600ih3oc40kh1bia1",
    "conv2d:ic24ih9oc100kh1act1",
    // Enough work for two threads, over pixels and over channels; two panels a tile, three of them, a tail.
    "conv2d:ic96ih9oc96kh1bia1act1",
    "conv2d:ic256ih4oc160kh1",
    "conv2d:ic40ih9oc90kh1bia1act3",
    "conv2d:mb2ic72ih10oc170kh1bia1",
    "conv2d:ic32ih12oc40kh3ph2dh2",
    "conv2d:ic128ih6oc192kh3sh3ph1g2bia1act2",
    // Dot products alone.
    "conv2d:ic65ih7oc4kh3ph1",
    // More taps than the grouped kernel takes.
    "conv2d:ic16ih12oc16kh12g4",
    // 3x3: the common case, strides, padding beyond the kernel, maps smaller than the kernel.
    "conv2d:ic16ih7oc16kh3ph1",
    "conv2d:ic64ih6oc32kh3ph1bia1act1",
    "conv2d:mb2ic17ih5iw9oc33kh3ph1bia1act2",
    "conv2d:ic3ih9oc17kh3sh2ph1act3",
    "conv2d:ic33ih8oc3kh3sh2sw1ph0pw1bia1",
    "conv2d:ic8ih3oc40kh3",
    "conv2d:ic5ih1oc19kh3ph1bia1",
    "conv2d:ic16ih4oc16kh3ph3",
    "conv2d:ic67ih5oc67kh3ph1",
    "conv2d:mb2ic1ih6oc1kh3ph1",
    "conv2d:ic130ih4oc150kh3ph1bia1act1",
    "conv2d:ic32ih14oc48kh3ph1",
    "conv2d:ic16ih13iw17oc24kh3ph1act2",
    // Tiles of 2 and 4 outputs: cut at both ends, many in a block, tiles that see nothing but padding.
    "conv2d:mb2ic16ih8iw19oc24kh3ph1bia1act3",
    "conv2d:ic48ih30iw27oc40kh3ph1act1",
    "conv2d:ic7ih2iw3oc5kh3ph4pw9bia1",
    // Other kernels.
    "conv2d:ic3ih23oc20kh7sh2ph3bia1act1",
    "conv2d:ic16ih9oc16kh5ph2",
    "conv2d:ic17ih4iw11oc16kh1kw7ph0pw3bia1",
    "conv2d:ic16ih11iw4oc17kh7kw1ph3pw0act3",
    "conv2d:ic20ih6oc33kh2",
    "conv2d:ic12ih8oc12kh4sh4",
    "conv2d:ic9ih10oc10kh3sh3ph1",
    // Dilation.
    "conv2d:ic16ih9oc16kh3ph2dh2bia1",
    "conv2d:ic17ih10oc33kh3sh2ph3dh3dw2pw2",
    "conv2d:ic4ih1oc4kh2ph1dh2",
    // Channels just beyond a vector: with long sums the last few are dot products.
    "conv2d:ic17ih9oc17kh3ph1bia1act3",
    "conv2d:mb2ic33ih7iw6oc35kh3ph1bia1act1",
    "conv2d:ic67ih6oc67kh3sh2ph1act2",
    "conv2d:mb2ic131ih3oc67kh1bia1act3",
    "conv2d:ic67ih5oc33kh1sh2",
    "conv2d:ic65ih7oc4kh3ph1bia1",
    "conv2d:ic33ih8oc66kh3sh2ph2dh2bia1act3",
    "conv2d:mb2ic200ih1oc131kh1",
    "conv2d:ic130ih4oc34kh3ph1g2bia1",
    // Groups, up to one channel each.
    "conv2d:ic32ih6oc64kh3ph1g2bia1act1",
    "conv2d:ic33ih5oc66kh3ph1g3",
    "conv2d:mb2ic24ih4oc24kh1g4bia1",
    "conv2d:ic17ih6oc17kh3ph1g17act2",
    "conv2d:ic8ih5oc24kh3sh2ph1g8",
    // Groups that share a vector, or fill one: the last vector overlaps the one before, one row and two in a block.
    "conv2d:ic128ih17oc128kh3ph1g32bia1act1",
    "conv2d:mb2ic36ih29iw31oc36kh3ph1g9bia1act3",
    "conv2d:ic104ih15iw9oc104kh3ph1g13act2",
    "conv2d:ic38ih16iw15oc38kh3sh2ph1g19bia1",
    "conv2d:mb2ic40ih7oc40kh3ph1g5bia1act1",
    "conv2d:mb3ic48ih14oc48kh3ph1g3bia1act2",
    "conv2d:ic80ih7iw29oc80kh3sh2ph1g5bia1act3",
    "conv2d:ic20ih30oc20kh3ph1g20",
    "conv2d:ic24ih11iw33oc24kh5ph2g6act1",
    "conv2d:mb2ic40ih9iw30oc40kh5ph4g5bia1",
    "conv2d:ic512ih3iw29oc512kh3sh2ph1g32bia1",
    "conv2d:ic1024ih5iw6oc1024kh3ph1g256act1",
    "conv2d:ic1024ih4iw18oc1024kh3ph2dh2g256",
    "conv2d:mb2ic56ih13oc56kh5sh2ph2g7bia1",
    "conv2d:ic36ih9iw20oc36kh3ph2dh2g9bia1",
    "conv2d:ic24ih15oc24kh3sh3ph1g3",
    "conv2d:ic72ih6iw17oc72kh1g9bia1act1",
    "conv2d:ic44ih9iw16oc44kh1kw7ph0pw3g11",
    "conv2d:ic40ih4iw2oc40kh3ph1g10bia1",
    "conv2d:ic20ih1oc20kh3ph1g5act3",
    "conv2d:ic24ih2iw3oc24kh3ph4pw5g6bia1",
    "conv2d:ic24ih12iw13oc24kh3sh1sw2ph0pw1g3bia1",
    "conv2d:mb2ic32ih8iw5oc32kh3sh2sw1ph1g2bia1act1",

    "dwconv2d:c1ih1kh1",
    "dwconv2d:c1ih5kh3ph1",
    "dwconv2d:c3ih6kh3ph1bia1act1",
    "dwconv2d:c17ih7kh3ph1act2",
    "dwconv2d:mb2c33ih5iw13kh3ph1bia1act3",
    "dwconv2d:c67ih9kh3sh2ph1bia1",
    "dwconv2d:c64ih14kh3ph1",
    "dwconv2d:c128ih8iw10kh3sh2ph1bia1act2",
    "dwconv2d:c130ih3kh3",
    "dwconv2d:c16ih4iw40kh3ph1",
    "dwconv2d:c16ih2kh3ph1",
    "dwconv2d:c20ih1kh3ph1bia1",
    "dwconv2d:c24ih9kh5ph2",
    "dwconv2d:mb2c40ih12iw11kh5sh2ph2bia1act1",
    "dwconv2d:c17ih3kh5ph2",
    "dwconv2d:c31ih13kh7ph3",
    "dwconv2d:c136ih33kh7ph3",
    "dwconv2d:c48ih8kh3sh3ph1",
    "dwconv2d:c33ih4iw20kh1kw7ph0pw3act3",
    "dwconv2d:c18ih20iw4kh7kw1ph3pw0",
    "dwconv2d:c16ih9kh2sh2bia1",
    "dwconv2d:c33ih11kh3ph2dh2",
    "dwconv2d:c16ih12kh3sh2sw1ph3dh3pw2dw2bia1",
    "dwconv2d:c19ih5kh3ph3",
    "dwconv2d:c4ih1kh2ph1dh2",
    "dwconv2d:c16ih6kh4ph1",
    "dwconv2d:mb3c7ih3kh1bia1act2",
    "dwconv2d:c40ih15kh3ph1bia1act1",
    "dwconv2d:c24ih11iw2kh3ph1",
    "dwconv2d:c31ih10iw9kh3",
    "dwconv2d:c33ih23iw12kh3sh2ph1bia1act3",
    "dwconv2d:c24ih13kh5ph2bia1",
    "dwconv2d:c17ih10iw12kh5ph1",
    "dwconv2d:mb2c35ih25iw8kh5sh2ph2bia1act2",
    "dwconv2d:c16ih13iw4kh5sh2ph1pw2",
    "dwconv2d:c512ih9kh3ph1bia1act1",
    "dwconv2d:c1024ih11iw7kh3sh2ph1bia1act3",
    "dwconv2d:c512ih5iw16kh3",
    // Strips of one row with both edges, and of other heights; blocks of 3x3 and of 5x5 with stride 2 on every target.
    "dwconv2d:c24ih1iw9kh5ph2bia1",
    "dwconv2d:c32ih2iw9kh3sh2ph1",
    "dwconv2d:c16ih1iw6kh5sh2ph2",
    "dwconv2d:c16ih9iw7kh5sh2ph2bia1act1",
    "dwconv2d:c256ih5iw17kh3ph1bia1act2",
    "dwconv2d:c24ih9kh5sh2ph3",
    "dwconv2d:c512ih14kh3ph1",
    "dwconv2d:c1024ih13iw9kh3sh2ph1bia1",
    // Several pixels in a vector: of 16 lanes, of 8 and of 4.
    "dwconv2d:mb2c8ih5iw31kh3ph1bia1act1",
    "dwconv2d:c4ih6iw29kh3ph2dh2pw1dw2bia1act3",
    "dwconv2d:c2ih9iw41kh5sh2sw1ph2pw2",
    "dwconv2d:c1ih7iw120kh3",
    "dwconv2d:c8ih9iw14kh8ph3",  // more taps than are kept

    "dwsep:ic1ih1oc1kh1",
    "dwsep:ic3ih5oc17kh3ph1bia1act1",
    "dwsep:ic32ih7oc64kh3ph1bia1act2",
    "dwsep:mb2ic17ih6oc33kh3sh2ph1bia1act3",
    "dwsep:ic67ih5iw9oc3kh3ph1",
    "dwsep:ic16ih4oc16kh5ph2bia1",
    "dwsep:ic33ih8oc67kh5sh2ph2act1",
    "dwsep:ic64ih14oc40kh3ph1act2",
    "dwsep:ic130ih4oc70kh3ph1bia1",
    "dwsep:ic24ih3oc24kh3",
    "dwsep:ic18ih3iw12oc20kh1kw7ph0pw3",
    "dwsep:mb3ic8ih1oc9kh3ph1bia1act1",
    "dwsep:ic40ih12iw33oc48kh3ph1bia1act1",
    "dwsep:ic20ih9oc36kh3sh2sw1ph2pw1",
    "dwsep:ic130ih13iw40oc20kh3ph1bia1act1",     // more than one band of rows
    "dwsep:mb2ic70ih15iw66oc100kh3ph1bia1act3",  // of both maps, and threads that share a row
    "dwsep:ic260ih26iw34oc79kh5sh2ph2bia1act2",  // bands with stride 2, three vectors of columns
    "dwsep:ic1024ih5oc33kh3ph1",                 // pixels a multiple of 4 KiB apart
    "dwsep:mb3ic40ih3iw5oc147kh3ph1act1",

    "invres:c1mc2oc1ih1kh1",
    "invres:c8mc48oc8ih7kh3ph1res1",
    "invres:c16mc96oc24ih9kh3sh2ph1",
    "invres:mb2c3mc17oc5ih6kh3ph1act1",
    "invres:c17mc67oc17ih5kh3ph1res1act0",
    "invres:c24mc144oc33ih8kh5sh2ph2act3",
    "invres:c20mc40oc20ih10kh5ph2res1act3",
    "invres:c32mc32oc16ih12kh3ph1",        // no expansion
    "invres:mb2c19mc19oc19ih5kh3ph1res1",  // none, and a residual
    "invres:c16mc64oc24ih1kh3ph1",
    "invres:c5mc7oc3ih8kh3",
    "invres:c12mc30oc9ih7kh3sh3ph1act1",
    "invres:c16mc40oc16ih11kh3ph1res1act1",  // a residual of whole vectors: one,
    "invres:c24mc72oc24ih6kh3ph1res1act0",   // one and a half,
    "invres:c32mc96oc32ih9kh3ph1res1",       // two,
    "invres:c48mc96oc48ih5kh3ph1res1act3",   // and three
    "invres:c9mc20oc11ih6kh1sh2",
    "invres:c4mc10oc6ih6kh3ph3",
    "invres:c16mc96oc16ih40kh3ph1res1",  // several bands of rows
    "invres:c8mc128oc8ih72kh3ph1res1",   // large enough for a depthwise post-op of oneDNN's
    "invres:c24mc144oc24ih33kh5ph2res1act3",
    "invres:c8mc200oc10ih45kh3sh2ph1",
    "invres:mb2c8mc96oc8ih40kh3ph1",    // of two maps
    "invres:c16mc65oc32ih5kh3ph1",      // one channel in the last chunk
    "invres:c64mc40oc64ih7kh3ph1res1",  // a residual of four vectors
    "invres:c64mc200oc30ih7kh3ph1",     // threads by chunks, also with squeeze-and-excite
    "invres:c48mc96oc8ih7kh5ph2se2act1",
    "invres:c3mc40oc4ih56kh3ph1se2act3",  // several bands and squeeze-and-excite
    "invres:mb2c8mc28oc8ih6kh3ph1res1se4act3",
    "invres:c8mc24oc12ih9kh5sh2ph2se5act1",
    "invres:mb3c7mc19oc7ih5kh3ph1res1se1",
    "invres:c16mc16oc8ih6kh3ph1se3act3",
    "invres:c4mc40oc4ih24kh3ph1res1se2",
    "invres:c3mc9oc2ih1kh3ph1se2act3",

    "fc:ic1oc1",
    "fc:ic3oc17bia1",
    "fc:ic64oc64act1",
    "fc:ic257oc33bia1act2",
    "fc:ic1030oc67bia1",
    "fc:ic17oc1000act3",
    "fc:mb2ic33oc1",
    "fc:mb3ic16oc48bia1act1",
    "fc:mb5ic67oc3",
    "fc:mb14ic128oc32bia1",
    "fc:mb16ic65oc130act2",
    "fc:mb33ic40oc100bia1act3",
    "fc:mb64ic3oc16",
    "fc:mb17ic600oc31bia1",
    "fc:mb4ic20oc70bia1act2",
    "fc:mb6ic33oc70",
    "fc:mb7ic19oc300bia1act1",
    "fc:mb8ic35oc67bia1",
    "fc:ic515oc331bia1",  // from here on enough work for two threads
    "fc:mb2ic300oc521act1",
    "fc:mb8ic130oc259bia1",
    "fc:mb17ic600oc300bia1act1",
    "fc:mb112ic1200oc35bia1act1",  // several blocks of k

    "attention:h1s1d1",
    "attention:h1s2d3",
    "attention:h2s7d16",
    "attention:b2h3s16d32",
    "attention:h2s33d64",
    "attention:h1s130d17",
    "attention:h2s70d96",
    "attention:h1s65d80causal1",
    "attention:h2s17d40causal1",
    "attention:h1s129d8causal1",
    "attention:h2s1t77d64",
    "attention:h2s1t1d5causal1",
    "attention:b2h2s3t200d33",
    "attention:h1s9t40d64causal1",
    "attention:h2s40t9d65",
    "attention:h8kvh2s20d24",
    "attention:h6kvh1s5t31d48causal1",
    "attention:b2h4kvh2s1t150d64",
    "attention:h1s6t300d1",

    "linformer:h1s1d1k1",
    "linformer:h2s7d16k3",
    "linformer:h1s77d40k17",
    "linformer:b2h3s33d64k32",
    "linformer:h2s1t77d64k7",
    "linformer:h1s20t9d16k33",  // longer than what it is projected from
    "linformer:h6kvh2s31t50d48k20",
    "linformer:b2h4kvh1s5t130d24k65",
    "linformer:h1s6t600d8k40",  // several blocks of keys
    "linformer:h1s130d3k5",

    "performer:h1s1d1m1",
    "performer:h2s7d16m5",
    "performer:h1s77d40m33",
    "performer:b2h3s33d64m64",
    "performer:h2s1t77d64m40",
    "performer:h1s20t9d16m7",
    "performer:h6kvh2s31t50d48m70",
    "performer:b2h4kvh1s5t130d24m17",
    "performer:h1s6t600d8m300",  // several blocks of keys
    "performer:h1s130d3m21",
    "performer:h1s1d4m3causal1",
    "performer:h2s7d16causal1m9",
    "performer:h1s77d64causal1m48",
    "performer:h3s150d40causal1m33",  // several blocks, and a thread that begins within a head
    "performer:h4kvh2s70t77d24causal1m31",
    "performer:b2h2kvh1s9t200d16causal1m40",
    "performer:h1s3t130d8causal1m10",
};

}  // namespace

std::vector<std::string_view> ShapesOf(std::string_view op) {
  std::vector<std::string_view> shapes;
  for (std::string_view shape : kShapes) {
    if (shape.substr(0, shape.find(':')) == op) shapes.push_back(shape);
  }
  return shapes;
}

}  // namespace roofgap
