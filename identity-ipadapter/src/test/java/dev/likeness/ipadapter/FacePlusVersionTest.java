package dev.likeness.ipadapter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class FacePlusVersionTest {
  @Test
  void isReadFromUnambiguousNames() {
    assertEquals(
        Optional.of(IpAdapterFile.FaceIdPlusVersion.V1),
        IpAdapterFile.FaceIdPlusVersion.of("ip-adapter-faceid-plus_sd15.bin"));
    assertEquals(
        Optional.of(IpAdapterFile.FaceIdPlusVersion.V2),
        IpAdapterFile.FaceIdPlusVersion.of("ip-adapter-faceid-plusv2_sdxl.bin"));
    assertEquals(
        Optional.empty(), IpAdapterFile.FaceIdPlusVersion.of("faceid-plus_sd15_v2.safetensors"));
    assertEquals(Optional.empty(), IpAdapterFile.FaceIdPlusVersion.of("my-face.safetensors"));
  }
}
