package dev.likeness.diffusion.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.weights.ModelConfig;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UNetConfigTest {
  @ParameterizedTest
  @CsvSource({"0.6.0, 32, 64", "0.8.1.dev0, 32, 64", "0.8.0, 96, 96", "0.9.0, 32, 32", "0.10.2, 32, 32", "0.42.1, 8, 8"})
  void takesAnOldUNetsSmallSampleSizeForSixtyFour(String version, int written, int taken) {
    assertEquals(taken, UNetConfig.of(ModelConfig.of(Map.of("_diffusers_version", version, "sample_size", written), "unet"))
        .sampleSize());
  }
}
