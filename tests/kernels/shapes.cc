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
    // Groups, up to one channel each.
    "conv2d:ic32ih6oc64kh3ph1g2bia1act1",
    "conv2d:ic33ih5oc66kh3ph1g3",
    "conv2d:mb2ic24ih4oc24kh1g4bia1",
    "conv2d:ic17ih6oc17kh3ph1g17act2",
    "conv2d:ic8ih5oc24kh3sh2ph1g8",

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
    "dwsep:ic130ih9iw40oc20kh3ph1bia1act1",  // more than one band of rows

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
