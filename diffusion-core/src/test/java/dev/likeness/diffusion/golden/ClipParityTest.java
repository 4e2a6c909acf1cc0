package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.TextEncoding;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class ClipParityTest {
  static List<String> variants() {
    return GoldenFolder.variants();
  }

  static Stream<Arguments> tokenizers() {
    return Stream.of("base", "v-prediction")
        .flatMap(variant -> Stream.of(GoldenFolder.KeyFormat.values())
            .map(spelling -> Arguments.of(variant, spelling)));
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void givesTheIdsThatTransformersGives(
      String variant, GoldenFolder.KeyFormat spelling, @TempDir Path parent) {
    GoldenFolder folder = GoldenFolder.write(variant, spelling, parent);
    try (TensorScope scope = TensorScope.open();
        GoldenReference expected = folder.reference();
        ClipTokenizer tokenizer = ClipTokenizer.open(folder.path().resolve("tokenizer"))) {
      List<String> prompts = expected.prompts();
      Tensor ids = expected.tensor("text.ids");
      assertEquals(prompts.size(), ids.size(0));
      for (int i = 0; i < prompts.size(); i++) {
        assertArrayEquals(row(ids, i), tokenizer.encode(prompts.get(i)), prompts.get(i));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void encodesAsTransformersDoes(String variant, @TempDir Path parent) {
    GoldenFolder folder = GoldenFolder.write(variant, GoldenFolder.KeyFormat.PUBLISHED, parent);
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenReference expected = folder.reference();
        GoldenComponent part = GoldenComponent.open(folder, "text_encoder", "model.safetensors")) {
      ClipTextEncoder encoder =
          new ClipTextEncoder(ClipTextConfig.of(part.config()), part.weights());
      part.requireAllRead();
      TextEncoding all = encoder.forward(expected.tensor("text.ids"), 0);
      Closeness.assertWithinSpread(
          1e-4, expected.tensor("text.last_hidden_state"), all.tokens().narrow(0, 0, 3), "tokens");
      Closeness.assertWithinSpread(1e-4, expected.tensor("text.pooled"), all.pooled(), "pooled");
      TextEncoding some = encoder.forward(expected.tensor("text.ids").narrow(0, 0, 2), 1);
      Closeness.assertWithinSpread(
          1e-4, expected.tensor("text.penultimate"), some.tokens(), "penultimate");
    }
  }

  private static int[] row(Tensor ids, int row) {
    return IntStream.range(0, (int) ids.size(1))
        .map(j -> (int) ids.select(0, row).select(0, j).item_long())
        .toArray();
  }
}
