package dev.likeness.diffusion.internal.vae;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks without levels, with too many or with empty ones are refused by option. */
class LevelsOfNetworksTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "encoder_block_out_channels",
        "decoder_block_out_channels",
        "num_encoder_blocks",
        "num_decoder_blocks"
      })
  void ofATinyAutoencoder(String name) {
    refusesOddLevels(name, AutoencoderTiny.Config::of);
  }

  @ParameterizedTest
  @ValueSource(strings = {"block_out_channels", "decoder_block_out_channels"})
  void ofAnAutoencoder(String name) {
    refusesOddLevels(name, AutoencoderConfig::of);
  }

  @ParameterizedTest
  @ValueSource(strings = "block_out_channels")
  void ofAUNet(String name) {
    refusesOddLevels(name, UNetConfig::of);
  }

  private static void refusesOddLevels(String name, Consumer<ModelConfig> reader) {
    for (List<Integer> levels : List.<List<Integer>>of(List.of(), Collections.nCopies(99, 32))) {
      String message = assertThrows(
              InvalidInputException.class,
              () -> reader.accept(ModelConfig.of(Map.of(name, levels), "config.json")),
              levels.toString())
          .getMessage();
      assertTrue(message.startsWith("config.json"), message);
      assertTrue(message.contains(name), message);
      assertEquals(1, message.lines().count());
    }
  }
}
