package dev.likeness.ipadapter.internal.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The key lists of real image encoders: every tensor of the vision tower has its place and its
 * shape.
 */
class PublishedEncodersTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "IP Adapter SD1; CLIP ViT-H/14 (width 1280, projection 1024)",
        "clip-vit-large-patch14; CLIP ViT-L/14 (width 1024, projection 768)",
        "siglip-so400m-patch14-384; SigLIP So400m/14 (width 1152)"
      })
  void mapsEveryKeyOfThePublishedEncoders(String name, String told) {
    String folder = "keys/checkpoints/" + name + "/";
    VisionConfig config = VisionConfig.of(ModelConfig.read(Material.of(folder + "config.json")));
    assertEquals(told, config.describe());
    try (TensorSource keys = keys(folder)) {
      assertEquals(
          config, new VisionConfig.ShapeDetector(keys).config(), "what the file alone tells");
    }
    try (LoadedWeights weights = new LoadedWeights(keys(folder), Compute.EXACT)) {
      weights.check(tensors -> new VisionModel(config, tensors), Set.of());
    }
  }

  private static TensorSource keys(String folder) {
    return RenamedSource.of(
        KeyList.of(Material.of(folder + "model.safetensors.json")), LoadedImageEncoder::canonical);
  }
}
