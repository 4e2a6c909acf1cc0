package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class GoldenFolderTest {
  @Test
  void samplesTheNumbersOfPython() {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> w = SeededWeights.of(
          Map.of(
              "a.weight",
              new long[] {4, 2, 3, 3},
              "b.bias",
              new long[] {5},
              "b.weight",
              new long[] {5}),
          1000);
      assertEquals(-0.36480568442493677, sum(w.get("a.weight")), 1e-12);
      assertEquals(-0.24179392494261265, sum(w.get("b.bias")), 1e-12);
      assertEquals(5.027944207191467, sum(w.get("b.weight")), 1e-12);
    }
  }

  @Test
  void writesKeysAsPublishedOrAsSavedByCurrentLibraries(@TempDir Path folder) {
    Path published =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.PUBLISHED, folder).path();
    Path today =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    assertTrue(
        has(published, "text_encoder/model.safetensors", "text_model.embeddings.position_ids"));
    assertTrue(
        has(today, "text_encoder/model.safetensors", "embeddings.position_embedding.weight"));
    assertTrue(has(
        published,
        "vae/diffusion_pytorch_model.safetensors",
        "decoder.mid_block.attentions.0.proj_attn.bias"));
    assertTrue(has(
        today,
        "vae/diffusion_pytorch_model.safetensors",
        "decoder.mid_block.attentions.0.to_out.0.bias"));
  }

  private static boolean has(Path folder, String file, String name) {
    try (Safetensors tensors = Safetensors.open(folder.resolve(file))) {
      return tensors.names().contains(name);
    }
  }

  private static double sum(Tensor tensor) {
    return tensor.to(ScalarType.Double).sum().item_double();
  }
}
