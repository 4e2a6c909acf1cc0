package dev.likeness.ipadapter.internal.method.photomaker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.registry.AdapterHeader;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The key lists of the published files: every tensor of the encoder has its place. */
class PhotoMakerKeysTest {
  private static final String LORA = "lora_weights.unet.x.processor.to_q_lora.up.weight";

  @ParameterizedTest
  @CsvSource({"photomaker-v1, photomaker, 1, 0", "photomaker-v2, photomaker-v2, 2, 512"})
  void mapsEveryKey(String name, String method, int tokens, int face) {
    Map<String, long[]> shapes = new TreeMap<>();
    GoldenNetwork.published(name)
        .shapes()
        .forEach((key, shape) -> shapes.put("id_encoder." + key, shape));
    shapes.put(LORA, new long[] {2, 2});
    KeyList file = new KeyList(name, shapes);
    AdapterLayout layout = AdapterHeader.layout(file, name + ".bin");
    assertEquals(method, layout.method().id());
    assertEquals(tokens, layout.tokens());
    assertEquals(face, layout.faceWidth());
    assertEquals(2048, layout.contextWidth());
    assertEquals(1024, layout.imageWidth());
    try (LoadedWeights weights = new LoadedWeights(file, Compute.EXACT)) {
      weights.check(
          w -> new PhotoMakerAdapter(layout, new AdapterKeys(file, name).names(), w, Compute.EXACT),
          Set.of(LORA));
    }
  }
}
