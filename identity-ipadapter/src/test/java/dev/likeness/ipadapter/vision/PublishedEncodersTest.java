package dev.likeness.ipadapter.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.layout.KeyList;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.nn.Activation;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.ModelConfig;
import dev.likeness.diffusion.weights.Renamed;
import dev.likeness.diffusion.weights.TensorSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The key lists of real image encoders: every tensor of the vision tower has its place and its shape. */
class PublishedEncodersTest {
  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {"IP Adapter SD1; CLIP ViT-H/14 (width 1280, projection 1024)",
      "clip-vit-large-patch14; CLIP ViT-L/14 (width 1024, projection 768)",
      "siglip-so400m-patch14-384; SigLIP So400m/14 (width 1152)"})
  void mapsEveryKeyOfThePublishedEncoders(String name, String told) {
    String folder = "keys/checkpoints/" + name + "/";
    VisionConfig config = VisionConfig.of(ModelConfig.read(Material.of(folder + "config.json")));
    assertEquals(told, config.describe());
    try (TensorSource keys = keys(folder)) {
      assertEquals(config, TowerShape.of(keys), "what the file alone tells");
    }
    try (LoadedWeights weights = new LoadedWeights(
        keys(folder), Compute.EXACT)) {
      weights.check(tensors -> new VisionTower(config, tensors), Set.of());
    }
  }

  private static TensorSource keys(String folder) {
    return new Renamed(KeyList.of(Material.of(folder + "model.safetensors.json")), ImageEncoder::canonical);
  }

  @Test
  void tellsTheLargestTowerByItsShapes() {
    Map<String, long[]> shapes = new HashMap<>(Map.of("vision_model.embeddings.class_embedding", new long[] {1664},
        "vision_model.embeddings.patch_embedding.weight", new long[] {1664, 3, 14, 14},
        "vision_model.embeddings.position_embedding.weight", new long[] {257, 1664},
        "vision_model.encoder.layers.0.mlp.fc1.weight", new long[] {8192, 1664}, "visual_projection.weight", new long[] {1280, 1664}));
    assertEquals(new VisionConfig(false, 1664, 8192, 1, 16, 224, 14, Activation.GELU, 1e-5, 1280),
        TowerShape.of(new KeyList("clip_vision_g.safetensors", shapes)));
    shapes.remove("vision_model.encoder.layers.0.mlp.fc1.weight");
    assertEquals("g: no usable tensor \"vision_model.encoder.layers.0.mlp.fc1.weight\"; give a CLIP or SigLIP vision tower under"
        + " transformers' names",
        assertThrows(UnusableInput.class, () -> TowerShape.of(new KeyList("g", shapes))).getMessage());
  }
}
