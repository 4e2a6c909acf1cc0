package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of the files in a network's folder is taken. */
class ComponentFolderTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource(nullValues = "-", textBlock = """
      -,    model.safetensors,                             model.safetensors model.bin model.fp16.safetensors
      -,    diffusion_pytorch_model.safetensors,           diffusion_pytorch_model.safetensors diffusion_pytorch_model.bin
      -,    pytorch_model.bin,                             pytorch_model.bin model.fp16.safetensors
      -,    model.fp16.safetensors,                        model.fp16.safetensors model.fp16.bin
      -,    diffusion_pytorch_model.fp16.bin,              diffusion_pytorch_model.fp16.bin
      -,    model.safetensors.index.json,                  model.safetensors.index.json model-00001-of-00002.safetensors
      -,    diffusion_pytorch_model.safetensors.index.fp16.json, diffusion_pytorch_model.safetensors.index.fp16.json
      -,    pytorch_model.bin.index.json,                  pytorch_model.bin.index.json
      fp16, model.fp16.safetensors,                        model.safetensors model.fp16.safetensors
      fp16, diffusion_pytorch_model.safetensors.index.fp16.json, model.safetensors diffusion_pytorch_model.safetensors.index.fp16.json
      fp16, model.safetensors,                             model.safetensors
      ema,  diffusion_pytorch_model.ema.bin,               diffusion_pytorch_model.safetensors diffusion_pytorch_model.ema.bin
      """)
  void takesOneFile(String variant, String taken, String there) throws IOException {
    for (String name : there.split(" ")) {
      Files.createFile(folder.resolve(name));
    }
    assertEquals(folder.resolve(taken), new ComponentFolder(folder, variant).weights());
  }

  @Test
  void saysWhichVariantIsMissing() throws IOException {
    Files.createFile(folder.resolve("model.bf16.safetensors"));
    assertEquals(
        folder
            + " has no weights, plain or of variant fp16; expected diffusion_pytorch_model.safetensors or"
            + " model.safetensors",
        assertThrows(
                InvalidInputException.class, () -> new ComponentFolder(folder, "fp16").weights())
            .getMessage());
  }
}
