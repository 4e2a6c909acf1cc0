package dev.likeness.diffusion.internal.nn.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.file.ModelConfig;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UNetConfigTest {
  @ParameterizedTest
  @CsvSource({
    "0.6.0, 32, 64",
    "0.8.1.dev0, 32, 64",
    "0.8.0, 96, 96",
    "0.9.0, 32, 32",
    "0.10.2, 32, 32",
    "0.42.1, 8, 8"
  })
  void readsAnOldUNetsSmallSampleSizeAsSixtyFour(String version, int written, int taken) {
    assertEquals(
        taken,
        UNetConfig.of(ModelConfig.of(
                Map.of("_diffusers_version", version, "sample_size", written), "unet"))
            .sampleSize());
  }

  @Test
  void acceptsEmaOptionsInAConfig() {
    ModelConfig averaged = ModelConfig.of(
        Map.of(
            "decay",
            0.9999,
            "inv_gamma",
            1.0,
            "min_decay",
            0.5,
            "optimization_step",
            37000,
            "power",
            0.7,
            "update_after_step",
            1,
            "use_ema_warmup",
            true),
        "unet_ema");
    assertEquals(UNetConfig.of(ModelConfig.of(Map.of(), "unet")), UNetConfig.of(averaged));
  }
}
