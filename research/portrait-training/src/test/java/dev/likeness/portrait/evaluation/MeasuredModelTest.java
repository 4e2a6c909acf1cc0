package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.portrait.people.Renderer;
import java.nio.file.Path;
import java.util.Map;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasuredModelTest {
  @TempDir
  private Path folder;

  @Test
  void isAnotherWithAnotherDecoderOrAdapter() {
    write("unet/diffusion_pytorch_model.safetensors", "one");
    write("vae/diffusion_pytorch_model.safetensors", "two");
    assertEquals(
        "{commit=one}, {commit=two}, edition " + Renderer.EDITION, MeasuredModel.told(folder));
    write("vae/diffusion_pytorch_model.safetensors", "three");
    write("ip_adapter/ip-adapter.safetensors", "four");
    assertEquals(
        "{commit=one}, {commit=three}, {commit=four}, edition " + Renderer.EDITION,
        MeasuredModel.told(folder));
  }

  private void write(String file, String commit) {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          folder.resolve(file), Map.of("one", torch.ones(1)), Map.of("commit", commit));
    }
  }

  @Test
  void limitsAreNotReadFromAnothersDrawings() {
    Ledger.open(folder.resolve("of.json")).begin("of", Map.of("model", "another"));
    assertThrows(
        InvalidInputException.class,
        () -> MeasureLimits.main(
            new String[] {PortraitModel.files().toString(), folder.toString(), "2"}));
  }

  @Test
  void anAdapterIsJudgedByTheModelsOwnEmbedder() {
    String said = assertThrows(
            IllegalArgumentException.class,
            () -> EvaluateAdapter.main(
                new String[] {"model", folder.toString(), "1", "embedder=another"}))
        .getMessage();
    assertTrue(
        said.startsWith(
            "embedder=another is unknown; known names, each with =VALUE: first, each, guided, people, "),
        said);
  }
}
